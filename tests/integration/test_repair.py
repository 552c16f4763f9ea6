"""`todo db check` finds what differs in rights as well, and with --repair puts it right.

What a restore loses is in test_restore.py.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import Command, Database, Person, temporary_home
from tests.integration.test_migrations import REVISIONS, owner_of, shape
from tests.integration.test_migrations import empty as empty  # a fixture
from tests.servers import SUPERUSER, as_owner, query
from todo_cli.store import schema, soundness


@contextmanager
def maintainer_of(database: Database) -> Iterator[Command]:
    """Give `todo` with the owner's URL."""
    with temporary_home() as home:
        url = database.url(database.owner)
        yield Command({"TODO_HOME": str(home), "TODO_ADMIN_DATABASE_URL": url})


def test_a_check_waits_for_nobody_and_leaves_nothing(database: Database, person: Person) -> None:
    before = shape(database)
    with database.cursor(person.role) as cursor, owner_of(database) as owner:
        cursor.execute("BEGIN; INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'x')")
        assert soundness.check(owner).differences == ()
    assert shape(database) == before


def test_a_stray_right_is_taken_away_and_what_the_owner_granted_stays(empty: Database) -> None:
    auditing = f"auditing_{empty.name}"
    with owner_of(empty) as owner:
        schema.upgrade(owner)
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
    assert found.err.startswith("Differences: 2.\ntodo: the database differs")
    assert (repaired.code, repaired.out) == (0, "")
    assert all(f"{each}\n" in repaired.err for each in stray)
    assert repaired.err.endswith("The database is at 0004 and as this program needs it.\n")
    kept = """SELECT has_table_privilege(%s, 'todo.tasks', 'SELECT'),
                     has_column_privilege('todo_member', 'todo.tasks', 'title', 'UPDATE')"""
    assert as_owner(empty, kept, [auditing]) == [(True, True)]
    query(empty, SUPERUSER, f"DROP OWNED BY {auditing}; DROP ROLE {auditing}")


def test_a_database_that_is_behind_is_repaired_and_can_then_be_upgraded(empty: Database) -> None:
    with owner_of(empty) as owner:
        schema.upgrade(owner, REVISIONS[1])
    as_owner(empty, "DROP POLICY own ON todo.users; REVOKE USAGE ON SCHEMA todo FROM todo_definer")
    with maintainer_of(empty) as todo:
        answer = todo("db", "check", "--repair", "--json")
        found = json.loads(answer.out)
        assert answer.code == 7
        assert found["differences"] == ["the database is at revision 0002; this program needs 0004"]
        assert len(found["repaired"]) == 2
        assert todo("db", "upgrade").code == 0
        assert todo("db", "check").code == 0


def test_a_database_without_the_schema_cannot_be_repaired(empty: Database) -> None:
    with maintainer_of(empty) as todo:
        answer = todo("db", "check", "--repair")
    assert answer.code == 7
    assert answer.err.endswith("hint: run: todo db upgrade\n")
