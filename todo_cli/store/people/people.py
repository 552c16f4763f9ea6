"""People and their login roles: what the owner of a shared database changes about them.

Each function that changes something is one transaction, roles included: a command that is cut
leaves nothing half made, and repeated it ends right. No text of the driver's errors is kept: it
can quote a statement, and the statement that makes an invitation holds a password.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from psycopg2 import errors
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlalchemy import Engine

from todo_cli.domain.people import NewUser, UserView, fold
from todo_cli.domain.text import readable
from todo_cli.errors import AuthError, ConflictError, NotFoundError, TodoError, UnavailableError
from todo_cli.link.errors import IN_DOUBT, Meanings, in_our_words
from todo_cli.store.people import login_roles as logins
from todo_cli.store.people.login_roles import Login, only
from todo_cli.store.people.roles import exists
from todo_cli.store.schema import large_objects
from todo_cli.store.schema.models import HEAD

PATIENCE: Final = 15.0  # seconds for somebody's sessions to end

# Members hold no lock on the version table but for reading it, so none of them can keep the owner
# waiting; it also keeps migrations away.
_ALONE: Final = "LOCK TABLE todo.alembic_version IN SHARE ROW EXCLUSIVE MODE"

_OWNER: Final = """
SELECT current_user, pg_has_role(current_user, d.datdba, 'USAGE'),
       (SELECT pg_get_userbyid(p.proowner) FROM pg_proc p
          JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = 'todo' AND p.proname = 'accept_invitation')
  FROM pg_database d WHERE d.datname = current_database()
"""

_PEOPLE: Final = """
SELECT id::text, role_name, invitation_role,
       email, first_name, last_name, kind,
       CASE WHEN NOT is_active THEN 'deactivated'
            WHEN claimed_at IS NOT NULL THEN 'active'
            WHEN invited_until > clock_timestamp() THEN 'invited'
            ELSE 'invitation expired' END,
       CASE WHEN claimed_at IS NULL THEN date_trunc('second', invited_until) END,
       date_trunc('second', created_at)
  FROM todo.users
"""


# What two maintainers who are in each other's way are told: of PostgreSQL's own SQLSTATEs.
_MEANINGS: Final[Meanings] = {
    "55P03": lambda _: UnavailableError("somebody else is at work on it", "try again"),
    "23505": lambda _: ConflictError("somebody else has just done that", "run: todo user list"),
}


@dataclass(frozen=True)
class Person:
    """A row of todo.users: the login role, and that of the invitation."""

    id: UUID
    role: str
    invitation_role: str | None
    view: UserView

    @property
    def roles(self) -> tuple[str, str]:
        """The invitation's role, which may be used up or gone, and the person's own."""
        return self.invitation_role or logins.invitation_role(self.role), self.role


def everybody(owner: Engine) -> list[Person]:
    """Give all people, by e-mail. Raises AuthError, SchemaError, as every function here does."""
    with _transaction(owner) as cursor:
        return sorted(_people(cursor), key=lambda person: fold(person.view.email))


def find(owner: Engine, email: str) -> Person:
    """Give the person with an e-mail, in whatever case and normal form. Raises NotFoundError."""
    with _transaction(owner) as cursor:
        found = _find(cursor, email)
    if found is None:
        raise NotFoundError(f"no user {readable(email)}", "run: todo user list")
    return found


def count_tasks(owner: Engine, person: Person) -> int:
    """Give how many tasks somebody has, in whatever state."""
    with _transaction(owner) as cursor:
        cursor.execute("SELECT count(*) FROM todo.tasks WHERE user_id = %s", [str(person.id)])
        return int(only(cursor))


def add(owner: Engine, new: NewUser) -> Login:
    """Make somebody's row and roles, all or none, and give the invitation's login.

    Raises ConflictError when there is somebody with this e-mail.
    """
    with _transaction(owner, alone=True) as cursor:
        known = _find(cursor, new.email)
        if known is not None:
            raise _known(known.view.email)
        _drop_used(cursor)
        role = logins.make(cursor, new.role)
        login = logins.invite(cursor, role)
        values = [role, login.role, login.valid_until, new.email, new.first_name, new.last_name]
        cursor.execute(
            "INSERT INTO todo.users (role_name, invitation_role, invited_until, email, first_name, "
            "last_name, kind) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [*values, new.role.value],
        )
        return login


def renew(owner: Engine, person: Person) -> Login:
    """Give somebody a new role in place of the old one, and an invitation to it; active or not.

    The old roles are dropped; their sessions have ended by `shut_out`.
    """
    large_objects.drop(owner, person.roles)
    with _transaction(owner, alone=True) as cursor:
        _lock(cursor, person)
        role = logins.make(cursor, person.view.role)
        login = _invite(cursor, person, role, afresh=True)
        for old in person.roles:
            logins.drop(cursor, old)
        return login


def invite_back(owner: Engine, person: Person) -> Login:
    """Give somebody with a login an invitation to it, which stays as it is until they accept.

    A new role is made where the old one is gone, as after restoring a dump on another server.
    """
    with _transaction(owner, alone=True) as cursor:
        _lock(cursor, person)
        role = person.role
        if not exists(cursor, role):
            logins.drop(cursor, logins.invitation_role(role))
            role = logins.make(cursor, person.view.role)
        return _invite(cursor, person, role, afresh=False)


def shut_out(owner: Engine, role: str) -> None:
    """Take a role's login away and end its sessions. Raises UnavailableError when some stay.

    Someone who changes their own password and does not commit keeps the login from being taken
    away, until their session is ended: so both are tried, until both are done.
    """
    deadline = time.monotonic() + PATIENCE
    closed = False
    while True:
        closed = closed or _close(owner, role)
        sessions = _end_sessions(owner, role)
        logins.roll_back_prepared(owner, role)
        if closed and sessions == 0:
            return
        if time.monotonic() > deadline:
            what = f"{sessions} sessions could not be ended" if closed else "the login is in use"
            raise UnavailableError(f"the person is not shut out: {what}", "run it once more")
        time.sleep(0.05)


def set_inactive(owner: Engine, person: Person) -> None:
    """Make somebody inactive, whatever has been done to their roles since `shut_out`."""
    with _transaction(owner, alone=True) as cursor:
        cursor.execute(
            "UPDATE todo.users SET is_active = false WHERE id = %s AND role_name = %s",
            _key(person),
        )
        _require_row(cursor, person)
        for role in person.roles:
            logins.allow_login(cursor, role, allowed=False)


def set_active(owner: Engine, person: Person) -> None:
    """Make somebody active, who can then log in, or accept their invitation if they have not.

    Raises ConflictError when the role is gone, as after restoring a dump on another server.
    """
    with _transaction(owner, alone=True) as cursor:
        cursor.execute(
            "UPDATE todo.users SET is_active = true WHERE id = %s AND role_name = %s "
            "RETURNING CASE WHEN claimed_at IS NULL THEN invitation_role ELSE role_name END",
            _key(person),
        )
        _require_row(cursor, person)
        logins.allow_login(cursor, only(cursor), allowed=True)


def remove(owner: Engine, person: Person) -> str | None:
    """Delete somebody with all tasks, and drop their roles, whose sessions `shut_out` has ended.

    Large objects go with them, and those of the groups, which are nobody's. Gives the name under
    which a role had to be kept, if one had to.
    """
    large_objects.drop(owner, [*person.roles, *large_objects.GROUPS])
    with _transaction(owner, alone=True) as cursor:
        cursor.execute("DELETE FROM todo.users WHERE id = %s AND role_name = %s", _key(person))
        _require_row(cursor, person)
        kept = [logins.drop(cursor, role) for role in person.roles]
        return next((name for name in kept if name is not None), None)


def _invite(cursor: Cursor, person: Person, role: str, *, afresh: bool) -> Login:
    """Invite somebody to a role; ``afresh`` as if they had never logged in."""
    login = logins.invite(cursor, role)
    cursor.execute(
        "UPDATE todo.users SET role_name = %s, invitation_role = %s, invited_until = %s, "
        "claimed_at = CASE WHEN %s THEN NULL ELSE claimed_at END, is_active = is_active OR %s "
        "WHERE id = %s AND role_name = %s",
        [role, login.role, login.valid_until, afresh, afresh, *_key(person)],
    )
    _require_row(cursor, person)
    return login


@contextmanager
def _transaction(owner: Engine, *, alone: bool = False) -> Iterator[Cursor]:
    """Give a cursor in one transaction, after a look at who it is and at the schema.

    ``alone`` keeps every other such transaction waiting: there may be several maintainers.
    """
    try:
        serious = owner.execution_options(isolation_level="READ COMMITTED")
        with in_our_words(_MEANINGS, secret=True), serious.begin() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor:
                _require_owner(cursor)
                cursor.execute("SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = 0")
                cursor.execute("SELECT todo.require_revision(%s)", [HEAD])
                if alone:
                    cursor.execute(_ALONE)
                yield cursor
    except UnavailableError as error:
        raise _unless_done(error, alone) from None


def _unless_done(error: TodoError, changing: bool) -> TodoError:
    """Say of a change whose answer was lost that it may have been done."""
    if changing and isinstance(error, UnavailableError) and error.passing:
        error.hint = f"{IN_DOUBT}: todo user list"
    return error


def _require_owner(cursor: Cursor) -> None:
    """Raise AuthError unless this is the one role that made the schema.

    Since PostgreSQL 16 nobody else may give a person's role a login, as an invitation does by a
    function of that owner's.
    """
    cursor.execute(_OWNER)
    (row,) = cursor.fetchall()
    login, owns, maker = row
    if not owns:
        raise AuthError(
            "only the owner of the database looks after its users",
            "set TODO_ADMIN_DATABASE_URL to the owner's URL",
        )
    if maker not in (None, login):
        raise AuthError(f"the schema belongs to {maker}, and only {maker} looks after its users")


def _people(cursor: Cursor) -> list[Person]:
    cursor.execute(_PEOPLE)
    return [_person(*row) for row in cursor.fetchall()]


def _person(id_: str, role: str, invitation_role: str | None, *values: Any) -> Person:
    view = UserView(**dict(zip(UserView.model_fields, values, strict=True)))
    return Person(UUID(id_), role, invitation_role, view)


def _find(cursor: Cursor, email: str) -> Person | None:
    wanted = fold(email)
    return next((each for each in _people(cursor) if fold(each.view.email) == wanted), None)


def _drop_used(cursor: Cursor) -> None:
    """Drop the roles of invitations that were accepted: some hosts allow 500 roles in all."""
    cursor.execute(
        "SELECT rolname FROM pg_roles JOIN todo.users ON rolname = role_name || '_invitation' "
        "WHERE claimed_at IS NOT NULL"
    )
    for (role,) in cursor.fetchall():
        logins.drop(cursor, role)


def _close(owner: Engine, role: str) -> bool:
    """Take a role's login away; false when somebody holds it, or it changed meanwhile."""
    with _transaction(owner) as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1s'")
        cursor.execute("SAVEPOINT before")
        try:
            logins.allow_login(cursor, role, allowed=False)
        except (errors.LockNotAvailable, errors.InternalError_):  # tuple concurrently updated
            cursor.execute("ROLLBACK TO SAVEPOINT before")
            return False
        return True


def _end_sessions(owner: Engine, role: str) -> int:
    """End a role's sessions and give how many there were. They go a moment later."""
    with _transaction(owner) as cursor:
        if not exists(cursor, role):
            return 0
        logins.join(cursor, role)
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s",
            [role],
        )
        return int(only(cursor))


def _key(person: Person) -> list[str]:
    """Give what a row is found by: no more, once another maintainer has made a new role for it."""
    return [str(person.id), person.role]


def _lock(cursor: Cursor, person: Person) -> None:
    """Lock a person's row before their roles, as whoever accepts an invitation does."""
    cursor.execute(
        "SELECT FROM todo.users WHERE id = %s AND role_name = %s FOR UPDATE", _key(person)
    )
    _require_row(cursor, person)


def _require_row(cursor: Cursor, person: Person) -> None:
    """Raise ConflictError when another maintainer has removed or reset the person meanwhile."""
    if cursor.rowcount != 1:
        raise ConflictError(
            f"somebody else has just reset or removed {person.view.email}", "run: todo user list"
        )


def _known(email: str) -> ConflictError:
    hint = f"for a new invitation: todo user reset {email}"
    return ConflictError(f"there is a user {readable(email)}", hint)
