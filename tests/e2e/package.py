"""Copies of the program, so that nobody changes its files meanwhile, and for slow machines."""

import compileall
import os
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Final

from tests import run

CHECKOUT: Final = Path(__file__).parents[2]
# On a slow machine nothing more is said; and clients wait longer, so that all go to the agent.
QUIET: Final = {"SILENCE": "60.0"}
PATIENT: Final = {"_PATIENCE": "30.0", **QUIET}
# Nobody gives an agent up there either.
STUBBORN: Final = {
    **{"SILENCE": "60.0", "_PATIENCE": "60.0", "_HANDING_OVER": "60.0"},
    **{"_HELLO_SECONDS": "60.0", "_COMMAND_SECONDS": "60.0"},
}
_CHANGED: Final = ("worker", "client", "patience")  # the modules with such constants


def copy_package(to: Path, **constants: str) -> str:
    """Copy the program and give its PYTHONPATH.

    ``constants`` are those of a few modules that have another value in the copy.
    """
    for name in ("todo_cli", "migrations"):
        shutil.copytree(CHECKOUT / name, to / name)
    files = [file for file in to.rglob("*.py") if file.stem in _CHANGED]
    for name, value in constants.items():
        changes = 0
        for file in files:
            text, number = re.subn(rf"(?m)^({name}\b.* =) \S+", rf"\1 {value}", file.read_text())
            if number:
                file.write_text(text)
            changes += number
        assert changes == 1, name
    return path_of(to)


def package(**constants: str) -> str:
    """Give the PYTHONPATH of a copy that all tests of this run share."""
    return path_of(shared_copy(**constants))


def shared_copy(**constants: str) -> Path:
    """Give the folder of a copy that all tests of this run share."""
    name = "-".join(f"{name}={value}" for name, value in sorted(constants.items()))
    return run.once(f"package-{name}", partial(_make, constants))


def path_of(package: Path) -> str:
    """Give the PYTHONPATH of a copy."""
    return os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))


def _make(constants: dict[str, str], to: Path) -> None:
    to.chmod(0o755)
    copy_package(to, **constants)
    compileall.compile_dir(to, quiet=1)  # else each account that may not write there does it again
