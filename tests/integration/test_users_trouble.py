"""Looking after people when something is in the way: a cut, a rival, somebody who resists."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.conftest import Database
from tests.people import ACCEPT, Office, add_task, office_of, somebody, titles
from tests.servers import SUPERUSER, as_owner, query
from todo_cli.domain.people import UserStatus, new_user
from todo_cli.errors import AuthError, ConflictError, NotFoundError, SchemaError, UnavailableError
from todo_cli.link import engine
from todo_cli.link.connect import Connect
from todo_cli.link.driver import DriverConnection
from todo_cli.services.people import users
from todo_cli.store.people import login_roles, people
from todo_cli.store.schema.models import HEAD

Step = Callable[..., Any]


class CutError(Exception):
    """The command is killed here."""


@pytest.fixture
def office(each_database: Database, tmp_path: Path) -> Iterator[Office]:
    with office_of(each_database, tmp_path) as made:
        yield made


def giving(connection: DriverConnection) -> Connect:
    """Connect by a connection that is open already."""
    return lambda: connection


def cut_after(patch: pytest.MonkeyPatch, step: str, times: int) -> None:
    """Have a step of the store cut the command after so many runs of it."""
    home = people if hasattr(people, step) else login_roles
    original: Step = getattr(home, step)
    runs = 0

    def cut(*arguments: Any, **named: Any) -> Any:
        nonlocal runs
        result = original(*arguments, **named)
        runs += 1
        if runs == times:
            raise CutError
        return result

    patch.setattr(home, step, cut)


STEPS = [("shut_out", 1), ("_close", 2), ("_end_sessions", 2), ("shut_out", 2)]


@pytest.mark.parametrize(("step", "times"), [*STEPS, ("set_inactive", 1), ("allow_login", 4)])
def test_a_deactivation_that_was_cut_ends_right_when_repeated(
    office: Office, monkeypatch: pytest.MonkeyPatch, step: str, times: int
) -> None:
    email = somebody()
    member = office.member(email)
    with monkeypatch.context() as patch:
        cut_after(patch, step, times)
        with pytest.raises(CutError):
            users.deactivate(office.owner, email)

    assert users.deactivate(office.owner, email).status is UserStatus.DEACTIVATED
    with pytest.raises(AuthError):
        titles(member)
    users.activate(office.owner, email)
    assert titles(member) == []


@pytest.mark.parametrize(
    ("step", "times"),
    [*STEPS, ("make", 1), ("invite", 1), ("drop", 2), ("drop", 3), ("renew", 1)],
)
def test_a_reset_that_was_cut_ends_right_when_repeated(
    office: Office, monkeypatch: pytest.MonkeyPatch, step: str, times: int
) -> None:
    email = somebody()
    first = office.member(email)
    add_task(first, "kept")
    with monkeypatch.context() as patch:
        cut_after(patch, step, times)
        with pytest.raises(CutError):
            office.reset(email)

    assert titles(office.accept(office.reset(email))) == ["kept"]
    assert len(office.roles()) == 2


@pytest.mark.parametrize(("step", "times"), [*STEPS, ("drop", 1), ("drop", 2), ("remove", 1)])
def test_a_removal_that_was_cut_leaves_all_or_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, step: str, times: int
) -> None:
    email = somebody()
    add_task(office.member(email), "x")
    with monkeypatch.context() as patch:
        cut_after(patch, step, times)
        with pytest.raises(CutError):
            users.remove(office.owner, email)

    if step == "remove":
        with pytest.raises(NotFoundError):
            users.remove(office.owner, email)
    else:
        assert users.remove(office.owner, email).tasks == 1
    assert office.roles() == set()


@pytest.mark.parametrize("step", ["_find", "make", "invite"])
def test_an_invitation_that_was_cut_leaves_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    email = somebody()
    with monkeypatch.context() as patch:
        cut_after(patch, step, 1)
        with pytest.raises(CutError):
            office.invite(email)

    assert office.roles() == set()
    office.invite(email)


def test_of_two_maintainers_who_invite_the_same_person_exactly_one_wins(office: Office) -> None:
    email = "someone-é@example.com"
    spellings = [email, email.upper()] * 2

    def invite(spelling: str) -> str:
        made = engine.make_engine(
            lambda: office.database.open(office.database.name, office.database.owner), None
        )
        try:
            users.add(made, office.known, new_user(spelling))
        except ConflictError:
            return "conflict"
        finally:
            made.dispose()
        return "won"

    with ThreadPoolExecutor(len(spellings)) as pool:
        assert sorted(pool.map(invite, spellings)) == ["conflict"] * 3 + ["won"]
    assert len(office.roles()) == 2


@pytest.mark.parametrize("verb", [people.renew, people.remove, people.set_active])
def test_what_another_maintainer_has_just_reset_is_left_alone(office: Office, verb: Step) -> None:
    email = somebody()
    office.invite(email)
    before = people.find(office.owner, email)
    invitation = office.reset(email)

    with pytest.raises(ConflictError, match="somebody else has just reset or removed"):
        verb(office.owner, before)
    assert len(office.roles()) == 2
    office.accept(invitation)


def test_a_member_who_holds_their_own_role_and_row_cannot_hinder_a_deactivation(
    office: Office,
) -> None:
    email = somebody()
    member = office.member(email)
    with office.database.cursor(member.role) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("ALTER ROLE CURRENT_USER PASSWORD 'mine'")
        cursor.execute("SELECT todo.reserve_numbers(1)")

        assert users.deactivate(office.owner, email).status is UserStatus.DEACTIVATED
    with pytest.raises(AuthError):
        titles(member)


def test_an_invitation_that_is_being_accepted_cannot_outlive_a_deactivation(
    office: Office,
) -> None:
    email = somebody()
    invitation = office.invite(email)
    role = people.find(office.owner, email).role
    with office.database.cursor(invitation["user"]) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(ACCEPT)

        assert users.deactivate(office.owner, email).status is UserStatus.DEACTIVATED
    for each in (role, invitation["user"]):
        with pytest.raises(AuthError):
            query(office.database, each, "SELECT 1")


def test_an_invitation_accepted_during_a_deactivation_opens_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = somebody()
    invitation = office.invite(email)
    role = people.find(office.owner, email).role
    end_sessions = people._end_sessions
    accepted: list[None] = []

    def accept_first(owner: Any, name: str) -> int:
        if not accepted:
            accepted.append(live.execute(ACCEPT))
        return end_sessions(owner, name)

    monkeypatch.setattr(people, "_end_sessions", accept_first)
    with office.database.cursor(invitation["user"]) as live:
        users.deactivate(office.owner, email)

    with pytest.raises(AuthError):
        query(office.database, role, "SELECT 1")
    assert users.activate(office.owner, email).status is UserStatus.ACTIVE
    assert query(office.database, role, "SELECT count(*) FROM todo.tasks") == [(0,)]


def test_sessions_that_do_not_end_are_told_of(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = somebody()
    office.member(email)
    with monkeypatch.context() as patch:
        patch.setattr(people, "PATIENCE", 0)
        patch.setattr(people, "_end_sessions", lambda owner, role: 2)
        with pytest.raises(UnavailableError, match="2 sessions could not be ended"):
            users.deactivate(office.owner, email)

    assert office.status(email) is UserStatus.ACTIVE


def test_whatever_a_member_leaves_behind_goes_with_them(office: Office) -> None:
    email = somebody()
    member = office.member(email)
    as_owner(office.database, f"GRANT TEMPORARY ON DATABASE todo TO {member.role}")
    for statement in (
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO todo_member",
        "SELECT lo_from_bytea(0, 'x')",
        "CREATE TEMPORARY TABLE x (y int)",
        "ALTER ROLE CURRENT_USER SET work_mem = '1MB'",
    ):
        member.query(statement)

    assert users.remove(office.owner, email).kept_role is None
    assert office.roles() == set()


def test_a_role_that_owns_something_in_another_database_is_kept_without_a_login(
    office: Office,
) -> None:
    email = somebody()
    member = office.member(email)
    with engine.work_on(office.database.open("postgres", member.role)) as cursor:
        cursor.execute("SELECT lo_from_bytea(0, 'x')")

    kept = users.remove(office.owner, email).kept_role
    assert kept is not None
    assert office.roles() == set()
    [state] = query(
        office.database,
        SUPERUSER,
        "SELECT rolcanlogin, rolpassword, pg_has_role(rolname, 'todo_member', 'MEMBER') "
        "FROM pg_authid WHERE rolname = %s",
        [kept],
    )
    assert state == (False, None, False)
    with engine.work_on(office.database.open("postgres", SUPERUSER)) as cursor:
        cursor.execute(f"DROP OWNED BY {kept}; DROP ROLE {kept}")


@pytest.mark.parametrize("step", [people.invite_back, people.renew, people.set_inactive])
def test_a_maintainer_waits_for_whoever_is_just_accepting_and_holds_nothing_they_need(
    office: Office, step: Step
) -> None:
    email = somebody()
    role = office.member(email).role
    people.invite_back(office.owner, people.find(office.owner, email))
    person = people.find(office.owner, email)
    lock = "SELECT FROM todo.users WHERE role_name = %s FOR UPDATE"
    waiting = (
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%todo.u%'"
    )

    with ThreadPoolExecutor(1) as pool, office.database.cursor(office.database.owner) as accepting:
        accepting.execute("BEGIN")
        accepting.execute(lock, [role])
        second = pool.submit(step, office.owner, person)
        while not query(office.database, SUPERUSER, waiting):
            assert not second.done()
        accepting.execute("SET LOCAL lock_timeout = '5s'")
        for each in person.roles:  # as accepting does
            accepting.execute(f"ALTER ROLE {each} LOGIN")
        accepting.execute("COMMIT")
        second.result()


def test_people_whose_roles_are_gone_are_reset_or_removed(office: Office) -> None:
    email = somebody()
    add_task(office.member(email), "kept")
    for role in people.find(office.owner, email).roles:
        query(office.database, SUPERUSER, f"DROP OWNED BY {role}")
        query(office.database, SUPERUSER, f"DROP ROLE {role}")

    users.deactivate(office.owner, email)
    with pytest.raises(ConflictError, match="the login role is gone"):
        users.activate(office.owner, email)
    assert titles(office.accept(office.reset(email))) == ["kept"]


def test_only_the_owner_looks_after_people(office: Office) -> None:
    email = somebody()
    member = office.member(email)
    superuser = office.database.open(office.database.name, SUPERUSER)
    strangers = [office.database.open(office.database.name, member.role), superuser]
    verbs: list[Step] = [users.everybody, lambda owner: users.remove(owner, email)]
    for connection in strangers:
        made = engine.make_engine(giving(connection), None)
        for verb in verbs:
            with pytest.raises(AuthError, match=r"looks? after its users"):
                verb(made)
        made.dispose()


def test_a_database_without_the_schema_or_behind_says_so(office: Office) -> None:
    with office.database.cursor(office.database.owner) as cursor:
        cursor.execute("UPDATE todo.alembic_version SET version_num = '0001' RETURNING 1")
        try:
            with pytest.raises(SchemaError) as caught:
                users.everybody(office.owner)
        finally:
            cursor.execute("UPDATE todo.alembic_version SET version_num = %s RETURNING 1", [HEAD])
    assert caught.value.hint == "run: todo db upgrade"


def test_no_error_holds_the_password_of_an_invitation(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_roles, "invitation_role", lambda role: "pg_reserved")

    with pytest.raises(Exception, match="pg_reserved") as caught:
        office.invite(somebody())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert isinstance(caught.value.__context__, psycopg2.Error)
    assert "PASSWORD" not in str(caught.value)
