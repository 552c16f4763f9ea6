"""The order of a list: what the server sorts, and what the program merges by the reader's days.

An all-day due date is a calendar day, which the server cannot compare with an instant: when it ends
depends on the zone of whoever reads it. So a list by due date is asked for as two streams, what has
a time (or no due date, last) and what is for a whole day. Each is in an order of its own, and as
long as the whole list may be.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    RowMapping,
    SQLColumnExpression,
    func,
    select,
    union_all,
)
from sqlmodel import col

from todo_cli.domain.query.filters import Sort, SortField
from todo_cli.domain.query.order import NOWHERE, due_places
from todo_cli.domain.tasks.values import Priority
from todo_cli.store.schema.models import Task
from todo_cli.store.tasks import letters

# Unicode's blocks of marks that change the letter before them.
_MARKS: Final = r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_RANKS: Final = {priority.value: -place for place, priority in enumerate(Priority)}


def by_due(passing: FromClause, sort: Sort | None, limit: int | None) -> CompoundSelect[Any]:
    """Give the two streams of the tasks in ``passing``, each with ``limit`` rows at most."""
    due, number = passing.c.due_date, passing.c.number
    if sort is None:
        order: list[ColumnElement[Any]] = [due, passing.c.priority_rank, number]
    else:
        order = [due.desc().nulls_last() if sort.descending else due, number]
    streams = [
        select(passing).where(passing.c.due_all_day.is_(whole)).order_by(*order).limit(limit)
        for whole in (False, True)
    ]
    return union_all(*streams)


def merge(
    rows: Iterable[RowMapping], sort: Sort | None, limit: int | None, now: datetime
) -> Sequence[RowMapping]:
    """Put the rows of both streams into one order by the days of ``now``'s zone, and cut it."""
    place = due_places(now)

    def due(row: RowMapping) -> Any:
        return place(row["due_date"], row["due_all_day"])

    def number(row: RowMapping) -> Any:
        return row["number"]

    if sort is None:
        merged = sorted(rows, key=lambda row: (due(row), _RANKS[row["priority"]], number(row)))
    elif not sort.descending:
        merged = sorted(rows, key=lambda row: (due(row), number(row)))
    else:
        merged = sorted(sorted(rows, key=number), key=due, reverse=True)
        merged.sort(key=lambda row: due(row) == NOWHERE)
    return merged[:limit]


def by_field(sort: Sort) -> list[SQLColumnExpression[Any]]:
    """Give the order by any other field than due: tasks without a value last, then by number."""
    column = _column(sort.field)
    chosen = column.desc().nulls_last() if sort.descending else column.asc().nulls_last()
    return [chosen, col(Task.number)]


def _column(field: SortField) -> SQLColumnExpression[Any]:
    match field:
        case SortField.PRIORITY:
            return -col(Task.priority_rank)  # the least important first, as in the domain
        case SortField.TITLE | SortField.PROJECT:
            return _as_in_a_dictionary(col(getattr(Task, field.value)))
        case _:
            return col(getattr(Task, field.value))


def _as_in_a_dictionary(column: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Give a text as it sorts on every server: without marks and capitals, by code point."""
    plain = func.regexp_replace(func.pg_catalog.normalize(column, "NFD"), _MARKS, "", "g")
    return letters.lower(plain).collate("C")
