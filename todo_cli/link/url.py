"""Connection URLs as texts: what is one, what of it may be shown, its login, Neon's two hosts.

libpq's own parser says what a URL means. What is changed is cut out of the text and the rest kept
byte for byte; what TLS it gets is in tls.py.
"""

import os
import re
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from todo_cli.errors import UsageError

_HINT: Final = "a connection URL looks like postgresql://name@host/database"

# What may be shown. A part that looks otherwise may hold a piece of a password that was not
# percent-encoded; then nothing is shown at all.
_HOST: Final = re.compile(r"[A-Za-z0-9._:,/%-]*")
_PORT: Final = re.compile(r"[0-9,]*")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]*")

# Where libpq divides a URL: "PostgreSQL: Connection URIs". "#" means nothing to it, and a login
# goes as far as the first "@" before a "/".
_URL: Final = re.compile(r"(postgres(?:ql)?://)([^@/]*@)?([^/?]*)(/[^?]*)?(\?.*)?", re.DOTALL)

# An endpoint of Neon: its pooler is the same name with "-pooler", on the same port.
_NEON: Final = re.compile(
    r"(ep-[a-z0-9-]+?)((?:-pooler)*)((?:\.[a-z0-9-]+)+\.neon\.tech\.?)", re.IGNORECASE
)
# What names a file ("PostgreSQL: Parameter Key Words"); "system" is none.
_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "passfile")
_BETWEEN_HOSTS: Final = re.compile(r"(,|:|%2c)", re.IGNORECASE)


def check(url: str) -> str:
    """Give the URL as it is when libpq can read it as one.

    Raises UsageError, which never repeats the URL: there may be a password in it. So do all
    functions here that take a URL, but for `redact`.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise UsageError("the database URL does not begin with postgresql://", _HINT)
    match = _URL.fullmatch(url)
    if match is not None and "@" in f"{match[3]}{match[4]}":
        # Else a piece of a password would be looked up as a host, and named in an error.
        raise UsageError(
            "the database URL has an @ too many, or one after a /",
            "in a password write @ as %40 and / as %2F, as in every URL",
        )
    parts = _parse(url)
    if parts is None or not _PORT.fullmatch(parts.get("port", "")):
        raise _unreadable()
    return url


def parse(url: str) -> dict[str, str]:
    """Give the parameters that stand in a URL, decoded, under libpq's names. Raises UsageError."""
    parts = _parse(check(url))
    if parts is None:
        raise _unreadable()
    return parts


def redact(url: str) -> str:
    """Give host, port and database of a URL, as libpq reads them: ``postgresql://host:5432/name``.

    What cannot be read for certain is ``postgresql://...``.
    """
    parts = _parse(url) or {"host": "?"}
    host, port, name = (parts.get(each, "") for each in ("host", "port", "dbname"))
    if not (_HOST.fullmatch(host) and _PORT.fullmatch(port) and _NAME.fullmatch(name)):
        return "postgresql://..."
    return f"postgresql://{host}{f':{port}' if port else ''}/{name}"


def host_of(url: str) -> str | None:
    """Give the host, or several with commas between, to be shown. Raises UsageError.

    None where the URL leaves it to libpq, or where it may be a piece of a password.
    """
    return _shown(parse(url).get("host"), _HOST)


def user_of(url: str) -> str | None:
    """Give the role that logs in; None where the URL leaves it to libpq. Raises UsageError."""
    return parse(url).get("user") or None


def password_of(url: str) -> str | None:
    """Give the password that stands in the URL, decoded, or None. Raises UsageError."""
    return parse(url).get("password") or None


def without_password(url: str) -> str:
    """Give the URL without its password, in the login or in the query. Raises UsageError."""
    pieces = _split(url)
    user = pieces.login.rstrip("@").partition(":")[0]
    changed = pieces._replace(login=user + "@" if pieces.login else "")
    return _join(changed.without("password"), _known(url, password=""))


def with_user_and_password(url: str, user: str | None, password: str) -> str:
    """Give the URL with this login, percent-encoded, in place of its own.

    No user leaves that to libpq, no password to PGPASSFILE. Raises UsageError, also for what
    cannot be in a URL: a NUL, or what is not UTF-8.
    """
    user = user or ""
    if not (_is_utf8(user) and _is_utf8(password)):
        raise _unreadable()
    login = f"{quote(user, safe='')}{':' * bool(password)}{quote(password, safe='')}@"
    changed = _split(url)._replace(login=login).without("user", "password")
    return _join(changed, _known(url, user=user, password=password))


def with_whole_paths(url: str) -> str:
    """Give the URL with the names of its files from the root on. Raises UsageError."""
    pieces = _split(url)
    items = [_with_whole_path(item) for item in pieces.query[1:].split("&")]
    return "".join(pieces._replace(query=pieces.query[:1] + "&".join(items)))


def _with_whole_path(item: str) -> str:
    name, equals, value = item.partition("=")
    path = unquote(value)
    if unquote(name) not in _FILES or path in ("", "system"):
        return item
    return name + equals + (value if os.path.isabs(path) else quote(os.path.abspath(path)))  # noqa: PTH100, PTH117 - texts


def is_pooled(url: str) -> bool:
    """Tell whether a host in the URL is a connection pooler of Neon's. Raises UsageError."""
    return has_pooler(parse(url).get("host", ""))


def is_neon(hosts: str) -> bool:
    """Tell whether one of these hosts, with commas between, is an endpoint of Neon's."""
    return any(_NEON.fullmatch(host) for host in hosts.split(","))


def has_pooler(hosts: str) -> bool:
    """Tell whether one of these hosts, with commas between, is a connection pooler of Neon's."""
    found = [_NEON.fullmatch(host) for host in hosts.split(",")]
    return any(match is not None and bool(match[2]) for match in found)


def pooled(url: str) -> str:
    """Give the URL with Neon's poolers in place of its hosts; others stay. Raises UsageError.

    For daily use. A URL with ``options``, which no pooler takes, stays as it is.
    """
    if parse(url).get("options"):
        return url
    return _with_hosts(url, lambda match: f"{match[1]}-pooler{match[3]}")


def direct(url: str) -> str:
    """Give the URL with Neon's hosts without their pooler; others stay. Raises UsageError.

    For migrations, pg_dump, LISTEN and everything else that needs a session of its own.
    """
    return _with_hosts(url, lambda match: match[1] + match[3])


class _Pieces(NamedTuple):
    """A URL cut up; put together again it is the same text."""

    scheme: str
    login: str  # with its "@"
    hosts: str  # with their ports
    database: str  # with its "/"
    query: str  # with its "?"

    def without(self, *names: str) -> "_Pieces":
        """Leave parameters of the query out, however they are written."""
        items = self.query[1:].split("&")
        kept = [item for item in items if unquote(item.partition("=")[0]) not in names]
        return self if kept == items else self._replace(query="?" * bool(kept) + "&".join(kept))


def _with_hosts(url: str, change: Callable[[re.Match[str]], str]) -> str:
    def changed(hosts: str) -> str:
        return "".join(
            change(match) if (match := _NEON.fullmatch(unquote(part))) else part
            for part in _BETWEEN_HOSTS.split(hosts)
        )

    def changed_item(item: str) -> str:
        name, equals, value = item.partition("=")
        return name + equals + (changed(value) if unquote(name) == "host" else value)

    pieces = _split(url)
    mark, items = pieces.query[:1], pieces.query[1:].split("&")
    query = mark + "&".join(map(changed_item, items))
    return "".join(pieces._replace(hosts=changed(pieces.hosts), query=query))


def _split(url: str) -> _Pieces:
    match = _URL.fullmatch(check(url))
    if match is None:
        raise _unreadable()
    return _Pieces(*match.groups(default=""))


def _join(pieces: _Pieces, meaning: dict[str, str]) -> str:
    """Put a URL together. It is refused where libpq does not take it as it is meant."""
    url = "".join(pieces)
    if _known(url) != meaning:
        raise _unreadable()
    return url


def _known(url: str, **changes: str) -> dict[str, str]:
    return {name: value for name, value in (parse(url) | changes).items() if value}


def _shown(value: str | None, pattern: re.Pattern[str]) -> str | None:
    return value if value and pattern.fullmatch(value) else None


def _is_utf8(text: str) -> bool:
    # Not by encoding it: such an error holds the text, and an error of ours would hold the error.
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _unreadable() -> UsageError:
    return UsageError("the database URL cannot be read", _HINT)


def _parse(url: str) -> dict[str, str] | None:
    """Have libpq take the URL apart; None when it cannot."""
    from psycopg2 import Error  # slow to import, and `todo profile` does not connect
    from psycopg2.extensions import parse_dsn

    if "\0" in url:
        return None  # libpq would see the text before it alone
    try:
        return {name: str(value) for name, value in parse_dsn(url).items()}
    except (Error, UnicodeError):
        return None
