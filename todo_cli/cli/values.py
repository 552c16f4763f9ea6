"""The options that set the fields of tasks, or look for them, and how their values are read."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from todo_cli.cli.context import AppContext
from todo_cli.cli.rule import Use
from todo_cli.domain.tasks import fields
from todo_cli.domain.tasks.fields import Field, is_none
from todo_cli.domain.tasks.task import TaskView
from todo_cli.errors import UsageError

FIELDS: Final = tuple(TaskView.model_fields)

Ids = Annotated[list[str], typer.Argument(metavar="ID", help="Numbers, or whole UUIDs.")]
Given = Mapping[str, Any]  # the words given for each option, None for none

_LARGEST_LIMIT: Final = 1_000_000_000
_GIVEN: Final = "given"
_UNTAG: Final = {
    Use.SEARCH: "Without this tag; repeatable.",
    Use.CHANGE: "A tag to take away; repeatable.",
}


def check_limit(limit: int | None) -> None:
    """Raise UsageError for a --limit that no list can have."""
    if limit is not None and not 1 <= limit <= _LARGEST_LIMIT:
        raise UsageError(f"--limit takes a number from 1 to {_LARGEST_LIMIT}")


def with_fields(use: Use) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Put the options for fields of tasks in the place of a command's parameter ``given``."""
    ours = list(_options(use))

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def command(app: AppContext, **arguments: Any) -> None:
            given = {each.name: arguments.pop(each.name) for each in ours}
            function(app, given=given, **arguments)

        own = list(inspect.signature(function).parameters.values())
        place = [each.name for each in own].index(_GIVEN)
        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own[1:]]
        parameters[place - 1 : place] = ours
        signature = inspect.Signature([own[0], *parameters])
        command.__signature__ = signature  # type: ignore[attr-defined]  # what Typer reads
        return command

    return decorate


def read(app: AppContext, given: Given) -> dict[str, Any]:
    """Give the values of the fields that were given, but of tags. Raises UsageError."""
    return {
        each.name: each.read(given[each.option], app.now)
        for each in fields.FIELDS
        if not each.many and given.get(each.option) is not None
    }


def untags(words: Sequence[str] | None) -> tuple[str, ...]:
    """Give the tags to be taken away, or not to be there. Raises UsageError for ``none``."""
    if any(map(is_none, words or ())):
        raise UsageError(
            "none is no tag", "tag:none stands for no tags, and in a list -tag:none for some"
        )
    return tuple(words or ())


def tags(words: Sequence[str] | None) -> tuple[str, ...]:
    """Give the tags among these words, which may hold ``none``."""
    return tuple(word for word in words or () if not is_none(word))


def _options(use: Use) -> Iterator[inspect.Parameter]:
    for each in fields.FIELDS:
        if use is Use.SEARCH and each.sought:
            yield _option(each, *each.sought)
        elif use is Use.CHANGE or (use is Use.TITLE and each is not fields.TITLE):
            yield _option(each, each.metavar, each.help)
        if each.many and use in _UNTAG:
            yield _option(each, each.metavar, _UNTAG[use], name=f"un{each.option}")


def _option(field: Field, metavar: str, about: str, name: str = "") -> inspect.Parameter:
    name = name or field.option
    kind: Any = list[str] | None if field.many else str | None
    option = typer.Option(f"--{name}", metavar=metavar, help=about)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option]
    )
