"""`todo` with a warm agent, seen from outside; and all of it gone at the end."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.conftest import Answer, stop, temporary_home
from tests.e2e.program import Program, until
from tests.processes import called
from todo_cli import client
from todo_cli.agent.board import PERMANENT

# What a client says whose worker was killed under its command.
ENDED = (
    "todo: the agent ended in the middle of this command\n"
    "hint: it may have been done all the same: look before you repeat it\n"
)
_SERVER = "todo_cli.agent.server"
_SECONDS = 60.0  # no test waits that long, unless it fails


@dataclass(frozen=True)
class State:
    """What an agent says of itself: see `todo agent status`."""

    agent: int
    workers: list[int]
    served: int
    connections: int


@dataclass(frozen=True)
class Agent:
    """`todo` on one TODO_HOME, with an agent; call it with the arguments.

    ``variables`` are further environment variables of every command.
    """

    program: Program
    variables: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **variables: str) -> Answer:
        """Run a command to its end, by the agent where there is one."""
        return self.program(*arguments, **self._environment(variables))

    def begin(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command, in a process group of its own."""
        return self.program.begin(*arguments, **self._environment(variables))

    def shell(self, script: str, **variables: str) -> subprocess.Popen[str]:
        """Start a script of Python that hands commands over by itself, as a shell does."""
        return subprocess.Popen(
            [self.program.python, "-P", "-c", script],
            env={
                **{"PYTHONPATH": self.program.path, "TODO_HOME": str(self.home)},
                **{"PATH": os.defpath, **self.variables, **variables},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def cold(self, *arguments: str, **variables: str) -> Answer:
        """Run a command in a process of its own, whatever agent there is."""
        return self(*arguments, TODO_AGENT="off", **variables)

    @property
    def home(self) -> Path:
        """The TODO_HOME."""
        return self.program.home

    @property
    def folder(self) -> Path:
        """The folder of the agent's socket."""
        return Path(client.folder({"TODO_HOME": str(self.home)}))

    @property
    def socket(self) -> Path:
        """The agent's socket."""
        return self.folder / client.SOCKET

    def state(self) -> State | None:
        """Ask the agent how it is; None when nobody answers."""
        answer = b""
        try:
            with socket.socket(socket.AF_UNIX) as asking, opened(self.folder) as folder:
                asking.settimeout(1)
                asking.connect(client.address(str(self.folder), folder))
                client.send(asking, client.STATUS)
                while more := asking.recv(65536):
                    answer += more
            said = json.loads(answer)
        except (OSError, ValueError):
            return None
        return State(*(said[name] for name in ("agent", "workers", "served", "connections")))

    def warm(self) -> State:
        """Have an agent whose workers wait for commands, and give what it says of itself."""
        deadline = time.monotonic() + _SECONDS
        while True:
            state = self.state()
            if state is not None and len(state.workers) >= PERMANENT:
                return state
            if not agents(self.home):
                self("--version")
            assert time.monotonic() < deadline, "no agent came"
            time.sleep(0.01)

    def processes(self) -> list[psutil.Process]:
        """Give the processes of the agent that answers: itself first, then its workers."""
        state = self.warm()
        return [psutil.Process(pid) for pid in (state.agent, *state.workers)]

    def mark(self) -> bytes:
        """Give the fingerprint of this program's clients."""
        program = (
            "import os, sys; from todo_cli import client\n"
            "sys.stdout.buffer.write(client.fingerprint(os.environ))"
        )
        environment = {"PYTHONPATH": self.program.path, "TODO_HOME": str(self.home)}
        command = [self.program.python, "-P", "-c", program]
        return subprocess.run(command, env=environment, check=True, capture_output=True).stdout

    def busy(self) -> list[psutil.Process]:
        """Give the workers that run a command: in each, a thread listens to the client."""
        found = []
        for process in agents(self.home):
            with suppress(psutil.Error):
                if process.num_threads() > 1:
                    found.append(process)
        return found

    def titles(self) -> list[str]:
        """Give the titles of all pending tasks, as a command without the agent sees them."""
        answer = self.cold("list", "--json", "--limit", "100000")
        assert answer.code == 0, answer
        return sorted(task["title"] for task in json.loads(answer.out))

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        return {"TODO_AGENT": "on", **self.variables, **variables}


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """Give the descriptor of a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def agents(home: Path) -> list[psutil.Process]:
    """Give every process of an agent of a TODO_HOME, whether somebody can reach it or not."""
    return called(f"\0{_SERVER}\0", str(home))


def has_gone(process: psutil.Process) -> bool:
    """Tell whether a process has ended, whether its parent has taken note of it or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def all_gone(processes: list[psutil.Process]) -> bool:
    """Tell whether all of them have ended."""
    return all(has_gone(process) for process in processes)


@contextmanager
def agent_home() -> Iterator[Path]:
    """Give an empty TODO_HOME, whose agents and private server are stopped at the end."""
    with temporary_home() as folder:
        try:
            yield folder
        finally:
            end_agents(folder)
            stop(folder)


def end_agents(home: Path) -> None:
    """End all agents of a TODO_HOME, whatever state they are in, and wait until they have left.

    One that the last command has just begun to start may be there a moment later.
    """
    told: set[psutil.Process] = set()

    def have_left() -> bool:
        left = set(agents(home))
        for process in left - told:
            for number in (signal.SIGTERM, signal.SIGCONT):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
        told.update(left)
        return not left

    try:
        until(have_left)
    finally:
        for process in agents(home):
            process.kill()
