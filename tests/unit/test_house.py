"""The house keeps its shape: what is imported when, what is shipped, what is documented."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from todo_cli import __version__
from todo_cli.cli.app import app
from todo_cli.store.schema import migrate
from todo_cli.store.schema.models import HEAD

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# What may stand in two places: SQL, the example of a command, what a server says, kinds of objects.
OFTEN = re.compile("[A-Z]{4}|Example: |the database (system is|refused it:)$|foreign key elsewhere")


def loaded_by(*arguments: str, environment: dict[str, str] | None = None) -> set[str]:
    """Run `todo` in a new interpreter and give the modules it has loaded."""
    program = (
        "import sys\n"
        "from todo_cli.cli.app import main\n"
        f"sys.argv = ['todo', *{list(arguments)}]\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["add", "--help"]])
def test_version_and_help_load_no_database_code(arguments: list[str]) -> None:
    heavy = {"sqlalchemy", "sqlmodel", "alembic", "psycopg2", "tomlkit", "dateutil"}

    assert not loaded_by(*arguments) & heavy


def test_what_libraries_log_is_not_shown_to_people() -> None:
    program = (
        "import logging, todo_cli.link.engine\n"
        "logging.getLogger('sqlalchemy.pool.impl.QueuePool').error('closing failed')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert (done.stdout, done.stderr) == ("", "")


def test_the_watcher_of_the_private_server_needs_the_standard_library_alone() -> None:
    program = "import sys, todo_cli.server.idle; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    names = {name.split(".")[0] for name in done.stdout.split()}
    assert names <= {*sys.stdlib_module_names, "todo_cli", "__main__"}


def test_the_wheel_ships_the_man_page_where_man_looks_for_it() -> None:
    shared = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]

    assert shared == {"docs/todo.1": "share/man/man1/todo.1"}
    assert (ROOT / "docs" / "todo.1").is_file()


def test_the_program_needs_the_newest_migration() -> None:
    revisions = [revision for revision, _ in migrate.history()]

    assert revisions == sorted(revisions)
    assert revisions[-1] == HEAD


def test_every_dependency_says_what_it_is_for() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    requirements = [line for line in lines if re.match(r'    "[a-z0-9-]+(>=|")', line)]

    assert len(requirements) > 15
    assert all("  # " in line for line in requirements)


def root() -> typer.core.TyperGroup:
    """Give `todo` itself."""
    found = typer.main.get_command(app)
    assert isinstance(found, typer.core.TyperGroup)
    return found


def commands() -> dict[str, typer.core.TyperCommand]:
    """Give every command under its whole name."""
    found = {}
    for name, command in root().commands.items():
        inner = getattr(command, "commands", None)
        for inner_name, inner_command in (inner or {"": command}).items():
            found[f"{name} {inner_name}".strip()] = inner_command
    return found


@pytest.mark.parametrize("name", ["", "db", "agent", "profile", "user", *commands()])
def test_help_shows_what_people_type_and_no_types_of_pythons(name: str) -> None:
    result = CliRunner().invoke(app, [*name.split(), "--help"])

    assert result.exit_code == 0
    assert not re.findall(r"[<{].*?[>}]", result.stdout)


def test_help_names_the_value_of_every_option_that_takes_one() -> None:
    unnamed = [
        option.opts
        for command in (root(), *commands().values())
        for option in command.params
        if isinstance(option, typer.core.TyperOption)
        if not option.is_flag and not option.metavar
    ]

    assert not unnamed


def test_every_command_has_help_with_one_example() -> None:
    for name, command in commands().items():
        result = CliRunner().invoke(app, [*name.split(), "--help"])

        assert result.exit_code == 0
        assert command.help, name
        assert result.stdout.count("Example: todo ") == 1, name
        assert "--json" in result.stdout, name


def test_version_is_that_of_the_package() -> None:
    for arguments in (["--version"], ["list", "--version"], ["db", "check", "--version"]):
        result = CliRunner().invoke(app, arguments)

        assert (result.exit_code, result.stdout) == (0, f"todo {__version__}\n")


def test_no_file_is_longer_than_350_lines() -> None:
    for folder in ("todo_cli", "migrations", "tests", "benchmarks", "docs"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 350, path


def sentences(path: Path) -> Iterator[str]:
    """Give the texts in a module that people may read: several words, no docstring and no SQL."""
    tree = ast.parse(path.read_text())
    docstrings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.strip()
            if len(text) >= 20 and text.count(" ") >= 2 and node not in docstrings:
                yield text


def test_a_sentence_is_written_once() -> None:
    places = defaultdict(list)
    for path in (ROOT / "todo_cli").rglob("*.py"):
        for text in sentences(path):
            places[text].append(str(path.relative_to(ROOT)))
    twice = {text: found for text, found in places.items() if len(found) > 1}

    assert {text: found for text, found in twice.items() if not OFTEN.match(text)} == {}
