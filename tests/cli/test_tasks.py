"""The commands for tasks, as a person and as a script see them."""

import json
from typing import Any

import pytest

from tests.conftest import Answer, Command

UUID = "01900000-0000-7000-8000-000000000000"


def tasks(answer: Answer) -> list[dict[str, Any]]:
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert isinstance(found, list)
    return found


def titles(answer: Answer) -> list[str]:
    return [task["title"] for task in tasks(answer)]


def test_add_confirms_on_stderr_with_the_date_as_understood(todo: Command) -> None:
    answer = todo("add", "Buy milk", "--due", "tomorrow", "--project", "home", "--tag", "errand")

    assert answer == Answer(0, "", "Added 1 Buy milk (due Thu 19 Nov, project home, +errand)\n")


def test_add_joins_the_words_of_a_title(todo: Command) -> None:
    assert todo("add", "Buy", "milk").err == "Added 1 Buy milk\n"


def test_add_prints_the_bare_number_when_quiet(todo: Command) -> None:
    todo("add", "first")

    assert todo("add", "second", "--quiet") == Answer(0, "2\n", "")


def test_add_prints_the_whole_task_as_one_json_object(todo: Command) -> None:
    answer = todo("--json", "add", "Buy milk", "--due", "fri 17:00", "--priority", "high")

    task = json.loads(answer.out)
    assert list(task) == [
        "id", "number", "title", "description", "status", "priority", "project", "tags", "due",
        "created_at", "updated_at", "completed_at", "owner",
    ]  # fmt: skip
    assert (task["due"], task["priority"]) == ("2026-11-20T16:00:00Z", "high")
    assert task["owner"].endswith("@example.com")
    assert answer.out.count("\n") == 1
    assert ", " not in answer.out
    assert answer.err == ""


def test_an_all_day_due_date_is_a_plain_date_in_json(todo: Command) -> None:
    assert json.loads(todo("add", "x", "--due", "25 nov", "--json").out)["due"] == "2026-11-25"


def test_list_shows_pending_tasks_by_due_date_priority_and_number(todo: Command) -> None:
    todo("add", "no date")
    todo("add", "no date, urgent", "--priority", "urgent")
    todo("add", "later", "--due", "eom")
    todo("add", "sooner", "--due", "fri")
    todo("add", "sooner too", "--due", "fri")
    todo("add", "sooner, high", "--due", "fri", "--priority", "high")
    todo("add", "completed")
    todo("done", "7")

    assert titles(todo("list", "--json")) == [
        "sooner, high", "sooner", "sooner too", "later", "no date, urgent", "no date",
    ]  # fmt: skip


def test_todo_alone_is_list(todo: Command) -> None:
    todo("add", "Buy milk")

    assert todo() == todo("list") == Answer(0, "1\tpending\tmedium\t\t\t\tBuy milk\n", "")


def test_all_adds_completed_tasks_and_any_the_trash_too(todo: Command) -> None:
    for title in ("pending", "completed", "deleted"):
        todo("add", title)
    todo("done", "2")
    todo("rm", "3")

    assert titles(todo("list", "--json", "--all")) == ["pending", "completed"]
    assert titles(todo("list", "--json", "--status", "any")) == ["pending", "completed", "deleted"]
    assert titles(todo("list", "--json", "--status", "deleted")) == ["deleted"]


def test_list_filters_by_project_tags_priority_and_text(todo: Command) -> None:
    todo("add", "Äpfel", "--project", "home", "--tag", "a", "--tag", "b", "--priority", "low")
    todo("add", "50% off", "--project", "shop", "--tag", "a", "--description", "a_b")

    assert titles(todo("list", "--json", "--project", "home")) == ["Äpfel"]
    assert titles(todo("list", "--json", "--tag", "a")) == ["50% off", "Äpfel"]
    assert titles(todo("list", "--json", "--tag", "a", "--tag", "b")) == ["Äpfel"]
    assert titles(todo("list", "--json", "--priority", "low")) == ["Äpfel"]
    assert titles(todo("list", "--json", "--search", "äPF")) == ["Äpfel"]
    assert titles(todo("list", "--json", "--search", "A_B")) == ["50% off"]
    assert titles(todo("list", "--json", "--search", "0%")) == ["50% off"]
    assert titles(todo("list", "--json", "--search", "_")) == ["50% off"]


def test_due_bounds_compare_days_and_instants_in_the_persons_zone(todo: Command) -> None:
    todo("add", "thursday", "--due", "thu")
    todo("add", "friday 00:30", "--due", "fri 00:30")
    todo("add", "friday", "--due", "fri")
    todo("add", "saturday 00:30", "--due", "sat 00:30")

    assert titles(todo("list", "--json", "--due-before", "fri")) == ["thursday"]
    assert titles(todo("list", "--json", "--due-after", "fri")) == ["saturday 00:30"]
    assert titles(todo("list", "--json", "--due-before", "fri 01:00")) == [
        "thursday",
        "friday 00:30",
    ]
    assert set(titles(todo("list", "--json", "--due-after", "thu"))) == {
        "friday 00:30",
        "friday",
        "saturday 00:30",
    }


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("number", "bCa"),
        ("number-", "aCb"),
        ("title", "abC"),
        ("priority", "abC"),
        ("priority-", "Cba"),
        ("due", "Cba"),
        ("due-", "Cba"),
        ("created_at-", "aCb"),
    ],
)
def test_list_sorts_by_a_field_either_way(todo: Command, sort: str, expected: str) -> None:
    todo("add", "b")
    todo("add", "C", "--priority", "urgent", "--due", "fri")
    todo("add", "a", "--priority", "low")

    assert "".join(titles(todo("list", "--json", "--sort", sort))) == expected


def test_limit_takes_the_first_tasks_of_the_order(todo: Command) -> None:
    for title in "abc":
        todo("add", title)

    assert titles(todo("list", "--json", "--limit", "2")) == ["a", "b"]


def test_fields_choose_and_imply_json(todo: Command) -> None:
    todo("add", "Buy milk")

    assert todo("list", "--fields", "title,number").out == '[{"number":1,"title":"Buy milk"}]\n'
    assert todo("--fields=number", "show", "1").out == '{"number":1}\n'


def test_an_unknown_field_lists_the_valid_ones_and_changes_nothing(todo: Command) -> None:
    answer = todo("add", "x", "--fields", "titel")

    assert answer.code == 2
    error = json.loads(answer.err)["error"]
    assert error["code"] == "usage"
    assert "title" in error["hint"]
    assert tasks(todo("list", "--json")) == []


def test_show_takes_a_number_or_a_uuid(todo: Command) -> None:
    task = json.loads(todo("add", "Buy milk", "--json").out)

    assert json.loads(todo("show", task["id"], "--json").out) == task
    assert json.loads(todo("show", task["id"].upper(), "--json").out) == task
    assert "Title        Buy milk\n" in todo("show", "1").out


def test_done_reopen_rm_and_restore_say_what_they_did(todo: Command) -> None:
    todo("add", "Buy milk")

    assert todo("done", "1") == Answer(0, "", "Completed 1 Buy milk\n")
    assert todo("done", "1") == Answer(0, "", "Already completed: 1 Buy milk\n")
    assert todo("reopen", "1") == Answer(0, "", "Reopened 1 Buy milk\n")
    assert todo("reopen", "1") == Answer(0, "", "Already pending: 1 Buy milk\n")
    assert todo("rm", "1") == Answer(0, "", "Moved to the trash: 1 Buy milk\n")
    assert todo("rm", "1") == Answer(0, "", "Already in the trash: 1 Buy milk\n")
    assert todo("restore", "1") == Answer(0, "", "Restored 1 Buy milk\n")
    assert todo("restore", "1") == Answer(0, "", "Not in the trash: 1 Buy milk\n")


def test_verbs_answer_with_an_array_in_the_order_of_numbers(todo: Command) -> None:
    for title in "abc":
        todo("add", title)

    for verb, status in (
        ("done", "completed"),
        ("rm", "deleted"),
        ("restore", "completed"),
        ("reopen", "pending"),
    ):
        found = tasks(todo(verb, "3", "1", "3", "--json"))
        assert [(task["number"], task["status"]) for task in found] == [(1, status), (3, status)]


def test_a_number_and_a_uuid_of_the_same_task_count_once(todo: Command) -> None:
    task = json.loads(todo("add", "x", "--json").out)

    assert len(tasks(todo("done", "1", task["id"], "--json"))) == 1


def test_one_missing_id_stops_the_whole_command(todo: Command) -> None:
    for title in "ab":
        todo("add", title)

    assert todo("done", "1", "2", "99") == Answer(3, "", "todo: no task 99\n")
    assert todo("done", "98", "1", "99") == Answer(3, "", "todo: no tasks 98, 99\n")
    assert todo("rm", "1", UUID) == Answer(3, "", f"todo: no task {UUID}\n")
    assert titles(todo("list", "--json")) == ["a", "b"]


def test_a_task_in_the_trash_answers_only_to_show_restore_and_purge(todo: Command) -> None:
    todo("add", "a")
    todo("add", "b")
    todo("rm", "1")

    for verb in ("done", "reopen"):
        answer = todo(verb, "1", "2")
        assert answer.code == 5
        assert answer.err == "todo: task 1 is in the trash\nhint: run: todo restore 1\n"
    assert todo("show", "1").code == 0
    assert titles(todo("list", "--json")) == ["b"]


def test_restore_brings_a_completed_task_back_as_completed(todo: Command) -> None:
    todo("add", "x")
    completed_at = tasks(todo("done", "1", "--json"))[0]["completed_at"]
    todo("rm", "1")

    (task,) = tasks(todo("restore", "1", "--json"))
    assert (task["status"], task["completed_at"]) == ("completed", completed_at)


def test_purge_deletes_for_good_and_numbers_are_never_used_again(todo: Command) -> None:
    todo("add", "a")
    todo("add", "b")

    assert todo("rm", "2", "--purge", "--yes") == Answer(0, "", "Deleted for good: 2 b\n")
    assert todo("show", "2").code == 3
    assert todo("add", "c", "-q").out == "3\n"


def test_purge_refuses_when_nobody_can_be_asked(todo: Command) -> None:
    todo("add", "a")

    assert todo("rm", "1", "--purge").code == 2
    assert titles(todo("list", "--json")) == ["a"]


def test_purge_is_all_or_nothing(todo: Command) -> None:
    todo("add", "a")

    assert todo("rm", "1", "2", "--purge", "--yes") == Answer(3, "", "todo: no task 2\n")
    assert titles(todo("list", "--json")) == ["a"]


def test_global_options_work_on_both_sides_and_the_later_wins(todo: Command) -> None:
    todo("add", "x")

    assert todo("--json", "list") == todo("list", "--json")
    assert todo("--fields", "title", "list", "--fields", "number").out == '[{"number":1}]\n'
    assert todo("-P", "nonsense", "profile", "list", "-P", "local").code == 0
