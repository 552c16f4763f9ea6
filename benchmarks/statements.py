"""The SQL that todo sends, recorded while its services are at work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlmodel import Session

from todo_cli.domain.query.filters import Filter
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import new_task
from todo_cli.domain.tasks.values import Priority
from todo_cli.link.engine import COMMAND_ID
from todo_cli.services import tasks
from todo_cli.services.session.ids import new_id

# What is done, and of which a peer or psql has its own way too.
LIST_50: Final = "list 50"
LIST_ALL: Final = "list all"
SHOW: Final = "show"
FILTER: Final = "filter by project"
SEARCH: Final = "search for a word"
ADD: Final = "add"
DONE: Final = "done"

PATIENCE: Final = 600.0  # seconds, which todo has the server keep to
LIMIT: Final = 50
FILTERED: Final = "garden"
SEARCHED: Final = "invoices"
ADDED: Final = ("Buy milk", "--project", "home", "--tag", "errand", "--priority", "high")


@dataclass(frozen=True)
class Statements:
    """Each statement with its values in it, by what it does.

    ``ids`` and ``number`` are the values in those that add and complete.
    """

    texts: Mapping[str, str]
    ids: tuple[str, ...]
    number: int

    def fresh(self, what: str, number: int) -> str:
        """Give a statement with new ids; one that completes a task names that number."""
        statement = self.texts[what]
        if what == DONE:
            statement = statement.replace(f"ARRAY[{self.number}]", f"ARRAY[{number}]")
        for each in self.ids:
            statement = statement.replace(each, str(new_id()))
        return statement


def record(person: Engine, session: Session) -> Statements:
    """Do everything once, and keep what was sent.

    The session has been used before: the question for the schema's revision is not in it.
    """
    sent: list[str] = []

    def keep(_connection: object, cursor: Any, *_: object) -> None:
        sent.append(cursor.query.decode())

    event.listen(person, "after_cursor_execute", keep)
    now = datetime.now(UTC)
    tasks.find(session, Filter(limit=LIMIT), now)
    tasks.find(session, Filter(), now)
    tasks.show(session, TaskRefs(numbers=(1,), ids=()))
    tasks.find(session, Filter(project=FILTERED), now)
    tasks.find(session, Filter(search=(SEARCHED,)), now)
    title, _, project, _, tag, _, priority = ADDED
    ids = new_id(), new_id(), new_id()
    milk = new_task(ids[0], title, project=project, tags=(tag,), priority=Priority(priority))
    session.info[COMMAND_ID] = ids[1]
    [added] = tasks.add(session, [milk])
    session.info[COMMAND_ID] = ids[2]
    tasks.complete(session, TaskRefs(numbers=(added.number,), ids=()))
    names = (LIST_50, LIST_ALL, SHOW, FILTER, SEARCH, ADD, DONE)
    texts = dict(zip(names, sent, strict=True))
    return Statements(texts, tuple(map(str, ids)), added.number)
