"""A command whose connection is cut repeats itself; what others did meanwhile stays as it is."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Command, Person
from tests.faults import FaultProxy, Late, Stall
from todo_cli.link.connect import connect_url
from todo_cli.link.patience import Patience
from todo_cli.link.url import ConnectionUrl

PAIRS = [
    ("add x", "done 1", "reopen 1"),
    ("done 1", "reopen 1", "done 1"),
    ("add x", "modify 1 --title one", "modify 1 --title other"),
    ("add x", "rm 1", "restore 1"),
    ("rm 1", "restore 1", "rm 1"),
    ("add x", "done 1", "rm 1"),
    ("add x", "add two", "rm --purge --yes 3"),
    ("add x", "done 1", "rm --purge --yes 1"),
]


@pytest.fixture
def near(person: Person, tmp_path: Path) -> Command:
    """Give `todo` of a person who is not behind the proxy."""
    return Command({"TODO_DATABASE_URL": person.url, "TODO_HOME": str(tmp_path)})


@pytest.fixture
def far(near: Command, person: Person, proxy: FaultProxy) -> Command:
    """Give `todo` of the same person behind the proxy."""
    return near.with_variables(TODO_DATABASE_URL=_url(person, proxy))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def _url(person: Person, proxy: FaultProxy) -> str:
    return f"postgresql://{person.role}@127.0.0.1:{proxy.port}/{person.database.name}"


def _state(person: Person) -> object:
    tasks = "SELECT number, title, status, revision, command_id FROM todo.tasks ORDER BY number"
    events = "SELECT task_id, action, command_id FROM todo.task_events ORDER BY at, id"
    return person.query(tasks), person.query(events)


@pytest.mark.parametrize(("before", "first", "between"), PAIRS)
def test_a_command_whose_answer_was_held_back_does_not_undo_what_came_between(
    person: Person,
    proxy: FaultProxy,
    near: Command,
    far: Command,
    pool: ThreadPoolExecutor,
    before: str,
    first: str,
    between: str,
) -> None:
    for words in ("add x", before):
        assert near(*words.split()).code == 0
    with closing(connect_url(ConnectionUrl(_url(person, proxy)), Patience(15))):
        proxy.next(Stall(turn=proxy.connections[-1].turns + 1))
    count = "SELECT count(*) FROM todo.task_events"
    [(events,)] = person.query(count)
    held_back = pool.submit(far, *first.split(), "--json")
    while person.query(count) == [(events,)]:
        assert not held_back.done(), held_back.result()
    assert near(*between.split()).code == 0
    seen = _state(person)

    proxy.cut_all()

    answer = held_back.result()
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out)
    assert _state(person) == seen


@pytest.mark.parametrize(("before", "first", "between"), PAIRS)
def test_a_first_attempt_that_comes_after_its_repeat_does_not_undo_what_came_between(
    person: Person,
    proxy: FaultProxy,
    near: Command,
    far: Command,
    before: str,
    first: str,
    between: str,
) -> None:
    for words in ("add x", before):
        assert near(*words.split()).code == 0
    with closing(connect_url(ConnectionUrl(_url(person, proxy)), Patience(15))):
        proxy.next(Late(sent=proxy.connections[-1].sent))
    assert far(*first.split(), "--json").code == 0
    assert near(*between.split()).code == 0
    seen = _state(person)

    proxy.deliver()

    assert len(proxy.connections) == 3
    assert _state(person) == seen
