"""The program of the last release works on a database that this program has raised."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks import release
from tests.conftest import Answer, Database, temporary_home
from tests.e2e.program import Program
from tests.integration.test_migrations import empty as empty  # a fixture
from tests.servers import differences
from todo_cli.errors import UnavailableError

Run = Callable[..., Answer]


@pytest.fixture(scope="module")
def released() -> Iterator[Path]:
    """Give the folder of the last release's program."""
    with temporary_home() as folder:
        try:
            release.unpack(release.last_release(), folder)
        except UnavailableError as error:
            pytest.skip(f"{error.message}: {error.hint}")
        yield folder


@pytest.fixture
def new(home: Path) -> Program:
    """Give this program, on a TODO_HOME of its own."""
    return Program(home)


@pytest.fixture
def old(new: Program, released: Path) -> Program:
    """Give the program of the last release, on the same TODO_HOME."""
    packages = filter(None, [str(released), os.environ.get("PYTHONPATH")])
    return replace(new, path=os.pathsep.join(packages))


def done(answer: Answer) -> str:
    """Give what a command printed that went well."""
    assert answer.code == 0, answer
    return answer.out


def tasks(todo: Run) -> list[dict[str, Any]]:
    """Give all tasks, those in the trash too."""
    found = json.loads(done(todo("list", "--status", "any", "--json")))
    return sorted(found, key=lambda task: int(task["number"]))


def change_by(old: Run, new: Run) -> list[str]:
    """Have the old program do all that one does with tasks; give the numbers of the four.

    What either says of them afterwards is the same, but for what only the new one knows.
    """
    plans = ("Buy milk +errand due:tomorrow", "Lamp priority:high", "Tin project:home", "Text")
    milk, lamp, tin, text = (done(old("add", "--quiet", *plan.split())).strip() for plan in plans)
    done(old("modify", milk, text, "due:fri", "+weekend", "--description", "whole"))
    done(old("done", lamp))
    done(old("rm", tin))

    by_old = tasks(old)
    assert statuses(by_old) == ["pending", "completed", "deleted", "pending"]
    for was, now in zip(by_old, tasks(new), strict=True):
        assert was == {key: now.get(key) for key in was}
    return [milk, lamp, tin, text]


def statuses(found: list[dict[str, Any]]) -> list[str]:
    """Give the statuses of the last four tasks."""
    return [str(each["status"]) for each in found[-4:]]


def test_the_last_release_is_a_program_of_its_own_with_the_version_that_it_says(
    old: Program, released: Path
) -> None:
    where = [sys.executable, "-P", "-c", "import todo_cli; print(todo_cli.__file__)"]
    environment = {"PYTHONPATH": old.path}
    found = subprocess.run(where, env=environment, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == str(released / "todo_cli" / "__init__.py")
    assert done(old("--version")) == f"todo {release.last_release().version}\n"


def test_a_shared_database_that_was_raised_serves_the_last_release(
    empty: Database, old: Program, new: Program
) -> None:
    owner = {"TODO_ADMIN_DATABASE_URL": empty.url(empty.owner)}
    done(old("db", "upgrade", **owner))
    done(new("db", "upgrade", **owner))
    assert differences(empty) == []  # a migration that was released stays as it was
    member = {"TODO_DATABASE_URL": empty.new_person().url}

    before, now = partial(old, **member), partial(new, **member)
    milk, lamp, tin, text = change_by(before, now)
    done(now("reopen", lamp))
    done(now("restore", tin))
    done(now("modify", milk, "--title", "Buy oat milk", "due:none"))
    done(now("done", text))
    assert json.loads(done(before("show", milk, "--json")))["title"] == "Buy oat milk"
    assert statuses(tasks(before)) == ["pending", "pending", "pending", "completed"]
    done(before("rm", milk, tin))
    done(before("restore", tin))
    done(before("reopen", text))
    done(before("done", lamp, tin))
    assert statuses(tasks(now)) == ["deleted", "completed", "completed", "pending"]


def test_a_private_database_that_was_raised_serves_the_last_release(
    old: Program, new: Program
) -> None:
    done(old("add", "From before"))
    assert "From before" in done(new("list"))

    change_by(old, new)


@pytest.mark.parametrize("is_clone", [True, False])
def test_a_copy_without_the_history_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_clone: bool
) -> None:
    if is_clone:
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.setattr(release, "ROOT", tmp_path)

    with pytest.raises(UnavailableError, match=r"release 1\.2\.3 is not in this copy") as caught:
        release.unpack(release.Release("1.2.3", "0" * 40), tmp_path / "program")

    assert "git fetch --unshallow" in str(caught.value.hint)
    assert not (tmp_path / "program").exists()
