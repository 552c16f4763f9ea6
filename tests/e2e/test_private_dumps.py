"""The dump before a migration: it waits for nobody for ever, and nothing in its folder is lost."""

import fcntl
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.e2e.test_private_upgrade import as_superuser, be_behind, contents, dumps, private
from todo_cli.link import connect, patience
from todo_cli.server import cluster, locks
from todo_cli.server.account import Account
from todo_cli.server.private_server import SUPERUSER, PrivateServer
from todo_cli.store.people import roles

__all__ = ["private"]


@pytest.fixture
def behind(private: Command, home: Path) -> Command:
    """Give `todo` on a private database with a task, which the next command migrates."""
    private("add", "Buy milk")
    be_behind(private, home)
    return private


@pytest.mark.parametrize("table", ["tasks", "users"])
def test_a_dump_waits_for_a_lock_no_longer_than_the_command_may_take(
    behind: Command, home: Path, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SILENCE", 1.0)
    with closing(PrivateServer(home / "data", 900, print).connect(roles.DATABASE, SUPERUSER)) as c:
        c.cursor().execute(f"LOCK TABLE todo.{table} IN ACCESS EXCLUSIVE MODE")
        failed = behind("list", "--timeout", "2")
        assert (failed.code, failed.out) == (6, "")
        assert "hint: --timeout waits longer\n" in failed.err
        words = {"tasks": "dumping your tasks before the migration ...\n", "users": "waiting for"}
        assert words[table] in failed.err
    assert dumps(home) == []
    assert behind("list").code == 0
    assert len(dumps(home)) == 1


def slow(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have dumps take their time."""
    real = cluster.program
    script = home / "pg_dump"

    def program(name: str, account: Account) -> str:
        script.write_text(f'#!/bin/sh\nsleep 1.5\nexec {real(name, account)} "$@"\n')
        script.chmod(0o755)
        return os.fspath(script)

    monkeypatch.setattr("todo_cli.server.dump.program", program)


def test_a_dump_may_take_longer_than_a_transaction_of_the_owners_may_be_idle(
    behind: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(home, monkeypatch)
    monkeypatch.setattr(patience, "SILENCE", 1.0)
    limit = "set_config('idle_in_transaction_session_timeout', '500ms', false)"
    monkeypatch.setattr(connect, "_ABANDONED", limit)
    answer = behind("list", "--timeout", "1")
    assert (answer.code, "Buy milk" in answer.out) == (0, True)
    assert "dumping your tasks before the migration ...\n" in answer.err
    assert len(dumps(home)) == 1


def test_the_dump_just_made_is_kept_whatever_the_clock_says(behind: Command, home: Path) -> None:
    folder = home / "state" / "dumps"
    future = [f"{number:04}-0002-29991231T000000Z.dump" for number in (1, 2, 3)]
    for name in future:
        (folder / name).touch()
    assert behind("list").code == 0
    *old, new = dumps(home)
    assert [each.name for each in old] == future[1:]
    assert "Buy milk" in contents(new)


def test_a_migration_that_keeps_failing_pushes_no_other_dump_out(
    behind: Command, home: Path
) -> None:
    folder = home / "state" / "dumps"
    others = ["0001-0003-20260101T000000Z.dump", "0002-0002-20260101T000000Z.dump"]
    for name in others:
        (folder / name).touch()
    as_superuser(home, "CREATE TABLE todo.task_events_time_idx ()")  # in the migration's way
    for number in (1, 2, 3, 4):
        as_superuser(home, f"UPDATE todo.tasks SET title = 'Buy {number}'")
        assert behind("list").code == 1
        *old, new = dumps(home)
        assert [each.name for each in old] == others
        assert f"Buy {number}" in contents(new)


def test_what_a_killed_dump_has_left_is_removed_by_the_next(behind: Command, home: Path) -> None:
    folder = home / "state" / "dumps"
    left, at_work = (folder / f".{number:04}-0003-x.dump.0.todo-new" for number in (1, 2))
    left.write_text("Buy milk")
    with locks.locked(at_work, fcntl.LOCK_EX, 0):
        assert behind("list").code == 0
    assert not left.exists()
    assert at_work.exists()


def test_a_folder_that_dumps_is_a_link_to_keeps_its_mode_and_its_files(
    behind: Command, home: Path
) -> None:
    (home / "state" / "dumps").rmdir()
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    others = [elsewhere / f"{name}.dump" for name in "abcd"]
    for each in others:
        each.touch()
    (home / "state" / "dumps").symlink_to(elsewhere)
    assert behind("list").code == 0
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
    assert all(each.exists() for each in others)
    [made] = set(elsewhere.iterdir()) - set(others)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
