"""The command that opens a task in the person's editor."""

from typing import Annotated

import typer

from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.cli.values import FIELDS
from todo_cli.domain.tasks.refs import parse_refs


@with_globals
def edit(
    app: AppContext, id_: Annotated[str, typer.Argument(metavar="ID", help="Number or UUID.")]
) -> None:
    """Change a task in your editor: $VISUAL, else $EDITOR, else what the system has."""
    from todo_cli.cli.tasks import editing  # here: no other command needs a form and an editor

    output = app.output(FIELDS)
    outcome, changes = editing.edit(app, parse_refs([id_]))
    output.edited(outcome, changes)
