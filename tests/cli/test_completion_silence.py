"""Completion in trouble: no error, no server, no file, no waiting."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.core import TyperGroup

from tests.conftest import Command, Person, temporary_home
from todo_cli.cli.app import app
from todo_cli.cli.completion.suggestions import suggest

ROOT = typer.main.get_command(app)
WORDS = st.one_of(
    st.sampled_from(
        ["add", "list", "modify", "done", "db", "profile", "1", "-", "--", "--due", "--tag=x"]
    ),
    st.sampled_from(
        ["-P", "--fields", "id,", "due:", "+", "-x", "--x=", "due.before:t", "status:"]
    ),
    st.text(max_size=5),
)
CHECKOUT = Path(__file__).parents[2]


def run(
    *words: str, python: tuple[str, ...] = ("-m", "todo_cli"), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Have the program complete, as a process of its own that knows this environment only."""
    return subprocess.run(
        [sys.executable, *python, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
        timeout=60,
        env={
            "PATH": os.defpath,
            "PYTHONDONTWRITEBYTECODE": "1",
            "_TODO_COMPLETE": "1",
            **environment,
        },
    )


@pytest.fixture
def nowhere() -> Iterator[str]:
    """Give the URL of a host that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield f"postgresql://ann@127.0.0.1:{listening.getsockname()[1]}/todo"


def test_a_host_that_never_answers_is_not_waited_for(nowhere: str, tmp_path: Path) -> None:
    for words in (["done", ""], ["add", "--project="]):
        done = run(*words, TODO_DATABASE_URL=nowhere, TODO_HOME=str(tmp_path))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    known = run("modify", "1", "-", TODO_DATABASE_URL=nowhere, TODO_HOME=str(tmp_path))
    assert "--title\t" in known.stdout


def test_people_who_look_for_a_bug_are_told_why_nothing_is_suggested(
    nowhere: str, tmp_path: Path
) -> None:
    for url, seconds, why in (
        ("postgresql://nobody@127.0.0.1:1/todo", 60, "OperationalError"),
        (nowhere, 0, "TimeoutError: no answer within"),
    ):
        program = (
            "from todo_cli.services.completion import suggestions\n"
            f"suggestions.DEADLINE = {seconds}\n"
            "from todo_cli.cli.app import main\n"
            "main()\n"
        )
        variables = {"TODO_DATABASE_URL": url, "TODO_HOME": str(tmp_path)}
        done = run("done", "", python=("-c", program), TODO_DEBUG="1", **variables)
        assert (done.returncode, done.stdout) == (0, "")
        assert why in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody:wrong@127.0.0.1:1/todo",
        "postgresql://@/todo?host=/nonexistent",
        "postgresql://host:port:more/",
        "nonsense",
        "postgresql://x?sslmode=nonsense",
    ],
)
def test_a_database_that_cannot_be_reached_is_no_error(url: str, tmp_path: Path) -> None:
    done = run("done", "", TODO_DATABASE_URL=url, TODO_HOME=str(tmp_path))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_database_without_the_schema_is_no_error(person: Person, tmp_path: Path) -> None:
    url = person.url.replace(f"/{person.database.name}?", "/postgres?")

    done = run("done", "", TODO_DATABASE_URL=url, TODO_HOME=str(tmp_path))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("config", ["nonsense = [", "default_profile = 3", 'default_profile = "x"'])
def test_a_broken_config_is_no_error(config: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(config)

    for words in (["done", ""], ["--profile", ""], ["nonsense", "--x="], []):
        done = run(*words, TODO_HOME=str(tmp_path))
        assert (done.returncode, done.stderr) == (0, ""), words


def test_a_word_that_is_not_utf_8_is_no_error(tmp_path: Path) -> None:
    done = run("done", "\udcff", TODO_HOME=str(tmp_path))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_completion_starts_no_server_and_leaves_nothing_behind() -> None:
    with temporary_home() as home:
        for words in (["done", ""], ["list", "--project="], ["add", "+"], ["--profile", ""]):
            done = run(*words, TODO_HOME=str(home / "new"), HOME=str(home))
            assert (done.returncode, done.stderr) == (0, "")
        assert list(home.iterdir()) == []


def test_completion_loads_no_code_that_takes_long(todo: Command) -> None:
    todo("add", "Buy milk")
    program = (
        "import os, sys\n"
        "from todo_cli.services.completion import suggestions\n"
        "suggestions.DEADLINE = 60.0\n"
        "from todo_cli.cli.app import main\n"
        "os._exit = lambda code: (print(*sys.modules, flush=True), os.abort())\n"
        "main()\n"
    )
    done = run("done", "", python=("-c", program), **todo.environment)

    first, *modules = done.stdout.split("\n")
    assert first == "1\tBuy milk"
    loaded = {name.split(".")[0] for name in " ".join(modules).split()}
    assert "psycopg2" in loaded
    assert not loaded & {"sqlalchemy", "sqlmodel", "alembic", "rich", "tomlkit", "psutil"}


@given(words=st.lists(WORDS, max_size=6))
def test_whatever_is_typed_each_suggestion_is_one_line_that_goes_on_from_it(
    words: list[str],
) -> None:
    assert isinstance(ROOT, TyperGroup)

    for value, about in suggest(ROOT, words, {"TODO_HOME": "/nonexistent"}):
        assert value.startswith(words[-1] if words else "")
        assert len(f"{value}\t{about}\n".splitlines()) == 1
        assert "\t" not in value + about
