"""What may stand where the cursor is.

What a word is follows from the tree of commands; what an option takes, from its name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from typer.core import TyperGroup

from todo_cli.cli.completion.typed import Line, read_line
from todo_cli.domain.agent import AgentView
from todo_cli.domain.audit import Event
from todo_cli.domain.base import Frozen
from todo_cli.domain.database import ProfileView
from todo_cli.domain.doctor import Health
from todo_cli.domain.identity import Account, Login
from todo_cli.domain.people import UserView
from todo_cli.domain.query.filters import SortField
from todo_cli.domain.roles import Role
from todo_cli.domain.tasks.fields import DUE, FIELDS, NONE, is_none
from todo_cli.domain.tasks.keys import KEYS, LEAVING_OUT, holds_key
from todo_cli.domain.tasks.refs import is_ref
from todo_cli.domain.tasks.task import TaskView
from todo_cli.domain.tasks.values import Status
from todo_cli.domain.tasks.verbs import PRESENT, VERBS
from todo_cli.domain.text import glance, is_safe
from todo_cli.services.completion.shells import SHELLS
from todo_cli.services.completion.suggestions import Rows, Show, Suggestions
from todo_cli.settings import STORES

_CELLS: Final = 60  # the width of what is said about a suggestion

# The states of the tasks that a command is for; of all others: not those in the trash.
_STATUSES: Final[Mapping[str, tuple[Status, ...]]] = {
    **{each.name: each.movable for each in VERBS},
    "show": tuple(Status),
}
# The commands whose --fields are those of a task; "" is `todo` alone.
_ABOUT_TASKS: Final = {
    *("", "add", "list", "show", "modify", "edit", *(each.name for each in VERBS)),
}
# What other commands answer about, by their first word.
_MODELS: Final[Mapping[str, type[Frozen]]] = {
    "profile": ProfileView,
    "login": Login,
    "whoami": Account,
    "user": UserView,
    "doctor": Health,
    "db audit": Event,
    "agent": AgentView,
}
# The options that `none` is a value of, by command: it clears, or looks for what is clear.
_TAKING_NONE: Final[Mapping[str, Sequence[str]]] = {
    "list": [each.option for each in FIELDS if each.may_be_empty and each.sought],
    "modify": [each.option for each in FIELDS if each.may_be_empty],
}
_CHOICES: Final = {each.option: each.choices for each in FIELDS}


def suggest(
    root: TyperGroup,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    show: Show = lambda _: None,
) -> Rows:
    """Give what the last of ``arguments`` may become, and what to say about it.

    Each value begins with that word. Nothing in the answer moves a cursor or turns its direction.
    ``show`` is told an error that is the reason why something is missing.
    """
    line = read_line(root, arguments)
    if line is None:
        return []
    profile = line.given.get("profile", [])
    asked = Suggestions(environ, profile[-1] if profile else None, show)
    return [
        (value, glance(about, _CELLS))
        for value, about in dict(_suggest(line, asked)).items()
        if value.startswith(line.word) and is_safe(value)
    ]


def _suggest(line: Line, asked: Suggestions) -> Iterator[tuple[str, str]]:
    """Find suggestions for the word under the cursor; some may not begin as it does."""
    name, equals, value = line.word.partition("=")
    if line.option is not None:
        yield from _values(line.option.name or "", line.word, line, asked)
    elif line.word.startswith("--") and equals and not line.verbatim:
        option = line.options().get(name)
        if option is not None and not option.is_flag:
            found = _values(option.name or "", value, line, asked)
            yield from _prefixed(f"{name}=", found)
    elif line.word.startswith("-") and not line.verbatim:
        yield from _options(line)
        if line.takes_attributes and "--untag" in line.options():
            yield from _signed("untag", line, asked)
            if line.searches:
                yield from _attributes(line, asked, "-")
    elif isinstance(line.command, TyperGroup):
        for name, command in line.command.commands.items():
            if not command.hidden:
                yield name, (command.short_help or command.help or "").partition("\n")[0]
        if line.listing is not None and line.word:
            yield from _attributes(line, asked)
    elif not line.is_help:
        yield from _words(line, asked)


def _options(line: Line) -> Iterator[tuple[str, str]]:
    for name, option in line.options().items():
        used = option.name in line.given and not option.multiple
        if name.startswith("--") and not option.hidden and not used:
            yield name, option.help or ""


def _words(line: Line, asked: Suggestions) -> Iterator[tuple[str, str]]:
    """Find what is no option: attributes where the command takes them, and its arguments."""
    argument = line.argument()
    if argument is None:
        return
    takes_ids = argument.name in ("ids", "id", "id_")
    if line.takes_attributes and not (takes_ids and not line.arguments):
        yield from _attributes(line, asked)
    if takes_ids and all(map(is_ref, line.arguments)):
        yield from _ids(line, asked)
    elif line.name == "db upgrade":
        yield "head", "the newest"
    elif line.name == "db downgrade":
        yield "base", "nothing at all"
    elif line.name in ("profile use", "profile remove"):
        yield from asked.profiles()


def _attributes(line: Line, asked: Suggestions, sign: str = "") -> Iterator[tuple[str, str]]:
    """Find attributes, or with a dash as ``sign`` what they leave out."""
    known = line.options()
    key, colon, value = line.word.removeprefix(sign).partition(":")
    wanted = LEAVING_OUT if sign else KEYS
    options = {each: known.get(f"--{each.replace('.', '-')}") for each in wanted}
    if colon:
        option = options.get(key.lower())
        if option is not None:
            found = _values(option.name or "", value, line, asked)
            yield from _prefixed(f"{sign}{key}:", _inline(found))
    elif line.word.startswith("+") and "--tag" in known:
        yield from _signed("tag", line, asked)
    else:
        offered = {each: option for each, option in options.items() if option is not None}
        found = ((f"{each}:", option.help or "") for each, option in offered.items())
        yield from _prefixed(sign, _in_its_case(key, found))


def _ids(line: Line, asked: Suggestions) -> Rows:
    if line.word and not (line.word.isascii() and line.word.isdecimal()):
        return []
    statuses = _STATUSES.get(line.name, PRESENT)
    if "purge" in line.given:
        statuses = tuple(Status)
    return asked.tasks(statuses, line.word, line.arguments)


def _values(name: str, prefix: str, line: Line, asked: Suggestions) -> Iterator[tuple[str, str]]:
    """Find values for the option whose parameter has this name."""
    match name:
        case "project":
            yield from asked.projects(prefix)
        case "tag" | "untag":
            yield from _tags(name, prefix, line, asked)
        case "profile":
            yield from asked.profiles()
        case "fields":
            yield from _fields(prefix, line)
        case "store":
            yield from ((each, "") for each in STORES)
        case "role":
            yield from ((each, "") for each in Role)
        case "install_completion" | "show_completion":
            yield from ((each, "") for each in SHELLS)
    yield from _in_its_case(prefix, _choices(name))
    if name in _TAKING_NONE.get(line.name or "list", ()):
        yield from _in_its_case(prefix, [(NONE, "no value")])


def _choices(name: str) -> Iterator[tuple[str, str]]:
    """Give the values that an option has to choose from, in whatever case."""
    match name:
        case "status":
            yield from ((each, "") for each in (*Status, "any"))
        case "due_before" | "due_after" | "since":
            yield from ((each, "") for each in DUE.choices)
        case "sort":
            for each in SortField:
                yield each, "smallest first"
                yield f"{each}-", "largest first"
        case _:
            yield from ((each, "") for each in _CHOICES.get(name, ()))


def _tags(name: str, prefix: str, line: Line, asked: Suggestions) -> Rows:
    """Find tags; what a former release has made of others is offered where they need not be new."""
    signed = [word[1:] for word in line.arguments if word.startswith(("+", "-"))]
    found = asked.tags(prefix, [*line.given.get(name, []), *signed])
    old = name == "untag" or line.searches
    found = [row for row in found if not is_none(row[0])]
    return [row for row in found if old or not (holds_key(row[0]) or "," in row[0])]


def _signed(name: str, line: Line, asked: Suggestions) -> Iterator[tuple[str, str]]:
    """Find tags for ``+tag`` and ``-tag``, but those that would be read as something else."""
    sign, prefix = line.word[0], line.word[1:]
    for tag, about in _inline(_tags(name, prefix, line, asked)):
        is_left_out = sign == "-" and holds_key(tag)
        if tag[0].isalpha() and not is_left_out and not line.is_option(sign + tag):
            yield sign + tag, about


def _fields(prefix: str, line: Line) -> Iterator[tuple[str, str]]:
    """Complete the last of several names; those before it are not offered again."""
    known = _MODELS.get(line.name) or _MODELS.get(line.name.partition(" ")[0])
    model = TaskView if line.name in _ABOUT_TASKS else known
    *before, typed = prefix.split(",")
    used = {each.lower() for each in before}
    left = [(each, "") for each in (model.model_fields if model else ()) if each not in used]
    yield from _prefixed("".join(f"{each}," for each in before), _in_its_case(typed, left))


def _prefixed(prefix: str, found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((prefix + value, about) for value, about in found)


def _inline(found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Leave out what `words` would not take as the value of an attribute."""
    return (row for row in found if not row[0][:1].isspace())


def _in_its_case(typed: str, found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Give what begins as what is typed, whose case stays: it means the same in any."""
    for value, about in found:
        if value.startswith(typed.lower()):
            yield typed + value[len(typed) :], about
