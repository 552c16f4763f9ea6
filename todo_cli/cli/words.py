"""What is a word, an option or an attribute: one rule for add, list and modify.

Typer knows options and arguments. `WordsCommand` rewrites what stands inline into options before
Typer reads them: ``due:fri`` into ``--due=fri``, ``+errand`` into ``--tag=errand``. So both ways of
saying it mean the same, and of two that exclude each other the later one wins.

- ``--x`` is an option, and so is a dash with one letter; after ``--`` everything is a word.
- An argument with white space is a word. ``key:value`` with a known key is an attribute.
- ``+tag`` adds a tag, and ``-tag`` takes it away where the command can, when a letter follows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import typer
from typer.core import TyperCommand

from todo_cli.errors import UsageError

# Every key is an option's name, with dots for its inner dashes, where the command has that option.
KEYS: Final = ("project", "priority", "due", "tag", "status", "due.before", "due.after")
_READING: Final = "todo_cli.words"


@dataclass
class Reading:
    """A command line as Typer is to read it, and what it no longer tells.

    ``late`` are the words that stand behind an attribute, ``dash`` whether a bare ``-`` is the only
    word, ``inline`` whether any word was read as an attribute.
    """

    arguments: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    dash: bool = False
    inline: bool = False


class WordsCommand(TyperCommand):
    """A command that takes words between its options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line by the rule above. Typer keeps the type of ``ctx`` to itself."""
        takes_value = {
            option: not getattr(parameter, "is_flag", True)
            for parameter in self.params
            for option in parameter.opts
        }
        try:
            ctx.meta[_READING] = reading = read(args, takes_value)
        except UsageError as error:
            error.hint = error.hint or f"run: {ctx.command_path} --help"
            raise
        return super().parse_args(ctx, reading.arguments)


def reading(context: typer.Context) -> Reading:
    """Give how the words of this command were read."""
    found: Reading = context.meta[_READING]
    return found


@contextmanager
def explained(context: typer.Context) -> Iterator[None]:
    """Add to the hint of a UsageError how to keep words as they are, if any became attributes."""
    try:
        yield
    except UsageError as error:
        if not reading(context).inline:
            raise
        hints = [error.hint, "what comes after -- is taken as it is"]
        raise UsageError(error.message, "; ".join(filter(None, hints))) from error


def read(arguments: Sequence[str], takes_value: Mapping[str, bool]) -> Reading:
    """Tell words from options; ``takes_value`` has every option of the command.

    Raises UsageError for an option without its value, and for ``-x`` where a tag may be meant.
    """
    found = Reading()
    words: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            words += rest
        elif _is_option(argument):
            _refuse_tag(argument, takes_value)
            found.arguments.append(argument)
            if takes_value.get(argument):
                found.arguments.append(_value(argument, next(rest, None)))
        elif option := _as_option(argument, takes_value):
            found.arguments.append(option)
            found.inline = True
        else:
            words.append(argument)
            found.dash = words == ["-"]
            if found.inline:
                found.late.append(argument)
    found.arguments += ["--", *words]
    return found


def _value(option: str, value: str | None) -> str:
    if value is None or _is_option(value):  # what looks like one can be given as --option=value
        raise UsageError(f"option {option} requires an argument")
    return value


def _refuse_tag(option: str, known: Mapping[str, bool]) -> None:
    if len(option) == 2 and option not in known and "--untag" in known:
        raise UsageError(f"no such option: {option}", f"for the tag: --untag {option[1]}")


def _is_option(argument: str) -> bool:
    dashed = argument.startswith("-") and argument[1:].isalpha()
    return argument.startswith("--") or (dashed and len(argument) == 2)


def _as_option(argument: str, known: Mapping[str, bool]) -> str | None:
    """Give the option that a word stands for, None for one that is no attribute."""
    if any(char.isspace() for char in argument):
        return None
    key, colon, value = argument.partition(":")
    if colon and key in KEYS and (option := f"--{key.replace('.', '-')}") in known:
        return f"{option}={value}"
    sign, tag = argument[:1], argument[1:]
    option = {"+": "--tag", "-": "--untag"}.get(sign, "")
    is_tag = tag[:1].isalpha() and tag != "none"  # which stands for no value
    return f"{option}={tag}" if option in known and is_tag else None
