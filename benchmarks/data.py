"""The tasks that are added before anything is timed: the same ones for the same seed."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from todo_cli.domain.tasks.task import NewTask, new_task
from todo_cli.domain.tasks.values import Priority
from todo_cli.services.session.ids import new_id

SEED: Final = 20261118
_MIDDLE: Final = date(2026, 11, 18)  # due dates lie before and after this day

_VERBS: Final = ("Buy", "Call", "Check", "Clean", "Draft", "File", "Fix", "Order", "Pay", "Review")
_THINGS: Final = (
    "the bicycle",
    "the budget of the third quarter",
    "café tables",
    "the contract with the printer",
    "the dentist",
    "flight tickets",
    "the heating",
    "invoices",
    "milk",
    "the report on the new warehouse, before Monday's meeting",
)
_PROJECTS: Final = ("garden", "home", "office", "papers", "shop", "travel", "website", "work")
_TAGS: Final = ("bills", "calls", "errand", "health", "later", "online", "reading", "weekend")
_PRIORITIES: Final = {
    Priority.LOW: 20,
    Priority.MEDIUM: 55,
    Priority.HIGH: 20,
    Priority.URGENT: 5,
}
_DESCRIPTION: Final = "As agreed on the phone.\nAsk for the reference number, and note it here."


def generate(count: int, seed: int) -> list[NewTask]:
    """Make tasks of a fixed mix. Everything but the ids follows from the seed."""
    random = Random(seed)
    return [_task(random, place) for place in range(1, count + 1)]


def _task(random: Random, place: int) -> NewTask:
    (priority,) = random.choices(list(_PRIORITIES), weights=list(_PRIORITIES.values()))
    return new_task(
        new_id(),
        f"{random.choice(_VERBS)} {random.choice(_THINGS)} ({place})",
        description=_DESCRIPTION if random.random() < 0.1 else None,
        priority=priority,
        project=random.choice(_PROJECTS) if random.random() < 0.7 else None,
        tags=tuple(random.sample(_TAGS, random.choice((0, 0, 1, 1, 2, 3)))),
        due=_due(random),
    )


def _due(random: Random) -> date | datetime | None:
    """Give no due date to four in ten tasks, a whole day to another four."""
    chance = random.random()
    day = _MIDDLE + timedelta(days=round(random.gauss(20, 40)))
    if chance < 0.4:
        return None
    if chance < 0.8:
        return day
    return datetime(day.year, day.month, day.day, random.randrange(7, 19), 30, tzinfo=UTC)
