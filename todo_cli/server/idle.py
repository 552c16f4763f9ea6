"""The watcher: stops a private server that nobody has used for a while.

A program of its own, `python -m todo_cli.server.idle BASE SECONDS DESCRIPTOR`, run by whoever uses
the server and finds it unwatched. It leaves when the server has gone. Standard library only, until
there is something to look into: it costs little.
"""

import fcntl
import os
import select
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import todo_cli
from todo_cli.server import fresh, locks, postmaster

if TYPE_CHECKING:
    import subprocess

_LOG_SIZE = 1_000_000  # bytes; a longer log is emptied


def be_watched(base: Path, idle_seconds: float) -> "subprocess.Popen[bytes] | None":
    """Start the watcher of the server of ``base`` unless there is one; give it if it was started.

    It inherits the lock that says so. From here there can be none for a server elsewhere, and where
    we are worse off than usual none for a server that is not.
    """
    import subprocess  # the watcher itself starts nothing

    with locks.locked_if_free(base / locks.WATCH) as lock:
        if lock is None or not _can_watch(base):
            return None
        arguments = [str(base), str(idle_seconds), str(lock)]
        return subprocess.Popen(
            fresh.command([sys.executable, "-P", "-m", __name__, *arguments]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            start_new_session=True,
            pass_fds=[lock],
        )


def _can_watch(base: Path) -> bool:
    holder = postmaster.holder(base)
    if holder is None:  # a former todo started it
        return not fresh.worse()
    return holder.shows_processes and (holder.worse != "" or not fresh.worse())


def _environment() -> dict[str, str]:
    """Give what the interpreter needs to find itself and us, and nothing else of ours."""
    ours = str(Path(todo_cli.__file__).parents[1])
    path = os.pathsep.join([ours, *(folder for folder in sys.path if folder)])
    return {**fresh.for_interpreters(), "PYTHONPATH": path}


def watch(base: Path, idle_seconds: float, lock: int) -> None:
    """Wait until the server of ``base`` is idle, stop it and return; or until it has gone.

    ``lock`` is the descriptor of watch.lock, which whoever started us has locked for us.
    """
    try:
        while True:
            _watch_until_gone(base, idle_seconds)
            fcntl.flock(lock, fcntl.LOCK_UN)
            # Whoever started the server anew before that has found it watched.
            if postmaster.living(base / "cluster") is None:
                return
            if not locks.try_lock(lock, fcntl.LOCK_EX):
                return
    except FileNotFoundError:
        return  # the folder was removed


def _watch_until_gone(base: Path, idle_seconds: float) -> None:
    """Count the time since the last use, by a clock that nobody can set."""
    cluster = base / "cluster"
    pause = min(15.0, idle_seconds / 4)
    last_use, since = -1, 0.0
    while (found := postmaster.read(cluster)) is not None:
        if postmaster.elsewhere(base) is not None:
            return  # its process id is none of here
        _bound_log(base / "server.log")
        used = _last_use(base)
        if used != last_use:
            last_use, since = used, time.monotonic()
        elif time.monotonic() - since >= idle_seconds and stop_unless_used(base, last_use):
            return
        if _ends(found.pid, pause) and postmaster.living(cluster) is None:
            return


def _ends(pid: int, seconds: float) -> bool:
    """Wait until the process has ended, but no longer than that; tell whether it has."""
    if sys.platform != "linux":
        time.sleep(min(1.0, seconds))
        try:
            os.kill(pid, 0)
        except OSError:
            return True
        return False
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def stop_unless_used(base: Path, last_use: int | None = None) -> bool:
    """Stop the server of ``base`` if nobody uses it now, or has since ``last_use``; tell whether.

    ``last_use`` is the time of change of use.lock, in nanoseconds.
    """
    try:
        with (
            locks.locked(base / locks.USE, fcntl.LOCK_EX, 0),
            locks.locked(base / locks.START, fcntl.LOCK_EX, 0),
        ):
            if last_use not in (None, _last_use(base)):
                return False
            postmaster.stop(base)
            return True
    except TimeoutError:
        return False  # in use


def _last_use(base: Path) -> int:
    return (base / locks.USE).stat().st_mtime_ns


def _bound_log(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_SIZE:
        os.truncate(log, 0)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
