"""An agent with little left: of the disk, of descriptors, of processes; and with many databases."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.conftest import Database, temporary_home
from tests.e2e.agents import Agent, agents, all_gone, end_agents
from tests.e2e.program import Program, account, as_account, until
from tests.e2e.test_private_server_disk import for_root, mounted
from todo_cli.agent.board import PERMANENT

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux sets the limits of another process"
)


@contextmanager
def limited(processes: list[psutil.Process], kind: int, value: int) -> Iterator[None]:
    """Have processes live with a limit for a while."""
    before = [each.rlimit(kind) for each in processes]
    for each, (_, hard) in zip(processes, before, strict=True):
        each.rlimit(kind, (value, hard))
    try:
        yield
    finally:
        for each, limits in zip(processes, before, strict=True):
            with suppress(psutil.NoSuchProcess):
                each.rlimit(kind, limits)


@contextmanager
def without_forks(program: Program, process: psutil.Process) -> Iterator[None]:
    """Have a process of the program's account fork no more for a while."""
    change = "import resource as r, sys; pid, kind, *new = map(int, sys.argv[1:]); "
    change += "print(*r.prlimit(pid, kind, *([tuple(new)] if new else [])))"

    def set_limit(*limits: str) -> list[str]:
        words = [program.python, "-c", change, str(process.pid), str(resource.RLIMIT_NPROC)]
        said: str = subprocess.check_output([*words, *limits], text=True, **program.process)
        return said.split()

    soft, hard = set_limit()
    set_limit("0", hard)
    try:
        yield
    finally:
        set_limit(soft, hard)


def spent(processes: list[psutil.Process]) -> float:
    """Give the seconds of CPU that processes have used."""
    return sum(sum(each.cpu_times()[:2]) for each in processes)


# --- the disk


@for_root
def test_on_a_full_disk_there_is_no_agent_and_commands_are_answered(agent: Agent) -> None:
    with mounted("size=64k") as home:
        todo = replace(agent, program=replace(agent.program, home=home))
        (home / "state" / "agent").mkdir(parents=True)
        (home / "state" / "agent").chmod(0o700)
        fill(home)
        for number in (1, 2):
            assert todo("add", "task").err == f"Added {number} task\n"
        until(lambda: not agents(home))
        (home / "ballast").unlink()
        todo.warm()
        end_agents(home)


@for_root
def test_an_agent_whose_disk_fills_up_serves_on(agent: Agent) -> None:
    with mounted("size=64k") as home:
        todo = replace(agent, program=replace(agent.program, home=home))
        state = todo.warm()
        fill(home)
        for number in (1, 2, 3):
            assert todo("add", "task").err == f"Added {number} task\n"
        assert todo.warm().served == state.served + 3
        end_agents(home)


def fill(home: Path) -> None:
    with suppress(OSError), (home / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


# --- descriptors and processes


@on_linux
def test_workers_without_a_descriptor_left_keep_no_command_and_do_not_spin(hasty: Agent) -> None:
    processes = hasty.processes()
    workers = processes[1:]
    with limited(workers, resource.RLIMIT_NOFILE, 3):
        before = spent(workers)
        for number in (1, 2, 3):
            assert hasty("add", "task").err == f"Added {number} task\n"
        assert spent(workers) - before < 0.5
    served = hasty.warm().served
    assert hasty("add", "task").err == "Added 4 task\n"
    assert hasty.warm().served == served + 1


@on_linux
def test_an_agent_that_cannot_fork_lives_until_it_can(hasty_package: str) -> None:
    """Root has no limit of processes; so it acts as another account."""
    with temporary_home() as home:
        program = Program(home, path=hasty_package)
        if os.geteuid() == 0:
            other = account("daemon", "bin", "nobody")
            os.chown(home, other.pw_uid, other.pw_gid)
            program = as_account(home, other.pw_uid, other.pw_gid)
        todo = Agent(program)
        try:
            assert todo("--version").code == 0
            until(lambda: len(agents(home)) == 1 + PERMANENT)
            [parent] = [each for each in agents(home) if each.children()]
            workers = parent.children()
            with without_forks(program, parent):
                for worker in workers:
                    worker.kill()
                until(lambda: all_gone(workers))
                assert todo("--version").code == 0
                assert [each.pid for each in agents(home)] == [parent.pid]
            until(lambda: len(agents(home)) == 1 + PERMANENT)
            assert parent.is_running()
        finally:
            end_agents(home)


# --- many databases


def test_people_in_turn_get_their_own_tasks_and_few_connections_are_kept(
    agent: Agent, database: Database
) -> None:
    people = [database.new_person() for _ in range(5)]
    first = agent.warm()
    for turn in (1, 2):
        for each in people:
            todo = replace(agent, variables={"TODO_DATABASE_URL": each.url})
            assert todo("add", f"task of {each.role}").err.startswith(f"Added {turn} ")
            shown = todo("list").out
            assert shown.count("task of") == shown.count(f"task of {each.role}") == turn
    state = agent.warm()
    assert state.served == first.served + 4 * len(people)
    assert state.connections <= 3 * len(state.workers)
