"""One way to write a file in another's place: who reads it finds the old one or the new one, whole.

The new file is written beside the old one under a name of its own, `.NAME.RANDOM.todo-new`, brought
to the disk, and renamed. Whoever writes holds a lock on it, so that the next to write knows what
one that was killed has left, and removes it. Standard library only.

It is for files that somebody keeps. A mark without content, a lock, and what is written anew at
each start of a server have no former self to lose.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

UNFINISHED: Final = ".todo-new"  # how the names of files that are being written end


def write(path: Path, content: bytes, mode: int = 0o600, *, private: bool = False) -> None:
    """Write a file, in place of one that is there, as `replacing` does. Raises OSError."""
    with replacing(path, mode, private=private) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, mode: int = 0o600, *, private: bool = False) -> Iterator[BinaryIO]:
    """Give a new file, which takes the place of ``path`` when the block ends without an error.

    A link stays, and the file behind it is replaced. That file's mode is kept, and its owner where
    the system lets us; where there is none, the new one gets ``mode``, whatever the umask. What is
    ``private`` is closed to all others, even if it was not before. The folder must be there. Raises
    OSError as it comes, and then all is as it was.
    """
    target = Path(os.path.realpath(path))
    before = _status(target)
    clear(target.parent, target.name)
    file, new = _open_beside(target)
    with _gone_after_an_error(new), file:
        _make_alike(file.fileno(), before, mode, private)
        yield file
        file.flush()
        os.fsync(file.fileno())
        new.replace(target)
    _sync_folder(target.parent)


def clear(folder: Path, name: str = "") -> None:
    """Remove what is unfinished in a folder, of the file ``name`` or of all, and nobody writes."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(f".{name}") and entry.name.endswith(UNFINISHED):
                _remove_unless_held(entry.path)


def _status(target: Path) -> os.stat_result | None:
    """Give what there is to replace, None for nothing. Raises OSError for what is no file."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):  # /dev/null, for one, which root could replace
        raise FileExistsError(errno.EEXIST, "something else than a file is there", str(target))
    return found


def _open_beside(target: Path) -> tuple[BinaryIO, Path]:
    """Open a new file in the same folder, for ourselves alone, and hold its lock."""
    while True:
        new = target.with_name(f".{target.name}.{os.urandom(4).hex()}{UNFINISHED}")
        with _gone_after_an_error(new):
            file = os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
            if _take(file.fileno()) and os.fstat(file.fileno()).st_nlink:
                return file, new
            file.close()  # somebody found it before it was locked, and removes it


@contextmanager
def _gone_after_an_error(new: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:  # Ctrl-C too
        with suppress(OSError):
            new.unlink()
        raise


def _take(descriptor: int) -> bool:
    """Take the lock, and tell whether we have it. Where there are no locks, nobody removes."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _remove_unless_held(path: str) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)  # noqa: PTH108 - a path of os.scandir
        finally:
            os.close(descriptor)


def _make_alike(descriptor: int, before: os.stat_result | None, mode: int, private: bool) -> None:
    """Give a new file the mode and owner of the former one."""
    if before is not None:
        mode = stat.S_IMODE(before.st_mode)
        now = os.fstat(descriptor)
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
            try:
                os.fchown(descriptor, before.st_uid, before.st_gid)
            except PermissionError:
                mode &= ~stat.S_IRWXG  # they were rights of another group
    with suppress(PermissionError):  # a file system without modes
        os.fchmod(descriptor, mode & stat.S_IRWXU if private else mode)


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk. The file is there already: what cannot be synced is not."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
