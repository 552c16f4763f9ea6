"""The private PostgreSQL: first start, later starts, and where it lies."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import stop
from tests.e2e.package import CHECKOUT
from tests.e2e.program import (
    Program,
    add,
    copy,
    pid_of,
    processes,
    server,
    servers,
    sessions,
    titles,
    until,
)
from todo_cli.errors import UnavailableError
from todo_cli.server.private_server import SUPERUSER


def test_the_first_command_sets_everything_up_and_says_so_once(home: Path) -> None:
    todo = Program(home)
    before = todo("db", "status", "--json")
    assert json.loads(before.out)["running"] is False
    assert list(home.iterdir()) == []
    stopped = todo("db", "stop")
    assert (stopped.code, stopped.out) == (0, "")
    assert "not running" in stopped.err
    assert list(home.iterdir()) == []
    first = todo("add", "task one")
    assert first.code == 0
    assert first.err.count("setting up a private PostgreSQL, once ...\n") == 1
    assert todo.titles() == ["task one"]


def test_the_first_of_many_tasks_are_read_without_all_the_others(old_home: Path) -> None:
    add(old_home, *(f"task {number}" for number in range(3000)))
    with closing(server(old_home).connect("todo", SUPERUSER)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE todo.tasks")
            before = tasks_read(cursor)
            Program(old_home)("list", "--limit", "50", "--json")
            until(lambda: tasks_read(cursor) >= before + 50)
            assert tasks_read(cursor) < before + 100


def tasks_read(cursor: Any) -> int:
    """Give how many tasks have been read by sessions that are over."""
    read = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables WHERE relname = 'tasks'"
    cursor.execute(read)
    [count] = cursor.fetchone()
    return int(count)


def test_the_server_can_be_looked_at_stopped_and_started(stopped_home: Path) -> None:
    home = stopped_home
    todo = Program(home)
    started = todo("db", "start")
    assert started.code == 0
    assert "The private PostgreSQL 18." in started.err
    status = json.loads(todo("db", "status", "--json").out)
    assert status["running"] is True
    assert status["folder"] == str(server(home).base)
    assert status["pid"] == pid_of(home)
    assert status["version"].startswith("18.")
    assert status["size"] > 10_000_000
    with sessions(home):
        stopped = todo("db", "stop")
    assert (stopped.code, stopped.err) == (0, "Stopped the private PostgreSQL.\n")
    until(lambda: not processes(home))
    after = server(home).status()
    assert (after.running, after.pid, after.version) == (False, None, None)


def test_six_first_commands_at_once_give_six_tasks_and_one_server(home: Path) -> None:
    todo = Program(home)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: todo("add", f"task {n}"), range(6)))
    assert [answer.code for answer in answers] == [0] * 6, answers
    assert sum("setting up" in answer.err for answer in answers) == 1
    assert titles(home) == [f"task {n}" for n in range(6)]
    assert servers(home) == [pid_of(home)]


def test_eight_processes_that_add_fifty_tasks_each_get_400_numbers(old_home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.e2e.program import add_each\n"
        "add_each(Path(sys.argv[1]), 50)"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(old_home)],
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            text=True,
        )
        for _ in range(8)
    ]
    numbers = [int(word) for each in running for word in each.communicate()[0].split()]
    assert len(numbers) == 400
    assert sorted(numbers) == sorted(set(numbers))
    assert len(titles(old_home)) == 401


def test_nothing_foreign_in_the_environment_reaches_the_private_server(home: Path) -> None:
    foreign = {
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Asia/Tokyo",
        "TMPDIR": "/nonexistent",
        "PGHOST": "db.example.com",
        "PGHOSTADDR": "192.0.2.1",
        "PGPORT": "1",
        "PGUSER": "somebody",
        "PGDATABASE": "elsewhere",
        "PGOPTIONS": "-c default_transaction_read_only=on",
        "PGSERVICE": "nowhere",
        "PGSSLMODE": "verify-full",
        "PGCHANNELBINDING": "require",
        "PGREQUIREAUTH": "scram-sha-256",
        "PGTARGETSESSIONATTRS": "standby",
        "PGCLIENTENCODING": "LATIN1",
        "PGCONNECT_TIMEOUT": "nonsense",
        "PGDATA": "/nonexistent",
    }
    todo = Program(home)
    assert todo("add", "task ὀδός", **foreign).code == 0
    assert titles(home) == ["task ὀδός"]
    stop(home)
    assert todo("add", "task two", LC_ALL="C", LANG="nonsense").code == 0
    with sessions(home) as [session], session.cursor() as cursor:
        cursor.execute("SELECT upper('é'), current_setting('timezone')")
        assert cursor.fetchone() == ("É", "UTC")
        cursor.execute("SELECT datlocale, pg_encoding_to_char(encoding) FROM pg_database")
        assert set(cursor.fetchall()) == {("C.UTF-8", "UTF8")}


def test_a_folder_has_one_server_by_whatever_name_it_is_called(
    home: Path, first_home: Path
) -> None:
    real, link = home / "real", home / "link"
    copy(first_home, real)
    link.symlink_to(real)
    try:
        assert titles(real) == ["task one"]
        pid = pid_of(real)
        link_titles = Program(link).titles()
        relative = server(Path(os.path.relpath(real)))
        assert link_titles == ["task one"]
        assert relative.base == server(link).base == server(real).base
        assert pid_of(link) == pid
    finally:
        stop(real)


def test_a_circle_of_links_is_refused_in_a_sentence(home: Path) -> None:
    (home / "a").symlink_to(home / "b")
    (home / "b").symlink_to(home / "a")
    with pytest.raises(UnavailableError, match="Not a directory"):
        add(home / "a", "task")


@pytest.mark.parametrize("name", ["d" * 100, "a,b", 'quo"te'])
def test_the_socket_lies_elsewhere_where_its_path_would_not_do(
    home: Path, first_home: Path, name: str
) -> None:
    odd = home / name
    copy(first_home, odd)
    try:
        assert titles(odd) == ["task one"]
        folder = server(odd).socket_folder
        assert folder.parent == Path("/tmp")
        status = folder.stat()
        assert stat.S_IMODE(status.st_mode) == 0o700
        assert status.st_uid == server(odd).cluster.stat().st_uid
    finally:
        stop(odd)
    assert not folder.exists()


def test_a_home_that_was_moved_or_copied_works_on(home: Path, first_home: Path) -> None:
    first, second, third = home / "first", home / "second", home / "third"
    copy(first_home, first)
    first.rename(second)
    try:
        assert titles(second) == ["task one"]
        # A copy of a server at work: with its pid file, and as `cp -r` leaves the modes.
        with sessions(second) as [session], session.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            stop_copying = ("--preserve=ownership", "--no-preserve=mode")
            subprocess.run(["cp", "-r", *stop_copying, second, third], check=True)
        add(third, "task two")
        assert titles(second) == ["task one"]
        assert titles(third) == ["task one", "task two"]
        assert pid_of(second) != pid_of(third)
    finally:
        stop(second)
        stop(third)


def test_a_home_that_is_moved_while_the_server_runs_works_on(home: Path, first_home: Path) -> None:
    before, after = home / "before", home / "after"
    copy(first_home, before)
    try:
        assert titles(before) == ["task one"]
        pid = pid_of(before)
        before.rename(after)
        assert titles(after) == ["task one"]
        assert pid_of(after) == pid
        assert server(after).stop()
    finally:
        for each in (before, after):
            stop(each)
    until(lambda: not processes(home))
