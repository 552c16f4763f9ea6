"""A line in a file for each statement that is sent: what `TODO_DEBUG=FILE` is for.

The columns, parted by tabs: the time in UTC, the process, `agent` or `alone`, the milliseconds that
the answer took, its SQLSTATE (00000 is success, - is no answer), how often the command had tried
again by then, and the statement. Parameters are never written, nor values that stand in it.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

_NO_FILE: Final = ("", "0", "1")  # values of TODO_DEBUG that name none
_SUCCESS: Final = "00000"
_NO_ANSWER: Final = "-"
_HIDDEN: Final = "***"
# As a server keeps it, or as it was given: with SQL's own strings, those of E'' and of $$.
_PASSWORD: Final = re.compile(r"(\bPASSWORD\s+)(?!NULL\b)(E?'(?:[^'\\]|''|\\.)*'|\$\S*)", re.I)

runs_in: str = "alone"  # the agent's workers change it


def path(environ: Mapping[str, str]) -> str | None:
    """Give the file that statements are appended to, None for none."""
    found = environ.get("TODO_DEBUG", "")
    return None if found in _NO_FILE else found


def append(file: str, line: str = "") -> None:
    """Append to a file in one write; one that is not there is made, for ourselves alone.

    Raises OSError.
    """
    # A pipe that nobody reads is not waited for.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    descriptor = os.open(file, flags, 0o600)
    try:
        if line:
            os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


@contextmanager
def sent(statement: object, repeats: int = 0) -> Iterator[None]:
    """Note a statement, which the block sends, if people want it. Raises what the block raises.

    ``statement`` is what the driver takes: a text, or one of `psycopg2.sql`.
    """
    file = path(os.environ)
    if file is None:
        yield
        return
    moment, begin, state = datetime.now(UTC), time.perf_counter(), _NO_ANSWER
    try:
        yield
        state = _SUCCESS
    except Exception as error:
        state = getattr(error, "pgcode", None) or _NO_ANSWER
        raise
    finally:
        took = f"{1000 * (time.perf_counter() - begin):.3f}"
        when = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        cells = (when, str(os.getpid()), runs_in, took, state, str(repeats), _shown(statement))
        with suppress(OSError):  # people have been told once
            append(file, "\t".join(cells))


def _shown(statement: Any) -> str:
    """Give a statement in one line, without values."""
    from todo_cli.domain.text import flat

    text = statement if isinstance(statement, str) else _without_literals(statement)
    return flat(_PASSWORD.sub(rf"\1{_HIDDEN}", text))


def _without_literals(statement: Any) -> str:
    from psycopg2 import sql

    match statement:
        case sql.Composed():
            return "".join(map(_without_literals, statement.seq))
        case sql.SQL():
            return statement.string
        case sql.Identifier():
            return ".".join(f'"{name}"' for name in statement.strings)
        case bytes():
            return statement.decode(errors="replace")
        case _:
            return _HIDDEN
