"""The keys of words such as ``due:fri``, and what somebody may have meant by another one.

A word has a key when it begins with a letter and holds a colon with no blank after it; what stands
before the colon is the key. Case does not matter.
"""

from collections.abc import Collection
from typing import Final

from todo_cli.domain.tasks.fields import FIELDS, is_none
from todo_cli.domain.tasks.values import check_known_tags
from todo_cli.domain.text import readable
from todo_cli.errors import UsageError

# Those that are about a task, so that a list can leave tasks out by them.
LEAVING_OUT: Final = (
    *(each.option for each in FIELDS if each.is_key and not each.many),
    *(each.option for each in FIELDS if each.is_key and each.many),
    *("status", "due.before", "due.after"),
)
# Every key is an option's name, with dots for its inner dashes, where a command has that option.
KEYS: Final = (*LEAVING_OUT, "limit", "sort")

# Keys of Taskwarrior (task(1), "Attributes") that say something else here, or nothing.
_PRIORITY, _PROJECT = "priority:{}", "project:{}"
_TASKWARRIOR: Final = {
    **{"pri": _PRIORITY, "pro": _PROJECT, "proj": _PROJECT},
    **{"entry": "sort:created_at", "end": "status:completed", "recur": ""},
}
_LETTERS: Final = 5  # of a key that may be a mistyped one; shorter ones are near to too much
_ON: Final = ("due.", "due.at", "due.is", "due.on")
_LATER: Final = ("due.after", "due.from", "due.since")


def split(word: str) -> tuple[str, str] | None:
    """Give the key, in lower case, and the value of a word that has some key, known or not."""
    key, colon, value = word.partition(":")
    if not colon or not key[:1].isalpha() or value[:1].isspace():
        return None
    return key.lower(), value


def holds_key(word: str) -> bool:
    """Tell whether a word begins with a known key and a colon."""
    key, colon, _ = word.partition(":")
    return bool(colon) and key.lower() in KEYS


def check_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Give each tag that a task is to have once, in Unicode's NFC and in the order given.

    Raises UsageError as `check_known_tags` does, and for a tag that would be read as something
    else: one that holds a comma, or begins with a known key and a colon.
    """
    for tag in tags:
        if not tag.strip("+,"):
            raise UsageError("the tag is blank")
        if is_none(tag):
            raise UsageError("none is no tag", "tag:none stands for no tags")
        if "," in tag:
            raise UsageError(f"a tag holds no comma: {readable(tag)}")
        if holds_key(tag):
            raise UsageError(
                f"{readable(tag)} cannot be a tag", f"{tag.partition(':')[0]}: is no tag but a key"
            )
    return check_known_tags(tags)


def meant(key: str, value: str, known: Collection[str]) -> str | None:
    """Give the word that somebody may have meant, one with a key that is ``known``.

    ``key`` is in lower case and not known. It is empty where the key is Taskwarrior's, and nothing
    says the same; None where the key is nothing but a word.
    """
    if key in _TASKWARRIOR:
        word = _TASKWARRIOR[key].format(value)
        return word if word.partition(":")[0] in known else ""
    if key.startswith("due."):
        wanted = "due.after" if key in _LATER else "due" if key in _ON else "due.before"
        return f"{wanted if wanted in known else 'due'}:{value}"
    if sum(map(str.isalpha, key)) >= _LETTERS:
        return next((f"{each}:{value}" for each in known if _is_one_edit(key, each)), None)
    return None


def _is_one_edit(one: str, other: str) -> bool:
    """Tell whether a letter was added, left out or changed, or two neighbours were swapped."""
    place = 0
    while place < min(len(one), len(other)) and one[place] == other[place]:
        place += 1
    one, other = one[place:], other[place:]
    return (
        one[1:] in (other, other[1:])
        or one == other[1:]
        or (one[:2] == other[1::-1] and one[2:] == other[2:])
    )
