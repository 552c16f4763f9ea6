"""An invitation opens one person's role, once."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tests.conftest import Database
from tests.servers import SUPERUSER, as_owner, query, refused
from todo_cli.errors import AuthError
from todo_cli.link.engine import work_on

ACCEPT = "SELECT role_name, password FROM todo.accept_invitation()"
_invited = count(1)


@pytest.fixture
def invitation(each_database: Database) -> tuple[str, str]:
    """Give the role of an invitation, and the role of the person it is for."""
    person = f"invited_person_{os.getpid()}_{next(_invited)}"
    role = f"{person}_invitation"
    with work_on(each_database.open(each_database.name, each_database.owner)) as cursor:
        cursor.execute(f"CREATE ROLE {person} NOLOGIN IN ROLE todo_member")
        cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'once' IN ROLE todo_invited")
        cursor.execute(
            "INSERT INTO todo.users (role_name, invitation_role, email, invited_until) "
            "VALUES (%s, %s, %s, now() + interval '7 days')",
            [person, role, f"{person}@example.com"],
        )
    return role, person


def login_and_password(database: Database, role: str) -> tuple[bool, str | None]:
    """Look into what only a superuser sees."""
    [found] = query(
        database,
        SUPERUSER,
        "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = %s",
        [role],
    )
    return found[0], found[1]


def test_accepting_an_invitation_opens_the_persons_role_and_closes_the_other(
    each_database: Database, invitation: tuple[str, str]
) -> None:
    role, person = invitation
    [(name, password)] = query(each_database, role, ACCEPT)
    assert name == person
    assert len(password) == 64
    can_login, stored = login_and_password(each_database, person)
    assert can_login
    assert stored is not None
    assert stored.startswith("SCRAM-SHA-256$")
    assert login_and_password(each_database, role) == (False, None)
    [(kept, claimed)] = as_owner(
        each_database,
        "SELECT invitation_role, claimed_at IS NOT NULL FROM todo.users WHERE role_name = %s",
        [person],
    )
    assert (kept, claimed) == (None, True)
    assert query(each_database, person, "SELECT role_name FROM todo.users") == [(person,)]
    with pytest.raises(AuthError):
        query(each_database, role, "SELECT 1")


def test_an_invitation_is_accepted_only_once_by_a_session_that_stays(
    each_database: Database, invitation: tuple[str, str]
) -> None:
    role, _ = invitation
    with each_database.cursor(role) as cursor:
        cursor.execute(ACCEPT)
        with refused("42501"):
            cursor.execute(ACCEPT)


@pytest.mark.parametrize("state", ["invited_until = now()", "is_active = false"])
def test_an_invitation_expired_or_withdrawn_is_refused(
    each_database: Database, invitation: tuple[str, str], state: str
) -> None:
    role, person = invitation
    as_owner(each_database, f"UPDATE todo.users SET {state} WHERE role_name = %s", [person])
    with refused("42501"):
        query(each_database, role, ACCEPT)
    assert login_and_password(each_database, person) == (False, None)


def test_of_two_who_accept_at_once_exactly_one_gets_a_password(
    each_database: Database, invitation: tuple[str, str]
) -> None:
    role, _ = invitation
    connections = [each_database.open(each_database.name, role) for _ in range(2)]

    def accept(number: int) -> str:
        try:
            with work_on(connections[number]) as cursor:
                cursor.execute(ACCEPT)
        except AuthError:
            return "refused"
        return "accepted"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(accept, range(2))) == ["accepted", "refused"]


def test_an_invitation_can_do_nothing_else(
    each_database: Database, invitation: tuple[str, str]
) -> None:
    role, person = invitation
    for statement in (
        "SELECT FROM todo.users",
        "SELECT FROM todo.tasks",
        "SELECT FROM todo.task_events",
        "SELECT todo.me()",
        "SELECT todo.reserve_numbers(1)",
        "SELECT todo.purge('{}', '{}', NULL)",
        "CREATE TEMPORARY TABLE x (y int)",
        f"SET ROLE {person}",
        f"ALTER ROLE {person} LOGIN",
        f"ALTER ROLE {role} VALID UNTIL 'infinity'",
    ):
        with refused("42501"):
            query(each_database, role, statement)


def test_only_an_invitation_accepts(each_database: Database) -> None:
    for group in ("todo_member", "todo_auditor"):
        with refused("42501"):
            each_database.new_person(group).query(ACCEPT)
