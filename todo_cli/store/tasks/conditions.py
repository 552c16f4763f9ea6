"""What a filter asks of a task, in SQL."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, and_, case, func, literal, not_, or_, select
from sqlmodel import col

from todo_cli.domain.query.filters import Empty, Filter
from todo_cli.domain.tasks.values import Status
from todo_cli.domain.time.dates import Limit
from todo_cli.store.schema.models import Task
from todo_cli.store.tasks import letters


def conditions_of(wanted: Filter) -> list[ColumnElement[bool]]:
    """Give what must hold for each task that passes the filter; its order and limit are no part."""
    found: list[ColumnElement[bool]] = [is_own()]
    if len(wanted.statuses) == 1:
        found.append(col(Task.status) == wanted.statuses[0].value)
    elif len(wanted.statuses) < len(Status):
        found.append(col(Task.status).in_([status.value for status in wanted.statuses]))
    if wanted.project is not None:
        found.append(col(Task.project) == wanted.project)
    if wanted.tags:
        found.append(col(Task.tags).contains(list(wanted.tags)))
    found.extend(_tags_overlap(choice) for choice in wanted.any_tags)
    if wanted.priority is not None:
        found.append(col(Task.priority) == wanted.priority.value)
    if wanted.without_tags:
        found.append(not_(_tags_overlap(wanted.without_tags)))
    found.extend(_due_before(limit) for limit in wanted.due_before)
    found.extend(_due_after(limit) for limit in wanted.due_after)
    found.extend(_has_no(each) for each in wanted.empty)
    found.extend(not_(_has_no(each)) for each in wanted.present)
    found.extend(_left_out(wanted))
    found.extend(_contains(each) for each in wanted.search)
    return found


def is_own() -> ColumnElement[bool]:
    """Give the condition that a task is of whoever asks, whatever the policies let them see."""
    return col(Task.user_id) == select(func.todo.me()).scalar_subquery()


def _left_out(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """Give what must hold for what is left out; a task without a value is not."""
    if wanted.without_projects:
        project = col(Task.project)
        yield or_(project.is_(None), project.not_in(wanted.without_projects))
    if wanted.without_priorities:
        yield col(Task.priority).not_in([each.value for each in wanted.without_priorities])
    for span in wanted.without_due:
        limits = []
        if span.before is not None:
            limits.append(_due_before(span.before))
        if span.after is not None:
            limits.append(_due_after(span.after))
        yield or_(col(Task.due_date).is_(None), not_(and_(*limits)))


def _tags_overlap(tags: Sequence[str]) -> ColumnElement[bool]:
    return col(Task.tags).bool_op("&&")(list(tags))


def _contains(text: str) -> ColumnElement[bool]:
    for special in "/%_":
        text = text.replace(special, f"/{special}")
    pattern = literal("%") + letters.lower(literal(text)) + "%"
    columns = (col(Task.title), col(Task.description))
    return or_(*(letters.lower(column).like(pattern, escape="/") for column in columns))


def _has_no(field: Empty) -> ColumnElement[bool]:
    match field:
        case Empty.PROJECT:
            return col(Task.project).is_(None)
        case Empty.DUE:
            return col(Task.due_date).is_(None)
        case Empty.TAGS:
            return func.cardinality(col(Task.tags)) == 0


def _due_before(limit: Limit) -> ColumnElement[bool]:
    due, day = col(Task.due_date), utc_midnight(limit.day)
    return and_(
        due < max(day, limit.instant),  # what an index can use
        due < case((col(Task.due_all_day), day), else_=limit.instant),
    )


def _due_after(limit: Limit) -> ColumnElement[bool]:
    due, day = col(Task.due_date), utc_midnight(limit.day)
    return and_(
        due >= min(day, limit.instant),
        case((col(Task.due_all_day), due > day), else_=due >= limit.instant),
    )


def utc_midnight(day: date) -> datetime:
    """Give a day as an all-day due date is stored: at 00:00 UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
