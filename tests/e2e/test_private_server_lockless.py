"""A server whose lock somebody has removed, or whose todo had none yet: still only one at most."""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.conftest import Answer
from tests.e2e.containers import container
from tests.e2e.program import Program, pid_of, processes, server, servers, titles, until
from tests.e2e.test_private_server_disk import for_root
from tests.e2e.test_private_server_trouble import kill
from todo_cli.server import fresh, locks, postmaster
from todo_cli.server.account import server_account
from todo_cli.server.cluster import ENVIRONMENT
from todo_cli.server.remains import LOCKED, PID_FILE

UNKNOWN = "todo: the private PostgreSQL runs on another machine, or in another container\n"


def is_refused(answer: Answer) -> bool:
    return (answer.code, answer.out) == (6, "") and UNKNOWN in answer.err


@contextmanager
def of_a_former_todo(home: Path, within: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Start the server of a home, which is stopped, as a todo does that knows of no lock."""
    base = server(home).base
    options = shlex.split((base / "cluster" / "postmaster.opts").read_text())
    options = [each for each in options if LOCKED[0] not in each]
    (base / locks.SERVER).unlink()
    with subprocess.Popen(
        [*within, *fresh.command(options, server_account().identity, tuple(ENVIRONMENT))],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    ) as running:
        try:
            until(lambda: (found := postmaster.read(base / "cluster")) and found.ready)
            yield running
        finally:
            running.kill()


@pytest.fixture
def used_home(old_home: Path) -> Path:
    """Give a home with "task one" whose server ran, and is stopped."""
    server(old_home).stop()
    until(lambda: not processes(old_home))
    return old_home


@for_root
@pytest.mark.parametrize("more", ["server.lock alone", "and the pid file"])
def test_a_lock_that_somebody_removed_lets_no_second_server_start(
    old_home: Path, more: str
) -> None:
    pid = pid_of(old_home)
    (server(old_home).base / locks.SERVER).unlink()
    if more != "server.lock alone":
        (server(old_home).cluster / PID_FILE).unlink()
    with container(server(old_home).socket_folder) as within:
        inside = replace(Program(old_home), within=within)
        assert is_refused(inside("add", "task inside"))
        assert is_refused(inside("db", "stop"))
        assert json.loads(inside("db", "status", "--json").out)["running"]
        assert servers(old_home) == [pid]
    assert titles(old_home) == ["task one"]
    assert Program(old_home)("db", "stop").err == "Stopped the private PostgreSQL.\n"


@for_root
def test_a_server_that_a_former_todo_runs_in_a_container_is_the_only_one(used_home: Path) -> None:
    run = server(used_home).socket_folder
    with container(run) as within, of_a_former_todo(used_home, within):
        before = servers(used_home)
        for arguments in (("add", "task outside"), ("db", "stop")):
            answer = Program(used_home)(*arguments)
            assert (answer.code, answer.out) == (6, "")
            assert f"runs on {os.uname().nodename}, or in another container\n" in answer.err
        assert set(before) <= set(servers(used_home))
    (server(used_home).cluster / PID_FILE).unlink()


@for_root
@pytest.mark.parametrize("lock", ["none", "that of a later server, which has ended"])
def test_a_server_that_a_former_todo_runs_outside_is_the_only_one(
    used_home: Path, lock: str
) -> None:
    lock_file = server(used_home).base / locks.SERVER
    said = lock_file.read_text()
    with (
        of_a_former_todo(used_home) as running,
        container(server(used_home).socket_folder) as within,
    ):
        if lock != "none":
            lock_file.write_text(said)
        answer = replace(Program(used_home), within=within)("add", "task inside")
        assert is_refused(answer)
        pid_file = server(used_home).cluster / PID_FILE
        hint = f"stop it there: todo db stop; if it was killed there, remove {pid_file}"
        assert answer.err.endswith(f"hint: {hint}\n")
        assert titles(used_home) == ["task one"]
        assert pid_of(used_home) == running.pid
        assert server(used_home).stop()


def test_a_server_that_a_former_todo_left_here_is_used_and_stopped(used_home: Path) -> None:
    with of_a_former_todo(used_home) as running:
        assert Program(used_home).titles() == ["task one"]
        assert pid_of(used_home) == running.pid
        assert Program(used_home)("db", "stop").err == "Stopped the private PostgreSQL.\n"


def test_what_a_former_todo_left_here_and_was_killed_is_no_obstacle(used_home: Path) -> None:
    with of_a_former_todo(used_home) as running:
        main = psutil.Process(running.pid)
        for each in (main, *main.children()):  # a server makes a killed session good
            with suppress(psutil.NoSuchProcess):
                each.kill()
        running.wait()
        assert (server(used_home).cluster / PID_FILE).exists()
        assert Program(used_home).titles() == ["task one"]
        assert pid_of(used_home) not in (running.pid, None)


def test_what_a_former_todo_left_before_the_machine_was_started_is_no_obstacle(
    used_home: Path,
) -> None:
    cluster = server(used_home).cluster
    with of_a_former_todo(used_home) as running:
        left = (cluster / PID_FILE).read_text()
        options = (cluster / "postmaster.opts").read_text()
        running.terminate()
        running.wait()
    pid_file = cluster / PID_FILE
    pid_file.write_text(left.replace(str(running.pid), "999999"))
    started = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert LOCKED[0] not in options
    assert postmaster.holder(server(used_home).base) is not None
    os.utime(pid_file, (started - 60, started - 60))
    assert postmaster.holder(server(used_home).base) is None
    assert titles(used_home) == ["task one"]


def test_a_server_that_was_killed_is_no_obstacle_where_its_lock_was_removed(old_home: Path) -> None:
    kill(old_home)
    (server(old_home).base / locks.SERVER).unlink()
    assert titles(old_home) == ["task one"]
