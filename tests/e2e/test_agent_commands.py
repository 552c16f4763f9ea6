"""`todo agent`, and what `todo doctor` says of the agent: with real agents of the tests' own."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import Answer, Person
from tests.e2e.agents import agents
from tests.e2e.package import CHECKOUT
from tests.e2e.program import Program, pid_of, until
from todo_cli import __version__

FIELDS = ["running", "pid", "version", "uptime", "workers", "served", "connections", "memory"]
FIELDS += ["host"]  # where it runs, when that is not here
Todo = Callable[..., Answer]


@pytest.fixture
def todo(home: Path) -> Iterator[Todo]:
    """Give `todo` with an agent of its own, which is stopped at the end, whatever happens."""
    program = Program(home)

    def run(*arguments: str, **variables: str) -> Answer:
        return program(*arguments, **{"TODO_AGENT": "on", **variables})

    try:
        yield run
    finally:
        for each in agents(home):
            with suppress(psutil.NoSuchProcess):
                each.terminate()
        until(lambda: not agents(home))


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that has nothing to do with any agent."""
    with subprocess.Popen(["sleep", "1000"]) as running:
        try:
            yield running
        finally:
            running.kill()


def folder(home: Path) -> Path:
    return home / "state" / "agent"


def status(todo: Todo) -> dict[str, Any]:
    answer = todo("agent", "status", "--json")
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert list(found) == [*FIELDS, "folder"]
    assert isinstance(found, dict)
    return found


def nothing_runs(home: Path) -> dict[str, Any]:
    """Give the status where no agent is."""
    return {**dict.fromkeys(FIELDS), "running": False, "folder": str(folder(home))}


def doctor(todo: Todo, **variables: str) -> dict[str, Any]:
    """Give what the doctor says about the agent."""
    checks = json.loads(todo("doctor", "--json", **variables).out)["checks"]
    [found] = [each for each in checks if each["name"] == "agent"]
    assert isinstance(found, dict)
    return found


def test_before_there_is_an_agent_that_is_told_and_nothing_is_made(home: Path, todo: Todo) -> None:
    assert status(todo) == nothing_runs(home)
    assert todo("agent", "stop") == Answer(0, "", "The agent was not running.\n")
    assert doctor(todo)["found"] == "not running; it starts by itself after a command"
    assert list(home.iterdir()) == []


def test_people_read_a_line_for_each_field(home: Path, todo: Todo) -> None:
    answer = todo("agent", "status")

    names = [line.split()[0] for line in answer.out.splitlines()]
    assert (answer.code, answer.err, names) == (0, "", [*FIELDS, "folder"])
    assert answer.out.startswith("running      no\npid          -\n")


def test_an_agent_that_was_started_answers_commands_and_counts_them(
    home: Path, person: Person, todo: Todo
) -> None:
    assert todo("agent", "start") == Answer(0, "", "The agent runs.\n")
    begun = status(todo)
    assert todo("add", "x", TODO_DATABASE_URL=person.url).code == 0
    assert todo("list", "--fields", "title", TODO_DATABASE_URL=person.url).out.count("x") == 1

    found = until(lambda: seen if (seen := status(todo))["served"] == 2 else None)

    assert (begun["running"], begun["version"], begun["served"]) == (True, __version__, 0)
    assert found["pid"] == begun["pid"]
    assert found["pid"] in {each.pid for each in agents(home)}
    assert found["workers"] >= 2
    assert found["connections"] >= 1
    assert found["memory"] > 1_000_000
    assert found["uptime"] >= begun["uptime"] >= 0
    assert found["folder"] == str(folder(home))


def test_it_is_started_and_stopped_once_however_often_that_is_said(home: Path, todo: Todo) -> None:
    assert json.loads(todo("agent", "start", "--json").out)["running"]
    pid = status(todo)["pid"]

    assert todo("agent", "start") == Answer(0, "", "The agent runs already.\n")
    assert json.loads(todo("agent", "start", "--fields", "pid").out) == {"pid": pid}
    assert todo("agent", "stop") == Answer(0, "", "Stopped the agent.\n")
    assert todo("agent", "stop") == Answer(0, "", "The agent was not running.\n")
    assert status(todo) == json.loads(todo("agent", "stop", "--json").out) == nothing_runs(home)
    assert until(lambda: not agents(home))


def test_many_who_start_it_at_once_have_one_agent(home: Path, todo: Todo) -> None:
    program = Program(home)
    running = [program.begin("agent", "start", "--json", TODO_AGENT="on") for _ in range(4)]
    answers = [each.communicate(timeout=60) for each in running]

    assert [each.returncode for each in running] == [0] * 4
    assert {err for _, err in answers} == {""}
    assert {json.loads(out)["pid"] for out, _ in answers} == {status(todo)["pid"]}


def test_a_restart_is_another_agent_and_the_private_server_goes_on(
    stopped_home: Path, todo: Todo
) -> None:
    assert todo("agent", "start").code == 0
    assert todo("list").code == 0
    agent, server = status(todo)["pid"], pid_of(stopped_home)

    assert todo("agent", "restart") == Answer(0, "", "Restarted the agent.\n")
    assert status(todo)["pid"] != agent
    assert pid_of(stopped_home) == server is not None

    assert todo("agent", "stop").code == 0
    assert pid_of(stopped_home) is None


def test_a_restart_where_there_was_none_starts_one(todo: Todo) -> None:
    assert todo("agent", "restart") == Answer(0, "", "The agent runs; there was none.\n")
    assert status(todo)["running"]
    assert todo("agent", "stop", "--quiet") == Answer(0, "", "")


def test_where_it_is_switched_off_it_is_stopped_but_not_started(home: Path, todo: Todo) -> None:
    said = "todo: the agent is switched off: TODO_AGENT is off\nhint: unset TODO_AGENT\n"
    assert todo("agent", "start", TODO_AGENT="off") == Answer(2, "", said)
    assert todo("agent", "restart", TODO_AGENT="off") == Answer(2, "", said)
    off = todo("agent", "status", TODO_AGENT="off")
    assert (off.code, off.out[:15]) == (0, "running      no")
    assert off.err == "The agent is switched off: TODO_AGENT is off.\n"
    assert doctor(todo, TODO_AGENT="off")["found"] == "off (TODO_AGENT)"
    assert list(home.iterdir()) == []

    assert todo("agent", "start").code == 0
    assert todo("agent", "status", TODO_AGENT="off").out.startswith("running      yes\n")
    assert todo("agent", "stop", TODO_AGENT="off").err == "Stopped the agent.\n"


def test_an_unknown_field_stops_the_command_before_it_does_anything(home: Path, todo: Todo) -> None:
    for verb in ("start", "stop", "restart", "status"):
        assert todo("agent", verb, "--fields", "nope").code == 2
    assert list(home.iterdir()) == []


def test_a_config_that_the_agent_could_not_read_is_told(home: Path, todo: Todo) -> None:
    (home / "config.toml").write_text("idle_minutes = 'long'\n")

    answer = todo("agent", "start")

    assert (answer.code, agents(home)) == (2, [])
    assert "idle_minutes must be a number" in answer.err


def test_a_folder_that_others_may_enter_is_not_used(home: Path, todo: Todo) -> None:
    folder(home).mkdir(parents=True)
    folder(home).chmod(0o755)
    error = {
        "code": "error",
        "message": f"the agent's folder is open to others: {folder(home)}",
        "hint": f"run: chmod 700 {folder(home)}",
    }

    for verb in ("start", "stop", "restart", "status"):
        answer = todo("agent", verb, "--json")
        assert (answer.code, answer.out, json.loads(answer.err)) == (1, "", {"error": error})
    found = doctor(todo)
    assert (found["state"], found["found"]) == ("warning", error["message"])
    assert found["hint"] == error["hint"]
    assert agents(home) == []

    folder(home).chmod(0o700)
    assert todo("agent", "start").code == 0


def test_a_folder_that_is_a_link_is_not_used(home: Path, todo: Todo, tmp_path: Path) -> None:
    folder(home).parent.mkdir(parents=True)
    folder(home).symlink_to(tmp_path)

    said = f"todo: the agent's folder is somebody else's, or a link: {folder(home)}\n"
    assert todo("agent", "start") == Answer(1, "", f"{said}hint: move it out of the way\n")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(home: Path, todo: Todo) -> None:
    (home / "state").write_text("a file where a folder should be")

    answer = todo("agent", "start")

    assert answer.code == 1
    assert answer.err.startswith(f"todo: the agent cannot be started in {folder(home)}: ")
    assert status(todo) == nothing_runs(home)


def left_behind(home: Path, pid: int) -> None:
    """Leave a socket that nobody listens to, and a lock file with the id of some process."""
    folder(home).mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder(home) / "socket"))
    (folder(home) / "agent.lock").write_text(str(pid))


def test_what_an_agent_left_behind_is_no_agent_and_in_nobodys_way(
    home: Path, todo: Todo, bystander: subprocess.Popen[bytes]
) -> None:
    left_behind(home, bystander.pid)

    assert status(todo) == nothing_runs(home)
    assert doctor(todo)["state"] == "ok"
    assert todo("agent", "stop").err == "The agent was not running.\n"
    assert todo("agent", "restart").err == "The agent runs; there was none.\n"
    assert status(todo)["pid"] not in (None, bystander.pid)
    assert todo("agent", "stop").err == "Stopped the agent.\n"
    assert bystander.poll() is None


def test_a_lock_that_somebody_else_holds_is_told_and_nobody_is_signalled(
    home: Path, todo: Todo, bystander: subprocess.Popen[bytes]
) -> None:
    left_behind(home, bystander.pid)
    with (folder(home) / "agent.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert status(todo)["pid"] is None
        answer = todo("agent", "stop")

    assert answer.code == 6
    assert answer.err.startswith("todo: something that is no agent has locked ")
    assert bystander.poll() is None


def test_the_agent_of_another_home_is_not_signalled(home: Path, todo: Todo, tmp_path: Path) -> None:
    assert todo("agent", "start").code == 0
    pid = status(todo)["pid"]
    left_behind(tmp_path, pid)
    with (folder(tmp_path) / "agent.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert todo("agent", "stop", TODO_HOME=str(tmp_path)).code == 6

    assert status(todo)["pid"] == pid


def test_it_is_found_by_another_path_of_its_home(home: Path, todo: Todo, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(home)
    assert todo("agent", "start").code == 0

    answer = todo("agent", "stop", TODO_HOME=str(tmp_path / "link"))

    assert answer.err == "Stopped the agent.\n"
    assert until(lambda: not agents(home))


def test_an_agent_that_was_killed_is_not_there_and_can_be_started_again(
    home: Path, todo: Todo
) -> None:
    assert todo("agent", "start").code == 0
    pid = status(todo)["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not status(todo)["running"])

    assert todo("agent", "start").code == 0
    assert status(todo)["pid"] != pid


def test_of_an_agent_that_does_not_answer_the_process_is_told(home: Path, todo: Todo) -> None:
    assert todo("agent", "start").code == 0
    pid = status(todo)["pid"]
    for each in agents(home):
        each.suspend()
    try:
        found = status(todo)
        again = todo("agent", "start")
        seen = doctor(todo)
    finally:
        for each in agents(home):
            each.resume()

    assert found == {**nothing_runs(home), "running": True, "pid": pid}
    assert again == Answer(0, "", "The agent runs already.\n")
    assert (seen["state"], seen["found"]) == ("ok", "running, and busy or just being started")


def test_the_doctor_tells_how_a_running_agent_is(person: Person, todo: Todo) -> None:
    assert todo("agent", "start").code == 0
    assert todo("add", "x", TODO_DATABASE_URL=person.url).code == 0

    found = until(lambda: seen if "1 command " in (seen := doctor(todo))["found"] else None)

    said = f"running: {status(todo)['workers']} workers, 1 command answered"
    assert found == {"name": "agent", "state": "ok", "found": said, "hint": None}


def test_the_doctor_warns_of_an_agent_of_another_version(
    home: Path, todo: Todo, tmp_path: Path
) -> None:
    shutil.copytree(CHECKOUT / "todo_cli", tmp_path / "todo_cli")
    (tmp_path / "todo_cli" / "__init__.py").write_text(
        '"""An older one."""\n__version__ = "0.0.1"\n'
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    older = Program(home, sys.executable, path)
    assert older("agent", "start", TODO_AGENT="on").code == 0

    found = doctor(todo)

    assert (found["state"], found["hint"]) == ("warning", "run: todo agent restart")
    assert found["found"] == f"that of version 0.0.1 runs, and this is {__version__}"
    assert todo("agent", "restart").code == 0
    assert status(todo)["version"] == __version__
    assert doctor(todo)["state"] == "ok"
