"""The two options of the root that bring completion into a shell."""

import os
import sys
from typing import Annotated

import typer

from todo_cli.cli.context import AppContext
from todo_cli.services.completion import shells

Install = Annotated[
    str | None,
    typer.Option(metavar="[SHELL]", help="Have bash, zsh or fish complete the words of todo."),
]
Show = Annotated[
    str | None, typer.Option(metavar="[SHELL]", help="Print the script that does that.")
]


def name_shell(arguments: list[str]) -> list[str]:
    """Give the arguments with a value for an option of these that stands without one.

    Typer knows no options whose value may be left out.
    """
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    for place, option in enumerate(options):
        alone = place + 1 == len(options) or options[place + 1].startswith("-")
        if alone and option in ("--install-completion", "--show-completion"):
            return [*arguments[:place], f"{option}={shells.DETECT}", *arguments[place + 1 :]]
    return arguments


def answer(app: AppContext, install: str | None, show: str | None) -> None:
    """Do what these options want, and leave by `typer.Exit`. Raises UsageError and TodoError."""
    if install is not None:
        shell = shells.find(install, os.environ)
        changed = shells.install(shell, os.environ)
        for path in changed:
            app.say(f"Wrote {path}.")
        app.say(f"A new {shell} completes todo." if changed else f"{shell} completes todo already.")
    if show is not None:
        sys.stdout.write(shells.script(shells.find(show, os.environ)))
    if install is not None or show is not None:
        raise typer.Exit
