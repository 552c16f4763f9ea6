"""Where the private server's files lie, who may look into them, and where its socket is.

    BASE/                 0700; where root owns it 0710, of the group of the server's account
        cluster/          PostgreSQL's own data folder, 0700, of the server's account
        run/              the socket, 0700, of the server's account
        pg_hba.conf       who may connect: this machine's account, by peer authentication
        pg_ident.conf
        server.log
        prepared          the schema that the database of this server has
        *.lock            see locks.py

For an ordinary user BASE lies in the data folder. For root it lies there too, unless the server's
account cannot get into it: then below /var/lib/todo-cli.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ENOTDIR
from pathlib import Path
from typing import Any, BinaryIO

from todo_cli.errors import UnavailableError
from todo_cli.server import locks, postmaster
from todo_cli.server.account import SYSTEM_FOLDER, Account, name_of, server_account


def find_base(data_folder: Path) -> tuple[Path, Account]:
    """Give the BASE of the server whose home is ``data_folder``, and the account that runs it.

    Whatever name of the folder is used, the answer is the same. Nothing is made. A server that is
    there already stays where it is and whose it is.
    """
    account = server_account()
    data_folder = Path(os.path.realpath(data_folder))  # Path.resolve raises for a circle of links
    inside = data_folder / "postgres"
    if not account.switch:
        return inside, account
    digest = hashlib.sha256(os.fsencode(data_folder)).hexdigest()[:16]
    outside = SYSTEM_FOLDER / digest
    for base in (outside, inside):
        if (base / "cluster").is_dir():
            return base, account.owner_of(base / "cluster")
    # Not BASE itself: what another program is just making, or has made in part, is made good.
    return (inside if account.can_reach(data_folder) else outside), account


def make_base(base: Path, account: Account) -> None:
    """Make BASE, and the folders above it. Raises UnavailableError if it is someone else's."""
    if not base.is_dir():
        _make_parents(base.parent, 0o711 if account.switch else 0o700)
        with suppress(FileExistsError):
            _make_folder(base, 0o700)
    check_base(base)
    status = base.stat()
    mode, group = (0o710, account.gid) if account.switch else (0o700, status.st_gid)
    if stat.S_IMODE(status.st_mode) != mode or status.st_gid != group:
        os.chown(base, -1, group)
        base.chmod(mode)


def check_base(base: Path) -> None:
    """Raise UnavailableError if BASE is someone else's: his links and files are not for us."""
    status = base.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise UnavailableError(
            f"{base} belongs to {name_of(status.st_uid)}",
            "run todo as that account, or let TODO_HOME name another folder",
        )


def make_socket_folder(folder: Path, account: Account) -> None:
    """Make a folder that only the server's account can enter. Raises UnavailableError."""
    check_socket_folder(folder, account)
    folder.mkdir(mode=0o700, exist_ok=True)
    account.own(folder)


def check_socket_folder(folder: Path, account: Account) -> None:
    """Raise UnavailableError if the folder is there and someone else's, or no folder."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (account.uid, os.geteuid()):
        raise UnavailableError(
            f"{folder}, where the server's socket belongs, is {name_of(status.st_uid)}'s",
            "remove it, or let TODO_HOME name a folder with a shorter path",
        )


def socket_parameters(base: Path, account: Account) -> dict[str, Any]:
    """Give the parameters with which libpq reaches the server of BASE, run by ``account``."""
    folder = postmaster.socket_folder(base, account.uid)
    # In a folder where everybody may write, somebody else might have put up his own server.
    peer = None if folder.parent == base else name_of(account.uid)
    return {"host": str(folder), "port": 5432, "requirepeer": peer}


@contextmanager
def no_foreign_settings() -> Iterator[None]:
    """Hide the PG* variables from libpq: they are about other databases."""
    foreign = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PG")}
    try:
        yield
    finally:
        os.environ.update(foreign)


def write(path: Path, text: str, account: Account) -> None:
    """Write a file of BASE that nobody but us and the server's account can read.

    In place: it is written anew for each start of the server, and nobody else reads it.
    """
    with open_new(path) as file:
        if account.switch:
            os.fchown(file.fileno(), -1, account.gid)
            os.fchmod(file.fileno(), 0o640)
        file.write(text.encode())


def open_new(path: Path) -> BinaryIO:
    """Open an empty file for ourselves alone; what is written goes to its end."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def size(folder: Path) -> int:
    """Give the bytes of all files below a folder; a server may be at work in it."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{where}/{name}").st_size
            except FileNotFoundError:
                continue
    return total


@contextmanager
def in_sentences(base: Path) -> Iterator[None]:
    """Turn errors of the file system and of waiting for a lock into ours."""
    try:
        yield
    except TimeoutError:
        raise UnavailableError(
            f"another program has been starting or stopping the server in {base} for a minute"
        ) from None
    except locks.NoLocksError:
        raise UnavailableError(
            f"the file system of {base} has no locks, which keep two servers from the same tasks",
            "let TODO_HOME name a folder on a local disk",
        ) from None
    except OSError as error:
        raise UnavailableError(
            f"cannot use {error.filename or base}: {error.strerror}",
            "TODO_HOME names another folder for everything that todo keeps",
        ) from None


def _make_parents(folder: Path, mode: int) -> None:
    """Make a folder and those above it; leave alone what is there."""
    if folder.is_dir():
        return
    _make_parents(folder.parent, mode)
    try:
        _make_folder(folder, mode)
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), folder) from None


def _make_folder(folder: Path, mode: int) -> None:
    """Make a folder that has its mode from the first moment: other programs look at it."""
    umask = os.umask(0)
    try:
        folder.mkdir(mode=mode)
    finally:
        os.umask(umask)
