"""Login roles of people and of invitations: made, opened, closed and dropped by the owner.

``cursor`` is the owner's, inside a transaction; ``owner`` is the owner's engine.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg2 import errors, sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlalchemy import Engine

from todo_cli.domain.roles import Role
from todo_cli.errors import ConflictError

INVITATION_DAYS: Final = 7

# One person can use up neither the 100 connections that a server has by default nor, with an
# invitation that went astray, a part of them worth mentioning.
_PERSON_CONNECTIONS: Final = 50
_INVITATION_CONNECTIONS: Final = 3

_PREPARED: Final = (
    "SELECT gid FROM pg_prepared_xacts WHERE owner = %s AND database = current_database()"
)


@dataclass(frozen=True)
class Login:
    """What an invitation logs in with."""

    role: str
    password: str
    valid_until: datetime

    def __repr__(self) -> str:
        """Show no password."""
        return f"Login({self.role!r})"


def make(cursor: Cursor, kind: Role) -> str:
    """Make a person's role, which nobody can log in with yet, and give its name.

    Everybody on the server can read it, so it tells nothing.
    """
    role = f"todo_{secrets.token_hex(12)}"
    cursor.execute(
        sql.SQL("CREATE ROLE {} NOLOGIN CONNECTION LIMIT {} IN ROLE {}").format(
            sql.Identifier(role),
            sql.Literal(_PERSON_CONNECTIONS),
            sql.Identifier(f"todo_{kind.value}"),
        )
    )
    return role


def invite(cursor: Cursor, role: str) -> Login:
    """Make the role of an invitation to a person's role, in place of an earlier one.

    The password is sent as it is, not as a hash, which some hosts refuse.
    """
    drop(cursor, invitation_role(role))
    cursor.execute(
        "SELECT date_trunc('second', now()) + make_interval(days => %s)", [INVITATION_DAYS]
    )
    login = Login(invitation_role(role), secrets.token_urlsafe(32), only(cursor))
    cursor.execute(
        sql.SQL(
            "CREATE ROLE {} LOGIN PASSWORD {} VALID UNTIL {} CONNECTION LIMIT {} "
            "IN ROLE todo_invited"
        ).format(
            sql.Identifier(login.role),
            sql.Literal(login.password),
            sql.Literal(login.valid_until.isoformat()),
            sql.Literal(_INVITATION_CONNECTIONS),
        )
    )
    return login


def invitation_role(role: str) -> str:
    """Give the name of a person's invitation, which todo.users forgets when it is accepted."""
    return f"{role}_invitation"


def allow_login(cursor: Cursor, role: str, *, allowed: bool) -> None:
    """Give a role its login or take it away. One that is gone has none to take.

    Raises ConflictError when there is no role to give it to.
    """
    if exists(cursor, role):
        statement = "ALTER ROLE {} LOGIN" if allowed else "ALTER ROLE {} NOLOGIN"
        cursor.execute(sql.SQL(statement).format(sql.Identifier(role)))
    elif allowed:
        raise ConflictError("the login role is gone", "todo user reset makes a new one")


def join(cursor: Cursor, role: str) -> None:
    """Become a member of a role: since PostgreSQL 16 its maker has no right but to do this."""
    cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def roll_back_prepared(owner: Engine, role: str) -> None:
    """Roll back what somebody has prepared for a two-phase commit, which outlives their sessions.

    Servers allow it only on request. It holds locks until it ends, and only its role may end it.
    """
    with owner.connect() as connection:  # outside a transaction, as PostgreSQL wants it
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor:
            cursor.execute(_PREPARED, [role])
            for (name,) in cursor.fetchall():
                join(cursor, role)
                cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
                with suppress(errors.UndefinedObject):  # it has just ended
                    cursor.execute("ROLLBACK PREPARED %s", [name])
                cursor.execute("RESET ROLE")


def drop(cursor: Cursor, role: str) -> str | None:
    """Drop a role with what it owns here; give its new name when it had to be kept.

    Something in another database may belong to it, where no owner of this one gets at it; or it
    owns more than one transaction can lock, though its large objects have gone before. It then has
    no login, no password and no rights.
    """
    if not exists(cursor, role):
        return None
    name = sql.Identifier(role)
    join(cursor, role)
    cursor.execute("SAVEPOINT before")
    try:
        cursor.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(name))
    except (errors.DependentObjectsStillExist, errors.OutOfMemory):
        cursor.execute("ROLLBACK TO SAVEPOINT before")
    else:
        return None
    kept = f"todo_removed_{secrets.token_hex(12)}"
    cursor.execute(
        sql.SQL(
            "REVOKE todo_member, todo_auditor, todo_invited FROM {0}; "
            "ALTER ROLE {0} NOLOGIN PASSWORD NULL; ALTER ROLE {0} RENAME TO {1}"
        ).format(name, sql.Identifier(kept))
    )
    return kept


def exists(cursor: Cursor, role: str) -> bool:
    """Tell whether there is such a role."""
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    return cursor.rowcount == 1


def only(cursor: Cursor) -> Any:
    """Give the one value that was asked for."""
    ((value,),) = cursor.fetchall()
    return value
