"""Opening connections: within a deadline, again where that may help, and what a failure means."""

import math
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import psycopg2
from psycopg2 import extensions
from psycopg2.extensions import parse_dsn

from todo_cli.errors import AuthError, TodoError, UnavailableError
from todo_cli.store import url as urls
from todo_cli.store.patience import Patience

DriverConnection = extensions.connection
Connect = Callable[[], DriverConnection]

_ATTEMPT: Final = 10.0  # seconds for one attempt: a lost packet leaves time for another

_REFUSALS: Final = (
    "authentication failed",
    "not permitted to log in",
    "permission denied",
    "pg_hba.conf",
    "no such user",  # PgBouncer
)

# What passes: a server that starts or stops, a network that cuts, too many at once. Those of Neon's
# proxy come under one SQLSTATE, XX000, and libpq gives none for a failed connection: so by text.
_PASSING: Final = (
    "the database system is",
    "server closed the connection",
    "terminating connection",
    "SSL connection has been closed",
    "SSL SYSCALL error",
    "SSL error: unexpected eof",
    "Connection reset",
    "Broken pipe",
    "could not receive data",
    "could not send data",
    "timeout expired",
    "too many clients",
    "too many connections",
    "Too many connections",
    "remaining connection slots",
    "no more connections allowed",  # PgBouncer
    "server login has been failing",
    "query_wait_timeout",
    "Failed to acquire permit",  # Neon's proxy
    "Couldn't connect to compute node",
)


def connect_url(dsn: str, patience: Patience) -> DriverConnection:
    """Open a connection whose statements wait no longer than ``patience``, nor does this.

    libpq reads the DSN itself, so that its services, several hosts and PGPASSFILE work. Raises
    AuthError, and UnavailableError where trying again is no use or the time is over.
    """
    known = parse_dsn(dsn)
    waking = urls.is_neon(known.get("host", ""))
    meanwhile = "waking the database ..." if waking else "waiting for the database ..."
    while True:
        attempt = partial(open_connection, dsn, **_limit(known, patience))
        try:
            connection = patience.wait_for(attempt, meanwhile, _leave)
        except UnavailableError as error:
            # A server that was there a moment ago comes back.
            error.passing = error.passing or patience.asked
            patience.pause_after(error)
        else:
            return make_patient(connection, patience)


def make_patient(connection: DriverConnection, patience: Patience) -> DriverConnection:
    """Have a connection's statements wait no longer than ``patience``, and end with Ctrl-C."""

    def cursor(*arguments: Any, **named: Any) -> _PatientCursor:
        made = _PatientCursor(*arguments, **named)
        made.patience = patience
        return made

    connection.cursor_factory = cursor
    return connection


def open_connection(dsn: str = "", **parameters: Any) -> DriverConnection:
    """Open a driver connection. Raises our errors in place of the driver's."""
    try:
        connection: DriverConnection = psycopg2.connect(
            dsn,
            application_name="todo",
            client_encoding="UTF8",  # whatever PGCLIENTENCODING says
            **parameters,
        )
    except psycopg2.OperationalError as error:
        raise connection_error(str(error)) from None
    return connection


def connection_error(text: str) -> TodoError:
    """Turn libpq's words for a failed connection into our error. It gives no SQLSTATE here.

    The last of several hosts speaks for all of them.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason given"]
    failed = [line for line in lines if "failed:" in line or "could not" in line] or lines
    reason = failed[-1].rpartition("failed:")[2]
    said = reason.lstrip().startswith(("FATAL:", "ERROR:"))  # by a server, or by Neon's proxy
    reason = reason.replace("FATAL:", "").replace("ERROR:", "").strip()
    unknown_role = reason.startswith("role ") and reason.endswith("does not exist")
    if said and (unknown_role or any(words in reason for words in _REFUSALS)):
        return AuthError(f"the database refused the login: {reason}")
    own_ca = "a server with a CA of its own needs sslrootcert=FILE in the URL"
    hint = own_ca if "certificate verify failed" in reason else None
    return UnavailableError(f"cannot reach the database: {reason}", hint, passing=passes(reason))


def passes(reason: str) -> bool:
    """Tell whether what a server, a pooler or libpq says may be over in a moment."""
    return any(words in reason for words in _PASSING)


class _PatientCursor(extensions.cursor):
    """A cursor whose statements end with the patience of its connection."""

    patience: Patience

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - the driver's name
        """Send a statement and wait for its answer. Raises the driver's errors too."""
        self.patience.asked = True
        self.patience.wait_for(
            lambda: super(_PatientCursor, self).execute(query, vars),
            "waiting for the database ...",
            lambda: _end(self.connection),
        )


def _limit(known: dict[str, Any], patience: Patience) -> dict[str, int]:
    """Give libpq's limit for one host: it tries several one after the other, if there are."""
    if "connect_timeout" in known or math.isinf(patience.left):
        return {}
    hosts = max(known.get(name, "").count(",") for name in ("host", "hostaddr")) + 1
    return {"connect_timeout": max(2, math.ceil(min(_ATTEMPT, patience.left / hosts)))}


def _end(connection: DriverConnection) -> None:
    """End a connection in the middle of a statement. The server notices, and ends that too.

    The driver holds the connection until libpq returns, which it does when the socket is shut.
    Its own cancel() would stop this whole process while a network is stalled.
    """
    # It may be over by now, and closed.
    with (
        suppress(psycopg2.Error, OSError),
        socket.socket(fileno=os.dup(connection.fileno())) as duplicate,
    ):
        duplicate.shutdown(socket.SHUT_RDWR)


def _leave() -> None:
    """Leave an attempt to connect to its thread: it ends with libpq's own limit."""
