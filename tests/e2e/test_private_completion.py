"""Completion asks a private server that runs, and leaves alone one that does not."""

from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from tests.conftest import stop
from tests.e2e.program import copy, pid_of, processes, titles
from todo_cli.cli.app import app
from todo_cli.cli.completion.suggestions import suggest
from todo_cli.services.completion import suggestions


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "DEADLINE", 1e6)  # this process has been working for long


def ids(home: Path) -> dict[str, str]:
    """Give what is suggested behind `todo done`."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return dict(suggest(root, ["done", ""], {"TODO_HOME": str(home)}))


def test_a_private_server_that_runs_is_asked(
    old_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PGHOST", "db.example.com"), ("PGUSER", "me"), ("PGOPTIONS", "nonsense")):
        monkeypatch.setenv(name, value)

    assert ids(old_home) == {"1": "task one"}


def test_a_private_server_whose_socket_lies_elsewhere_is_asked(
    home: Path, first_home: Path
) -> None:
    long = home / ("d" * 100)
    copy(first_home, long)
    try:
        assert titles(long) == ["task one"]
        assert ids(long) == {"1": "task one"}
    finally:
        stop(long)


def test_a_private_server_that_is_stopped_stays_so_and_its_files_as_they_are(
    stopped_home: Path,
) -> None:
    def files() -> dict[Path, int]:
        return {path: path.lstat().st_mtime_ns for path in stopped_home.rglob("*")}

    before = files()

    assert ids(stopped_home) == {}
    assert pid_of(stopped_home) is None
    assert processes(stopped_home) == []
    assert files() == before
