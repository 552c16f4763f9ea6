"""One run of the tests: the folder that its processes share, and the end of all that it began.

The process that begins the run makes the folder; every home, data folder and socket of a test lies
in it. So whoever's command line, environment or folder names it belongs to this run.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from todo_cli.server.account import SYSTEM_FOLDER
from todo_cli.server.private_files import find_base

_SECONDS: Final = 60.0  # no test waits that long, unless it fails
_MEMORY: Final = "/dev/shm"
_ROOM: Final = 4 << 30  # bytes, more than all that a run has at any time
_folder: list[Path] = []


def folder() -> Path:
    """Give the folder of this run, which every account may enter."""
    return _folder[-1]


def once(name: str, make: Callable[[Path], object]) -> Path:
    """Give what ``make`` puts at a path: the first process that asks has it made for all."""
    path = folder() / name
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = folder() / f"{name}.new"
            shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was ended
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(path)
    return path


def begin(config: pytest.Config) -> None:
    """Make the folder of the run, or learn where it is; have signals as a program expects them."""
    _hear_signals()
    given = getattr(config, "workerinput", {}).get("run_folder")
    if given is not None:
        _folder.append(Path(given))
        return
    made = Path(tempfile.mkdtemp(prefix="todo-", dir=_place()))  # short: sockets lie in it
    made.chmod(0o755)
    _folder.append(made)
    config.add_cleanup(end)
    if config.option.basetemp is None:
        config.option.basetemp = str(made / "pytest")


def _place() -> str | None:
    """Give where to have the folder, None for the usual place: in memory, if there is much of it.

    Dozens of clusters are copied and removed, and private servers wait for the disk.
    """
    try:
        found = os.statvfs(_MEMORY)
    except OSError:
        return None
    roomy = min(found.f_bavail * found.f_frsize, psutil.virtual_memory().available) >= _ROOM
    usable = os.access(_MEMORY, os.W_OK) and not found.f_flag & os.ST_NOEXEC
    return _MEMORY if roomy and usable and "TMPDIR" not in os.environ else None


def end() -> None:
    """End what still runs on behalf of this run, and take its folders away."""
    made = _folder.pop()
    for each in (made, *_data_elsewhere(made)):
        folders = {each, *_socket_folders(running(each))}
        for stop in (psutil.Process.terminate, psutil.Process.kill):
            found = running(each)
            for process in found:
                with suppress(psutil.NoSuchProcess):
                    stop(process)
            psutil.wait_procs(found, timeout=5)  # a server takes its shared memory away
        for place in folders:
            shutil.rmtree(place, ignore_errors=True)


def _socket_folders(found: list[psutil.Process]) -> list[Path]:
    """Give where servers have their sockets: elsewhere, when the path would be too long."""
    folders = []
    for process in found:
        with suppress(psutil.Error):
            words = process.cmdline()
            folders += [Path(there) for word, there in pairwise(words) if word == "-k"]
    return folders


def left() -> list[str]:
    """Give the command lines of what does not leave by itself when all tests are over."""
    deadline = time.monotonic() + _SECONDS
    while (found := running(folder())) and time.monotonic() < deadline:
        time.sleep(0.05)
    lines = []
    for process in found:
        with suppress(psutil.NoSuchProcess):
            lines.append(f"{process.pid} {' '.join(process.cmdline())}")
    return lines


def running(about: Path) -> list[psutil.Process]:
    """Give the processes that a folder is named by, but for this one and those above it."""
    mine = {os.getpid(), *(each.pid for each in psutil.Process().parents())}
    return [each for each in psutil.process_iter() if each.pid not in mine and _names(each, about)]


def _names(process: psutil.Process, about: Path) -> bool:
    looks: tuple[Callable[[], Any], ...] = (process.cmdline, process.cwd, process.environ)
    for look in looks:
        with suppress(psutil.Error, OSError):
            if str(about) in str(look()):
                return process.status() != psutil.STATUS_ZOMBIE
    return False


def _data_elsewhere(made: Path) -> list[Path]:
    """Give where private servers of this run have their data that could not lie in its folder."""
    if not SYSTEM_FOLDER.is_dir():
        return []
    homes = [Path(each) for each, _, _ in os.walk(made)]
    bases = {find_base(data)[0] for home in homes for data in (home, home / "data")}
    return [base for base in bases if base.parent == SYSTEM_FOLDER and base.is_dir()]


def _hear_signals() -> None:
    """Let programs that tests start hear the signals that this run was told to ignore.

    A script starts what is in its background so, and nohup too; children inherit it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)  # still ignored here, and heard by children
