"""Who sees and changes what, under row-level security, on every server."""

import uuid

import pytest

from tests.conftest import Database, Person
from tests.servers import add_task, as_owner, id_of, refused


def test_a_member_sees_only_their_own_tasks_events_and_row(alice: Person, bob: Person) -> None:
    add_task(alice, "mine")
    add_task(bob, "theirs")
    assert alice.query("SELECT title FROM todo.tasks") == [("mine",)]
    assert alice.query("SELECT after->>'title' FROM todo.task_events") == [("mine",)]
    assert alice.query("SELECT email FROM todo.users") == [(alice.email,)]


def test_a_change_of_everything_changes_only_ones_own_tasks(alice: Person, bob: Person) -> None:
    add_task(alice, "mine")
    add_task(bob, "theirs")
    assert alice.query("UPDATE todo.tasks SET title = 'changed' RETURNING title") == [("changed",)]
    assert bob.query("SELECT title, revision FROM todo.tasks") == [("theirs", 1)]


def test_a_task_named_by_a_strangers_id_is_not_there(alice: Person, bob: Person) -> None:
    theirs, number = add_task(bob, "theirs")
    for statement in (
        "SELECT FROM todo.lock_tasks('{}', ARRAY[%s::uuid], '{pending}')",
        "SELECT FROM todo.purge('{}', ARRAY[%s::uuid], gen_random_uuid())",
    ):
        with refused("TD404"):
            alice.query(statement, [theirs])
    assert alice.query("UPDATE todo.tasks SET title = '' WHERE id = %s RETURNING 1", [theirs]) == []
    assert bob.query("SELECT title, number FROM todo.tasks") == [("theirs", number)]


def test_two_people_may_have_tasks_of_the_same_id_and_number(alice: Person, bob: Person) -> None:
    task = str(uuid.uuid4())
    for each in (alice, bob):
        each.query("INSERT INTO todo.tasks (id, title) VALUES (%s, 'x')", [task])
    assert alice.query("SELECT number FROM todo.tasks") == bob.query(
        "SELECT number FROM todo.tasks"
    )


def test_an_auditor_sees_every_event_and_person_but_no_task(
    auditor: Person, alice: Person, bob: Person
) -> None:
    for each in (alice, bob):
        add_task(each, f"of {each.email}")
    titles = {row[0] for row in auditor.query("SELECT after->>'title' FROM todo.task_events")}
    assert {f"of {alice.email}", f"of {bob.email}"} <= titles
    emails = {row[0] for row in auditor.query("SELECT email FROM todo.users")}
    assert {auditor.email, alice.email, bob.email} <= emails
    for relation in ("tasks", "pending_tasks", "overdue_tasks"):
        with refused("42501"):
            auditor.query(f"SELECT FROM todo.{relation}")


def test_an_auditor_changes_nothing(auditor: Person, bob: Person) -> None:
    task, _ = add_task(bob, "theirs")
    for statement in (
        "INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'x')",
        "UPDATE todo.tasks SET title = 'x'",
        "DELETE FROM todo.tasks",
        "UPDATE todo.users SET email = 'x'",
        "UPDATE todo.task_events SET action = 'added'",
        "DELETE FROM todo.task_events",
        f"SELECT todo.purge('{{}}', '{{{task}}}', NULL)",
        "SELECT todo.reserve_numbers(1)",
    ):
        with refused("42501"):
            auditor.query(statement)


def test_the_auditors_group_shows_nothing_to_a_member(
    each_database: Database, alice: Person, bob: Person
) -> None:
    as_owner(each_database, f"GRANT todo_auditor TO {alice.role}")
    add_task(bob, "theirs")
    assert alice.query("SELECT email FROM todo.users") == [(alice.email,)]
    assert alice.query("SELECT FROM todo.task_events") == []
    assert alice.query("SELECT FROM todo.tasks") == []


def test_the_members_group_shows_an_auditor_no_task_of_others(
    each_database: Database, auditor: Person, bob: Person
) -> None:
    as_owner(each_database, f"GRANT todo_member TO {auditor.role}")
    add_task(bob, "theirs")
    assert auditor.query("SELECT FROM todo.tasks") == []


@pytest.mark.parametrize("state", ["is_active = false", "claimed_at = NULL"])
def test_whoever_is_deactivated_or_unclaimed_sees_and_writes_nothing(
    each_database: Database, alice: Person, state: str
) -> None:
    task, number = add_task(alice, "kept")
    as_owner(each_database, f"UPDATE todo.users SET {state} WHERE email = %s", [alice.email])
    for relation in ("tasks", "task_events", "users", "pending_tasks"):
        assert alice.query(f"SELECT 1 FROM todo.{relation}") == [], relation
    assert alice.query("UPDATE todo.tasks SET title = 'x' RETURNING 1") == []
    for statement in (
        "INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'x')",
        "SELECT todo.reserve_numbers(1)",
    ):
        with refused("42501"):
            alice.query(statement)
    for function in ("lock_tasks('{}', %s::uuid[], '{}')", "purge('{}', %s::uuid[], NULL)"):
        with refused("TD404"):
            alice.query(f"SELECT todo.{function}", [[task]])
    kept = "SELECT number, title FROM todo.tasks WHERE user_id = %s"
    assert as_owner(each_database, kept, [id_of(alice)]) == [(number, "kept")]


def test_a_deactivated_auditor_sees_nothing(
    each_database: Database, auditor: Person, bob: Person
) -> None:
    add_task(bob, "theirs")
    as_owner(
        each_database, "UPDATE todo.users SET is_active = false WHERE email = %s", [auditor.email]
    )
    assert auditor.query("SELECT FROM todo.users") == []
    assert auditor.query("SELECT FROM todo.task_events") == []


def test_the_owner_sees_and_counts_everything(each_database: Database, bob: Person) -> None:
    add_task(bob, "theirs")
    counted = "SELECT count(*) FROM todo.tasks WHERE user_id = %s"
    assert as_owner(each_database, counted, [id_of(bob)]) == [(1,)]
    logged = "SELECT action FROM todo.task_events WHERE user_id = %s"
    assert as_owner(each_database, logged, [id_of(bob)]) == [("added",)]


def test_the_owner_adds_no_task_in_anybodys_name(each_database: Database, bob: Person) -> None:
    with refused("42501"):
        as_owner(
            each_database,
            "INSERT INTO todo.tasks (user_id, id, title) VALUES (%s, gen_random_uuid(), 'x')",
            [id_of(bob)],
        )


def test_the_views_show_what_is_pending_and_what_is_overdue(alice: Person, bob: Person) -> None:
    add_task(bob, "theirs")
    alice.query(
        """INSERT INTO todo.tasks (id, title, status, due_date, due_all_day) VALUES
           (gen_random_uuid(), 'someday', 'pending', NULL, false),
           (gen_random_uuid(), 'an hour ago', 'pending', now() - interval '1 hour', false),
           (gen_random_uuid(), 'in an hour', 'pending', now() + interval '1 hour', false),
           (gen_random_uuid(), 'today', 'pending', date_trunc('day', now(), 'UTC'), true),
           (gen_random_uuid(), 'two days ago', 'pending',
            date_trunc('day', now(), 'UTC') - interval '2 days', true),
           (gen_random_uuid(), 'done', 'completed', now() - interval '1 day', false),
           (gen_random_uuid(), 'in the trash', 'deleted', now() - interval '1 day', false)"""
    )
    pending = {row[0] for row in alice.query("SELECT title FROM todo.pending_tasks")}
    assert pending == {"someday", "an hour ago", "in an hour", "today", "two days ago"}
    overdue = {row[0] for row in alice.query("SELECT title FROM todo.overdue_tasks")}
    assert overdue == {"an hour ago", "two days ago"}


def test_an_all_day_task_is_overdue_when_the_day_is_over_for_who_asks(alice: Person) -> None:
    alice.query(
        "INSERT INTO todo.tasks (id, title, due_date, due_all_day) VALUES "
        "(gen_random_uuid(), 'x', date_trunc('day', now(), 'UTC') - interval '1 day', true)"
    )
    # The zones are 26 hours apart, so that yesterday of one of them at least is UTC's yesterday.
    east = "SET TimeZone = 'Etc/GMT-14'; SELECT title FROM todo.overdue_tasks"
    assert alice.query(east) == [("x",)]
    far_west = "SET TimeZone = '-36'; SELECT title FROM todo.overdue_tasks"
    assert alice.query(far_west) == []


def test_the_times_follow_the_status(alice: Person) -> None:
    add_task(alice, "x")

    def moved(status: str) -> tuple[bool, bool]:
        [(completed, deleted)] = alice.query(
            "UPDATE todo.tasks SET status = %s "
            "RETURNING completed_at IS NOT NULL, deleted_at IS NOT NULL",
            [status],
        )
        return completed, deleted

    assert moved("completed") == (True, False)
    assert moved("deleted") == (True, True)  # it still knows when it was completed
    assert moved("completed") == (True, False)
    assert moved("pending") == (False, False)
    assert moved("deleted") == (False, True)
    assert moved("pending") == (False, False)


def test_a_change_counts_the_revision_and_the_time_of_the_change(alice: Person) -> None:
    add_task(alice, "x")
    [(revision, later, created)] = alice.query(
        "UPDATE todo.tasks SET title = 'y' "
        "RETURNING revision, updated_at > created_at, created_at < clock_timestamp()"
    )
    assert (revision, later, created) == (2, True, True)


def test_completing_twice_keeps_the_first_time(alice: Person) -> None:
    add_task(alice, "x")
    first = alice.query("UPDATE todo.tasks SET status = 'completed' RETURNING completed_at")
    again = "UPDATE todo.tasks SET status = 'completed', title = 'y' RETURNING completed_at"
    assert alice.query(again) == first


def test_a_schema_behind_the_program_and_a_program_too_old_are_told_apart(alice: Person) -> None:
    assert alice.query("SELECT todo.require_revision('0001')") == [("",)]
    with refused("TD701"):
        alice.query("SELECT todo.require_revision('9999')")
    with refused("TD702"):
        alice.query("SELECT todo.require_revision('0000')")
