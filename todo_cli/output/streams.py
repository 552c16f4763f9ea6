"""Writing where nobody may read any more: a full disk, a reader that has left."""

import os
from typing import TextIO


def write_message(stream: TextIO, message: str) -> None:
    """Write a line for people. One that cannot be written changes nothing else."""
    try:
        stream.write(f"{message}\n")
        stream.flush()
    except OSError:
        abandon(stream)


def abandon(stream: TextIO) -> None:
    """Let go of what could not be written: Python would fail again when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
