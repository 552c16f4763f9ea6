"""The command that lists: its words and options make a filter."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Final

import typer

from todo_cli.cli import values, words
from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.domain import dates, filters
from todo_cli.domain.filters import Empty, Filter
from todo_cli.domain.task import check_project, check_tags
from todo_cli.domain.text import readable
from todo_cli.errors import UsageError

_LARGEST_LIMIT: Final = 1_000_000_000


@with_globals
def list_(
    app: AppContext,
    context: typer.Context,
    word: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="In title or description.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Completed tasks too.")] = False,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="pending, completed, deleted or any.")
    ] = None,
    project: values.Project = None,
    tag: values.Tags = None,
    untag: Annotated[
        list[str] | None, typer.Option(metavar="T", help="Without this tag; repeatable.")
    ] = None,
    priority: values.PriorityWord = None,
    due: Annotated[str | None, typer.Option(metavar="DAY", help="Due on that day.")] = None,
    due_before: Annotated[str | None, typer.Option(metavar="WHEN", help="Due before then.")] = None,
    due_after: Annotated[str | None, typer.Option(metavar="WHEN", help="Due after then.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="In title or description, in any case.")
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="At most so many.")] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Sort by it; FIELD- for largest first.")
    ] = None,
) -> None:
    """List tasks: pending ones, by due date, priority and number.

    Words are looked for in title and description. +TAG, -TAG, tag:T, project:P, priority:P,
    status:STATUS, due:DAY, due.before:WHEN and due.after:WHEN may stand among them. due:none,
    project:none and tag:none are for tasks without one.
    """
    if limit is not None and not 1 <= limit <= _LARGEST_LIMIT:
        raise UsageError(f"--limit takes a number from 1 to {_LARGEST_LIMIT}")
    with words.explained(context):
        before, after = _limits(app, due_before, dates.before), _limits(app, due_after, dates.after)
        day = _day(app, due)
        wanted = Filter(
            statuses=filters.parse_statuses(status, all_),
            project=None if project in (None, values.NONE) else check_project(project),
            tags=check_tags(values.tags(tag)),
            without_tags=check_tags(values.untags(untag)),
            priority=None if priority is None else filters.parse_priority(priority),
            due_before=(*before, *day[:1]),
            due_after=(*after, *day[1:]),
            empty=_empty(project, tag, due),
            search=tuple(filter(None, [*(word or ()), search])),
            limit=limit,
            sort=None if sort is None else filters.parse_sort(sort),
        )
    show_list(app, wanted)


def show_list(app: AppContext, wanted: Filter) -> None:
    """Show the tasks that pass a filter, as many as the way of output shows by default."""
    output = app.output(values.FIELDS)
    filtered = not wanted.shows_all_pending
    if wanted.limit is None:
        wanted = wanted.model_copy(update={"limit": output.default_limit})
    with app.open() as session:
        from todo_cli.services import tasks

        page = tasks.find(session, wanted, app.now(), counted=output.says_more)
    output.page(page, filtered=filtered)


def _empty(project: str | None, tag: list[str] | None, due: str | None) -> frozenset[Empty]:
    wanted = {
        Empty.PROJECT: project == values.NONE,
        Empty.TAGS: values.NONE in (tag or ()),
        Empty.DUE: due == values.NONE,
    }
    return frozenset(each for each, is_wanted in wanted.items() if is_wanted)


def _limits(
    app: AppContext,
    text: str | None,
    bound: Callable[[dates.Due, datetime], dates.Limit],
) -> tuple[dates.Limit, ...]:
    if text is None:
        return ()
    now = app.now()
    when = dates.parse(text, now)
    if when is None:
        raise UsageError(f"{readable(text)} is no date to compare with")
    return (bound(when, now),)


def _day(app: AppContext, text: str | None) -> tuple[dates.Limit, ...]:
    """Give the limit before which, and that after which, is what is due on a day."""
    if text is None:
        return ()
    now = app.now()
    day = dates.parse(text, now)
    if day is None:
        return ()
    if isinstance(day, datetime):
        hint = "due.before and due.after take a time"
        raise UsageError("a list is of what is due on a whole day", hint)
    return dates.before(day + timedelta(days=1), now), dates.after(day - timedelta(days=1), now)
