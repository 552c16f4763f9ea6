"""Attacks that write: owners, numbers and events that are not one's own, and values not allowed.

Alice attacks, with leave to make temporary objects, which no member has; Bob is attacked.
"""

import io
import uuid
from typing import Any

import psycopg2
import pytest

from tests.conftest import Database, Person
from tests.servers import add_task, as_owner, id_of, not_refused, refused

NEW = "INSERT INTO todo.tasks (id, title, {0}) VALUES (gen_random_uuid(), 'x', {1})"


FORGERIES = [
    NEW.format("user_id", "'{bob}'"),
    NEW.format("user_id", "todo.me()"),
    NEW.format("revision", "7"),
    NEW.format("created_at", "'2000-01-01'"),
    NEW.format("updated_at", "'2000-01-01'"),
    NEW.format("completed_at", "'2000-01-01'"),
    NEW.format("deleted_at", "'2000-01-01'"),
    NEW.format("number", "7"),
    NEW.format("number", "-7"),
    NEW.format("number", "1"),
    "UPDATE todo.tasks SET user_id = '{bob}'",
    "UPDATE todo.tasks SET id = gen_random_uuid()",
    "UPDATE todo.tasks SET number = 7",
    "UPDATE todo.tasks SET revision = 7",
    "UPDATE todo.tasks SET created_at = '2000-01-01'",
    "UPDATE todo.tasks SET updated_at = '2000-01-01'",
    "UPDATE todo.tasks SET completed_at = '2000-01-01'",
    "UPDATE todo.tasks SET deleted_at = NULL",
    "DELETE FROM todo.tasks",
    "TRUNCATE todo.tasks",
    "MERGE INTO todo.tasks t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "INSERT INTO todo.users (role_name, email) VALUES ('x', 'x')",
    "UPDATE todo.users SET kind = 'auditor'",
    "UPDATE todo.users SET last_task_number = 0",
    "UPDATE todo.users SET role_name = session_user",
    "DELETE FROM todo.users",
    "INSERT INTO todo.pending_tasks (id, title) VALUES (gen_random_uuid(), 'x')",
    "INSERT INTO todo.task_events (task_id, user_id, action) "
    "VALUES (gen_random_uuid(), '{bob}', 'added')",
    "INSERT INTO todo.task_events_rest (task_id, user_id, action) "
    "VALUES (gen_random_uuid(), '{bob}', 'added')",
    "UPDATE todo.task_events SET action = 'purged'",
    "DELETE FROM todo.task_events",
    "TRUNCATE todo.task_events",
    "TRUNCATE todo.task_events_rest",
    "INSERT INTO todo.alembic_version VALUES ('9999')",
    "UPDATE todo.alembic_version SET version_num = '9999'",
    "SELECT todo.extend_change_log(1000)",
    "SELECT todo.guard_partition('tasks')",
    "SELECT todo.accept_invitation()",
    "SELECT todo.log_tasks()",
    "SELECT todo.number_task()",
]


def test_what_is_the_databases_own_cannot_be_written(alice: Person, bob: Person) -> None:
    add_task(bob, "theirs")
    mine, _ = add_task(alice, "mine")
    forgeries = [statement.format(bob=id_of(bob)) for statement in FORGERIES]
    assert not_refused(alice, forgeries, "42501") == []
    assert alice.query("SELECT id::text, number, title FROM todo.tasks") == [(mine, 1, "mine")]
    assert alice.query("SELECT action FROM todo.task_events") == [("added",)]
    assert bob.query("SELECT title FROM todo.tasks") == [("theirs",)]


def test_not_even_the_owner_changes_whose_task_it_is_or_its_number(
    each_database: Database, alice: Person, bob: Person
) -> None:
    task, _ = add_task(alice, "mine")
    for change in (
        f"user_id = '{id_of(bob)}'",
        "id = gen_random_uuid()",
        "number = 7",
        "created_at = '2000-01-01'",
    ):
        with refused("42501"):
            as_owner(each_database, f"UPDATE todo.tasks SET {change} WHERE id = '{task}'")


def test_rows_cannot_be_copied_in(alice: Person) -> None:
    row = io.StringIO(f"{uuid.uuid4()}\tx\n")
    with alice.database.cursor(alice.role) as cursor, refused("0A000"):
        cursor.copy_expert("COPY todo.tasks (id, title) FROM STDIN", row)


def test_an_event_that_bears_a_strangers_command_is_still_ones_own(
    alice: Person, bob: Person
) -> None:
    command = str(uuid.uuid4())
    for each in (bob, alice):
        each.query(
            "INSERT INTO todo.tasks (id, title, command_id) VALUES (gen_random_uuid(), 'x', %s)",
            [command],
        )
    logged = "SELECT user_id::text, actor_id::text FROM todo.task_events WHERE command_id = %s"
    for each in (alice, bob):
        assert each.query(logged, [command]) == [(id_of(each), id_of(each))]


@pytest.mark.parametrize("nonsense", ["nonsense", "'; DROP TABLE todo.tasks; --", ""])
def test_a_senseless_command_id_harms_only_ones_own_command(
    each_database: Database, alice: Person, bob: Person, nonsense: str
) -> None:
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute("SELECT set_config('todo.command_id', %s, false)", [nonsense])
        for title in ("x", "y"):
            cursor.execute(
                "INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), %s)", [title]
            )
        command = str(uuid.uuid4())
        cursor.execute("SELECT number FROM todo.purge('{1}', '{}', %s)", [command])
        assert cursor.fetchall() == [(1,)]
        cursor.execute("SELECT number FROM todo.purge('{2}', '{}', NULL)")
        assert cursor.fetchall() == [(2,)]
        cursor.execute(
            "SELECT command_id FROM todo.task_events WHERE action = 'purged' ORDER BY at"
        )
        assert cursor.fetchall() == [(command,), (None,)]
        # Whoever removes Alice meanwhile is another session, with its own setting.
        as_owner(each_database, "DELETE FROM todo.users WHERE id = %s", [id_of(alice)])
    add_task(bob, "x")


def test_settings_of_the_session_do_not_change_what_is_logged(alice: Person) -> None:
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute(
            "SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'postgres_verbose'; "
            "SET TimeZone = '-167:30'; SET array_nulls = off; SET bytea_output = escape; "
            "SET standard_conforming_strings = on; SET quote_all_identifiers = on; "
            "SET transform_null_equals = on; SET extra_float_digits = -15"
        )
        cursor.execute(
            "INSERT INTO todo.tasks (id, title, due_date, due_all_day) "
            "VALUES (gen_random_uuid(), 'x', '2027-12-31 00:00+00', true)"
        )
    [(after,)] = alice.query("SELECT after FROM todo.task_events")
    assert after["due_date"] == "2027-12-31T00:00:00+00:00"


BLANKS = [" ", "\t", "\u00a0", "\u1680", "\u2003", "\u202f", "\u205f", "\u3000", " \u2009 "]
BREAKS = [
    "a\nb",
    "a\rb",
    "a\x00b",
    "a\x1bb",
    "a\x7fb",
    "a\u0085b",
    "a\u009fb",
    "a\u2028b",
    "a\u2029b",
]


def values() -> list[tuple[str, Any]]:
    """Give columns with a value that the program would refuse."""
    return [
        *(("title", title) for title in ["", None, "x" * 256, *BLANKS, *BREAKS]),
        *(("project", project) for project in ["", "x" * 256, *BLANKS, *BREAKS]),
        *(("description", text) for text in ["x" * 5001, "a\x0bb", "a\u0085b", "a\x1bb"]),
        *(("tags", [tag]) for tag in ["", "x" * 101, *BLANKS, "a b", "a\u00a0b", *BREAKS]),
        ("tags", None),
        ("tags", [None]),
        ("tags", ["a", None]),
        ("tags", ["a", ""]),
        ("tags", [["a", "b"], ["c", "d"]]),
        ("tags", [str(n) for n in range(51)]),
        ("tags", ["x" * 98 + str(n) for n in range(10, 31)]),
        *(
            ("due_date", due)
            for due in [
                "infinity",
                "-infinity",
                "10000-01-01 00:00+00",
                "0001-01-01 BC",
                "1899-12-31 23:59:59+00",
                "9999-01-01 00:00+00",
            ]
        ),
        ("due_all_day", True),
        ("due_all_day", None),
        ("status", "done"),
        ("status", "Pending"),
        ("status", None),
        ("priority", "none"),
        ("priority", None),
    ]


def test_no_value_that_the_program_refuses_gets_in_by_another_way(alice: Person) -> None:
    task, _ = add_task(alice, "as it was")
    allowed = []
    with alice.database.cursor(alice.role) as cursor:
        for column, value in values():
            for statement in (
                f"INSERT INTO todo.tasks (id, title, {column}) VALUES (gen_random_uuid(), 'x', %s)"
                if column != "title"
                else "INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), %s)",
                f"UPDATE todo.tasks SET {column} = %s",
            ):
                try:
                    cursor.execute(statement, [value])
                except (psycopg2.IntegrityError, psycopg2.DataError, ValueError):
                    continue
                allowed.append((column, value))
    assert allowed == []
    assert alice.query("SELECT id::text, title FROM todo.tasks") == [(task, "as it was")]


def test_the_values_at_the_limits_are_allowed(alice: Person) -> None:
    for column, value in [
        ("title", "x" * 255),
        ("title", "\u3000x\u00a0"),
        ("title", "👩\u200d👩\u200d👧 é"),
        ("project", "two words"),
        ("description", "a\n\tb\r\n" + "x" * 4000),
        ("description", ""),
        ("tags", []),
        ("tags", ["x" * 100]),
        ("tags", [str(n) for n in range(50)]),
        ("due_date", "1900-01-01 00:00+00"),
        ("due_date", "9998-12-31 23:59:59+00"),
    ]:
        task, _ = add_task(alice, "x")
        changed = f"UPDATE todo.tasks SET {column} = %s WHERE id = %s RETURNING 1"
        assert alice.query(changed, [value, task]) == [(1,)], column


def test_an_all_day_date_lies_at_midnight_in_utc(alice: Person) -> None:
    insert = NEW.format("due_date, due_all_day", "%s, true")
    alice.query(insert, ["2026-12-01 00:00+00"])
    for other in ("2026-12-01 00:00+01", "2026-12-01 00:00:01+00"):
        with refused("23514"):
            alice.query(insert, [other])


@pytest.mark.parametrize(
    "email",
    ["", "a b", "a\u00a0b", "a\u2003b", "a\u2028b", "a\u0085b", "a\nb", "e\u0301", "x" * 256],
)
def test_no_address_has_white_space_or_is_unnormalised(each_database: Database, email: str) -> None:
    insert = "INSERT INTO todo.users (role_name, email) VALUES (%s, %s)"
    with refused("23514"):
        as_owner(each_database, insert, [uuid.uuid4().hex, email])


def test_an_address_is_unique_whatever_the_case(each_database: Database, bob: Person) -> None:
    insert = "INSERT INTO todo.users (role_name, email) VALUES (%s, %s)"
    with refused("23505"):
        as_owner(each_database, insert, [uuid.uuid4().hex, bob.email.upper()])
