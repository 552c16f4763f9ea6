"""A private server in a temporary home, filled with tasks, and the statements todo sends to it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlmodel import Session

from todo_cli import settings
from todo_cli.domain.filters import Filter
from todo_cli.domain.task import NewTask, Priority, new_task
from todo_cli.services import private, tasks
from todo_cli.services.ids import new_id
from todo_cli.store import engine, roles
from todo_cli.store.embedded import PrivateServer

LIMIT: Final = 50
ADD: Final = ("add", "Buy milk", "--project", "home", "--tag", "errand", "--priority", "high")


@dataclass(frozen=True)
class Statements:
    """The SQL that todo sends, with its values in it."""

    first: str
    all: str
    add: str
    add_ids: tuple[str, str]

    def fresh_add(self) -> str:
        """Give the INSERT of a task that is not there yet: with new ids."""
        statement = self.add
        for each in self.add_ids:
            statement = statement.replace(each, str(new_id()))
        return statement


@contextmanager
def temporary_server() -> Iterator[tuple[PrivateServer, dict[str, str]]]:
    """Give a private server and the environment in which `todo` uses it; both vanish at the end.

    Nothing of the caller's own settings of todo or libpq gets into that environment.
    """
    with tempfile.TemporaryDirectory(prefix="todo-") as home:
        Path(home).chmod(0o755)  # the server has an account of its own where root runs this
        own = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        environment = {**own, "TODO_HOME": home}
        server = private.server(settings.load(environment), _say)
        try:
            yield server, environment
        finally:
            server.stop()
            # It lies outside the home where root's folder for temporary files is a closed one.
            shutil.rmtree(server.base, ignore_errors=True)


def fill(server: PrivateServer, generated: Sequence[NewTask]) -> Statements:
    """Add the tasks, and find out which statements todo sends for the commands that are timed."""
    with private.person_engine(server) as person, engine.open_session(person) as session:
        tasks.add(session, generated, new_id())
        statements = _statements(person, session)
    # Autovacuum would do it soon, in the middle of a round.
    owner = server.connect(roles.DATABASE, roles.OWNER)
    with engine.work_on(owner, autocommit=True) as cursor:
        cursor.execute("VACUUM ANALYZE todo.tasks")
    return statements


def _statements(person: Engine, session: Session) -> Statements:
    """Record the statements; the question for the schema's revision, asked once, is not in them."""
    sent: list[str] = []

    def record(_connection: object, cursor: Any, *_: object) -> None:
        sent.append(cursor.query.decode())

    event.listen(person, "after_cursor_execute", record)
    tasks.find(session, Filter(limit=LIMIT))
    tasks.find(session, Filter())
    _, title, _, project, _, tag, _, priority = ADD
    ids = new_id(), new_id()
    milk = new_task(ids[0], title, project=project, tags=(tag,), priority=Priority(priority))
    tasks.add(session, [milk], ids[1])
    first, everything, add = sent
    return Statements(first, everything, add, (str(ids[0]), str(ids[1])))


def _is_setting(name: str) -> bool:
    return name.startswith(("TODO_", "PG"))


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")
