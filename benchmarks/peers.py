"""Other task managers, as far as they are found on this machine."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import peer_files
from benchmarks.commands import Command
from benchmarks.peer_files import Ways
from benchmarks.statements import ADD, DONE, FILTER, FILTERED, LIST_ALL, SEARCH, SEARCHED
from todo_cli.domain.tasks.task import NewTask
from todo_cli.errors import UnavailableError

_PATIENCE: Final = 120.0
_PLACE: Final = re.compile(r"\((\d+)\)")  # the generated tasks' titles end in it


@dataclass(frozen=True)
class Kind:
    """A task manager: its names as a program, how it is asked for its version, how it is filled.

    ``environment`` is the name of its virtual environment, where it comes from PyPI.
    """

    name: str
    programs: tuple[str, ...]
    version: str
    fill: Callable[[str, Path, Sequence[NewTask]], Ways]
    environment: str = ""


KINDS: Final = (
    Kind("Taskwarrior", ("task",), "--version", peer_files.taskwarrior),
    Kind("todo.txt-cli", ("todo-txt", "todo.sh"), "-V", peer_files.todo_txt),
    Kind("todoman", ("todoman",), "--version", peer_files.todoman, "todoman"),
    Kind("topydo", ("topydo",), "-v", peer_files.topydo, "topydo"),
)
UNTRIED: Final = {"dstask": "Debian 12 has no package of it"}
_PROGRAMS: Final = {"todoman": "todo", "topydo": "topydo"}  # in a virtual environment


@dataclass(frozen=True)
class Peer:
    """A task manager of this machine; ``name`` has its version."""

    name: str
    program: Path
    kind: Kind

    def commands(self, folder: Path, tasks: Sequence[NewTask]) -> list[Command]:
        """Fill it, see that it works, and give its commands. Raises UnavailableError."""
        ways = self.kind.fill(str(self.program), folder, tasks)
        environment = {**_clean(), **ways.variables, "HOME": str(folder)}
        commands = [Command(self.name, what, way, environment) for what, way in ways.ways.items()]
        check(self.name, commands, tasks)
        return commands


def find_peers(folder: Path | None) -> tuple[list[Peer], dict[str, str]]:
    """Give the peers of this machine, and why others are left out.

    ``folder`` is that of the virtual environments; those that are missing there are made.
    """
    found, left_out = [], dict(UNTRIED)
    for kind in KINDS:
        program = _program(kind, folder)
        version = None if program is None else _version(program, kind)
        if program is None:
            left_out[kind.name] = "not found" + (" (see --peers)" if kind.environment else "")
        elif version is None:
            left_out[kind.name] = f"{program} is something else"
        else:
            found.append(Peer(f"{kind.name} {version}", program, kind))
    return found, left_out


def check(name: str, commands: Sequence[Command], tasks: Sequence[NewTask]) -> None:
    """See that commands do what they are timed for. Raises UnavailableError."""
    by_name = {command.what: command for command in commands}
    everything = range(1, len(tasks) + 1)
    wanted = {
        LIST_ALL: set(everything),
        FILTER: {n for n, task in zip(everything, tasks, strict=True) if task.project == FILTERED},
        SEARCH: {n for n, task in zip(everything, tasks, strict=True) if SEARCHED in task.title},
    }
    for what, places in wanted.items():
        shown = _shown(_run(by_name[what]))
        if not places <= shown or len(shown) > len(places) + 1:
            text = f"{name} shows {len(shown)} tasks for {what!r} where {len(places)} are right"
            raise UnavailableError(text)
    before = _run(by_name[LIST_ALL])
    _run(by_name[ADD])
    added = _run(by_name[LIST_ALL])
    _run(by_name[DONE])
    if before.count("Buy milk") + 1 != added.count("Buy milk"):
        raise UnavailableError(f"{name} adds nothing")
    if len(_shown(_run(by_name[LIST_ALL]))) != len(_shown(before)) - 1:
        raise UnavailableError(f"{name} completes nothing")


def _shown(text: str) -> set[int]:
    return {int(place) for place in _PLACE.findall(text)}


def _program(kind: Kind, folder: Path | None) -> Path | None:
    if kind.environment and folder is not None:
        environment = folder.absolute() / kind.environment
        program = environment / "bin" / _PROGRAMS[kind.environment]
        if not program.exists():
            _make(environment, kind.environment)
        return program
    for name in kind.programs:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    return None


def _make(environment: Path, package: str) -> None:
    """Make a virtual environment with a package of PyPI in it."""
    python = environment / "bin" / "python"
    for command in (
        [sys.executable, "-m", "venv", str(environment)],
        [str(python), "-m", "pip", "install", "--quiet", package],
    ):
        subprocess.run(command, check=True, stdout=sys.stderr, timeout=600)


def _version(program: Path, kind: Kind) -> str | None:
    """Ask for the version; None from a program that has only the name in common."""
    done = subprocess.run(
        [str(program), kind.version],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
        env={**_clean(), "TASKRC": os.devnull},
    )
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout)
    return None if found is None else found.group()


def _run(command: Command) -> str:
    return subprocess.run(
        command.arguments(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env=dict(command.environment),
        timeout=_PATIENCE,
    ).stdout


def _clean() -> Mapping[str, str]:
    """Give our environment without what tells a task manager where somebody's own tasks are.

    And without the interpreter's variables, which may keep it from writing its bytecode.
    """
    theirs = ("TASK", "TODO", "TOPYDO", "XDG_", "PG", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
