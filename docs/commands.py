"""The commands as people write them, read from the tree that Typer makes of them."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from todo_cli import __version__
from todo_cli.cli.app import app

NAME: Final = "todo"
_EXAMPLE: Final = "Example: "


@dataclass(frozen=True)
class Parameter:
    """An option or an argument. ``value`` is what follows the names, empty for a switch."""

    names: tuple[str, ...]
    value: str
    help: str

    @property
    def usage(self) -> str:
        """How it is written: ``-q, --quiet``, ``--due WHEN``."""
        return f"{', '.join(self.names)} {self.value}".strip()


@dataclass(frozen=True)
class Command:
    """One command under its whole name; ``help`` are paragraphs, the first one a sentence."""

    name: str
    help: tuple[str, ...]
    arguments: tuple[Parameter, ...]
    options: tuple[Parameter, ...]
    examples: tuple[str, ...]

    @property
    def usage(self) -> str:
        """How it is written, without its options: ``todo db upgrade [REV]``."""
        return " ".join([self.name, *(each.value for each in self.arguments)])


@dataclass(frozen=True)
class Program:
    """Everything the command line has.

    ``options`` are those that every command takes, ``own`` those that `todo` alone has.
    """

    version: str
    description: str
    help: tuple[str, ...]
    options: tuple[Parameter, ...]
    own: tuple[Parameter, ...]
    commands: tuple[Command, ...]


def read_program(source: typer.Typer = app) -> Program:
    """Read the commands of `todo`. What is hidden is left out."""
    root = typer.main.get_command(source)
    if not isinstance(root, TyperGroup):
        raise TypeError("todo has no commands")
    found = list(_leaves(NAME, root))
    helps = root.context_settings.get("help_option_names")
    shared = set.intersection(*({*_options(command, helps)} for _, command in found))
    options = [option for option in _options(root, helps) if option in shared]
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    return Program(
        version=__version__,
        description=project["description"],
        help=_paragraphs(root.help),
        options=tuple(options),
        own=tuple(option for option in _options(root, helps) if option not in shared),
        commands=tuple(_command(name, command, options, helps) for name, command in found),
    )


def _leaves(path: str, group: TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    """Give every command below a group with its whole name, in the order of the help."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup) and not command.hidden:
            yield from _leaves(f"{path} {name}", command)
        elif isinstance(command, TyperCommand) and not command.hidden:
            yield f"{path} {name}", command


def _command(
    name: str, command: TyperCommand, shared: list[Parameter], helps: list[str] | None
) -> Command:
    lines = (command.epilog or "").splitlines()
    return Command(
        name=name,
        help=_paragraphs(command.help),
        arguments=tuple(
            Parameter((), _argument_usage(each), _plain(each.help))
            for each in command.params
            if isinstance(each, TyperArgument) and not each.hidden
        ),
        options=tuple(option for option in _options(command, helps) if option not in shared),
        examples=tuple(
            _plain(line).strip().removeprefix(_EXAMPLE) for line in lines if _EXAMPLE in line
        ),
    )


def _options(command: TyperCommand | TyperGroup, helps: list[str] | None) -> list[Parameter]:
    """Give the options that are not hidden; ``helps`` are the names of the one for help."""
    help_option = command.get_help_option(typer.Context(command, help_option_names=helps))
    return [
        _option(each)
        for each in [*command.params, help_option]
        if isinstance(each, TyperOption) and not each.hidden
    ]


def _option(option: TyperOption) -> Parameter:
    # -q, --quiet: the short name first, as in every manual.
    names = sorted([*option.opts, *option.secondary_opts], key=lambda name: name.startswith("--"))
    value = "" if option.is_flag else option.metavar or str(option.name).upper()
    return Parameter(tuple(names), value, _plain(option.help))


def _argument_usage(argument: TyperArgument) -> str:
    value = argument.metavar or str(argument.name).upper()
    if argument.nargs == -1:
        value = f"{value.removesuffix('...')}..."
    return value if argument.required else f"[{value}]"


def _paragraphs(help_: str | None) -> tuple[str, ...]:
    return tuple(" ".join(each.split()) for each in _plain(help_).split("\n\n"))


def _plain(help_: str | None) -> str:
    """Drop the markup, as Typer does when it shows a help."""
    return Text.from_markup(help_ or "").plain
