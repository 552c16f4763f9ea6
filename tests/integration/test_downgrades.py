"""Down to nothing and up again, with people and tasks in the database, on every server."""

from tests.conftest import Database, Person
from tests.servers import SUPERUSER, add_task, as_owner, downgrade, query, upgrade
from todo_cli.store.schema import migrate

REVISIONS = [revision for revision, _ in migrate.history()]

# What schema.md names as ours outside the rows: objects, group roles, privileges.
LEFT = """
    SELECT 'relation', relname FROM pg_class
     WHERE relnamespace = 'todo'::regnamespace AND relkind <> 'i'
     UNION ALL
    SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'todo'::regnamespace
     UNION ALL
    SELECT 'policy', polname FROM pg_policy
     UNION ALL
    SELECT 'default privilege', defaclrole::regrole::name FROM pg_default_acl
     UNION ALL
    SELECT 'role', rolname FROM pg_roles
     WHERE rolname IN ('todo_member', 'todo_auditor', 'todo_invited', 'todo_definer')
     UNION ALL
    SELECT 'grant on the schema', grantee::regrole::name
      FROM pg_namespace CROSS JOIN LATERAL aclexplode(nspacl)
     WHERE nspname = 'todo' AND grantee <> nspowner
"""


def test_with_tasks_in_it_the_database_goes_down_and_up_again(
    each_database: Database, alice: Person, auditor: Person
) -> None:
    add_task(alice, "x")
    alice.query("SELECT todo.purge('{1}', '{}', NULL)")
    add_task(alice, "y")
    # What a member can leave in the group's name must not keep the group alive.
    alice.query(
        "SET ROLE todo_member; SELECT lo_from_bytea(0, 'x');"
        "ALTER DEFAULT PRIVILEGES FOR ROLE todo_member GRANT SELECT ON TABLES TO PUBLIC"
    )
    assert downgrade(each_database, "base") == REVISIONS[::-1]
    assert as_owner(each_database, LEFT) == [("relation", "alembic_version")]
    assert query(each_database, SUPERUSER, "SELECT FROM todo.alembic_version") == []

    assert upgrade(each_database) == REVISIONS
    assert add_task(each_database.new_person(), "the first")[1] == 1


def test_without_its_log_the_database_keeps_the_tasks(
    each_database: Database, alice: Person
) -> None:
    task, number = add_task(alice, "kept")
    assert downgrade(each_database, "0002") == REVISIONS[:1:-1]
    assert alice.query("SELECT id::text, number FROM todo.tasks") == [(task, number)]
    assert add_task(alice, "not logged")[1] == number + 1

    assert upgrade(each_database) == REVISIONS[2:]
    alice.query("UPDATE todo.tasks SET title = 'logged' WHERE id = %s", [task])
    assert alice.query("SELECT action FROM todo.task_events") == [("modified",)]
