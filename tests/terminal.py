"""`todo` at a terminal, and the person who sits there."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import Command

ROOT = Path(__file__).parents[1]
SECONDS = 60.0


@dataclass
class Terminal:
    """A person at a terminal: types, and reads what has come."""

    descriptor: int
    seen: str = field(default="")

    def wait_for(self, words: str) -> None:
        """Read on until these words have come; they are then forgotten."""
        deadline = time.monotonic() + SECONDS
        before = self.seen
        while words not in before:
            assert time.monotonic() < deadline, before
            if select.select([self.descriptor], [], [], 0.1)[0]:
                before += os.read(self.descriptor, 10_000).decode()
        self.seen = before

    def type(self, text: str) -> None:
        """Type a line."""
        self.seen = ""
        os.write(self.descriptor, f"{text}\n".encode())


@contextmanager
def at_a_terminal(
    todo: Command, *arguments: str, stdout: int | None = None
) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """Run `todo` at a terminal; ``stdout`` is another place for what is no message.

    In a session of its own: getpass must not find the tester's terminal.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*todo.program(), *arguments],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        env=todo.environment,
        cwd=ROOT,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        yield Terminal(ours), running
    os.close(ours)
