"""PostgreSQL's dialect for SQLAlchemy, without the questions that it asks of a connection first.

Each of them is a round trip. What they ask for, the server has told the driver while connecting,
or is nothing that this program depends on.
"""

import select
from typing import Any, Final

import psycopg2
from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine.interfaces import DBAPIConnection, IsolationLevel

URL: Final = "postgresql+todo://"


class QuietDialect(PGDialect_psycopg2):
    """Asks nothing when it connects first. SQLAlchemy names these methods for its dialects."""

    supports_statement_cache = True

    def _get_server_version_info(self, connection: Connection) -> tuple[int, int]:
        number: int = _driver(connection).info.server_version
        return divmod(number, 10_000)

    def _get_default_schema_name(self, connection: Connection) -> str:
        return "public"  # every name of ours is qualified

    def get_default_isolation_level(self, dbapi_conn: DBAPIConnection) -> IsolationLevel:
        """Give what PostgreSQL's own default is."""
        return "READ COMMITTED"

    def _set_backslash_escapes(self, connection: Connection) -> None:
        status = _driver(connection).info.parameter_status("standard_conforming_strings")
        self._backslash_escapes = status == "off"

    def do_ping(self, dbapi_connection: DBAPIConnection) -> bool:
        """Tell whether an idle connection can be used, by looking at its socket.

        A server that has hung up makes it readable; nothing else is sent to a client that has
        asked nothing. What this cannot see is found out by the first statement, and repeated.
        """
        try:
            connection: Any = dbapi_connection  # the driver's own has a descriptor
            return not select.select([connection], [], [], 0)[0]
        except (psycopg2.Error, OSError, ValueError):  # closed on our side
            return False


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


registry.register("postgresql.todo", __name__, QuietDialect.__name__)
