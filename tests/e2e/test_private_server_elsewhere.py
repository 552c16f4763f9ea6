"""One folder, seen from several containers: one server at most, and no task is lost.

Two machines with a home on a network file system are the same: the lock and the words are.
"""

import errno
import fcntl
import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.conftest import Answer, stop
from tests.e2e.containers import FILES, container, namespace
from tests.e2e.program import (
    Program,
    copy,
    pid_of,
    processes,
    server,
    servers,
    titles,
    until,
    watchers,
)
from tests.e2e.test_doctor import findings
from tests.e2e.test_private_server_disk import for_root
from tests.e2e.test_private_server_trouble import busy_session, kill
from todo_cli.errors import UnavailableError
from todo_cli.server import idle, locks, postmaster
from todo_cli.server.place import here
from todo_cli.server.private_server import SUPERUSER

ELSEWHERE = f"the private PostgreSQL runs on {os.uname().nodename}, or in another container"
SENTENCE = f"todo: {ELSEWHERE}\nhint: stop it there: todo db stop\n"


def is_refused(answer: Answer) -> bool:
    return (answer.code, answer.out) == (6, "") and answer.err.endswith(SENTENCE)


def numbers(answers: list[Answer]) -> list[int]:
    """Give the numbers that were acknowledged."""
    added = "\n".join(each.err for each in answers if each.code == 0)
    return [int(number) for number in re.findall(r"Added (\d+) ", added)]


@for_root
@pytest.mark.parametrize("name", ["home", "d" * 100])
def test_adds_from_two_containers_lose_no_task_and_give_no_number_twice(
    home: Path, first_home: Path, name: str
) -> None:
    # With the long name the socket lies in /tmp, which may be another one for each.
    deep = home / name
    copy(first_home, deep)
    try:
        outside = Program(deep)
        assert outside("list").code == 0
        with container(server(deep).socket_folder) as within, ThreadPoolExecutor(4) as pool:
            inside = replace(outside, within=within)
            ours = [pool.submit(outside, "add", "task ours") for _ in range(8)]
            theirs = [pool.submit(inside, "add", "task theirs") for _ in range(3)]
            added = [each.result() for each in ours]
            refused = [each.result() for each in theirs]
        assert {each.code for each in added} == {0}
        assert all(map(is_refused, refused)), refused
        assert sorted(numbers(added)) == list(range(2, 10))
        assert titles(deep) == ["task one", *["task ours"] * 8]
    finally:
        stop(deep)


@for_root
def test_of_two_containers_that_start_at_once_one_has_the_server(stopped_home: Path) -> None:
    run = server(stopped_home).socket_folder
    run.mkdir(mode=0o700, exist_ok=True)
    todo = Program(stopped_home)
    with container(run) as one, container(run) as two, ThreadPoolExecutor(6) as pool:
        sides = [replace(todo, within=one), replace(todo, within=two)] * 3
        answers = list(pool.map(lambda side: side("add", "task"), sides))
        assert {each.code for each in answers} == {0, 6}
        assert all(is_refused(each) for each in answers if each.code == 6)
    kept = numbers(answers)
    assert len(kept) == len(set(kept)) == 3
    assert titles(stopped_home) == ["task", "task", "task", "task one"]  # they were all killed


@for_root
def test_what_a_killed_container_has_added_is_there_and_the_server_starts(
    stopped_home: Path,
) -> None:
    run = server(stopped_home).socket_folder
    run.mkdir(mode=0o700, exist_ok=True)
    todo = Program(stopped_home)
    with container(run) as within:
        assert replace(todo, within=within)("add", "task two").code == 0
        assert is_refused(todo("list"))
    assert titles(stopped_home) == ["task one", "task two"]
    assert servers(stopped_home) == [pid_of(stopped_home)]


@for_root
def test_a_pid_file_that_somebody_removed_lets_no_second_server_start(old_home: Path) -> None:
    pid = pid_of(old_home)
    (server(old_home).cluster / "postmaster.pid").unlink()
    with container(server(old_home).socket_folder) as within:
        inside = replace(Program(old_home), within=within)
        assert is_refused(inside("add", "task two"))
    assert pid_of(old_home) == pid
    (server(old_home).socket_folder / ".s.PGSQL.5432").unlink()
    assert titles(old_home) == ["task one"]
    assert pid_of(old_home) not in (pid, None)


@for_root
def test_status_and_stop_tell_the_truth_about_a_server_elsewhere(old_home: Path) -> None:
    pid = pid_of(old_home)
    with container(server(old_home).socket_folder) as within:
        inside = replace(Program(old_home), within=within)
        status = inside("db", "status", "--json")
        found = json.loads(status.out)
        assert (found["running"], found["pid"], found["version"]) == (True, None, None)
        assert found["host"] == os.uname().nodename
        assert inside("db", "status").err == f"T{ELSEWHERE[1:]}.\n"
        assert is_refused(inside("db", "stop"))
        said = findings(inside("doctor", "--json"))["private server"]
        assert said == ("failed", ELSEWHERE)
    assert pid_of(old_home) == pid
    assert json.loads(Program(old_home)("db", "status", "--json").out)["host"] is None


@for_root
def test_a_server_of_another_container_serves_where_its_socket_is_the_same(old_home: Path) -> None:
    pid = pid_of(old_home)
    with container(None) as within:
        inside = replace(Program(old_home), within=within)
        assert inside.titles() == ["task one"]
        found = json.loads(inside("db", "status", "--json").out)
        assert (found["running"], found["pid"]) == (True, None)
        assert found["version"].startswith("18.")
        assert is_refused(inside("db", "stop"))
        state, said = findings(inside("doctor", "--json"))["private server"]
        assert state == "ok"
        assert f"runs on {os.uname().nodename}, or in another container" in said
    assert pid_of(old_home) == pid


# --- processes that mean something else


@for_root
def test_no_watcher_is_born_or_stays_where_the_servers_processes_cannot_be_seen(
    old_home: Path,
) -> None:
    [watcher] = until(lambda: watchers(old_home))
    watcher.kill()
    until(lambda: not watchers(old_home))
    with container(None) as within:
        assert replace(Program(old_home), within=within)("list").code == 0
        assert watchers(old_home) == []
        assert Program(old_home)("list").code == 0
        [another] = until(lambda: watchers(old_home))
        assert namespace(another.pid, "pid") == namespace(os.getpid(), "pid")
        stop(old_home)
        until(lambda: not processes(old_home))
        assert replace(Program(old_home), within=within)("list").code == 0
        [theirs] = servers(old_home)
        base = server(old_home).base
        with locks.locked(base / "another.lock", fcntl.LOCK_EX, 0) as lock:
            idle.watch(base, 0.01, lock)  # the number in the pid file is none of here
        assert servers(old_home) == [theirs]


@for_root
def test_a_process_with_the_number_of_a_server_elsewhere_is_left_alone(old_home: Path) -> None:
    # So it is for whoever has the processes of one container, and sees those of another.
    pid = pid_of(old_home)
    found = here()._replace(processes="pid:[1]")
    (server(old_home).base / locks.SERVER).write_text(found.text)
    assert pid_of(old_home) is None
    postmaster.stop(server(old_home).base)
    with pytest.raises(UnavailableError, match="or in another container"):
        server(old_home).stop()
    assert servers(old_home) == [pid]
    (server(old_home).base / locks.SERVER).write_text(here().text)
    assert pid_of(old_home) == pid


# --- the same processes, and other files


@for_root
def test_an_unused_server_whose_socket_lies_in_other_files_is_replaced(
    home: Path, first_home: Path
) -> None:
    deep = home / ("d" * 100)
    copy(first_home, deep)
    folder = server(deep).socket_folder
    folder.mkdir(mode=0o700)
    try:
        with container(folder, FILES) as within:
            inside = replace(Program(deep), within=within)
            for number in (2, 4):
                assert f"Added {number} " in inside("add", "task inside").err
                assert f"Added {number + 1} " in Program(deep)("add", "task outside").err
        assert len(titles(deep)) == 5
        assert servers(deep) == [pid_of(deep)]
    finally:
        stop(deep)


@for_root
def test_a_server_that_is_used_with_other_files_is_left_alone_and_can_be_stopped(
    home: Path, first_home: Path
) -> None:
    deep = home / ("d" * 100)
    copy(first_home, deep)
    try:
        assert titles(deep) == ["task one"]
        pid = pid_of(deep)
        folder = server(deep).socket_folder
        with container(folder, FILES) as within:
            inside = replace(Program(deep), within=within)
            with server(deep).in_use():
                assert is_refused(inside("add", "task two"))
                assert pid_of(deep) == pid
            assert inside("db", "stop").err == "Stopped the private PostgreSQL.\n"
        assert pid_of(deep) is None
        folder.rmdir()  # another one, of the same name, was that of whoever stopped it
    finally:
        stop(deep)


# --- the lock


def test_the_lock_is_held_until_the_last_process_of_the_server_has_ended(old_home: Path) -> None:
    path = server(old_home).base / locks.SERVER
    assert locks.held(path) == here().text
    with busy_session(old_home) as orphan:
        kill(old_home)
        until(
            lambda: [each.pid for each in processes(old_home) if is_postgres(each)] == [orphan.pid]
        )
        assert locks.held(path) == here().text
        orphan.kill()
        until(lambda: locks.held(path) is None)


def is_postgres(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.name().startswith("postgres")
    return False


def test_a_server_without_the_lock_as_an_older_todo_starts_it_is_found_running(
    old_home: Path,
) -> None:
    pid = pid_of(old_home)
    (server(old_home).base / locks.SERVER).unlink()
    assert titles(old_home) == ["task one"]
    with server(old_home).exclusively():
        assert pid_of(old_home) == pid
    assert server(old_home).status().pid == pid
    assert server(old_home).stop()
    until(lambda: not processes(old_home))


def test_a_file_system_without_locks_is_refused_and_named(
    stopped_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    uses: list[Callable[[], object]] = [
        lambda: titles(stopped_home),
        lambda: server(stopped_home).connect("postgres", SUPERUSER),
        lambda: server(stopped_home).stop(),
    ]
    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", flock)
        for use in uses:
            with pytest.raises(UnavailableError, match="has no locks") as caught:
                use()
            assert str(server(stopped_home).base) in caught.value.message
            assert caught.value.hint == "let TODO_HOME name a folder on a local disk"
    assert not processes(stopped_home)
