"""Editors for `todo edit`: small scripts that do whatever has to happen while one is open."""

import json
import os
import stat
import sys
from pathlib import Path

from tests.conftest import Command

ROOT = Path(__file__).parents[2]
TODO = f'"{sys.executable}" -m tests.alone'

# sed -i is not the same everywhere.
_CHANGE = """#!/bin/sh
file="$1"
change() { sed "$1" "$file" > "$file.new" && cat "$file.new" > "$file"; rm "$file.new"; }
"""


def editor(todo: Command, script: str, name: str = "an editor") -> str:
    """Make an editor of lines of sh and give what VISUAL says for it.

    In it, $file is the file, and ``change`` runs a command of sed on it.
    """
    path = Path(todo.environment["TODO_HOME"]) / name
    path.write_text(f"{_CHANGE}{script}\n")
    path.chmod(0o755)
    return f"'{path}'"


def sets(field: str, value: str) -> str:
    """Give the line of sh that changes a field."""
    return f'change "s/^{field}:.*/{field}: {value}/"'


def edits(todo: Command) -> list[Path]:
    """Give the files of the texts that are being edited, or were kept."""
    folder = Path(todo.environment["TODO_HOME"]) / "state" / "edits"
    return list(folder.iterdir()) if folder.exists() else []


def kept(todo: Command, message: str) -> str:
    """Give the text of the only file that was kept, which the message names."""
    (path,) = edits(todo)
    assert f"your text is kept in {path}" in message
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    return path.read_text()


def title(todo: Command) -> str:
    """Give the title of task 1."""
    found: str = json.loads(todo("show", "1", "--json").out)["title"]
    return found


def environment(todo: Command, visual: str) -> dict[str, str]:
    """Give the environment of a process that edits with ``visual``."""
    return {"PATH": os.environ["PATH"], **todo.environment, "VISUAL": visual}
