"""Connection URLs: what is one, and what of it may be shown."""

import re
from typing import Final

from todo_cli.errors import UsageError

_HINT: Final = "a connection URL looks like postgresql://name@host/database"

# What may be shown. A part that looks otherwise may hold a piece of a password that was not
# percent-encoded; then nothing is shown at all.
_HOST: Final = re.compile(r"[A-Za-z0-9._:,/%-]*")
_PORT: Final = re.compile(r"[0-9,]*")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]*")


def check(url: str) -> str:
    """Give the URL as it is when libpq can read it as one.

    Raises UsageError, which never repeats the URL: there may be a password in it.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise UsageError("the database URL does not begin with postgresql://", _HINT)
    parts = _parse(url)
    if parts is None or not _PORT.fullmatch(parts.get("port", "")):
        raise UsageError("the database URL cannot be read", _HINT)
    return url


def redact(url: str) -> str:
    """Give host, port and database of a URL, as libpq reads them: ``postgresql://host:5432/name``.

    What cannot be read for certain is ``postgresql://...``.
    """
    parts = _parse(url) or {"host": "?"}
    host, port, name = (parts.get(each, "") for each in ("host", "port", "dbname"))
    if not (_HOST.fullmatch(host) and _PORT.fullmatch(port) and _NAME.fullmatch(name)):
        return "postgresql://..."
    return f"postgresql://{host}{f':{port}' if port else ''}/{name}"


def _parse(url: str) -> dict[str, str] | None:
    """Have libpq take the URL apart; None when it cannot."""
    from psycopg2 import ProgrammingError  # slow to import, and `todo profile` does not connect
    from psycopg2.extensions import parse_dsn

    try:
        return {name: str(value) for name, value in parse_dsn(url).items()}
    except (ProgrammingError, UnicodeError):
        return None
