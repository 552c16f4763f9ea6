"""Changing tasks: what is given changes, everything else stays, all or nothing."""

import json
from typing import Any

import pytest

from tests.commands import as_command
from tests.conftest import Answer, Command, Person

TASK = ("add", "Buy milk", "+a", "+b", "project:home", "due:fri", "priority:high")


def one(answer: Answer) -> dict[str, Any]:
    assert (answer.code, answer.err) == (0, "")
    [task] = json.loads(answer.out)
    assert isinstance(task, dict)
    return task


def events(person: Person) -> list[str]:
    found = person.query("SELECT action FROM todo.task_events ORDER BY at")
    return [action for (action,) in found]


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        (["due:sat"], {"due": "2026-11-21"}),
        (["--due", "fri 17:00"], {"due": "2026-11-20T16:00:00Z"}),
        (["due:none"], {"due": None}),
        (["project:work"], {"project": "work"}),
        (["project:none"], {"project": None}),
        (["priority:low"], {"priority": "low"}),
        (["priority:none"], {"priority": "medium"}),
        (["+c"], {"tags": ["a", "b", "c"]}),
        (["-aa", "--untag", "a"], {"tags": ["b"]}),
        (["tag:none"], {"tags": []}),
        (["tag:none", "+c"], {"tags": ["c"]}),
        (["--title", "none"], {"title": "none"}),
        (["--description", "2 l\nfresh"], {"description": "2 l\nfresh"}),
        (["--description", "none"], {"description": None}),
        (["--description", ""], {"description": None}),
        (["--title", "x", "+c", "due:none"], {"title": "x", "tags": ["a", "b", "c"], "due": None}),
    ],
)
def test_modify_changes_what_is_given_and_nothing_else(
    todo: Command, changes: list[str], changed: dict[str, Any]
) -> None:
    before = json.loads(todo(*TASK, "--json").out)

    after = one(todo("modify", "1", *changes, "--json"))

    assert {**before, **changed, "updated_at": after["updated_at"]} == after
    assert after == json.loads(todo("show", "1", "--json").out)


def test_modify_says_what_changed_with_the_date_as_understood(todo: Command) -> None:
    todo(*TASK)

    answer = todo("modify", "1", "--due", "27 nov", "-bb", "+c", "project:none", "--title", "Milk")

    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("Modified 1 Milk (")
    for words in ("due Fri 27 Nov", "+c", "-bb", "no project"):
        assert words in answer.err


def test_modifying_several_tasks_confirms_each(todo: Command) -> None:
    todo("add", "one")
    todo("add", "two")

    answer = todo("modify", "2", "1", "2", "due:fri")

    assert answer.err.splitlines() == [
        "Modified 1 one (due Fri 20 Nov)",
        "Modified 2 two (due Fri 20 Nov)",
    ]


def test_what_is_so_already_is_no_change_and_leaves_no_event(todo: Command, person: Person) -> None:
    todo(*TASK)

    answer = todo("modify", "1", "due:fri", "+a", "project:home")

    assert answer == Answer(0, "", "Unchanged: 1 Buy milk\n")
    assert events(person) == ["added"]


def test_modify_is_one_event_that_names_only_what_changed(todo: Command, person: Person) -> None:
    todo(*TASK)
    todo("modify", "1", "due:fri", "priority:low")

    [(before, after)] = person.query(
        "SELECT before, after FROM todo.task_events WHERE action = 'modified'"
    )
    assert (before, after) == ({"priority": "high"}, {"priority": "low"})


def test_one_task_that_is_not_there_stops_the_whole_command(todo: Command) -> None:
    todo(*TASK)

    answer = todo("modify", "1", "9", "due:none")

    assert (answer.code, answer.err) == (3, "todo: no task 9\n")
    assert json.loads(todo("show", "1", "--json").out)["due"] == "2026-11-20"


def test_a_task_in_the_trash_cannot_be_modified(todo: Command) -> None:
    todo(*TASK)
    todo("rm", "1")

    answer = todo("modify", "1", "due:none")

    assert (answer.code, answer.err) == (
        5,
        "todo: task 1 is in the trash\nhint: run: todo restore 1\n",
    )


def test_a_completed_task_can_be_modified_and_stays_completed(todo: Command) -> None:
    todo(*TASK)
    todo("done", "1")

    assert one(todo("modify", "1", "+c", "--json"))["status"] == "completed"


def test_a_stranger_can_modify_nothing(todo: Command, other: Person) -> None:
    todo(*TASK)
    theirs = todo.with_variables(TODO_DATABASE_URL=other.url)

    assert theirs("modify", "1", "due:none").err == "todo: no task 1\n"


def test_tasks_are_named_by_uuid_too(todo: Command) -> None:
    uuid = json.loads(todo(*TASK, "--json").out)["id"]

    assert one(todo("modify", uuid, "1", "+c", "--json"))["tags"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "missing argument 'ID'"),
        (["1"], "nothing to change"),
        (["due:fri"], "missing argument 'ID'"),
        (["milk", "due:fri"], "'milk' is not a task's ID"),
        (["0", "due:fri"], "'0' is not a task's ID"),
        (["1", "Buy"], "'Buy' is no change"),
        (["1", "Buy bread", "due:fri"], "'Buy bread' is no change"),
        (["1", "due:fri", "2"], "'2' is no change"),
        (["1", "note:this"], "'note:this' is no change"),
        (["1", "+1"], "'+1' is no change"),
        (["1", "--", "+x"], "'+x' is no change"),
        (["1", "--title", ""], "the title is blank"),
        (["1", "--project", ""], "the project is blank"),
        (["1", "status:completed"], "'status:completed' is no change"),
        (["1", *[f"+t{n}" for n in range(51)]], "a task takes 50 tags"),
        (["1", *[f"+t{n}" for n in range(49)]], "a task takes 50 tags"),
        (["1", *[f"+{'x' * 97}{n:02}" for n in range(20)]], "a task takes 50 tags"),
        (["1", "-x"], "no such option: -x"),
    ],
)
def test_modify_refuses_what_is_no_change(
    todo: Command, arguments: list[str], sentence: str
) -> None:
    todo(*TASK)
    before = todo("show", "1", "--json").out

    answer = todo("modify", *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"todo: {sentence}"), answer.err
    assert todo("show", "1", "--json").out == before


def test_a_repeated_command_changes_nothing_and_gives_the_same_answer(person: Person) -> None:
    from todo_cli.domain.tasks.changes import Changes
    from todo_cli.domain.tasks.refs import TaskRefs
    from todo_cli.domain.tasks.task import new_task
    from todo_cli.errors import ConflictError
    from todo_cli.services import tasks
    from todo_cli.services.session.ids import new_id

    command, refs = new_id(), TaskRefs(numbers=(1,), ids=())
    with person.session() as session:
        tasks.add(as_command(session), [new_task(new_id(), "x")])
        draft = tasks.draft(session, refs)
        changes = Changes(project="home")
        first = tasks.modify(as_command(session, command), refs, changes, draft.revision)
        again = tasks.modify(as_command(session, command), refs, changes, draft.revision)

        assert first == again
        with pytest.raises(ConflictError):
            tasks.modify(as_command(session), refs, changes, draft.revision)
    assert events(person) == ["added", "modified"]
