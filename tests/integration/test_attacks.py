"""Attacks on who one is and on our functions: shadowed names, other roles, objects of ours.

Alice attacks, with leave to make temporary objects, which no member has; Bob is attacked.
"""

import contextlib

import psycopg2
import pytest

from tests.conftest import Database, Person
from tests.servers import SUPERUSER, add_task, as_owner, id_of, not_refused, query, refused

# What people would like our functions to find in place of what they mean.
SHADOWS = """
    CREATE TEMPORARY TABLE users AS
        SELECT '{bob}'::uuid AS id, session_user AS role_name, 'auditor' AS kind,
               true AS is_active, now() AS claimed_at, 100::bigint AS last_task_number,
               1::bigint AS reserved_from, txid_current() AS reserved_by;
    CREATE TEMPORARY TABLE tasks (user_id uuid, id uuid, number bigint, status text);
    CREATE TEMPORARY TABLE task_events (action text);
    CREATE TEMPORARY TABLE alembic_version (version_num text);
    CREATE TEMPORARY TABLE new_rows (id uuid);
    GRANT ALL ON users, tasks, task_events, alembic_version, new_rows TO PUBLIC;
    CREATE FUNCTION pg_temp.took(text) RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
    CREATE DOMAIN pg_temp.uuid AS pg_catalog.uuid CHECK (pg_temp.took('uuid'));
    CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.took('text'));
    CREATE DOMAIN pg_temp.name AS pg_catalog.name CHECK (pg_temp.took('name'));
    CREATE DOMAIN pg_temp.int8 AS pg_catalog.int8 CHECK (pg_temp.took('int8'));
    CREATE DOMAIN pg_temp.regclass AS pg_catalog.regclass CHECK (pg_temp.took('regclass'));
    CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
        $$ SELECT '2000-01-01'::timestamptz $$;
    CREATE FUNCTION pg_temp.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS
        $$ SELECT '{{}}'::jsonb $$;
    CREATE FUNCTION pg_temp.set_config(pg_catalog.text, pg_catalog.text, boolean)
        RETURNS pg_catalog.text LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
    CREATE FUNCTION pg_temp.same(pg_catalog.name, pg_catalog.name) RETURNS boolean
        LANGUAGE sql AS $$ SELECT true $$;
    CREATE OPERATOR pg_temp.= (LEFTARG = pg_catalog.name, RIGHTARG = pg_catalog.name,
                               FUNCTION = pg_temp.same);
    CREATE FUNCTION pg_temp.same(pg_catalog.uuid, pg_catalog.uuid) RETURNS boolean
        LANGUAGE sql AS $$ SELECT true $$;
    CREATE OPERATOR pg_temp.= (LEFTARG = pg_catalog.uuid, RIGHTARG = pg_catalog.uuid,
                               FUNCTION = pg_temp.same);
    SET search_path = pg_temp, pg_catalog, todo;
"""

OUR_TRIGGER_FUNCTIONS = ("number_task", "log_tasks", "guard_task", "keep_events", "touch_user")


def test_temporary_objects_of_the_names_we_use_change_nothing(alice: Person, bob: Person) -> None:
    theirs, _ = add_task(bob, "theirs")
    add_task(alice, "mine")
    me = id_of(alice)
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute(SHADOWS.format(bob=id_of(bob)))
        cursor.execute("SELECT todo.me()::pg_catalog.text, todo.is_auditor()")
        assert cursor.fetchone() == (me, False)
        cursor.execute("SELECT title FROM todo.tasks")
        assert cursor.fetchall() == [("mine",)]
        with refused("TD701"):
            cursor.execute("SELECT todo.require_revision('9999')")
        with refused("42501"):
            cursor.execute(
                "INSERT INTO todo.tasks (id, number, title) VALUES (gen_random_uuid(), 50, 'x')"
            )
        cursor.execute("SELECT todo.reserve_numbers(1)")
        assert cursor.fetchone() == (2,)
        cursor.execute("INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'new')")
        cursor.execute(
            "UPDATE todo.tasks SET status = 'completed' WHERE number OPERATOR("
            "pg_catalog.=) 1 RETURNING completed_at > '2020-01-01'"
        )
        assert cursor.fetchone() == (True,)
        with refused("TD404"):
            cursor.execute(f"SELECT todo.purge('{{}}', '{{{theirs}}}', gen_random_uuid())")
        cursor.execute("SELECT number FROM todo.purge('{3}', '{}', gen_random_uuid())")
        assert cursor.fetchall() == [(3,)]
    assert alice.query(
        "SELECT action, at > '2020-01-01', before IS NULL AND after IS NULL, user_id::text "
        "FROM todo.task_events ORDER BY at"
    ) == [(action, True, False, me) for action in ("added", "added", "completed", "purged")]
    assert bob.query("SELECT title FROM todo.tasks") == [("theirs",)]


def test_temporary_objects_need_a_right_that_no_member_has(bob: Person, auditor: Person) -> None:
    for each in (bob, auditor):
        for statement in (
            "CREATE TEMPORARY TABLE users (id uuid)",
            "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE TEMPORARY VIEW v AS SELECT 1",
            "SELECT 1 AS x INTO TEMPORARY t",
        ):
            with refused("42501"):
                each.query(statement)


@pytest.mark.parametrize("function", OUR_TRIGGER_FUNCTIONS)
def test_our_trigger_functions_cannot_be_called_or_put_on_another_table(
    alice: Person, function: str
) -> None:
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute("CREATE TEMPORARY TABLE tasks (LIKE todo.tasks)")
        for statement in (
            f"SELECT todo.{function}()",
            f"CREATE TRIGGER t BEFORE INSERT ON pg_temp.tasks "
            f"FOR EACH ROW EXECUTE FUNCTION todo.{function}()",
        ):
            with refused("42501"):
                cursor.execute(statement)


@pytest.mark.parametrize(
    "trigger",
    [
        "BEFORE INSERT ON pg_temp.tasks FOR EACH ROW EXECUTE FUNCTION todo.number_task()",
        "AFTER INSERT ON pg_temp.tasks REFERENCING NEW TABLE AS new_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION todo.log_tasks()",
    ],
    ids=["number", "log"],
)
def test_a_trigger_function_refuses_another_table_even_for_one_who_may_execute_it(
    each_database: Database, alice: Person, bob: Person, trigger: str
) -> None:
    as_owner(
        each_database,
        f"GRANT EXECUTE ON FUNCTION todo.log_tasks(), todo.number_task() TO {alice.role}",
    )
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute("CREATE TEMPORARY TABLE tasks AS SELECT * FROM todo.tasks")
        cursor.execute(f"CREATE TRIGGER t {trigger}")
        with refused("42501") as caught:
            cursor.execute(
                "INSERT INTO pg_temp.tasks (id, user_id, title) "
                "VALUES (gen_random_uuid(), %s, 'forged')",
                [id_of(bob)],
            )
        assert "for todo.tasks alone" in str(caught.value)
    assert bob.query("SELECT FROM todo.task_events") == []


def test_nobody_becomes_somebody_else(alice: Person, bob: Person) -> None:
    for role in (bob.role, alice.database.owner, SUPERUSER, "todo_definer"):
        for statement in (
            f"SET ROLE {role}",
            f"SET SESSION AUTHORIZATION {role}",
            f"GRANT {role} TO {alice.role}",
        ):
            with refused("42501"):
                alice.query(statement)


def test_the_groups_role_is_still_the_person_who_logged_in(alice: Person, bob: Person) -> None:
    add_task(bob, "theirs")
    mine, _ = add_task(alice, "mine")
    seen = "SET ROLE todo_member; SELECT id::text FROM todo.tasks"
    assert alice.query(seen) == [(mine,)]
    assert alice.query("SET ROLE todo_member; SELECT todo.me()::text") == [(id_of(alice),)]


SETTINGS = [
    "SET row_security = off; SELECT * FROM todo.tasks",
    "SET row_security = off; SELECT * FROM todo.task_events",
    "SET row_security = off; UPDATE todo.tasks SET title = 'x'",
    "SET row_security = off; SELECT todo.me()",
    "SET row_security = off; SELECT todo.is_auditor()",
    "SET row_security = off; SELECT todo.purge('{1}', '{}', NULL)",
    "SET session_replication_role = replica",
    "ALTER ROLE CURRENT_USER SET session_replication_role = replica",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "ALTER ROLE CURRENT_USER VALID UNTIL 'infinity'",
    "ALTER ROLE CURRENT_USER CONNECTION LIMIT -1",
    "ALTER ROLE todo_auditor IN DATABASE todo SET work_mem = '1MB'",
    "ALTER DATABASE todo SET search_path = pg_temp",
]


def test_settings_do_not_open_anything(alice: Person, bob: Person) -> None:
    add_task(alice, "mine")
    add_task(bob, "theirs")
    assert not_refused(alice, SETTINGS, "42501") == []


@pytest.mark.parametrize("schema", ["todo", "public"])
def test_nobody_makes_anything_in_a_schema(alice: Person, schema: str) -> None:
    for statement in (
        f"CREATE TABLE {schema}.x (y int)",
        f"CREATE VIEW {schema}.x AS SELECT 1",
        f"CREATE FUNCTION {schema}.me() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f"CREATE DOMAIN {schema}.uuid AS text",
        f"CREATE SEQUENCE {schema}.x",
        f'CREATE COLLATION {schema}.x FROM "C"',
        f"SET ROLE todo_member; CREATE TABLE {schema}.x (y int)",
    ):
        with refused("42501"):
            alice.query(statement)


ALTERATIONS = [
    "CREATE SCHEMA x",
    "CREATE DATABASE x",
    "CREATE ROLE x",
    "CREATE PUBLICATION x",
    "CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION todo.keep_events()",
    "ALTER TABLE todo.tasks DISABLE TRIGGER ALL",
    "ALTER TABLE todo.tasks DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE todo.tasks NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE todo.tasks ADD COLUMN x int",
    "ALTER TABLE todo.tasks ALTER title SET STATISTICS 1000",
    "ALTER TABLE todo.task_events DETACH PARTITION todo.task_events_rest",
    "DROP TABLE todo.tasks",
    "DROP VIEW todo.pending_tasks",
    "DROP FUNCTION todo.me() CASCADE",
    "DROP SCHEMA todo CASCADE",
    "DROP TRIGGER log_update ON todo.tasks",
    "DROP POLICY own ON todo.tasks",
    "DROP ROLE todo_auditor",
    "ALTER FUNCTION todo.me() SECURITY INVOKER",
    "ALTER FUNCTION todo.me() RESET ALL",
    "ALTER POLICY own ON todo.tasks USING (true)",
    "ALTER VIEW todo.pending_tasks SET (security_invoker = false)",
    "CREATE OR REPLACE FUNCTION todo.me() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "CREATE POLICY x ON todo.tasks USING (true)",
    "CREATE RULE x AS ON INSERT TO todo.tasks DO INSTEAD NOTHING",
    "CREATE TRIGGER x AFTER UPDATE ON todo.tasks "
    "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE STATISTICS x ON title, project FROM todo.tasks",
    "CREATE INDEX ON todo.tasks (title)",
    "CREATE TEMPORARY TABLE x () INHERITS (todo.tasks)",
    "COMMENT ON TABLE todo.tasks IS 'x'",
    "REASSIGN OWNED BY todo_definer TO CURRENT_USER",
    "DROP OWNED BY todo_definer",
    "ALTER DEFAULT PRIVILEGES FOR ROLE todo_definer GRANT ALL ON TABLES TO PUBLIC",
]


def test_nothing_of_ours_can_be_altered_dropped_or_added_to(alice: Person) -> None:
    # Of some of these PostgreSQL says first that the object is of the wrong kind for them.
    assert not_refused(alice, ALTERATIONS, "42501", "42P16", "42P17") == []


RIGHTS = """
    SELECT array_agg(x::text ORDER BY x::text) FROM (
        SELECT (relname, relacl, relrowsecurity, relforcerowsecurity) FROM pg_class
         WHERE relnamespace = 'todo'::regnamespace
        UNION ALL SELECT (attname, attacl, NULL, NULL) FROM pg_attribute
         WHERE attrelid IN ('todo.tasks'::regclass, 'todo.users'::regclass)
        UNION ALL SELECT (proname, proacl, NULL, NULL) FROM pg_proc
         WHERE pronamespace = 'todo'::regnamespace
        UNION ALL SELECT (nspname, nspacl, NULL, NULL) FROM pg_namespace
        UNION ALL SELECT (polname, NULL, polroles = '{0}', polqual IS NULL) FROM pg_policy
        UNION ALL SELECT (roleid::regrole::name, NULL, member = 0, NULL) FROM pg_auth_members
    ) x
"""


@pytest.mark.parametrize(
    "statement",
    [
        "GRANT SELECT ON todo.tasks TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION todo.purge(bigint[], uuid[], uuid) TO PUBLIC",
        "GRANT USAGE ON SCHEMA todo TO PUBLIC",
        "REVOKE ALL ON todo.tasks FROM todo_member",
        "REVOKE ALL ON SCHEMA todo FROM todo_member",
        "DROP OWNED BY todo_member",
        "DROP OWNED BY todo_member CASCADE",
        "REASSIGN OWNED BY todo_member TO CURRENT_USER",
        "SET ROLE todo_member; DROP OWNED BY todo_member CASCADE",
        "GRANT todo_member TO PUBLIC",
        "GRANT todo_member TO todo_auditor",
        "REVOKE todo_member FROM todo_auditor",
    ],
)
def test_nobody_hands_on_or_takes_away_what_belongs_to_the_group(
    each_database: Database, alice: Person, bob: Person, statement: str
) -> None:
    before = query(each_database, SUPERUSER, RIGHTS)
    with contextlib.suppress(psycopg2.Error):  # some only warn that nothing was done
        alice.query(statement)
    assert query(each_database, SUPERUSER, RIGHTS) == before
    add_task(bob, "still possible")


def test_default_privileges_of_the_group_give_nobody_anything(
    each_database: Database, alice: Person
) -> None:
    # Whoever is in a group may do this. It would matter if the group ever owned a thing.
    alice.query("ALTER DEFAULT PRIVILEGES FOR ROLE todo_member GRANT ALL ON TABLES TO PUBLIC")
    owned = """
        SELECT classid::regclass FROM pg_shdepend
         WHERE deptype = 'o' AND refobjid = 'todo_member'::regrole
           AND classid <> 'pg_default_acl'::regclass
    """
    assert as_owner(each_database, owned) == []
    alice.query("ALTER DEFAULT PRIVILEGES FOR ROLE todo_member REVOKE ALL ON TABLES FROM PUBLIC")


def test_nobody_sees_or_stops_what_others_are_doing(alice: Person, bob: Person) -> None:
    with bob.database.cursor(bob.role) as cursor:
        cursor.execute("SELECT pg_backend_pid(), 'a secret'")
        [pid, _] = cursor.fetchone()
        shown = "SELECT query FROM pg_stat_activity WHERE pid = %s"
        assert alice.query(shown, [pid]) == [("<insufficient privilege>",)]
        for function in ("pg_terminate_backend", "pg_cancel_backend"):
            with refused("42501"):
                alice.query(f"SELECT {function}(%s)", [pid])


def test_a_large_object_is_nobody_elses(alice: Person, bob: Person) -> None:
    [(made,)] = alice.query("SELECT lo_from_bytea(0, 'x')")
    with refused("42501"):
        bob.query("SELECT lo_get(%s)", [made])
    alice.query("SELECT lo_unlink(%s)", [made])
    for statement in ("SELECT lo_import('/etc/passwd')", "SELECT pg_read_file('/etc/passwd')"):
        with refused("42501"):
            alice.query(statement)
