"""The commands for tasks: those that take IDs are here."""

from typing import Annotated

import typer

from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.cli.tasks.add import add
from todo_cli.cli.tasks.edit import edit
from todo_cli.cli.tasks.listing import list_
from todo_cli.cli.tasks.modify import modify
from todo_cli.cli.values import FIELDS, Ids
from todo_cli.cli.words import ChangeCommand, SearchCommand, TitleCommand
from todo_cli.domain.tasks import verbs
from todo_cli.domain.tasks.refs import TaskRefs, parse_refs
from todo_cli.domain.tasks.verbs import Verb
from todo_cli.output import messages


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command("add", cls=TitleCommand, epilog="Example: todo add Buy milk +errand due:tomorrow")(
        add
    )
    app.command(
        "list", cls=SearchCommand, epilog="Example: todo list project:home due.before:eow milk"
    )(list_)
    app.command(
        "modify", cls=ChangeCommand, epilog="Example: todo modify 3 5 due:fri -errand +home"
    )(modify)
    app.command("show", epilog="Example: todo show 12")(show)
    app.command("edit", epilog="Example: todo edit 12")(edit)
    app.command("done", epilog="Example: todo done 3 5")(done)
    app.command("reopen", epilog="Example: todo reopen 3")(reopen)
    app.command("rm", epilog="Example: todo rm 4")(rm)
    app.command("restore", epilog="Example: todo restore 4")(restore)


@with_globals
def show(
    app: AppContext, id_: Annotated[str, typer.Argument(metavar="ID", help="Number or UUID.")]
) -> None:
    """Show everything about one task."""
    output = app.output(FIELDS)
    refs = parse_refs([id_])
    with app.open() as session:
        from todo_cli.services import tasks

        task = tasks.show(session, refs)
    output.task(task)


@with_globals
def done(app: AppContext, ids: Ids) -> None:
    """Complete tasks."""
    _change(app, verbs.DONE, ids)


@with_globals
def reopen(app: AppContext, ids: Ids) -> None:
    """Make completed tasks pending again."""
    _change(app, verbs.REOPEN, ids)


@with_globals
def rm(
    app: AppContext,
    ids: Ids,
    purge: Annotated[bool, typer.Option("--purge", help="Delete them for good.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put tasks into the trash, or with --purge delete them for good."""
    if not purge:
        _change(app, verbs.RM, ids)
        return
    output = app.output(FIELDS)
    refs = parse_refs(ids)
    app.confirm(lambda: _purge_question(app, refs), yes)
    with app.open() as session:
        from todo_cli.services import tasks

        purged = tasks.purge(session, refs)
    output.purged(purged)


@with_globals
def restore(app: AppContext, ids: Ids) -> None:
    """Take tasks out of the trash."""
    _change(app, verbs.RESTORE, ids)


def _purge_question(app: AppContext, refs: TaskRefs) -> str:
    with app.open() as session:
        from todo_cli.services import tasks

        return messages.purge_question(tasks.named(session, refs))


def _change(app: AppContext, verb: Verb, ids: list[str]) -> None:
    """Run one of the verbs that take IDs, all of them or none."""
    output = app.output(FIELDS)
    refs = parse_refs(ids)
    with app.open() as session:
        from todo_cli.services import tasks

        service = {
            verbs.DONE: tasks.complete,
            verbs.REOPEN: tasks.reopen,
            verbs.RM: tasks.delete,
            verbs.RESTORE: tasks.restore,
        }[verb]
        outcomes = service(session, refs)
    output.outcomes(verb, outcomes)
