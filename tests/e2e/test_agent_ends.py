"""When the agent leaves, and what becomes of the private server that it has kept alive."""

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psutil
import pytest

from tests.e2e.agents import Agent, agents, all_gone
from tests.e2e.program import ended, pid_of, processes, server, until, watchers
from todo_cli.server.private_server import SUPERUSER
from todo_cli.store.people.roles import DATABASE

SHORT = "idle_minutes = 0.05\n"


def send_away(todo: Agent, kind: signal.Signals) -> None:
    """Send a signal to the agent, and wait until it and its workers have left."""
    running = todo.processes()
    running[0].send_signal(kind)
    until(lambda: all_gone(running))


def kill_watcher(todo: Agent) -> None:
    for watcher in watchers(todo.home):
        watcher.kill()
    until(lambda: not watchers(todo.home))


def test_an_idle_agent_leaves_and_stops_the_private_server(own_agent: Agent) -> None:
    (own_agent.home / "config.toml").write_text(SHORT)
    assert own_agent("list").code == 0
    until(own_agent.state)
    kill_watcher(own_agent)  # so that nobody else stops it
    until(lambda: not processes(own_agent.home))
    assert not server(own_agent.home).status().running
    assert own_agent("list", "--fields", "title").out == '[{"title":"task one"}]\n'


def test_told_to_end_the_agent_stops_the_private_server(own_agent: Agent) -> None:
    assert own_agent("list").code == 0
    send_away(own_agent, signal.SIGTERM)
    until(lambda: not processes(own_agent.home))
    assert own_agent("add", "task two").err.endswith("Added 2 task two\n")


def test_told_to_end_the_agent_leaves_a_server_running_that_others_use(own_agent: Agent) -> None:
    assert own_agent("list").code == 0
    pid = pid_of(own_agent.home)
    with server(own_agent.home).in_use():
        send_away(own_agent, signal.SIGTERM)
        assert pid_of(own_agent.home) == pid


@pytest.mark.parametrize("kind", [signal.SIGHUP, signal.SIGKILL])
def test_the_server_runs_on_when_the_agent_only_makes_way_or_was_killed(
    own_agent: Agent, kind: signal.Signals
) -> None:
    assert own_agent("list").code == 0
    pid = pid_of(own_agent.home)
    assert pid is not None
    send_away(own_agent, kind)
    assert pid_of(own_agent.home) == pid
    assert watchers(own_agent.home)
    assert own_agent("add", "task two").err == "Added 2 task two\n"
    own_agent.warm()


def test_the_watcher_stops_the_server_of_an_agent_that_was_killed(own_agent: Agent) -> None:
    (own_agent.home / "config.toml").write_text(SHORT)
    assert own_agent("list").code == 0
    until(own_agent.state)
    for process in agents(own_agent.home):
        process.kill()
    until(lambda: not processes(own_agent.home))


@contextmanager
def locked(todo: Agent) -> Iterator[Any]:
    """Hold a lock on all tasks."""
    with closing(server(todo.home).connect(DATABASE, SUPERUSER)) as locking:
        with locking.cursor() as cursor:
            cursor.execute("LOCK TABLE todo.tasks")
        yield locking


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_is_finished_before_its_worker_leaves(
    own_agent: Agent, kind: signal.Signals
) -> None:
    assert own_agent("list").code == 0
    running = own_agent.processes()
    with locked(own_agent) as lock, own_agent.begin("add", "task two") as slow:
        [worker] = until(own_agent.busy)
        running[0].send_signal(kind)
        until(lambda: all_gone([each for each in running if each.pid != worker.pid]))
        lock.rollback()
        assert ended(slow).err.endswith("Added 2 task two\n")
    until(lambda: all_gone(running))


# --- the server beside it


def test_after_the_server_was_stopped_the_agent_starts_it_again(own_agent: Agent) -> None:
    assert own_agent("list").code == 0
    state = own_agent.warm()
    for number in (2, 3):
        assert own_agent("db", "stop").code == 0
        assert pid_of(own_agent.home) is None
        assert own_agent("add", f"task {number}").err.endswith(f"Added {number} task {number}\n")
    assert own_agent.warm().served == state.served + 2
    assert own_agent.warm().agent == state.agent
    until(lambda: not zombies(own_agent))


def zombies(todo: Agent) -> list[psutil.Process]:
    """Give what the workers have started and not taken note of since it ended."""
    children = [child for each in todo.processes() for child in each.children()]
    return [child for child in children if child.status() == psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("target", ["0002", "base"])
def test_beside_the_agent_the_private_schema_is_undone_and_made_again(
    own_agent: Agent, target: str
) -> None:
    assert own_agent("list").code == 0
    state = own_agent.warm()
    assert own_agent("db", "downgrade", target, "--yes").code == 0
    titles = [] if target == "base" else ["task one"]
    assert own_agent("list", "--json").code == 0
    assert own_agent.warm().served == state.served + 1
    assert own_agent.titles() == titles
    assert own_agent("db", "upgrade").code == 0
    assert own_agent("add", "task two").code == 0


def test_an_agent_does_not_start_the_private_server_by_itself(own_agent: Agent) -> None:
    assert own_agent("--version").code == 0
    own_agent.warm()
    assert pid_of(own_agent.home) is None
