"""A warm agent for the tests of commands: they run through it as well as without it."""

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

import psutil
import pytest

from tests import handed_over
from todo_cli import client
from todo_cli.server import locks

COLD: Final = pytest.mark.alone(reason="none of its commands goes to the agent")

ROOT = Path(__file__).parents[1]
_SECONDS = 60.0  # no test waits that long, unless it fails


class SharedAgent:
    """An agent in a folder of its own, for as many people as there are tests.

    Its commands have the environment of the test; only where it is, and which program and which
    settings it is for, does not come from that. ``url`` is the database that it warms up with.
    """

    def __init__(self, home: Path, url: str) -> None:
        self._environment = {
            "PATH": os.defpath,
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "TODO_HOME": str(home),
            "TODO_DATABASE_URL": url,
        }
        self._folder = Path(client.folder(self._environment))
        self._mark = b""
        self._running: subprocess.Popen[bytes] | None = None
        self._settings: dict[str, list[object]] = {}  # of the people that it knows, by folder
        self.commands = 0  # that were handed over, or programs that do

    def takes(self, arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
        """Tell whether a command goes to the agent where there is one."""
        possible = not any("\0" in argument for argument in arguments)  # no process has such
        return possible and client.is_hot(arguments, {**environ, "TODO_AGENT": "on"})

    def __call__(
        self, arguments: Sequence[str], environ: Mapping[str, str], stdin: str
    ) -> tuple[int, str, str]:
        """Run a command, and give its exit code and what it wrote on both streams."""
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(stdin.encode())
            given.seek(0)
            streams = [each.fileno() for each in (given, out, err)]
            code = self._hand_over(arguments, environ, streams)
            return code, _text(out), _text(err)

    def program(self) -> list[str]:
        """Give what a process begins with that hands its command over; arguments follow."""
        self.commands += 1
        self._be_there()
        (self._folder / handed_over.MARK).write_bytes(self._mark)
        return [sys.executable, "-m", handed_over.__name__, str(self._folder)]

    def workers(self) -> list[int]:
        """Give the process ids of its workers."""
        assert self._running is not None
        return [each.pid for each in psutil.Process(self._running.pid).children()]

    def stop(self) -> None:
        """Stop it, and see that it frees its lock."""
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.wait(_SECONDS)
        finally:
            self._running.kill()
        with locks.locked(self._folder / "agent.lock", fcntl.LOCK_EX, _SECONDS):
            self._running = None

    def _hand_over(
        self, arguments: Sequence[str], environ: Mapping[str, str], streams: Sequence[int]
    ) -> int:
        self.commands += 1
        self._heed(environ["TODO_HOME"])
        for _ in range(2):
            self._be_there()
            with handed_over.patience():
                code = client.run(str(self._folder), self._mark, arguments, environ, streams)
            if code is not None:
                return code
            assert self._mark != client.fingerprint(self._environment), "it takes no command"
            self.stop()  # somebody has changed the program while the tests run
        raise AssertionError("the agent takes no command: the program changes all the time")

    def _heed(self, home: str) -> None:
        """Begin anew when somebody has other settings than before: a real agent is one person's."""
        files = [Path(home) / name for name in ("config.toml", "credentials/passwords.json")]
        found = [each.read_bytes() if each.exists() else None for each in files]
        if self._settings.get(home, found) != found:
            self.stop()
            self._settings.clear()
        self._settings[home] = list(found)

    def _be_there(self) -> None:
        if self._running is None or self._running.poll() is not None:
            self._start()

    def _start(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mark = client.fingerprint(self._environment)
        with (
            locks.locked(self._folder / "agent.lock", fcntl.LOCK_EX, _SECONDS) as lock,
            (self._folder / "trouble").open("wb") as trouble,
        ):
            self._running = subprocess.Popen(
                [sys.executable, "-P", "-c", _PROGRAM, str(self._folder), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=trouble,
                env=self._environment,
                cwd="/",
                start_new_session=True,
                pass_fds=[lock],
            )
        deadline = time.monotonic() + _SECONDS
        while not self._is_listening():
            trouble_text = (self._folder / "trouble").read_text()
            assert self._running.poll() is None, f"the agent has ended: {trouble_text}"
            assert time.monotonic() < deadline, f"the agent does not begin: {trouble_text}"
            time.sleep(0.01)

    def _is_listening(self) -> bool:
        try:
            client.connect(str(self._folder)).close()
        except OSError:
            return False
        return True


# `python -m todo_cli.agent.server`, whom a slow machine has say no more than the tests expect.
_PROGRAM = """
import sys
from pathlib import Path
from todo_cli.agent import server
from todo_cli.link import patience
patience.SILENCE = 60.0
server.main(Path(sys.argv[1]), int(sys.argv[2]))
"""


def _text(stream: IO[Any]) -> str:
    stream.seek(0)
    return str(stream.read().decode())
