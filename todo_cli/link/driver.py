"""The driver's connection, on which nothing waits longer than it should, or against Ctrl-C.

Inside libpq the driver hears of neither.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import psycopg2
from psycopg2 import extensions

from todo_cli.link.patience import Patience

_Result = TypeVar("_Result")


class DriverConnection(extensions.connection):
    """A connection whose statements, commits and rollbacks wait as long as ``patience`` lets them.

    It is asked before each of them; without it they wait as long as it takes. There is no
    ``__init__`` here: its frame, in an error's traceback, would keep a failed connection open.
    """

    patience: Callable[[], Patience] | None = None
    _ended = False

    def commit(self) -> None:
        """Commit; whether it was done is unknown when the answer is lost."""
        self.send("COMMIT", super().commit)

    def rollback(self) -> None:
        """Roll back. Where the connection was ended, the server has done so, or does.

        In autocommit there is nothing to roll back, and SQLAlchemy does it after each command.
        """
        if not (self._ended or self.autocommit):
            self.send("ROLLBACK", super().rollback)

    def set_isolation_level(self, level: int | None) -> None:
        """Set the isolation level, which may ask the server."""
        if not self._ended:
            self.wait_for(lambda: extensions.connection.set_isolation_level(self, level))

    def wait_for(self, work: Callable[[], _Result]) -> _Result:
        """Wait for something; when that takes too long, or on Ctrl-C, end the connection."""
        if self.patience is None:
            return work()
        return self.patience().wait_for(work, "waiting for the database ...", self._end)

    def send(self, statement: object, work: Callable[[], object]) -> None:
        """Wait for ``work``, which sends a statement, and keep a line of it if people want that."""
        if not os.environ.get("TODO_DEBUG"):
            self.wait_for(work)
            return
        from todo_cli.link import trace  # who does not want it does not wait for it

        repeats = 0 if self.patience is None else self.patience().repeats
        with trace.sent(statement, repeats):
            self.wait_for(work)

    def _end(self) -> None:
        """End the connection in the middle of a statement. The server notices, if it can.

        The driver holds the connection until libpq returns, which it does when the socket is shut.
        Its own cancel() would stop this whole process while a network is stalled.
        """
        self._ended = True
        # It may be over by now, and closed.
        with (
            suppress(psycopg2.Error, OSError),
            socket.socket(fileno=os.dup(self.fileno())) as duplicate,
        ):
            duplicate.shutdown(socket.SHUT_RDWR)


class PatientCursor(extensions.cursor):
    """A cursor of such a connection: its `cursor_factory`."""

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the driver's name
        """Send a statement and wait for its answer."""
        connection: Any = self.connection
        connection.send(query, lambda: super(PatientCursor, self).execute(query, vars))
