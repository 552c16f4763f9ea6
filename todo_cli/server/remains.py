"""What a server leaves in its folder when it is killed, and whether it is surely dead.

One that was started with LOCKED had our locks: where they are free, it is dead. A former todo
started its servers without them. That of another container, or on another machine that has the same
files, has left nothing here that tells, and may be alive.
"""

import sys
import time
from pathlib import Path
from typing import Final

PID_FILE: Final = "postmaster.pid"
_OPTIONS: Final = "postmaster.opts"  # the command line of the last server
LOCKED: Final = ("todo.locked", "yes")  # a setting without use but to be found there
_SHARED_MEMORY: Final = Path("/proc/sysvipc/shm")
_START: Final = 2  # the line of the pid file that has the time of the start, in seconds
_MEMORY: Final = 6  # that of key and id of the shared memory
_MOMENT: Final = 10  # seconds, by which times may differ


def are_of_the_dead(cluster: Path) -> bool:
    """Tell whether nobody is alive who may have left what is in a cluster; our locks are free."""
    try:
        written = (cluster / PID_FILE).stat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return True
    if sys.platform != "linux" or _had_locks(cluster):  # elsewhere no process is hidden
        return True
    return written < _started() or _sharing(cluster) == 0


def are_of_here(cluster: Path) -> bool:
    """Tell whether what is in a cluster was left by processes that could be seen from here."""
    return _sharing(cluster) is not None


def _had_locks(cluster: Path) -> bool:
    """Tell whether the last server was started with our locks, or was not yet to write that."""
    try:
        return f'"--{"=".join(LOCKED)}"' in (cluster / _OPTIONS).read_text(errors="replace")
    except FileNotFoundError:
        return True


def _started() -> float:
    """Give the time at which this machine was started."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _sharing(cluster: Path) -> int | None:
    """Tell how many processes have the shared memory of a pid file; None where it is not of here.

    It outlasts a server that is killed, and no start of the machine. Another container may count
    its pieces as we do: so number, process and time have to be right. See proc_sysvipc(5). A server
    whose session was killed makes it anew, and writes that into the file.
    """
    try:
        lines = (cluster / PID_FILE).read_text(errors="replace").split("\n")
        written = (cluster / PID_FILE).stat().st_mtime
        pid, start = int(lines[0]), int(lines[_START])
        key, number = map(int, lines[_MEMORY].split())
        names, *rows = (line.split() for line in _SHARED_MEMORY.read_text().splitlines())
    except (OSError, ValueError, IndexError):
        return None
    for row in rows:
        found = dict(zip(names, map(int, row), strict=True))
        same = (found["key"], found["shmid"], found["cpid"]) == (key, number, pid)
        if same and start - _MOMENT < found["ctime"] < written + _MOMENT:
            return found["nattch"]
    return None
