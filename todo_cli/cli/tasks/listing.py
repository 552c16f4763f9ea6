"""The command that lists: its words and options make a filter."""

from collections.abc import Sequence
from typing import Annotated

import typer

from todo_cli.cli import values, words
from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.cli.rule import Use
from todo_cli.cli.tasks import filtering
from todo_cli.cli.values import Given, with_fields
from todo_cli.domain.query import filters
from todo_cli.domain.query.filters import Filter
from todo_cli.domain.tasks.values import check_known_tags


@with_globals
@with_fields(Use.SEARCH)
def list_(
    app: AppContext,
    context: typer.Context,
    word: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="What to look for.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Completed tasks too.")] = False,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="pending, completed, deleted or any.")
    ] = None,
    *,
    given: Given,
    due_before: Annotated[str | None, typer.Option(metavar="WHEN", help="Due before then.")] = None,
    due_after: Annotated[str | None, typer.Option(metavar="WHEN", help="Due after then.")] = None,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="In title or description, in any case.")
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="At most N.")] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Sort by it; FIELD- for largest first.")
    ] = None,
) -> None:
    """List tasks: pending ones, by due date, priority and number.

    Words are looked for in title and description. +TAG, -TAG, tag:T, project:P, priority:P,
    status:STATUS, due:DAY, due.before:WHEN, due.after:WHEN, sort:FIELD and limit:N may stand among
    them. due:none, project:none and tag:none find tasks without one. A dash in front leaves tasks
    out: -project:P, -due:none. A task for a whole day stands at the end of that day. A list of
    completed tasks alone has the latest first.
    """
    reading = words.reading(context)
    with words.explained(context):
        values.check_limit(limit)
        wanted = Filter(
            statuses=filters.parse_statuses(status, all_, reading.left_out.get("status", ())),
            without_tags=check_known_tags(values.untags(given["untag"])),
            empty=filtering.empty(given),
            search=tuple(filter(None, [*(word or ()), search])),
            limit=limit,
            sort=None if sort is None else filters.parse_sort(sort),
            **filtering.equal(app, given),
            **filtering.with_tags(check_known_tags(values.tags(given["tag"])), reading.whole),
            **filtering.on_due(app, due_before, due_after, given["due"]),
            **filtering.left_out(app, reading.left_out),
        )
    show_list(app, wanted, [*reading.typed, *filter(None, [search])])


def show_list(app: AppContext, wanted: Filter, words: Sequence[str] = ()) -> None:
    """Show the tasks that pass a filter, as many as the way of output shows by default.

    ``words`` are those that were looked for, which are said where there is no such task.
    """
    output = app.output(values.FIELDS)
    filtered = not wanted.shows_all_pending
    if wanted.limit is None:
        wanted = wanted.model_copy(update={"limit": output.default_limit})
    with app.open() as session:
        from todo_cli.services import tasks

        page = tasks.find(session, wanted, app.now(), counted=output.says_more)
    output.page(page, filtered=filtered, words=words)
