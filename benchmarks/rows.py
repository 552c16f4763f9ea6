"""Query times of one person, alone in the table and among the rows of many others."""

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Final

from benchmarks.figures import Figure, figure
from benchmarks.plain import PlainServer, plain_server
from benchmarks.statements import FILTER, LIST_50, LIST_ALL, PATIENCE, SEARCH, Statements
from benchmarks.stores import fill
from benchmarks.targets import ALONE, CROWDED, ROWS, SCATTERED
from benchmarks.timing import WARM_UP_ROUNDS
from todo_cli.domain.tasks.task import NewTask
from todo_cli.link import engine
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Patience
from todo_cli.store.schema.models import HEAD

_QUERIES: Final = (LIST_50, LIST_ALL, FILTER, SEARCH)
_SMALL: Final = "small"
_LARGE: Final = "large"
_PERSON: Final = "person"
_NEIGHBOUR: Final = "neighbour"
# Numbers, owners and change log are the triggers' work; here it is all in the statement. Everybody
# adds a task in turn: no two tasks of one person lie side by side.
_OTHERS: Final = """
INSERT INTO todo.users (role_name, email, claimed_at)
SELECT 'other_' || n, 'other_' || n || '@example.com', now() FROM generate_series(2, {others}) n;
ALTER TABLE todo.tasks DISABLE TRIGGER ALL;
INSERT INTO todo.tasks (user_id, id, number, title, description, status, priority, project, tags,
                        due_date, due_all_day, completed_at)
SELECT u.id, gen_random_uuid(), t.number, t.title, t.description, t.status, t.priority, t.project,
       t.tags, t.due_date, t.due_all_day, t.completed_at
  FROM todo.tasks t CROSS JOIN todo.users u
 WHERE u.id <> t.user_id
 ORDER BY t.number;
ALTER TABLE todo.tasks ENABLE TRIGGER ALL;
"""


def query_times(tasks: Sequence[NewTask], rows: int, rounds: int) -> list[Figure]:
    """Time queries in turn, each person's in a warm connection of their own.

    One person is alone in a table. In another, of so many ``rows``, one has added all tasks at
    once, as an import does, so that they lie side by side; a neighbour has added each of the same
    tasks in turn with everybody else.
    """
    others = max(2, rows // len(tasks) - 1)
    with plain_server() as server, ExitStack() as stack:
        server.make_database(_SMALL, _PERSON)
        statements = _fill(server, _SMALL, tasks)
        server.make_database(_LARGE, _PERSON, _NEIGHBOUR)
        _fill(server, _LARGE, tasks)
        _add_others(server, others)
        people = {ALONE: (_SMALL, _PERSON), CROWDED: (_LARGE, _PERSON)}
        people[SCATTERED] = (_LARGE, _NEIGHBOUR)
        connections = {
            name: stack.enter_context(closing(server.connect(database, role)))
            for name, (database, role) in people.items()
        }
        return _figures(connections, statements, rounds)


def _fill(server: PlainServer, database: str, tasks: Sequence[NewTask]) -> Statements:
    connect = partial(server.connect, database, _PERSON)
    person = engine.make_engine(connect, HEAD, Patience(PATIENCE))
    with engine.disposed(person):
        statements = fill(person, tasks)
    with engine.work_on(server.superuser(database), autocommit=True) as cursor:
        cursor.execute("VACUUM ANALYZE todo.tasks")
    return statements


def _add_others(server: PlainServer, others: int) -> None:
    with engine.work_on(server.superuser(_LARGE), autocommit=True) as cursor:
        cursor.execute(_OTHERS.format(others=others))
        cursor.execute("VACUUM ANALYZE todo.tasks")
        cursor.execute("CHECKPOINT")  # which would come soon, in the middle of a round


def _figures(
    connections: dict[str, DriverConnection], statements: Statements, rounds: int
) -> list[Figure]:
    times: dict[tuple[str, str], list[float]] = {
        (query, name): [] for query in _QUERIES for name in connections
    }
    for number in range(WARM_UP_ROUNDS + rounds):
        for (query, name), taken in times.items():
            milliseconds = _time(connections[name], statements.texts[query])
            if number >= WARM_UP_ROUNDS:
                taken.append(milliseconds)
    return [figure(ROWS, query, name, taken) for (query, name), taken in times.items()]


def _time(connection: DriverConnection, statement: str) -> float:
    with connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute(statement)
        cursor.fetchall()
        return 1000 * (time.perf_counter() - start)
