"""The global options, on every command and every group: before or after, the later one wins."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from todo_cli import __version__
from todo_cli.cli.context import AppContext
from todo_cli.errors import UsageError

_PANEL: Final = "Global options"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"todo {__version__}")
        raise typer.Exit


def _globals(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer in JSON.", rich_help_panel=_PANEL)
    ] = False,
    fields: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C", help="Answer in JSON, with these fields only.", rich_help_panel=_PANEL
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="No messages; add prints the number.", rich_help_panel=_PANEL
        ),
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            "-P",
            metavar="NAME",
            help="The profile of the database to use.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours.", rich_help_panel=_PANEL)
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="How long to wait for the database; else 15.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and exit.",
            callback=_print_version,
            is_eager=True,
            rich_help_panel=_PANEL,
        ),
    ] = False,
) -> None:
    """Hold the options of every command; read for its signature."""


_CONTEXT: Final = inspect.Parameter(
    "context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context
)
_GLOBALS: Final = list(inspect.signature(_globals).parameters.values())


def with_globals(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the global options, and with them its first argument: the AppContext."""
    own = list(inspect.signature(function).parameters.values())[1:]
    wants_context = any(each.name == _CONTEXT.name for each in own)

    @functools.wraps(function)
    def command(context: typer.Context, **arguments: Any) -> None:
        app = context.ensure_object(AppContext)
        _apply(app, {each.name: arguments.pop(each.name) for each in _GLOBALS})
        if wants_context:
            arguments[_CONTEXT.name] = context
        function(app, **arguments)

    parameters = [each.replace(kind=_CONTEXT.kind) for each in own if each.name != _CONTEXT.name]
    signature = inspect.Signature([_CONTEXT, *parameters, *_GLOBALS])
    # Typer's help keeps the line breaks of a paragraph.
    command.__doc__ = re.sub(r"(?<!\n)\n *(?!\n| )", " ", inspect.cleandoc(function.__doc__ or ""))
    command.__signature__ = signature  # type: ignore[attr-defined]  # what Typer reads
    return command


def _apply(app: AppContext, chosen: dict[str, Any]) -> None:
    if chosen["fields"] is not None:
        app.fields = [name.strip().lower() for name in chosen["fields"].split(",")]
    if chosen["profile"] is not None:
        app.profile = chosen["profile"]
    if chosen["timeout"] is not None:
        if not 0 < chosen["timeout"] <= 3600:
            raise UsageError("--timeout takes from above 0 to 3600 seconds")
        app.timeout = chosen["timeout"]
    app.as_json |= chosen["as_json"]
    app.quiet |= chosen["quiet"]
    app.color &= not chosen["no_color"]
