"""File locks and idle time of the private server. Standard library only: idle.py runs alone.

Three locks, each an flock on a file that stays empty; the kernel frees them when a process dies:

    start.lock   held by whoever starts, stops or prepares the server
    use.lock     shared by every program that uses the server, for as long as it lives; its time of
                 change is when the server was last in use
    watch.lock   held by the process that stops an idle server, since before it was started
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START = "start.lock"
USE = "use.lock"
WATCH = "watch.lock"

_PAUSE = 0.01


def try_lock(descriptor: int, kind: int) -> bool:
    """Take the lock if it is free; ``kind`` is LOCK_SH or LOCK_EX of `fcntl`."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path, kind: int, seconds: float) -> Iterator[int]:
    """Hold the lock of ``path``, waiting at most ``seconds`` for it. Raises TimeoutError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        deadline = time.monotonic() + seconds
        while not try_lock(descriptor, kind):
            if time.monotonic() > deadline:
                raise TimeoutError(path.name)
            time.sleep(_PAUSE)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def in_use(base: Path, seconds: float) -> Iterator[None]:
    """Keep the idle server of ``base`` from being stopped. Raises TimeoutError."""
    with locked(base / USE, fcntl.LOCK_SH, seconds) as descriptor:
        os.utime(descriptor)
        try:
            yield
        finally:
            os.utime(descriptor)
