"""Of two that exclude each other on a command line, the later one wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from todo_cli.domain.tasks.fields import FIELDS, is_none

_TAGS: Final = ("--tag", "--untag")  # the only ones that may be given several times
_IN_THEIR_CASE: Final = {f"--{each.option}" for each in FIELDS if not each.any_case}
_EITHER: Final = {"--all": {"--status"}, "--status": {"--all"}}


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


def settle(given: Sequence[Given], *, none_stays: bool) -> list[Given]:
    """Give what remains, in its order.

    ``none_stays`` says that no tags and then some do not exclude each other: the ones that were
    there go, and the new ones come.
    """
    kept: list[Given] = []
    said: set[str] = set()
    for each in reversed(given):
        if said.isdisjoint(_gives_way_to(each, none_stays)):
            kept.append(each)
        said |= _says(each)
    return kept[::-1]


def _says(each: Given) -> set[str]:
    """Give what an option says that earlier ones may have to give way to."""
    said = {f"{_side(each)} {_subject(each)}"}
    if each.name == "--tag" and not each.left_out:
        said.add("no tags" if is_none(each.value) else "some tags")
    elif each.name != "--untag" and not each.left_out:
        said.add(each.name)
    return said


def _gives_way_to(each: Given, none_stays: bool) -> set[str]:
    """Give what an option gives way to when it is said later."""
    other = "without" if _side(each) == "with" else "with"
    found = {f"{other} {_subject(each)}"}
    if each.left_out:
        return found
    if each.name in _TAGS:
        return found | ({"some tags"} if is_none(each.value) and not none_stays else {"no tags"})
    if each.value is not None:
        found.add(each.name)
    return found | _EITHER.get(each.name, set())


def _side(each: Given) -> str:
    return "without" if each.left_out or each.name == "--untag" else "with"


def _subject(each: Given) -> str:
    """Give what an option is about. Two about the same on different sides exclude each other."""
    name = "--tag" if each.name == "--untag" else each.name
    value = normalize("NFC", each.value or "").strip()
    in_any_case = name not in _IN_THEIR_CASE or is_none(value)
    return f"{name} {value.lower() if in_any_case else value}"
