"""A session is that of one command: its changes bear the command's id, and say that they write."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session

from tests.conftest import NOW, Person
from todo_cli.domain.query.filters import Filter
from todo_cli.domain.tasks.changes import Changes
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import new_task
from todo_cli.errors import UnavailableError
from todo_cli.link import engine
from todo_cli.link.connect import connect_url
from todo_cli.link.engine import COMMAND_ID, WRITES
from todo_cli.link.errors import IN_DOUBT
from todo_cli.link.patience import Patience
from todo_cli.link.url import ConnectionUrl
from todo_cli.services import tasks
from todo_cli.store.schema.models import HEAD

ONE: Final = TaskRefs(numbers=(1,), ids=())
CHANGES: Final[Sequence[Callable[[Session], object]]] = (
    lambda session: tasks.add(session, [new_task(uuid4(), "x")]),
    lambda session: tasks.modify(session, ONE, Changes(title="y")),
    lambda session: tasks.complete(session, ONE),
    lambda session: tasks.reopen(session, ONE),
    lambda session: tasks.delete(session, ONE),
    lambda session: tasks.restore(session, ONE),
    lambda session: tasks.purge(session, ONE),
)
READS: Final[Sequence[Callable[[Session], object]]] = (
    lambda session: tasks.find(session, Filter(), NOW, counted=True),
    lambda session: tasks.show(session, ONE),
    lambda session: tasks.named(session, ONE),
    lambda session: tasks.draft(session, ONE),
)


def sent(session: Session, work: Callable[[Session], object]) -> list[tuple[bool, object]]:
    """Do some work, and tell of each statement whether it says that it writes, and its command."""
    found = []

    def listen(state: ORMExecuteState) -> None:
        parameters: Any = state.parameters or {}
        found.append((state.execution_options.get(WRITES, False), parameters.get("command_id")))

    event.listen(session, "do_orm_execute", listen)
    work(session)
    return found


def test_every_change_says_that_it_writes_and_bears_the_id_of_its_command(person: Person) -> None:
    commands: list[UUID] = []
    for number, work in enumerate(CHANGES):
        if number == 1:
            for each in READS:
                with person.session() as session:
                    assert set(sent(session, each)) == {(False, None)}
        with person.session() as session:
            commands.append(session.info[COMMAND_ID])
            assert sent(session, work) == [(True, commands[-1])]

    logged = person.query("SELECT command_id FROM todo.task_events ORDER BY at, id")
    assert [command for (command,) in logged] == [str(each) for each in commands]
    assert len(set(commands)) == len(CHANGES)


@pytest.mark.parametrize("writes", [False, True])
def test_a_statement_without_an_answer_may_have_been_done_if_it_has_said_that_it_writes(
    person: Person, writes: bool
) -> None:
    limit = Patience(3)
    made = engine.make_engine(lambda: connect_url(ConnectionUrl(person.url), limit), HEAD, limit)
    lost = text("SELECT pg_terminate_backend(pg_backend_pid()), :command_id")
    with (
        engine.disposed(made) as person_engine,
        engine.open_session(person_engine, uuid4(), limit) as session,
        pytest.raises(UnavailableError) as caught,
    ):
        session.execute(lost, {"command_id": "x"}, execution_options={WRITES: writes})

    assert (caught.value.hint == IN_DOUBT) == writes
