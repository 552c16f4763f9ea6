"""What wheel and sdist hold: what git tracks, whatever else lies about."""

import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.e2e.package import CHECKOUT
from tests.packages import build

# git ignores these. What it does not track and does not ignore would be shipped: so look first.
IGNORED = (
    "todo_cli/__pycache__/entry.pyc",
    "todo_cli/cli/build/left.py",
    "migrations/__pycache__/env.pyc",
    "migrations/versions/__pycache__/0001_people.pyc",
    "migrations/versions/dist/left.sql",
    ".mypy_cache/left.json",
    ".venv/bin/python",
    "tests/.pytest_cache/left",
    "dist/old.whl",
)
NEW = ("migrations/versions/9999_later.py", "migrations/versions/9999_later.sql")


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """Give what git tracks, as paths from the top."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    found = subprocess.run(listing, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("this is no clone of the project")
    return {name for name in found.stdout.split("\0") if name and (CHECKOUT / name).is_file()}


@pytest.fixture(scope="module")
def tree(tracked: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of it with two new files, and with much that git ignores."""
    folder = tmp_path_factory.mktemp("tree")
    for name in tracked:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, folder / name)
    for name in (*NEW, *IGNORED):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def test_the_wheel_holds_the_package_the_migrations_and_what_goes_beside_them(
    tree: Path, tracked: set[str], tmp_path: Path
) -> None:
    with zipfile.ZipFile(build(tree, "wheel", tmp_path)) as wheel:
        held = set(wheel.namelist())

    about = {name for name in held if ".dist-info/" in name}
    beside = {name for name in held if ".data/" in name}
    migrations = {name for name in {*tracked, *NEW} if name.startswith("migrations/")}
    package = {name for name in tracked if name.startswith("todo_cli/")}
    assert held - about - beside == {
        *(package - {"todo_cli/launcher.sh"}),
        *(f"todo_cli/{name}" for name in migrations),
    }
    assert {name.partition(".data/")[2] for name in beside} == {
        "scripts/todo",
        "data/share/man/man1/todo.1",
    }
    assert {name.partition(".dist-info/")[2] for name in about} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"),
    }


def test_the_sdist_holds_all_that_git_tracks_and_nothing_else(
    tree: Path, tracked: set[str], tmp_path: Path
) -> None:
    with tarfile.open(build(tree, "sdist", tmp_path)) as sdist:
        held = {name.partition("/")[2] for name in sdist.getnames()}

    assert held == {*tracked, *NEW, "PKG-INFO"}


def test_the_wheel_is_the_same_from_the_tree_and_from_the_sdist(tree: Path, tmp_path: Path) -> None:
    sdist = build(tree, "sdist", tmp_path)
    subprocess.run(["tar", "-xzf", str(sdist), "-C", str(tmp_path)], check=True)
    [unpacked] = (path for path in tmp_path.iterdir() if path.is_dir())

    one = build(tree, "wheel", tmp_path / "one").read_bytes()
    assert one == build(unpacked, "wheel", tmp_path / "two").read_bytes()


def test_git_reads_no_rules_that_the_build_does_not(tracked: set[str]) -> None:
    rules = {name for name in tracked if name.rpartition("/")[2] == ".gitignore"}

    assert rules == {".gitignore"}  # hatchling reads this one alone, and would ship the others
