"""A HOME that is relative, has several names, or is none: one folder, one agent, one server."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import Answer, temporary_home
from tests.e2e.agents import agents, end_agents
from tests.e2e.program import Program, servers, until
from todo_cli.agent.board import PERMANENT
from todo_cli.server.private_server import PrivateServer

DATA = Path(".local/share/todo-cli")
FOLDERS = dict.fromkeys(("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), "")


@contextmanager
def person() -> Iterator[Path]:
    """Give a folder with a home in it; whatever runs in that home is stopped at the end."""
    with temporary_home() as folder:
        home = folder / "home"
        (home / "below").mkdir(parents=True)
        (folder / "name").symlink_to(home)
        home.chmod(0o755)
        try:
            yield home
        finally:
            end_agents(folder)
            PrivateServer(home / DATA, 900, print).stop()


def todo(home: str, cwd: Path, *arguments: str, **variables: str) -> Answer:
    """Run a command with an agent; TODO_HOME is not set unless the variables say so."""
    program = Program(cwd, process={"cwd": cwd})
    given = {"TODO_HOME": "", "HOME": home, "TODO_AGENT": "on", **FOLDERS, **variables}
    return program(*arguments, **given)


def test_one_home_by_many_names_has_one_agent_and_one_server() -> None:
    with person() as home:
        ways = [(str(home), Path("/")), (".", home), ("..", home / "below"), ("home", home.parent)]
        ways += [("./below/..", home), ("name", home.parent), (str(home.parent / "name"), home)]
        for number, (name, cwd) in enumerate(ways, start=1):
            assert todo(name, cwd, "add", "x").err.endswith(f"Added {number} x\n")
        until(lambda: len(agents(home)) > PERMANENT)  # itself, too
        known = {process.pid for process in agents(home)}

        said = {todo(name, cwd, "agent", "status", "--fields", "pid").out for name, cwd in ways}
        for name, cwd in ways:
            assert todo(name, cwd, "list", "--fields", "number").out.count("number") == len(ways)

        assert len(said) == 1
        assert {process.pid for process in agents(home)} == known
        assert len(servers(home)) == 1


def test_a_relative_folder_of_xdg_is_none_and_an_empty_home_that_of_the_account() -> None:
    account = pwd.getpwuid(os.geteuid()).pw_dir
    with person() as home:
        for name in FOLDERS:
            shown = todo(str(home), home, "doctor", **{name: "elsewhere"}).out
            assert f"there is no {home}/.config/todo-cli/config.toml" in shown
        status = todo("", home, "agent", "status", "--fields", "folder").out
        assert status == f'{{"folder":"{account}/.local/state/todo-cli/agent"}}\n'


def test_a_relative_todo_home_is_that_of_the_folder_one_is_in() -> None:
    with person() as home:
        ways = ((".", home), ("..", home / "below"), ("../name", home.parent / "name"))
        shown = {todo("/", cwd, "doctor", TODO_HOME=name).out for name, cwd in ways}
        assert [f"there is no {home}/config.toml" in each for each in shown] == [True]
