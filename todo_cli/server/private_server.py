"""The private PostgreSQL of this machine, started when somebody needs it.

Where its files lie: private_files.py; its programs: cluster.py; its process: postmaster.py;
how it starts: starting.py; how it stops by itself: idle.py; on whose behalf: account.py; one at a
time: locks.py; where, and under which limits: place.py, fresh.py.
"""

import fcntl
import math
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from todo_cli import files
from todo_cli.errors import UnavailableError
from todo_cli.link.connect import open_connection
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Patience
from todo_cli.server import idle, locks, postmaster, starting
from todo_cli.server.account import me
from todo_cli.server.cluster import SUPERUSER
from todo_cli.server.private_files import (
    check_base,
    check_socket_folder,
    find_base,
    in_sentences,
    make_base,
    no_foreign_settings,
    size,
    socket_parameters,
)

if TYPE_CHECKING:
    from todo_cli.domain.database import ServerView

__all__ = ["SUPERUSER", "PrivateServer"]

# What a server says that is about to start, or to end: the connection is worth another try.
_NOT_NOW: Final = ("the database system is", "closed the connection")
_TOO_SLOW: Final = ("timeout expired", "did not answer in time")


class PrivateServer:
    """One private server: where it is, and how it starts and stops.

    ``say`` is told, in a sentence, what takes longer than a moment; ``timeout`` is how many
    seconds a running server may take to answer; ``dumps`` the folder for dumps of it. Raises
    UnavailableError for an account without a name.
    """

    def __init__(
        self,
        data_folder: Path,
        idle_seconds: float,
        say: Callable[[str], None],
        timeout: float = 15.0,
        dumps: Path | None = None,
    ) -> None:
        me()
        self._idle_seconds = idle_seconds
        self.say = say
        self.timeout = timeout
        self.dumps = dumps or data_folder / "dumps"
        self._exclusive = False  # whether this object holds start.lock
        self._use: int | None = None  # our descriptor of use.lock
        self._is_for_now = False  # whether the server was born worse off than is usual
        with in_sentences(data_folder):
            self.base, self._account = find_base(data_folder)
        self.cluster = self.base / "cluster"
        self._marker = self.base / "prepared"

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the server from being stopped for idleness as long as this lasts.

        One that is to serve nobody after is then stopped, unless somebody else uses it.
        """
        with in_sentences(self.base):
            make_base(self.base, self._account)
            lock = locks.in_use(self.base, starting.WAIT_SECONDS)
            self._use = lock.__enter__()
        try:
            yield
        finally:
            self._use = None
            lock.__exit__(None, None, None)
            if self._is_for_now:
                with suppress(UnavailableError):
                    self.stop_unless_used()

    def connect(self, database: str, user: str) -> DriverConnection:
        """Open a connection, starting the server if it does not run. Raises UnavailableError."""
        try:
            connection = self._try_connect(database, user)
        except UnavailableError as error:
            if any(words in error.message for words in _TOO_SLOW):
                error.passing = False  # it has had its time
                raise
            self.start()
            connection = self._try_connect(database, user)
        with in_sentences(self.base):
            self._look_after()
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
        """Stop the server and wait; tell whether it ran.

        Raises UnavailableError when it runs and cannot be stopped from here.
        """
        with in_sentences(self.base):
            if not self.base.is_dir():
                return False
            check_base(self.base)
            with self._start_lock():
                running = postmaster.living(self.cluster) is not None
                if running:
                    postmaster.stop(self.base)
                    self._wait_for_watcher()
                else:
                    starting.check_gone(self.base, self.socket_folder)
        starting.reap()
        return running

    def stop_unless_used(self) -> None:
        """Stop the server if no program uses it at the moment."""
        with in_sentences(self.base):
            if self.base.is_dir():
                check_base(self.base)
                idle.stop_unless_used(self.base)

    def status(self) -> "ServerView":
        """Look at the server without starting it."""
        from todo_cli.domain.database import ServerView  # here: few commands need it

        with in_sentences(self.base):
            pid = postmaster.living(self.cluster)
            elsewhere = postmaster.elsewhere(self.base)
            listens = postmaster.listens(self.socket_folder)
            running = pid is not None or elsewhere is not None or listens
            return ServerView(
                folder=str(self.base),
                running=running,
                host=None if elsewhere is None else elsewhere.name,
                version=self._server_version() if running else None,
                pid=pid,
                size=size(self.cluster),
            )

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Have the server run, and hold off everybody who wants to start, stop or prepare it."""
        with in_sentences(self.base):
            make_base(self.base, self._account)
            with self._start_lock() as lock:
                self._ensure_running(lock)
                self._exclusive = True
                try:
                    yield
                finally:
                    self._exclusive = False

    def is_prepared(self, revision: str) -> bool:
        """Tell whether the database has been prepared for this schema."""
        with in_sentences(self.base):
            try:
                return self._marker.read_text() == revision and self.cluster.is_dir()
            except (FileNotFoundError, NotADirectoryError):
                return False

    def mark_prepared(self, revision: str) -> None:
        """Remember that the database has been prepared for this schema."""
        files.write(self._marker, revision.encode())

    def forget_preparation(self) -> None:
        """Have the next command look at the schema again."""
        self._marker.unlink(missing_ok=True)

    @property
    def identity(self) -> tuple[int, int]:
        """Tell the cluster's files from others that somebody may put in their place."""
        found = self.cluster.stat()
        return found.st_dev, found.st_ino

    @property
    def socket_folder(self) -> Path:
        """The folder of the socket; a short one elsewhere when its path would be too long."""
        return postmaster.socket_folder(self.base, self._account.uid)

    def _try_connect(self, database: str, user: str) -> DriverConnection:
        connect = partial(
            open_connection,
            dbname=database,
            user=user,
            connect_timeout=max(2, math.ceil(self.timeout)),
            **socket_parameters(self.base, self._account),
        )
        with no_foreign_settings():
            patience = Patience(self.timeout, self.say)
            return patience.wait_for(connect, "waiting for the private PostgreSQL ...")

    def _answers(self) -> bool:
        """Tell whether it takes connections: not yet, or not any more, while it starts or ends.

        Raises UnavailableError when it runs and cannot serve us.
        """
        if not postmaster.listens(self.socket_folder):
            return False
        try:
            self._try_connect("postgres", SUPERUSER).close()
        except UnavailableError as error:
            ending = not postmaster.listens(self.socket_folder)
            if ending or any(words in error.message for words in _NOT_NOW):
                return False
            raise
        return True

    @contextmanager
    def _start_lock(self) -> Iterator[int]:
        path = self.base / locks.START
        with locks.locked(path, fcntl.LOCK_EX, starting.WAIT_SECONDS) as descriptor:
            yield descriptor

    def _ensure_running(self, lock: int) -> None:
        check_socket_folder(self.socket_folder, self._account)
        start = starting.Start(
            self.base,
            self._account,
            lock,
            answers=self._answers,
            say=self.say,
            set_up=self.forget_preparation,
            use=self._use,
        )
        start.until_it_answers()

    def _look_after(self) -> None:
        """See that the server stops when nobody needs it: by itself, or after this command."""
        holder = postmaster.holder(self.base)
        self._is_for_now = holder is not None and holder.worse != ""
        watcher = idle.be_watched(self.base, self._idle_seconds)
        if watcher is not None:
            starting.children.append(watcher)

    def _wait_for_watcher(self) -> None:
        """Wait until the watcher of a stopped server has left; then nothing of ours runs."""
        with suppress(TimeoutError), locks.locked(self.base / locks.WATCH, fcntl.LOCK_EX, 5.0):
            pass

    def _server_version(self) -> str | None:
        """Ask the server; None when it cannot answer."""
        try:
            with closing(self._try_connect("postgres", SUPERUSER)) as connection:
                number: int = connection.server_version
        except UnavailableError:
            return None
        return f"{number // 10_000}.{number % 10_000}"
