"""What an agent must not share with its clients, or take over from whoever started it."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.agents import Agent, end_agents
from todo_cli import client
from todo_cli.server.private_server import PrivateServer

BYTES_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ADMIN = "postgresql://owner:secret@db.example.com/team"


def test_titles_are_utf_8_whatever_the_locale_of_whoever_started_the_agent(
    own_agent: Agent,
) -> None:
    end_agents(own_agent.home)
    assert own_agent("agent", "start", **BYTES_ONLY).code == 0

    assert own_agent("add", "Müller").err.endswith("Müller\n")
    assert "Müller" in own_agent.titles()


def test_the_agent_does_not_keep_the_login_of_the_databases_owner(own_agent: Agent) -> None:
    end_agents(own_agent.home)
    assert own_agent("agent", "start", TODO_ADMIN_DATABASE_URL=ADMIN).code == 0

    for process in own_agent.processes():
        assert "TODO_HOME" in process.environ()
        assert "TODO_ADMIN_DATABASE_URL" not in process.environ()


def test_starting_the_agent_is_nothing_that_python_warns_of(own_agent: Agent) -> None:
    assert own_agent.cold("list").code == 0  # which starts the server, a child of its own

    assert "ResourceWarning" not in own_agent("list", PYTHONWARNINGS="default").err


def test_other_files_in_the_place_of_the_private_servers_are_what_the_next_command_sees(
    own_agent: Agent,
) -> None:
    own_agent("add", "in the old files")
    for process in own_agent.processes()[1:]:  # both workers have a connection
        assert psutil.pid_exists(process.pid)
        own_agent("list")
    moved = own_agent.home / "moved"
    (own_agent.home / "data").rename(moved)
    try:
        assert own_agent("add", "in the new files").code == 0
        for _ in own_agent.processes():
            assert own_agent("list", "--fields", "title").out == '[{"title":"in the new files"}]\n'
    finally:
        PrivateServer(moved, 900, print).stop()


def test_clients_that_leave_as_soon_as_they_have_handed_over_end_no_worker(agent: Agent) -> None:
    before = agent.warm()
    mark = agent.mark()
    environment = {"TODO_HOME": str(agent.home), **agent.variables}
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        for _ in range(25):
            connection = client.connect(str(agent.folder))
            connection.settimeout(30)
            client.send(connection, mark)
            assert connection.recv(1) == client.READY
            client._send_command(connection, ["list"], environment, (nowhere,) * 3)
            connection.close()
    finally:
        os.close(nowhere)

    after = agent.warm()
    assert after.agent == before.agent
    assert set(before.workers) <= set(after.workers)
    assert agent("add", "task").err.endswith("task\n")


def test_ctrl_c_just_after_the_answer_loses_no_answer() -> None:
    here, there = socket.socketpair()
    with here:
        with there:
            there.send(b"\3")
        handed = InterruptedOnce(here)

        assert client._wait(handed, ["list"], 2) == 3  # type: ignore[arg-type]  # all that it needs


class InterruptedOnce:
    """A socket during whose first wait somebody presses Ctrl-C."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.send = real.send
        self.recv: Callable[[int], bytes] = self._interrupted

    def _interrupted(self, size: int) -> bytes:
        self.recv = self._real.recv
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "HOSTALIASES"])
def test_what_the_systems_loader_or_resolver_reads_for_a_process_sets_clients_apart(
    name: str,
) -> None:
    assert client.fingerprint({}) == client.fingerprint({"LANG": "C"})
    assert client.fingerprint({}) != client.fingerprint({name: "something"})


@pytest.mark.parametrize("base", ["", " ", "relative", "/absolute", " /absolute", "/absolute "])
def test_client_and_settings_mean_the_same_folders(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from todo_cli.settings import find_folders

    monkeypatch.setenv("XDG_STATE_HOME", base)
    monkeypatch.setenv("XDG_CONFIG_HOME", base)

    folders = find_folders(os.environ)
    assert client.folder(os.environ) == str(folders.state / "agent")
    assert os.fsencode(folders.config_file) in client.fingerprint(os.environ)


def test_a_todo_home_through_a_link_is_the_same_for_client_and_settings(tmp_path: Path) -> None:
    from todo_cli.settings import find_folders

    (tmp_path / "far/inside").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far/inside")
    through = {"TODO_HOME": str(tmp_path / "link/../home")}

    assert client.folder(through) == str(find_folders(through).state / "agent")
    assert client.fingerprint(through) == client.fingerprint(
        {"TODO_HOME": str(tmp_path / "far/home")}
    )
