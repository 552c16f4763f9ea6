"""A task as a text and back, whatever the task and whatever the text."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.unit.forms import FORM, changes, task
from todo_cli.domain.tasks import form
from todo_cli.domain.tasks.keys import check_tags
from todo_cli.domain.tasks.task import TaskView
from todo_cli.domain.tasks.values import Priority, check_description, check_project, check_title
from todo_cli.errors import UsageError

ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Africa/Monrovia", "Pacific/Apia", "Asia/Kathmandu"]
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(1900, 1, 3), datetime(9998, 12, 29)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(due=MOMENTS, zone=ZONES)
def test_a_due_date_that_is_shown_reads_back_to_the_same_instant(
    due: datetime, zone: ZoneInfo
) -> None:
    now = NOW.astimezone(zone)
    with_due = form.write(task(due=due), now)
    without = form.write(task(due=None), now)

    found = changes(with_due, without, now)["due"]
    assert isinstance(found, datetime)
    assert found.astimezone(UTC) == due


# --- Whatever the text --------------------------------------------------------------------


def valid(check: Any) -> Any:
    def holds(value: Any) -> bool:
        try:
            check(value)
        except UsageError:
            return False
        return True

    return holds


CHARACTERS = st.characters(exclude_categories=["Cs"])
LINES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=255
)
TITLES = LINES.filter(valid(check_title))
DESCRIPTIONS = (
    st.text(CHARACTERS) | st.lists(st.sampled_from([*FORM.splitlines(), "\r", ""])).map("\n".join)
).filter(valid(check_description))
PROJECTS = LINES.filter(valid(check_project)).map(check_project)
# Tags that a form can make; "none" clears.
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs", "Cf"]), min_size=1, max_size=20
).filter(lambda word: not word.startswith("+") and valid(check_tags)((word,)))
TASKS = st.builds(
    task,
    title=TITLES,
    project=st.none() | PROJECTS,
    tags=st.lists(WORDS, max_size=5).map(tuple).map(check_tags),
    priority=st.sampled_from(Priority),
    due=st.none() | st.dates(date(1900, 1, 3), date(9998, 12, 29)) | MOMENTS,
    description=st.none() | DESCRIPTIONS,
)


@given(TASKS)
def test_a_form_that_nobody_touched_changes_nothing(before: TaskView) -> None:
    text = form.write(before, NOW)

    assert changes(text, text) == {}
    if not (before.description or "").endswith("\n"):
        assert changes(text.removesuffix("\n"), text) == {}


@given(before=TASKS, title=TITLES)
def test_a_new_title_comes_back_as_it_was_typed(before: TaskView, title: str) -> None:
    original = form.write(before, NOW)
    text = form.write(before.model_copy(update={"title": title}), NOW)

    same = title.strip(" ") == before.title.strip(" ")
    expected = {} if same else {"title": check_title(title)}
    assert changes(text, original) == expected


@given(before=TASKS, description=DESCRIPTIONS)
def test_a_new_description_comes_back_as_it_was_typed(before: TaskView, description: str) -> None:
    original = form.write(before, NOW)
    text = form.write(before.model_copy(update={"description": description}), NOW)

    found = changes(text, original)
    if description == (before.description or ""):
        assert found == {}
    else:
        assert found == {"description": description if description.strip() else None}


@given(before=TASKS, after=TASKS)
def test_every_value_of_a_task_can_be_put_into_the_form_of_another(
    before: TaskView, after: TaskView
) -> None:
    found = changes(form.write(after, NOW), form.write(before, NOW))

    assert found.get("project", before.project) == after.project
    assert found.get("add_tags", before.tags) == after.tags
    assert found.get("priority", before.priority) == after.priority
    assert found.get("due", before.due) == after.due


@given(
    st.text()
    | st.lists(
        st.sampled_from([*FORM.splitlines(), "Due: fri", "Tags: +", "Priority: \udcff", "\r", "x:"])
    ).map("\n".join)
    | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
def test_any_text_at_all_gives_changes_or_problems(text: str) -> None:
    reading = form.read(text, FORM, NOW)

    marked = form.mark(text, reading.problems)
    last = marked.count("\n") + 1
    assert [each.line for each in reading.problems] == sorted(
        each.line for each in reading.problems
    )
    assert all(1 <= each.line <= last for each in reading.problems)
    assert all("\n" not in str(each) for each in reading.problems)
    # What is put above the text is not read.
    again = form.read(marked, FORM, NOW)
    assert [each.sentence for each in again.problems] == [
        each.sentence for each in reading.problems
    ]
    assert form.mark(marked, again.problems) == marked
