"""Attacks on the owner's work: whatever members hold or leave behind, it can be done.

What members own and the sessions of the one who is removed are in test_users_trouble.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import Database, Person
from tests.people import Office, add_task, office_of, somebody, titles
from tests.servers import as_owner, not_refused, query, upgrade
from todo_cli.domain.people import UserStatus
from todo_cli.errors import AuthError, NotFoundError
from todo_cli.services.people import users

HELD = {
    "advisory locks": "SELECT pg_advisory_lock(n) FROM generate_series(1, 500) n",
    "advisory locks of the transaction": "BEGIN; SELECT pg_advisory_xact_lock(n, n) "
    "FROM generate_series(1, 500) n",
    "tasks and numbers": "BEGIN; SELECT todo.reserve_numbers(1); SELECT FROM todo.tasks FOR UPDATE",
    "a snapshot": "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT FROM todo.tasks",
    "all of the log": "BEGIN; LOCK TABLE todo.tasks, todo.task_events IN ACCESS SHARE MODE",
    "a password": "BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'x'",
    "a setting": "BEGIN; ALTER ROLE CURRENT_USER SET work_mem = '1MB'",
    "a large object": "BEGIN; SELECT lo_from_bytea(0, 'x')",
    "the revision": "BEGIN; SELECT todo.require_revision('0001')",
    "a notification": "BEGIN; LISTEN x; NOTIFY x, 'y'",
}


@pytest.fixture
def office(each_database: Database, tmp_path: Path) -> Iterator[Office]:
    with office_of(each_database, tmp_path) as made:
        yield made


def add_in_time(person: Person) -> None:
    """Add a task, and fail where it would have to wait."""
    insert = "INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'x')"
    person.query(f"SET lock_timeout = '5s'; {insert}")


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_what_a_member_holds_keeps_nobody_else_waiting(
    office: Office, bob: Person, held: str
) -> None:
    email = somebody()
    add_task(bob, "x")
    with bob.database.cursor(bob.role) as cursor:
        cursor.execute(held)

        member = office.member(email)
        add_in_time(member)
        users.deactivate(office.owner, email)
        assert users.activate(office.owner, email).status is UserStatus.ACTIVE
        add_in_time(office.accept(office.reset(email)))
        assert users.remove(office.owner, email).tasks == 2
        extend = "SET lock_timeout = '5s'; SELECT todo.extend_change_log(24)"
        assert as_owner(office.database, extend) == [(0,)]


@pytest.mark.parametrize(
    "held", ["advisory locks", "tasks and numbers", "all of the log", "the revision"]
)
def test_what_a_member_holds_keeps_no_upgrade_waiting(
    each_database: Database, bob: Person, held: str
) -> None:
    with bob.database.cursor(bob.role) as cursor:
        cursor.execute(HELD[held])
        assert upgrade(each_database) == []


def test_people_are_told_of_nobodys_changes(alice: Person, bob: Person) -> None:
    channels = ["todo", "tasks", "task_events", "users", bob.role]
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute("; ".join(f'LISTEN "{channel}"' for channel in channels))
        add_task(bob, "x")
        bob.query("UPDATE todo.tasks SET status = 'completed'")
        bob.query("SELECT todo.purge('{1}', '{}', NULL)")
        cursor.execute("SELECT 1")
        assert cursor.connection.notifies == []


def test_nobody_prepares_a_transaction_where_the_server_allows_none(bob: Person) -> None:
    statement = "BEGIN; SELECT todo.reserve_numbers(1); PREPARE TRANSACTION 'x'"
    assert not_refused(bob, [statement], "55000") == []


@pytest.fixture(params=["18", "16", "debian"])
def preparing(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Office]:
    """Give an office on a server that allows two-phase commits."""
    monkeypatch.setitem(servers._SETTINGS, "max_prepared_transactions", "10")
    with (
        servers.database_on(servers.binaries(request.param), bypassrls=False) as database,
        office_of(database, tmp_path) as made,
    ):
        yield made


def test_a_transaction_that_a_member_has_prepared_keeps_nobody_in(preparing: Office) -> None:
    for number, held in enumerate(
        (HELD["a password"], HELD["a large object"], "BEGIN; SELECT todo.reserve_numbers(1)")
    ):
        email = somebody()
        member = preparing.member(email)
        with preparing.database.cursor(member.role) as cursor:
            cursor.execute(held)
            cursor.execute(f"PREPARE TRANSACTION 'held ''{number}'")
        assert users.deactivate(preparing.owner, email).status is UserStatus.DEACTIVATED
        assert users.remove(preparing.owner, email).kept_role is None
    assert as_owner(preparing.database, "SELECT count(*) FROM pg_prepared_xacts") == [(0,)]


def test_tables_and_types_of_somebody_removed_go_with_them(office: Office) -> None:
    email = somebody()
    member = office.member(email)
    add_task(member, "x")
    as_owner(office.database, f"CREATE SCHEMA lent; GRANT ALL ON SCHEMA lent TO {member.role}")
    member.query(
        "CREATE TABLE lent.t (x int); CREATE VIEW lent.v AS TABLE todo.tasks; "
        "CREATE DOMAIN lent.d AS text; GRANT SELECT ON lent.t TO PUBLIC"
    )

    removal = users.remove(office.owner, email)

    assert (removal.tasks, removal.kept_role) == (1, None)
    as_owner(office.database, "DROP SCHEMA lent")  # refused if there were anything in it


def test_whoever_leaves_more_than_can_be_dropped_at_once_is_removed_all_the_same(
    office: Office,
) -> None:
    email = somebody()
    member = office.member(email)
    add_task(member, "x")
    # As many as one transaction can lock, and then some.
    [(room,)] = member.query(
        "SELECT current_setting('max_locks_per_transaction')::int "
        "* current_setting('max_connections')::int * 6"
    )
    for _ in range(20):
        member.query("SELECT count(lo_create(0)) FROM generate_series(1, %s)", [room // 20])

    removal = users.remove(office.owner, email)

    assert removal.tasks == 1
    assert removal.kept_role is None
    with pytest.raises(NotFoundError):
        users.show(office.owner, email)
    with pytest.raises(AuthError):
        query(office.database, member.role, "SELECT 1")
    assert as_owner(office.database, "SELECT count(*) FROM pg_largeobject_metadata") == [(0,)]


def test_the_tasks_of_others_are_there_after_a_removal(office: Office, bob: Person) -> None:
    add_task(bob, "kept")
    email = somebody()
    add_task(office.member(email), "x")
    users.remove(office.owner, email)
    assert titles(bob) == ["kept"]
