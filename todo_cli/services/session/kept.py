"""A person's engine, and where such engines outlive a command: in the agent, which runs many."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.pool import QueuePool

from todo_cli.errors import ConflictError, NotFoundError, UsageError
from todo_cli.link import engine
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Patience, Say
from todo_cli.server.private_server import PrivateServer
from todo_cli.services.session import client_id, private
from todo_cli.services.session.early import Early
from todo_cli.settings import Settings
from todo_cli.store.schema.models import HEAD

IDLE_SECONDS: Final = 240.0  # after which a kept connection is closed, or not trusted any more
# What a command may end with and leave nothing wrong with its connection.
_HARMLESS: Final = (NotFoundError, ConflictError, UsageError)
_MOST: Final = 3  # databases at a time: each keeps a connection
# What runs while the machine sleeps, where there is such a clock; and nobody can set it.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class PersonEngine:
    """One person's engine, with one connection at most, and the patience of the command at hand."""

    def __init__(self, settings: Settings, say: Say, early: Early | None = None) -> None:
        self.settings = settings
        self.patience = Patience(settings.timeout, say) if early is None else early.patience
        self._via: str | None = None
        self.engine = engine.make_engine(self._connect, HEAD, self.patience, self._say_via)
        self._shared = Early(settings, self.patience) if early is None else early
        self._private: PrivateServer | None = None
        self._cluster: object = None  # that of the connection
        self._last_use = _now()

    @contextmanager
    def in_use(self, settings: Settings, say: Say) -> Iterator[None]:
        """Have the database ready for a command; the private one starts and prepares itself."""
        self.settings, self._via = settings, None
        if settings.database_url is not None:
            yield
            return
        self._private = private.server(settings, say)
        with private.prepared(self._private):
            if self._cluster not in (None, self._private.identity):
                self.engine.dispose()  # somebody has put other files in the place of those
            yield

    def renew(self, settings: Settings, say: Say) -> None:
        """Begin anew for the next command."""
        self.patience.renew(settings.timeout, say)
        if self.is_idle:
            self.close()
        self._last_use = _now()

    @property
    def is_idle(self) -> bool:
        """Whether nobody has used it for so long that its connection may be dead, unheard."""
        return _now() - self._last_use > IDLE_SECONDS

    @property
    def is_connected(self) -> bool:
        """Whether a connection waits for the next command."""
        return isinstance(self.engine.pool, QueuePool) and self.engine.pool.checkedin() > 0

    def close(self) -> None:
        """Close the connection; the next command opens one."""
        self.engine.dispose()
        self._shared.leave()

    def _say_via(self) -> str:
        if self._via is None:  # not before a statement is sent: it may leave a file
            self._via = client_id.via(self.settings)
        return self._via

    def _connect(self) -> DriverConnection:
        if self._private is None:
            return self._shared.connect()
        connection = private.connect_person(self._private, self.patience)
        self._cluster = self._private.identity
        return connection


class Kept:
    """The engines of a process that runs many commands, one after the other."""

    def __init__(self) -> None:
        self._engines: list[PersonEngine] = []  # the last used is the last

    @contextmanager
    def lend(self, settings: Settings, say: Say) -> Iterator[PersonEngine]:
        """Lend a command the engine of its database. It is closed unless all went well."""
        person = self._take(settings) or PersonEngine(settings, say)
        person.renew(settings, say)
        self._engines.append(person)
        if len(self._engines) > _MOST:
            self._engines.pop(0).close()
        well = False
        try:
            with person.in_use(settings, say):
                yield person
            well = True
        except _HARMLESS:
            well = True
            raise
        finally:
            if not well or settings.names_service:
                person.close()

    def close_idle(self) -> None:
        """Close the connections that nobody has used for a while."""
        for person in self._engines:
            if person.is_idle:
                person.close()

    def connections(self) -> int:
        """Give how many connections are open."""
        return sum(person.is_connected for person in self._engines)

    def _take(self, settings: Settings) -> PersonEngine | None:
        for person in self._engines:
            if person.settings.same_login(settings):
                self._engines.remove(person)
                return person
        return None


def _now() -> float:
    return time.clock_gettime(_CLOCK)
