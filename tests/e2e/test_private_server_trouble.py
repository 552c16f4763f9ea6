"""What happens to a private server, and what people get to see of it: nothing, or a sentence."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.package import CHECKOUT, path_of
from tests.e2e.program import (
    Program,
    add,
    ended,
    pid_of,
    processes,
    server,
    servers,
    sessions,
    titles,
    until,
)
from todo_cli.errors import UnavailableError
from todo_cli.server import account as accounts
from todo_cli.server import locks, postmaster
from todo_cli.server.account import server_account


def kill(home: Path) -> int:
    """Kill the server as a power cut would, and give the process id it had."""
    pid = pid_of(home)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid_of(home) is None)
    return pid


def test_a_first_start_that_is_killed_at_any_step_is_made_good_by_the_next(home: Path) -> None:
    todo = Program(home)
    base = server(home).base
    steps: list[Callable[[], object]] = [
        lambda: (base / "start.lock").exists(),
        lambda: list(base.glob("cluster.new-*/base")),
        lambda: (base / "cluster").exists(),
        lambda: (base / "cluster" / "postmaster.pid").exists(),
        lambda: postmaster.listens(base / "run"),
    ]
    for step in steps:
        with todo.begin("add", "task killed") as running:
            while not step() and running.poll() is None:
                pass
            os.killpg(running.pid, signal.SIGKILL)
            ended(running)
    assert todo("add", "task one").code == 0
    assert "task one" in titles(home)
    assert not list(base.glob("cluster.new-*"))
    assert servers(home) == [pid_of(home)]


def test_a_command_waits_for_the_setup_that_a_killed_one_has_begun(home: Path) -> None:
    todo = Program(home)
    base = server(home).base
    with todo.begin("add", "task killed") as running:
        until(lambda: list(base.glob("cluster.new-*/base")))
        os.kill(running.pid, signal.SIGKILL)  # initdb lives on
        running.wait()
        answer = todo("add", "task one")
        running.communicate()
    assert answer.code == 0
    assert titles(home) == ["task one"]


def test_what_was_added_is_there_after_the_server_was_killed(home: Path) -> None:
    todo = Program(home)
    for number in range(1, 4):
        assert todo("add", f"task {number}").code == 0
        kill(home)
    assert todo.titles() == ["task 1", "task 2", "task 3"]


def test_what_was_added_is_there_after_all_processes_were_killed(old_home: Path) -> None:
    found = processes(old_home)
    assert len(found) > 5
    for each in found:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    assert titles(old_home) == ["task one"]
    assert add(old_home, "task two") != [1]


@pytest.mark.parametrize("lock", ["there", "removed"])
def test_a_session_that_outlives_the_server_is_waited_for(old_home: Path, lock: str) -> None:
    # The session keeps the locks, as a server does that nobody has killed.
    if lock == "removed":
        (server(old_home).base / locks.SERVER).unlink()
    with busy_session(old_home) as orphan:
        kill(old_home)
        with Program(old_home, path=path_of(CHECKOUT)).begin("list") as running:
            assert running.stderr is not None
            assert running.stderr.readline() == "waiting for the private PostgreSQL to start ...\n"
            orphan.kill()
            answer = ended(running)
    assert (answer.code, "task one" in answer.out) == (0, True)


@contextmanager
def busy_session(home: Path) -> Iterator[psutil.Process]:
    """Keep a process of the server's at work, which does not even notice the end of the server."""
    command = [sys.executable, "-c", _BUSY, str(server(home).socket_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
        try:
            assert client.stdout is not None
            process = psutil.Process(int(client.stdout.readline()))
            until(lambda: process.cpu_times().user > 0.05)
            yield process
        finally:
            with suppress(psutil.NoSuchProcess):
                process.kill()
            client.kill()


_BUSY = """
import sys, psycopg2
session = psycopg2.connect(host=sys.argv[1], dbname="postgres", user="postgres")
print(session.info.backend_pid, flush=True)
try:
    session.cursor().execute("SELECT count(*) FROM generate_series(1, 10000000000)")
except psycopg2.Error:
    pass
"""


@contextmanager
def sleeper(**process: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a foreign process for a while."""
    running = subprocess.Popen(["sleep", "600"], **process)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def test_a_pid_file_that_a_killed_server_left_is_no_obstacle(old_home: Path) -> None:
    cluster = server(old_home).cluster
    run = server(old_home).socket_folder
    dead = kill(old_home)
    began = int(psutil.Process().create_time())
    tail = f"\n{cluster}\n{began}\n5432\n{run}\n\n  1 1\nready\n"
    with sleeper(**server_account().process()) as foreign, sleeper() as zombie:
        zombie.kill()
        until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
        contents = [f"{pid}{tail}" for pid in (dead, foreign.pid, zombie.pid, os.getpid(), -1)]
        for content in [*contents, "", "garbage", "\0\0\0", f"{10**30}{tail}", "0\n"]:
            for name in (cluster / "postmaster.pid", run / ".s.PGSQL.5432.lock"):
                name.write_text(content)
            assert pid_of(old_home) is None
            assert not server(old_home).stop()
            assert titles(old_home) == ["task one"], content
            kill(old_home)
        assert foreign.poll() is None
    assert titles(old_home) == ["task one"]


def test_a_damaged_pid_file_does_not_hide_a_living_server(old_home: Path) -> None:
    pid = pid_of(old_home)
    pid_file = server(old_home).cluster / "postmaster.pid"
    content = pid_file.read_text()
    pid_file.write_text("garbage")
    try:
        assert pid_of(old_home) == pid
        assert titles(old_home) == ["task one"]
        with server(old_home).exclusively():
            assert pid_file.read_text() == "garbage"
    finally:
        pid_file.write_text(content)


def test_a_server_whose_arguments_alone_can_be_seen_is_known(
    old_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root in a container may not look at the folder of another account's process.

    def denied(process: psutil.Process) -> str:
        raise psutil.AccessDenied(process.pid)

    pid = pid_of(old_home)
    monkeypatch.setattr(psutil.Process, "cwd", denied)
    assert pid_of(old_home) == pid
    assert server(old_home).stop()
    assert pid_of(old_home) is None


def test_a_server_with_no_place_left_says_so_and_is_left_alone(old_home: Path) -> None:
    pid = pid_of(old_home)
    pid_file = server(old_home).cluster / "postmaster.pid"
    content = pid_file.read_text()
    with sessions(old_home, 100):
        answer = Program(old_home)("list", "--timeout", "0.5")
        assert answer.code == 6
        assert answer.err.startswith("todo: cannot reach the database: sorry, too many clients")
        status = server(old_home).status()
        assert (status.running, status.pid, status.version) == (True, pid, None)
    assert pid_file.read_text() == content
    until(lambda: titles(old_home) == ["task one"])
    assert pid_of(old_home) == pid


def test_ctrl_c_ends_the_wait_for_a_server_that_does_not_answer(old_home: Path) -> None:
    pid = pid_of(old_home)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        with Program(old_home, path=path_of(CHECKOUT)).begin("list") as running:
            assert running.stderr is not None
            assert running.stderr.readline() == "waiting for the private PostgreSQL ...\n"
            running.send_signal(signal.SIGINT)
            answer = ended(running)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (answer.code, answer.out) == (130, "")


def test_a_server_that_does_not_answer_in_time_is_left_alone(old_home: Path) -> None:
    pid = pid_of(old_home)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        answer = Program(old_home)("--timeout", "2", "list")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert answer.code == 6
    assert "timeout expired" in answer.err
    assert pid_of(old_home) == pid
    assert titles(old_home) == ["task one"]


def test_a_server_that_is_about_to_stop_is_waited_for_and_started_again(old_home: Path) -> None:
    pid = pid_of(old_home)
    assert pid is not None
    with sessions(old_home):
        os.kill(pid, signal.SIGTERM)  # stops when the last session has ended
        log = server(old_home).base / "server.log"
        until(lambda: "smart shutdown" in log.read_text())
        running = Program(old_home).begin("list", "--fields", "title")
        assert running.stderr is not None
        # --fields silences the words, so look at what the server says to whoever asks.
        until(lambda: "the database system is shutting down" in log.read_text())
    with running:
        answer = ended(running)
    assert (answer.code, answer.out) == (0, '[{"title":"task one"}]\n')
    assert pid_of(old_home) != pid


def test_a_server_whose_socket_was_removed_is_replaced(old_home: Path) -> None:
    pid = pid_of(old_home)
    (server(old_home).socket_folder / ".s.PGSQL.5432").unlink()
    assert titles(old_home) == ["task one"]
    assert pid_of(old_home) not in (pid, None)


def test_a_database_that_was_removed_is_set_up_again(stopped_home: Path) -> None:
    server(stopped_home).cluster.rename(stopped_home / "lost")
    assert titles(stopped_home) == []


def test_the_tasks_of_another_postgresql_are_not_touched(stopped_home: Path) -> None:
    version = server(stopped_home).cluster / "PG_VERSION"
    version.write_text("17\n")
    answer = Program(stopped_home)("list")
    assert answer.code == 6
    assert "are those of PostgreSQL 17; this is 18" in answer.err
    version.write_text("18\n")
    assert titles(stopped_home) == ["task one"]


def test_a_server_that_does_not_start_gives_its_reason_in_a_sentence(stopped_home: Path) -> None:
    control = server(stopped_home).cluster / "global" / "pg_control"
    control.rename(stopped_home / "pg_control")
    answer = Program(stopped_home)("list")
    assert answer.code == 6
    assert answer.err.startswith("todo: the private PostgreSQL did not start: ")
    assert answer.err.count("\n") <= 2
    (stopped_home / "pg_control").rename(control)
    assert titles(stopped_home) == ["task one"]


def test_no_account_to_run_the_server_gives_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_INSTEAD_OF_ROOT", ("no-such-account",))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(UnavailableError, match="there is no account 'postgres' or 'nobody'"):
        server_account()
