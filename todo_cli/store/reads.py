"""Every query, one function each. Row-level security limits each to the person's own tasks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Label,
    RowMapping,
    Select,
    SQLColumnExpression,
    func,
    inspect,
    literal_column,
    or_,
    select,
)
from sqlmodel import Session, col

from todo_cli.domain.filters import Filter, Sort, SortField
from todo_cli.domain.task import Page, Status, TaskRefs, TaskView
from todo_cli.errors import in_trash, not_found
from todo_cli.store.conditions import conditions_of
from todo_cli.store.engine import IN_ORDER
from todo_cli.store.models import Task

if TYPE_CHECKING:
    from todo_cli.domain.changes import Draft

# What a view is made of; writes.py returns the same columns.
VIEW_COLUMNS: Final = (
    "id, number, title, description, status, priority, project, tags, due_date, due_all_day, "
    "created_at, updated_at, completed_at"
)
OWNER: Final = "(SELECT email FROM todo.users WHERE id = (SELECT todo.me()))"

# Columns of the table, not of the class: rows need no object-relational loading then.
_TABLE: Final = inspect(Task).local_table
_COLUMNS = [_TABLE.c[name] for name in VIEW_COLUMNS.split(", ")]
_OWNER: Label[str] = literal_column(OWNER).label("owner")
_PLAIN = [name for name in TaskView.model_fields if name not in {"tags", "due"}]


def view(row: RowMapping) -> TaskView:
    """Make a view of a row that has `VIEW_COLUMNS` and the owner."""
    due: datetime | None = row["due_date"]
    return TaskView(
        **{name: row[name] for name in _PLAIN},
        tags=tuple(row["tags"]),
        due=due.astimezone(UTC).date() if due and row["due_all_day"] else due,
    )


def list_tasks(session: Session, wanted: Filter, *, counted: bool) -> Page:
    """Give the tasks that pass the filter, in its order; if ``counted``, how many pass in all.

    Counting reads them all, however few are given.
    """
    conditions = conditions_of(wanted)
    query: Select[Any] = select(*_COLUMNS, _OWNER).where(*conditions).order_by(*_order(wanted.sort))
    if wanted == Filter(limit=wanted.limit):  # tasks_pending_idx
        query = query.execution_options(**{IN_ORDER: True})
    if wanted.limit is not None:
        query = query.limit(wanted.limit)
    if counted:
        total = select(func.count()).select_from(Task).where(*conditions).scalar_subquery()
        query = query.add_columns(total.label("total"))
    rows = session.execute(query).mappings().all()
    tasks = tuple(map(view, rows))
    return Page(tasks=tasks, total=(rows[0]["total"] if rows else 0) if counted else None)


def get_task(session: Session, refs: TaskRefs) -> TaskView:
    """Give the one task that is named, in whatever state. Raises NotFoundError."""
    return view(_rows(session, refs)[0])


def get_tasks(session: Session, refs: TaskRefs) -> tuple[TaskView, ...]:
    """Give all tasks that are named, in whatever state, by number. Raises NotFoundError."""
    return tuple(map(view, _rows(session, refs)))


def get_draft(session: Session, refs: TaskRefs) -> "Draft":
    """Give the one task that is named, with its revision.

    Raises NotFoundError, or ConflictError for a task in the trash.
    """
    from todo_cli.domain.changes import Draft  # here: only `todo edit` needs it

    row = _rows(session, refs)[0]
    if row["status"] == Status.DELETED:
        raise in_trash(str(row["number"]))
    return Draft(task=view(row), revision=row["revision"])


def _rows(session: Session, refs: TaskRefs) -> Sequence[RowMapping]:
    """Give the rows of the tasks that are named, by number. Raises NotFoundError."""
    named = or_(col(Task.number).in_(refs.numbers), col(Task.id).in_(refs.ids))
    query = select(*_COLUMNS, _OWNER, _TABLE.c.revision).where(named).order_by(col(Task.number))
    rows = session.execute(query).mappings().all()
    there = {row["number"] for row in rows} | {row["id"] for row in rows}
    missing = [str(each) for each in (*refs.numbers, *refs.ids) if each not in there]
    if missing:
        raise not_found(", ".join(missing))
    return rows


def _order(sort: Sort | None) -> list[SQLColumnExpression[Any]]:
    if sort is None:
        return [col(Task.due_date), col(Task.priority_rank), col(Task.number)]
    column = _sort_column(sort.field)
    chosen = column.desc().nulls_last() if sort.descending else column.asc().nulls_last()
    return [chosen, col(Task.number)]


def _sort_column(field: SortField) -> SQLColumnExpression[Any]:
    match field:
        case SortField.DUE:
            return col(Task.due_date)
        case SortField.PRIORITY:
            return -col(Task.priority_rank)  # the least important first, as in the domain
        case SortField.TITLE:
            return func.lower(col(Task.title))
        case _:
            return col(getattr(Task, field.value))
