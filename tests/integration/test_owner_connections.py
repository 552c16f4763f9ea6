"""The owner's connections: cut or stalled, work ends in a sentence and leaves nothing half done."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Command, Database
from tests.faults import Cut, FaultProxy, Stall, fault_proxy

OUT_OF_TIME = "todo: the database did not answer in time\nhint: --timeout waits longer\n"


@pytest.fixture
def proxy(database: Database) -> Iterator[FaultProxy]:
    with fault_proxy(database.socket / ".s.PGSQL.5432") as made:
        yield made


@pytest.fixture
def boss(database: Database, proxy: FaultProxy, tmp_path: Path) -> Command:
    """Give `todo` of the owner, whose connections go through the proxy."""
    url = f"postgresql://{database.owner}@127.0.0.1:{proxy.port}/{database.name}"
    return Command({"TODO_ADMIN_DATABASE_URL": url, "TODO_HOME": str(tmp_path)})


def turns(proxy: FaultProxy, boss: Command, *arguments: str) -> int:
    """Give the round trips of a command that goes well."""
    assert boss(*arguments).code == 0
    return proxy.connections[-1].turns


@pytest.mark.parametrize("words", ["user list", "db current", "db audit --limit 1"])
def test_a_question_of_the_owners_has_a_deadline_wherever_it_stalls(
    proxy: FaultProxy, boss: Command, words: str
) -> None:
    last = turns(proxy, boss, *words.split())
    for turn in (1, last // 3, last // 2, last - 1, last):
        proxy.next(Stall(turn=turn))
        answer = boss(*words.split(), "--timeout", "0.2")
        assert (answer.code, answer.err) == (6, OUT_OF_TIME), turn


def test_an_invitation_cut_anywhere_ends_in_a_sentence_and_is_there_or_not(
    proxy: FaultProxy, boss: Command
) -> None:
    for turn in range(1, turns(proxy, boss, "user", "add", "cut0@example.com") + 1):
        proxy.next(Cut(turn=turn))
        email = f"cut{turn}@example.com"
        answer = boss("user", "add", email)
        assert answer.code in (0, 6), answer.err
        known = [user["email"] for user in json.loads(boss("user", "list", "--json").out)]
        if email in known and answer.code == 6:
            assert "it may have been done all the same" in answer.err
        again = boss("user", "add", email)
        assert again.code == (5 if email in known else 0)


def test_a_migration_takes_as_long_as_it_takes(
    database: Database, proxy: FaultProxy, boss: Command
) -> None:
    with closing(database.open(database.name, database.owner)) as locking:
        with locking.cursor() as cursor:
            cursor.execute("LOCK TABLE todo.alembic_version IN ACCESS EXCLUSIVE MODE")
        answer = boss("db", "current", "--timeout", "0.2")
        assert (answer.code, answer.err) == (6, OUT_OF_TIME)
        locking.rollback()
    assert boss("db", "upgrade", "--timeout", "0.2").code == 0
