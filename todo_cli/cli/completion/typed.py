"""A command line that is still being typed: what is known of it at the cursor."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from todo_cli.cli import groups, words


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
        """Give the command's options, --help too, under each of their names.

        Those of a list belong to `todo` itself too.
        """
        known = [*self.command.get_params(groups.context_of(self.command))]
        if self.listing is not None:
            known += self.listing.params
        return {
            name: each
            for each in known
            if isinstance(each, TyperOption)
            for name in (*each.opts, *each.secondary_opts)
        }

    @property
    def listing(self) -> words.WordsCommand | None:
        """The command that words of `todo` itself are for, None where there is a command."""
        found = self.command.commands.get("list") if isinstance(self.command, TyperGroup) else None
        return found if isinstance(found, words.WordsCommand) and not self.name else None

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
    def is_help(self) -> bool:
        """Whether the command is one that somebody wants help for."""
        return self.name.partition(" ")[0] == "help"

    @property
    def searches(self) -> bool:
        """Whether words are looked for."""
        return self.listing is not None or isinstance(self.command, words.SearchCommand)

    @property
    def takes_attributes(self) -> bool:
        """Whether ``due:fri`` and ``+tag`` mean something here."""
        takes = isinstance(self.command, words.WordsCommand) or self.listing is not None
        return takes and not self.verbatim

    def is_option(self, word: str) -> bool:
        """Tell whether a word is an option, by the rule of `words` where that holds."""
        if self.verbatim or not word.startswith("-") or word == "-":
            return False
        if self.listing is not None and groups.is_global(word):
            return True
        short = len(word) == 2 and word[1].isalpha()
        return word.startswith("--") or short or not self.takes_attributes


def read_line(root: TyperGroup, arguments: Sequence[str]) -> Line | None:
    """Tell the words of a command line apart; None where it names a command that is not there."""
    *before, word = arguments or [""]
    line = Line(root, word)
    for each in before:
        _begin_list(line, each)
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
            asks = each == "help" and not line.name  # the command of that name is asked about
            line.command = line.command if asks else inner
            line.name = f"{line.name} {each}".strip()
        else:
            line.arguments.append(each)
    return line


def _begin_list(line: Line, word: str) -> None:
    """Take the command for a list, if its words and options begin."""
    listing = line.listing
    if listing is None or line.option is not None or line.verbatim:
        return
    root = line.command.get_params(groups.context_of(line.command))
    own = {name for each in root for name in each.opts}
    if word.partition("=")[0] in own or groups.is_global(word):
        return
    if groups.begins_list(listing.rule(groups.context_of(listing)), word):
        line.command, line.name = listing, "list"


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
