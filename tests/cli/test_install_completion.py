"""`--install-completion` and `--show-completion`: what is written where, and said about it."""

import stat
from pathlib import Path

import pytest
import shellingham  # type: ignore[import-untyped]  # it ships no types

from tests.conftest import Answer, Command
from tests.shared_agent import COLD
from todo_cli.services.completion import shells

pytestmark = COLD
STARTUP = {"bash": ".bashrc", "zsh": ".zshrc"}
SCRIPTS = {
    "bash": ".local/share/bash-completion/completions/todo",
    "zsh": ".local/share/todo-cli/zsh/_todo",
    "fish": ".config/fish/completions/todo.fish",
}
UNSET = {"XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "", "ZDOTDIR": "", "BASH_COMPLETION_USER_DIR": ""}


class Setup:
    """`todo --install-completion` for somebody with a home of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._todo = Command({"HOME": str(home), "TODO_HOME": str(home / "todo"), **UNSET})

    def __call__(self, *arguments: str, **variables: str) -> Answer:
        return self._todo("--install-completion", *arguments, **variables)

    def files(self) -> dict[str, bytes]:
        """Give every file of the home and what is in it."""
        found = (path for path in self.home.rglob("*") if path.is_file())
        return {str(path.relative_to(self.home)): path.read_bytes() for path in found}


@pytest.fixture
def install(tmp_path: Path) -> Setup:
    """Give the installation for a person whose home is empty."""
    return Setup(tmp_path)


@pytest.mark.parametrize("shell", shells.SHELLS)
def test_it_says_on_stderr_what_it_wrote_and_writes_nothing_else(
    install: Setup, shell: str
) -> None:
    answer = install(shell)

    written = {SCRIPTS[shell], *filter(None, [STARTUP.get(shell)])}
    assert (answer.code, answer.out) == (0, "")
    assert set(install.files()) == written
    assert all(f"Wrote {install.home / name}.\n" in answer.err for name in written)
    assert answer.err.endswith(f"A new {shell} completes todo.\n")


@pytest.mark.parametrize("shell", shells.SHELLS)
def test_a_second_time_changes_nothing(install: Setup, shell: str) -> None:
    install(shell)
    before = install.files()

    answer = install(shell)

    assert (answer.code, answer.err) == (0, f"{shell} completes todo already.\n")
    assert install.files() == before


def test_the_folders_that_the_environment_names_are_used(install: Setup) -> None:
    def at(name: str) -> str:
        return str(install.home / name)

    install("bash", XDG_DATA_HOME=at("a"))
    install("bash", BASH_COMPLETION_USER_DIR=f"{at('b')}:{at('c')}")
    install("zsh", XDG_DATA_HOME=at("d"), ZDOTDIR=at("e"))
    install("fish", XDG_CONFIG_HOME=at("f"))

    assert set(install.files()) == {
        *("a/bash-completion/completions/todo", "b/completions/todo", ".bashrc"),
        *("d/todo-cli/zsh/_todo", "e/.zshrc", "f/fish/completions/todo.fish"),
    }


def test_a_start_up_file_keeps_its_content_its_mode_and_its_place(install: Setup) -> None:
    dotfiles = install.home / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "bashrc").write_bytes(b"alias ls=\xff")  # no newline at its end, and no UTF-8
    (dotfiles / "bashrc").chmod(0o600)
    (install.home / ".bashrc").symlink_to("dotfiles/bashrc")

    install("bash")

    first, last = (dotfiles / "bashrc").read_bytes().splitlines()
    assert first == b"alias ls=\xff"
    assert b"bash-completion/completions/todo" in last
    assert (install.home / ".bashrc").is_symlink()
    assert stat.S_IMODE((dotfiles / "bashrc").stat().st_mode) == 0o600
    assert [each.name for each in dotfiles.iterdir()] == ["bashrc"]


def test_a_home_of_any_name_is_quoted(tmp_path: Path) -> None:
    home = tmp_path / "it's $(touch ran)"
    home.mkdir()

    Setup(home)("bash")

    assert f"'{tmp_path}/it'\"'\"'s $(touch ran)/" in (home / ".bashrc").read_text()


def test_a_file_that_cannot_be_written_is_named_in_one_sentence(install: Setup) -> None:
    (install.home / ".config").write_text("a file, where a folder belongs")
    (install.home / ".bashrc").mkdir()

    fish, bash = install("fish"), install("bash")

    assert (fish.code, bash.code) == (1, 1)
    assert fish.err == (
        f"todo: cannot read {install.home}/.config/fish/completions/todo.fish: Not a directory\n"
    )
    assert bash.err.endswith(f"todo: cannot read {install.home}/.bashrc: Is a directory\n")


def test_a_folder_that_cannot_be_made_is_named_in_one_sentence(install: Setup) -> None:
    answer = install("fish", XDG_CONFIG_HOME="/proc/todo")  # where root cannot write either

    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert answer.err.startswith("todo: cannot write /proc/todo/fish/completions/todo.fish: ")


def test_a_link_that_leads_nowhere_is_followed(install: Setup) -> None:
    (install.home / ".zshrc").symlink_to(install.home / "dotfiles" / "zshrc")

    assert install("zsh").code == 0
    assert (install.home / "dotfiles" / "zshrc").read_text().count("\n") == 1


def test_the_shell_that_calls_is_found(install: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("zsh", "/bin/zsh"))

    assert "A new zsh" in install().err
    assert install("--quiet").code == 0


def test_another_caller_than_a_known_shell_leaves_it_to_the_environment(
    install: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("dash", "/bin/dash"))
    assert "A new fish" in install(SHELL="/usr/local/bin/fish").err

    def fail() -> None:
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr(shellingham, "detect_shell", fail)
    assert "A new bash" in install(SHELL="/bin/bash").err
    unknown = install(SHELL="/bin/dash")
    assert unknown.code == 2
    assert unknown.err == (
        "todo: cannot tell which shell this is\nhint: name one of bash, zsh, fish\n"
    )


def test_an_unknown_shell_is_refused(install: Setup) -> None:
    answer = install("tcsh")

    assert (answer.code, answer.out) == (2, "")
    assert "'tcsh' is not one of the shells\nhint: name one of bash, zsh, fish" in answer.err
    assert install.files() == {}


def test_quiet_and_json_say_nothing(install: Setup) -> None:
    assert install("bash", "--quiet").err == ""
    assert install("fish", "--json").err == ""


@pytest.mark.parametrize("shell", shells.SHELLS)
def test_the_script_is_shown_on_stdout(todo: Command, shell: str) -> None:
    for answer in (todo("--show-completion", shell), todo(f"--show-completion={shell}")):
        assert (answer.code, answer.err) == (0, "")
        assert answer.out == shells.script(shell)
        assert "eval" not in answer.out.replace("evaluated", "").replace("zsh_eval_context", "")


def test_the_options_are_the_roots_alone_and_words_behind_a_dash_stay(todo: Command) -> None:
    assert todo("list", "--show-completion").code == 2
    added = todo("add", "--json", "--", "--show-completion")
    assert '"title":"--show-completion"' in added.out
