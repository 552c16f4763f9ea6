"""What the words and options of a list say about a filter."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from todo_cli.cli.context import AppContext
from todo_cli.cli.values import Given
from todo_cli.domain.query.filters import Empty, Span
from todo_cli.domain.tasks.fields import FIELDS, PRIORITY, PROJECT, is_none
from todo_cli.domain.tasks.values import check_project, parse_priority
from todo_cli.domain.text import readable
from todo_cli.domain.time import dates
from todo_cli.errors import UsageError

# Each with the option that looks for it, and the key that leaves it out.
_EMPTY: Final = {
    Empty(each.name): each.option for each in FIELDS if each.sought and each.may_be_empty
}


def with_tags(tags: Sequence[str], whole: Mapping[str, str]) -> dict[str, Any]:
    """Give the conditions of a filter on tags that must be there.

    A tag that was a part of a word, its ``whole``, may also be there as that: a former release has
    made such tags.
    """
    return {
        "tags": tuple(tag for tag in tags if tag not in whole),
        "any_tags": tuple((tag, whole[tag]) for tag in tags if tag in whole),
    }


def on_due(
    app: AppContext, before: str | None, after: str | None, due: str | None
) -> dict[str, Any]:
    """Give the conditions of a filter on due dates. Raises UsageError for what is no date."""
    given = {"due": due, "due.before": before, "due.after": after}
    spans = _spans(app, {key: [word] for key, word in given.items() if word is not None})
    return {
        "due_before": tuple(span.before for span in spans if span.before),
        "due_after": tuple(span.after for span in spans if span.after),
    }


def equal(app: AppContext, given: Given) -> dict[str, Any]:
    """Give the conditions of a filter on fields with one value. Raises UsageError."""
    found = {each.name: (each, given[each.option]) for each in (PROJECT, PRIORITY)}
    return {
        name: field.reader(word, app.now)
        for name, (field, word) in found.items()
        if word is not None and not (field.may_be_empty and is_none(word))
    }


def empty(given: Given) -> frozenset[Empty]:
    """Give what the tasks of a list must not have."""
    return frozenset(
        each for each, option in _EMPTY.items() if any(map(is_none, _words(given[option])))
    )


def left_out(app: AppContext, values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give the conditions of a filter that leave out these values of keys, status apart.

    Whoever leaves out ``none`` wants what has a value. Raises UsageError for a wrong value.
    """
    if not values:
        return {}
    projects = (each for each in values.get("project", ()) if not is_none(each))
    return {
        "without_projects": tuple(map(check_project, projects)),
        "without_priorities": tuple(map(parse_priority, values.get("priority", ()))),
        "without_due": _spans(app, values),
        "present": frozenset(
            each for each, key in _EMPTY.items() if any(map(is_none, values.get(key, ())))
        ),
    }


def _words(given: str | Sequence[str] | None) -> Sequence[str]:
    return [given] if isinstance(given, str) else given or ()


def _spans(app: AppContext, words: Mapping[str, Sequence[str]]) -> tuple[Span, ...]:
    """Read the values of the keys about due dates; ``none`` is no span. Raises UsageError."""
    days = [_day(app, word) for word in words.get("due", ())]
    return (
        *filter(None, days),
        *(Span(before=_limit(app, each, dates.before)) for each in words.get("due.before", ())),
        *(Span(after=_limit(app, each, dates.after)) for each in words.get("due.after", ())),
    )


def _limit(
    app: AppContext, text: str, bound: Callable[[dates.Due, datetime], dates.Limit]
) -> dates.Limit:
    now = app.now()
    when = dates.parse(text, now)
    if when is None:
        raise UsageError(f"{readable(text)} is no date to compare with")
    return bound(when, now)


def _day(app: AppContext, text: str) -> Span | None:
    """Give what is due on a day, None for ``none``."""
    now = app.now()
    day = dates.parse(text, now)
    if day is None:
        return None
    if isinstance(day, datetime):
        hint = "due.before and due.after take a time"
        raise UsageError("a list is of what is due on a whole day", hint)
    a_day = timedelta(days=1)
    return Span(before=dates.before(day + a_day, now), after=dates.after(day - a_day, now))
