"""What an agent was made of has changed: no command gets an answer of the old state, and it leaves.

The program, the interpreter, the settings, the logins; and the folders that it lives in.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.conftest import Person, temporary_home
from tests.e2e.agents import Agent, agents, all_gone
from tests.e2e.package import PATIENT, copy_package
from tests.e2e.program import until

CONFIG = """
default_profile = "one"
[profiles.one]
url = "{one}"
[profiles.two]
url = "{two}"
"""


def assert_replaced(todo: Agent, old: list[psutil.Process]) -> None:
    """Wait until an agent and its workers have left, and for the one that has come."""
    until(lambda: all_gone(old))
    assert todo.warm().agent != old[0].pid
    served = todo.warm().served
    assert todo("list", "--json").code == 0
    assert todo.warm().served == served + 1


# --- the program


def test_a_program_that_was_replaced_answers_at_once(agent: Agent) -> None:
    with temporary_home() as folder:
        todo = replace(agent, program=replace(agent.program, path=copy_package(folder, **PATIENT)))
        old = todo.processes()
        init = folder / "todo_cli" / "__init__.py"
        init.write_text(f"{init.read_text()}__version__ = '99.0'\n")
        assert todo("--version").out == "todo 99.0\n"
        assert_replaced(todo, old)


@pytest.mark.parametrize("name", ["output/tables.py", "domain/new.py"])
def test_an_upgrade_while_it_runs_sends_the_agent_away(agent: Agent, name: str) -> None:
    with temporary_home() as folder:
        todo = replace(agent, program=replace(agent.program, path=copy_package(folder, **PATIENT)))
        old = todo.processes()
        changed = folder / "todo_cli" / name
        new = folder / "new"
        new.write_text(changed.read_text() if changed.exists() else "")
        new.replace(changed)
        assert todo("add", "task").err == "Added 1 task\n"
        assert_replaced(todo, old)


def test_an_agent_of_another_python_answers_nobody(agent: Agent) -> None:
    with temporary_home() as folder:
        command = [sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(folder / "v")]
        subprocess.run(command, check=True)
        packages = sysconfig.get_path("purelib")
        path = os.pathsep.join([agent.program.path, packages])
        one = replace(agent, program=replace(agent.program, path=path))
        two = replace(agent, program=replace(one.program, python=str(folder / "v/bin/python")))
        old = one.processes()
        assert two("add", "task").err == "Added 1 task\n"
        assert_replaced(two, old)


# --- settings and logins


@pytest.mark.parametrize("name", ["config.toml", "credentials/passwords.json"])
def test_changed_settings_or_passwords_send_the_agent_away(agent: Agent, name: str) -> None:
    old = agent.processes()
    path = agent.home / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}" if path.suffix == ".json" else "idle_minutes = 7\n")
    assert agent("add", "task").err == "Added 1 task\n"
    assert_replaced(agent, old)


def test_a_wrong_config_file_is_an_error_of_the_next_command(agent: Agent) -> None:
    old = agent.processes()
    (agent.home / "config.toml").write_text("idle_minutes = 'many'\n")
    answer = agent("list")
    assert answer.code == 2
    assert "idle_minutes must be a number" in answer.err
    until(lambda: all_gone(old))
    (agent.home / "config.toml").unlink()
    assert agent("list").code == 0


def test_another_profile_and_a_logout_are_heeded_by_the_next_command(
    agent: Agent, person: Person, other: Person
) -> None:
    todo = replace(agent, variables={})
    (agent.home / "config.toml").write_text(CONFIG.format(one=person.url, two=other.url))
    todo.warm()
    assert todo("add", "task of one").code == 0
    assert todo("add", "task of two", "--profile", "two").code == 0
    for name in ("two", "one"):
        todo.warm()
        assert todo("profile", "use", name).code == 0
        for _ in range(2):  # at once, and by the new agent
            assert f"task of {name}" in todo("list").out
            todo.warm()
    assert todo("logout", "--profile", "two").code == 0
    assert todo("list", "--profile", "two").code == 3
    assert "task of one" in todo("list").out


# --- its folders


def remove_socket(home: Path) -> None:
    (home / "state" / "agent" / "socket").unlink()


def move_folder(home: Path) -> None:
    (home / "state" / "agent").rename(home / "elsewhere")


def test_an_agent_whose_socket_or_home_has_vanished_leaves_by_itself_and_leaves_nothing(
    agent: Agent,
) -> None:
    ways: tuple[Callable[[Path], object], ...] = (remove_socket, move_folder, shutil.rmtree)
    old: list[psutil.Process] = []
    for number, vanish in enumerate(ways):
        home = agent.home / str(number)
        home.mkdir()
        old += replace(agent, program=replace(agent.program, home=home)).processes()
        vanish(home)
    until(lambda: all_gone(old))
    assert not agents(agent.home)
    assert not (agent.home / "2").exists()
    assert not (agent.home / "1" / "state" / "agent").exists()
    assert {each.name for each in (agent.home / "1" / "elsewhere").iterdir()} == {
        "agent.lock",
        "socket",
    }
    assert [each.name for each in (agent.home / "0" / "state" / "agent").iterdir()] == [
        "agent.lock"
    ]


def test_where_a_home_was_put_back_there_is_one_agent_at_the_end(agent: Agent) -> None:
    old = agent.processes()
    shutil.move(agent.folder, agent.home / "elsewhere")
    assert agent("add", "task").err == "Added 1 task\n"
    new = agent.warm().agent
    until(lambda: all_gone(old))
    assert agent("list", "--json").code == 0
    assert agent.warm().agent == new
    assert {process.ppid() for process in agents(agent.home)} >= {new}
