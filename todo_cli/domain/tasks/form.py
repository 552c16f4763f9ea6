"""One task as a text to be edited, and what was changed about it.

    # Task 12, pending. Save and leave to change it; leave without saving to change nothing.
    # Tags are parted by spaces. Lines with # above the description are not read.
    Title: Buy milk
    Project: home
    Tags: errand shop
    Priority: medium
    Due: 2026-11-25
    Description:
    Free text to the end of the file.

A value is read only where its text was changed: whatever nobody touched stays exactly as it is,
a due date with a fraction of a second too. An empty value, ``none`` or a line that is gone clears.
"""

import re
from datetime import UTC, date, datetime
from itertools import chain, takewhile
from typing import Any, Final

from todo_cli.domain.base import Frozen
from todo_cli.domain.tasks import fields
from todo_cli.domain.tasks.changes import Changes
from todo_cli.domain.tasks.keys import check_tags
from todo_cli.domain.tasks.task import TaskView
from todo_cli.domain.tasks.values import (
    check_description,
    check_known_tags,
    split_tags,
)
from todo_cli.domain.text import editable, readable
from todo_cli.domain.time import dates
from todo_cli.errors import UsageError

_LAST: Final = fields.DESCRIPTION.label
_FIELDS: Final = tuple(each.label for each in fields.FIELDS if each.label != _LAST)
_BY_LABEL: Final = {each.label: each for each in fields.FIELDS}
_NAMES: Final = {name.lower(): name for name in (*_FIELDS, _LAST)}
_BLANK: Final = " \t\r"  # around a value; \r is what CRLF leaves of a line's end
_BOM: Final = "\ufeff"
_REMARK: Final = re.compile(r"# line \d+: ")


class Problem(Frozen):
    """What is wrong with a line, counted from 1, in one sentence, and perhaps what would be right.

    The text of it is ``line 4: 'vital' is not a priority``.
    """

    line: int
    sentence: str
    hint: str | None = None

    def __str__(self) -> str:
        """Give the line and the sentence."""
        return f"line {self.line}: {self.sentence}"


class Reading(Frozen):
    """What a form says. Where there are problems, by line, there are no changes."""

    changes: Changes
    problems: tuple[Problem, ...] = ()


class _Value(Frozen):
    """What follows the name of a field, and the line that the name is in."""

    line: int
    text: str


class _Parts(Frozen):
    """A form taken apart; ``strays`` are lines above the description that are no fields.

    ``end`` is the line of the description's mark, else the last one; ``crlf`` how that mark ends.
    """

    values: dict[str, _Value]
    strays: tuple[_Value, ...]
    repeated: tuple[_Value, ...]
    end: int
    crlf: bool


def write(task: TaskView, now: datetime) -> str:
    """Give the form of a task, its due date in the zone of ``now``."""
    values = [_text(getattr(task, _BY_LABEL[name].name), now) for name in _FIELDS]
    lines = [
        f"# Task {task.number}, {task.status}. "
        "Save and leave to change it; leave without saving to change nothing.",
        "# Tags are parted by spaces. Lines with # above the description are not read.",
        *(f"{name}: {value}".rstrip(" ") for name, value in zip(_FIELDS, values, strict=True)),
        f"{_LAST}:",
        *([task.description] if task.description else []),
    ]
    return "\n".join(lines) + "\n"


def read(text: str, original: str, now: datetime) -> Reading:
    """Read a form that somebody had in an editor; ``original`` is what `write` gave.

    Bytes that are not UTF-8 are expected as lone surrogates ("surrogateescape"). A new due date
    is read as `dates.parse` reads it. Raises nothing: what is wrong is among the problems.
    """
    edited, before = _take_apart(text), _take_apart(original)
    problems = _structure_problems(edited, before)
    changes: dict[str, Any] = {}
    for name in _NAMES.values():
        old, new = before.values[name], edited.values.get(name)
        old_text = old.text.replace("\r\n", "\n") if edited.crlf else old.text
        if new is None and name == "Title":
            problems.append(Problem(line=edited.end, sentence="there is no line 'Title:'"))
        elif old_text != (new.text if new else ""):
            try:
                changes |= _read_value(name, new.text if new else "", old.text, now)
            except UsageError as error:
                line = new.line if new else edited.end
                problems.append(Problem(line=line, sentence=error.message, hint=error.hint))
    if problems:
        problems.sort(key=lambda problem: problem.line)
        return Reading(changes=Changes(), problems=tuple(problems))
    return Reading(changes=Changes(**changes))


def mark(text: str, problems: tuple[Problem, ...]) -> str:
    """Put the problems that `read` found above the text, in place of earlier ones.

    The lines are counted as they are then.
    """
    lines = text.removeprefix(_BOM).split("\n")
    earlier = len(list(takewhile(_REMARK.match, lines)))
    shift = len(problems) - earlier
    remarks = []
    for problem in problems:
        hint = f" ({problem.hint})" if problem.hint else ""
        remarks.append(f"# {problem.model_copy(update={'line': problem.line + shift})}{hint}")
    return "\n".join([*remarks, *lines[earlier:]])


def _text(value: object, now: datetime) -> str:
    """Write a value on one line."""
    match value:
        case None:
            return ""
        case date():
            return _due_text(value, now)
        case tuple():
            return editable(" ".join(value))
        case _:
            return editable(str(value))


def _due_text(due: dates.Due, now: datetime) -> str:
    """Write a due date so that `dates.parse` gives it back, but for fractions of a second."""
    if not isinstance(due, datetime):
        return due.isoformat()
    instant = due.astimezone(UTC).replace(microsecond=0)
    local = instant.astimezone(now.tzinfo)
    plain = local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")
    repeated = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    if not repeated and _means(plain, instant, now):
        return plain
    shown = f"{plain}{local.isoformat()[19:]}"
    # Offsets of long ago have seconds, which cannot be read back.
    return shown if _means(shown, instant, now) else instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _means(text: str, instant: datetime, now: datetime) -> bool:
    try:
        due = dates.parse(text, now)
    except UsageError:
        return False
    return isinstance(due, datetime) and due.astimezone(UTC) == instant


def _take_apart(text: str) -> _Parts:
    lines = text.removeprefix(_BOM).split("\n")
    values: dict[str, _Value] = {}
    strays, repeated = [], []
    end, crlf = len(lines), False
    for number, line in enumerate(lines, start=1):
        if line.startswith("#") or not line.strip():
            continue
        key, colon, value = line.partition(":")
        name = _NAMES.get(key.strip().lower()) if colon else None
        if name is None:
            strays.append(_Value(line=number, text=line.strip()))
        elif name == _LAST:
            end, crlf = number, line.endswith("\r")
            first = value.lstrip()
            free = "\n".join([*([first] if first else []), *lines[number:]])
            free = free.replace("\r\n", "\n") if crlf else free
            values[name] = _Value(line=number, text=free.removesuffix("\n"))
            break
        elif name in values:
            repeated.append(_Value(line=number, text=name))
        else:
            values[name] = _Value(line=number, text=value.strip(_BLANK))
    return _Parts(
        values=values,
        strays=tuple(strays),
        repeated=tuple(repeated),
        end=end,
        crlf=crlf,
    )


def _structure_problems(edited: _Parts, before: _Parts) -> list[Problem]:
    """Find lines that are no fields, fields given twice, and a description without its mark."""
    problems = [
        Problem(line=each.line, sentence=f"'{each.text}:' is given twice")
        for each in edited.repeated
    ]
    if _LAST in edited.values:
        hint = f"the fields are {', '.join(_FIELDS)}; free text follows '{_LAST}:'"
        problems += [
            Problem(line=each.line, sentence=f"{readable(each.text)} is no field", hint=hint)
            for each in edited.strays
        ]
    elif edited.strays or before.values[_LAST].text:
        # One problem, however many lines the description has.
        line = edited.strays[0].line if edited.strays else edited.end
        problems.append(Problem(line=line, sentence=f"a line '{_LAST}:' must come before this"))
    return problems


def _read_value(name: str, text: str, old: str, now: datetime) -> dict[str, Any]:
    """Give the changes that one field asks for. Raises UsageError."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise UsageError(f"{readable(text)} is not UTF-8 text")
    field = _BY_LABEL[name]
    if field is fields.DESCRIPTION:  # all of it is text, whatever it says
        return {field.name: check_description(text) if text.strip() else None}
    if field.many:
        words = [] if fields.is_none(text) else text.split()
        return {"clear_tags": True, "add_tags": _tags(words, old)}
    cleared = field.none and not text
    return {field.name: field.empty if cleared else field.read(text, lambda: now)}


def _tags(words: list[str], old: str) -> tuple[str, ...]:
    """Read tags. Those that were there stay as they are, whatever they hold. Raises UsageError."""
    known = old.split()
    tags = [(word,) if word in known else check_tags(split_tags(word)) for word in words]
    return check_known_tags(tuple(chain.from_iterable(tags)))
