"""The commands that take words between their options, by the rule in `rule`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

import typer

from todo_cli.cli.helps import Command
from todo_cli.cli.rule import Reading, Rule, Use
from todo_cli.errors import UsageError

_READING: Final = "todo_cli.words"


class WordsCommand(Command):
    """A command that takes words between its options."""

    use: ClassVar[Use]

    def rule(self, context: Any) -> Rule:
        """Give how this command reads words. Typer keeps the type of ``context`` to itself."""
        takes_value = {
            option: not getattr(parameter, "is_flag", True)
            for parameter in self.get_params(context)
            for option in parameter.opts
        }
        return Rule(self.use, takes_value)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line by the rule, and let Typer read the rest."""
        try:
            ctx.meta[_READING] = reading = self.rule(ctx).read(args)
        except UsageError as error:
            error.hint = error.hint or f"run: {ctx.command_path} --help"
            raise
        return super().parse_args(ctx, reading.arguments)


class TitleCommand(WordsCommand):
    """A command whose words are a title."""

    use = Use.TITLE


class SearchCommand(WordsCommand):
    """A command whose words are looked for."""

    use = Use.SEARCH


class ChangeCommand(WordsCommand):
    """A command whose words are IDs, and what is to change."""

    use = Use.CHANGE


def reading(context: typer.Context) -> Reading:
    """Give how the words of this command were read."""
    found: Reading = context.meta[_READING]
    return found


def hint(context: Any, *, unknown: bool = False) -> str | None:
    """Give how to keep words as they are, None where there is no need to.

    That is where none became an attribute, unless there is an ``unknown`` option, which may have
    been meant as a word. ``context`` is Typer's, of any command.
    """
    command, read = context.command, context.meta.get(_READING)
    if not isinstance(command, WordsCommand) or read is None:
        return None
    if not read.inline and not (unknown and command.use is not Use.CHANGE):
        return None
    bare = "a value, or none, follows the colon without a blank; " if read.bare else ""
    return f"{bare}{command.use.advice}"


@contextmanager
def explained(context: typer.Context) -> Iterator[None]:
    """Add to the hint of a UsageError how to keep words as they are, if any became attributes."""
    try:
        yield
    except UsageError as error:
        hints = filter(None, [error.hint, hint(context)])
        raise UsageError(error.message, "; ".join(hints) or None) from error
