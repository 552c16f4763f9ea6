"""The options and arguments that several commands on tasks share, and how their values are read."""

from typing import Annotated, Final

import typer

from todo_cli.cli.context import AppContext
from todo_cli.domain.query import filters
from todo_cli.domain.tasks.task import Priority, TaskView
from todo_cli.domain.time import dates
from todo_cli.errors import UsageError

FIELDS: Final = tuple(TaskView.model_fields)
NONE: Final = "none"  # the word that clears a value

Ids = Annotated[list[str], typer.Argument(metavar="ID", help="Numbers, or whole UUIDs.")]
Project = Annotated[str | None, typer.Option(metavar="P", help="The project.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="T", help="A tag; repeatable.")]
PriorityWord = Annotated[
    str | None,
    typer.Option("--priority", metavar="PRIORITY", help="low, medium, high or urgent."),
]
Due = Annotated[
    str | None, typer.Option(metavar="WHEN", help="tomorrow, fri 17:00, 3d, 2026-11-25 ...")
]
Description = Annotated[str | None, typer.Option(metavar="TEXT", help="A longer text.")]


def is_none(word: str | None) -> bool:
    """Tell whether this is the word that clears a value, in whatever case."""
    return word is not None and word.lower() == NONE


def project(word: str | None) -> str | None:
    """Read a project that ``none`` clears."""
    return None if is_none(word) else word


def description(word: str | None) -> str | None:
    """Read a description that ``none``, or nothing at all, clears."""
    return None if is_none(word) or word == "" else word


def priority(word: str) -> Priority:
    """Read a priority; ``none`` is the one in the middle. Raises UsageError."""
    return Priority.MEDIUM if is_none(word) else filters.parse_priority(word)


def due(app: AppContext, word: str) -> dates.Due | None:
    """Read a due date; ``none`` is none. Raises UsageError."""
    return dates.parse(word, app.now())


def untags(words: list[str] | None) -> tuple[str, ...]:
    """Give the tags to be taken away, or not to be there. Raises UsageError for ``none``."""
    if any(map(is_none, words or ())):
        raise UsageError(
            "none is no tag", "tag:none stands for no tags, and in a list -tag:none for some"
        )
    return tuple(words or ())


def tags(words: list[str] | None) -> tuple[str, ...]:
    """Give the tags among these words, which may hold ``none``."""
    return tuple(word for word in words or () if not is_none(word))
