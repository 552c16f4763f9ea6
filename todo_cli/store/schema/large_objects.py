"""Large objects of PostgreSQL: whoever may connect can make some, and this program never does.

The owner of the database cannot read those of others, so a dump that takes them in fails. Members
can make them in the name of a group as well, which outlives every one of them.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from psycopg2 import sql
from sqlalchemy import Connection, Engine

from todo_cli.domain.database import LargeObjects
from todo_cli.link.errors import in_our_words
from todo_cli.store.schema.attempts import run

GROUPS: Final = ("todo_member", "todo_auditor", "todo_invited", "todo_definer")
_AT_ONCE: Final = 500  # one transaction can lock some thousand objects

STRAY: Final = """
SELECT pg_get_userbyid(lomowner), count(*)
  FROM pg_largeobject_metadata JOIN pg_database ON datname = current_database()
 WHERE lomowner <> datdba GROUP BY 1 ORDER BY 1
"""
# Those of people who can log in are theirs, and go with them.
_NOBODYS: Final = """
SELECT DISTINCT pg_get_userbyid(lomowner)::text
  FROM pg_largeobject_metadata JOIN pg_roles r ON r.oid = lomowner
 WHERE rolname IN ('todo_member', 'todo_auditor', 'todo_invited', 'todo_definer')
    OR rolname ~ '^todo_[0-9a-f]{24}_invitation$' OR rolname ~ '^todo_removed_[0-9a-f]{24}$'
"""
_FEW: Final = """
SELECT m.oid FROM pg_largeobject_metadata m JOIN pg_roles r ON r.oid = lomowner
 WHERE rolname = %s LIMIT %s
"""
_UNLINK: Final = f"SELECT count(lo_unlink(oid)) FROM ({_FEW}) AS few"  # noqa: S608 - a constant
_BELONGS: Final = "SELECT pg_has_role(oid, 'USAGE') FROM pg_roles WHERE rolname = %s"


def stray(connection: Connection) -> tuple[LargeObjects, ...]:
    """Give how many there are of each role but the database's owner."""
    rows: Iterable[Any] = run(connection, STRAY)
    return tuple(LargeObjects(role=role, count=count) for role, count in rows)


def drop_nobodys(owner: Engine) -> tuple[LargeObjects, ...]:
    """Drop those of the groups, of invitations and of people who were removed."""
    with _transaction(owner) as connection:
        roles = [role for (role,) in run(connection, _NOBODYS)]
    return drop(owner, roles)


def drop(owner: Engine, roles: Iterable[str]) -> tuple[LargeObjects, ...]:
    """Drop those of some roles, which may be gone; give how many there were."""
    counts = dict.fromkeys(roles, 0)
    for role in counts:
        while dropped := _drop_some(owner, role):
            counts[role] += dropped
    return tuple(LargeObjects(role=role, count=count) for role, count in counts.items() if count)


def _drop_some(owner: Engine, role: str) -> int:
    """Drop a few of a role's, in a transaction by itself, and give how many.

    The owner has the rights of the role meanwhile, and afterwards those that were there before.
    """
    with _transaction(owner) as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({_FEW}) AS few", [role, 1])  # noqa: S608
            if cursor.fetchone() == (0,):
                return 0
            cursor.execute(_BELONGS, [role])
            (belongs,) = cursor.fetchone()
            name = sql.Identifier(role)
            if not belongs:
                cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
            cursor.execute(_UNLINK, [role, _AT_ONCE])
            (dropped,) = cursor.fetchone()
            if not belongs:
                cursor.execute(sql.SQL("REVOKE {} FROM CURRENT_USER").format(name))
            return int(dropped)


@contextmanager
def _transaction(owner: Engine) -> Iterator[Connection]:
    serious = owner.execution_options(isolation_level="READ COMMITTED")
    with in_our_words(), serious.begin() as connection:
        yield connection
