"""Connection URLs: what is one, and what of it may be shown."""

from urllib.parse import urlsplit

from todo_cli.errors import UsageError


def check(url: str) -> str:
    """Give the URL as it is when libpq can read it as one.

    Raises UsageError, which never repeats the URL: there may be a password in it.
    """
    from psycopg2 import ProgrammingError
    from psycopg2.extensions import parse_dsn

    hint = "a connection URL looks like postgresql://name@host/database"
    if not url.startswith(("postgresql://", "postgres://")):
        raise UsageError("the database URL does not begin with postgresql://", hint)
    try:
        parse_dsn(url)
    except (ProgrammingError, UnicodeError):
        raise UsageError("the database URL cannot be read", hint) from None
    return url


def redact(url: str) -> str:
    """Give the URL without its user, password and parameters: ``postgresql://host:5432/name``."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "postgresql://..."
    return f"postgresql://{host}{parts.path}"
