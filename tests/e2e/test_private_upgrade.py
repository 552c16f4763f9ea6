"""The private database upgrades itself, whatever its schema is, and dumps the tasks before."""

import json
import os
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Command
from todo_cli.server import account, cluster
from todo_cli.server.private_server import SUPERUSER, PrivateServer
from todo_cli.store.people import roles


@pytest.fixture
def private(home: Path) -> Command:
    """Give `todo` on a private database of its own."""
    return Command({"TODO_HOME": str(home)})


def test_a_private_database_that_is_behind_upgrades_itself(private: Command) -> None:
    private("add", "Buy milk")
    down = private("db", "downgrade", "0002", "--yes")
    assert (down.code, down.err) == (0, "Undid 0005, 0004, 0003. The schema is at 0002.\n")

    found = json.loads(private("list", "--json").out)

    assert [task["title"] for task in found] == ["Buy milk"]
    assert private("db", "check").code == 0


def test_a_private_database_without_a_schema_is_set_up_again(private: Command) -> None:
    private("add", "Buy milk")
    private("db", "downgrade", "base", "--yes")

    assert private("list", "--json").out == "[]\n"
    assert private("add", "Buy bread").err == "Added 1 Buy bread\n"
    assert json.loads(private("show", "1", "--json").out)["owner"].endswith("@localhost")


def test_a_program_one_version_older_goes_on_with_a_private_database_that_is_ahead(
    private: Command, home: Path
) -> None:
    private("add", "Buy milk")
    as_superuser(home, "UPDATE todo.alembic_version SET version_num = '0099'")
    (prepared,) = (home / "data").rglob("prepared*")
    prepared.unlink()

    assert json.loads(private("list", "--json").out)[0]["title"] == "Buy milk"
    assert as_superuser(home, "SELECT version_num FROM todo.alembic_version") == [("0099",)]


# --- a dump before a migration


def dumps(home: Path) -> list[Path]:
    return sorted((home / "state" / "dumps").glob("*"))


def contents(dump: Path) -> str:
    """Give what a dump restores, as SQL."""
    program = cluster.program("pg_restore", account.server_account())
    done = subprocess.run(
        [program, "--file=-", str(dump)], capture_output=True, text=True, check=True
    )
    return done.stdout


def as_superuser(home: Path, statement: str) -> list[tuple[object, ...]]:
    server = PrivateServer(home / "data", 900, print)
    with closing(server.connect(roles.DATABASE, SUPERUSER)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return [] if cursor.description is None else cursor.fetchall()


def be_behind(private: Command, home: Path) -> None:
    """Take the private database one migration down, and forget the dump made for that."""
    assert private("db", "downgrade", "0003", "--yes").code == 0
    for each in dumps(home):
        each.unlink()


def test_a_private_database_with_tasks_is_dumped_before_it_is_migrated(
    private: Command, home: Path
) -> None:
    private("add", "Buy milk")
    be_behind(private, home)

    assert private("list", "--json").code == 0

    [dump] = dumps(home)
    assert "Buy milk" in contents(dump)
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    assert stat.S_IMODE(dump.parent.stat().st_mode) == 0o700
    assert private("list", "--json").code == 0
    assert dumps(home) == [dump]


def test_a_private_database_without_tasks_needs_no_dump(private: Command, home: Path) -> None:
    assert private("list").code == 0
    be_behind(private, home)
    assert private("list").code == 0
    assert dumps(home) == []


@pytest.mark.parametrize("command", [["db", "upgrade"], ["db", "downgrade", "0002", "--yes"]])
def test_who_migrates_by_hand_gets_a_dump_too(
    private: Command, home: Path, command: list[str]
) -> None:
    private("add", "Buy milk")
    be_behind(private, home)
    assert private(*command).code == 0
    [dump] = dumps(home)
    assert "Buy milk" in contents(dump)


def test_three_dumps_are_kept(private: Command, home: Path) -> None:
    private("add", "Buy milk")
    names = []
    for _ in range(3):
        private("db", "downgrade", "0003", "--yes")
        private("db", "upgrade")
        names += [each.name for each in dumps(home) if each.name not in names]
    assert len(names) > 3
    assert [each.name for each in dumps(home)] == names[-3:]


def test_a_migration_that_fails_leaves_the_tasks_and_names_the_dump(
    private: Command, home: Path
) -> None:
    private("add", "Buy milk")
    be_behind(private, home)
    as_superuser(home, "CREATE TABLE todo.task_events_time_idx ()")  # in the migration's way

    failed = private("list", "--json")

    [dump] = dumps(home)
    error = json.loads(failed.err)["error"]
    assert failed.code == 1
    assert error["hint"] == f"your tasks are as they were, and a dump of them is {dump}"
    assert "Buy milk" in contents(dump)
    assert as_superuser(home, "SELECT title FROM todo.tasks") == [("Buy milk",)]
    assert as_superuser(home, "SELECT version_num FROM todo.alembic_version") == [("0003",)]
    as_superuser(home, "DROP TABLE todo.task_events_time_idx")
    assert json.loads(private("list", "--json").out)[0]["title"] == "Buy milk"


def test_without_a_place_for_the_dump_nothing_is_migrated(private: Command, home: Path) -> None:
    private("add", "Buy milk")
    be_behind(private, home)
    folder = home / "state" / "dumps"
    folder.rmdir()
    folder.write_text("in the way")

    failed = private("list")

    assert failed.code == 6
    assert failed.err == (
        "todo: the tasks cannot be dumped before the migration: File exists\n"
        f"hint: see to {folder}; nothing was changed\n"
    )
    assert as_superuser(home, "SELECT version_num FROM todo.alembic_version") == [("0003",)]
    folder.unlink()
    assert private("list").code == 0


def test_a_dump_that_fails_leaves_no_file_and_nothing_is_migrated(
    private: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private("add", "Buy milk")
    be_behind(private, home)
    broken = home / "pg_dump"
    broken.write_text("#!/bin/sh\necho 'pg_dump: error: no room' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("todo_cli.server.dump.program", lambda *_: os.fspath(broken))

    failed = private("list")

    assert (failed.code, dumps(home)) == (6, [])
    assert failed.err == "todo: the tasks cannot be dumped before the migration: no room\n"
    assert as_superuser(home, "SELECT version_num FROM todo.alembic_version") == [("0003",)]
