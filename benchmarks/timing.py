"""Whole processes, timed in turn: A B C A B C ..., so that noise hits all of them alike."""

import os
import pty
import signal
import subprocess
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import IO, Final

from benchmarks.commands import Command
from todo_cli.errors import UnavailableError

WARM_UP_ROUNDS: Final = 2
_PATIENCE: Final = 300  # seconds
_ROWS_AND_COLUMNS: Final = (24, 100)


def time_in_turn(commands: Sequence[Command], rounds: int) -> list[list[float]]:
    """Give the times of each command in milliseconds, one for each round. Warm-up is not counted.

    Only the main thread can do it. Raises CalledProcessError when a command fails, UnavailableError
    when it hangs.
    """
    times: list[list[float]] = [[] for _ in commands]
    with _alarm():
        for number in range(WARM_UP_ROUNDS + rounds):
            for command, taken in zip(commands, times, strict=True):
                milliseconds = _time(command)
                if number >= WARM_UP_ROUNDS:
                    taken.append(milliseconds)
    return times


def _time(command: Command) -> float:
    """Run it, from before it exists until it has left; others may hold its pipes for longer.

    The alarm is there because waiting with a timeout would look every now and then only.
    """
    arguments = command.arguments()
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stderr,
        _out(command) as stdout,
    ):
        stdin.write(command.stdin.encode())
        stdin.seek(0)
        signal.alarm(_PATIENCE)
        start = time.perf_counter()
        with subprocess.Popen(
            arguments, stdin=stdin, stdout=stdout, stderr=stderr, env=command.environment
        ) as process:
            try:
                code = process.wait()
            except BaseException:  # Ctrl-C, or the alarm: nothing is left running
                process.kill()
                raise
        milliseconds = 1000 * (time.perf_counter() - start)
        if code:
            raise subprocess.CalledProcessError(code, arguments, stderr=_text(stderr))
    return milliseconds


@contextmanager
def _alarm() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise UnavailableError("a command that was to be timed hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _out(command: Command) -> Iterator[int]:
    """Give the stdout of a command: nowhere, or a terminal that somebody reads."""
    if not command.terminal:
        yield subprocess.DEVNULL
        return
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, _ROWS_AND_COLUMNS)
    reader = Thread(target=_drain, args=[ours])
    reader.start()
    try:
        yield theirs
    finally:
        os.close(theirs)
        reader.join()
        os.close(ours)


def _drain(terminal: int) -> None:
    with suppress(OSError):  # how Linux says that nobody holds the other end any more
        while os.read(terminal, 65536):
            pass


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()
