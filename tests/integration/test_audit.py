"""Reading the change log of everybody, on each server: who may, what it tells, what it costs."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from tests.conftest import Database, Person
from tests.servers import add_task, as_owner, id_of
from todo_cli.domain.audit import LogFilter
from todo_cli.errors import AuthError
from todo_cli.store.log import audit

ADD = "INSERT INTO todo.tasks (id, title) VALUES (%s, 'x')"


@pytest.fixture
def owner(each_database: Database) -> Iterator[Person]:
    """Give the owner of the database, for a session of theirs."""
    made = Person(each_database, each_database.owner, "")
    yield made
    made.forget()


def told(reader: Person, whose: Person) -> list[tuple[str, int | None]]:
    """Give action and number of the events about somebody's tasks."""
    with reader.session() as session:
        found = audit.read(session, LogFilter()).events
    return [(each.action, each.task) for each in found if str(each.user_id) == id_of(whose)]


def planned(reader: Person, wanted: LogFilter) -> str:
    """Give the plan of the statement that reads the events, as the reader's role gets it."""
    sent: list[tuple[str, Any]] = []
    with reader.session() as session:
        audit.require_reader(session)  # the first statement of a connection asks for the revision
        event.listen(
            session.get_bind(),
            "before_cursor_execute",
            lambda _c, _cur, statement, parameters, *_: sent.append((statement, parameters)),
        )
        audit.read(session, wanted)
    statement, parameters = sent[0]
    statement = statement[statement.index("WITH newest") :]  # without settings sent along
    return "\n".join(line for (line,) in reader.query(f"EXPLAIN {statement}", parameters))


def partitions(plan: str) -> set[str]:
    """Give the partitions in which a plan looks for the newest events."""
    newest, _, _ = plan.partition("CTE Scan on newest")
    return set(re.findall(r" on (task_events_\w+) task_events", newest))


def test_auditors_and_the_owner_see_everybody(
    alice: Person, bob: Person, auditor: Person, owner: Person
) -> None:
    for person in (alice, bob):
        add_task(person, "x")
        person.query("UPDATE todo.tasks SET status = 'completed'")
    for reader in (auditor, owner):
        for person in (alice, bob):
            assert told(reader, person) == [("added", 1), ("completed", 1)]


def test_members_may_not_read_the_log_of_all(alice: Person, auditor: Person, owner: Person) -> None:
    for reader in (auditor, owner):
        with reader.session() as session:
            audit.require_reader(session)
    with alice.session() as session, pytest.raises(AuthError, match="only an auditor or the owner"):
        audit.require_reader(session)


def test_an_auditor_without_the_kind_or_deactivated_may_not(
    each_database: Database, auditor: Person
) -> None:
    for change in ("kind = 'member'", "kind = 'auditor', is_active = false"):
        as_owner(each_database, f"UPDATE todo.users SET {change} WHERE email = %s", [auditor.email])
        with auditor.session() as session, pytest.raises(AuthError):
            audit.require_reader(session)


def test_an_id_that_is_used_again_has_the_number_of_its_time(
    alice: Person, auditor: Person
) -> None:
    task = str(uuid.uuid4())
    for _ in range(2):
        alice.query(ADD, [task])
        alice.query("UPDATE todo.tasks SET title = title || '!'")
        alice.query("SELECT todo.purge('{}', ARRAY[%s]::uuid[], NULL)", [task])

    assert told(auditor, alice) == [
        (action, number) for number in (1, 2) for action in ("added", "modified", "purged")
    ]


def test_an_event_whose_task_was_never_added_has_no_number(
    each_database: Database, alice: Person, auditor: Person
) -> None:
    as_owner(
        each_database,
        "INSERT INTO todo.task_events (task_id, user_id, action) "
        "VALUES (gen_random_uuid(), %s, 'completed')",
        [id_of(alice)],
    )
    assert told(auditor, alice) == [("completed", None)]


def test_a_limit_keeps_the_newest_and_counts_all(alice: Person, auditor: Person) -> None:
    for _ in range(3):
        add_task(alice, "x")
    with auditor.session() as session:
        some = audit.read(session, LogFilter(email=alice.email, limit=2))
        exactly = audit.read(session, LogFilter(email=alice.email, limit=3))
        fewer = audit.read(session, LogFilter(email=alice.email, limit=9))

    assert ([each.task for each in some.events], some.total) == ([2, 3], 3)
    assert (len(exactly.events), exactly.total) == (3, 3)
    assert (len(fewer.events), fewer.total) == (3, 3)


@pytest.mark.parametrize("limit", [None, 50])
def test_since_leaves_out_the_partitions_of_earlier_months(
    each_database: Database, auditor: Person, owner: Person, limit: int | None
) -> None:
    rows = as_owner(
        each_database,
        "SELECT inhrelid::regclass::text FROM pg_inherits "
        "WHERE inhparent = 'todo.task_events'::regclass",
    )
    everything = sorted(name.removeprefix("todo.") for (name,) in rows)
    *_, before_last, last, rest = everything
    year, month = map(int, before_last.split("_")[-2:])

    for reader in (auditor, owner):
        since = datetime(year, month, 15, tzinfo=UTC)
        assert partitions(planned(reader, LogFilter(limit=limit))) == set(everything)
        plan = planned(reader, LogFilter(limit=limit, since=since))
        assert partitions(plan) == {before_last, last, rest}
