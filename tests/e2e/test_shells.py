"""What the line becomes when somebody presses the tab key, in real shells."""

import random
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.e2e.interactive import SHELLS, Shell, opened, program
from todo_cli.services.completion import shells

PACKAGE = Path("/usr/share/bash-completion/bash_completion")

# What a shell would run, expand or trip over; a project or a title may hold any of it.
HOSTILE = (
    "$(touch ran) `touch ran`",
    'it\'s a "quote"',
    "back\\slash \\n \\: %s %B",
    "a;touch ran|b&c>ran<d",
    "*?[a]{b,c}~#!",
    "a:b=c:d",
    "über 日本語 👩‍👩‍👧",
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Give a home with a program `todo` in it."""
    program(tmp_path)
    return tmp_path


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, todo: Command, house: Path) -> Iterator[Shell]:
    """Give a shell that completes todo, used by a person who has no tasks yet."""
    name: str = request.param
    start = "autoload -Uz compinit && compinit -u\n" if name == "zsh" else ""
    with opened(name, house, todo.environment, start + shells.script(name)) as found:
        yield found


def shown(shell: Shell) -> str:
    """Give what the screen has shown, without colours and movements of the cursor."""
    return re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|\([A-Z])", "", shell.screen)


def arguments(shell: Shell, line: str) -> list[str]:
    """Have the shell hand over the words of a line as it would to `todo`, and give them."""
    done = subprocess.run(
        [shell.name, "-c", "printf '%s\\n' " + line.removeprefix("todo ")],
        capture_output=True,
        text=True,
        check=True,
        cwd=shell.home,
        env={"LC_ALL": "C.UTF-8", "HOME": str(shell.home)},
    )
    return done.stdout.splitlines()


def test_commands_and_options_are_completed(shell: Shell) -> None:
    assert shell.type("todo lis\t") == "todo list "
    assert shell.type("todo db upg\t") == "todo db upgrade "
    assert shell.type("todo list --sta\t") == "todo list --status "
    assert shell.type("todo list --status=comp\t") == "todo list --status=completed "
    assert shell.type("true; todo -q lis\t") == "true; todo -q list "


def test_a_single_id_is_completed_without_its_title(shell: Shell, todo: Command) -> None:
    todo("add", "Buy milk")
    todo("add", "Pay the rent")

    assert shell.type("todo done 2\t") == "todo done 2 "
    assert shell.type("todo done 2 \t") == "todo done 2 1 "


def test_several_ids_are_listed_with_their_titles(shell: Shell, todo: Command) -> None:
    todo("add", "Buy milk")
    todo("add", "Pay the rent")

    shell.press("todo done \t\t")

    shell.until(lambda: "Buy milk" in shown(shell) and "Pay the rent" in shown(shell))


def test_values_are_completed_on_either_side_of_a_colon_or_an_equals_sign(
    shell: Shell, todo: Command
) -> None:
    todo("add", "Buy milk", "--project", "home", "--tag", "errand")

    assert shell.type("todo list project:ho\t") == "todo list project:home "
    assert shell.type("todo add x project:\t") == "todo add x project:home "
    assert shell.type("todo list --project=ho\t") == "todo list --project=home "
    assert shell.type("todo list --project ho\t") == "todo list --project home "
    assert shell.type("todo add x +err\t") == "todo add x +errand "
    assert shell.type("todo modify 1 -err\t") == "todo modify 1 -errand "
    assert shell.type("todo list --fields id,nu\t") == "todo list --fields id,number "


def test_a_key_is_completed_up_to_its_value(shell: Shell) -> None:
    assert shell.type("todo add Milk prio\t") == "todo add Milk priority:"


def test_a_value_with_a_space_is_quoted_as_the_word_is(shell: Shell, todo: Command) -> None:
    todo("add", "Buy milk", "--project", "Big house")

    for typed in ("Bi", '"Bi', "'Bi", "Big\\ ho", "B\\ig", "'Big 'h", '"Big "ho'):
        for before in ("--project ", "--project="):
            line = shell.type(f"todo list {before}{typed}\t")
            expected = ["list", *f"{before}Big house".split(" ", 1 if before[-1] == " " else 0)]
            assert arguments(shell, line) == expected, line


def test_a_project_of_any_characters_reaches_todo_as_it_is(shell: Shell, todo: Command) -> None:
    for number, hostile in enumerate(HOSTILE):
        todo("add", "x", "--project", f"{number}{hostile}")

    for number, hostile in enumerate(HOSTILE):
        for mark in ("", "'", '"'):
            if mark == '"' and "!" in hostile:
                continue  # the history's sign cannot be quoted there
            line = shell.type(f"todo list --project {mark}{number}\t")
            assert arguments(shell, line) == ["list", "--project", f"{number}{hostile}"], line
    assert not (shell.home / "ran").exists()


def test_titles_of_any_characters_are_shown_and_not_run(shell: Shell, todo: Command) -> None:
    for title in HOSTILE:
        todo("add", title)

    shell.press("todo done \t\t")

    shell.until(lambda: all(title in shown(shell) for title in HOSTILE[:-1]))
    shell.type("")
    assert shell.type("todo done 1 2 3 4 5 6 \t") == "todo done 1 2 3 4 5 6 7 "
    assert not (shell.home / "ran").exists()


def test_nothing_is_completed_where_nothing_is_known(shell: Shell) -> None:
    before = shell.type("")

    for line in ("todo nonsense ", "todo done ", "todo add Buy mil", "todo -- --sta"):
        assert shell.type(f"{line}\t") == line
    assert before == ""


@pytest.mark.parametrize("name", SHELLS)
def test_after_the_installation_a_new_shell_completes(
    name: str, todo: Command, house: Path
) -> None:
    (house / ".bashrc").write_text("alias before=true")  # no newline at its end
    (house / ".zshrc").write_text("alias before=true")
    home = {"HOME": str(house), "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "", "ZDOTDIR": ""}
    assert todo("--install-completion", name, **home).code == 0
    assert "already" in todo("--install-completion", name, **home).err

    with opened(name, house, todo.environment) as shell:
        assert shell.type("todo lis\t") == "todo list "


def test_a_bash_that_walks_through_suggestions_inserts_no_titles(
    todo: Command, house: Path
) -> None:
    todo("add", "Buy milk", "--project", "Big house")
    todo("add", "Pay the rent")
    start = shells.script("bash") + "bind 'TAB:menu-complete'\n"

    with opened("bash", house, todo.environment, start) as shell:
        assert shell.type("todo done \t") == "todo done 1 "
        assert shell.type("todo done \t\t") == "todo done 2 "
        assert shell.type("todo add x --project=\t") == "todo add x --project=Big\\ house "


def test_a_bash_with_other_word_breaks_and_strict_options_completes(
    todo: Command, house: Path
) -> None:
    todo("add", "Buy milk", "--project", "home")
    start = shells.script("bash") + "COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=]}; IFS=om; set -u\n"

    with opened("bash", house, todo.environment, start) as shell:
        assert shell.type("todo add x project:ho\t") == "todo add x project:home "
        assert shell.type("todo add x --project=ho\t") == "todo add x --project=home "
        assert shell.type("todo done \t") == "todo done 1 "
        assert shell.type("todo done 1 \t") == "todo done 1 "


def test_bash_reads_the_words_of_a_line_as_the_shell_does() -> None:
    chance = random.Random(7)
    lines = []
    for _ in range(300):
        words = [
            "".join(chance.choices("ab \"'\\$`:=~*ü", k=chance.randint(1, 6))) for _ in range(3)
        ]
        quoted = [chance.choice((shlex.quote, backslashed, doubly_quoted))(word) for word in words]
        lines.append((" ".join(quoted), words))
    program = shells.script("bash") + (
        "while IFS= read -r line; do\n"
        '    _todo_read "$line"\n'
        "    printf '%s\\n' ${#words[@]} \"${words[@]}\"\n"
        "done\n"
    )
    done = subprocess.run(
        ["bash", "-c", program],
        input="".join(f"{line}\n" for line, _ in lines),
        capture_output=True,
        text=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )

    assert done.stderr == ""
    assert done.stdout == "".join("\n".join(["3", *words, ""]) for _, words in lines)


def backslashed(word: str) -> str:
    return "".join(f"\\{char}" for char in word)


def doubly_quoted(word: str) -> str:
    return '"' + re.sub(r'(["\\$`])', r"\\\1", word) + '"'


def test_bash_completes_an_alias_and_a_path(todo: Command, house: Path) -> None:
    start = shells.script("bash") + "alias t=todo; complete -F _todo t\n"

    with opened("bash", house, todo.environment, start) as shell:
        assert shell.type("t lis\t") == "t list "
        assert shell.type("~/bin/todo lis\t") == "~/bin/todo list "


def test_bash_completion_finds_the_script_when_it_is_needed(todo: Command, house: Path) -> None:
    if not PACKAGE.exists():
        pytest.skip("the package bash-completion is not installed")
    todo("--install-completion", "bash", HOME=str(house), XDG_DATA_HOME="")
    (house / ".bashrc").write_text("")

    with opened("bash", house, todo.environment, f". {PACKAGE}") as shell:
        assert shell.type("todo lis\t") == "todo list "
        assert shell.type("todo list --status=comp\t") == "todo list --status=completed "


def test_zsh_loads_the_script_from_its_search_path(todo: Command, house: Path) -> None:
    (house / "functions").mkdir()
    (house / "functions" / "_todo").write_text(shells.script("zsh"))
    start = "fpath=(~/functions $fpath)\nautoload -Uz compinit && compinit -u\n"

    with opened("zsh", house, todo.environment, start) as shell:
        assert shell.type("todo lis\t") == "todo list "
        assert shell.type("todo lis\t") == "todo list "
