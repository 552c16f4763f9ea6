"""Completion in bash, zsh and fish: the script of each, and where it is put."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from todo_cli import files
from todo_cli.domain.text import readable
from todo_cli.errors import TodoError, UsageError

SHELLS: Final = ("bash", "zsh", "fish")
DETECT: Final = "auto"  # in place of a name: the shell that this was called from

_SCRIPTS: Final = Path(__file__).parent / "scripts"

# Lines for start-up files: silent, and no failure, when the script has gone.
_BASH_LINE: Final = "if [ -r {0} ]; then . {0}; fi  # todo completes its words"
_ZSH_LINE: Final = (
    "if [[ -r {0} ]]; then (( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit -i }}"
    "; source {0}; fi  # todo completes its words"
)


def find(name: str, environ: Mapping[str, str]) -> str:
    """Give the shell of this name; for `DETECT` the one that called, else the person's own.

    Raises UsageError, which names those there are.
    """
    if name in SHELLS:
        return name
    if name != DETECT:
        raise UsageError(f"{readable(name)} is not one of the shells", _choices())
    for found in (_caller(), Path(environ.get("SHELL", "")).name):
        if found in SHELLS:
            return found
    raise UsageError("cannot tell which shell this is", _choices())


def script(shell: str) -> str:
    """Give the script that makes a shell complete `todo`."""
    return (_SCRIPTS / f"todo.{shell}").read_text(encoding="utf-8")


def install(shell: str, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Put the script where the shell finds it, and give the files that this has changed.

    ``environ`` says where the person's folders are. Raises TodoError when one cannot be written.
    """
    home = _folder(environ, "HOME", Path.home())
    data = _folder(environ, "XDG_DATA_HOME", home / ".local/share")
    match shell:
        case "fish":
            config = _folder(environ, "XDG_CONFIG_HOME", home / ".config")
            target, startup, line = config / "fish/completions/todo.fish", None, ""
        case "zsh":
            target = data / "todo-cli/zsh/_todo"
            startup, line = _folder(environ, "ZDOTDIR", home) / ".zshrc", _ZSH_LINE
        case _:
            # It may name several folders, as PATH does; bash-completion looks there in turn.
            chosen = environ.get("BASH_COMPLETION_USER_DIR", "").partition(":")[0]
            folder = Path(chosen) if chosen else data / "bash-completion"
            target = folder / "completions/todo"
            # Who has no bash-completion needs the line; who has it loses nothing.
            startup, line = home / ".bashrc", _BASH_LINE
    changed = [target] if _write(target, script(shell).encode()) else []
    if startup is not None and _add_line(startup, line.format(shlex.quote(str(target)))):
        changed.append(startup)
    return tuple(changed)


def _choices() -> str:
    return f"name one of {', '.join(SHELLS)}"


def _caller() -> str:
    # Here, not above: it runs ps on some systems. It ships no types.
    import shellingham  # type: ignore[import-untyped]

    try:
        return str(shellingham.detect_shell()[0])
    except (shellingham.ShellDetectionFailure, OSError, RuntimeError):
        return ""


def _folder(environ: Mapping[str, str], variable: str, default: Path) -> Path:
    """Give the folder that a variable names. A relative one counts as none, as XDG has it."""
    named = Path(environ.get(variable, ""))
    return named if named.is_absolute() else default


def _add_line(path: Path, line: str) -> bool:
    """Have a start-up file end with a line, unless it has it; tell whether that changed it."""
    text = _read(path)
    if line.encode() in text.splitlines():
        return False
    end = b"" if not text or text.endswith(b"\n") else b"\n"
    return _write(path, text + end + line.encode() + b"\n")


def _read(path: Path) -> bytes:
    """Give what a file holds, nothing where there is none. Raises TodoError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise TodoError(f"cannot read {path}: {error.strerror}") from None


def _write(path: Path, text: bytes) -> bool:
    """Write a file, unless it is so already; tell whether it was. Raises TodoError."""
    if _read(path) == text and path.exists():
        return False
    try:
        # It may be a link into somebody's dotfiles.
        Path(os.path.realpath(path)).parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text, 0o644)
    except OSError as error:
        raise TodoError(f"cannot write {path}: {error.strerror}") from None
    return True
