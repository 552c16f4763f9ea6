"""What values a task may have: the words, the limits, and the checks."""

import unicodedata
from enum import StrEnum
from typing import Final

from todo_cli.domain.text import readable, require_one_line
from todo_cli.errors import UsageError

TITLE_LENGTH: Final = 255
DESCRIPTION_LENGTH: Final = 5_000
PROJECT_LENGTH: Final = 255
TAG_LENGTH: Final = 100
TAGS_LENGTH: Final = 2_000  # all tags of a task together, with a space between them
TAGS: Final = 50

# Around a title: the tab, and Unicode's category Zs.
_BLANKS = "\t \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
# Unicode categories: controls, separators of lines and paragraphs, spaces, and what changes only
# its neighbours.
_INVISIBLE = {"Cc", "Zl", "Zp", "Zs", "Cf"}


class Status(StrEnum):
    """The three states that are stored."""

    PENDING = "pending"
    COMPLETED = "completed"
    DELETED = "deleted"


class Priority(StrEnum):
    """How important a task is, the least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


def check_title(title: str) -> str:
    """Give the title in Unicode's NFC, without blanks around it.

    Raises UsageError when it is blank, long or not one line.
    """
    title = unicodedata.normalize("NFC", title.strip(_BLANKS))
    _require_text("title", title, TITLE_LENGTH)
    require_one_line("title", title)
    return title


def check_description(description: str) -> str:
    """Give the description in Unicode's NFC; line breaks and tabs are welcome in it.

    Raises UsageError when it is too long or holds other control characters.
    """
    description = unicodedata.normalize("NFC", description)
    if len(description) > DESCRIPTION_LENGTH:
        raise UsageError(_too_long("description", description, DESCRIPTION_LENGTH))
    if any(unicodedata.category(char) == "Cc" and char not in "\n\r\t" for char in description):
        raise UsageError("the description holds a control character")
    return description


def check_project(project: str) -> str:
    """Give the project in Unicode's NFC, without blanks around it.

    Raises UsageError when it cannot be a project.
    """
    project = unicodedata.normalize("NFC", project.strip(_BLANKS))
    _require_text("project", project, PROJECT_LENGTH)
    require_one_line("project", project)
    return project


def check_known_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Give each tag that a task may have already once, in Unicode's NFC and in the order given.

    Raises UsageError for a tag that is blank, too long or holds white space or control
    characters, and for too many tags.
    """
    unique = tuple(dict.fromkeys(unicodedata.normalize("NFC", tag) for tag in tags))
    for tag in unique:
        _require_text("tag", tag, TAG_LENGTH)
        require_one_line("tag", tag)
        if any(char.isspace() for char in tag):
            raise UsageError(f"a tag is one word: {readable(tag)} holds white space")
    if len(unique) > TAGS or len(" ".join(unique)) > TAGS_LENGTH:
        raise too_many_tags()
    return unique


def split_tags(word: str, signs: str = "+") -> tuple[str, ...]:
    """Give the tags that a word stands for: they are parted by commas, each may have a sign.

    A word without any is given as it is. Tags that a former release has made may be such words.
    """
    parts = (part.strip(_BLANKS).lstrip(signs) for part in word.split(","))
    return tuple(filter(None, parts)) or (word,)


def too_many_tags() -> UsageError:
    """Say that no task takes so many tags, which modify learns from the database."""
    return UsageError(f"a task takes {TAGS} tags, {TAGS_LENGTH:,} characters together")


def _require_text(name: str, value: str, limit: int) -> None:
    if all(unicodedata.category(char) in _INVISIBLE for char in value):
        raise UsageError(f"the {name} is blank")
    if len(value) > limit:
        raise UsageError(_too_long(name, value, limit))


def _too_long(name: str, value: str, limit: int) -> str:
    return f"the {name} has {len(value):,} characters; {limit:,} is the most"


def parse_priority(word: str) -> Priority:
    """Read a priority, in any case. Raises UsageError for a word that is none."""
    try:
        return Priority(word.lower())
    except ValueError:
        choices = ", ".join(Priority)
        raise UsageError(f"{readable(word)} is not a priority", f"one of {choices}") from None
