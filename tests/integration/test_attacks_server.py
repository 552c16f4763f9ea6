"""Attacks on the server itself, and names that shadow ours in a schema all search.

Whoever is logged in tries; nobody of them has a right to anything but the schema `todo`.
"""

import uuid
from collections.abc import Iterator

import pytest

from tests.conftest import Database, Person
from tests.servers import as_owner, id_of, not_refused, refused

FILES = [
    "COPY (SELECT 1) TO '/tmp/stolen'",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "COPY todo.tasks (id, title) FROM '/etc/passwd'",
    "COPY todo.tasks (id, title) FROM PROGRAM 'id'",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/stolen')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_stat_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_ls_logdir()",
    "SELECT pg_current_logfile()",
    "LOAD '/tmp/x.so'",
]
# hstore is a trusted extension: whoever may create in the database could have it.
NEW_OBJECTS = [
    "CREATE SCHEMA x",
    "CREATE SCHEMA AUTHORIZATION CURRENT_USER",
    "CREATE EXTENSION hstore",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
    "CREATE LANGUAGE x HANDLER plpgsql_call_handler",
    "CREATE FUNCTION public.x() RETURNS int LANGUAGE c AS 'x'",
    "CREATE FUNCTION public.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE public.x() LANGUAGE sql AS 'SELECT 1'",
    "CREATE AGGREGATE public.x(int) (SFUNC = int4pl, STYPE = int)",
    "CREATE OPERATOR public.=== (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_eq)",
    "CREATE TYPE public.x AS ENUM ('a')",
    "CREATE DOMAIN public.x AS text",
    "CREATE CAST (uuid AS bigint) WITH INOUT",
    "CREATE ACCESS METHOD x TYPE INDEX HANDLER bthandler",
    "CREATE FOREIGN DATA WRAPPER x",
    "CREATE SERVER x FOREIGN DATA WRAPPER x",
    "CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION todo.keep_events()",
    "CREATE PUBLICATION x FOR TABLE todo.tasks",
    "CREATE PUBLICATION x FOR ALL TABLES",
    "CREATE SUBSCRIPTION x CONNECTION 'dbname=x' PUBLICATION x",
    "CREATE TABLESPACE x LOCATION '/tmp/x'",
    "CREATE ROLE x",
    "CREATE DATABASE x",
    "CREATE TEXT SEARCH DICTIONARY public.x (TEMPLATE = simple)",
    "CREATE TABLE public.x ()",
    "CREATE MATERIALIZED VIEW todo.x AS SELECT 1",
]
WORKINGS = [
    "GRANT pg_read_all_data TO CURRENT_USER",
    "GRANT pg_read_all_stats TO CURRENT_USER",
    "GRANT todo_auditor TO CURRENT_USER",
    "SET ROLE pg_database_owner",
    "SET ROLE pg_read_all_data",
    "ALTER SYSTEM RESET ALL",
    "ALTER DATABASE todo OWNER TO CURRENT_USER",
    "DROP DATABASE todo",
    "ALTER SCHEMA todo RENAME TO x",
    "ALTER TABLE todo.tasks OWNER TO CURRENT_USER",
    "REINDEX TABLE todo.tasks",
    "CLUSTER todo.tasks USING tasks_pkey",
    "CHECKPOINT",
    "SELECT pg_reload_conf()",
    "SELECT pg_switch_wal()",
    "SELECT pg_create_restore_point('x')",
    "SELECT pg_create_physical_replication_slot('x')",
    "SELECT pg_create_logical_replication_slot('x', 'pgoutput')",
    "SELECT pg_stat_reset()",
    "SELECT pg_rotate_logfile()",
    "SELECT rolpassword FROM pg_authid",
    "SELECT passwd FROM pg_shadow",
    "SELECT * FROM pg_largeobject",
    "SELECT * FROM pg_hba_file_rules",
    "SELECT * FROM pg_file_settings",
    "SELECT subconninfo FROM pg_subscription",
    "UPDATE pg_catalog.pg_class SET relrowsecurity = false",
    "DELETE FROM pg_catalog.pg_policy",
    "BEGIN; LOCK TABLE pg_catalog.pg_authid IN SHARE MODE",
    "ROLLBACK; BEGIN; LOCK TABLE pg_catalog.pg_class IN ROW EXCLUSIVE MODE",
]
# What PostgreSQL notices before the missing right: no such wrapper, extension or access method;
# a statement not for a transaction; no log.
OTHER_REASONS = ("0A000", "25001", "42704", "42P17", "58P01")


@pytest.fixture(params=["member", "auditor", "invited", "stranger"])
def anybody(request: pytest.FixtureRequest, each_database: Database) -> Iterator[Person]:
    """Give somebody of each kind who can log in."""
    if request.param in ("member", "auditor"):
        yield each_database.new_person(f"todo_{request.param}")
        return
    role = f"{each_database.new_person().role}_{request.param}"
    as_owner(each_database, f"CREATE ROLE {role} LOGIN; GRANT CONNECT ON DATABASE todo TO {role}")
    if request.param == "invited":
        as_owner(each_database, f"GRANT todo_invited TO {role}")
    yield Person(each_database, role, "")
    as_owner(each_database, f"REVOKE CONNECT ON DATABASE todo FROM {role}")


def test_nobody_gets_at_files_or_programs(anybody: Person) -> None:
    assert not_refused(anybody, FILES, "42501") == []


def test_nobody_makes_anything_that_would_stay(anybody: Person) -> None:
    assert not_refused(anybody, NEW_OBJECTS, "42501", *OTHER_REASONS) == []


def test_nobody_gets_at_the_workings_of_the_server(anybody: Person) -> None:
    assert not_refused(anybody, WORKINGS, "42501", *OTHER_REASONS) == []


# As on an old database, where everybody may create in public. Exact types win over pg_catalog's.
SHADOWS = """
    CREATE TABLE public.users AS SELECT '{bob}'::uuid AS id, session_user AS role_name,
        true AS is_active, now() AS claimed_at, 'auditor' AS kind;
    CREATE TABLE public.tasks (user_id uuid, id uuid, number bigint, status text);
    CREATE TABLE public.task_events (action text);
    CREATE FUNCTION public.took() RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'ran as %', current_user; END $$;
    CREATE FUNCTION public.format(text, name) RETURNS text LANGUAGE sql AS
        'SELECT public.took()';
    CREATE FUNCTION public.unnest(uuid[]) RETURNS SETOF uuid LANGUAGE sql AS
        'SELECT public.took()::uuid';
    CREATE FUNCTION public.string_agg_of(text, bigint) RETURNS text LANGUAGE sql AS
        'SELECT public.took()';
    CREATE AGGREGATE public.string_agg(bigint) (SFUNC = string_agg_of, STYPE = text);
    CREATE FUNCTION public.same(name, name) RETURNS boolean LANGUAGE sql AS
        'SELECT public.took() IS NULL';
    CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = name, FUNCTION = public.same);
    CREATE FUNCTION public.any_status(text, text) RETURNS boolean LANGUAGE sql AS
        'SELECT public.took() IS NULL';
    CREATE OPERATOR public.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = public.any_status);
    CREATE DOMAIN public.uuid AS pg_catalog.uuid CHECK (public.took() IS NULL);
    CREATE DOMAIN public.text AS pg_catalog.text CHECK (public.took() IS NULL);
    CREATE DOMAIN public.name AS pg_catalog.name CHECK (public.took() IS NULL);
    GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
"""


@pytest.fixture
def shadowed(each_database: Database, alice: Person, bob: Person) -> Iterator[None]:
    """Have Alice make her shadows."""
    as_owner(each_database, f"GRANT CREATE ON SCHEMA public TO {alice.role}")
    alice.query(SHADOWS.format(bob=id_of(bob)))
    yield
    as_owner(
        each_database,
        f"GRANT {alice.role} TO CURRENT_USER; DROP OWNED BY {alice.role} CASCADE",
    )


@pytest.mark.usefixtures("shadowed")
def test_names_in_a_schema_that_all_search_change_nothing_in_our_functions(
    each_database: Database, alice: Person, bob: Person
) -> None:
    shadows_first = "SET search_path = public, pg_catalog, todo"
    for each in (alice, bob):
        task = str(uuid.uuid4())
        with each_database.cursor(each.role) as cursor:
            cursor.execute(shadows_first)
            cursor.execute("INSERT INTO todo.tasks (id, title) VALUES (%s, 'x')", [task])
            cursor.execute("SELECT todo.me()::pg_catalog.text, todo.is_auditor()")
            assert cursor.fetchone() == (id_of(each), False)
            cursor.execute("SELECT number FROM todo.lock_tasks('{1}', '{}', '{pending}')")
            assert cursor.fetchall() == [(1,)]
            cursor.execute("SELECT todo.refuse_missing('{1}', %s)", [f"{{{task}}}"])
            cursor.execute("UPDATE todo.tasks SET status = 'completed'")
            with refused("TD404"):
                cursor.execute("SELECT todo.purge('{7}', '{}', NULL)")
            cursor.execute("SELECT number FROM todo.purge('{}', %s, NULL)", [f"{{{task}}}"])
            assert cursor.fetchall() == [(1,)]
        logged = "SELECT action, user_id::text FROM todo.task_events ORDER BY at"
        me = id_of(each)
        assert each.query(logged) == [("added", me), ("completed", me), ("purged", me)]
    assert as_owner(each_database, f"{shadows_first}; SELECT todo.extend_change_log(24)") == [(0,)]
