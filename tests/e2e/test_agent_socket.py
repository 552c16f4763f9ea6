"""The agent's socket: in a folder of ours alone, whoever else speaks on it, or whatever lies there.

No such thing keeps a command from being answered.
"""

import array
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.e2e.agents import Agent, agent_home, agents, opened
from tests.e2e.program import account, as_account, until
from todo_cli import client
from todo_cli.agent.board import PERMANENT

for_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for other accounts")
NOBODY = 65534

# Listens in the place of an agent, as another account, and would take every command.
FOREIGN = f"""
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
os.seteuid({NOBODY})
listener.listen()
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"y")
    print(connection.recv(65536), flush=True)
    connection.sendall(bytes([77]))
"""


def make_folder(todo: Agent) -> Path:
    todo.folder.parent.mkdir(parents=True)
    todo.folder.mkdir(mode=0o700)
    return todo.folder


def left_behind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()


# --- what lies in its place


@pytest.mark.parametrize("leave", [left_behind, Path.touch, lambda path: path.symlink_to("gone")])
def test_what_was_left_behind_in_the_sockets_place_is_replaced(
    agent: Agent, leave: Callable[[Path], None]
) -> None:
    make_folder(agent)
    leave(agent.socket)
    assert agent("add", "task").err == "Added 1 task\n"
    agent.warm()
    assert agent.socket.is_socket()
    assert (agent.socket.stat().st_mode & 0o777, agent.folder.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )


def opened_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)


def link(folder: Path) -> None:
    folder.with_name("elsewhere").mkdir(mode=0o700)
    folder.symlink_to("elsewhere")


def given_away(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, NOBODY)


@pytest.mark.parametrize(
    "make", [opened_to_others, link, Path.touch, pytest.param(given_away, marks=for_root)]
)
def test_without_a_folder_of_ours_alone_there_is_no_agent_and_commands_run(
    agent: Agent, make: Callable[[Path], None]
) -> None:
    agent.folder.parent.mkdir(parents=True)
    make(agent.folder)
    for number in (1, 2):
        assert agent("add", "task").err == f"Added {number} task\n"
    assert not agents(agent.home)


def test_an_agent_whose_folder_was_opened_to_others_serves_nobody(agent: Agent) -> None:
    state = agent.warm()
    agent.folder.chmod(0o755)
    assert agent("add", "task").err == "Added 1 task\n"
    agent.folder.chmod(0o700)
    assert agent.warm().served == state.served


@for_root
def test_nothing_is_handed_over_to_another_accounts_process(agent: Agent) -> None:
    make_folder(agent)
    agent.folder.chmod(0o711)  # else it could not be reached
    command = [sys.executable, "-c", FOREIGN, str(agent.socket)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as foreign:
        assert foreign.stdout is not None
        try:
            assert foreign.stdout.readline() == "ready\n"
            agent.folder.chmod(0o700)
            assert agent("add", "task").err == "Added 1 task\n"
        finally:
            foreign.kill()
        assert "task" not in foreign.stdout.read()


@for_root
def test_the_agent_answers_no_other_account_not_even_root() -> None:
    other = account("daemon", "bin", "nobody")
    with agent_home() as home:
        os.chown(home, other.pw_uid, other.pw_gid)
        todo = Agent(as_account(home, other.pw_uid, other.pw_gid))
        assert todo("--version").code == 0
        until(lambda: len(agents(home)) == 1 + PERMANENT)
        assert todo.state() is None
        assert agents(home)


@pytest.mark.skipif(sys.platform != "linux", reason="the folder's descriptor is a path on Linux")
def test_a_home_whose_socket_path_is_too_long_has_an_agent_all_the_same(agent: Agent) -> None:
    home = agent.home / ("d" * 80) / ("e" * 80)
    home.mkdir(parents=True)
    deep = replace(agent, program=replace(agent.program, home=home))
    served = deep.warm().served
    assert deep("add", "task").err == "Added 1 task\n"
    assert deep.warm().served == served + 1


# --- who speaks on it


def descriptors(number: int) -> list[tuple[int, int, bytes]]:
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * number).tobytes())]


def message(text: bytes) -> bytes:
    return len(text).to_bytes(client.LENGTH, "big") + text


STRANGE = {
    "silent": b"",
    "garbage": b"GET / HTTP/1.1\r\n\r\n",
    "half a length": b"\0\0",
    "half a fingerprint": message(b"x" * 100)[:50],
    "huge": b"\xff" * 4,
}
AFTER_HELLO = {
    "nothing": (b"", 0),
    "half a command": (message(b"18\0" + b"1\0list" * 9)[:20], 4),
    "a huge command": (b"\xff" * 100, 4),
    "no descriptors": (message(b"18\x001\0list"), 0),
    "one descriptor too few": (message(b"18\x001\0list"), 3),
    "many descriptors": (message(b"x\0y\0z"), 50),
    "no numbers": (message(b"x\0y\0z"), 4),
    "less than it says": (message(b"18"), 4),
    "empty": (message(b""), 4),
}


def speak(todo: Agent, mark: bytes, said: bytes, rest: tuple[bytes, int] | None) -> socket.socket:
    """Connect to the agent, say something strange, and stay."""
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(60)
    with opened(todo.folder) as folder:
        peer.connect(client.address(str(todo.folder), folder))
    peer.sendall(said if rest is None else message(mark))
    if rest is not None:
        assert peer.recv(1) == client.READY
        if rest[0]:
            peer.sendmsg([rest[0]], descriptors(rest[1]))
    return peer


def test_strangers_on_the_socket_keep_no_worker_and_no_command(agent: Agent) -> None:
    state = agent.warm()
    before = [each.num_fds() for each in agent.processes()]
    mark = agent.mark()
    with ExitStack() as stack:
        peers = [stack.enter_context(speak(agent, mark, said, None)) for said in STRANGE.values()]
        assert agent("add", "task").err == "Added 1 task\n"
        for rest in AFTER_HELLO.values():
            peers.append(stack.enter_context(speak(agent, mark, b"", rest)))
        assert agent("add", "task").err == "Added 2 task\n"
        for peer in peers:
            assert hears_the_end(peer)
    until(lambda: not agent.busy())
    assert agent("add", "task").err == "Added 3 task\n"
    # What a worker has served that was one too many goes with it: no number can be counted on.
    assert agent.warm().agent == state.agent
    processes = [psutil.Process(pid) for pid in (state.agent, *state.workers)]
    assert [each.num_fds() for each in processes] == before


def hears_the_end(peer: socket.socket) -> bool:
    try:
        return peer.recv(1) == b""
    except ConnectionError:
        return True


def test_a_peer_that_speaks_byte_by_byte_keeps_no_command_waiting(agent: Agent) -> None:
    agent.warm()
    with ExitStack() as stack:
        for _ in range(3):
            peer = stack.enter_context(speak(agent, b"", b"\0", None))
            peer.sendall(b"\0")
        for number in (1, 2):
            assert agent("add", "task").err == f"Added {number} task\n"
