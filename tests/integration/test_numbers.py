"""Numbers count up for each person, are used once, and are chosen by the database alone."""

import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from tests.commands import as_command
from tests.conftest import Person
from tests.servers import add_task, refused
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import NewTask, TaskView
from todo_cli.store.tasks import writes

ADD = "INSERT INTO todo.tasks (id, title) VALUES (%s, 'x') ON CONFLICT (user_id, id) DO NOTHING"
CHOOSE = "INSERT INTO todo.tasks (id, number, title) VALUES (gen_random_uuid(), %s, 'x')"
RESERVE = "SELECT todo.reserve_numbers(%s)"
PURGE = "SELECT todo.purge(ARRAY[%s::bigint], '{}', gen_random_uuid())"
NUMBERS = "SELECT array_agg(number ORDER BY number) FROM todo.tasks"


def in_one_transaction(person: Person, work: Callable[[Any], None]) -> None:
    """Run some statements together, as between BEGIN and COMMIT."""
    with (
        closing(person.database.open(person.database.name, person.role)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        work(cursor)


def reserve(cursor: Any, quantity: int) -> int:
    cursor.execute(RESERVE, [quantity])
    return int(cursor.fetchone()[0])


def test_numbers_count_up_from_one_for_each_person(alice: Person, bob: Person) -> None:
    assert [add_task(alice, "x")[1] for _ in range(3)] == [1, 2, 3]
    assert add_task(bob, "x")[1] == 1


def test_a_number_is_not_used_again_after_its_task_is_gone(alice: Person) -> None:
    add_task(alice, "x")
    alice.query(PURGE, [add_task(alice, "x")[1]])
    assert add_task(alice, "x")[1] == 3


def test_the_same_insert_again_burns_no_number(alice: Person) -> None:
    task = str(uuid.uuid4())
    for _ in range(3):
        alice.query(ADD, [task])
    assert add_task(alice, "x")[1] == 2


def test_the_same_id_twice_in_one_statement_burns_no_number(alice: Person) -> None:
    alice.query(
        "INSERT INTO todo.tasks (id, title) SELECT %s, 'x' FROM generate_series(1, 3) "
        "ON CONFLICT (user_id, id) DO NOTHING",
        [str(uuid.uuid4())],
    )
    assert add_task(alice, "x")[1] == 2


def test_reserved_numbers_can_be_used_in_the_same_transaction(alice: Person) -> None:
    def work(cursor: Any) -> None:
        assert reserve(cursor, 3) == 1
        assert reserve(cursor, 2) == 4
        for number in (5, 1, 3):
            cursor.execute(CHOOSE, [number])

    in_one_transaction(alice, work)
    assert alice.query(NUMBERS) == [([1, 3, 5],)]
    assert add_task(alice, "x")[1] == 6  # the gap stays


def test_numbers_reserved_in_another_transaction_are_refused(alice: Person) -> None:
    assert alice.query(RESERVE, [5]) == [(1,)]
    for number in range(8):
        with refused("42501"):
            alice.query(CHOOSE, [number])
    in_one_transaction(alice, lambda cursor: _refuse_older_block(cursor))


def _refuse_older_block(cursor: Any) -> None:
    assert reserve(cursor, 2) == 6
    cursor.execute("SAVEPOINT before")
    for number in (5, 8, 0, -1, 2**63 - 1):
        with refused("42501"):
            cursor.execute(CHOOSE, [number])
        cursor.execute("ROLLBACK TO before")
    cursor.execute(CHOOSE, [7])


def test_a_reservation_that_is_rolled_back_gives_no_right(alice: Person) -> None:
    def work(cursor: Any) -> None:
        cursor.execute("SAVEPOINT before")
        assert reserve(cursor, 5) == 1
        cursor.execute("ROLLBACK TO before")
        with refused("42501"):
            cursor.execute(CHOOSE, [3])
        cursor.execute("ROLLBACK TO before")
        assert reserve(cursor, 1) == 1
        cursor.execute(CHOOSE, [1])

    in_one_transaction(alice, work)
    assert alice.query(NUMBERS) == [([1],)]


def test_a_block_of_somebody_else_gives_no_right(alice: Person, bob: Person) -> None:
    def work(cursor: Any) -> None:
        reserve(cursor, 5)
        with refused("42501"):
            alice.query(CHOOSE, [3])

    in_one_transaction(bob, work)
    assert alice.query("SELECT FROM todo.tasks") == []


def test_a_number_purged_in_the_same_transaction_is_not_used_again(alice: Person) -> None:
    def work(cursor: Any) -> None:
        reserve(cursor, 3)
        cursor.execute(CHOOSE, [2])
        cursor.execute(PURGE, [2])
        cursor.execute("SAVEPOINT before")
        with refused("42501"):
            cursor.execute(CHOOSE, [2])
        cursor.execute("ROLLBACK TO before")
        assert reserve(cursor, 1) == 4
        cursor.execute(CHOOSE, [4])

    in_one_transaction(alice, work)
    assert alice.query(NUMBERS) == [([4],)]


@pytest.mark.parametrize("quantity", [0, -1, 100_001, 2**62, None])
def test_nobody_reserves_none_or_endlessly_many(alice: Person, quantity: int | None) -> None:
    with refused("22023"):
        alice.query(RESERVE, [quantity])


def test_the_same_command_again_gives_the_same_tasks(alice: Person) -> None:
    tasks = [NewTask(id=uuid.uuid4(), title=f"task {n}") for n in range(5)]
    command = uuid.uuid4()
    with alice.session() as session:
        first = writes.add_tasks(as_command(session, command), tasks)
        assert [(task.number, task.title) for task in first] == [
            (n + 1, f"task {n}") for n in range(5)
        ]
        assert writes.add_tasks(as_command(session, command), tasks) == first
        # Of some that are there and some that are not, the new ones alone take numbers.
        more = [*tasks, NewTask(id=uuid.uuid4(), title="one more")]
        assert [task.number for task in writes.add_tasks(as_command(session, command), more)] == [
            *range(1, 7)
        ]
    assert add_task(alice, "x")[1] == 7


def test_a_command_with_a_bad_task_adds_none_of_them(alice: Person) -> None:
    tasks = [NewTask(id=uuid.uuid4(), title=title) for title in ("good", " ", "good too")]
    with alice.session() as session, pytest.raises(Exception, match="the database refused it"):
        writes.add_tasks(as_command(session), tasks)
    assert alice.query("SELECT FROM todo.tasks") == []
    assert add_task(alice, "x")[1] == 1


def test_eight_programs_of_one_person_at_once_take_different_numbers(alice: Person) -> None:
    def program(_: int) -> list[int]:
        with alice.session() as session:
            added: list[TaskView] = []
            for _ in range(5):
                tasks = [NewTask(id=uuid.uuid4(), title="x") for _ in range(3)]
                added += writes.add_tasks(as_command(session), tasks)
            return [task.number for task in added]

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for each in pool.map(program, range(8)) for number in each]
    assert sorted(numbers) == [*range(1, 8 * 5 * 3 + 1)]


def test_eight_programs_that_repeat_one_command_add_its_tasks_once(alice: Person) -> None:
    tasks = [NewTask(id=uuid.uuid4(), title="x") for _ in range(3)]
    command = uuid.uuid4()

    def program(_: int) -> Any:
        with alice.session() as session:
            return writes.add_tasks(as_command(session, command), tasks)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(program, range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert alice.query("SELECT count(*) FROM todo.tasks") == [(3,)]


def test_eight_programs_that_purge_and_add_never_meet_a_number_twice(alice: Person) -> None:
    def program(_: int) -> list[int]:
        numbers = []
        with alice.session() as session:
            for _ in range(5):
                [task] = writes.add_tasks(
                    as_command(session), [NewTask(id=uuid.uuid4(), title="x")]
                )
                writes.purge(as_command(session), TaskRefs(numbers=(task.number,), ids=()))
                numbers.append(task.number)
        return numbers

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for each in pool.map(program, range(8)) for number in each]
    assert len(numbers) == len(set(numbers)) == 40


def test_of_two_who_purge_a_task_at_once_the_second_finds_it_missing(alice: Person) -> None:
    alice.query(PURGE, [add_task(alice, "x")[1]])
    number = add_task(alice, "y")[1]
    with ThreadPoolExecutor(1) as pool:

        def work(cursor: Any) -> None:
            cursor.execute(PURGE, [number])
            second = pool.submit(purge_and_give_sqlstate)
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype <> 'relation'"
            while alice.query(waiting) == [(0,)]:
                assert not second.done(), second.result()
            answers.append(second)

        def purge_and_give_sqlstate() -> str:
            try:
                alice.query(PURGE, [number])
            except psycopg2.Error as error:
                return error.pgcode or ""
            return "none"

        answers: list[Future[str]] = []
        in_one_transaction(alice, work)
        assert answers[0].result() == "TD404"
