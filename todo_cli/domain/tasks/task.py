"""What a task is: the words, the limits and the frozen models every floor above talks in."""

import re
import unicodedata
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict

from todo_cli.domain.tasks.keys import holds_key
from todo_cli.domain.text import breaks_line, readable
from todo_cli.errors import NotFoundError, UsageError

ID_HINT: Final = "an ID is the number in the first column of 'todo list', or a whole UUID"

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
_LARGEST_NUMBER = 2**63 - 1  # bigint
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER = re.compile(r"[1-9][0-9]*")


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


def utc_text(moment: datetime) -> str:
    """Give an instant as ISO 8601 in UTC with whole seconds: ``2026-11-25T16:00:00Z``."""
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"  # strftime takes four times as long


def due_text(due: date) -> str:
    """Give an all-day date as ``2026-11-25`` and an instant as `utc_text` does."""
    return utc_text(due) if isinstance(due, datetime) else due.isoformat()


def _instant(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _due(due: date) -> date:
    return _instant(due) if isinstance(due, datetime) else due


# What pydantic itself writes as `utc_text` and `due_text` do, and faster.
Instant = Annotated[datetime, AfterValidator(_instant)]
DueDate = Annotated[datetime | date, AfterValidator(_due)]


class Frozen(BaseModel):
    """A value that crosses floors: it cannot change, and unknown fields are refused."""

    # Built when first used: no command uses more than a few of them.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class TaskView(Frozen):
    """A task as people and scripts see it; the order of the fields is that of the JSON.

    ``due`` is a plain date when it is meant for the whole day of whoever reads it, else an
    aware instant. The other times are aware instants.
    """

    id: UUID
    number: int
    title: str
    description: str | None
    status: Status
    priority: Priority
    project: str | None
    tags: tuple[str, ...]
    due: DueDate | None
    created_at: Instant
    updated_at: Instant
    completed_at: Instant | None
    owner: str


class NewTask(Frozen):
    """A task to be added. Build it with `new_task`, which validates."""

    id: UUID
    title: str
    description: str | None = None
    priority: Priority = Priority.MEDIUM
    project: str | None = None
    tags: tuple[str, ...] = ()
    due: date | datetime | None = None


class Outcome(Frozen):
    """What a command did to one task: ``changed`` is false when it was so already."""

    task: TaskView
    changed: bool


class Page(Frozen):
    """Some tasks in the order asked for; ``total`` says how many there are, if it is known."""

    tasks: tuple[TaskView, ...]
    total: int | None


class TaskRefs(Frozen):
    """The tasks a command names, by number and by UUID, each once."""

    numbers: tuple[int, ...]
    ids: tuple[UUID, ...]


def new_task(
    uuid: UUID,
    title: str,
    *,
    description: str | None = None,
    priority: Priority = Priority.MEDIUM,
    project: str | None = None,
    tags: tuple[str, ...] = (),
    due: date | datetime | None = None,
) -> NewTask:
    """Check every value of a task to be added; ``uuid`` is its UUIDv7, made by the caller.

    Raises UsageError, with one sentence about the first value that is wrong.
    """
    return NewTask(
        id=uuid,
        title=check_title(title),
        description=None if description is None else check_description(description),
        priority=priority,
        project=None if project is None else check_project(project),
        tags=check_tags(tags),
        due=due,
    )


def check_title(title: str) -> str:
    """Give the title in Unicode's NFC, without blanks around it.

    Raises UsageError when it is blank, long or not one line.
    """
    title = unicodedata.normalize("NFC", title.strip(_BLANKS))
    _require_text("title", title, TITLE_LENGTH)
    _require_one_line("title", title)
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
    _require_one_line("project", project)
    return project


def check_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Give each tag that a task is to have once, in Unicode's NFC and in the order given.

    Raises UsageError as `check_known_tags` does, and for a tag that would be read as something
    else: one that holds a comma, or begins with a known key and a colon.
    """
    for tag in tags:
        if not tag.strip("+,"):
            raise UsageError("the tag is blank")
        if tag.lower() == "none":
            raise UsageError("none is no tag", "tag:none stands for no tags")
        if "," in tag:
            raise UsageError(f"a tag holds no comma: {readable(tag)}")
        if holds_key(tag):
            raise UsageError(
                f"{readable(tag)} cannot be a tag", f"{tag.partition(':')[0]}: is no tag but a key"
            )
    return check_known_tags(tags)


def check_known_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Give each tag that a task may have already once, in Unicode's NFC and in the order given.

    Raises UsageError for a tag that is blank, too long or holds white space or control
    characters, and for too many tags.
    """
    unique = tuple(dict.fromkeys(unicodedata.normalize("NFC", tag) for tag in tags))
    for tag in unique:
        _require_text("tag", tag, TAG_LENGTH)
        _require_one_line("tag", tag)
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
                raise NotFoundError(f"no task {word[:40]}{'...' if len(word) > 40 else ''}")
            numbers[int(word)] = None
        elif _UUID.fullmatch(word):
            ids[UUID(word)] = None
        else:
            raise UsageError(f"{readable(word)} is not a task's ID", ID_HINT)
    return TaskRefs(numbers=tuple(numbers), ids=tuple(ids))


def _require_text(name: str, value: str, limit: int) -> None:
    if all(unicodedata.category(char) in _INVISIBLE for char in value):
        raise UsageError(f"the {name} is blank")
    if len(value) > limit:
        raise UsageError(_too_long(name, value, limit))


def _require_one_line(name: str, value: str) -> None:
    if breaks_line(value):
        raise UsageError(f"the {name} holds a line break or another control character")


def _too_long(name: str, value: str, limit: int) -> str:
    return f"the {name} has {len(value):,} characters; {limit:,} is the most"
