"""The change log: what it says, and that nobody can make it say anything else."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.commands import as_command
from tests.conftest import Database, Person
from tests.servers import add_task, as_owner, id_of, refused
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import NewTask
from todo_cli.domain.tasks.values import Priority
from todo_cli.store.tasks import writes

EVENTS = "SELECT action, before, after, command_id FROM todo.task_events ORDER BY at"
MOVES = ("complete", "reopen", "delete", "restore", "purge")


def without_times(state: dict[str, Any] | None) -> dict[str, Any] | None:
    return state and {key: value for key, value in state.items() if not key.endswith("_at")}


def test_every_change_leaves_one_event_with_what_changed(alice: Person) -> None:
    task = NewTask(id=uuid.uuid4(), title="Milk", priority=Priority.HIGH, tags=("a", "b"))
    commands = [str(uuid.uuid4()) for _ in MOVES]
    with alice.session() as session:
        writes.add_tasks(as_command(session, uuid.UUID(int=1)), [task])
        for name, command in zip(MOVES, commands, strict=True):
            move = getattr(writes, name)
            move(as_command(session, uuid.UUID(command)), TaskRefs(numbers=(1,), ids=()))
    whole = {
        "number": 1,
        "title": "Milk",
        "status": "pending",
        "priority": "high",
        "tags": ["a", "b"],
        "due_all_day": False,
    }
    events = alice.query(EVENTS)
    assert [(row[0], without_times(row[1]), without_times(row[2])) for row in events] == [
        ("added", None, whole),
        ("completed", {"status": "pending"}, {"status": "completed"}),
        ("reopened", {"status": "completed"}, {"status": "pending"}),
        ("deleted", {"status": "pending"}, {"status": "deleted"}),
        ("restored", {"status": "deleted"}, {"status": "pending"}),
        ("purged", whole, None),
    ]
    assert [row[3] for row in events] == [str(uuid.UUID(int=1)), *commands]


def test_the_times_that_changed_are_in_the_log(alice: Person) -> None:
    add_task(alice, "x")
    [(completed,)] = alice.query(
        "UPDATE todo.tasks SET status = 'completed' RETURNING to_jsonb(completed_at) #>> '{}'"
    )
    [_, (_, before, after, _)] = alice.query(EVENTS)
    assert before == {"status": "pending", "completed_at": None}
    assert after == {"status": "completed", "completed_at": completed}


def test_the_log_is_written_in_utc_whatever_the_time_zone_of_the_writer(alice: Person) -> None:
    alice.query(
        "SET TimeZone = 'Asia/Kathmandu'; INSERT INTO todo.tasks (id, title, due_date) "
        "VALUES (gen_random_uuid(), 'x', '2026-12-01 05:45')"
    )
    [(_, _, after, _)] = alice.query(EVENTS)
    assert after["due_date"] == "2026-12-01T00:00:00+00:00"


def test_a_change_through_psql_is_not_put_down_to_the_command_before(alice: Person) -> None:
    command = str(uuid.uuid4())
    alice.query(
        "INSERT INTO todo.tasks (id, title, command_id) VALUES (gen_random_uuid(), 'x', %s)",
        [command],
    )
    alice.query("UPDATE todo.tasks SET title = 'y'")
    assert [row[3] for row in alice.query(EVENTS)] == [command, None]


def test_only_what_changed_is_kept(alice: Person) -> None:
    add_task(alice, "before")
    alice.query("UPDATE todo.tasks SET title = 'after', priority = 'medium', tags = '{}'")
    [_, (action, before, after, _)] = alice.query(EVENTS)
    assert (action, before, after) == ("modified", {"title": "before"}, {"title": "after"})


def test_a_change_of_nothing_leaves_no_event(alice: Person) -> None:
    add_task(alice, "x")
    alice.query("UPDATE todo.tasks SET title = 'x', status = 'pending'")
    assert [row[0] for row in alice.query(EVENTS)] == ["added"]


def test_a_statement_over_many_tasks_logs_each_of_them(alice: Person) -> None:
    alice.query(
        "INSERT INTO todo.tasks (id, title) "
        "SELECT gen_random_uuid(), n FROM generate_series(1, 50) n"
    )
    alice.query("UPDATE todo.tasks SET title = title || '!' WHERE number <= 30")
    alice.query("SELECT todo.purge(ARRAY[1, 2, 3], '{}', NULL)")
    counted = "SELECT action, count(*) FROM todo.task_events GROUP BY action ORDER BY action"
    assert alice.query(counted) == [("added", 50), ("modified", 30), ("purged", 3)]


def test_events_name_who_did_it(alice: Person) -> None:
    add_task(alice, "x")
    who = "SELECT user_id::text, actor_id::text, actor_role FROM todo.task_events"
    assert alice.query(who) == [(id_of(alice), id_of(alice), alice.role)]


def test_removing_a_person_removes_and_logs_their_tasks(
    each_database: Database, alice: Person, bob: Person
) -> None:
    add_task(alice, "x")
    add_task(alice, "y")
    kept, _ = add_task(bob, "kept")
    person = id_of(alice)
    as_owner(each_database, "DELETE FROM todo.users WHERE id = %s", [person])
    tasks = "SELECT FROM todo.tasks WHERE user_id = %s"
    assert as_owner(each_database, tasks, [person]) == []
    assert bob.query("SELECT id::text FROM todo.tasks") == [(kept,)]
    events = as_owner(
        each_database,
        "SELECT before->>'title', actor_id, actor_role FROM todo.task_events "
        "WHERE user_id = %s AND action = 'purged' ORDER BY 1",
        [person],
    )
    owner = each_database.owner
    assert events == [("x", None, owner), ("y", None, owner)]


@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET action = 'modified'", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "truncate"],
)
@pytest.mark.parametrize("whole", [True, False], ids=["parent", "partition"])
def test_nobody_changes_what_is_logged_not_even_the_owner(
    each_database: Database, alice: Person, change: str, whole: bool
) -> None:
    add_task(alice, "x")
    [(partition,)] = as_owner(
        each_database,
        "SELECT tableoid::regclass::text FROM todo.task_events WHERE user_id = %s",
        [id_of(alice)],
    )
    statement = change.format("todo.task_events" if whole else partition)
    with refused("42501"):
        alice.query(statement)
    with refused("42501") as caught:
        as_owner(each_database, statement)
    assert "the change log is append-only" in str(caught.value)
    assert [row[0] for row in alice.query(EVENTS)] == ["added"]


def test_events_land_in_the_partition_of_their_month(
    each_database: Database, alice: Person
) -> None:
    add_task(alice, "x")
    landed = as_owner(
        each_database,
        """SELECT tableoid::regclass::text
                  = 'todo.task_events_' || to_char(at AT TIME ZONE 'UTC', 'YYYY_MM')
             FROM todo.task_events WHERE user_id = %s""",
        [id_of(alice)],
    )
    assert landed == [(True,)]


@pytest.fixture
def owner_rolled_back(each_database: Database) -> Iterator[Callable[[str], Any]]:
    """Give what runs a query of one value as the owner; nothing of it stays."""
    with (
        closing(each_database.open(each_database.name, each_database.owner)) as connection,
        connection.cursor() as cursor,
    ):

        def run(statement: str) -> Any:
            cursor.execute(statement)
            [(value,)] = cursor.fetchall()
            return value

        yield run


PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'todo.task_events'::regclass"


def test_extending_the_log_makes_only_what_is_missing(
    owner_rolled_back: Callable[[str], Any],
) -> None:
    before = owner_rolled_back(PARTITIONS)
    assert before == 25  # 24 months and the default partition
    assert owner_rolled_back("SELECT todo.extend_change_log(24)") == 0
    assert owner_rolled_back("SELECT todo.extend_change_log(26)") == 2
    assert owner_rolled_back("SELECT todo.extend_change_log(26)") == 0
    assert owner_rolled_back(PARTITIONS) == before + 2


def test_events_in_the_default_partition_stay_there_and_stop_nothing(
    owner_rolled_back: Callable[[str], Any],
) -> None:
    # Nobody else can choose the time of an event.
    owner_rolled_back(
        """INSERT INTO todo.task_events (at, task_id, user_id, action) VALUES
           (date_trunc('month', now(), 'UTC') + interval '30 months 10 days',
            gen_random_uuid(), gen_random_uuid(), 'added')
           RETURNING true"""
    )
    in_rest = "SELECT count(*) FROM todo.task_events_rest"
    assert owner_rolled_back(in_rest) == 1
    # The 31st month from this one on is the one that is skipped.
    assert owner_rolled_back("SELECT todo.extend_change_log(32)") == 7
    assert owner_rolled_back("SELECT todo.extend_change_log(32)") == 0
    assert owner_rolled_back(in_rest) == 1


# --- what later features need


MORE = "SELECT action, revision, via, undoes, entity, entity_id FROM todo.task_events ORDER BY at"


def test_the_log_keeps_the_revision_of_the_task_which_hangs_on_no_clock(alice: Person) -> None:
    number = add_task(alice, "x")[1]
    alice.query("UPDATE todo.tasks SET title = 'y'")
    alice.query("UPDATE todo.tasks SET status = 'completed'")
    alice.query("SELECT todo.purge_once(%s, '{}', gen_random_uuid())", [[number]])
    assert [row[:2] for row in alice.query(MORE)] == [
        ("added", 1),
        ("modified", 2),
        ("completed", 3),
        ("purged", 4),
    ]


def test_the_log_keeps_which_client_it_was_and_what_it_takes_back(alice: Person) -> None:
    undone = str(uuid.uuid4())
    add_task(alice, "x")
    alice.query("SET todo.via = 'here'; UPDATE todo.tasks SET title = 'y'")
    alice.query(f"SET todo.undoes = '{undone}'; UPDATE todo.tasks SET title = 'x'")
    assert [row[2:] for row in alice.query(MORE)] == [
        (None, None, "task", None),
        ("here", None, "task", None),
        (None, undone, "task", None),
    ]


def test_a_client_that_says_too_much_of_itself_is_cut_short(alice: Person) -> None:
    with alice.database.cursor(alice.role) as cursor:
        cursor.execute("SELECT set_config('todo.via', repeat('x', 9999), false)")
        cursor.execute("INSERT INTO todo.tasks (title) VALUES ('x')")
    assert [len(row[2]) for row in alice.query(MORE)] == [500]


def test_a_task_from_psql_needs_no_id(alice: Person) -> None:
    [(task, number)] = alice.query(
        "INSERT INTO todo.tasks (title) VALUES ('x') RETURNING id::text, number"
    )
    assert (str(uuid.UUID(task)), number) == (task, 1)
