"""The private server stops by itself, and never under somebody's hands."""

import fcntl
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.program import Program, add, pid_of, processes, server, titles, until, watchers
from todo_cli.server import idle, locks
from todo_cli.server.private_server import PrivateServer
from todo_cli.services.session import private

_SHORT = "idle_minutes = 0.02\n"


def test_an_idle_server_stops_by_itself_and_leaves_nothing_running(stopped_home: Path) -> None:
    (stopped_home / "config.toml").write_text(_SHORT)
    todo = Program(stopped_home)
    assert todo("add", "task two").code == 0
    until(lambda: not processes(stopped_home))
    assert not server(stopped_home).status().running
    assert todo.titles() == ["task one", "task two"]
    until(lambda: not processes(stopped_home))


def test_whoever_uses_the_server_keeps_it_running(old_home: Path) -> None:
    used = server(old_home)
    with used.in_use():
        [watcher] = until(lambda: watchers(old_home))
        watcher.kill()
        until(lambda: not watchers(old_home))
        assert not idle.stop_unless_used(used.base, idle._last_use(used.base))
        assert used.status().running
    assert idle.stop_unless_used(used.base, idle._last_use(used.base))
    assert not used.status().running


def test_thirty_commands_against_a_tiny_limit_all_succeed(stopped_home: Path) -> None:
    hurried = PrivateServer(stopped_home / "data", 0.01, print)

    def use(_: int) -> bool:
        with private.person_engine(hurried) as person, person.connect() as connection:
            return connection.exec_driver_sql("SELECT 1").scalar() == 1

    starts = set()
    for number in range(30):
        assert use(number)
        starts.add(pid_of(stopped_home))
        if number % 3 == 0:
            until(lambda: not processes(stopped_home))
    assert len(starts - {None}) > 5  # it did stop, again and again
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(12)))
    until(lambda: not processes(stopped_home))


def test_a_killed_watcher_is_replaced_by_the_next_command(old_home: Path) -> None:
    [watcher] = until(lambda: watchers(old_home))
    watcher.kill()
    until(lambda: not watchers(old_home))
    add(old_home, "task two")
    [another] = until(lambda: watchers(old_home))
    assert another.pid != watcher.pid


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_the_watcher_leaves_when_the_server_has_gone(old_home: Path, kind: signal.Signals) -> None:
    until(lambda: watchers(old_home))
    pid = pid_of(old_home)
    assert pid is not None
    os.kill(pid, kind)
    until(lambda: not processes(old_home))
    assert titles(old_home) == ["task one"]


def test_a_clock_that_was_set_back_does_not_keep_the_server_running(home: Path) -> None:
    (home / "config.toml").write_text(_SHORT)
    assert Program(home)("add", "task one").code == 0
    tomorrow = time.time() + 86_400
    os.utime(server(home).base / locks.USE, (tomorrow, tomorrow))
    until(lambda: not processes(home))


def test_the_idle_stop_leaves_a_foreign_process_alone(stopped_home: Path) -> None:
    # The process's number is in the pid file of a server that was killed.
    used = server(stopped_home)
    (used.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{used.cluster}\n0\n5432\n\n\n")
    with locks.locked(used.base / locks.WATCH, fcntl.LOCK_EX, 5) as lock:
        idle.watch(used.base, 0.01, lock)
    assert titles(stopped_home) == ["task one"]


def test_a_long_log_is_emptied(old_home: Path) -> None:
    log = server(old_home).base / "server.log"
    with log.open("ab") as file:
        file.write(b"x" * 2_000_000)
    idle._bound_log(log)
    pid = pid_of(old_home)
    assert pid is not None
    os.kill(pid, signal.SIGHUP)
    until(lambda: "SIGHUP" in log.read_text())
    assert log.stat().st_size < 10_000
    assert "task" not in log.read_text()
