"""Login roles and databases: what the owner, or on the private server the superuser, makes."""

from typing import Final

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there

from todo_cli.link.driver import DriverConnection

# What they are called on a private server.
DATABASE: Final = "todo"
OWNER: Final = "todo_owner"
PERSON: Final = "todo_local"


def create_database(cursor: Cursor, owner: str, database: str) -> None:
    """Make an owner without any right but to make roles, and a database of that owner's.

    ``cursor`` is the superuser's, outside a transaction. Either may be there already.
    """
    role, name = sql.Identifier(owner), sql.Identifier(database)
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [owner])
    if cursor.rowcount == 0:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(role))
    cursor.execute("SELECT FROM pg_database WHERE datname = %s", [database])
    if cursor.rowcount == 0:
        cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role))


def holds_tasks(connection: DriverConnection) -> bool:
    """Tell whether anybody on a database has ever had a task. ``connection`` is the superuser's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('todo.users') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return False
        cursor.execute("SELECT EXISTS (SELECT FROM todo.users WHERE last_task_number > 0)")
        return bool(cursor.fetchone() == (True,))


def create_person(cursor: Cursor, role: str, email: str) -> None:
    """Make a member: a login role without a password, and the person's row, both or neither.

    ``cursor`` is the owner's, inside a transaction. A role of that name may be there already,
    left by a downgrade.
    """
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    if cursor.rowcount == 0:
        cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    login = "ALTER ROLE {} LOGIN CONNECTION LIMIT 90"
    cursor.execute(sql.SQL(login).format(sql.Identifier(role)))
    cursor.execute(sql.SQL("GRANT todo_member TO {}").format(sql.Identifier(role)))
    cursor.execute(
        "INSERT INTO todo.users (role_name, email, claimed_at) "
        "VALUES (%s, %s, clock_timestamp()) ON CONFLICT (role_name) DO NOTHING",
        [role, email],
    )
