"""Where a person's passwords lie: the keyring of the operating system, or a file of their own.

Which of the two is the person's choice, and nothing here ever turns from one to the other.

The keyring is asked by a child process with a time limit. A call may hang for ever inside D-Bus,
already while backends are looked for, and a third-party backend may print, ask on the terminal or
crash. A child can be ended, with all that it started; a thread could only be left behind, with the
password in its frames and perhaps the terminal without echo. Passwords go through pipes, and the
child's environment is without what may hold one. In this process they are always inside `Secret`.

    FOLDER/credentials/       0700
        passwords.json        0600, the file store
        lock                  held by whoever changes it
"""

import errno
import fcntl
import json
import os
import secrets
import select
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

from todo_cli.errors import AuthError

_LIMIT: Final = 3.0  # seconds for the keyring, and for another process to free the lock
_START_LIMIT: Final = 15.0  # seconds for an interpreter to start on a busy machine
_PAUSE: Final = 0.01
_PRIVATE: Final = ("TODO_", "PGPASSWORD")  # environment variables that may hold a password

_CHILD: Final = Path(__file__).with_name("keyring_child.py")

_NO_STORE: Final = "do without a store: set TODO_DATABASE_URL"
_OR_FILE: Final = (
    "keep it in a file that only you can read: todo login --store file; or set TODO_DATABASE_URL"
)
_FAILURES: Final = {
    "none": "there is no keyring here that todo could use",
    "null": "the keyring is switched off: the backend {0} keeps nothing",
    "unsafe": "the keyring backend {0} is not safe enough for a password",
    "load": "the keyring backend that was chosen cannot be loaded ({0})",
    "init": "the keyring has no collection to keep a password in, and none can be made",
    "bus": "the keyring cannot be used: D-Bus says {0}",
    "locked": "the keyring is locked",
    "silent": "the keyring did not answer within {0} seconds",
    "set": "the keyring refused to keep the password",
    "delete": "the keyring refused to delete the password",
    "other": "the keyring is not to be trusted: {0} did not give back what it was given",
    "failed": "the keyring failed ({0})",
}
_HINTS: Final = {
    "locked": f"unlock it and try again; or {_OR_FILE}",
    "silent": f"it may be locked with nobody to ask: unlock it and try again; or {_OR_FILE}",
    "load": f"look at PYTHON_KEYRING_BACKEND and at keyringrc.cfg; or {_OR_FILE}",
}


class Store(StrEnum):
    """Where to keep passwords."""

    KEYRING = "keyring"
    FILE = "file"


class Secret:
    """A text that shows itself to nobody who does not ask for it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text. Keep it out of variables: a traceback may show those."""
        return self._text

    def __repr__(self) -> str:
        """Tell that there is something, not even how long it is."""
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        """Compare with another secret; a plain text is never equal."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """Agree with ``==``."""
        return hash((Secret, self._text))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied. Raises TypeError."""
        raise TypeError("a secret cannot be pickled")


def probe(store: Store, folder: Path) -> None:
    """Find out whether a store works: write, read back and delete a random value.

    ``folder`` is the config folder. Raises AuthError, which says what is wrong and the way out.
    """
    name = f"probe-{secrets.token_hex(8)}"
    save(store, folder, name, Secret(secrets.token_urlsafe(32)))
    if not forget(store, folder, name):
        raise _failure("other", f"the {store} store")


def save(store: Store, folder: Path, name: str, secret: Secret) -> None:
    """Keep a password under a name, in place of an earlier one, and read it back.

    Raises AuthError; what was kept under the name before may then be lost.
    """
    if store is Store.KEYRING:
        _ask("save", name, secret)
        return
    with _change(folder) as (path, entries):
        entries[name] = secret
        _write(path, entries)
        if _read(path).get(name) != secret:
            raise AuthError(f"{path} did not keep what was written to it", _NO_STORE)


def load(store: Store, folder: Path, name: str) -> Secret | None:
    """Give the password under a name, None where there is none. Raises AuthError."""
    if store is Store.KEYRING:
        return _ask("load", name).secret
    home = folder / "credentials"
    return _read(home / "passwords.json").get(name) if _check_folder(home) else None


def forget(store: Store, folder: Path, name: str) -> bool:
    """Delete the password under a name; tell whether there was one. Raises AuthError."""
    if store is Store.KEYRING:
        return _ask("forget", name).found
    if not _check_folder(folder / "credentials"):
        return False
    with _change(folder) as (path, entries):
        found = entries.pop(name, None) is not None
        if found:
            _write(path, entries)
    return found


# The keyring


@dataclass(frozen=True)
class _Reply:
    """What the child answered."""

    secret: Secret | None = None
    found: bool = False
    failure: str | None = None
    detail: str = ""


def _ask(action: str, name: str, secret: Secret | None = None) -> _Reply:
    """Have a child process do something with the keyring. Raises AuthError."""
    text = _run_child(action, name, secret)
    reply = _Reply(failure="silent", detail=f"{_LIMIT:g}") if text is None else _parse_reply(text)
    if reply.failure is not None:
        raise _failure(reply.failure, reply.detail)
    return reply


def _run_child(action: str, name: str, secret: Secret | None) -> Secret | None:
    """Run the child and give all that it writes, None when it takes too long."""
    with subprocess.Popen(
        [sys.executable, "-P", str(_CHILD)],  # -P: nothing from the folder we are in
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if not key.startswith(_PRIVATE)},
        start_new_session=True,  # no terminal to ask on, and a group that is ended together
    ) as child:
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - for mypy
        try:
            with suppress(BrokenPipeError):  # it has died: then it has no answer either
                child.stdin.write(_request(action, name, secret).reveal().encode())
            if not select.select([child.stdout], [], [], _START_LIMIT)[0]:
                return None
            return Secret(child.communicate(timeout=_LIMIT)[0].decode())
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.returncode is None:
                with suppress(OSError):  # it may be ending by itself
                    os.killpg(child.pid, signal.SIGKILL)


def _request(action: str, name: str, secret: Secret | None) -> Secret:
    request = {"action": action, "name": name}
    return Secret(json.dumps({**request, "text": secret.reveal() if secret else None}) + "\n")


def _parse_reply(text: Secret) -> _Reply:
    try:
        values = json.loads(text.reveal())
    except ValueError:
        return _Reply(failure="failed", detail="it ended without an answer")
    if (plain := values.pop("text", None)) is not None:
        return _Reply(secret=Secret(plain))
    return _Reply(**values)


def _failure(kind: str, detail: str) -> AuthError:
    return AuthError(_FAILURES[kind].format(detail), _HINTS.get(kind, _OR_FILE))


# The file store


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
    """Put a new file in the file's place, while the lock is held. Raises AuthError."""
    new = path.with_name("passwords.new")
    with _told(path, "write"):
        new.unlink(missing_ok=True)  # of a process that was killed
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps({name: each.reveal() for name, each in entries.items()}))
                file.flush()
                os.fsync(descriptor)
            new.replace(path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise


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
