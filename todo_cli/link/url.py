"""Connection URLs: what is one, what of it may be shown, its login, Neon's two hosts.

libpq's own parser says what a URL means. What is changed is cut out of the text and the rest kept
byte for byte; what TLS it gets is in tls.py.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, Self
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


class Parameters(dict[str, str]):
    """What libpq is told, by its own names. A password may be among it: only names are shown."""

    def __repr__(self) -> str:
        """Show the names alone."""
        return f"Parameters({', '.join(self)})"


@dataclass(frozen=True)
class ConnectionUrl:
    """A connection URL, of which nothing secret is shown unless `reveal` is called.

    It is made where one enters the program, and parsed once, when that is first needed. Then, if
    libpq cannot read it, everything but `reveal`, `names_service` and the text to be shown raises
    UsageError, which never repeats the URL: there may be a password in it.
    """

    _text: str

    def reveal(self) -> str:
        """Give the text as it is, which may hold a password: for libpq, and to be kept."""
        return self._text

    def __str__(self) -> str:
        """Give host, port and database, as libpq reads them: ``postgresql://host:5432/name``.

        What cannot be read for certain is ``postgresql://...``.
        """
        parts = {"host": "?"} if self._parsed is None else self._parsed
        host, port, name = (parts.get(each, "") for each in ("host", "port", "dbname"))
        if not (_HOST.fullmatch(host) and _PORT.fullmatch(port) and _NAME.fullmatch(name)):
            return "postgresql://..."
        return f"postgresql://{host}{f':{port}' if port else ''}/{name}"

    def __repr__(self) -> str:
        """Show what `str` does."""
        return f"ConnectionUrl({self})"

    def check(self) -> Self:
        """Give the URL itself when libpq can read it as one. Raises UsageError."""
        _ = self.parameters
        return self

    @cached_property
    def parameters(self) -> Parameters:
        """The parameters that stand in the URL, decoded, under libpq's names."""
        if not self._text.startswith(("postgresql://", "postgres://")):
            raise UsageError("the database URL does not begin with postgresql://", _HINT)
        match = _URL.fullmatch(self._text)
        if match is not None and "@" in f"{match[3]}{match[4]}":
            # Else a piece of a password would be looked up as a host, and named in an error.
            raise UsageError(
                "the database URL has an @ too many, or one after a /",
                "in a password write @ as %40 and / as %2F, as in every URL",
            )
        parts = self._parsed
        if parts is None or not _PORT.fullmatch(parts.get("port", "")):
            raise _unreadable()
        return parts

    @property
    def host(self) -> str | None:
        """The host, or several with commas between, to be shown.

        None where the URL leaves it to libpq, or where it may be a piece of a password.
        """
        host = self.parameters.get("host")
        return host if host and _HOST.fullmatch(host) else None

    @property
    def user(self) -> str | None:
        """The role that logs in; None where the URL leaves it to libpq."""
        return self.parameters.get("user") or None

    @property
    def has_password(self) -> bool:
        """Whether a password stands in the URL."""
        return self.reveal_password() is not None

    def reveal_password(self) -> str | None:
        """Give the password that stands in the URL, decoded, or None."""
        return self.parameters.get("password") or None

    @property
    def names_service(self) -> bool:
        """Whether the URL leaves it to a service file of libpq's which database is meant."""
        return "service=" in self._text  # or so it seems: asked before each command

    @property
    def is_pooled(self) -> bool:
        """Whether a host in the URL is a connection pooler of Neon's."""
        return has_pooler(self.parameters.get("host", ""))

    def without_password(self) -> "ConnectionUrl":
        """Give the URL without its password, in the login or in the query."""
        pieces = self._pieces()
        user = pieces.login.rstrip("@").partition(":")[0]
        changed = pieces._replace(login=user + "@" if pieces.login else "")
        return self._meaning(changed.without("password"), password="")

    def with_login(self, user: str | None, password: str) -> "ConnectionUrl":
        """Give the URL with this login, percent-encoded, in place of its own.

        No user leaves that to libpq, no password to PGPASSFILE. Raises UsageError for what cannot
        be in a URL: a NUL, or what is not UTF-8.
        """
        user = user or ""
        if not (_is_utf8(user) and _is_utf8(password)):
            raise _unreadable()
        login = f"{quote(user, safe='')}{':' * bool(password)}{quote(password, safe='')}@"
        changed = self._pieces()._replace(login=login).without("user", "password")
        return self._meaning(changed, user=user, password=password)

    def with_whole_paths(self) -> "ConnectionUrl":
        """Give the URL with the names of its files from the root on."""
        return self._changed(self._pieces().each(_with_whole_path))

    def with_query(self, change: Callable[[list[str]], Iterable[str]]) -> "ConnectionUrl":
        """Give the URL with other parameters in its query; ``change`` has them as they stand."""
        pieces = self._pieces()
        query = "&".join(change(pieces.query[1:].split("&")))
        return self._changed(pieces._replace(query="?" * bool(query) + query))

    def pooled(self) -> "ConnectionUrl":
        """Give the URL with Neon's poolers in place of its hosts; others stay.

        For daily use. A URL with ``options``, which no pooler takes, stays as it is.
        """
        if self.parameters.get("options"):
            return self
        return self._with_hosts(lambda match: f"{match[1]}-pooler{match[3]}")

    def direct(self) -> "ConnectionUrl":
        """Give the URL with Neon's hosts without their pooler; others stay.

        For migrations, pg_dump, LISTEN and everything else that needs a session of its own.
        """
        return self._with_hosts(lambda match: match[1] + match[3])

    def _with_hosts(self, change: Callable[[re.Match[str]], str]) -> "ConnectionUrl":
        def changed(hosts: str) -> str:
            return "".join(
                change(match) if (match := _NEON.fullmatch(unquote(part))) else part
                for part in _BETWEEN_HOSTS.split(hosts)
            )

        def changed_item(item: str) -> str:
            name, equals, value = item.partition("=")
            return name + equals + (changed(value) if unquote(name) == "host" else value)

        pieces = self._pieces().each(changed_item)
        return self._changed(pieces._replace(hosts=changed(pieces.hosts)))

    def _pieces(self) -> "_Pieces":
        match = _URL.fullmatch(self.check().reveal())
        if match is None:
            raise _unreadable()
        return _Pieces(*match.groups(default=""))

    def _changed(self, pieces: "_Pieces") -> "ConnectionUrl":
        text = "".join(pieces)
        return self if text == self._text else ConnectionUrl(text)

    def _meaning(self, pieces: "_Pieces", **changes: str) -> "ConnectionUrl":
        """Put a URL together. It is refused where libpq does not take it as it is meant."""
        made = self._changed(pieces)
        if _known(made.parameters) != _known(self.parameters | changes):
            raise _unreadable()
        return made

    @cached_property
    def _parsed(self) -> Parameters | None:
        """What libpq takes the text for; None when it cannot take it apart."""
        from psycopg2 import Error  # slow to import, and `todo profile` does not connect
        from psycopg2.extensions import parse_dsn

        if "\0" in self._text:
            return None  # libpq would see the text before it alone
        try:
            return Parameters({name: str(value) for name, value in parse_dsn(self._text).items()})
        except (Error, UnicodeError):
            return None


NO_URL: Final = ConnectionUrl("")  # where there is none, and none is asked for


def is_neon(hosts: str) -> bool:
    """Tell whether one of these hosts, with commas between, is an endpoint of Neon's."""
    return any(_NEON.fullmatch(host) for host in hosts.split(","))


def has_pooler(hosts: str) -> bool:
    """Tell whether one of these hosts, with commas between, is a connection pooler of Neon's."""
    found = [_NEON.fullmatch(host) for host in hosts.split(",")]
    return any(match is not None and bool(match[2]) for match in found)


class _Pieces(NamedTuple):
    """A URL cut up; put together again it is the same text."""

    scheme: str
    login: str  # with its "@"
    hosts: str  # with their ports
    database: str  # with its "/"
    query: str  # with its "?"

    def each(self, change: Callable[[str], str]) -> "_Pieces":
        """Change the parameters of the query, one by one."""
        items = map(change, self.query[1:].split("&"))
        return self._replace(query=self.query[:1] + "&".join(items))

    def without(self, *names: str) -> "_Pieces":
        """Leave parameters of the query out, however they are written."""
        items = self.query[1:].split("&")
        kept = [item for item in items if unquote(item.partition("=")[0]) not in names]
        return self if kept == items else self._replace(query="?" * bool(kept) + "&".join(kept))


def _with_whole_path(item: str) -> str:
    name, equals, value = item.partition("=")
    path = unquote(value)
    if unquote(name) not in _FILES or path in ("", "system"):
        return item
    return name + equals + (value if os.path.isabs(path) else quote(os.path.abspath(path)))  # noqa: PTH100, PTH117 - texts


def _known(parameters: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value}


def _is_utf8(text: str) -> bool:
    # Not by encoding it: such an error holds the text, and an error of ours would hold the error.
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _unreadable() -> UsageError:
    return UsageError("the database URL cannot be read", _HINT)
