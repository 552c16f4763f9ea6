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
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)  # a worker of the agent lives on
