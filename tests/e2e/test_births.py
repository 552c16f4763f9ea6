"""Whoever is the first to start agent, server and watcher decides nothing for others."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from tests.e2e.agents import Agent, agent_home, agents, all_gone
from tests.e2e.births import Shell, inherited
from tests.e2e.program import Program, pid_of, processes, server, until, watchers
from todo_cli.server import locks

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells all of it")

SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT", "SIGCHLD", "SIGUSR1", "SIGALRM", "SIGQUIT", "SIGPIPE")
SOFT = {
    "RLIMIT_NOFILE": 40,
    "RLIMIT_CPU": 50,
    "RLIMIT_FSIZE": 10_000_000,
    "RLIMIT_AS": 1 << 30,
    "RLIMIT_STACK": 1 << 20,
}
# With these a private server works, but for whoever comes after they are too low.
LOW = {
    "RLIMIT_NOFILE": 200,
    "RLIMIT_CPU": 60,
    "RLIMIT_FSIZE": 100_000_000,
    "RLIMIT_AS": 2_000_000_000,
    "RLIMIT_STACK": 4_000_000,
}


def in_shell(agent: Agent, shell: Shell) -> Agent:
    """Give the same `todo`, started by a shell."""
    return replace(agent, program=replace(agent.program, within=shell.within))


@on_linux
@pytest.mark.parametrize(
    "shell",
    [
        Shell(ignored=SIGNALS),
        Shell(blocked=SIGNALS),
        Shell(soft=SOFT),
        Shell(processors=(0,)),
        Shell(sacrifice=900),
    ],
    ids=["ignored", "blocked", "soft limits", "processors", "sacrifice"],
)
def test_what_the_first_shell_gives_its_command_stays_with_that(
    own_agent: Agent, shell: Shell
) -> None:
    assert in_shell(own_agent, shell)("list").code == 0
    found = [inherited(pid) for pid in born(own_agent)]
    assert own_agent("agent", "stop").err == "Stopped the agent.\n"
    assert own_agent("db", "stop").code == 0
    until(lambda: not processes(own_agent.home))
    assert own_agent("list").code == 0
    assert found == [inherited(pid) for pid in born(own_agent)]


def born(agent: Agent) -> list[int]:
    """Give the server, the watcher and the agent that a command has left, each one process."""
    [watcher] = until(lambda: watchers(agent.home))
    main = pid_of(agent.home)
    assert main is not None
    return [main, watcher.pid, agent.warm().agent]


def test_an_agent_whose_parent_had_blocked_the_signal_is_stopped(own_agent: Agent) -> None:
    assert in_shell(own_agent, Shell(blocked=("SIGTERM", "SIGHUP", "SIGCHLD")))("list").code == 0
    own_agent.warm()
    stopped = own_agent("agent", "stop")
    assert (stopped.code, stopped.err) == (0, "Stopped the agent.\n")
    until(lambda: not processes(own_agent.home))


@pytest.mark.parametrize(
    "shell",
    [Shell(niceness=19), *(Shell(limits={name: value}) for name, value in LOW.items())],
    ids=["niceness", *LOW],
)
def test_what_is_worse_than_usual_is_left_to_nobody(own_agent: Agent, shell: Shell) -> None:
    answer = in_shell(own_agent, shell)("list")
    assert (answer.code, "task one" in answer.out) == (0, True), answer
    until(lambda: not processes(own_agent.home))
    assert own_agent("list").code == 0
    own_agent.warm()
    for process in processes(own_agent.home):
        assert process.nice() == psutil.Process().nice()
    assert "has " not in limits(own_agent.program)[1]


def limits(todo: Program) -> tuple[str, str]:
    """Give what doctor says of limits."""
    checks = json.loads(todo("doctor", "--json", TODO_AGENT="on").out)["checks"]
    [(state, found)] = [
        (each["state"], each["found"]) for each in checks if each["name"] == "limits"
    ]
    return state, found


def test_what_is_worse_than_usual_serves_while_others_use_it_and_no_longer(
    own_agent: Agent,
) -> None:
    with server(own_agent.home).in_use():
        assert in_shell(own_agent, Shell(niceness=5)).cold("list").code == 0
        pid = pid_of(own_agent.home)
        assert pid is not None
        assert psutil.Process(pid).nice() == 5
        assert own_agent.cold("list").code == 0
        assert pid_of(own_agent.home) == pid
        state, found = limits(own_agent.program)
        assert (state, found) == ("warning", "the private PostgreSQL has niceness 5")
    assert own_agent.cold("list").code == 0  # which finds it unused, and ends it
    assert pid_of(own_agent.home) is None
    assert own_agent.cold("list").code == 0
    assert psutil.Process(pid_of(own_agent.home)).nice() == psutil.Process().nice()


def test_a_command_that_was_worse_off_and_killed_leaves_no_server_for_long(
    own_agent: Agent,
) -> None:
    with in_shell(own_agent, Shell(niceness=5)).begin("list", TODO_AGENT="off") as running:
        until(lambda: locks.held(server(own_agent.home).base / locks.SERVER))
        os.killpg(running.pid, signal.SIGKILL)
    assert own_agent.cold("list").code == 0
    assert own_agent.cold("list").code == 0
    assert psutil.Process(pid_of(own_agent.home)).nice() == psutil.Process().nice()


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"RLIMIT_NOFILE": 24}, "24 open files"),
        ({"RLIMIT_FSIZE": 100_000}, "100000 bytes in a file"),
    ],
    ids=["NOFILE", "FSIZE"],
)
@pytest.mark.parametrize("kind", ["first", "later"])
def test_a_limit_that_is_too_low_for_a_server_is_named(
    own_agent: Agent, limit: dict[str, int], words: str, kind: str
) -> None:
    cluster = server(own_agent.home).cluster
    if kind == "first":
        cluster.rename(own_agent.home / "aside")
    answer = in_shell(own_agent, Shell(limits=limit))("list")
    assert (answer.code, answer.out) == (6, "")
    assert f" with no more than {words}: " in answer.err
    assert answer.err.endswith("run todo in a shell with higher limits: ulimit -Ha shows them\n")
    until(lambda: not processes(own_agent.home))
    assert cluster.exists() == (kind == "later")
    assert own_agent("list").code == 0


def test_a_start_that_could_not_stay_is_an_error(own_agent: Agent) -> None:
    nice = in_shell(own_agent, Shell(niceness=7))
    for arguments, words in (
        (("db", "start"), "the private PostgreSQL does not stay with niceness 7"),
        (("agent", "start"), "no agent is started with niceness 7"),
        (("agent", "restart"), "no agent is started with niceness 7"),
    ):
        answer = nice(*arguments)
        assert (answer.code, answer.out) == (6, "")
        assert answer.err.endswith(f"todo: {words}\nhint: start it from another shell\n")
    until(lambda: not processes(own_agent.home))


def test_doctor_tells_what_is_lower_than_usual_in_this_shell(own_agent: Agent) -> None:
    assert limits(own_agent.program) == ("ok", "as usual")
    shell = Shell(niceness=3, limits={"RLIMIT_NOFILE": 200})
    state, found = limits(in_shell(own_agent, shell).program)
    assert (state, found) == ("warning", "this shell has 200 open files, niceness 3")


# --- the umask


@pytest.mark.parametrize("umask", [0o277, 0o777])
@pytest.mark.parametrize("agent", ["on", "off"])
def test_a_umask_that_takes_from_its_owner_makes_no_file_that_we_cannot_use(
    patient_package: str, umask: int, agent: str
) -> None:
    with agent_home() as folder:
        todo = Program(folder, path=patient_package)
        try:
            shell = replace(todo, within=Shell(umask=umask).within)
            assert shell("add", "task one", TODO_AGENT=agent).code == 0
            assert shell("list", TODO_AGENT=agent).code == 0
            made = [each for each in folder.rglob("*") if not each.is_symlink()]
            assert len(made) > 100
            for each in made:
                needed = 0o700 if each.is_dir() else 0o600
                mode = each.stat().st_mode
                assert mode & needed == needed, each
                assert not mode & 0o006, each
            assert todo.titles() == ["task one"]
        finally:
            assert todo("agent", "stop").code == 0
            assert todo("db", "stop").code == 0


# --- the name of the machine


@on_linux
@pytest.mark.parametrize("name", ["two\nlines", "\udcff", "\x1b[31m"])
def test_whatever_a_machine_is_called_its_server_is_used_and_stopped(
    own_agent: Agent, name: str
) -> None:
    begin = (
        "import os, socket, sys; _, name, *rest = sys.argv; socket.sethostname(os.fsencode(name))"
    )
    within = ("unshare", "--uts", sys.executable, "-c", f"{begin}; os.execvp(rest[0], rest)", name)
    if os.geteuid() != 0 or subprocess.run([*within, "true"], check=False).returncode:
        pytest.skip("naming a machine is not permitted")
    todo = replace(own_agent.program, within=within)
    added = todo("add", "task two")
    assert (added.code, added.err) == (0, "Added 2 task two\n")
    assert todo("db", "stop").err == "Stopped the private PostgreSQL.\n"


# --- the agent


def test_who_is_worse_off_is_served_by_an_agent_that_is_not(agent: Agent) -> None:
    before = agent.warm()
    assert in_shell(agent, Shell(niceness=19))("add", "task").err == "Added 1 task\n"
    after = agent.warm()
    assert (after.agent, after.served) == (before.agent, before.served + 1)
    with pytest.raises(AssertionError):
        assert in_shell(agent, Shell(niceness=19))("agent", "restart").code == 0
    assert agent.warm().agent == before.agent


def test_an_agent_that_somebody_made_worse_leaves(agent: Agent) -> None:
    old = agent.processes()
    old[0].nice(19)
    until(lambda: all_gone(old))
    assert agent("add", "task").code == 0
    agent.warm()
    assert all(each.nice() == psutil.Process().nice() for each in agents(agent.home))
