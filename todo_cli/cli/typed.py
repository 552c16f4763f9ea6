"""A command line that is still being typed: what is known of it at the cursor."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from todo_cli.cli import words


@dataclass
class Line:
    """A command line up to the cursor, and what it can be completed with.

    ``name`` is the command's without ``todo``, ``arguments`` are its words so far, ``given`` has
    the values of options by the names of their parameters. ``option`` is the one whose value is
    under the cursor. Behind ``--`` everything is ``verbatim``.
    """

    command: TyperCommand | TyperGroup
    word: str
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    given: dict[str, list[str]] = field(default_factory=dict)
    option: TyperOption | None = None
    verbatim: bool = False

    def options(self) -> dict[str, TyperOption]:
        """Give the command's options, --help too, under each of their names."""
        known = self.command.get_params(typer.Context(self.command))
        return {
            name: each
            for each in known
            if isinstance(each, TyperOption)
            for name in (*each.opts, *each.secondary_opts)
        }

    def argument(self) -> TyperArgument | None:
        """Give the argument that the next word belongs to."""
        place = len(self.arguments)
        for each in self.command.params:
            if isinstance(each, TyperArgument):
                if each.nargs < 0 or place < each.nargs:
                    return each
                place -= each.nargs
        return None

    @property
    def takes_attributes(self) -> bool:
        """Whether ``due:fri`` and ``+tag`` mean something here."""
        return isinstance(self.command, words.WordsCommand) and not self.verbatim

    def is_option(self, word: str) -> bool:
        """Tell whether a word is an option, by the rule of `words` where that holds."""
        if self.verbatim or not word.startswith("-") or word == "-":
            return False
        short = len(word) == 2 and word[1].isalpha()
        return word.startswith("--") or short or not self.takes_attributes


def read_line(root: TyperGroup, arguments: Sequence[str]) -> Line | None:
    """Tell the words of a command line apart; None where it names a command that is not there."""
    *before, word = arguments or [""]
    line = Line(root, word)
    for each in before:
        if line.option is not None:
            line.given[line.option.name or ""].append(each)
            line.option = None
        elif each == "--" and not line.verbatim:
            line.verbatim = True
        elif line.is_option(each):
            _take_option(line, each)
        elif isinstance(line.command, TyperGroup):
            inner = line.command.commands.get(each)
            if not isinstance(inner, TyperCommand | TyperGroup):
                return None
            line.command, line.name = inner, f"{line.name} {each}".strip()
        else:
            line.arguments.append(each)
    return line


def _take_option(line: Line, word: str) -> None:
    name, equals, value = word.partition("=")
    if not word.startswith("--"):  # -Pwork
        name, equals, value = word[:2], word[2:3], word[2:]
    option = line.options().get(name)
    if option is None:
        return
    given = line.given.setdefault(option.name or "", [])
    if option.is_flag:
        return
    if equals:
        given.append(value)
    else:
        line.option = option
