"""File locks and idle time of the private server. Standard library only: idle.py runs alone.

Each is an flock on a file, open for writing as network file systems want it; the kernel frees them
when a process dies:

    start.lock   held by whoever starts, stops or prepares the server
    server.lock  held by the server itself, which inherits it, until its last process has ended; in
                 the file is the place of whoever launched it, see place.py. Nobody launches one, or
                 removes what a former one left, without it
    PG_VERSION   the same again, on a file without which there is no cluster: somebody may remove
                 server.lock
    use.lock     shared by every program that uses the server, for as long as it lives; its time of
                 change is when the server was last in use
    watch.lock   held by the process that stops an idle server, since before it was started
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START = "start.lock"
SERVER = "server.lock"
CLUSTER = "PG_VERSION"
USE = "use.lock"
WATCH = "watch.lock"

_PAUSE = 0.01
_SIZE = 4096  # bytes, the most that the file of a lock says
# What flock gives where there is nothing that could keep a lock.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL)


class NoLocksError(OSError):
    """The file system has no locks."""


def try_lock(descriptor: int, kind: int) -> bool:
    """Take the lock if it is free; ``kind`` is LOCK_SH or LOCK_EX of `fcntl`.

    Raises NoLocksError.
    """
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise NoLocksError(error.errno, error.strerror) from None
        raise
    return True


@contextmanager
def locked(path: Path, kind: int, seconds: float) -> Iterator[int]:
    """Hold the lock of ``path``, waiting at most ``seconds`` for it. Raises TimeoutError."""
    descriptor = _open(path)
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
def locked_if_free(path: Path) -> Iterator[int | None]:
    """Hold the lock of ``path``, or None when somebody else does."""
    descriptor = _open(path)
    try:
        yield descriptor if try_lock(descriptor, fcntl.LOCK_EX) else None
    finally:
        os.close(descriptor)


@contextmanager
def in_use(base: Path, seconds: float) -> Iterator[int]:
    """Keep the idle server of ``base`` from being stopped. Raises TimeoutError."""
    with locked(base / USE, fcntl.LOCK_SH, seconds) as descriptor:
        os.utime(descriptor)
        try:
            yield descriptor
        finally:
            os.utime(descriptor)


@contextmanager
def alone(descriptor: int) -> Iterator[bool]:
    """Hold a shared lock for ourselves alone for a while, if nobody shares it; tell whether."""
    try:
        yield try_lock(descriptor, fcntl.LOCK_EX)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # one that could not be changed is lost


def write(descriptor: int, text: str) -> None:
    """Have the file of a lock that we hold say something; in place, for the lock is the file's."""
    new = text.encode()
    if os.pread(descriptor, _SIZE, 0) != new:  # a full disk takes nothing new
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, new, 0)


def held(path: Path) -> str | None:
    """Give what the file of a lock says that somebody holds, None for one that is free.

    Raises NoLocksError, and OSError for a file that cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        if try_lock(descriptor, fcntl.LOCK_SH):
            return None
        return os.pread(descriptor, _SIZE, 0).decode(errors="replace")
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
