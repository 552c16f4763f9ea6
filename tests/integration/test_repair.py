"""`todo db check` finds what differs in rights as well, and with --repair puts it right.

What a restore loses is in test_restore.py.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command, Database, Person, temporary_home
from tests.integration.test_migrations import REVISIONS, owner_of
from tests.integration.test_migrations import empty as empty  # a fixture
from tests.integration.test_migrations import shape as shape_of
from tests.people import office_of
from tests.servers import SUPERUSER, add_task, as_owner, query
from todo_cli.errors import SchemaError, TodoError
from todo_cli.store.schema import large_objects, migrate, shape, soundness


@contextmanager
def maintainer_of(database: Database) -> Iterator[Command]:
    """Give `todo` with the owner's URL."""
    with temporary_home() as home:
        url = database.url(database.owner)
        yield Command({"TODO_HOME": str(home), "TODO_ADMIN_DATABASE_URL": url})


def test_a_check_waits_for_nobody_and_leaves_nothing(database: Database, person: Person) -> None:
    before = shape_of(database)
    with database.cursor(person.role) as cursor, owner_of(database) as owner:
        cursor.execute("BEGIN; INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'x')")
        assert soundness.check(owner).differences == ()
    assert shape_of(database) == before


def test_a_stray_right_is_taken_away_and_what_the_owner_granted_stays(empty: Database) -> None:
    auditing = f"auditing_{empty.name}"
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
    as_owner(
        empty,
        f"""CREATE ROLE {auditing};
            GRANT SELECT ON todo.tasks TO {auditing};
            GRANT UPDATE ON todo.tasks TO todo_member;
            CREATE POLICY peek ON todo.tasks FOR SELECT TO todo_member USING (true)""",
    )
    stray = [
        "REVOKE UPDATE ON TABLE todo.tasks FROM todo_member",
        "policy peek of todo.tasks: not of this program "
        "(AS PERMISSIVE FOR SELECT TO todo_member USING (true))",
    ]
    with maintainer_of(empty) as todo:
        found, repaired = todo("db", "check"), todo("db", "check", "--repair")
        assert todo("db", "check").code == 0

    assert (found.code, sorted(found.out.splitlines())) == (7, stray)
    assert found.err.startswith(
        f"Differences: 2.\nAdded by the owner: GRANT SELECT ON TABLE todo.tasks TO {auditing}.\n"
    )
    assert (repaired.code, repaired.out) == (0, "")
    assert all(f"{each}\n" in repaired.err for each in stray)
    assert repaired.err.endswith("The database is at 0005 and as this program needs it.\n")
    kept = """SELECT has_table_privilege(%s, 'todo.tasks', 'SELECT'),
                     has_column_privilege('todo_member', 'todo.tasks', 'title', 'UPDATE')"""
    assert as_owner(empty, kept, [auditing]) == [(True, True)]
    query(empty, SUPERUSER, f"DROP OWNED BY {auditing}; DROP ROLE {auditing}")


def test_a_database_that_is_behind_is_repaired_and_can_then_be_upgraded(empty: Database) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner, REVISIONS[1])
    as_owner(empty, "DROP POLICY own ON todo.users; REVOKE USAGE ON SCHEMA todo FROM todo_definer")
    with maintainer_of(empty) as todo:
        answer = todo("db", "check", "--repair", "--json")
        found = json.loads(answer.out)
        assert answer.code == 7
        assert found["differences"] == ["the database is at revision 0002; this program needs 0005"]
        assert len(found["repaired"]) == 2
        assert todo("db", "upgrade").code == 0
        assert todo("db", "check").code == 0


def test_a_database_without_the_schema_cannot_be_repaired(empty: Database) -> None:
    with maintainer_of(empty) as todo:
        answer = todo("db", "check", "--repair")
    assert answer.code == 7
    assert answer.err.endswith("hint: run: todo db upgrade\n")


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (
            "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_title_check",
            "check tasks_title_check of todo.tasks: missing",
        ),
        ("ALTER FUNCTION todo.me() SECURITY INVOKER", "function todo.me(): different"),
        ("DROP TABLE todo.task_events_rest", "partition todo.task_events_rest: missing"),
    ],
)
def test_a_broken_database_is_called_broken_and_mended(
    empty: Database, statement: str, line: str
) -> None:
    with owner_of(empty) as owner, maintainer_of(empty) as todo:
        migrate.upgrade(owner)
        as_owner(empty, statement)
        found = todo("db", "check")
        assert (found.code, found.out) == (7, f"{line}\n")
        assert found.err.endswith("hint: todo db check --repair puts back what can be put back\n")

        repaired = todo("db", "check", "--repair")
        assert (repaired.code, repaired.out) == (0, "")
        assert repaired.err.startswith(f"{line}\nRepaired 1 in all.\n")
        assert todo("db", "check").code == 0


def test_a_check_that_rows_violate_stays_named(empty: Database) -> None:
    with owner_of(empty) as owner, maintainer_of(empty) as todo:
        migrate.upgrade(owner)
        as_owner(
            empty,
            "ALTER TABLE todo.users DROP CONSTRAINT users_kind_check;"
            "INSERT INTO todo.users (role_name, email, kind) VALUES ('x', 'x@example.com', 'king')",
        )
        answer = todo("db", "check", "--repair")
    assert (answer.code, answer.out) == (7, "check users_kind_check of todo.users: missing\n")
    assert answer.err.endswith(
        "Differences: 1.\ntodo: the database differs from what this program needs\n"
    )


def test_what_the_owner_added_is_told_and_the_database_is_sound(empty: Database) -> None:
    with owner_of(empty) as owner, maintainer_of(empty) as todo:
        migrate.upgrade(owner)
        as_owner(empty, "CREATE VIEW todo.report AS SELECT count(*) FROM todo.tasks")
        answer, found = todo("db", "check"), todo("db", "check", "--json")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("Added by the owner: view todo.report.\nThe database is at ")
    assert json.loads(found.out)["added"] == ["view todo.report"]


def test_members_work_on_while_the_database_is_checked(
    database: Database, person: Person, todo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, worked = shape.read_expected, []

    def read_expected(*arguments: Any) -> shape.Expected:
        """Work while the schema is there twice, as long as the check holds its locks."""
        variables = {"TODO_DATABASE_URL": person.url}
        assert todo("add", "meanwhile", **variables).code == 0
        worked.append(todo("list", **variables).out)
        assert todo("done", "1", **variables).code == 0
        return read(*arguments)

    monkeypatch.setattr(shape, "read_expected", read_expected)
    with owner_of(database) as owner:
        assert soundness.check(owner).differences == ()
    assert "meanwhile" in worked[0]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ("INSERT INTO todo.alembic_version VALUES ('0001')", r"names 2 revisions \(0001, "),
        ("DELETE FROM todo.alembic_version", "names no revision"),
        ("DROP TABLE todo.alembic_version", "names no revision"),
    ],
)
def test_a_database_of_no_one_revision_is_named_and_left_alone(
    empty: Database, person: Person, todo: Command, change: str, state: str
) -> None:
    owner = {"TODO_ADMIN_DATABASE_URL": empty.url(empty.owner)}
    assert todo("db", "upgrade", **owner).code == 0
    as_owner(empty, change)
    for command in (
        ("check",),
        ("check", "--repair"),
        ("upgrade",),
        ("downgrade", "base", "--yes"),
        ("current",),
    ):
        answer = todo("db", *command, **owner)
        assert (answer.code, answer.out) == (7, ""), command
        assert answer.err.startswith("todo: todo.alembic_version names "), command
        assert "Traceback" not in answer.err
    with owner_of(empty) as engine, pytest.raises(SchemaError, match=state):
        migrate.upgrade(engine)


def test_a_member_of_a_database_of_two_revisions_is_told_too(
    empty: Database, todo: Command
) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
    as_owner(empty, "INSERT INTO todo.alembic_version VALUES ('0001')")
    answer = todo("list", TODO_DATABASE_URL=empty.url(SUPERUSER))
    assert answer.code == 7
    assert answer.err.startswith("todo: this database has more than one revision\n")


@pytest.mark.parametrize(
    "setting",
    [
        "quote_all_identifiers = on",
        "search_path = todo, public",
        "TimeZone = 'Asia/Tokyo'",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'sql_standard'",
        "bytea_output = 'escape'",
        "standard_conforming_strings = off",
        "check_function_bodies = off",
        "row_security = off",
        "default_transaction_isolation = 'serializable'",
    ],
)
def test_what_an_owner_has_set_changes_neither_migrations_nor_the_check(
    empty: Database, setting: str, recwarn: pytest.WarningsRecorder
) -> None:
    query(empty, SUPERUSER, f"ALTER DATABASE {empty.name} SET {setting}")
    with maintainer_of(empty) as todo:
        assert todo("db", "upgrade").code == 0
        first = todo("db", "check", "--json")
        query(empty, SUPERUSER, f"ALTER DATABASE {empty.name} RESET ALL")
        second = todo("db", "check", "--json")
    assert (first.code, second.code) == (0, 0)
    assert first == second
    assert list(recwarn) == []


def test_what_an_owner_hands_out_by_default_is_a_stray_right(empty: Database) -> None:
    as_owner(empty, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
        found = soundness.check(owner).differences
        assert "REVOKE SELECT ON TABLE todo.users FROM PUBLIC" in found
        assert not any(each.startswith("GRANT") for each in found)
        assert soundness.repair(owner).differences == ()
        assert soundness.check(owner).differences == ()


def test_large_objects_are_named_and_those_of_nobody_dropped(
    empty: Database, tmp_path: Path
) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
    with maintainer_of(empty) as todo, office_of(empty, tmp_path) as office:
        member = office.member("someone@example.com")
        invited = office.invite("someone.else@example.com")["user"]
        for who in (member.role, f"{member.role}; SET ROLE todo_member", invited):
            role, _, before = who.partition("; ")
            query(empty, role, f"{before}; SELECT lo_from_bytea(0, 'x') FROM generate_series(1, 2)")
        found = todo("db", "check", "--json")
        named = {each["role"]: each["count"] for each in json.loads(found.out)["large_objects"]}
        assert (found.code, named) == (0, {member.role: 2, "todo_member": 2, invited: 2})
        assert "Large objects of todo_member: 2. pg_dump -B" in todo("db", "check").err

        repaired = todo("db", "check", "--repair")
        assert repaired.code == 0
        assert "large objects of todo_member, dropped: 2\n" in repaired.err
        left = json.loads(todo("db", "check", "--json").out)["large_objects"]
        assert left == [{"role": member.role, "count": 2}]
        # By itself: an owner is for good a member of the roles of people who were deactivated.
        joined = (
            "SELECT FROM pg_auth_members WHERE roleid = 'todo_member'::regrole"
            " AND member = %s::regrole AND inherit_option"
        )
        assert as_owner(empty, joined, [empty.owner]) == []


def test_the_large_objects_of_a_group_go_with_whoever_is_removed(
    empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_objects, "_AT_ONCE", 2)
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
    with maintainer_of(empty) as todo, office_of(empty, tmp_path) as office:
        member = office.member("someone@example.com")
        add_task(member, "x")
        for before in ("", "SET ROLE todo_member; "):
            member.query(f"{before}SELECT lo_from_bytea(0, 'x') FROM generate_series(1, 5)")
        assert todo("user", "remove", "someone@example.com", "--yes").code == 0
    assert as_owner(empty, "SELECT count(*) FROM pg_largeobject_metadata") == [(0,)]


def test_the_months_of_the_log_that_nobody_has_made_yet_are_made_and_no_difference(
    empty: Database,
) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
        months = as_owner(
            empty,
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'todo.task_events'::regclass ORDER BY 1 DESC OFFSET 1 LIMIT 3",
        )
        for (month,) in months:
            as_owner(empty, f"DROP TABLE {month}")
        assert soundness.check(owner).differences == ()
        assert soundness.repair(owner).repaired == ("partitions of the change log, made ahead: 3",)
        assert soundness.repair(owner).repaired == ()


def test_a_partition_that_was_made_by_hand_gets_the_guards_of_the_others(empty: Database) -> None:
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
        as_owner(
            empty,
            "CREATE TABLE todo.old PARTITION OF todo.task_events"
            " FOR VALUES FROM ('2019-01-01 00:00+00') TO ('2020-01-01 00:00+00')",
        )
        found = soundness.check(owner).differences
        assert {
            "row-level security of todo.old: different (not enabled, not forced)",
            "policy owner_all of todo.old: missing",
            "trigger append_only_truncate of todo.old: missing",
            "statistics target of todo.old.after: missing",
        } <= set(found)
        assert soundness.repair(owner).differences == ()

        as_owner(empty, "ALTER TABLE todo.task_events DETACH PARTITION todo.old")
        left = soundness.check(owner)
        assert (left.differences, left.added) == ((), ("table todo.old",))


def test_a_repair_that_gets_no_lock_changes_nothing(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "lock_timeout = '100ms'")
    with owner_of(empty) as owner:
        migrate.upgrade(owner)
        as_owner(empty, "DROP VIEW todo.pending_tasks; DROP TRIGGER b_guard ON todo.tasks")
        before = shape_of(empty)
        with closing(empty.open(empty.name, empty.owner)) as holder, holder.cursor() as cursor:
            cursor.execute("LOCK TABLE todo.alembic_version")
            with pytest.raises(TodoError):
                soundness.repair(owner)
        assert shape_of(empty) == before
