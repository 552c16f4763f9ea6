"""A command that is sent again is done once, whatever others did in between, on every server."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands import as_command
from tests.conftest import Person
from todo_cli.domain.tasks.changes import Changes
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import NewTask, Outcome
from todo_cli.errors import ConflictError, NotFoundError, TodoError
from todo_cli.store.tasks import reads, writes

Do = Callable[[Any, TaskRefs], Any]

VERBS: dict[str, Do] = {
    "done": writes.complete,
    "reopen": writes.reopen,
    "rm": writes.delete,
    "restore": writes.restore,
    "purge": writes.purge,
    "rename": lambda session, refs: writes.modify(session, refs, Changes(title="renamed")),
    "move": lambda session, refs: writes.modify(
        session, refs, Changes(title="moved", project="home")
    ),
}
TASKS = "SELECT number, title, status, project, revision, command_id FROM todo.tasks ORDER BY 1"
EVENTS = "SELECT task_id, command_id, action, revision FROM todo.task_events ORDER BY at, id"
TWICE = """
SELECT task_id, command_id FROM todo.task_events
 WHERE command_id IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1
"""
ONE = TaskRefs(numbers=(1,), ids=())


def add(person: Person, *titles: str, command: UUID | None = None) -> list[NewTask]:
    new = [NewTask(id=uuid4(), title=title) for title in titles]
    with person.session() as session:
        writes.add_tasks(as_command(session, command), new)
    return new


def do(person: Person, verb: str, refs: TaskRefs, command: UUID | None = None) -> Any:
    with person.session() as session:
        return VERBS[verb](as_command(session, command), refs)


def state(person: Person) -> tuple[Any, Any]:
    return person.query(TASKS), person.query(EVENTS)


@pytest.mark.parametrize(
    ("before", "verb", "between"),
    [
        ([], "done", "reopen"),
        ([], "done", "rm"),
        ([], "done", "rename"),
        (["done"], "reopen", "done"),
        ([], "rename", "move"),
        ([], "rename", "rm"),
        ([], "rm", "restore"),
        (["rm"], "restore", "rm"),
        (["done", "rm"], "restore", "rename"),
    ],
)
def test_a_repeated_command_leaves_what_came_between_and_gives_the_tasks_as_they_are_now(
    alice: Person, before: list[str], verb: str, between: str
) -> None:
    add(alice, "x")
    for each in before:
        do(alice, each, ONE)
    command = uuid4()
    do(alice, verb, ONE, command)
    do(alice, between, ONE)
    seen = state(alice)

    outcomes = do(alice, verb, ONE, command)

    assert state(alice) == seen
    with alice.session() as session:
        assert outcomes == (Outcome(task=reads.get_task(session, ONE), changed=True),)


@pytest.mark.parametrize("verb", ["done", "rename", "rm", "purge"])
def test_a_repeated_command_about_a_task_that_was_purged_since_is_done(
    alice: Person, verb: str
) -> None:
    add(alice, "x", "y")
    both, command = TaskRefs(numbers=(1, 2), ids=()), uuid4()
    do(alice, verb, both, command)
    if verb != "purge":
        do(alice, "purge", ONE)
    seen = state(alice)

    answer = do(alice, verb, both, command)

    assert state(alice) == seen
    assert sorted(each.task.number if verb != "purge" else each.number for each in answer) == [1, 2]


def test_a_repeated_add_does_not_bring_back_what_was_purged_since(alice: Person) -> None:
    command = uuid4()
    new = add(alice, "x", "y", "z", command=command)
    do(alice, "purge", TaskRefs(numbers=(1, 2), ids=()))
    do(alice, "rename", TaskRefs(numbers=(3,), ids=()))
    seen = state(alice)
    with alice.session() as session:
        answer = writes.add_tasks(as_command(session, command), new)

    assert state(alice) == seen
    assert [(each.number, each.title) for each in answer] == [(1, "x"), (2, "y"), (3, "renamed")]
    assert alice.query("SELECT todo.reserve_numbers(1)") == [(4,)]


def test_the_same_task_can_be_added_again_by_another_command(alice: Person) -> None:
    [task] = add(alice, "x")
    do(alice, "purge", ONE)
    with alice.session() as session:
        [again] = writes.add_tasks(as_command(session), [task])
    assert (again.id, again.number) == (task.id, 2)


def test_a_repeated_purge_leaves_a_task_of_the_same_id_that_was_added_since(alice: Person) -> None:
    [task] = add(alice, "x")
    refs, command = TaskRefs(numbers=(), ids=(task.id,)), uuid4()
    [purged] = do(alice, "purge", refs, command)
    with alice.session() as session:
        writes.add_tasks(as_command(session), [task])
    seen = state(alice)

    [again] = do(alice, "purge", refs, command)

    assert state(alice) == seen
    assert (again.id, again.number, again.title) == (purged.id, 1, "x")


def test_what_a_command_left_as_it_was_counts_as_unchanged_when_it_is_repeated(
    alice: Person,
) -> None:
    add(alice, "x", "y")
    do(alice, "done", ONE)
    both, command = TaskRefs(numbers=(1, 2), ids=()), uuid4()
    first = do(alice, "done", both, command)
    assert [each.changed for each in first] == [False, True]
    do(alice, "reopen", both)

    again = do(alice, "done", both, command)

    assert [each.changed for each in again] == [False, True]
    assert [each.task.status for each in again] == ["pending", "pending"]


def test_an_edit_that_is_repeated_does_not_call_its_own_change_one_of_others(
    person: Person,
) -> None:
    add(person, "x")
    command, changes = uuid4(), Changes(title="edited")
    with person.session() as session:
        draft = reads.get_draft(session, ONE)
        writes.modify(as_command(session, command), ONE, changes, draft.revision)
        do(person, "move", ONE)

        [again] = writes.modify(as_command(session, command), ONE, changes, draft.revision)

        assert (again.changed, again.task.title) == (True, "moved")
        with pytest.raises(ConflictError, match="has been changed since"):
            writes.modify(as_command(session), ONE, changes, draft.revision)


def test_a_command_of_the_same_id_of_somebody_else_is_no_repeat(
    person: Person, other: Person
) -> None:
    command = uuid4()
    for each in (person, other):
        add(each, "x")
        do(each, "done", ONE)
        assert do(each, "reopen", ONE, command)[0].changed
        assert each.query("SELECT status FROM todo.tasks") == [("pending",)]


# --- at the same time


def in_line(person: Person, number: int) -> None:
    """Wait until so many of the person's commands wait for a lock of a row."""
    waiting = (
        "SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        f"AND usename = '{person.role}'"
    )
    while person.query(waiting) != [(number,)]:
        pass


@pytest.mark.parametrize("verb", ["done", "rename", "rm", "purge"])
def test_a_first_attempt_that_still_waits_when_it_is_repeated_is_done_once(
    person: Person, verb: str
) -> None:
    add(person, "x")
    do(person, "move", ONE)
    command = uuid4()
    held = "SELECT FROM todo.tasks FOR UPDATE"
    with ThreadPoolExecutor(2) as pool, closing(person.database.open(*_place(person))) as locker:
        locker.cursor().execute(held)
        attempts: list[Future[Any]] = []
        for number in (1, 2):
            attempts.append(pool.submit(do, person, verb, ONE, command))
            in_line(person, number)
        locker.commit()
        first, second = (each.result() for each in attempts)

    assert _content(first) == _content(second)
    assert person.query(TWICE) == []
    assert person.query("SELECT count(*) FROM todo.task_events") == [(3,)]


def test_a_repeat_that_waits_for_a_change_of_others_sees_what_its_first_attempt_did(
    person: Person,
) -> None:
    add(person, "x")
    command = uuid4()
    do(person, "done", ONE, command)
    with ThreadPoolExecutor(1) as pool, closing(person.database.open(*_place(person))) as locker:
        locker.cursor().execute("UPDATE todo.tasks SET status = 'pending'")
        repeat = pool.submit(do, person, "done", ONE, command)
        in_line(person, 1)
        locker.commit()
        [outcome] = repeat.result()

    assert (outcome.changed, outcome.task.status) == (True, "pending")
    assert person.query("SELECT status FROM todo.tasks") == [("pending",)]


def test_an_add_whose_first_attempt_and_a_purge_wait_together_is_done_once(person: Person) -> None:
    add(person, "first")
    new, command = [NewTask(id=uuid4(), title="x")], uuid4()

    def attempt() -> Any:
        with person.session() as session:
            return writes.add_tasks(as_command(session, command), new)

    with ThreadPoolExecutor(3) as pool, closing(person.database.open(*_place(person))) as locker:
        locker.cursor().execute("SELECT todo.reserve_numbers(1)")
        attempts: list[Future[Any]] = [pool.submit(attempt)]
        in_line(person, 1)
        attempts.append(pool.submit(do, person, "purge", TaskRefs(numbers=(1,), ids=())))
        in_line(person, 2)
        attempts.append(pool.submit(attempt))
        in_line(person, 3)
        locker.commit()
        one, _, other = (each.result() for each in attempts)

    assert one == other
    assert person.query("SELECT title FROM todo.tasks") == [("x",)]


def _place(person: Person) -> tuple[str, str]:
    return person.database.name, person.role


def _content(answer: Any) -> Any:
    return [
        each.model_dump(exclude={"updated_at"})
        if not isinstance(each, Outcome)
        else (each.changed, each.task.model_dump(exclude={"updated_at"}))
        for each in answer
    ]


# --- in any order

PLANS = st.lists(
    st.tuples(st.sampled_from(sorted(VERBS)), st.sets(st.integers(1, 3), min_size=1)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=PLANS, late=st.data())
def test_whatever_is_repeated_after_whatever_changes_nothing_more(
    person: Person, plan: list[tuple[str, set[int]]], late: st.DataObject
) -> None:
    new, done = [NewTask(id=uuid4(), title=title) for title in "abc"], []
    with person.session() as session:
        writes.add_tasks(as_command(session), new)
        for verb, places in plan:
            ids = tuple(new[place - 1].id for place in sorted(places))
            (refs, command), before = (TaskRefs(numbers=(), ids=ids), uuid4()), state(person)
            with suppress(NotFoundError, ConflictError):
                VERBS[verb](as_command(session, command), refs)
            if state(person) == before:  # it has not happened, so there is nothing to repeat
                continue
            done.append((VERBS[verb], refs, command))
            again, refs, command = late.draw(st.sampled_from(done))
            seen = state(person)
            again(as_command(session, command), refs)
            assert state(person) == seen
    person.forget()
    assert person.query(TWICE) == []


def test_a_command_that_failed_is_no_repeat_of_itself(person: Person) -> None:
    add(person, "x")
    command = uuid4()
    with pytest.raises(TodoError):
        do(person, "done", TaskRefs(numbers=(1, 7), ids=()), command)
    assert do(person, "done", ONE, command)[0].changed
    assert person.query("SELECT status FROM todo.tasks") == [("completed",)]
