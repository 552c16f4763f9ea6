"""How a command names tasks: by number, or by a whole UUID."""

import re
from typing import Final
from uuid import UUID

from todo_cli.domain.base import Frozen
from todo_cli.domain.text import readable, shortened
from todo_cli.errors import NotFoundError, UsageError

ID_HINT: Final = "an ID is the number in the first column of 'todo list', or a whole UUID"

_LARGEST_NUMBER = 2**63 - 1  # bigint
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[1-9][0-9]*")


class TaskRefs(Frozen):
    """The tasks a command names, by number and by UUID, each once."""

    numbers: tuple[int, ...]
    ids: tuple[UUID, ...]


def is_ref(word: str) -> bool:
    """Tell whether a word has the form of an ID."""
    return bool(_NUMBER.fullmatch(word) or _UUID.fullmatch(word))


def parse_refs(words: list[str]) -> TaskRefs:
    """Read IDs: a number without sign or leading zero, or a whole UUID.

    Raises UsageError for anything else, and NotFoundError for a number that no task can have.
    """
    numbers: dict[int, None] = {}
    ids: dict[UUID, None] = {}
    for word in words:
        if _NUMBER.fullmatch(word):
            if len(word) > 19 or int(word) > _LARGEST_NUMBER:
                raise NotFoundError(f"no task {shortened(word, 40)}")
            numbers[int(word)] = None
        elif _UUID.fullmatch(word):
            ids[UUID(word)] = None
        else:
            raise UsageError(f"{readable(word)} is not a task's ID", ID_HINT)
    return TaskRefs(numbers=tuple(numbers), ids=tuple(ids))
