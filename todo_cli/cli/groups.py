"""Groups of commands: what a name means that is none, and the words of a list without ``list``."""

import re
from collections.abc import Sequence
from typing import Any, Final

import typer
from typer.core import TyperGroup

from todo_cli.cli.helps import hide_types
from todo_cli.cli.rule import Rule
from todo_cli.cli.words import SearchCommand
from todo_cli.domain.text import readable, typed
from todo_cli.errors import UsageError

HELP_OPTIONS: Final = ("--help", "-h")

# What other programs, todo.txt and Taskwarrior among them, call the same thing. None is an alias:
# a script would break by what a later release does with such a name.
_SAME: Final = (
    ("add", "new", "create", "append", "insert", "a"),
    ("list", "ls", "ll", "find", "grep", "search", "tasks", "all"),
    ("show", "info", "information", "view", "cat", "get", "detail", "details"),
    ("modify", "mod", "change", "set", "update", "replace", "rename"),
    ("done", "complete", "completed", "finish", "finished", "close", "tick", "do"),
    ("reopen", "undone", "uncomplete", "undo"),
    ("rm", "remove", "delete", "del", "erase"),
    ("remove", "rm", "delete", "del", "erase"),
    ("restore", "undelete", "undo", "recover"),
    ("whoami", "who", "me"),
    ("login", "signin", "logon"),
    ("logout", "signout", "logoff"),
)
# What is not one word here.
_ELSEWHERE: Final = {
    **{"purge": "rm --purge", "version": "--version", "completion": "--install-completion"},
    **{"upgrade": "db upgrade", "migrate": "db upgrade"},
    **{"audit": "db audit", "log": "db audit", "history": "db audit"},
    **{"users": "user list", "profiles": "profile list"},
}


class Group(TyperGroup):
    """A group of commands that suggests one for a name that it does not have."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find a command. Raises UsageError with what the name means, or what Typer raises."""
        name = args[0].lower()
        if args[0] not in self.commands and (meant := self._meant(name, ctx.parent is None)):
            message = f"no such command {readable(args[0])}. Did you mean {' or '.join(meant)}?"
            raise UsageError(message, f"run: {ctx.command_path} --help")
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the help."""
        hide_types(self.get_params(ctx))
        super().format_help(ctx, formatter)

    def _meant(self, name: str, top: bool) -> list[str]:
        same = (names[0] for names in _SAME if name in names and names[0] in self.commands)
        found = [name] if name in self.commands else list(same)
        found += [_ELSEWHERE[name]] if top and name in _ELSEWHERE else []
        return [readable(each) for each in found]


def context_of(command: Any) -> typer.Context:
    """Give a context for asking a command what it has; nothing is run in it."""
    return typer.Context(command, help_option_names=list(HELP_OPTIONS))


def with_list(root: TyperGroup, arguments: Sequence[str]) -> list[str]:
    """Give the arguments with ``list`` before its words and options where no command stands.

    Raises UsageError for another word among them, which may be a command.
    """
    place = _after_globals(root, arguments)
    command = root.commands.get("list")
    if place is None or not isinstance(command, SearchCommand):
        return list(arguments)
    rule = command.rule(context_of(command))
    if not begins_list(rule, arguments[place]):
        return list(arguments)
    words = list(arguments[place:])
    try:
        others = rule.read(words).words
    except UsageError:  # which the list puts into words
        others = []
    if others:
        raise _no_list(root, others[0], words)
    return [*arguments[:place], "list", *words]


def begins_list(rule: Rule, argument: str) -> bool:
    """Tell whether an argument belongs to a list: it has such an option, or is an attribute."""
    if argument.startswith("--"):
        return argument.partition("=")[0] in rule.takes_value
    try:
        return bool(rule.attributes(argument))
    except UsageError:  # a mistaken one
        return True


def is_global(argument: str) -> bool:
    """Tell whether an argument is one letter's global option, or several: ``-q``, ``-Pwork``."""
    return bool(re.fullmatch("-[hq]+|-[hq]*P.*", argument))


def _no_list(root: TyperGroup, other: str, words: list[str]) -> UsageError:
    if other in root.commands:
        hint = f"run: todo {other} --help"
        return UsageError(f"the command comes first: {readable(other)}", hint)
    hint = f"to look for it: todo list {typed(*words)}"
    return UsageError(f"no such command {readable(other)}", hint)


def _after_globals(root: TyperGroup, arguments: Sequence[str]) -> int | None:
    """Give the place of the first argument that is no option of `todo` itself.

    None when there is none, or it is a command.
    """
    takes_value = {
        name: not getattr(each, "is_flag", True) for each in root.params for name in each.opts
    }
    rest = iter(range(len(arguments)))
    for place in rest:
        argument = arguments[place]
        if argument in root.commands or argument == "--":
            return None
        if takes_value.get(argument) or (is_global(argument) and argument.endswith("P")):
            next(rest, None)
        elif not (
            argument.partition("=")[0] in (*takes_value, *HELP_OPTIONS) or is_global(argument)
        ):
            return place
    return None
