"""The commands for tasks: add, list, show, done, reopen, rm, restore."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.domain import dates, filters
from todo_cli.domain.filters import Filter
from todo_cli.domain.task import (
    NewTask,
    Outcome,
    Priority,
    Status,
    TaskView,
    check_project,
    check_tags,
    new_task,
    parse_refs,
)
from todo_cli.errors import UsageError
from todo_cli.services.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from sqlmodel import Session

    from todo_cli.domain.task import TaskRefs

_LARGEST_LIMIT = 1_000_000_000
FIELDS = tuple(TaskView.model_fields)

Ids = Annotated[list[str], typer.Argument(metavar="ID", help="Numbers, or whole UUIDs.")]
Project = Annotated[str | None, typer.Option(metavar="P", help="The project.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="T", help="A tag; repeatable.")]
PriorityWord = Annotated[
    str | None,
    typer.Option("--priority", metavar="PRIORITY", help="low, medium, high or urgent."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command("add", epilog='Example: todo add "Buy milk" --due tomorrow --tag errand')(add)
    app.command("list", epilog="Example: todo list --project home --due-before eow")(list_)
    app.command("show", epilog="Example: todo show 12")(show)
    app.command("done", epilog="Example: todo done 3 5")(done)
    app.command("reopen", epilog="Example: todo reopen 3")(reopen)
    app.command("rm", epilog="Example: todo rm 4")(rm)
    app.command("restore", epilog="Example: todo restore 4")(restore)


@with_globals
def add(
    app: AppContext,
    title: Annotated[list[str], typer.Argument(metavar="TITLE", help="Words of the title.")],
    project: Project = None,
    tag: Tags = None,
    priority: PriorityWord = None,
    due: Annotated[
        str | None, typer.Option(metavar="WHEN", help="tomorrow, fri 17:00, 3d, 2026-11-25 ...")
    ] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="More words.")] = None,
) -> None:
    """Add a task."""
    from todo_cli.services import tasks

    output = app.output(FIELDS)
    task: NewTask = new_task(
        new_id(),
        " ".join(title),
        description=description,
        priority=Priority.MEDIUM if priority is None else filters.parse_priority(priority),
        project=project,
        tags=tuple(tag or ()),
        due=None if due is None else dates.parse(due, app.now()),
    )
    with app.open() as session:
        (added,) = tasks.add(session, [task], app.command_id)
    output.added(added)


@with_globals
def list_(
    app: AppContext,
    all_: Annotated[bool, typer.Option("--all", help="Completed tasks too.")] = False,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="pending, completed, deleted or any.")
    ] = None,
    project: Project = None,
    tag: Tags = None,
    priority: PriorityWord = None,
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
    """List tasks: pending ones, by due date, priority and number."""
    if limit is not None and not 1 <= limit <= _LARGEST_LIMIT:
        raise UsageError(f"--limit takes a number from 1 to {_LARGEST_LIMIT}")
    wanted = Filter(
        statuses=filters.parse_statuses(status, all_),
        project=None if project is None else check_project(project),
        tags=check_tags(tuple(tag or ())),
        priority=None if priority is None else filters.parse_priority(priority),
        due_before=_limit(app, due_before, dates.before),
        due_after=_limit(app, due_after, dates.after),
        search=search,
        limit=limit,
        sort=None if sort is None else filters.parse_sort(sort),
    )
    show_list(app, wanted)


def show_list(app: AppContext, wanted: Filter) -> None:
    """Show the tasks that pass a filter, as many as the way of output shows by default."""
    from todo_cli.services import tasks

    output = app.output(FIELDS)
    filtered = wanted != Filter(statuses=wanted.statuses) or Status.PENDING not in wanted.statuses
    if wanted.limit is None:
        wanted = wanted.model_copy(update={"limit": output.default_limit})
    with app.open() as session:
        page = tasks.find(session, wanted)
    output.page(page, filtered=filtered)


@with_globals
def show(
    app: AppContext, id_: Annotated[str, typer.Argument(metavar="ID", help="Number or UUID.")]
) -> None:
    """Show everything about one task."""
    from todo_cli.services import tasks

    output = app.output(FIELDS)
    refs = parse_refs([id_])
    with app.open() as session:
        task = tasks.show(session, refs)
    output.task(task)


@with_globals
def done(app: AppContext, ids: Ids) -> None:
    """Complete tasks."""
    from todo_cli.services import tasks

    _change(app, "done", ids, tasks.complete)


@with_globals
def reopen(app: AppContext, ids: Ids) -> None:
    """Make completed tasks pending again."""
    from todo_cli.services import tasks

    _change(app, "reopen", ids, tasks.reopen)


@with_globals
def rm(
    app: AppContext,
    ids: Ids,
    purge: Annotated[bool, typer.Option("--purge", help="Delete for good.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put tasks into the trash, or with --purge delete them for good."""
    from todo_cli.services import tasks

    if not purge:
        _change(app, "rm", ids, tasks.delete)
        return
    output = app.output(FIELDS)
    refs = parse_refs(ids)
    count = len(refs.numbers) + len(refs.ids)
    app.confirm(f"Delete {count} task{'s' if count > 1 else ''} for good?", yes)
    with app.open() as session:
        purged = tasks.purge(session, refs, app.command_id)
    output.purged(purged)


@with_globals
def restore(app: AppContext, ids: Ids) -> None:
    """Take tasks out of the trash."""
    from todo_cli.services import tasks

    _change(app, "restore", ids, tasks.restore)


def _change(
    app: AppContext,
    verb: str,
    ids: list[str],
    service: "Callable[[Session, TaskRefs, UUID], Sequence[Outcome]]",
) -> None:
    """Run one of the verbs that take IDs, all of them or none."""
    output = app.output(FIELDS)
    refs = parse_refs(ids)
    with app.open() as session:
        outcomes = service(session, refs, app.command_id)
    output.outcomes(verb, outcomes)


def _limit(
    app: AppContext,
    text: str | None,
    bound: Callable[[dates.Due, datetime], dates.Limit],
) -> dates.Limit | None:
    if text is None:
        return None
    now = app.now()
    when = dates.parse(text, now)
    if when is None:
        raise UsageError(f"{text!r} is no date to compare with")
    return bound(when, now)
