"""What `todo doctor` says about a server, its schema and policies, and who is logged in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests import servers
from tests.conftest import Command, Database, Person
from tests.doctor import examined, no_settings_of_libpq, states, trouble
from todo_cli import clock
from todo_cli.store import doctor
from todo_cli.store.schema.models import HEAD

assert no_settings_of_libpq
pytestmark = pytest.mark.alone(reason="doctor looks at this machine from its own process")


@pytest.fixture(scope="module")
def own_database() -> Iterator[Database]:
    """Give a database on a server of its own, to be spoilt."""
    with servers.database_on(servers.binaries("18"), bypassrls=False) as database:
        yield database


@pytest.fixture
def victim(own_database: Database) -> Person:
    """Give a member of the database that is spoilt."""
    return own_database.new_person()


def test_somebody_who_was_deactivated_is_refused(
    todo: Command, database: Database, person: Person
) -> None:
    owner = database.url(database.owner)
    assert todo("user", "deactivate", person.email, TODO_ADMIN_DATABASE_URL=owner).code == 0

    [(name, found, hint)] = examined(todo, person.url)

    assert name == "login"
    assert found.endswith("is not permitted to log in")
    assert "todo login" in str(hint)


def test_somebody_who_is_not_active_and_still_let_in_is_told(
    todo: Command, own_database: Database, victim: Person
) -> None:
    deactivate = "UPDATE todo.users SET is_active = false WHERE email = %s"
    servers.as_owner(own_database, deactivate, [victim.email])

    [failure] = examined(todo, victim.url)

    assert failure[:2] == ("person", "this login belongs to no active person")


def test_an_invitation_is_not_yet_a_login(alice: Command, invitation: str) -> None:
    found = examined(alice, invitation)

    assert ("person", "this login is an invitation that was not used yet") in [
        each[:2] for each in found
    ]


def test_the_owners_url_is_none_for_daily_use(alice: Command, database: Database) -> None:
    found = examined(alice, database.url(database.owner))

    yourself = "log in as yourself: todo login"
    assert found == [
        ("person", "this is the login of the database's owner, who has no tasks", yourself),
        ("rights", "this login sees everybody's rows: the policies do not bind it", yourself),
    ]


def test_a_login_that_bypasses_the_policies_is_told(
    todo: Command, own_database: Database, victim: Person
) -> None:
    servers.query(own_database, servers.SUPERUSER, f"ALTER ROLE {victim.role} BYPASSRLS")

    [(name, _, _)] = examined(todo, victim.url)

    assert name == "rights"


def test_a_database_without_the_schema_is_told(todo: Command, victim: Person) -> None:
    [failure] = examined(todo, victim.url.replace("/todo?", "/postgres?"))

    assert failure == (
        "schema",
        "this database has no schema of todo, or an old one",
        "run: todo db upgrade",
    )


@contextmanager
def changed(database: Database, change: str, back: str) -> Iterator[None]:
    """Change a database as its superuser, and change it back."""
    servers.query(database, servers.SUPERUSER, change)
    try:
        yield
    finally:
        servers.query(database, servers.SUPERUSER, back)


def test_a_schema_that_is_behind_is_told(
    todo: Command, own_database: Database, victim: Person
) -> None:
    update = "UPDATE todo.alembic_version SET version_num = '{}'"
    with changed(own_database, update.format("0001"), update.format(HEAD)):
        found = examined(todo, victim.url)

    assert found == [("schema", "the database is older than this program", "run: todo db upgrade")]


def test_a_schema_that_is_ahead_is_told(
    todo: Command, own_database: Database, victim: Person
) -> None:
    get = "SELECT pg_get_functiondef('todo.require_revision'::regproc)"
    [(now,)] = servers.query(own_database, servers.SUPERUSER, get)
    later = now.replace("oldest  CONSTANT text := '0001'", "oldest  CONSTANT text := '9999'")
    later = later.replace("present < program", "false")
    with changed(own_database, later.replace("%", "%%"), now.replace("%", "%%")):
        found = examined(todo, victim.url)

    assert found == [("schema", "the database is newer than this program", "upgrade todo")]


@pytest.mark.parametrize(
    ("table", "change", "back"),
    [
        ("tasks", "DISABLE", "ENABLE"),
        ("users", "NO FORCE", "FORCE"),
        ("task_events_rest", "NO FORCE", "FORCE"),
    ],
)
def test_a_table_without_its_row_level_security_is_told(
    todo: Command, own_database: Database, victim: Person, table: str, change: str, back: str
) -> None:
    alter = f"ALTER TABLE todo.{table} {{}} ROW LEVEL SECURITY"
    with changed(own_database, alter.format(change), alter.format(back)):
        [(name, found, _)] = examined(todo, victim.url)

    assert (name, found) == ("row security", f"not enabled, or not forced, on {table}")


@pytest.mark.parametrize(
    ("change", "back", "words"),
    [
        (
            "ALTER FUNCTION todo.purge RESET search_path",
            "ALTER FUNCTION todo.purge SET search_path = pg_catalog, pg_temp",
            "function purge has no search_path of its own",
        ),
        (
            "ALTER TABLE todo.tasks DISABLE TRIGGER log_update",
            "ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER log_update",
            "trigger log_update of tasks is not enabled as it should be",
        ),
        (
            "ALTER TABLE todo.tasks ADD CONSTRAINT late CHECK (title <> '') NOT VALID",
            "ALTER TABLE todo.tasks DROP CONSTRAINT late",
            "constraint late of tasks was never validated",
        ),
        (
            "CREATE RULE quiet AS ON UPDATE TO todo.users DO ALSO NOTHING",
            "DROP RULE quiet ON todo.users",
            "there is a rule quiet on users",
        ),
        (
            "ALTER TABLE todo.task_events DETACH PARTITION todo.task_events_rest",
            "ALTER TABLE todo.task_events ATTACH PARTITION todo.task_events_rest DEFAULT;"
            "ALTER TABLE todo.task_events_rest ENABLE ALWAYS TRIGGER append_only",
            "task_events has no default partition",
        ),
        (
            "ALTER VIEW todo.pending_tasks RESET (security_invoker)",
            "ALTER VIEW todo.pending_tasks SET (security_invoker = true)",
            "view pending_tasks shows what its owner may see",
        ),
    ],
)
def test_what_a_member_can_see_of_weakened_definitions_is_told(
    todo: Command, own_database: Database, victim: Person, change: str, back: str, words: str
) -> None:
    with changed(own_database, change, back):
        [(name, found, hint)] = examined(todo, victim.url)

    assert (name, found) == ("definitions", words)
    assert hint == "tell the database's owner, whom todo db check shows it too"


def test_a_table_of_the_owners_own_is_no_matter_of_ours(
    todo: Command, own_database: Database, victim: Person
) -> None:
    with changed(own_database, "CREATE TABLE todo.notes (x int)", "DROP TABLE todo.notes"):
        assert examined(todo, victim.url) == []


def test_large_objects_that_are_not_the_owners_are_warned_of(
    todo: Command, own_database: Database, victim: Person
) -> None:
    victim.query("SET ROLE todo_member; SELECT lo_create(4711), lo_create(4712)")
    found = examined(todo, victim.url)
    servers.query(own_database, servers.SUPERUSER, "SELECT lo_unlink(4711), lo_unlink(4712)")

    [(name, words, hint)] = found
    assert (name, words) == ("large objects", "2 of todo_member")
    assert "pg_dump needs -B" in str(hint)


def test_a_server_that_is_too_old_is_told(todo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "server_version", lambda _: (14, 9))

    assert trouble(todo("doctor", "--json")) == [
        ("server", "PostgreSQL 14.9 is too old", "todo needs PostgreSQL 15 or newer")
    ]


def test_a_clock_that_is_wrong_is_warned_of(todo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    late = timedelta(seconds=60)
    monkeypatch.setattr(clock, "machine", lambda: datetime.now(UTC) - late)

    [(name, found, _)] = trouble(todo("doctor", "--json"))

    assert (name, found) == ("clock", "this machine is 60 seconds behind the server")


def test_a_server_that_goes_away_ends_the_examination(
    todo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(cursor: doctor.Cursor) -> bool:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return False

    monkeypatch.setattr(doctor, "is_relayed", end)

    answer = todo("doctor", "--json")

    assert [each[0] for each in trouble(answer)] == ["route"]
    assert list(states(answer))[-1] == "route"


def test_a_server_that_answers_nonsense_is_told(
    todo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "unguarded", lambda _: [1 / 0])

    [(name, found, _)] = trouble(todo("doctor", "--json"))

    assert (name, found) == (
        "row security",
        "something unexpected went wrong (ZeroDivisionError)",
    )
