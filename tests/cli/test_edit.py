"""`todo edit`: the person's editor on a text, and what it changes about the task."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import todo_cli.cli.tasks.editor
from tests.cli.editors import ROOT, TODO, editor, edits, environment, kept, sets, title
from tests.conftest import Answer, Command
from todo_cli.errors import TodoError

pytestmark = pytest.mark.alone(reason="edit waits for a person, and not in the agent")

# --- What an editor changes ---------------------------------------------------------------


def test_the_editor_gets_the_task_and_what_it_changes_is_saved(
    todo: Command, tmp_path: Path
) -> None:
    todo("add", "Buy milk", "--project", "home", "--tag", "errand", "--due", "2026-11-25 17:00")
    seen = f'cp "$file" {tmp_path}/seen; ls -l "$file" > {tmp_path}/rights'
    writes = f"{sets('Title', 'Buy oats')}; printf 'a\\n# b\\n' >> \"$file\""

    answer = todo("edit", "1", VISUAL=editor(todo, f"{seen}; {writes}"))

    assert answer == Answer(0, "", "Modified 1 Buy oats (new title, new description)\n")
    assert (tmp_path / "seen").read_text().splitlines()[2:] == [
        "Title: Buy milk",
        "Project: home",
        "Tags: errand",
        "Priority: medium",
        "Due: 2026-11-25 17:00",
        "Description:",
    ]
    assert (tmp_path / "rights").read_text().startswith("-rw------- ")
    assert edits(todo) == []
    task = json.loads(todo("show", "1", "--json").out)
    assert (task["title"], task["description"]) == ("Buy oats", "a\n# b")
    assert (task["project"], task["tags"]) == ("home", ["errand"])


def test_json_is_one_object_of_the_task_as_it_now_is(todo: Command) -> None:
    todo("add", "Buy milk")
    noisy = f"echo I am an editor; {sets('Title', 'Buy oats')}"

    done = subprocess.run(
        [sys.executable, "-m", "tests.alone", "edit", "1", "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(todo, editor(todo, noisy)),
    )

    assert json.loads(done.stdout)["title"] == "Buy oats"
    assert done.stderr == "I am an editor\n"
    assert todo("edit", "1", "--fields=number,title", VISUAL="true") == Answer(
        0, '{"number":1,"title":"Buy oats"}\n', ""
    )


def test_an_editor_that_changes_nothing_changes_nothing(todo: Command) -> None:
    todo("add", "Buy milk")

    assert todo("edit", "1", VISUAL="true") == Answer(0, "", "Unchanged: 1 Buy milk\n")
    assert todo("edit", "1", "--quiet", VISUAL="true") == Answer(0, "", "")
    spaces = editor(todo, sets("Title", "Buy milk "))
    assert todo("edit", "1", VISUAL=spaces).err == "Unchanged: 1 Buy milk\n"
    assert edits(todo) == []
    task = json.loads(todo("show", "1", "--json").out)
    assert task["created_at"] == task["updated_at"]


def test_a_value_written_anew_that_was_so_already_is_told_so(todo: Command) -> None:
    todo("add", "Buy milk", "--due", "tomorrow")
    again = editor(todo, sets("Due", "tomorrow"))

    assert todo("edit", "1", VISUAL=again) == Answer(0, "", "Unchanged: 1 Buy milk\n")


def test_a_copy_that_the_editor_made_of_the_text_goes_with_it(todo: Command) -> None:
    todo("add", "Buy milk")

    copying = editor(todo, f'cp "$file" "$file~"; {sets("Title", "Buy oats")}')

    assert todo("edit", "1", VISUAL=copying).code == 0
    assert edits(todo) == []


def test_an_editor_that_writes_a_new_file_in_place_of_the_old_is_read(todo: Command) -> None:
    todo("add", "Buy milk")
    replacing = editor(todo, 'sed s/milk/oats/ "$file" > "$file.new"; mv "$file.new" "$file"')

    assert todo("edit", "1", VISUAL=replacing).code == 0
    assert title(todo) == "Buy oats"


# --- Which editor -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"VISUAL": "{v} -x", "EDITOR": "{e}"}, ["v", "-x"]),
        ({"VISUAL": "", "EDITOR": "{e}"}, ["e"]),
        ({"VISUAL": " ", "EDITOR": "{e} --wait 'two words'"}, ["e", "--wait", "two words"]),
    ],
)
def test_visual_wins_over_editor_and_both_over_what_the_system_has(
    todo: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    words: list[str],
) -> None:
    todo("add", "Buy milk")
    paths = {
        name: editor(todo, f'for word in {name} "$@"; do echo "$word"; done > {tmp_path}/ran', name)
        for name in ("v", "e")
    }
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    todo("edit", "1", **{name: value.format(**paths) for name, value in variables.items()})

    *ran, file = (tmp_path / "ran").read_text().splitlines()
    assert ran == words
    assert Path(file).name.startswith("task-1-")


def test_on_a_terminal_the_systems_editor_comes_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TodoError, match="there is no editor"):
        todo_cli.cli.tasks.editor.choose({})

    for name in ("vi", "nano"):
        (tmp_path / name).touch(mode=0o755)

    assert todo_cli.cli.tasks.editor.choose({"EDITOR": " "}) == [str(tmp_path / "nano")]


def test_an_editor_in_a_folder_with_spaces_needs_no_quotes(todo: Command) -> None:
    todo("add", "Buy milk")
    quoted = editor(todo, sets("Title", "Buy oats"), "my editor")

    assert todo("edit", "1", VISUAL=quoted.strip("'")).code == 0
    assert title(todo) == "Buy oats"


def test_whoever_empties_the_text_changes_nothing(todo: Command) -> None:
    todo("add", "Buy milk")

    answer = todo("edit", "1", VISUAL=editor(todo, 'printf "\\n" > "$file"'))

    assert answer == Answer(0, "", "Unchanged: 1 Buy milk\n")
    assert edits(todo) == []


def test_a_missing_editor_is_one_sentence_and_a_way_out(todo: Command) -> None:
    todo("add", "Buy milk")
    hint = "hint: set VISUAL or EDITOR to the editor of your choice\n"

    gone = todo("edit", "1", VISUAL="/nowhere/vim -u NONE", EDITOR="true")
    none = todo("edit", "1", PATH="/nowhere", VISUAL="", EDITOR="")
    quote = todo("edit", "1", VISUAL="", EDITOR="vim 'x")

    sentence = "cannot start the editor '/nowhere/vim': No such file or directory"
    assert gone == Answer(1, "", f"todo: {sentence}\n{hint}")
    assert none == Answer(1, "", f"todo: there is no terminal for an editor\n{hint}")
    assert quote == Answer(2, "", "todo: EDITOR cannot be read: a quote is not closed\n")
    assert edits(todo) == []


# --- Other people, other times ------------------------------------------------------------


@pytest.mark.parametrize("meanwhile", ["done 1", "edit 1", "modify 1 +errand"])
def test_a_change_made_while_the_editor_is_open_is_not_undone(
    todo: Command, meanwhile: str
) -> None:
    todo("add", "Buy milk")
    other = editor(todo, sets("Title", "Buy bread"), "other")
    script = f'VISUAL="{other}" {TODO} {meanwhile} 2>/dev/null && {sets("Title", "Buy oats")}'

    answer = todo("edit", "1", VISUAL=editor(todo, script))

    assert answer.code == 5
    assert answer.err.startswith(
        "todo: task 1 has been changed since\nhint: run again: todo edit 1; your text is kept in "
    )
    assert "Title: Buy oats\n" in kept(todo, answer.err)
    assert title(todo) != "Buy oats"


def test_a_conflict_in_json_names_the_file_too(todo: Command) -> None:
    todo("add", "Buy milk")

    script = f"{TODO} rm 1 2>/dev/null && {sets('Title', 'Buy oats')}"

    answer = todo("edit", "1", "--json", VISUAL=editor(todo, script))

    error = json.loads(answer.err)["error"]
    assert (answer.code, answer.out, error["code"]) == (5, "", "conflict")
    assert "Title: Buy oats\n" in kept(todo, error["hint"])


def test_a_database_that_is_gone_when_saving_loses_no_text(
    todo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo("add", "Buy milk")

    def run(command: list[str], path: Path) -> None:
        path.write_text(path.read_text().replace("milk", "oats"))
        monkeypatch.setenv("TODO_DATABASE_URL", "postgresql://nobody@/x?host=/nowhere")

    monkeypatch.setattr(todo_cli.cli.tasks.editor, "run", run)
    answer = todo("edit", "1", VISUAL="true")

    assert answer.code == 6
    assert "Title: Buy oats\n" in kept(todo, answer.err)


@pytest.mark.parametrize(
    ("name", "code", "word"), [("1", 5, "task 1 is in the trash"), ("7", 3, "no task 7")]
)
def test_no_editor_is_opened_for_a_task_that_cannot_be_edited(
    todo: Command, tmp_path: Path, name: str, code: int, word: str
) -> None:
    todo("add", "Buy milk")
    todo("rm", "1")

    answer = todo("edit", name, VISUAL=editor(todo, f"touch {tmp_path}/opened"))

    assert answer.code == code
    assert answer.err.startswith(f"todo: {word}\n")
    assert not (tmp_path / "opened").exists()
    assert edits(todo) == []


def test_a_completed_task_can_be_edited(todo: Command) -> None:
    todo("add", "Buy milk")
    todo("done", "1")

    assert todo("edit", "1", VISUAL=editor(todo, sets("Title", "Buy oats"))).code == 0
    assert title(todo) == "Buy oats"
