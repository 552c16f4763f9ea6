"""Wheel and sdist of the project, and environments with them, made offline as installers do it."""

import subprocess
import sys
import sysconfig
from pathlib import Path


def build(tree: Path, kind: str, to: Path) -> Path:
    """Build the ``wheel`` or ``sdist`` of a tree by its backend, and give the file."""
    command = [sys.executable, "-P", "-m", "hatchling", "build", "-t", kind, "-d", str(to)]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    [made] = to.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


def environment(folder: Path, *what: str) -> Path:
    """Make a virtual environment, install there, and give the folder of its programs.

    ``what`` is what pip is told to install. The dependencies are those of the tests.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "of_the_tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip("--python", str(folder / "bin/python"), "install", *what)
    return folder / "bin"


def pip(*arguments: str) -> None:
    """Run the pip of the tests, with nothing but what is here."""
    alone = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-P", "-m", "pip", *arguments, *alone], check=True, capture_output=True
    )
