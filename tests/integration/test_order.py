"""The order of lists: by the reader's own days, and as in a dictionary."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests.commands import as_command
from tests.conftest import Database, Person, utc
from tests.servers import SUPERUSER, query, upgrade
from todo_cli.domain.query.filters import Filter, Sort, SortField
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import NewTask, TaskView, new_task
from todo_cli.domain.tasks.values import Priority, Status
from todo_cli.services import tasks
from todo_cli.services.session.ids import new_id

# East and west of UTC, half an hour off, with clock changes, and the two ends of the world.
ZONES = (
    *("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe"),
    *("Pacific/Kiritimati", "Etc/GMT+12", "America/Havana"),
)
FIRST = utc(2026, 10, 30)


def some_due(random: Random) -> date | datetime | None:
    """Give a day or a time within four days, often at somebody's midnight."""
    moment = FIRST + timedelta(minutes=30 * random.randrange(8 * 24))
    return random.choice([None, moment, moment.date()])


def some_tasks(number: int) -> list[NewTask]:
    random = Random(number)
    return [
        new_task(new_id(), f"{n}", due=some_due(random), priority=random.choice(list(Priority)))
        for n in range(number)
    ]


def own_days(task: TaskView, zone: ZoneInfo) -> tuple[object, ...]:
    """Give the place of a task's due date: by its day, and all-day tasks at the end of it."""
    if task.due is None:
        return (1,)
    if not isinstance(task.due, datetime):
        return 0, task.due, 1
    return 0, task.due.astimezone(zone).date(), 0, task.due.astimezone(UTC)


def by_default(found: Sequence[TaskView], zone: ZoneInfo) -> list[int]:
    ranks = {priority: -place for place, priority in enumerate(Priority)}
    ordered = sorted(
        found, key=lambda task: (*own_days(task, zone), ranks[task.priority], task.number)
    )
    return [task.number for task in ordered]


def numbers(person: Person, wanted: Filter, zone: str) -> list[int]:
    with person.session() as session:
        found = tasks.find(session, wanted, utc(2026, 11, 1).astimezone(ZoneInfo(zone)))
    return [task.number for task in found.tasks]


@pytest.mark.parametrize("zone", ZONES)
def test_a_list_goes_by_the_readers_own_days_in_every_zone(person: Person, zone: str) -> None:
    with person.session() as session:
        added = tasks.add(as_command(session), some_tasks(120))
    expected = by_default(added, ZoneInfo(zone))

    assert numbers(person, Filter(), zone) == expected
    for limit in (1, 7, 50, 119):
        assert numbers(person, Filter(limit=limit), zone) == expected[:limit]
    everything = Filter(statuses=tuple(Status), limit=50)
    assert numbers(person, everything, zone) == expected[:50]


@pytest.mark.parametrize("zone", ZONES)
def test_sorting_by_due_either_way_goes_by_the_readers_own_days(person: Person, zone: str) -> None:
    with person.session() as session:
        added = tasks.add(as_command(session), some_tasks(120))
    info = ZoneInfo(zone)
    undated = [task.number for task in added if task.due is None]
    dated = [task for task in added if task.due is not None]
    rising = sorted(dated, key=lambda task: own_days(task, info))  # by number where they are equal
    falling = sorted(dated, key=lambda task: own_days(task, info), reverse=True)

    for descending, ordered in ((False, rising), (True, falling)):
        expected = [task.number for task in ordered] + undated
        for limit in (5, 60, None):
            sort = Sort(field=SortField.DUE, descending=descending)
            assert numbers(person, Filter(sort=sort, limit=limit), zone) == expected[:limit]


def test_a_list_with_a_limit_counts_all_that_pass(person: Person) -> None:
    with person.session() as session:
        tasks.add(as_command(session), some_tasks(30))
        tasks.complete(as_command(session), TaskRefs(numbers=(1, 2), ids=()))
        for statuses, total in (((Status.PENDING,), 28), (tuple(Status), 30)):
            wanted = Filter(statuses=statuses, limit=3)
            page = tasks.find(session, wanted, FIRST, counted=True)
            assert (len(page.tasks), page.total) == (3, total)


def test_of_completed_tasks_alone_the_latest_completion_comes_first(person: Person) -> None:
    with person.session() as session:
        tasks.add(as_command(session), some_tasks(5))
        for number in (3, 1, 5):
            tasks.complete(as_command(session), TaskRefs(numbers=(number,), ids=()))
    completed = Filter(statuses=(Status.COMPLETED,))

    assert numbers(person, completed, "UTC") == [5, 1, 3]
    chosen = completed.model_copy(update={"sort": Sort(field=SortField.NUMBER)})
    assert numbers(person, chosen, "UTC") == [1, 3, 5]


# In the order of a dictionary; those in one tuple are alike, and come by number.
WORDS = (
    ("1 egg",),
    ("apple", "Äpple", "APPLE"),
    ("apricot",),
    ("côte", "cote", "Coté"),
    ("naïve",),
    ("øl", "ØL"),
    ("ελλάδα", "Ελλάδα"),
    ("жук", "Жук"),
    ("язык", "Язык"),
)


def check_dictionary(person: Person) -> None:
    words = [word for alike in WORDS for word in alike]
    Random(1).shuffle(words)
    with person.session() as session:
        added = tasks.add(
            as_command(session), [new_task(new_id(), word, project=word) for word in words]
        )
    number = {task.title: task.number for task in added}
    expected = [task for alike in WORDS for task in sorted(number[word] for word in alike)]

    for field in (SortField.TITLE, SortField.PROJECT):
        assert numbers(person, Filter(sort=Sort(field=field)), "UTC") == expected


def test_titles_and_projects_sort_as_in_a_dictionary(person: Person) -> None:
    check_dictionary(person)


@pytest.mark.parametrize("word", ["ÄPFEL", "äpfel", "жук", "ЖУК", "100%", "a_b", "c/d"])
def test_a_search_ignores_case_on_every_server_below_the_c_locale_too(
    alice: Person, word: str
) -> None:
    titles = ["Zwei Äpfel", "Ein Жук", "100% wool", "A_B", "axb", "C/D", "other"]
    with alice.session() as session:
        tasks.add(as_command(session), [new_task(new_id(), title) for title in titles])
        found = tasks.find(session, Filter(search=(word,)), FIRST).tasks

    assert [task.title.lower() for task in found] == [
        title.lower() for title in titles if word.lower() in title.lower()
    ]


def test_titles_sort_the_same_on_every_server_below_the_c_locale_too(alice: Person) -> None:
    own = "SELECT datctype FROM pg_database WHERE datname = current_database()"
    assert alice.query(own) == [("C",)]
    check_dictionary(alice)


# Debian's alone is built with ICU, which knows what Turkish does with I on every machine.
@pytest.mark.parametrize("each_database", [("debian", False)], indirect=True)
def test_a_search_ignores_case_in_a_turkish_database_too(each_database: Database) -> None:
    turkish = replace(each_database, name="turkish")
    create = "CREATE DATABASE turkish OWNER {} TEMPLATE template0 LOCALE_PROVIDER icu"
    query(each_database, SUPERUSER, f"{create.format(turkish.owner)} ICU_LOCALE 'tr-TR'")
    upgrade(turkish)
    person = turkish.new_person()
    with person.session() as session:
        tasks.add(as_command(session), [new_task(new_id(), each) for each in ("TITLE", "title")])
        for word in ("TITLE", "title"):
            assert len(tasks.find(session, Filter(search=(word,)), FIRST).tasks) == 2
    person.forget()
    query(each_database, SUPERUSER, "DROP DATABASE turkish WITH (FORCE)")
