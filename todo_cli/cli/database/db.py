"""The commands for the database as a whole: its schema, and the private server."""

from typing import TYPE_CHECKING, Annotated

import typer

from todo_cli.cli.context import AppContext
from todo_cli.cli.database.audit import audit
from todo_cli.cli.helps import Commands
from todo_cli.cli.options import with_globals
from todo_cli.errors import SchemaError

if TYPE_CHECKING:
    from todo_cli.domain.database import SchemaCheck, SchemaRepair, SchemaState

app = Commands(
    help="Look after the database.",
    rich_markup_mode="rich",
    epilog="Example: todo db upgrade",
)


@app.callback()
@with_globals
def group(app: AppContext) -> None:
    """Look after the database."""


@app.command(epilog="Example: todo db upgrade")
@with_globals
def upgrade(
    app: AppContext,
    revision: Annotated[str, typer.Argument(metavar="REV", help="The last one to apply.")] = "head",
) -> None:
    """Bring the schema up to this program, or to a revision."""
    from todo_cli.domain.database import SchemaState
    from todo_cli.services.database import maintenance

    output = app.output(tuple(SchemaState.model_fields))
    state = maintenance.upgrade(app.settings(), app.say, revision)
    output.record(state, f"{_applied(state, 'Applied')}The schema is at {state.revision}.")


@app.command(epilog="Example: todo db downgrade 0002")
@with_globals
def downgrade(
    app: AppContext,
    revision: Annotated[
        str, typer.Argument(metavar="REV", help="The last one to keep; base keeps none.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the schema down to a revision. What is above it is lost, tasks included.

    The private database goes up again with the next command that needs it.
    """
    from todo_cli.domain.database import SchemaState
    from todo_cli.services.database import maintenance

    output = app.output(tuple(SchemaState.model_fields))
    maintenance.require_known(revision)
    question = f"Go down to {revision}? What is above it is lost, tasks included."
    app.confirm(lambda: question, yes)
    state = maintenance.downgrade(app.settings(), app.say, revision)
    now = state.revision or "base: there is none"
    output.record(state, f"{_applied(state, 'Undid')}The schema is at {now}.")


@app.command(epilog="Example: todo db current --json")
@with_globals
def current(app: AppContext) -> None:
    """Show the revision of the database, and the one this program needs."""
    from todo_cli.domain.database import SchemaState
    from todo_cli.services.database import maintenance

    output = app.output(tuple(SchemaState.model_fields))
    with app.open_owner() as owner:
        output.record(maintenance.current(owner))


@app.command(epilog="Example: todo db history")
@with_globals
def history(app: AppContext) -> None:
    """List the migrations this program knows, the oldest first."""
    from todo_cli.domain.database import MigrationList
    from todo_cli.services.database import maintenance

    output = app.output(tuple(MigrationList.model_fields))
    output.record(maintenance.history())


@app.command(epilog="Example: todo db check && echo sound")
@with_globals
def check(
    app: AppContext,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put back what can be put back.")
    ] = False,
) -> None:
    """Compare the database with this program; exit code 7 when they differ."""
    from todo_cli.domain.database import SchemaCheck, SchemaRepair
    from todo_cli.services.database import maintenance

    output = app.output(tuple((SchemaRepair if repair else SchemaCheck).model_fields))
    with app.open_owner(endless=True, changing=repair) as owner:
        found = maintenance.repair(owner) if repair else maintenance.check(owner)
    words = _repaired(found) if isinstance(found, SchemaRepair) else []
    if not found.differences:
        words += [
            *_noted(found),
            f"The database is at {found.revision} and as this program needs it.",
        ]
        output.record(found, *words)
        return
    words += [f"Differences: {len(found.differences)}.", *_noted(found)]
    output.record(found, *words, data=found.differences)
    raise SchemaError(
        "the database differs from what this program needs",
        None if repair else "todo db check --repair puts back what can be put back",
    )


@app.command(epilog="Example: todo db status")
@with_globals
def status(app: AppContext) -> None:
    """Show the private server, whatever the profile: where it is, version, size, running or not."""
    from todo_cli.domain.database import ServerView
    from todo_cli.services.database import maintenance

    output = app.output(tuple(ServerView.model_fields))
    found = maintenance.status(app.settings(), app.say)
    output.record(found)
    if found.host is not None:
        app.say(f"The private PostgreSQL runs on {found.host}, or in another container.")


@app.command(epilog="Example: todo db start")
@with_globals
def start(app: AppContext) -> None:
    """Start the private server, whatever the profile; it is made if there is none."""
    from todo_cli.domain.database import ServerView
    from todo_cli.services.database import maintenance

    output = app.output(tuple(ServerView.model_fields))
    found = maintenance.start(app.settings(), app.say)
    output.record(found, f"The private PostgreSQL {found.version} runs.")


@app.command(epilog="Example: todo db stop")
@with_globals
def stop(app: AppContext) -> None:
    """Stop the private server, whatever the profile. The next command starts it again."""
    from todo_cli.domain.database import ServerView
    from todo_cli.services.database import maintenance

    output = app.output(tuple(ServerView.model_fields))
    ran = maintenance.stop(app.settings(), app.say)
    words = "Stopped the private PostgreSQL." if ran else "The private PostgreSQL was not running."
    output.record(maintenance.status(app.settings(), app.say), words)


app.command(epilog="Example: todo db audit --since yesterday --user alice@example.com")(audit)


def _applied(state: "SchemaState", verb: str) -> str:
    return f"{verb} {', '.join(state.changed)}. " if state.changed else ""


def _repaired(found: "SchemaRepair") -> list[str]:
    """Give one line for each thing that was repaired, and what is left to do for people."""
    lines = [*found.repaired, f"Repaired {len(found.repaired)} in all."] if found.repaired else []
    if found.stranded:
        count = len(found.stranded)
        lines.append(f"No login on this server: {count}. todo user reset EMAIL gives a new one.")
    return lines


def _noted(found: "SchemaCheck") -> list[str]:
    """Give what is no difference and worth knowing, a line each."""
    lines = [f"Added by the owner: {each}." for each in found.added]
    lines += [
        f"Large objects of {each.role}: {each.count}. pg_dump -B leaves them out."
        for each in found.large_objects
    ]
    return lines
