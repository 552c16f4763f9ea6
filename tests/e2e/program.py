"""`todo` as a program of its own, as any account; and its private server, seen from outside."""

import importlib.util
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlmodel import Session

from tests.commands import as_command
from tests.conftest import NOW, Answer
from tests.e2e.package import QUIET, package
from tests.processes import command_line, of
from todo_cli.domain.query.filters import Filter
from todo_cli.domain.tasks.task import new_task
from todo_cli.link import engine
from todo_cli.server import postmaster
from todo_cli.server.private_server import SUPERUSER, PrivateServer
from todo_cli.services import tasks
from todo_cli.services.session import private
from todo_cli.services.session.ids import new_id

_SECONDS = 60.0  # no test waits that long, unless it fails


@dataclass(frozen=True)
class Program:
    """`todo` on one TODO_HOME; call it with the arguments.

    ``process`` are further arguments of `subprocess`, such as the account; ``within`` is what the
    command line begins with: a program that starts the one that comes after.
    """

    home: Path
    python: str = sys.executable
    path: str = field(default_factory=lambda: package(**QUIET))
    process: dict[str, Any] = field(default_factory=dict)
    within: tuple[str, ...] = ()

    def __call__(self, *arguments: str, **variables: str) -> Answer:
        """Run a command to its end; ``variables`` are further environment variables."""
        with self.begin(*arguments, **variables) as running:
            return ended(running)

    def begin(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command, in a process group of its own."""
        environment = {
            "PATH": os.defpath,
            "HOME": str(self.home),
            "PYTHONPATH": self.path,
            "TODO_HOME": str(self.home),
            "TODO_NOW": NOW.isoformat(),
            "TODO_AGENT": "off",
            **variables,
        }
        return subprocess.Popen(
            [*self.within, self.python, "-P", "-m", "todo_cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
            **{"cwd": "/", **self.process},
        )

    def titles(self) -> list[str]:
        """Give the titles of the list."""
        answer = self("list", "--fields", "title")
        assert (answer.code, answer.err) == (0, "")
        return [line for line in answer.out.split('"') if line.startswith("task")]


def ended(running: subprocess.Popen[str]) -> Answer:
    """Wait for a command and give its answer; kill one that does not end."""
    try:
        out, err = running.communicate(timeout=_SECONDS)
    finally:
        running.kill()
    return Answer(running.returncode, out, err)


def server(home: Path) -> PrivateServer:
    """Give the private server of a TODO_HOME."""
    return PrivateServer(home / "data", 900, print)


@contextmanager
def _session(home: Path) -> Iterator[Session]:
    with (
        private.person_engine(server(home)) as person,
        engine.open_session(person, new_id()) as session,
    ):
        yield session


def add(home: Path, *titles: str) -> list[int]:
    """Add tasks within this process, by the service, and give their numbers."""
    with _session(home) as session:
        new = [new_task(new_id(), title) for title in titles]
        return [task.number for task in tasks.add(session, new)]


def add_each(home: Path, number: int) -> None:
    """Add as many tasks, each by a command of its own, and print their numbers."""
    with _session(home) as session:
        for _ in range(number):
            [task] = tasks.add(as_command(session), [new_task(new_id(), "task")])
            print(task.number)  # noqa: T201 - the tests' only way to tell each other


def titles(home: Path) -> list[str]:
    """Give the titles of all pending tasks, within this process."""
    with _session(home) as session:
        return sorted(task.title for task in tasks.find(session, Filter(), NOW).tasks)


def pid_of(home: Path) -> int | None:
    """Give the process id of the server, None when it does not run."""
    return postmaster.living(server(home).cluster)


def processes(home: Path) -> list[psutil.Process]:
    """Give everything that runs because of a TODO_HOME: the server, its children, the watcher."""
    return of(str(home))


def watchers(home: Path) -> list[psutil.Process]:
    """Give the processes that wait for the server to be idle."""
    return [each for each in processes(home) if _has(each, "todo_cli.server.idle")]


def servers(home: Path) -> list[int]:
    """Give the ids of the servers' main processes, by their arguments."""
    return [each.pid for each in processes(home) if _has(each, "-D")]


def _has(process: psutil.Process, argument: str) -> bool:
    return f"\0{argument}\0".encode() in command_line(process.pid)


def copy(home: Path, to: Path) -> None:
    """Copy a home whose server is stopped, owners and all."""
    subprocess.run(["cp", "-a", f"{home}/.", to], check=True)


def until(look: Callable[[], Any]) -> Any:
    """Look until there is something to see, less often the longer it takes."""
    deadline = time.monotonic() + _SECONDS
    pause = 0.005
    while not (seen := look()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(pause)
        pause = min(0.05, pause * 1.2)
    return seen


@contextmanager
def sessions(home: Path, number: int = 1) -> Iterator[list[Any]]:
    """Keep sessions of the superuser open, which fill the server's places one by one."""
    opened: list[Any] = []
    try:
        for _ in range(number):
            opened.append(server(home).connect("postgres", SUPERUSER))
        yield opened
    finally:
        for each in opened:
            each.close()


def account(*names: str) -> pwd.struct_passwd:
    """Give the first of these accounts that is there and is not the one that runs servers."""
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip(f"there is none of the accounts {', '.join(names)}")


def as_account(home: Path, uid: int, gid: int) -> Program:
    """Give `todo` for another account, with an interpreter that it can reach."""
    identity: dict[str, Any] = {"user": uid, "group": gid, "extra_groups": []}
    spec = importlib.util.find_spec("sqlalchemy")
    assert spec is not None
    assert spec.origin is not None
    path = os.pathsep.join([package(**QUIET), str(Path(spec.origin).parents[1])])
    minor = f"assert sys.version_info.minor == {sys.version_info.minor}"
    needed = f"import sys, todo_cli.server.private_server; {minor}"
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run(
                [python, "-c", needed],
                env={"PYTHONPATH": path},
                cwd="/",
                check=True,
                capture_output=True,
                **identity,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return Program(home, python, path, identity)
    pytest.skip("another account can reach no Python that has the packages")
