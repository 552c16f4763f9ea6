"""Connections that outlive a command: whose they are, how many, and when they are closed."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import NOW, Database, Person
from todo_cli.domain.query.filters import Filter
from todo_cli.domain.tasks.task import new_task
from todo_cli.errors import NotFoundError, TodoError, UnavailableError
from todo_cli.link import engine
from todo_cli.link.connect import connect_url
from todo_cli.link.patience import Patience
from todo_cli.link.url import ConnectionUrl
from todo_cli.server.private_server import SUPERUSER
from todo_cli.services import tasks
from todo_cli.services.session import kept as kept_module
from todo_cli.services.session.ids import new_id
from todo_cli.services.session.kept import IDLE_SECONDS, Kept
from todo_cli.settings import Settings, load


class Clock:
    """A clock that stands still unless it is moved."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(kept_module, "_now", made)
    return made


@pytest.fixture
def kept(clock: Clock) -> Iterator[Kept]:
    made = Kept()
    yield made
    clock.seconds += IDLE_SECONDS + 1
    made.close_idle()


def settings(person: Person, home: Path, **variables: str) -> Settings:
    return load({"TODO_DATABASE_URL": person.url, "TODO_HOME": str(home), **variables})


def add(kept: Kept, known: Settings) -> None:
    with (
        kept.lend(known, lambda _: None) as lent,
        engine.open_session(lent.engine, new_id(), lent.patience) as session,
    ):
        tasks.add(session, [new_task(new_id(), "task")])


def owners(kept: Kept, known: Settings) -> set[str]:
    """Give whose tasks a command with these settings sees."""
    with (
        kept.lend(known, lambda _: None) as lent,
        engine.open_session(lent.engine, new_id(), lent.patience) as session,
    ):
        return {str(task.owner) for task in tasks.find(session, Filter(), NOW).tasks}


def backends(person: Person) -> set[int]:
    """Give the ids of the person's sessions on the server."""
    with person.database.cursor(SUPERUSER) as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s", [person.role])
        return {pid for (pid,) in cursor.fetchall()}


def test_the_next_command_of_the_same_person_uses_the_same_connection(
    kept: Kept, person: Person, tmp_path: Path
) -> None:
    known = settings(person, tmp_path)
    add(kept, known)
    first = backends(person)
    add(kept, settings(person, tmp_path, TODO_NOW="2030-01-01T00:00:00+00:00"))
    assert (len(first), kept.connections()) == (1, 1)
    assert backends(person) == first


def test_two_people_in_turn_see_their_own_tasks_alone(
    kept: Kept, person: Person, other: Person, tmp_path: Path
) -> None:
    both = [settings(each, tmp_path) for each in (person, other)]
    for _ in range(3):
        for each, known in zip((person, other), both, strict=True):
            add(kept, known)
            assert owners(kept, known) == {each.email}
    assert kept.connections() == 2


@pytest.mark.parametrize("name", ["PGOPTIONS", "PGAPPNAME", "HOME", "TODO_HOME", "TODO_PROFILE"])
def test_what_may_lead_elsewhere_is_another_connection(
    kept: Kept, person: Person, tmp_path: Path, name: str
) -> None:
    add(kept, settings(person, tmp_path))
    add(kept, settings(person, tmp_path, **{name: str(tmp_path / "x")}))
    assert kept.connections() == 2


def test_no_more_than_three_connections_are_kept_the_last_used_ones(
    kept: Kept, database: Database, tmp_path: Path
) -> None:
    people = [database.new_person() for _ in range(5)]
    for each in people:
        add(kept, settings(each, tmp_path))
    assert kept.connections() == 3
    last = [backends(each) for each in people[2:]]
    for each in reversed(people[2:]):
        assert owners(kept, settings(each, tmp_path)) == {each.email}
    assert [backends(each) for each in people[2:]] == last
    assert owners(kept, settings(people[0], tmp_path)) == {people[0].email}
    assert kept.connections() == 3


def test_a_connection_that_nobody_used_for_a_while_is_closed_and_opened_when_needed(
    kept: Kept, clock: Clock, person: Person, other: Person, tmp_path: Path
) -> None:
    known = settings(person, tmp_path)
    add(kept, known)
    clock.seconds += IDLE_SECONDS - 1
    add(kept, settings(other, tmp_path))
    kept.close_idle()
    assert kept.connections() == 2
    clock.seconds += 2
    kept.close_idle()
    assert kept.connections() == 1
    add(kept, known)
    assert kept.connections() == 2


def test_a_connection_that_outlived_a_machines_sleep_is_not_trusted(
    kept: Kept, clock: Clock, person: Person, tmp_path: Path
) -> None:
    known = settings(person, tmp_path)
    add(kept, known)
    first = backends(person)
    clock.seconds += IDLE_SECONDS + 1  # while nobody could close it
    add(kept, known)
    assert kept.connections() == 1
    assert backends(person) - first


def test_no_clock_that_people_can_set_decides() -> None:
    before = kept_module._now()
    assert before < 10 * 365 * 86_400  # it began with the machine, not in 1970
    assert kept_module._now() >= before


def test_a_wrong_task_leaves_the_connection_and_a_lost_one_is_not_kept(
    kept: Kept, person: Person, tmp_path: Path
) -> None:
    known = settings(person, tmp_path)
    add(kept, known)
    for error, left in ((NotFoundError("x"), 1), (UnavailableError("x"), 0), (OSError(), 0)):
        add(kept, known)
        with pytest.raises(type(error)), kept.lend(known, lambda _: None):
            raise error
        assert kept.connections() == left
    with pytest.raises(KeyboardInterrupt), kept.lend(known, lambda _: None):
        raise KeyboardInterrupt
    assert kept.connections() == 0
    add(kept, known)


def test_a_login_that_has_another_url_now_gets_another_connection(
    kept: Kept, person: Person, other: Person, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    for somebody in (person, other):
        config.write_text(f'default_profile = "team"\n[profiles.team]\nurl = "{somebody.url}"\n')
        known = load({"TODO_HOME": str(tmp_path)})
        add(kept, known)
        assert owners(kept, known) == {somebody.email}


def test_a_connection_by_a_service_file_is_not_kept_because_the_file_may_change(
    kept: Kept, person: Person, other: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "services"
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    variables = {"TODO_DATABASE_URL": "postgresql:///?service=team", "TODO_HOME": str(tmp_path)}
    for somebody in (person, other):
        database = somebody.database
        services.write_text(
            f"[team]\nhost={database.socket}\ndbname={database.name}\nuser={somebody.role}\n"
        )
        known = load({**variables, "PGSERVICEFILE": str(services)})
        add(kept, known)
        assert owners(kept, known) == {somebody.email}
        assert kept.connections() == 0


def test_a_connection_that_refuses_is_not_used_again(
    kept: Kept, person: Person, tmp_path: Path
) -> None:
    known = settings(person, tmp_path)
    add(kept, known)
    with (
        kept.lend(known, lambda _: None) as lent,
        engine.open_session(lent.engine, new_id(), lent.patience) as session,
    ):
        session.execute(text("SET default_transaction_read_only = on"))
    with pytest.raises(TodoError, match="read-only"):
        add(kept, known)

    add(kept, known)
    assert kept.connections() == 1


def test_an_end_of_the_network_that_says_nothing_is_found_out_unless_the_url_says_how(
    person: Person,
) -> None:
    for url, idle in ((person.url, "60"), (f"{person.url}&keepalives_idle=7", "7")):
        with closing(connect_url(ConnectionUrl(url), Patience(15))) as connection:
            known = connection.get_dsn_parameters()
        assert (known["keepalives_idle"], known["tcp_user_timeout"]) == (idle, "5000")
