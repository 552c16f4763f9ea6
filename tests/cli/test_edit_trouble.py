"""`todo edit` when the editor, the text or the person makes trouble: no text is lost."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.editors import ROOT, editor, edits, environment, kept, sets, title
from tests.conftest import Answer, Command
from todo_cli.services import tasks

# --- Editors that fail --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "how"),
    [("exit 3", "failed with exit code 3"), ("kill -9 $$", "was ended by signal 9")],
)
def test_an_editor_that_fails_changes_nothing_and_what_was_typed_is_kept(
    todo: Command, ending: str, how: str
) -> None:
    todo("add", "Buy milk")

    untouched = todo("edit", "1", VISUAL=editor(todo, ending))
    assert untouched.code == 1
    assert untouched.err == (
        f"todo: the editor 'an editor' {how}: nothing was changed\n"
        "hint: set VISUAL or EDITOR to the editor of your choice\n"
    )
    assert edits(todo) == []

    typed = todo("edit", "1", VISUAL=editor(todo, f"{sets('Title', 'Buy oats')}; {ending}"))
    assert typed.code == 1
    assert "Title: Buy oats\n" in kept(todo, typed.err)
    assert title(todo) == "Buy milk"


@pytest.mark.parametrize("instead", ["true", "mkdir", "mkfifo"])
def test_a_file_that_the_editor_took_away_changes_nothing(todo: Command, instead: str) -> None:
    todo("add", "Buy milk")
    script = f'rm "$file"; {instead} "$file"'

    answer = todo("edit", "1", VISUAL=editor(todo, script))

    assert answer.code == 1
    assert answer.err == "todo: the editor took the file away: nothing was changed\n"
    assert title(todo) == "Buy milk"


def test_a_huge_text_is_not_read_and_not_lost(todo: Command) -> None:
    todo("add", "Buy milk")

    answer = todo("edit", "1", VISUAL=editor(todo, 'head -c 1000001 /dev/zero > "$file"'))

    assert answer.code == 2
    assert answer.err.startswith("todo: the text is larger than 1 MB: nothing was changed\nhint: ")
    assert len(kept(todo, answer.err)) == 1_000_001


def test_a_folder_that_cannot_be_written_is_one_sentence(todo: Command, tmp_path: Path) -> None:
    todo("add", "Buy milk")
    (tmp_path / "state" / "edits").write_text("")

    answer = todo("edit", "1", VISUAL="true")

    assert answer.code == 1
    assert answer.err == f"todo: cannot write into {tmp_path}/state/edits: File exists\n"


# --- Texts that cannot be read ------------------------------------------------------------

pytestmark = pytest.mark.alone(reason="edit waits for a person, and not in the agent")
VITAL = sets("Priority", "vital")


def test_without_a_terminal_a_wrong_value_ends_it_and_the_text_is_kept(todo: Command) -> None:
    todo("add", "Buy milk")

    answer = todo("edit", "1", VISUAL=editor(todo, f"{VITAL}; {sets('Title', 'Buy oats')}"))

    assert answer.code == 2
    assert answer.err.startswith(
        "todo: line 6: 'vital' is not a priority\nhint: one of low, medium, high, urgent; your text"
    )
    assert "Title: Buy oats\n" in kept(todo, answer.err)
    assert title(todo) == "Buy milk"


def test_many_problems_are_told_in_one_sentence(todo: Command) -> None:
    todo("add", "Buy milk")

    strays = 'cp "$file" "$file~"; seq 7 > "$file"; cat "$file~" >> "$file"'

    answer = todo("edit", "1", VISUAL=editor(todo, strays))

    assert answer.code == 2
    assert answer.err.startswith("todo: line 1: '1' is no field; line 2: '2' is no field; line 3:")
    assert answer.err.splitlines()[0].endswith("; line 5: '5' is no field; and 2 more")
    assert len(answer.err.splitlines()) == 2


def test_text_that_is_not_utf_8_is_a_problem_like_others(todo: Command) -> None:
    todo("add", "Buy milk")

    latin = """change "s/milk/$(printf 'caf\\351')/" """

    answer = todo("edit", "1", VISUAL=editor(todo, f"export LC_ALL=C; {latin}"))

    assert answer.code == 2
    assert r"line 3: 'Buy caf\udce9' is not UTF-8 text" in answer.err
    (path,) = edits(todo)
    assert b"Title: Buy caf\xe9\n" in path.read_bytes()


def on_terminal(
    todo: Command, visual: str, *options: str, largest_file: str = "unlimited"
) -> Answer:
    """Run `todo edit 1` with a terminal as its stdin and stderr; a pipe is its stdout.

    ``largest_file`` is what it may write, in blocks of 512 bytes.
    """
    limited = f'ulimit -f {largest_file}; exec "$@"'
    greeted = Path(todo.environment["TODO_HOME"]) / "state" / "greeted"
    greeted.parent.mkdir(exist_ok=True)
    greeted.touch()  # what a first use says has tests of its own
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["sh", "-c", limited, "sh", sys.executable, "-m", "tests.alone", "edit", "1", *options],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        env=environment(todo, visual),
        cwd=ROOT,
        text=True,
    ) as running:
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
        stdout, _ = running.communicate()
    os.close(ours)
    return Answer(running.returncode, stdout, shown.decode().replace("\r\n", "\n"))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 10_000)
    except OSError:  # what Linux says when nobody has the other end open any more
        return b""


def test_on_a_terminal_the_editor_opens_again_and_shows_what_is_wrong(
    todo: Command, tmp_path: Path
) -> None:
    todo("add", "Buy milk")
    count = f'echo >> {tmp_path}/times; cp "$file" {tmp_path}/$(wc -l < {tmp_path}/times)'
    fix = f"""if grep -q '^# line .*vital' "$file"; then change s/vital/high/; else {VITAL}; fi"""

    answer = on_terminal(todo, editor(todo, f"test -t 1 && {count}; {fix}"), "--json")

    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out)["priority"] == "high"
    second = (tmp_path / "2").read_text().splitlines()
    remark = "# line 7: 'vital' is not a priority (one of low, medium, high, urgent)"
    assert (second[0], second[6]) == (remark, "Priority: vital")
    assert not (tmp_path / "3").exists()
    assert edits(todo) == []


def test_on_a_terminal_a_text_left_as_it_is_ends_it_and_is_kept(todo: Command) -> None:
    todo("add", "Buy milk")

    answer = on_terminal(todo, editor(todo, f"grep -q '^# line' \"$file\" || {VITAL}"))

    assert answer.code == 2
    assert answer.err.startswith("todo: line 7: 'vital' is not a priority\nhint: ")
    assert "Priority: vital\n" in kept(todo, answer.err)


def test_on_a_terminal_a_text_taken_back_changes_nothing(todo: Command) -> None:
    todo("add", "Buy milk")
    script = f"if grep -q '^# line' \"$file\"; then change s/vital/medium/; else {VITAL}; fi"

    answer = on_terminal(todo, editor(todo, script))

    assert answer == Answer(0, "", "Unchanged: 1 Buy milk\n")
    assert edits(todo) == []


def test_a_disk_without_room_for_the_problems_loses_no_text(todo: Command) -> None:
    todo("add", "Buy milk", "--description", "x" * 750)
    script = f"{VITAL}; change 's/^Due:/Due: who knows/'"

    answer = on_terminal(todo, editor(todo, script), largest_file="2")

    assert answer.code == 1
    assert answer.err.startswith("todo: cannot write ")
    assert "File too large\n" in answer.err
    assert kept(todo, answer.err).endswith(f"Due: who knows\nDescription:\n{'x' * 750}\n")


def test_a_disk_without_room_for_the_form_opens_no_editor(todo: Command, tmp_path: Path) -> None:
    todo("add", "Buy milk", "--description", "x" * 2000)

    answer = on_terminal(todo, editor(todo, f"touch {tmp_path}/opened"), largest_file="2")

    assert answer.code == 1
    assert answer.err.startswith("todo: cannot write ")
    assert not (tmp_path / "opened").exists()
    assert edits(todo) == []


# --- Signals ------------------------------------------------------------------------------


def start(todo: Command, visual: str) -> "subprocess.Popen[str]":
    """Start `todo edit 1` in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.alone", "edit", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(todo, visual),
        cwd=ROOT,
        text=True,
        start_new_session=True,
    )


def opened(running: "subprocess.Popen[str]") -> None:
    """Wait until the editor says that it is open."""
    assert running.stderr is not None
    assert running.stderr.readline() == "open\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_ctrl_c_is_for_the_editor_alone(todo: Command, number: int) -> None:
    todo("add", "Buy milk")
    caught = f"caught() {{ echo caught >&2; {sets('Title', 'Buy oats')}; exit 0; }}"
    script = f"{caught}\ntrap caught INT QUIT; echo open >&2; read x"

    with start(todo, editor(todo, script)) as running:
        opened(running)
        os.killpg(running.pid, number)
        _, stderr = running.communicate()

    assert (running.returncode, stderr) == (0, "caught\nModified 1 Buy oats (new title)\n")


def test_an_editor_that_dies_of_ctrl_c_changes_nothing(todo: Command) -> None:
    todo("add", "Buy milk")

    with start(
        todo, editor(todo, f"{sets('Title', 'Buy oats')}; echo open >&2; exec cat")
    ) as running:
        opened(running)
        os.killpg(running.pid, signal.SIGINT)
        _, stderr = running.communicate()

    assert running.returncode == 130
    assert "your text is kept in " in stderr
    assert title(todo) == "Buy milk"


def test_ctrl_c_while_saving_keeps_the_text(todo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    todo("add", "Buy milk")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "modify", interrupted)
    answer = todo("edit", "1", VISUAL=editor(todo, sets("Title", "Buy oats")))

    assert answer.code == 130
    assert "Title: Buy oats\n" in kept(todo, answer.err)


def test_a_todo_that_is_killed_leaves_the_text_where_it_was(todo: Command) -> None:
    todo("add", "Buy milk")

    with start(
        todo, editor(todo, f"{sets('Title', 'Buy oats')}; echo open >&2; read x")
    ) as running:
        opened(running)
        running.kill()
        running.communicate()  # also tells the editor that nothing more comes

    (path,) = edits(todo)
    assert "Title: Buy oats\n" in path.read_text()
    assert title(todo) == "Buy milk"
