"""What `todo doctor` asks: the network on the way to a server, then the server itself.

Nothing here changes anything. Each question waits as long as the network lets it: who asks sets
the limit.
"""

import os
import socket
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from psycopg2 import extensions

from todo_cli.errors import UnavailableError
from todo_cli.link.connect import open_connection
from todo_cli.link.driver import DriverConnection
from todo_cli.link.errors import in_our_words
from todo_cli.link.url import ConnectionUrl
from todo_cli.server.private_files import (
    ANOTHER_FOLDER,
    check_base,
    find_base,
    in_sentences,
    no_foreign_settings,
    socket_parameters,
)
from todo_cli.store.people.roles import DATABASE, PERSON
from todo_cli.store.schema.large_objects import STRAY

Cursor = extensions.cursor

_PORT: Final = "5432"
_PORTS: Final = 65536
_SAMPLES: Final = 5
# "PostgreSQL: Environment Variables", those that say where a server is.
_ENVIRONMENT: Final = {
    "service": "PGSERVICE",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
}

# Ours, or open to ours: an owner may have tables of their own beside them.
_UNGUARDED: Final = """
SELECT relname FROM pg_class
 WHERE relnamespace = to_regnamespace('todo') AND relkind IN ('r', 'p')
   AND NOT (relrowsecurity AND relforcerowsecurity)
   AND (relispartition OR relname IN ('alembic_version', 'users', 'tasks', 'task_events')
        OR has_any_column_privilege(to_regrole('todo_member'), oid, 'SELECT, INSERT, UPDATE')
        OR has_any_column_privilege(to_regrole('todo_auditor'), oid, 'SELECT, INSERT, UPDATE'))
 ORDER BY relname
"""
# What everybody can see of the definitions, and what is wrong in any schema of todo.
_WEAKENED: Final = """
WITH tables AS (
    SELECT c.oid, relname FROM pg_class c
     WHERE relnamespace = to_regnamespace('todo') AND relkind IN ('r', 'p') AND relrowsecurity
)
SELECT format('function %s has no search_path of its own', proname) FROM pg_proc
 WHERE pronamespace = to_regnamespace('todo')
   AND NOT EXISTS (SELECT FROM unnest(proconfig) s WHERE s LIKE 'search_path=pg_catalog%')
 UNION ALL
SELECT format('trigger %s of %s is not enabled as it should be', tgname, relname)
  FROM tables JOIN pg_trigger ON tgrelid = tables.oid
 WHERE tgenabled <> CASE WHEN tgisinternal THEN 'O' ELSE 'A' END
 UNION ALL
SELECT format('constraint %s of %s was never validated', conname, relname)
  FROM tables JOIN pg_constraint ON conrelid = tables.oid WHERE NOT convalidated
 UNION ALL
SELECT format('index %s is invalid', x.relname)
  FROM tables JOIN pg_index ON indrelid = tables.oid JOIN pg_class x ON x.oid = indexrelid
 WHERE NOT (indisvalid AND indisready)
 UNION ALL
SELECT format('there is a rule %s on %s', rulename, relname)
  FROM tables JOIN pg_rewrite ON ev_class = tables.oid
 UNION ALL
SELECT format('%s has no default partition', relname)
  FROM tables JOIN pg_partitioned_table ON partrelid = tables.oid WHERE partdefid = 0
 UNION ALL
SELECT format('view %s shows what its owner may see', relname) FROM pg_class
 WHERE relnamespace = to_regnamespace('todo') AND relkind = 'v'
   AND relname IN ('pending_tasks', 'overdue_tasks')
   AND NOT coalesce(reloptions, '{}') && '{security_invoker=true,security_invoker=on}'
 ORDER BY 1
"""
_UNBOUND: Final = """
SELECT r.rolsuper OR r.rolbypassrls OR pg_has_role(r.oid, d.datdba, 'MEMBER')
  FROM pg_roles r, pg_database d
 WHERE r.rolname = session_user AND d.datname = current_database()
"""


@dataclass(frozen=True)
class Endpoint:
    """One of the servers that a URL names: ``address`` is where it is, a name or an IP address."""

    name: str
    address: str
    port: int

    @property
    def is_name(self) -> bool:
        """Whether the address has to be looked up."""
        with suppress(ValueError):
            return not ip_address(self.address.partition("%")[0])
        return True


def endpoints(url: ConnectionUrl) -> list[Endpoint]:
    """Give the servers that libpq will try, without those on sockets. Raises UsageError.

    There are none where a service file says it.
    """
    environment = {key: os.environ.get(name, "") for key, name in _ENVIRONMENT.items()}
    known = environment | url.parameters
    if known["service"]:
        return []
    names, addresses, ports = (known[key].split(",") for key in ("host", "hostaddr", "port"))
    if len(ports) == 1:
        ports *= max(len(names), len(addresses))
    every = zip_longest(names, addresses, ports, fillvalue="")
    return [
        Endpoint(name or address, address or name, int(port or _PORT))
        for name, address, port in every
        if address or (name and not name.startswith(("/", "@")))
    ]


def look_up(endpoint: Endpoint) -> list[str]:
    """Give the IP addresses of a name. Raises OSError or UnicodeError, in its own time."""
    found = socket.getaddrinfo(endpoint.address, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def knock(endpoint: Endpoint, seconds: float) -> float:
    """Connect and leave; give how many seconds it took. Raises OSError or OverflowError."""
    if not 0 < endpoint.port < _PORTS:
        raise OverflowError  # getaddrinfo would take another one for it
    start = time.perf_counter()
    socket.create_connection((endpoint.address, endpoint.port), timeout=seconds).close()
    return time.perf_counter() - start


def check_private(base: Path) -> None:
    """Raise UnavailableError when a private server is someone else's, or could not be made here."""
    with in_sentences(base):
        if base.is_symlink() or base.exists():
            check_base(base)
            return
        above = next(folder for folder in base.parents if folder.exists())
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            raise UnavailableError(
                f"there is no private PostgreSQL yet, and none can be made in {above}",
                ANOTHER_FOLDER,
            )


def connect_private(data_folder: Path, seconds: float, role: str = PERSON) -> DriverConnection:
    """Connect to the private server whose home this is; it is never started.

    Raises UnavailableError, AuthError.
    """
    base, account = find_base(data_folder)
    parameters = socket_parameters(base, account)
    limit = max(2, round(seconds))
    with no_foreign_settings():
        return open_connection(dbname=DATABASE, user=role, connect_timeout=limit, **parameters)


def tls_of(cursor: Cursor) -> tuple[str | None, str]:
    """Give the version of TLS, None without, and the sslmode that was used."""
    info = cursor.connection.info
    version = info.ssl_attribute("protocol") if info.ssl_in_use else None
    return version, info.dsn_parameters.get("sslmode", "")


def server_version(cursor: Cursor) -> tuple[int, int]:
    """Give the version of the server: major and minor."""
    return divmod(cursor.connection.info.server_version, 10_000)


def is_relayed(cursor: Cursor) -> bool:
    """Tell whether something stands between: a pooler gives process ids of its own."""
    return bool(_ask(cursor, "SELECT pg_backend_pid()") != cursor.connection.info.backend_pid)


def require_schema(cursor: Cursor, revision: str) -> None:
    """Raise SchemaError unless the schema fits this revision, AuthError for who may not ask."""
    with in_our_words():
        _ask(cursor, "SELECT todo.require_revision(%s)", revision)


def unguarded(cursor: Cursor) -> list[str]:
    """Give the tables, partitions too, on which row-level security is not enabled and forced."""
    cursor.execute(_UNGUARDED)
    return [name for (name,) in cursor.fetchall()]


def weakened(cursor: Cursor) -> list[str]:
    """Give what is wrong with the definitions, as far as any login can see it."""
    cursor.execute(_WEAKENED)
    return [words for (words,) in cursor.fetchall()]


def large_objects(cursor: Cursor) -> list[str]:
    """Give how many large objects there are of each role but the database's owner."""
    cursor.execute(STRAY)
    return [f"{count} of {role}" for role, count in cursor.fetchall()]


def is_unbound(cursor: Cursor) -> bool:
    """Tell whether row-level security does not bind the role, or the owner's policies serve it."""
    return bool(_ask(cursor, _UNBOUND))


def server_time(cursor: Cursor) -> datetime:
    """Give the server's clock."""
    found: datetime = _ask(cursor, "SELECT clock_timestamp()")
    return found


def round_trip(cursor: Cursor) -> float:
    """Give how many seconds the way there and back takes: the median of a few."""
    samples = []
    for _ in range(_SAMPLES):
        start = time.perf_counter()
        _ask(cursor, "SELECT 1")
        samples.append(time.perf_counter() - start)
    return statistics.median(samples)


def _ask(cursor: Cursor, query: str, *parameters: Any) -> Any:
    """Give the one value of an answer."""
    cursor.execute(query, parameters)
    [(value,)] = cursor.fetchall()
    return value
