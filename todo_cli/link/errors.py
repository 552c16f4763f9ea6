"""What the driver, libpq or a server says becomes an error of ours here, and nowhere else.

Here is what means the same to everybody. What the database says of tasks, people or its schema is
not known here: those topics of the store `register` their SQLSTATEs when they are imported.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg2

from todo_cli import client
from todo_cli.domain.text import said
from todo_cli.errors import AuthError, TodoError, UnavailableError
from todo_cli.link.patience import out_of_time

if TYPE_CHECKING:
    from sqlalchemy import ExceptionContext

IN_DOUBT: Final = client.IN_DOUBT

# SQLSTATEs (PostgreSQL manual, Appendix A) and classes of them that mean the same to people.
_UNREACHABLE: Final = ("08", "57P", "53", "58", "XX")
# What passes, beside what says so by its text: lost connections, a server that goes down or comes
# up, too many connections, and two commands in each other's way.
_PASSING: Final = ("08", "57P", "53300", "40001", "40P01")
_OURS: Final = "TD"  # the class of the SQLSTATEs that the migrations have made up

_REFUSALS: Final = (
    "authentication failed",
    "not permitted to log in",
    "permission denied",
    "pg_hba.conf",
    "no such user",  # PgBouncer
)

# What passes: a server that starts or stops, a network that cuts, too many at once. Those of Neon's
# proxy come under one SQLSTATE, XX000, and libpq gives none for a failed connection: so by text.
_PASSING_WORDS: Final = (
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
    "Temporary failure in name resolution",
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


@dataclass(frozen=True)
class Refusal:
    """What a server says of a statement that it does not carry out; "" for what it leaves out.

    ``message`` may be shown on a terminal, ``detail`` may not.
    """

    state: str
    message: str
    detail: str
    constraint: str


Meanings = Mapping[str, Callable[[Refusal], TodoError]]
_NONE: Final[Meanings] = {}
_registered: dict[str, Callable[[Refusal], TodoError]] = {}


def register(meanings: Meanings) -> None:
    """Say once for all what SQLSTATEs mean, or constraints that a statement would have broken."""
    _registered.update(meanings)


@contextmanager
def in_our_words(meanings: Meanings = _NONE, *, secret: bool = False) -> Iterator[None]:
    """Raise our errors in place of the driver's, where SQLAlchemy lets its own through.

    ``meanings`` are those that SQLSTATEs have in this piece of work alone. ``secret`` when a
    statement holds a password: the driver's error can quote it, and then no traceback shows it.
    """
    try:
        yield
    except psycopg2.Error as error:
        raise driver_error(error, meanings) from (None if secret else error)


@contextmanager
def while_connecting() -> Iterator[None]:
    """Raise our errors in place of the driver's for a connection that cannot be opened."""
    try:
        yield
    except psycopg2.OperationalError as error:
        raise connection_error(str(error)) from None
    except UnicodeDecodeError as error:  # a server that speaks another encoding at the door
        raise connection_error(error.object.decode("utf-8", "replace")) from None


def translate(context: "ExceptionContext") -> None:
    """Raise our error in place of one that SQLAlchemy has wrapped: for its event handle_error."""
    error = context.original_exception
    if isinstance(error, psycopg2.Error):
        raise driver_error(error) from (context.sqlalchemy_exception or error)


def driver_error(error: psycopg2.Error, meanings: Meanings = _NONE) -> TodoError:
    """Turn an error of the driver into ours, by its SQLSTATE."""
    given = error.diag
    refusal = Refusal(
        state=error.pgcode or "",
        message=said(given.message_primary or "the connection was lost"),
        detail=given.message_detail or "",
        constraint=given.constraint_name or "",
    )
    known = {**_registered, **meanings}
    make = known.get(refusal.state) or known.get(refusal.constraint) or _in_general
    return make(refusal)


def connection_error(text: str) -> TodoError:
    """Turn libpq's words for a failed connection into our error. It gives no SQLSTATE here.

    The last of several hosts speaks for all of them.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason given"]
    failed = [line for line in lines if "failed:" in line or "could not" in line] or lines
    reason = failed[-1].rpartition("failed:")[2]
    is_answer = reason.lstrip().startswith(("FATAL:", "ERROR:"))  # by a server, or by Neon's proxy
    reason = said(reason.replace("FATAL:", "").replace("ERROR:", "").strip())
    unknown_role = reason.startswith("role ") and reason.endswith("does not exist")
    if is_answer and (unknown_role or any(words in reason for words in _REFUSALS)):
        return AuthError(f"the database refused the login: {reason}")
    own_ca = "a server with a CA of its own needs sslrootcert=FILE in the URL"
    hint = own_ca if "certificate verify failed" in reason else None
    return UnavailableError(f"cannot reach the database: {reason}", hint, passing=passes(reason))


def _in_general(refusal: Refusal) -> TodoError:
    state, message = refusal.state, refusal.message
    if state.startswith(_OURS):  # made up by a newer program
        return TodoError(f"the database refused it: {state}")
    if state == "42501" or state.startswith("28"):
        return AuthError(f"the database does not allow it: {message}")
    if state == "25006":
        return UnavailableError(f"the database is read-only: {message}")
    if state == "53100":
        return UnavailableError(f"the database has no room left: {message}")
    if state == "57014":
        return out_of_time(passing=False)  # and it was not done
    if not state or state.startswith((*_UNREACHABLE, *_PASSING)):
        passing = not state or state.startswith(_PASSING) or passes(message)
        return UnavailableError(f"the database cannot answer: {message}", passing=passing)
    return TodoError(f"the database refused it: {message}")


def passes(reason: str) -> bool:
    """Tell whether what a server, a pooler or libpq says may be over in a moment."""
    return any(words in reason for words in _PASSING_WORDS)
