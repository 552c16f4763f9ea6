"""Attacks that read: what a member can learn of a stranger's tasks, by whatever way.

Alice attacks, with leave to make temporary objects, which no member has; Bob is attacked. What is
not hers and what is not there must look the same, in every error and in every plan.
"""

import io
import uuid
from typing import Any

import psycopg2
import pytest

from tests.conftest import Database, Person
from tests.servers import add_task, as_owner, id_of, not_refused, refused

SECRET = "the stranger's secret"


@pytest.fixture
def theirs(bob: Person) -> str:
    """Give the id of a task that Alice knows by some accident."""
    return add_task(bob, SECRET)[0]


def answer(person: Person, statement: str, parameters: Any = None) -> tuple[str, ...]:
    """Give all that a statement tells: the rows, or the error with its code, text and detail."""
    try:
        return tuple(map(str, person.query(statement, parameters)))
    except psycopg2.Error as error:
        says = error.diag
        return (
            error.pgcode or "",
            *(str(part) for part in (says.message_primary, says.message_detail, says.message_hint)),
        )


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM todo.tasks WHERE id = '{id}'",
        "SELECT * FROM todo.lock_tasks('{{}}', '{{{id}}}', '{{pending}}')",
        "SELECT * FROM todo.purge('{{}}', '{{{id}}}', NULL)",
        "SELECT todo.refuse_missing('{{}}', '{{{id}}}')",
        "UPDATE todo.tasks SET title = 'x' WHERE id = '{id}' RETURNING 1",
        "UPDATE todo.tasks SET user_id = user_id WHERE id = '{id}'",
        "DELETE FROM todo.tasks WHERE id = '{id}'",
        "SELECT FROM todo.tasks WHERE id = '{id}' FOR UPDATE",
        "SELECT * FROM todo.task_events WHERE task_id = '{id}'",
        "EXPLAIN SELECT * FROM todo.tasks WHERE id = '{id}'",
        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) "
        "SELECT * FROM todo.tasks WHERE id = '{id}'",
        "EXPLAIN SELECT * FROM todo.task_events WHERE task_id = '{id}'",
    ],
)
def test_a_strangers_task_looks_like_one_that_is_not_there(
    each_database: Database, alice: Person, theirs: str, statement: str
) -> None:
    add_task(alice, "mine")
    as_owner(each_database, "ANALYZE")
    nowhere = str(uuid.uuid4())
    told = answer(alice, statement.format(id=theirs))
    expected = answer(alice, statement.format(id=nowhere))
    assert [line.replace(theirs, "ID") for line in told] == [
        line.replace(nowhere, "ID") for line in expected
    ]


@pytest.mark.parametrize(
    "conflict",
    [
        "",
        "ON CONFLICT DO NOTHING",
        "ON CONFLICT (user_id, id) DO UPDATE SET title = excluded.title",
    ],
)
def test_inserting_a_strangers_id_makes_a_task_of_ones_own(
    alice: Person, bob: Person, theirs: str, conflict: str
) -> None:
    insert = f"INSERT INTO todo.tasks (id, title) VALUES (%s, 'mine') {conflict} RETURNING number"
    assert alice.query(insert, [theirs]) == [(1,)]
    assert alice.query(insert, [str(uuid.uuid4())]) == [(2,)]
    assert bob.query("SELECT title FROM todo.tasks") == [(SECRET,)]


def estimates(person: Person, relation: str, condition: str) -> list[str]:
    """Give the plan, without the lines that repeat the condition."""
    plan = answer(person, f"EXPLAIN SELECT FROM todo.{relation} WHERE {condition}")
    return [line for line in plan if "Filter" not in line and "Cond" not in line]


def test_no_estimate_of_the_planner_tells_what_strangers_wrote(
    each_database: Database, alice: Person
) -> None:
    shared, alone = str(uuid.uuid4()), str(uuid.uuid4())
    for each in [each_database.new_person() for _ in range(4)]:
        each.query(
            """INSERT INTO todo.tasks (id, title, project, description, due_date, tags)
               SELECT CASE n WHEN 1 THEN %s::uuid ELSE gen_random_uuid() END,
                      'hidden', 'hidden', 'hidden', '2027-03-04', '{hidden}'
                 FROM generate_series(1, 50) n""",
            [shared],
        )
    for task in (shared, alone):
        alice.query("INSERT INTO todo.tasks (id, title) VALUES (%s, 'mine')", [task])
    as_owner(each_database, "ANALYZE todo.tasks")
    for there, nowhere in (
        (f"id = '{shared}'", f"id = '{alone}'"),
        (f"id < '{uuid.UUID(int=2**128 - 1)}'", f"id < '{uuid.UUID(int=1)}'"),
        ("number = 40", "number = 4000"),
        ("number > 40", "number > 4000"),
        ("title = 'hidden'", "title = 'nowhere'"),
        ("title > 'h'", "title > 'i'"),
        ("project = 'hidden'", "project = 'nowhere'"),
        ("description = 'hidden'", "description = 'nowhere'"),
        ("due_date = '2027-03-04'", "due_date = '2027-03-05'"),
        ("due_date < '2027-03-05'", "due_date < '2027-03-03'"),
        ("tags = '{hidden}'", "tags = '{nowhere}'"),
        ("tags @> '{hidden}'", "tags @> '{nowhere}'"),
    ):
        assert estimates(alice, "tasks", there) == estimates(alice, "tasks", nowhere), there


def test_no_estimate_of_the_planner_tells_a_strangers_name_or_address(
    each_database: Database, alice: Person, bob: Person
) -> None:
    # One who has the auditors' group by mistake: two policies are joined, and more is estimated.
    as_owner(each_database, f"GRANT todo_auditor TO {alice.role}")
    for _ in range(20):
        each_database.new_person()
    as_owner(
        each_database,
        "UPDATE todo.users SET first_name = 'Bob', last_name = 'Builder' WHERE id <> %s",
        [id_of(alice)],
    )
    as_owner(each_database, "ANALYZE todo.users")
    for there, nowhere in (
        ("first_name = 'Bob'", "first_name = 'Eve'"),
        ("last_name = 'Builder'", "last_name = 'Nobody'"),
        (f"email = '{bob.email}'", "email = 'nobody@example.com'"),
        (f"lower(email) = '{bob.email}'", "lower(email) = 'nobody@example.com'"),
        ("email < 'zz'", "email < 'aa'"),
        ("lower(email) < 'zz'", "lower(email) < 'aa'"),
    ):
        assert estimates(alice, "users", there) == estimates(alice, "users", nowhere), there


def test_no_estimate_of_the_planner_tells_how_busy_a_stranger_is(
    each_database: Database, alice: Person
) -> None:
    busy, idle = each_database.new_person(), each_database.new_person()
    for each, tasks in ((busy, 900), (idle, 1)):
        each.query(
            "INSERT INTO todo.tasks (id, title) "
            "SELECT gen_random_uuid(), 'x' FROM generate_series(1, %s)",
            [tasks],
        )
    as_owner(each_database, "ANALYZE todo.tasks; ANALYZE todo.task_events; ANALYZE todo.users")
    for relation, column, one, another in (
        ("tasks", "user_id", id_of(busy), id_of(idle)),
        ("task_events", "user_id", id_of(busy), id_of(idle)),
        ("task_events", "actor_id", id_of(busy), id_of(idle)),
        ("task_events", "actor_role", busy.role, idle.role),
        ("users", "id", id_of(busy), str(uuid.uuid4())),
        ("users", "role_name", busy.role, "nobody"),
    ):
        found = [estimates(alice, relation, f"{column} = '{who}'") for who in (one, another)]
        assert found[0] == found[1], (relation, column)


def test_statistics_show_nothing(each_database: Database, alice: Person, theirs: str) -> None:
    assert theirs
    as_owner(each_database, "ANALYZE")
    shown = "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'todo'"
    assert alice.query(shown) == []
    for catalog in ("pg_statistic", "pg_statistic_ext_data"):
        with refused("42501"):
            alice.query(f"SELECT * FROM {catalog}")


@pytest.mark.parametrize("relation", ["tasks", "pending_tasks", "overdue_tasks"])
def test_a_function_that_tells_what_it_sees_sees_only_ones_own_rows(
    alice: Person, bob: Person, theirs: str, relation: str
) -> None:
    for each in (alice, bob):
        each.query(
            "INSERT INTO todo.tasks (id, title, due_date) "
            "VALUES (gen_random_uuid(), %s, '2000-01-01')",
            [f"of {each.role}"],
        )
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute(
            """CREATE FUNCTION pg_temp.tell(varchar) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
               $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
               CREATE FUNCTION pg_temp.tell(varchar, varchar) RETURNS boolean LANGUAGE plpgsql
               COST 0.0001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
               CREATE OPERATOR pg_temp.<<< (LEFTARG = varchar, RIGHTARG = varchar,
                                            FUNCTION = pg_temp.tell)"""
        )
        for condition in (
            "pg_temp.tell(title)",
            "title OPERATOR(pg_temp.<<<) ''::varchar",
            "CASE WHEN pg_temp.tell(title) THEN true ELSE number / 0 = 1 END",
        ):
            cursor.execute(f"SELECT title FROM todo.{relation} WHERE {condition}")
            cursor.fetchall()
        with refused("42501"):
            cursor.execute(
                "CREATE FUNCTION pg_temp.f(text) RETURNS boolean LANGUAGE sql LEAKPROOF "
                "AS 'SELECT true'"
            )
        seen = {notice.strip() for notice in cursor.connection.notices}
    assert seen == {f"NOTICE:  saw of {alice.role}"}


def test_an_error_in_a_condition_says_nothing_of_foreign_rows(alice: Person, theirs: str) -> None:
    assert theirs
    assert (
        alice.query("SELECT FROM todo.tasks WHERE 1 / (length(title) - %s) = 0", [len(SECRET)])
        == []
    )
    assert alice.query("SELECT FROM todo.tasks WHERE title::int = 1") == []


@pytest.mark.parametrize(
    "statement",
    [
        "COPY todo.tasks TO STDOUT",
        "COPY (SELECT * FROM todo.pending_tasks) TO STDOUT",
        "COPY (TABLE todo.task_events) TO STDOUT",
    ],
)
def test_copy_gives_only_ones_own_rows(alice: Person, theirs: str, statement: str) -> None:
    assert theirs
    add_task(alice, "mine")
    copied = io.StringIO()
    with alice.database.cursor(alice.role) as cursor:
        cursor.copy_expert(statement, copied)
    assert "mine" in copied.getvalue()
    assert SECRET not in copied.getvalue()


UNREADABLE = [
    "COPY todo.task_events_rest TO STDOUT",
    "COPY todo.alembic_version TO STDOUT",
    "COPY todo.users TO STDOUT",
    "COPY todo.tasks TO '/tmp/stolen'",
    "COPY todo.tasks TO PROGRAM 'cat'",
    "SELECT * FROM todo.users",
    "SELECT last_task_number FROM todo.users",
    "SELECT u FROM todo.users u",
    "SELECT * FROM todo.task_events_rest",
    "SELECT email FROM todo.users FOR UPDATE",
    "SELECT * FROM todo.alembic_version",
    "CREATE TEMPORARY TABLE x (user_id uuid REFERENCES todo.users)",
    "CREATE TEMPORARY TABLE x (u uuid, i uuid, FOREIGN KEY (u, i) REFERENCES todo.tasks)",
]


def test_what_a_member_may_not_read_is_refused(alice: Person) -> None:
    # A temporary table may not refer to another kind of table, whoever asks.
    assert not_refused(alice, UNREADABLE, "42501", "42P16") == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT query_to_xml('SELECT title FROM todo.tasks', true, true, '')::text",
        "SELECT table_to_xml('todo.tasks', true, true, '')::text",
        "SELECT array_agg(word) FROM ts_stat('SELECT to_tsvector(title) FROM todo.tasks')",
        "TABLE todo.tasks",
        "SELECT title FROM todo.tasks WHERE ctid = '(0,1)'",
        "SELECT * FROM (SELECT title FROM todo.tasks OFFSET 0) t",
        "WITH t AS MATERIALIZED (SELECT * FROM todo.tasks) SELECT title FROM t",
        "PREPARE p AS SELECT title FROM todo.tasks; SET ROLE todo_member; EXECUTE p",
        "BEGIN; DECLARE c CURSOR WITH HOLD FOR TABLE todo.tasks; COMMIT; FETCH ALL FROM c",
        "CREATE TEMPORARY VIEW v AS TABLE todo.tasks; TABLE v",
        "CREATE TEMPORARY TABLE t AS TABLE todo.tasks; TABLE t",
        "SELECT before, after FROM todo.task_events",
        "MERGE INTO todo.tasks t USING (SELECT 1) s ON true "
        "WHEN MATCHED THEN UPDATE SET title = title || ''; TABLE todo.tasks",
    ],
)
def test_every_way_to_read_passes_row_level_security(
    alice: Person, theirs: str, statement: str
) -> None:
    assert theirs
    told = " ".join(answer(alice, statement))
    assert "secret" not in told
    assert theirs not in told


def test_no_lock_that_would_stop_others_can_be_taken(alice: Person, bob: Person) -> None:
    for table in ("tasks", "users", "task_events", "task_events_rest", "alembic_version"):
        for mode in ("ROW EXCLUSIVE", "SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE"):
            with alice.database.cursor(alice.role) as cursor, refused("42501"):
                cursor.execute(f"BEGIN; LOCK TABLE todo.{table} IN {mode} MODE")
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute("BEGIN; SELECT * FROM todo.tasks FOR UPDATE")
        bob.query("SET lock_timeout = '5s'; SELECT todo.reserve_numbers(1)")
        add_task(bob, "not locked")
