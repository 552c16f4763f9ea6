"""The server's main process: where it listens, whether it lives, how it is stopped.

Its own pid file has a line each for: process id, data folder, start time, port, socket folder,
address, shared memory, state (PostgreSQL source, miscadmin.h). It may outlast its server, and its
number may be another process's by then: that is why processes are looked at here. In another
container it means nothing at all: that is why server.lock says where the server is, and remains.py
whether one that had no lock can be alive.
"""

import hashlib
import os
import re
import signal
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from todo_cli.server import locks, place
from todo_cli.server.place import Place
from todo_cli.server.remains import PID_FILE, are_of_here, are_of_the_dead

if TYPE_CHECKING:
    import psutil

SOCKET_LOCK: Final = ".s.PGSQL.5432.lock"

_SOCKET: Final = ".s.PGSQL.5432"
_SOCKET_LENGTH: Final = 103  # bytes of sun_path, see unix(7)
_PLAIN: Final = re.compile(r"[\w/.+@:=~ -]+")  # libpq splits a host at commas, and wants UTF-8
_FAST_SECONDS: Final = 60.0
_IMMEDIATE_SECONDS: Final = 10.0


class PidFile(NamedTuple):
    """What a pid file says; ``ready`` when the server has opened its socket."""

    pid: int
    ready: bool


def read(cluster: Path) -> PidFile | None:
    """Read the pid file of a cluster; None when there is none, or none that makes sense."""
    try:
        lines = (cluster / PID_FILE).read_text(errors="replace").split("\n")
        pid = int(lines[0])
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if not 0 < pid < 2**31:
        return None
    return PidFile(pid, ready=len(lines) > 7 and lines[7].strip() == "ready")


def holder(base: Path) -> Place | None:
    """Give the place of who holds a lock of the server, or may be alive without; None for nobody.

    That is a server, or what is left of one that was killed. Where no lock says it, the place is
    that of its processes if they can be seen, else one without names. Raises NoLocksError.
    """
    cluster = base / "cluster"
    if said := locks.held(base / locks.SERVER):
        return place.parse(said)
    if not is_locked(base) and are_of_the_dead(cluster):
        return None
    seen = _seen(cluster)
    if seen is not None:
        return place.of(seen)
    return place.here()._replace(files="") if are_of_here(cluster) else place.parse("")


def is_locked(base: Path) -> bool:
    """Tell whether somebody holds a lock of the server: one that is there for sure."""
    paths = base / locks.SERVER, base / "cluster" / locks.CLUSTER
    return any(locks.held(path) is not None for path in paths)


def elsewhere(base: Path) -> Place | None:
    """Give the place of a server whose processes cannot be seen from here, None for others."""
    found = holder(base)
    return None if found is None or found.shows_processes else found


def living(cluster: Path) -> int | None:
    """Give the process id of the cluster's server, None when it does not run, or runs elsewhere.

    A pid file without sense says nothing either way, nor does none while server.lock is held: then
    all processes are looked at.
    """
    lock = holder(cluster.parent)
    if not cluster.is_dir() or (lock is not None and not lock.shows_processes):
        return None
    found = read(cluster)
    if found is not None and _server_among(_processes([found.pid]), cluster):
        return found.pid
    if lock is None and (found is not None or not (cluster / PID_FILE).exists()):
        return None
    return _seen(cluster)


def listens(folder: Path) -> bool:
    """Tell whether somebody listens on the socket in ``folder``, whether or not he answers."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(folder / _SOCKET))
        except BlockingIOError:  # more callers than it can take at the moment
            return True
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return False
    return True


def socket_folder(base: Path, uid: int) -> Path:
    """Give the folder of the socket: in ``base``, or elsewhere where libpq could not name it."""
    folder = base / "run"
    if len(os.fsencode(folder / _SOCKET)) <= _SOCKET_LENGTH and _PLAIN.fullmatch(str(folder)):
        return folder
    digest = hashlib.sha256(os.fsencode(base)).hexdigest()[:16]
    # Not TMPDIR: every program of this account must look in the same place.
    return Path("/tmp") / f"todo-{uid}-{digest}"  # noqa: S108 - its owner is checked


def stop(base: Path) -> None:
    """Stop the server of ``base`` and wait for it; the caller holds start.lock.

    A fast shutdown ends the sessions and keeps every committed change; if it takes too long, an
    immediate one is made good at the next start (PostgreSQL manual, "Shutting Down the Server").
    """
    cluster = base / "cluster"
    pid = living(cluster)
    if pid is None:
        return
    for kind, seconds in ((signal.SIGINT, _FAST_SECONDS), (signal.SIGQUIT, _IMMEDIATE_SECONDS)):
        with suppress(ProcessLookupError):
            os.kill(pid, kind)
        deadline = time.monotonic() + seconds
        while living(cluster) == pid and time.monotonic() < deadline:
            time.sleep(0.01)
    deadline = time.monotonic() + _IMMEDIATE_SECONDS
    while holder(base) is not None and time.monotonic() < deadline:  # its children end after it
        time.sleep(0.01)
    folder = socket_folder(base, cluster.stat().st_uid)
    if folder.parent != base:
        with suppress(OSError):  # not ours, or not empty
            folder.rmdir()


def _seen(cluster: Path) -> int | None:
    """Give the process id of the cluster's server if it is one of those that are here."""
    import psutil  # slow to import, and needed only when something has happened

    return _server_among(psutil.process_iter(), cluster)


def _processes(pids: Iterable[int]) -> "Iterable[psutil.Process]":
    import psutil

    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)


def _server_among(processes: "Iterable[psutil.Process]", cluster: Path) -> int | None:
    """Give the process that is this cluster's server."""
    import psutil

    owner = cluster.stat().st_uid
    for process in processes:
        try:
            is_postgres = process.name().startswith("postgres")
            if not is_postgres or process.status() == psutil.STATUS_ZOMBIE:
                continue
            folder = _data_folder(process)
            if folder and process.uids().effective == owner and Path(folder).samefile(cluster):
                return process.pid
        except (psutil.Error, OSError):
            continue  # it has ended, or is none of ours
    return None


def _data_folder(process: "psutil.Process") -> str | None:
    """Give the data folder of a server, None for its children: they have other arguments.

    It changes into that folder, which stays true when the folder is moved. But root without
    CAP_SYS_PTRACE, as in most containers, cannot see that of other accounts.
    """
    import psutil

    arguments = process.cmdline()
    if "-D" not in arguments:
        return None
    try:
        return process.cwd()
    except psutil.AccessDenied:
        return arguments[arguments.index("-D") + 1]
