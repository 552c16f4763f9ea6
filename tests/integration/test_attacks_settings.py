"""Settings that people give their own role: they hurt nobody else, and never give wrong data.

PostgreSQL lets everybody say ALTER ROLE CURRENT_USER SET. Each command of `todo` then either
answers as it would without, or is refused in a sentence and has changed nothing.
"""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Answer, Command, Database, Person
from tests.servers import SUPERUSER, as_owner, id_of, not_refused, query

# The program loads PL/pgSQL by its first statement; so do these, to have its parameters known.
LOADED = "SELECT todo.require_revision('0001')"

HARMLESS = [
    "search_path = ''",
    "search_path = public, pg_temp",
    "search_path = pg_temp",
    "statement_timeout = 5000",  # ms; that it ends nothing is seen in tests/e2e/test_connections.py
    "role = todo_member",
    "DateStyle = 'SQL, DMY'",
    "DateStyle = 'German, DMY'",
    "DateStyle = 'Postgres, MDY'",
    "DateStyle = 'ISO, YMD'",
    "IntervalStyle = 'postgres_verbose'",
    "TimeZone = 'Asia/Kathmandu'",
    "TimeZone = 'Etc/GMT+12'",
    "TimeZone = '-167:30'",  # which no zone of Python's can be
    "timezone_abbreviations = 'India'",
    "bytea_output = escape",
    "standard_conforming_strings = off",
    "backslash_quote = on",
    "array_nulls = off",
    "transform_null_equals = on",
    "quote_all_identifiers = on",
    "extra_float_digits = -15",
    "client_encoding = latin1",
    "client_min_messages = debug5",
    "default_transaction_isolation = serializable",
    "default_text_search_config = simple",
    "plan_cache_mode = force_generic_plan",
    "enable_indexscan = off",
    "lock_timeout = 1",
    "plpgsql.extra_errors = 'all'",
    "plpgsql.print_strict_params = on",
]
# Whoever sets one of these has shut themselves out, in part or in whole.
IN_THE_WAY = [
    "default_transaction_read_only = on",
    "row_security = off",
    "local_preload_libraries = nowhere",
]
FORBIDDEN = [
    "session_replication_role = replica",
    "plpgsql.variable_conflict = use_column",
    "plpgsql.variable_conflict = use_variable",
    "log_statement = none",
    "lo_compat_privileges = on",
    "zero_damaged_pages = on",
    "session_preload_libraries = x",
]

FIELDS = "--fields=number,title,status,priority,project,tags,due"
COMMANDS = [
    ["add", "a \\ 'b' \"c\" é", "--due", "2026-12-03", "--tag", "NULL", "--project", "p\\"],
    ["add", "b", "--due", "2026-02-03 17:05", "--priority", "high"],
    ["modify", "1", "--title", "c \\x", "--due", "2027-05-06"],
    ["done", "2"],
    ["list", "--all", FIELDS],
    ["list", "due.before:2027-05-07", "due.after:2026-12-31", FIELDS],
    ["list", "\\x"],
    ["show", "2", FIELDS],
    ["rm", "1"],
    ["restore", "1"],
    ["rm", "2", "--purge", "--yes"],
    ["list", FIELDS],
]


def program(person: Person, home: Path) -> Command:
    return Command({"TODO_DATABASE_URL": person.url, "TODO_HOME": str(home)})


def set_role(person: Person, setting: str) -> None:
    """Set something for one's own role, as psql would."""
    person.query(f"{LOADED}; ALTER ROLE CURRENT_USER SET {setting}")


@pytest.fixture
def as_usual(other: Person, tmp_path: Path) -> list[Answer]:
    """Give what somebody without any setting is answered."""
    answers = [program(other, tmp_path)(*words) for words in COMMANDS]
    assert [answer for answer in answers if answer.code != 0] == []
    return answers


@pytest.mark.parametrize("setting", HARMLESS)
def test_a_role_with_this_setting_gets_the_answers_it_would_get_without(
    person: Person, as_usual: list[Answer], tmp_path: Path, setting: str
) -> None:
    set_role(person, setting)
    todo = program(person, tmp_path)
    assert [todo(*words) for words in COMMANDS] == as_usual
    [created] = json.loads(todo("list", "--fields=created_at").out)
    age = datetime.now(UTC) - datetime.fromisoformat(created["created_at"])
    assert timedelta(seconds=-2) < age < timedelta(minutes=5)


@pytest.mark.parametrize("setting", IN_THE_WAY)
def test_a_role_with_this_setting_is_refused_or_gets_the_right_answer(
    database: Database, person: Person, tmp_path: Path, setting: str
) -> None:
    todo = program(person, tmp_path)
    todo("add", "mine", "--due", "2026-12-03")
    reads = [["list", FIELDS], ["show", "1", FIELDS]]
    right = [todo(*words) for words in reads]
    set_role(person, setting)

    for words, answer in zip(reads, right, strict=True):
        told = todo(*words)
        assert told == answer or (told.code, told.out) in ((1, ""), (4, ""), (6, "")), told
        assert "unexpected" not in told.err
    for words in (["add", "x"], ["done", "1"], ["rm", "1", "--purge", "--yes"]):
        before = state(database, person)
        told = todo(*words)
        assert (told.code == 0) == (state(database, person) != before), told
        assert "unexpected" not in told.err


def state(database: Database, person: Person) -> list[tuple[object, ...]]:
    """Look at somebody's tasks and events as the owner."""
    return as_owner(
        database,
        "SELECT t.id, t.revision, e.action FROM todo.tasks t "
        "FULL JOIN todo.task_events e ON e.task_id = t.id AND e.user_id = t.user_id "
        "WHERE coalesce(t.user_id, e.user_id) = %s ORDER BY 1, 2, 3",
        [id_of(person)],
    )


def test_settings_that_would_change_what_our_code_does_are_not_theirs_to_set(bob: Person) -> None:
    statements = [
        f"{LOADED}; {verb} {setting}"
        for setting in FORBIDDEN
        for verb in ("SET", "ALTER ROLE CURRENT_USER SET")
    ]
    assert not_refused(bob, statements, "42501", "55P02") == []


@pytest.mark.parametrize("choice", ["use_column", "use_variable"])
def test_a_setting_made_before_its_language_is_loaded_changes_nothing(
    bob: Person, choice: str
) -> None:
    task = str(uuid.uuid4())
    with bob.database.cursor(bob.role) as cursor:
        cursor.execute(f"SET plpgsql.variable_conflict = '{choice}'")
        insert = "INSERT INTO todo.tasks (id, title) VALUES (%s, 'x') RETURNING number"
        cursor.execute(insert, [task])
        assert cursor.fetchall() == [(1,)]
        cursor.execute("SELECT number FROM todo.purge('{1}', '{}', NULL)")
        assert cursor.fetchall() == [(1,)]
    logged = "SELECT action, task_id::text FROM todo.task_events ORDER BY at"
    assert bob.query(logged) == [("added", task), ("purged", task)]


OF_OTHERS = [
    "ALTER ROLE {other} SET search_path = pg_temp",
    "ALTER ROLE {other} IN DATABASE todo SET work_mem = '1MB'",
    "ALTER ROLE {other} PASSWORD 'mine'",
    "ALTER ROLE {other} RENAME TO x",
    "ALTER ROLE {other} NOLOGIN",
    "ALTER ROLE todo_member SET search_path = pg_temp",
    "ALTER ROLE {owner} SET search_path = pg_temp",
    "ALTER ROLE ALL SET work_mem = '1MB'",
    "ALTER SYSTEM SET work_mem = '1MB'",
]
OF_ONES_OWN = [
    "ALTER ROLE {me} RENAME TO x",
    *(
        f"ALTER ROLE {{me}} {attribute}"
        for attribute in (
            "SUPERUSER",
            "CREATEDB",
            "CREATEROLE",
            "REPLICATION",
            "BYPASSRLS",
            "NOINHERIT",
            "CONNECTION LIMIT 1000",
            "VALID UNTIL 'infinity'",
        )
    ),
]


def test_nobody_sets_anything_for_others_or_gives_their_own_role_a_right(
    alice: Person, bob: Person
) -> None:
    names = {"me": alice.role, "other": bob.role, "owner": alice.database.owner}
    statements = [each.format(**names) for each in (*OF_OTHERS, *OF_ONES_OWN)]
    # Of the role of a session PostgreSQL says that it cannot be renamed at all.
    assert not_refused(alice, statements, "42501", "0A000") == []


def test_a_password_of_ones_own_choice_changes_nothing_else(alice: Person) -> None:
    def roles() -> list[Any]:
        select = "SELECT oid, to_jsonb(a) - 'rolpassword', rolpassword IS NULL FROM pg_authid a"
        return query(alice.database, SUPERUSER, f"{select} ORDER BY 1")

    before = roles()
    alice.query("ALTER ROLE CURRENT_USER PASSWORD 'a new one'")
    assert [row for row in roles() if row not in before] == [
        (oid, role, False) for oid, role, _ in before if role["rolname"] == alice.role
    ]
    alice.query("ALTER ROLE CURRENT_USER PASSWORD NULL")
    assert roles() == before
