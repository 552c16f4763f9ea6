"""Nonsense gives one clear sentence and the right exit code, and changes nothing."""

import json
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import Answer, Command
from tests.shared_agent import COLD
from todo_cli.domain.tasks.values import Priority

ROOT = Path(__file__).parents[2]
LONG = "x" * 256


def everything(todo: Command) -> str:
    return todo("list", "--status", "any", "--json").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([""], "the title is blank"),
        (["   "], "the title is blank"),
        (["\u00a0\u3000"], "the title is blank"),
        (["\u200b\u202e"], "the title is blank"),
        ([LONG], "the title has 256 characters; 255 is the most"),
        (["a\nb"], "the title holds a line break or another control character"),
        (["a\x1b[31mb"], "the title holds a line break or another control character"),
        (["a\x85b"], "the title holds a line break or another control character"),
        (["a\u2028b"], "the title holds a line break or another control character"),
        (["a\x00b"], "argument 2 is not UTF-8 text: 'a\\x00b'"),
        (["a\udc80b"], "argument 2 is not UTF-8 text: 'a\\udc80b'"),
        (["x", "--priority", "vital"], "'vital' is not a priority"),
        (["x", "--priority", ""], "'' is not a priority"),
        (["x", "--project", " "], "the project is blank"),
        (["x", "--project", LONG], "the project has 256 characters; 255 is the most"),
        (["x", "--tag", ""], "the tag is blank"),
        (["x", "--tag", "two words"], "a tag is one word: 'two words' holds white space"),
        (["x", "--tag", "x" * 101], "the tag has 101 characters; 100 is the most"),
        (["x", *[f"--tag=t{n}" for n in range(51)]], "a task takes 50 tags, 2,000 characters"),
        (["x", *[f"--tag={n:0100}" for n in range(20)]], "a task takes 50 tags, 2,000 characters"),
        (["x", "--description", "y" * 5001], "the description has 5,001 characters"),
        (["x", "--description", "\x07"], "the description holds a control character"),
        (["x", "--due", "31 feb"], "there is no 31 February"),
        (["x", "--due", "now7"], "'now7' is not a date"),
        (["x", "--due", "2026-13-45"], "there is no 2026-13-45 in the calendar"),
        (["x", "--due", ""], "'' is not a date"),
        (["x", "--prority", "high"], "no such option: --prority"),
        (["x", "--due"], "option --due requires an argument"),
        ([], "missing argument 'TITLE"),
        (["x", "--timeout", "0"], "--timeout takes from above 0 to 3600 seconds"),
        (["x", "--timeout", "nan"], "--timeout takes from above 0 to 3600 seconds"),
        (["x", "--timeout", "soon"], "invalid value for '--timeout': it takes a number\n"),
    ],
)
def test_add_refuses_what_cannot_be_a_task(
    todo: Command, arguments: list[str], sentence: str
) -> None:
    answer = todo("add", *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"todo: {sentence}"), answer.err
    assert everything(todo) == "[]\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--status", "open"],
        ["--priority", "vital"],
        ["--sort", "colour"],
        ["--sort", ""],
        ["--sort", "due--"],
        ["--fields", "titel"],
        ["--fields", ""],
        ["--limit", "0"],
        ["--limit", "-3"],
        ["--limit", "many"],
        ["--limit", "99999999999999999999"],
        ["--due-before", "soon"],
        ["--due-after", "none"],
        ["--project", ""],
        ["--tag", "a b"],
        ["status:open"],
        ["priority:vital"],
        ["priority:none"],
        ["due:soon"],
        ["due:2026-11-25T17:00"],
        ["due.before:none"],
        ["project:"],
        ["-x"],
    ],
)
def test_list_refuses_what_it_does_not_know(todo: Command, arguments: list[str]) -> None:
    answer = todo("list", *arguments)

    assert (answer.code, answer.out) == (2, "")


@pytest.mark.parametrize("verb", ["show", "done", "reopen", "rm", "restore"])
@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("0", 2),
        ("-1", 2),
        ("01", 2),
        ("+1", 2),
        ("1.0", 2),
        ("abc", 2),
        ("", 2),
        ("١", 2),
        ("1 ", 2),
        ("01900000-0000-7000-8000-00000000000", 2),
        ("9", 3),
        ("9223372036854775808", 3),
        ("99999999999999999999", 3),
        ("9" * 5000, 3),
        ("01900000-0000-7000-8000-000000000000", 3),
    ],
)
def test_what_is_no_id_is_a_usage_error_and_what_is_not_there_is_not_found(
    todo: Command, verb: str, word: str, code: int
) -> None:
    answer = todo(verb, word)

    assert (answer.code, answer.out) == (code, "")
    assert answer.err.count("\n") <= 2
    assert len(answer.err) < 300


@COLD
def test_an_unknown_command_gets_a_suggestion(todo: Command) -> None:
    assert todo("lst").err == (
        "todo: no such command 'lst'. Did you mean 'list'?\nhint: run: todo --help\n"
    )


def test_errors_are_json_when_json_is_asked_for_even_of_usage(todo: Command) -> None:
    for arguments in (["add", "--json"], ["add", "--fields", "id"], ["--json", "nonsense"]):
        answer = todo(*arguments)

        assert answer.code == 2
        assert json.loads(answer.err)["error"]["code"] == "usage"
    assert json.loads(todo("show", "7", "--json").err) == {
        "error": {"code": "not_found", "message": "no task 7", "hint": None}
    }


def test_after_two_dashes_json_is_a_word(todo: Command) -> None:
    assert todo("add", "--", "--json").err == "Added 1 --json\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("default_profile = ", "not TOML"),
        ("default_profile = 3", "default_profile must be a text"),
        ("idle_minutes = 'x'", "idle_minutes must be a number above 0"),
        ("idle_minutes = 0", "idle_minutes must be a number above 0"),
        ("idle_minutes = true", "idle_minutes must be a number above 0"),
        ("idle_minutes = nan", "idle_minutes must be a number above 0"),
        ("profiles = 3", "profiles must be a table"),
        ("[profiles.work]", "profile work needs a url"),
        ("[profiles]\nwork = 3", "profile work needs a url"),
        (b"\xff", "not UTF-8"),
        ("[profiles.local]\nurl = 'postgresql://h/d'", "a profile cannot be called 'local'"),
        ('[profiles."a\\u001b[31m"]', "a profile cannot be called 'a\\x1b[31m'"),
        ('[profiles.""]', "a profile cannot be called ''"),
    ],
)
def test_a_config_file_that_is_wrong_is_named(
    todo: Command, tmp_path: Path, content: str | bytes, words: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_bytes(content if isinstance(content, bytes) else content.encode())

    answer = todo("list")

    assert answer.code == 2
    assert answer.err.startswith(f"todo: the config file {config} is wrong: {words}")


@pytest.mark.parametrize("value", ["yesterday", "2026-11-25T16:00:00", "2026-13-01T00:00Z"])
def test_a_todo_now_that_is_no_instant_is_refused(todo: Command, value: str) -> None:
    assert todo("add", "x", TODO_NOW=value).code == 2
    assert everything(todo) == "[]\n"


@pytest.mark.parametrize("value", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "\u00e9"])
def test_a_zone_that_cannot_be_read_is_utc_and_one_line_says_so(todo: Command, value: str) -> None:
    answer = todo("add", "x", "due:2026-11-25T16:00", TZ=value)

    warning = f"warning: TZ={value!r} is no time zone that can be read: times are in UTC\n"
    assert answer == Answer(0, "", f"{warning}Added 1 x (due Wed 25 Nov 16:00)\n")
    assert todo("list", "--fields", "due").out == '[{"due":"2026-11-25T16:00:00Z"}]\n'


def test_scripts_and_who_wants_no_messages_are_not_warned_of_a_zone(todo: Command) -> None:
    for options in (["--json"], ["--quiet"], ["--fields", "title"]):
        assert todo("add", "x", "due:fri", *options, TZ="Mars/Olympus").err == ""
        assert todo("list", *options, TZ="Mars/Olympus").err == ""


def test_a_zone_of_posix_is_the_zone_of_what_is_read_and_shown(todo: Command) -> None:
    answer = todo("add", "x", "due:2026-07-01T12:00", TZ="CET-1CEST,M3.5.0,M10.5.0/3")

    assert answer == Answer(0, "", "Added 1 x (due Wed 1 Jul 12:00)\n")
    assert todo("list", "--fields", "due", TZ="UTC+3").out == '[{"due":"2026-07-01T10:00:00Z"}]\n'
    assert "Wed 1 Jul 07:00" in todo("show", "1", TZ="UTC+3").out


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("nonsense", 2),
        ("mysql://me:secret@host/db", 2),
        ("postgresql://me:secret@[::1/db", 2),
        ("postgresql://me:secret@host/db?colour=red", 2),
        ("postgresql://me:secret@127.0.0.1:1/db", 6),
        ("postgresql://me:secret@/db?host=/nonexistent", 6),
    ],
)
def test_a_database_url_that_leads_nowhere_is_never_repeated(
    todo: Command, url: str, code: int
) -> None:
    answer = todo("list", TODO_DATABASE_URL=url, TODO_DEBUG="1")

    assert answer.code == code
    assert "secret" not in answer.err
    assert url not in answer.err


def test_a_database_that_does_not_exist_is_unavailable(todo: Command) -> None:
    url = todo.environment["TODO_DATABASE_URL"].replace("@/todo?", "@/nowhere?")

    answer = todo("list", TODO_DATABASE_URL=url)

    assert answer.code == 6
    assert answer.err == 'todo: cannot reach the database: database "nowhere" does not exist\n'


def test_what_is_quoted_back_cannot_move_the_cursor(todo: Command) -> None:
    for arguments in (
        ["-P", "a\x1b[31mb", "list"],
        ["db", "downgrade", "--yes", "x\x1b[31mb"],
        ["add", "x", "--tag", "a \x1b[31m"],
        ["list", "--priority", "\x1b"],
        ["profile", "use", "\x1b"],
    ):
        answer = todo(*arguments)
        assert answer.code in (2, 3)
        assert "\x1b" not in answer.err


def test_a_role_that_does_not_exist_is_refused(todo: Command) -> None:
    url = todo.environment["TODO_DATABASE_URL"].replace("person_", "stranger_")

    answer = todo("list", TODO_DATABASE_URL=url)

    assert answer.code == 4


def test_arguments_that_are_not_utf8_reach_the_program_as_an_error(
    todo: Command, tmp_path: Path
) -> None:
    done = subprocess.run(
        [*todo.program(), "add", b"caf\xe9"],
        capture_output=True,
        env=todo.environment,
        cwd=ROOT,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == b"todo: argument 2 is not UTF-8 text: 'caf\\udce9'\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.alone(reason="changes what the process is made of")
def test_nothing_unexpected_shows_a_traceback(
    todo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("todo_cli.services.tasks.find", fail)

    answer = todo("list")
    assert answer.code == 1
    assert answer.err.startswith("todo: something unexpected went wrong (RuntimeError)\n")
    assert "Traceback" in todo("list", TODO_DEBUG="1").err


@pytest.mark.alone(reason="changes what the process is made of")
def test_ctrl_c_while_a_field_is_read_for_json_or_the_database_is_a_ctrl_c(
    todo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Priority) -> NoReturn:
        raise KeyboardInterrupt

    todo("add", "Buy milk")
    monkeypatch.setattr(Priority, "value", property(interrupt), raising=False)

    for arguments in (["list", "--json"], ["show", "1", "--json"], ["add", "Call mum"]):
        answer = todo(*arguments)
        assert (answer.code, answer.err) == (130, "")
