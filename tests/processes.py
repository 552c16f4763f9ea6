"""Processes by what they are called and where they are: quick, for tests look again and again."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil


def called(*words: str) -> list[psutil.Process]:
    """Give the living processes whose command line, each argument between zeros, has all words."""
    wanted = [os.fsencode(word) for word in words]
    return _living(lambda pid: all(word in command_line(pid) for word in wanted))


def of(folder: str) -> list[psutil.Process]:
    """Give the living processes whose command line names a folder, or that are in it."""
    name = os.fsencode(folder)
    return _living(lambda pid: name in command_line(pid) or _cwd(pid).startswith(folder))


def command_line(pid: int) -> bytes:
    """Give the command line of a process, each argument between zeros; nothing when it has gone."""
    try:
        if sys.platform == "linux":  # where psutil takes ten times as long
            return b"\0" + Path(f"/proc/{pid}/cmdline").read_bytes()
        return os.fsencode("\0".join(["", *psutil.Process(pid).cmdline(), ""]))
    except (OSError, psutil.Error):
        return b""


def _cwd(pid: int) -> str:
    try:
        if sys.platform == "linux":
            return str(Path(f"/proc/{pid}/cwd").readlink())
        return psutil.Process(pid).cwd()
    except (OSError, psutil.Error):
        return ""


def _living(wanted: Callable[[int], bool]) -> list[psutil.Process]:
    found = []
    for pid in psutil.pids():
        if wanted(pid):
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
    return found
