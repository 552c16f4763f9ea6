"""Of two that exclude each other on a command line, the later one wins."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from todo_cli.cli.values import is_none

_REPEATABLE: Final = ("--tag", "--untag")


@dataclass(frozen=True)
class Given:
    """An option as it was given, with a dash or as a word.

    ``value`` is None where there is none, ``left_out`` whether tasks with it are not wanted.
    ``whole`` is the word that a tag was a part of.
    """

    name: str
    value: str | None = None
    left_out: bool = False
    whole: str = ""


def settle(given: Iterable[Given], *, none_stays: bool) -> list[Given]:
    """Give what remains, in its order.

    ``none_stays`` says that no tags and some tags do not exclude each other when they come in this
    order: the ones that were there go, and the new ones come.
    """
    kept: list[Given] = []
    for each in given:
        kept = [one for one in kept if not _gives_way(one, each, none_stays)]
        kept.append(each)
    return kept


def _gives_way(earlier: Given, later: Given, none_stays: bool) -> bool:
    if {earlier.name, later.name} == {"--all", "--status"}:
        return not (earlier.left_out or later.left_out)
    if earlier.name in _REPEATABLE and later.name in _REPEATABLE:
        return _tag_gives_way(earlier, later, none_stays)
    if earlier.name != later.name or later.value is None or earlier.value is None:
        return False
    if earlier.left_out or later.left_out:
        return earlier.left_out != later.left_out and _are_same(earlier, later)
    return True


def _tag_gives_way(earlier: Given, later: Given, none_stays: bool) -> bool:
    if earlier.left_out or later.left_out:  # -tag:none: what has some
        return earlier.left_out != later.left_out and is_none(earlier.value) == is_none(later.value)
    if is_none(later.value):
        return True
    if is_none(earlier.value):
        return later.name == "--tag" and not none_stays
    return earlier.name != later.name and earlier.value == later.value


def _are_same(one: Given, other: Given) -> bool:
    if one.name == "--project":
        return one.value == other.value or (is_none(one.value) and is_none(other.value))
    return (one.value or "").lower() == (other.value or "").lower()
