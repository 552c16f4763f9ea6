"""Every query, one function each. Row-level security limits each to the person's own tasks."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    RowMapping,
    Select,
    func,
    or_,
    select,
)
from sqlmodel import Session, col

from todo_cli.domain.query.filters import Filter, SortField
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import Page, TaskView
from todo_cli.domain.tasks.values import Status
from todo_cli.errors import in_trash, not_found
from todo_cli.link.engine import IN_ORDER
from todo_cli.store.schema.models import Task
from todo_cli.store.tasks import order
from todo_cli.store.tasks.columns import COLUMNS, OWNER_COLUMN, TABLE, view
from todo_cli.store.tasks.conditions import conditions_of, is_own

if TYPE_CHECKING:
    from todo_cli.domain.tasks.changes import Draft


def list_tasks(session: Session, wanted: Filter, now: datetime, *, counted: bool) -> Page:
    """Give the tasks that pass the filter, in its order; if ``counted``, how many pass in all.

    ``now`` is an aware time in the zone whose days the order goes by. Counting reads all tasks
    that pass, however few are given.
    """
    sort = wanted.order
    by_due = sort is None or sort.field is SortField.DUE
    rows: Sequence[RowMapping] = session.execute(_query(wanted, by_due, counted)).mappings().all()
    total = (rows[0]["total"] if rows else 0) if counted else None
    if by_due:
        rows = order.merge(rows, sort, wanted.limit, now)
    return Page(tasks=tuple(map(view, rows)), total=total)


@lru_cache(maxsize=8)  # to build one and to know it again takes as long as the server's answer
def _query(wanted: Filter, by_due: bool, counted: bool) -> Select[Any]:
    return _by_due(wanted, counted) if by_due else _by_field(wanted, counted)


def _by_due(wanted: Filter, counted: bool) -> Select[Any]:
    """Give the query for a list by due date, whose rows `order.merge` puts in order."""
    passing = select(*COLUMNS, TABLE.c.priority_rank).where(*conditions_of(wanted)).cte("passing")
    # Only of pending tasks there is an index that gives each stream; others are read but once.
    indexed = wanted.statuses == (Status.PENDING,)
    passing = passing.prefix_with("NOT MATERIALIZED" if indexed else "MATERIALIZED")
    streams = order.by_due(passing, wanted.order, wanted.limit).subquery("streams")
    query: Select[Any] = select(streams, OWNER_COLUMN)
    if counted:
        total = select(func.count()).select_from(passing).scalar_subquery()
        query = query.add_columns(total.label("total"))
    if wanted == Filter(limit=wanted.limit):  # tasks_due_idx
        query = query.execution_options(**{IN_ORDER: True})
    return query


def _by_field(wanted: Filter, counted: bool) -> Select[Any]:
    """Give the query for a list in an order that the server knows."""
    conditions = conditions_of(wanted)
    query: Select[Any] = select(*COLUMNS, OWNER_COLUMN).where(*conditions).limit(wanted.limit)
    if wanted.order is not None:
        query = query.order_by(*order.by_field(wanted.order))
    if counted:
        total = select(func.count()).select_from(Task).where(*conditions).scalar_subquery()
        query = query.add_columns(total.label("total"))
    return query


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
    from todo_cli.domain.tasks.changes import Draft  # here: only `todo edit` needs it

    row = _rows(session, refs)[0]
    if row["status"] == Status.DELETED:
        raise in_trash(str(row["number"]))
    return Draft(task=view(row), revision=row["revision"])


def _rows(session: Session, refs: TaskRefs) -> Sequence[RowMapping]:
    """Give the rows of the tasks that are named, by number. Raises NotFoundError."""
    named = or_(col(Task.number).in_(refs.numbers), col(Task.id).in_(refs.ids))
    query = (
        select(*COLUMNS, OWNER_COLUMN, TABLE.c.revision)
        .where(is_own(), named)
        .order_by(col(Task.number))
    )
    rows = session.execute(query).mappings().all()
    there = {row["number"] for row in rows} | {row["id"] for row in rows}
    missing = [str(each) for each in (*refs.numbers, *refs.ids) if each not in there]
    if missing:
        raise not_found(", ".join(missing))
    return rows
