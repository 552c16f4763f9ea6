"""Agent, workers, client and server are killed or stopped: a command is done once, or says so."""

import json
import os
import signal
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psutil
import pytest

from tests.conftest import Person, temporary_home
from tests.e2e.agents import ENDED, Agent, agents, all_gone, has_gone
from tests.e2e.package import QUIET, copy_package
from tests.e2e.program import ended, pid_of, until
from tests.e2e.twice import locked, waiting
from tests.faults import Delay, FaultProxy, Stall


def due_dates(person: Person) -> list[Any]:
    return [due for (due,) in person.query("SELECT due_date FROM todo.tasks")]


# --- the agent


def test_when_the_agent_is_killed_its_workers_leave_and_another_comes(agent: Agent) -> None:
    first = agent.processes()
    first[0].kill()
    until(lambda: all_gone(first))
    assert agent("add", "task one").code == 0
    assert agent.warm().agent != first[0].pid
    assert agent("add", "task two").err == "Added 2 task two\n"
    assert agent.warm().served == 1


def test_a_command_that_runs_while_the_agent_is_killed_is_finished(
    agent: Agent, person: Person
) -> None:
    assert agent("add", "task one").code == 0
    processes = agent.processes()
    with locked(person) as lock, agent.begin("modify", "1", "due:fri") as running:
        until(lambda: waiting(person) == 1)
        processes[0].kill()
        until(lambda: has_gone(processes[0]))
        lock.commit()
        assert ended(running).code == 0
    until(lambda: all_gone(processes))


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_an_idle_worker_that_is_killed_is_replaced(agent: Agent, kind: signal.Signals) -> None:
    agent_process, worker, other, *_ = agent.processes()
    worker.send_signal(kind)
    until(lambda: has_gone(worker))
    state = until(lambda: (found := agent.warm()) and worker.pid not in found.workers and found)
    assert state.agent == agent_process.pid
    assert other.pid in state.workers
    for number in (1, 2, 3):
        assert agent("add", "task").err == f"Added {number} task\n"
    assert agent.warm().served == 3


def test_all_workers_killed_at_once_are_replaced(agent: Agent) -> None:
    agent_process, *workers = agent.processes()
    for worker in workers:
        worker.kill()
    assert agent("add", "task").err == "Added 1 task\n"
    assert agent.warm().agent == agent_process.pid
    assert agent_process.status() != psutil.STATUS_ZOMBIE


def test_an_agent_whose_workers_fail_at_once_leaves_and_commands_run(agent: Agent) -> None:
    with temporary_home() as folder:
        path = copy_package(folder, _TICK="'no time'", **QUIET)
        broken = replace(agent, program=replace(agent.program, path=path))
        for number in (1, 2):
            assert broken("add", "task").err == f"Added {number} task\n"
            until(lambda: not agents(agent.home))


# --- a worker under its command


def killed(agent: Agent, *arguments: str, when: Any) -> Any:
    """Kill the worker of a command once ``when`` is so, and give the command's answer."""
    with agent.begin(*arguments) as running:
        until(when)
        [worker] = until(agent.busy)
        worker.kill()
        return ended(running)


def test_a_worker_killed_before_its_statement_leaves_no_task_and_an_error(
    through: Agent, proxy: FaultProxy
) -> None:
    through.warm()
    proxy.next(Delay(60))
    proxy.cut_all()
    known = len(proxy.connections)
    answer = killed(through, "add", "task", when=lambda: len(proxy.connections) > known)
    assert (answer.code, answer.out, answer.err) == (1, "", ENDED)
    assert through.titles() == []
    assert through("add", "task").err == "Added 1 task\n"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--no-color", "todo: the agent ended in the middle of this command\n"),
        (
            "--json",
            '{"error":{"code":"error","message":"the agent ended in the middle of this command",'
            '"hint":null}}\n',
        ),
    ],
)
def test_a_worker_killed_under_a_command_that_reads_leaves_no_doubt_of_what_was_done(
    through: Agent, proxy: FaultProxy, option: str, said: str
) -> None:
    through.warm()
    proxy.next(Delay(60))
    proxy.cut_all()
    known = len(proxy.connections)
    answer = killed(through, "list", option, when=lambda: len(proxy.connections) > known)
    assert (answer.code, answer.out, answer.err) == (1, "", said)


def test_a_worker_killed_during_its_statement_changes_nothing_twice_and_is_an_error(
    agent: Agent, person: Person
) -> None:
    assert agent("add", "task").code == 0
    agent.warm()
    with locked(person) as lock:
        answer = killed(agent, "modify", "1", "due:fri", when=lambda: waiting(person) == 1)
        assert (answer.code, answer.out, answer.err) == (1, "", ENDED)
        until(lambda: waiting(person) == 0)  # the server has noticed
        lock.commit()
    assert due_dates(person) == [None]
    assert agent("modify", "1", "due:fri").code == 0
    assert due_dates(person) != [None]


@pytest.mark.parametrize("option", ["--json", "--fields=number"])
def test_a_worker_killed_after_its_statement_leaves_one_task_and_says_it_may(
    through: Agent, proxy: FaultProxy, option: str
) -> None:
    through.warm()
    handshake = proxy.connections[0].turns - 1  # it has warmed up with one statement
    proxy.next(Stall(turn=handshake + 1))
    proxy.cut_all()
    known = len(proxy.connections)

    def is_done() -> bool:
        new = proxy.connections[known:]
        return bool(new) and new[0].turns == handshake + 1

    answer = killed(through, "add", "task", option, when=is_done)
    assert (answer.code, answer.out) == (1, "")
    error = json.loads(answer.err)["error"]
    assert error["code"] == "error"
    assert error["hint"].startswith("it may have been done")
    assert through.titles() == ["task"]


def test_a_worker_killed_under_a_command_is_replaced(agent: Agent, person: Person) -> None:
    assert agent("add", "task").code == 0
    first = agent.warm()
    with locked(person):
        killed(agent, "done", "1", when=lambda: waiting(person) == 1)
    [left] = until(lambda: set(first.workers) - set(agent.warm().workers))
    now = agent.warm()
    assert now.agent == first.agent
    assert len(now.workers) == len(first.workers)
    assert left not in now.workers


# --- the client


def test_a_client_that_is_killed_leaves_its_worker_free_and_its_statement_undone(
    agent: Agent, person: Person
) -> None:
    assert agent("add", "task").code == 0
    first = agent.warm()
    with locked(person) as lock:
        with agent.begin("modify", "1", "due:fri") as running:
            until(lambda: waiting(person) == 1)
            running.kill()
        until(lambda: waiting(person) == 0)
        until(lambda: not agent.busy())
        lock.commit()
    assert due_dates(person) == [None]
    assert agent("list").code == 0
    assert agent.warm().workers == first.workers


# --- the private server


def test_a_private_server_that_is_killed_is_started_again_by_the_next_command(
    own_agent: Agent,
) -> None:
    assert own_agent("add", "task two").code == 0
    state = own_agent.warm()
    for number in (3, 4, 5):
        pid = pid_of(own_agent.home)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        answer = own_agent("add", f"task {number}")
        assert (answer.code, answer.err.splitlines()[-1]) == (0, f"Added {number} task {number}")
    assert own_agent.warm().agent == state.agent
    assert len(own_agent.titles()) == 5


# --- stopped, as by Ctrl-Z or a debugger


def test_commands_run_without_an_agent_that_is_stopped_and_only_once(hasty: Agent) -> None:
    state = hasty.warm()
    processes = hasty.processes()
    for process in processes:
        process.suspend()
    for number in (1, 2):
        assert hasty("add", "task").err == f"Added {number} task\n"
    for process in processes:
        process.resume()
    assert until(hasty.state).served == state.served
    assert hasty("add", "task").err == "Added 3 task\n"
    assert hasty.titles() == ["task"] * 3


def test_workers_serve_on_while_the_agent_itself_is_stopped(agent: Agent) -> None:
    state = agent.warm()
    agent_process = psutil.Process(state.agent)
    agent_process.suspend()
    for number in (1, 2, 3):
        assert agent("add", "task").err == f"Added {number} task\n"
    assert agent.warm().served == 3
    with suppress(psutil.Error):
        agent_process.resume()
    assert agent("list", "--json").code == 0
