"""The columns of a task: what a view is made of, and what people set."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Label, RowMapping, String, inspect, literal_column

from todo_cli.domain.tasks.fields import FIELDS
from todo_cli.domain.tasks.task import TaskView
from todo_cli.link.dialect import QuietDialect
from todo_cli.store.schema.models import Task

OWNER: Final = "(SELECT email FROM todo.users WHERE id = (SELECT todo.me()))"

# Columns of the table, not of the class: rows need no object-relational loading then.
TABLE: Final = inspect(Task).local_table
_STORED: Final = {"due": ("due_date", "due_all_day")}  # the others have the name of the field
_SEEN: Final = [name for name in TaskView.model_fields if name != "owner"]
_NAMES: Final = [column for name in _SEEN for column in _STORED.get(name, (name,))]

COLUMNS: Final = [TABLE.c[name] for name in _NAMES]
OWNER_COLUMN: Final[Label[str]] = literal_column(OWNER).label("owner")
VIEW_COLUMNS: Final = ", ".join(_NAMES)
SET_COLUMNS: Final = [column for each in FIELDS for column in _STORED.get(each.name, (each.name,))]
_PLAIN: Final = [name for name in TaskView.model_fields if name not in {"tags", "due"}]


def view(row: RowMapping) -> TaskView:
    """Make a view of a row that has `VIEW_COLUMNS` and the owner."""
    due: datetime | None = row["due_date"]
    return TaskView(
        **{name: row[name] for name in _PLAIN},
        tags=tuple(row["tags"]),
        due=due.astimezone(UTC).date() if due and row["due_all_day"] else due,
    )


def _typed(name: str) -> str:
    """Give a column with its type in JSON, where a text is as long as it likes."""
    kind = TABLE.c[name].type
    dialect = QuietDialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return f"{name} {'text' if isinstance(kind, String) else kind.compile(dialect)}"


SET_TYPES: Final = ", ".join(map(_typed, SET_COLUMNS))
