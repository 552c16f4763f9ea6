"""Migrations go up, down and up again, and say clearly when they cannot."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlalchemy import Engine

from tests.conftest import Answer, Command, Database
from tests.servers import differences
from todo_cli.errors import AuthError, NotFoundError, SchemaError, TodoError
from todo_cli.link import engine
from todo_cli.server.private_server import SUPERUSER
from todo_cli.store.people.roles import OWNER, create_database
from todo_cli.store.schema import migrate, soundness

REVISIONS = [revision for revision, _ in migrate.history()]


@pytest.fixture
def empty(database: Database) -> Iterator[Database]:
    """Give a database without our schema, on the server that the tests share."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    with as_superuser(database) as cursor:
        create_database(cursor, OWNER, name)
    yield Database(name, OWNER, database.socket, database.open)
    with as_superuser(database) as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def as_superuser(database: Database) -> Iterator[Cursor]:
    with engine.work_on(database.open("postgres", SUPERUSER), autocommit=True) as cursor:
        yield cursor


@contextmanager
def owner_of(database: Database, role: str = OWNER) -> Iterator[Engine]:
    made = engine.make_engine(lambda: database.open(database.name, role), None)
    try:
        yield made
    finally:
        made.dispose()


def shape(database: Database) -> list[tuple[object, ...]]:
    """Give everything in schema todo, as the catalogs describe it."""
    statement = """
        SELECT 'relation', c.relname, c.relkind::text, c.relacl::text, c.relrowsecurity::text,
               c.relforcerowsecurity::text, pg_get_expr(c.relpartbound, c.oid)
          FROM pg_class c WHERE relnamespace = to_regnamespace('todo')
         UNION ALL
        SELECT 'column', attrelid::regclass::text, attname, format_type(atttypid, atttypmod),
               attnotnull::text, attacl::text, attstattarget::text
          FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
         WHERE relnamespace = to_regnamespace('todo') AND attnum > 0 AND NOT attisdropped
         UNION ALL
        SELECT 'function', proname, pg_get_functiondef(p.oid), proacl::text,
               proowner::regrole::text, '', ''
          FROM pg_proc p WHERE pronamespace = to_regnamespace('todo')
         UNION ALL
        SELECT 'policy', polname, polrelid::regclass::text, polcmd::text, polroles::regrole[]::text,
               pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
          FROM pg_policy
         UNION ALL
        SELECT 'trigger', tgname, tgrelid::regclass::text, tgenabled::text,
               pg_get_triggerdef(t.oid), '', ''
          FROM pg_trigger t WHERE NOT tgisinternal
         UNION ALL
        SELECT 'constraint', conname, conrelid::regclass::text, pg_get_constraintdef(c.oid),
               '', '', ''
          FROM pg_constraint c WHERE connamespace = to_regnamespace('todo')
         UNION ALL
        SELECT 'index', indexname, indexdef, '', '', '', ''
          FROM pg_indexes WHERE schemaname = 'todo'
         UNION ALL
        SELECT 'database', '', array(SELECT unnest(datacl)::text ORDER BY 1)::text, '', '', '', ''
          FROM pg_database WHERE datname = current_database()
         ORDER BY 1, 2, 3, 4
    """
    with database.cursor(SUPERUSER) as cursor:
        cursor.execute(statement)
        rows: list[tuple[object, ...]] = cursor.fetchall()
    return rows


def test_every_migration_goes_up_down_and_up_to_the_same(empty: Database) -> None:
    shapes = {}
    with owner_of(empty) as owner:
        for revision in REVISIONS:
            assert migrate.upgrade(owner, revision) == [revision]
            shapes[revision] = shape(empty)
        for below, revision in zip(["base", *REVISIONS], REVISIONS, strict=False):
            assert migrate.current(owner) == REVISIONS[-1]
            migrate.downgrade(owner, below)
            assert migrate.current(owner) == (None if below == "base" else below)
            if below != "base":
                assert shape(empty) == shapes[below]
            assert migrate.upgrade(owner)[0] == revision
            assert shape(empty) == shapes[REVISIONS[-1]]
    assert differences(empty) == []


def test_base_leaves_nothing_but_an_empty_version_table(empty: Database) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
        migrate.downgrade(owner, "base")
    names = {row[1] for row in shape(empty) if row[0] in ("relation", "function", "policy")}

    assert names == {"alembic_version", "alembic_version_pkc"}


def test_a_second_upgrade_changes_nothing(empty: Database) -> None:
    with owner_of(empty) as owner:
        assert migrate.upgrade(owner) == REVISIONS
        assert migrate.upgrade(owner) == []
        assert migrate.upgrade(owner, REVISIONS[0]) == []
        assert migrate.current(owner) == REVISIONS[-1]


def test_two_upgrades_at_once_take_turns(empty: Database) -> None:
    applied: list[list[str]] = []

    def upgrade() -> None:
        with owner_of(empty) as owner:
            applied.append(migrate.upgrade(owner))

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(applied) == 4
    assert sorted(revision for each in applied for revision in each) == REVISIONS


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: Database) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner, REVISIONS[1])
        before = shape(empty)
        with empty.cursor(OWNER) as cursor:
            cursor.execute("CREATE TABLE todo.task_events_rest ()")
        with pytest.raises(TodoError):
            migrate.upgrade(owner)
        with empty.cursor(OWNER) as cursor:
            cursor.execute("DROP TABLE todo.task_events_rest")
        assert shape(empty) == before
        assert migrate.current(owner) == REVISIONS[1]


def test_a_lock_that_somebody_keeps_ends_the_upgrade_in_time(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "lock_timeout = '100ms'")
    with owner_of(empty) as owner:
        migrate.upgrade(owner, REVISIONS[0])
        with closing(empty.open(empty.name, OWNER)) as holder, holder.cursor() as cursor:
            cursor.execute("LOCK TABLE todo.alembic_version")
            with pytest.raises(TodoError):
                migrate.upgrade(owner)
        assert migrate.upgrade(owner) == REVISIONS[1:]


def test_an_unknown_revision_is_not_found(empty: Database) -> None:
    with owner_of(empty) as owner:
        for name in ("9999", "", "-1", "head~1"):
            with pytest.raises(NotFoundError):
                migrate.upgrade(owner, name)


def test_only_the_owner_can_upgrade(database: Database, empty: Database) -> None:
    person = database.new_person()
    with as_superuser(empty) as cursor:
        cursor.execute(f"GRANT CONNECT ON DATABASE {empty.name} TO {person.role}")
    with owner_of(empty, person.role) as stranger, pytest.raises(AuthError):
        migrate.upgrade(stranger)
    assert shape(empty)[1:] == []


def test_a_second_owner_on_the_same_server_is_refused(empty: Database) -> None:
    other, name = f"other_{uuid.uuid4().hex[:12]}", f"second_{uuid.uuid4().hex[:12]}"
    with as_superuser(empty) as cursor:
        create_database(cursor, other, name)
    second = Database(name, other, empty.socket, empty.open)
    with owner_of(second, other) as owner:
        with pytest.raises(AuthError, match="one server, one owner"):
            migrate.upgrade(owner)
        assert migrate.current(owner) is None
    with as_superuser(empty) as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        cursor.execute(f"DROP ROLE {other}")


def test_a_database_that_cannot_hold_unicode_is_refused(empty: Database) -> None:
    name = f"latin_{uuid.uuid4().hex[:12]}"
    with as_superuser(empty) as cursor:
        cursor.execute(
            f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING LATIN1 "
            "LOCALE_PROVIDER libc LOCALE 'C'"
        )
    latin = Database(name, OWNER, empty.socket, empty.open)
    with owner_of(latin) as owner, pytest.raises(TodoError, match="UTF8"):
        migrate.upgrade(owner)
    with as_superuser(empty) as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_check_names_what_differs(empty: Database) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
        with empty.cursor(OWNER) as cursor:
            cursor.execute(
                "ALTER TABLE todo.tasks ADD colour text, ALTER revision TYPE bigint;"
                "DROP INDEX todo.tasks_completed_idx;"
                "ALTER TABLE todo.users NO FORCE ROW LEVEL SECURITY;"
                "ALTER TABLE todo.tasks ENABLE TRIGGER b_guard"
            )
    found = "\n".join(differences(empty))

    for words in (
        "column todo.tasks.colour: not of this program (text)",
        "column todo.tasks.revision: different (bigint)",
        "index todo.tasks_completed_idx: missing",
        "row-level security of todo.users: different (enabled, not forced)",
        "trigger b_guard of todo.tasks: different",
    ):
        assert words in found


def test_check_says_when_the_database_is_behind_or_ahead(empty: Database) -> None:
    with owner_of(empty) as owner:
        with pytest.raises(SchemaError, match="without the schema of todo"):
            soundness.check(owner)
        migrate.upgrade(owner, REVISIONS[1])
        with pytest.raises(SchemaError, match="at revision 0002; this program needs 0005"):
            soundness.check(owner)
        migrate.upgrade(owner)
        with empty.cursor(OWNER) as cursor:
            cursor.execute("UPDATE todo.alembic_version SET version_num = '9999'")
        for refuse in (
            soundness.check,
            migrate.upgrade,
            lambda owner: migrate.downgrade(owner, "base"),
        ):
            with pytest.raises(SchemaError, match="newer than this program"):
                refuse(owner)


def test_a_command_on_a_database_that_is_behind_asks_for_the_upgrade(
    empty: Database, todo: Command
) -> None:
    with as_superuser(empty) as cursor:
        cursor.execute("CREATE ROLE early LOGIN")
    person = empty.url("early")
    for revision in ["base", *REVISIONS[:-1]]:
        if revision != "base":
            with owner_of(empty) as owner:
                migrate.upgrade(owner, revision)
            with empty.cursor(OWNER) as cursor:
                cursor.execute("GRANT todo_member TO early")
        for arguments in (["list"], ["add", "x"], ["done", "1"], ["rm", "1"], ["show", "1"]):
            answer = todo(*arguments, TODO_DATABASE_URL=person)
            assert answer.code == 7
            assert answer.err.endswith("hint: run: todo db upgrade\n")
    with as_superuser(empty) as cursor:
        cursor.execute("DROP ROLE early")


def test_a_program_that_is_too_old_is_told_so(empty: Database, todo: Command) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
    with empty.cursor(SUPERUSER) as cursor:
        cursor.execute("SELECT pg_get_functiondef('todo.require_revision'::regproc)")
        definition = cursor.fetchone()[0]
        cursor.execute(definition.replace("'0001'", "'9999'").replace("present < program", "false"))

    answer = todo("list", TODO_DATABASE_URL=empty.url(SUPERUSER))

    assert answer.code == 7
    assert answer.err.startswith("todo: the database is newer than this program\n")


def test_names_that_no_program_of_today_would_take_lose_what_cannot_be_shown(
    empty: Database,
) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner, "0003")
        with empty.cursor(OWNER) as cursor:
            cursor.execute(
                "INSERT INTO todo.users (role_name, email, first_name, last_name) "
                "VALUES ('x', 'x', E'A\\x1b[31mn\\nn', U&'\\009bB')"
            )
            migrate.upgrade(owner)
            cursor.execute("SELECT first_name, last_name FROM todo.users")
            assert cursor.fetchall() == [("A [31mn n", " B")]
            for name in ("first_name", "last_name"):
                with pytest.raises(psycopg2.errors.CheckViolation):
                    cursor.execute(f"UPDATE todo.users SET {name} = E'a\\tb'")


def test_the_db_commands_work_with_the_owners_url(empty: Database, todo: Command) -> None:
    url = empty.url(OWNER)

    assert todo("db", "current", TODO_ADMIN_DATABASE_URL=url).out.startswith("revision     -\n")
    assert todo("db", "check", TODO_ADMIN_DATABASE_URL=url).code == 7
    assert todo("db", "upgrade", "0002", TODO_ADMIN_DATABASE_URL=url) == Answer(
        0, "", "Applied 0001, 0002. The schema is at 0002.\n"
    )
    assert todo("db", "upgrade", "--json", TODO_ADMIN_DATABASE_URL=url).out == (
        '{"revision":"0005","head":"0005","changed":["0003","0004","0005"]}\n'
    )
    assert todo("db", "check", TODO_ADMIN_DATABASE_URL=url).code == 0
    assert todo("db", "downgrade", "0001", TODO_ADMIN_DATABASE_URL=url).code == 2
    assert todo("db", "downgrade", "0001", "--yes", TODO_ADMIN_DATABASE_URL=url).code == 0
    with empty.cursor(OWNER) as cursor:
        cursor.execute("ALTER TABLE todo.users ADD colour text")
    schema_differs = todo("db", "upgrade", TODO_ADMIN_DATABASE_URL=url)
    assert schema_differs.code == 0
    answer = todo("db", "check", "--json", TODO_ADMIN_DATABASE_URL=url)
    assert answer.code == 7
    assert answer.out == (
        '{"revision":"0005",'
        '"differences":["column todo.users.colour: not of this program (text)"],'
        '"added":[],"large_objects":[]}\n'
    )
    assert '"code":"schema"' in answer.err
    assert todo("db", "downgrade", "0815", TODO_ADMIN_DATABASE_URL=url).code == 3
    assert todo("db", "upgrade", "0815", TODO_ADMIN_DATABASE_URL=url).code == 3


def test_the_db_commands_refuse_a_members_url(todo: Command) -> None:
    answer = todo("db", "upgrade")

    assert answer.code == 4
    assert "TODO_ADMIN_DATABASE_URL" in answer.err


def test_history_lists_the_migrations(todo: Command) -> None:
    answer = todo("db", "history", "--json")

    assert answer.code == 0
    assert [
        line.split("\t")[0] for line in todo("db", "history", "-q").out.splitlines()
    ] == REVISIONS
    assert all(f'"revision":"{revision}"' in answer.out for revision in REVISIONS)
