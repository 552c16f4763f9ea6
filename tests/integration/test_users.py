"""The whole life of a person, as the owner of a shared database leads it."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from tests.conftest import Database, Person
from tests.people import Office, add_task, office_of, read, somebody, titles
from tests.servers import SUPERUSER, as_owner, query, refused
from todo_cli.domain.people import UserStatus, new_user
from todo_cli.domain.roles import Role
from todo_cli.errors import AuthError, ConflictError, NotFoundError, UsageError
from todo_cli.link.url import ConnectionUrl
from todo_cli.services.people import users
from todo_cli.store.people import people, whereabouts
from todo_cli.store.people.whereabouts import Whereabouts


@pytest.fixture
def office(each_database: Database, tmp_path: Path) -> Iterator[Office]:
    with office_of(each_database, tmp_path) as made:
        yield made


def test_a_person_is_invited_works_is_kept_out_let_in_reset_and_removed(office: Office) -> None:
    email = somebody()
    invitation = office.invite(email)
    assert office.status(email) is UserStatus.INVITED
    first = office.accept(invitation)
    assert office.status(email) is UserStatus.ACTIVE
    add_task(first, "kept")

    with office.database.cursor(first.role) as live:
        live.execute("SELECT 1")
        assert users.deactivate(office.owner, email).status is UserStatus.DEACTIVATED
        with pytest.raises(psycopg2.OperationalError):
            live.execute("SELECT 1")
    with pytest.raises(AuthError):
        titles(first)

    assert users.activate(office.owner, email).status is UserStatus.ACTIVE
    assert titles(first) == ["kept"]

    again = office.reset(email)
    assert office.status(email) is UserStatus.INVITED
    with pytest.raises(AuthError):
        titles(first)
    second = office.accept(again)
    assert second.role != first.role
    assert titles(second) == ["kept"]

    removal = users.remove(office.owner, email)
    assert (removal.email, removal.tasks, removal.kept_role) == (email, 1, None)
    with pytest.raises(NotFoundError):
        users.show(office.owner, email)
    assert office.roles() == set()
    [(logged,)] = as_owner(
        office.database,
        "SELECT count(*) FROM todo.task_events e JOIN todo.task_events f USING (task_id) "
        "WHERE e.actor_role = %s AND f.before->>'title' = 'kept' AND f.actor_id IS NULL",
        [first.role],
    )
    assert logged == 1


def test_an_invitation_is_the_owners_url_with_a_login_that_tells_nothing(office: Office) -> None:
    email = somebody()
    invitation = users.add(office.owner, office.known, new_user(email))
    parts = read(invitation.invitation)

    assert (parts["host"], parts["dbname"]) == (str(office.database.socket), office.database.name)
    assert len(parts["password"]) >= 32
    assert parts["password"] not in repr(invitation)
    assert email.partition("@")[0] not in invitation.invitation
    [(can_login, until, limit)] = as_owner(
        office.database,
        "SELECT rolcanlogin, rolvaliduntil, rolconnlimit FROM pg_roles WHERE rolname = %s",
        [parts["user"]],
    )
    assert (can_login, until) == (True, invitation.valid_until)
    assert 0 < limit < 10
    [(stored,)] = query(
        office.database,
        SUPERUSER,
        "SELECT rolpassword FROM pg_authid WHERE rolname = %s",
        [parts["user"]],
    )
    assert stored.startswith("SCRAM-SHA-256$")


def test_the_persons_own_role_has_no_login_before_the_invitation_is_accepted(
    office: Office,
) -> None:
    email = somebody()
    office.invite(email)
    role = people.find(office.owner, email).role

    with pytest.raises(AuthError):
        query(office.database, role, "SELECT 1")
    [(limit,)] = as_owner(
        office.database, "SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", [role]
    )
    assert 0 < limit < 100


def test_an_auditor_reads_the_changes_of_others_and_has_no_tasks(office: Office) -> None:
    email = somebody()
    other = office.database.new_person()
    add_task(other, "somebody's")
    auditor = office.accept(office.invite(email, Role.AUDITOR))

    assert users.show(office.owner, email)[0].role is Role.AUDITOR
    assert auditor.query("SELECT FROM todo.task_events WHERE actor_role = %s", [other.role])
    with refused("42501"):
        add_task(auditor, "x")


def test_the_same_e_mail_in_any_case_and_normal_form_is_invited_once(office: Office) -> None:
    email = "someone-élodie@example.com"
    office.invite(email)

    for again in (email, email.upper(), unicodedata.normalize("NFD", email)):
        with pytest.raises(ConflictError) as caught:
            office.invite(again)
        assert caught.value.hint == f"for a new invitation: todo user reset {email}"
        assert users.show(office.owner, again)[0].email == email
    assert len(office.roles()) == 2


def test_an_expired_invitation_is_listed_as_such_and_replaced_by_reset(office: Office) -> None:
    email = somebody()
    old = office.invite(email)
    as_owner(
        office.database,
        "UPDATE todo.users SET invited_until = now() - interval '1 second' WHERE email = %s",
        [email],
    )
    assert office.status(email) is UserStatus.EXPIRED
    with refused("42501"):
        office.accept(old)

    new = office.reset(email)
    with pytest.raises(psycopg2.OperationalError):
        office.accept(old)
    office.accept(new)


def test_an_invitation_waits_while_its_person_is_deactivated(office: Office) -> None:
    email = somebody()
    invitation = office.invite(email)
    users.deactivate(office.owner, email)
    with pytest.raises(psycopg2.OperationalError):
        office.accept(invitation)

    assert users.activate(office.owner, email).status is UserStatus.INVITED
    with pytest.raises(AuthError):
        query(office.database, people.find(office.owner, email).role, "SELECT 1")
    office.accept(invitation)


def test_a_reset_invites_somebody_deactivated_and_leaves_the_old_login_dead(
    office: Office,
) -> None:
    email = somebody()
    old = office.member(email)
    users.deactivate(office.owner, email)

    new = office.accept(office.reset(email))
    assert titles(new) == []
    with pytest.raises(AuthError):
        titles(old)


def test_people_are_listed_by_e_mail_whatever_the_case(office: Office) -> None:
    for email in ("someone-c@example.com", "Someone-B@example.com", "someone-a@example.com"):
        users.add(office.owner, office.known, new_user(email, "Some", "One"))

    found = [each for each in users.everybody(office.owner) if each.last_name == "One"]
    assert [each.email[:9].lower() for each in found] == ["someone-a", "someone-b", "someone-c"]
    assert found[0].first_name == "Some"
    assert found[0].invited_until is not None


def test_used_invitations_are_dropped_when_the_next_person_is_invited(office: Office) -> None:
    office.member(somebody())
    assert len(office.roles()) == 2
    office.invite(somebody())

    assert len(office.roles()) == 3
    assert sum(name.endswith("_invitation") for name in office.roles()) == 1


def accept_as_owner(office: Office, email: str) -> Person:
    """Have the owner make a login for themselves."""
    own = users.invite_owner(office.owner, email)
    return office.accept(
        read(ConnectionUrl(office.url).with_login(own.role, own.password).reveal())
    )


def test_an_owner_who_logs_in_again_keeps_tasks_and_login_until_the_new_one_works(
    office: Office,
) -> None:
    email = somebody()
    first = accept_as_owner(office, email)
    add_task(first, "kept")
    users.invite_owner(office.owner, email)
    assert office.status(email) is UserStatus.ACTIVE
    assert titles(first) == ["kept"]

    assert titles(accept_as_owner(office, email.upper())) == ["kept"]
    assert len(office.roles()) == 2


@pytest.mark.parametrize("lost", ["deactivated", "invited", "role"])
def test_an_owner_whose_login_is_none_any_more_gets_a_new_one(office: Office, lost: str) -> None:
    email = somebody()
    if lost == "invited":
        office.invite(email)
    else:
        first = accept_as_owner(office, email)
        add_task(first, "kept")
    if lost == "deactivated":
        users.deactivate(office.owner, email)
    if lost == "role":
        as_owner(office.database, f"GRANT {first.role} TO CURRENT_USER")
        as_owner(office.database, f"DROP OWNED BY {first.role}")
        as_owner(office.database, f"DROP ROLE {first.role}")

    assert titles(accept_as_owner(office, email)) == ([] if lost == "invited" else ["kept"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://o:pw@h:1/d", "postgresql://n:p@h:1/d"),
        ("postgresql://o@h1:1,h2:2/d", "postgresql://n:p@h1:1,h2:2/d"),
        (
            "postgresql://o:pw@h/d?sslmode=verify-full&sslrootcert=/home/o/ca.pem",
            "postgresql://n:p@h/d?sslmode=verify-full",
        ),
        (
            "postgres://h/d?user=o&password=pw&passfile=/x&sslrootcert=system&connect_timeout=9",
            "postgres://n:p@h/d?sslrootcert=system&connect_timeout=9",
        ),
        ("postgresql://o@h?options=-cx%3Dy", "postgresql://n:p@h?dbname=data%20base"),
        ("postgresql:///d", "postgresql://n:p@/d?host=%2Frun&port=5433"),
        ("postgresql:///d?hostaddr=10.0.0.1", "postgresql://n:p@/d?hostaddr=10.0.0.1"),
    ],
)
def test_an_invitation_keeps_of_the_owners_url_what_means_the_same_to_others(
    given: str, kept: str
) -> None:
    place = Whereabouts("/run", 5433, "data base", private=True)
    link = users.for_others(ConnectionUrl(given), place)

    assert link.with_login("n", "p").reveal() == kept


@pytest.mark.parametrize(
    ("peer", "stays"),
    [
        ("/run/.s.PGSQL.5432", True),
        (("127.0.0.1", 5432), True),
        (("::1", 5432, 0, 0), True),
        (("10.0.0.1", 5432), False),
        (("2001:db8::1", 5432, 0, 0), False),
    ],
)
def test_a_connection_to_this_machine_needs_no_encryption(peer: object, stays: bool) -> None:
    assert whereabouts._stays_here(peer) is stays


def test_nobody_is_invited_over_a_connection_that_others_can_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "_peer", lambda descriptor: ("10.0.0.1", 5432))

    with pytest.raises(UsageError, match="not encrypted"):
        office.invite(somebody())
    assert office.roles() == set()
