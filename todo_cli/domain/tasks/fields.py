"""The fields of a task that people set: the one table of what is known about each.

Options and words of commands, the editor's form, messages, completion and the statements of the
store read it. The fields come in the order of options and of the form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from todo_cli.domain.tasks.values import (
    Priority,
    check_description,
    check_project,
    check_title,
    parse_priority,
)
from todo_cli.domain.time import dates

NONE: Final = "none"  # the word that clears a value, in whatever case
_PRIORITIES: Final = "low, medium, high or urgent."
Now = Callable[[], datetime]


@dataclass(frozen=True)
class Field:
    """One field.

    ``name`` is that of models, JSON and form, ``option`` that of the option and, if ``is_key``, of
    the words ``option:value``. ``metavar`` and ``help`` are of the option that sets it, ``sought``
    the same of the option that looks for it, where a list has one.

    ``reader`` gives the value of a word, with the moment from a function, and raises UsageError; of
    several values ``many`` there is none. ``none`` is whether that word clears the value, ``empty``
    what then stands there, and in a new task; a task may be without it if that is nothing.
    ``choices`` are words to choose from, ``any_case`` whether all words mean the same in any case.
    """

    name: str
    metavar: str
    help: str
    reader: Callable[[str, Now], Any]
    option: str
    is_key: bool = True
    sought: tuple[str, str] | None = None
    none: bool = True
    empty: Any = None
    many: bool = False
    any_case: bool = False
    choices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What people read in front of the value."""
        return self.name.capitalize()

    @property
    def may_be_empty(self) -> bool:
        """Whether a task may be without a value."""
        return self.none and not self.empty

    def read(self, word: str, now: Now) -> Any:
        """Give the value that a word stands for. Raises UsageError."""
        return self.empty if self.none and is_none(word) else self.reader(word, now)


def is_none(word: str | None) -> bool:
    """Tell whether this is the word that clears a value."""
    return word is not None and word.lower() == NONE


TITLE: Final = Field(
    name="title",
    option="title",
    is_key=False,
    metavar="TEXT",
    help="Another title.",
    reader=lambda word, now: check_title(word),
    none=False,
)
PROJECT: Final = Field(
    name="project",
    option="project",
    metavar="P",
    help="The project.",
    sought=("P", "The project."),
    reader=lambda word, now: check_project(word),
)
TAGS: Final = Field(
    name="tags",
    option="tag",
    metavar="T",
    help="A tag; repeatable.",
    sought=("T", "A tag; repeatable."),
    reader=lambda word, now: (word,),
    empty=(),
    many=True,
)
PRIORITY: Final = Field(
    name="priority",
    option="priority",
    metavar="PRIORITY",
    help=_PRIORITIES,
    sought=("PRIORITY", _PRIORITIES),
    reader=lambda word, now: parse_priority(word),
    empty=Priority.MEDIUM,
    any_case=True,
    choices=tuple(Priority),
)
DUE: Final = Field(
    name="due",
    option="due",
    metavar="WHEN",
    help="tomorrow, fri 17:00, 3d, 2026-11-25 ...",
    sought=("DAY", "Due on that day."),
    reader=lambda word, now: dates.parse(word, now()),
    any_case=True,
    choices=dates.WORDS,
)
DESCRIPTION: Final = Field(
    name="description",
    option="description",
    is_key=False,
    metavar="TEXT",
    help="A longer text.",
    reader=lambda word, now: check_description(word) if word else None,
)
FIELDS: Final = (TITLE, PROJECT, TAGS, PRIORITY, DUE, DESCRIPTION)
