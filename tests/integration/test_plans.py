"""No query reads the whole table, however large it grows."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlmodel import Session

from tests.commands import as_command
from tests.conftest import NOW, Database, Person
from todo_cli.domain.query.filters import Empty, Filter, Sort, SortField, Span
from todo_cli.domain.tasks.changes import Changes
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import NewTask, new_task
from todo_cli.domain.tasks.values import Priority, Status
from todo_cli.domain.time import dates
from todo_cli.server.private_server import SUPERUSER
from todo_cli.services import tasks
from todo_cli.services.session.ids import new_id
from todo_cli.store.tasks.conditions import utc_midnight

PEOPLE = 20
TASKS = 1_500


def some_tasks() -> list[NewTask]:
    return [
        new_task(
            new_id(),
            f"task {place}",
            priority=list(Priority)[place % 4],
            project=f"project {place % 7}",
            tags=(f"tag{place % 5}",),
            due=None if place % 3 else dates.parse(f"{place % 90}d", NOW),
        )
        for place in range(TASKS)
    ]


@pytest.fixture(scope="module")
def someone(database: Database) -> Iterator[Person]:
    """Give one of many people who have many tasks each, a third of them completed."""
    people = [database.new_person() for _ in range(PEOPLE)]
    for person in people:
        with person.session() as session:
            tasks.add(as_command(session), some_tasks())
            done = TaskRefs(numbers=tuple(range(1, TASKS, 3)), ids=())
            tasks.complete(as_command(session), done)
        person.forget()
    with database.cursor(database.owner) as cursor:
        cursor.execute("ANALYZE todo.tasks")
    yield people[0]
    people[0].forget()


@pytest.fixture
def unknown(someone: Person) -> Iterator[Person]:
    """Give the same person, while the planner has no statistics of the table."""
    with someone.database.cursor(SUPERUSER) as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'todo.tasks'::regclass")
    yield someone
    with someone.database.cursor(someone.database.owner) as cursor:
        cursor.execute("ANALYZE todo.tasks")


LIMIT = dates.before(dates.parse("eom", NOW) or NOW, NOW)

FILTERS = [
    Filter(limit=50),
    Filter(),
    Filter(statuses=(Status.PENDING, Status.COMPLETED)),
    Filter(statuses=tuple(Status), limit=50),
    Filter(
        statuses=(Status.COMPLETED,),
        sort=Sort(field=SortField.COMPLETED_AT, descending=True),
        limit=50,
    ),
    Filter(statuses=(Status.DELETED,)),
    Filter(project="project 3"),
    Filter(tags=("tag1",)),
    Filter(priority=Priority.HIGH),
    Filter(without_tags=("tag1",)),
    Filter(any_tags=(("tag1", "tag1,tag2"),)),
    Filter(without_projects=("project 3",), without_priorities=(Priority.HIGH,)),
    Filter(without_due=(Span(before=LIMIT, after=LIMIT),)),
    Filter(present=frozenset(Empty)),
    Filter(due_before=(LIMIT,)),
    Filter(due_after=(LIMIT,)),
    Filter(empty=frozenset(Empty)),
    Filter(search=("task 99", "9")),
    *(Filter(sort=Sort(field=field), limit=50) for field in SortField),
]


def one(number: int) -> TaskRefs:
    return TaskRefs(numbers=(number,), ids=())


# A task for each, so that they can run in any order.
OPERATIONS: dict[str, Callable[[Session], object]] = {
    "show": lambda session: tasks.show(session, one(1)),
    "add": lambda session: tasks.add(as_command(session), some_tasks()[:2]),
    "done": lambda session: tasks.complete(as_command(session), one(2)),
    "modify": lambda session: tasks.modify(as_command(session), one(7), Changes(project="other")),
    "reopen": lambda session: tasks.reopen(as_command(session), one(3)),
    "rm": lambda session: tasks.delete(as_command(session), one(4)),
    "restore": lambda session: tasks.restore(as_command(session), one(5)),
    "purge": lambda session: tasks.purge(as_command(session), one(6)),
    **{
        f"list {number}": partial(tasks.find, wanted=wanted, now=NOW)
        for number, wanted in enumerate(FILTERS)
    },
    "list, counted": partial(tasks.find, wanted=FILTERS[0], now=NOW, counted=True),
}


def counted(database: Database, column: str, tables: str) -> int:
    """Give what the server has counted for the tables of such names, all together."""
    with database.cursor(SUPERUSER) as cursor:
        cursor.execute(
            f"SELECT sum({column})::bigint FROM pg_stat_user_tables "
            "WHERE schemaname = 'todo' AND relname LIKE %s",
            [tables],
        )
        (count,) = cursor.fetchone()
    assert isinstance(count, int)
    return count


def counts_of(
    person: Person, work: Callable[[Session], object], column: str, tables: str = "tasks"
) -> int:
    """Give by how much a count of the server's grows with some work."""
    with person.session() as session:
        connection = session.connection().connection.dbapi_connection
        assert connection is not None
        with closing(connection.cursor()) as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            before = counted(person.database, column, tables)
            work(session)
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT 1")
    return counted(person.database, column, tables) - before


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_command_scans_the_table_of_tasks(someone: Person, name: str) -> None:
    assert counts_of(someone, OPERATIONS[name], "seq_scan") == 0


def test_adding_a_task_reads_no_other_even_without_statistics(unknown: Person) -> None:
    assert counts_of(unknown, OPERATIONS["add"], "seq_tup_read + idx_tup_fetch") < 10


def test_a_repeated_command_reads_no_other_tasks_events(someone: Person) -> None:
    command = uuid4()
    with someone.session() as session:
        tasks.modify(as_command(session, command), one(10), Changes(project="other"))
    read = counts_of(
        someone,
        lambda session: tasks.modify(
            as_command(session, command), one(10), Changes(project="other")
        ),
        "seq_tup_read + idx_tup_fetch",
        "task\\_events%",
    )
    assert 0 < read < 10


def test_a_command_about_a_task_that_nobody_has_changed_reads_no_events(someone: Person) -> None:
    columns = "seq_tup_read + idx_tup_fetch"
    done = partial(tasks.complete, refs=one(11))
    assert counts_of(someone, done, columns, "task\\_events%") == 0


def plan(person: Person, wanted: Filter, *, counted: bool = False) -> str:
    """Give the plan of a list, as the person's own role gets it."""
    sent: list[tuple[str, object]] = []
    with person.session() as session:
        tasks.find(session, wanted, NOW)  # a connection's first statement asks for the revision
        engine = session.get_bind()
        event.listen(
            engine,
            "before_cursor_execute",
            lambda _c, _cur, statement, parameters, *_: sent.append((statement, parameters)),
        )
        tasks.find(session, wanted, NOW, counted=counted)
    person.forget()  # a role has no more than 50 connections
    ((sent_along, parameters),) = sent
    settings, _, statement = sent_along.rpartition("; ")
    ((text,),) = person.query(f"{settings}; EXPLAIN (FORMAT JSON) {statement}", parameters)
    return json.dumps(text)


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("number", range(len(FILTERS)))
def test_every_list_is_planned_through_an_index(
    someone: Person, number: int, counted: bool
) -> None:
    found = plan(someone, FILTERS[number], counted=counted)

    assert "Seq Scan" not in found
    assert "tasks_" in found


def test_the_first_pending_tasks_come_sorted_from_their_index(someone: Person) -> None:
    found = plan(someone, Filter(limit=50))

    assert found.count("tasks_due_idx") == 2
    assert "Sort" not in found


def test_a_list_is_counted_only_where_that_is_asked_for(someone: Person) -> None:
    assert "Aggregate" not in plan(someone, Filter(limit=50))
    assert "Aggregate" in plan(someone, Filter(limit=50), counted=True)
    with someone.session() as session:
        assert tasks.find(session, Filter(limit=50), NOW).total is None
        pending = tasks.find(session, Filter(), NOW).tasks
        assert tasks.find(session, Filter(limit=50), NOW, counted=True).total == len(pending)


def test_the_latest_completed_tasks_come_from_their_index(someone: Person) -> None:
    found = plan(someone, FILTERS[4])

    assert "tasks_completed_idx" in found


@pytest.mark.parametrize(
    "name",
    ["show", "add", "modify", "done", "reopen", "rm", "restore", "list 0", "list, counted"],
)
def test_a_hot_command_is_one_statement(person: Person, name: str) -> None:
    sent: list[str] = []
    with person.session() as session:
        tasks.add(as_command(session), some_tasks()[:10])
        event.listen(
            session.get_bind(),
            "before_cursor_execute",
            lambda _c, _cur, statement, *_: sent.append(statement),
        )
        OPERATIONS[name](session)

    assert len(sent) == 1


def test_utc_midnight_is_how_an_all_day_date_is_stored() -> None:
    assert utc_midnight(LIMIT.day).isoformat() == "2026-11-30T00:00:00+00:00"
