"""Passwords in a file that only its owner can read. It lies in the config folder.

The folder and what is in it:

    FOLDER/credentials/       0700
        passwords.json        0600
        lock                  held by whoever changes it
"""

import errno
import fcntl
import json
import os
import shlex
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from todo_cli import files
from todo_cli.credentials.secret import Secret
from todo_cli.errors import AuthError

_LIMIT: Final = 3.0  # seconds for another process to free the lock
_PAUSE: Final = 0.01

_NO_STORE: Final = "do without a store: set TODO_DATABASE_URL"


def save(folder: Path, name: str, secret: Secret) -> None:
    """Keep a password under a name, and read it back. ``folder`` is the config folder.

    Raises AuthError.
    """
    with _change(folder) as (path, entries):
        entries[name] = secret
        _write(path, entries)
        if _read(path).get(name) != secret:
            raise AuthError(f"{path} did not keep what was written to it", _NO_STORE)


def load(folder: Path, name: str) -> Secret | None:
    """Give the password under a name, None where there is none. Raises AuthError."""
    home = folder / "credentials"
    return _read(home / "passwords.json").get(name) if _check_folder(home) else None


def forget(folder: Path, name: str) -> bool:
    """Delete the password under a name; tell whether there was one. Raises AuthError."""
    if not _check_folder(folder / "credentials"):
        return False
    with _change(folder) as (path, entries):
        found = entries.pop(name, None) is not None
        if found:
            _write(path, entries)
    return found


@contextmanager
def _change(folder: Path) -> Iterator[tuple[Path, dict[str, Secret]]]:
    """Give the file and what it holds, while no other process changes it. Raises AuthError."""
    home = folder / "credentials"
    with _told(home, "write"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            home.mkdir(mode=0o700)
    _check_folder(home)
    path = home / "lock"
    with _told(path, "open"):
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _take(lock, home)
        path = home / "passwords.json"
        yield path, _read(path)
    finally:
        os.close(lock)


def _take(lock: int, home: Path) -> None:
    deadline = time.monotonic() + _LIMIT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise AuthError(f"another todo is changing {home}", "try again") from None
            time.sleep(_PAUSE)
        else:
            return


def _read(path: Path) -> dict[str, Secret]:
    """Give all that the file holds, nothing where there is no file. Raises AuthError."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe would wait
    with _told(path, "read"):
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            return {}
        with os.fdopen(descriptor, "rb") as file:
            _check(path, os.fstat(descriptor), stat.S_ISREG, "600")
            entries = _parse(Secret(file.read().decode("utf-8", "replace")))
    if entries is None:
        raise AuthError(f"{path} is damaged", "delete it, then run: todo login --store file")
    return entries


def _parse(text: Secret) -> dict[str, Secret] | None:
    """Give the entries, None for what is none of our making. Never raises: see `Secret`."""
    try:
        values = json.loads(text.reveal())
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or not all(isinstance(each, str) for each in values.values()):
        return None
    return {name: Secret(each) for name, each in values.items()}


def _write(path: Path, entries: dict[str, Secret]) -> None:
    """Put new entries in the old ones' place, while the lock is held. Raises AuthError."""
    with _told(path, "write"), files.replacing(path) as file:
        file.write(json.dumps({name: each.reveal() for name, each in entries.items()}).encode())


def _check_folder(home: Path) -> bool:
    """Tell whether there is a folder. Raises AuthError if it is not ours alone."""
    with _told(home, "read"):
        try:
            status = home.lstat()
        except FileNotFoundError:
            return False
    _check(home, status, stat.S_ISDIR, "700")
    return True


def _check(path: Path, status: os.stat_result, is_kind: Callable[[int], bool], mode: str) -> None:
    """Raise AuthError unless this is what it should be, ours, and closed to others.

    A link is refused: a password lies where we say, and not in somebody's repository of dotfiles.
    The config folder itself may be one.
    """
    if not is_kind(status.st_mode):
        raise AuthError(f"{path} is a link, or not what it should be", "move it out of the way")
    if status.st_uid != os.geteuid():
        raise AuthError(
            f"{path} belongs to another account",
            "run todo as that account, or let TODO_HOME name another folder",
        )
    if status.st_mode & 0o077:
        hint = f"run: chmod {mode} {shlex.quote(str(path))}"
        raise AuthError(f"others can get at the passwords in {path}", hint)


@contextmanager
def _told(path: Path, doing: str) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise AuthError(f"{path} is a link", "put a file or folder in its place") from None
        raise AuthError(f"cannot {doing} {path}: {error.strerror}", _NO_STORE) from None
