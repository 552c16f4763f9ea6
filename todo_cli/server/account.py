"""Which account of the operating system runs the private server, and what it can reach.

PostgreSQL refuses to run as root. For root the server runs as `postgres` where that account
exists, else as `nobody`; data and binaries must then lie where that account can reach them.
"""

import fcntl
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from todo_cli.errors import UnavailableError
from todo_cli.server import locks

# Where root's private server lies when root's own folders are closed to other accounts.
SYSTEM_FOLDER: Final = Path("/var/lib/todo-cli")
_INSTEAD_OF_ROOT: Final = ("postgres", "nobody")
_COPY_SECONDS: Final = 60.0
_UNUSED: Final = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")


@dataclass(frozen=True)
class Account:
    """The account of the server; ``switch`` when it is another one than ours."""

    uid: int
    gid: int
    switch: bool

    @property
    def identity(self) -> str:
        """Who runs a program of this account's, as `fresh.command` wants it."""
        return f"{self.uid}:{self.gid}" if self.switch else ""

    def process(self) -> dict[str, Any]:
        """Give the arguments that make `subprocess` run a program as this account."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Hand a folder over to this account; nobody else can look into it."""
        folder.chmod(0o700)
        if self.switch:
            os.chown(folder, self.uid, self.gid)

    def owner_of(self, folder: Path) -> "Account":
        """Give the account that owns what is there: the machine may have got a `postgres` since."""
        status = folder.stat()
        if not self.switch or status.st_uid == 0:
            return self
        return Account(uid=status.st_uid, gid=status.st_gid, switch=True)

    def can_reach(self, path: Path) -> bool:
        """Tell whether the account may enter ``path`` and every folder above it that exists."""
        return not self.switch or all(
            self._can_enter(folder) for folder in (path, *path.parents) if folder.is_dir()
        )

    def _can_enter(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def me() -> str:
    """Give the name of the account that runs this program, as peer authentication knows it.

    Raises UnavailableError when the user id has no name: PostgreSQL needs one.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise UnavailableError(
            f"user id {os.geteuid()} has no entry in the user database, and PostgreSQL needs one",
            "add one to /etc/passwd, or use a shared database: TODO_DATABASE_URL",
        ) from None


def name_of(uid: int) -> str:
    """Give the name of an account, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def server_account() -> Account:
    """Give the account that runs the server: our own, or for root a stand-in."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), switch=False)
    for name in _INSTEAD_OF_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
    raise UnavailableError(
        "PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody'",
        "add one, or run todo as an ordinary user",
    )


def reachable_package(account: Account, package: Path, version: str) -> Path:
    """Give a folder of PostgreSQL's binaries that the account can reach.

    That is ``package`` itself, or where it lies in a closed folder a copy, made once for each
    ``version``. Libraries that the wheel bundles beside the package keep their place beside it.
    """
    if account.can_reach(package):
        return package
    SYSTEM_FOLDER.mkdir(exist_ok=True)
    SYSTEM_FOLDER.chmod(0o711)
    copy = SYSTEM_FOLDER / f"postgresql-{version}"
    with locks.locked(SYSTEM_FOLDER / "copy.lock", fcntl.LOCK_EX, _COPY_SECONDS):
        if not copy.is_dir():
            unfinished = SYSTEM_FOLDER / "postgresql.new"
            if unfinished.exists():
                shutil.rmtree(unfinished)
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.is_dir():
                    shutil.copytree(folder, unfinished / folder.name, symlinks=True, ignore=_UNUSED)
            _open_to_all(unfinished)
            unfinished.rename(copy)
    return copy / package.name


def _open_to_all(folder: Path) -> None:
    """Let everybody read a tree: it may have been installed with a narrow umask."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)
