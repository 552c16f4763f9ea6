"""An agent belongs to one network, one set of users, files and processes: others run without it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest

from tests.e2e.agents import Agent, agents
from tests.e2e.containers import FILES, PROCESSES, USERS, container, namespace
from tests.e2e.program import until
from tests.e2e.test_private_server_disk import for_root
from todo_cli import client

ELSEWHERE = f"the agent runs on {os.uname().nodename}, or in another container"
REFUSED = f"todo: {ELSEWHERE}\nhint: stop it there: todo agent stop\n"


@contextmanager
def sandboxed(agent: Agent, kind: str) -> Iterator[Agent]:
    """Give `todo` in a namespace of its own of one kind."""
    kinds = {"user": USERS, "mnt": FILES, "pid": PROCESSES}
    with container(None, kinds[kind]) as within:
        yield replace(agent, program=replace(agent.program, within=within))


@for_root
@pytest.mark.parametrize("kind", ["user", "mnt", "pid"])
def test_an_agent_that_was_born_in_a_sandbox_serves_nobody_outside(
    through: Agent, kind: str
) -> None:
    agent = through  # by TCP: no sandbox is in the way of that
    with sandboxed(agent, kind) as inside:
        for number in (1, 3, 5):
            assert inside("add", "task").err == f"Added {number} task\n"
            until(lambda: has_agent(inside, kind, in_sandbox=True))
            assert agent("add", "task").err == f"Added {number + 1} task\n"
            until(lambda: has_agent(agent, kind, in_sandbox=False))
        served = agent.warm().served
        assert agent("list", "--json").code == 0
        assert agent.warm().served == served + 1


def has_agent(todo: Agent, kind: str, *, in_sandbox: bool) -> bool:
    """Tell whether an agent answers, and none is on the other side; bring one up if none is."""
    found = agents(todo.home)
    if not found:
        todo("--version")
    if todo.state() is None:
        return False
    ours = namespace(os.getpid(), kind)
    try:
        inside = {namespace(each.pid, kind) != ours for each in found}
    except OSError:  # one has just ended
        return False
    return inside == {in_sandbox}


@for_root
def test_the_agent_of_another_container_is_told_and_not_called_stopped(agent: Agent) -> None:
    before = agent.warm()
    with sandboxed(agent, "pid") as inside:
        for name in ("stop", "restart"):
            answer = inside("agent", name)
            assert (answer.code, answer.out, answer.err) == (6, "", REFUSED)
        shown = inside("agent", "status", "--json")
        found = json.loads(shown.out)
        assert (found["running"], found["pid"], found["memory"]) == (True, None, None)
        assert found["host"] == os.uname().nodename
        assert inside("agent", "status").err == f"T{ELSEWHERE[1:]}.\n"
        said = json.loads(inside("doctor", "--json").out)["checks"]
        [told] = [each["found"] for each in said if each["name"] == "agent"]
        assert told.startswith("running on ")
    assert agent.warm().agent == before.agent
    assert json.loads(agent("agent", "status", "--json").out)["host"] is None
    assert agent("agent", "stop").err == "Stopped the agent.\n"


@for_root
def test_the_number_of_an_agent_elsewhere_is_no_process_to_be_ended(agent: Agent) -> None:
    with sandboxed(agent, "pid") as inside:
        assert inside("list").code == 0
        until(lambda: len(agents(agent.home)) > 2)
        answer = agent("agent", "stop")
        assert (answer.code, answer.err) == (6, REFUSED)
        assert len(agents(agent.home)) > 2


@pytest.mark.skipif(not psutil.LINUX, reason="only Linux has namespaces")
def test_namespaces_and_root_folder_are_in_the_fingerprint() -> None:
    mark = os.fsdecode(client.fingerprint({})).split("\n")
    for kind in ("net", "user", "mnt", "pid"):
        assert namespace(os.getpid(), kind) in mark
    assert any(line.startswith("/ ") for line in mark)
