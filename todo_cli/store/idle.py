"""The watcher: stops a private server that nobody has used for a while.

A program of its own, `python -m todo_cli.store.idle BASE SECONDS`, run by whoever uses the server
and finds it unwatched. It leaves when the server has gone. Standard library only: it costs little.
"""

import fcntl
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from todo_cli.store import locks

_STOP_SECONDS = 60.0
_LOG_SIZE = 1_000_000  # bytes; a longer log is emptied


def watch(base: Path, idle_seconds: float) -> None:
    """Wait until the server of ``base`` is idle, stop it and return; or until it has gone."""
    pause = min(15.0, idle_seconds / 4)
    try:
        with locks.locked(base / locks.WATCH, fcntl.LOCK_EX, 1.0):
            while (pid := locks.server_pid(base / "cluster")) is not None:
                _bound_log(base / "server.log")
                if _stop_if_idle(base, idle_seconds):
                    return
                _wait_for_end(pid, pause)
    except (TimeoutError, FileNotFoundError):
        return  # somebody else watches, or the folder was removed


def stop(base: Path) -> None:
    """Stop the server of ``base`` and wait for it; the caller holds start.lock.

    A fast shutdown ends the sessions and keeps every committed change (PostgreSQL manual,
    "Shutting Down the Server").
    """
    cluster = base / "cluster"
    pid = locks.server_pid(cluster)
    if pid is None:
        return
    socket_folder = _socket_folder(cluster)
    deadline = time.monotonic() + _STOP_SECONDS
    try:
        os.kill(pid, signal.SIGINT)
        while locks.server_pid(cluster) == pid and time.monotonic() < deadline:
            time.sleep(0.01)
        if locks.server_pid(cluster) == pid:
            os.kill(pid, signal.SIGQUIT)
    except ProcessLookupError:
        return
    if socket_folder is not None and base not in socket_folder.parents:
        with suppress(OSError):  # not ours, or not empty
            socket_folder.rmdir()


def _socket_folder(cluster: Path) -> Path | None:
    """Read where the socket is: line 5 of the server's pid file."""
    lines = (cluster / "postmaster.pid").read_text().split("\n")
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def _wait_for_end(pid: int, seconds: float) -> None:
    """Wait until the process has ended, but no longer than that."""
    if sys.platform != "linux":
        time.sleep(min(1.0, seconds))
        return
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        time.sleep(0.1)  # its pid file is about to go, or is a stale one
        return
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def _stop_if_idle(base: Path, idle_seconds: float) -> bool:
    if _idle_for(base) < idle_seconds:
        return False
    try:
        with (
            locks.locked(base / locks.USE, fcntl.LOCK_EX, 0),
            locks.locked(base / locks.START, fcntl.LOCK_EX, 0),
        ):
            if _idle_for(base) < idle_seconds:
                return False
            stop(base)
            return True
    except TimeoutError:
        return False  # in use


def _idle_for(base: Path) -> float:
    """Give the seconds since the last use; a clock set back counts as use."""
    return max(0.0, time.time() - (base / locks.USE).stat().st_mtime)


def _bound_log(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_SIZE:
        os.truncate(log, 0)


if __name__ == "__main__":
    watch(Path(sys.argv[1]), float(sys.argv[2]))
