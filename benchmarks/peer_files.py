"""The same tasks as the files of other task managers, and how each of them is used."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Final
from uuid import uuid4

from benchmarks.statements import (
    ADD,
    DONE,
    FILTER,
    FILTERED,
    LIMIT,
    LIST_50,
    LIST_ALL,
    SEARCH,
    SEARCHED,
)
from todo_cli.domain.tasks.task import NewTask
from todo_cli.domain.tasks.values import Priority

_PATIENCE: Final = 300.0
_TODO_TXT_PRIORITIES: Final = {Priority.URGENT: "(A) ", Priority.HIGH: "(B) ", Priority.LOW: "(D) "}
_TASKWARRIOR_PRIORITIES: Final = {Priority.URGENT: "H", Priority.HIGH: "H", Priority.LOW: "L"}
_ICALENDAR_PRIORITIES: Final = {Priority.URGENT: 1, Priority.HIGH: 2, Priority.LOW: 9}


@dataclass(frozen=True)
class Ways:
    """The arguments with which a program does things, and the environment it does them in."""

    ways: Mapping[str, Callable[[], list[str]]]
    variables: Mapping[str, str]


def taskwarrior(program: str, folder: Path, tasks: Sequence[NewTask]) -> Ways:
    """Import the tasks; hooks, garbage collection and all else as it comes."""
    settings, data, given = folder / "taskrc", folder / "data", folder / "tasks.json"
    data.mkdir()
    settings.write_text(f"data.location={data}\nconfirmation=off\nverbose=nothing\n")
    given.write_text(json.dumps([_taskwarrior_task(task) for task in tasks]))
    variables = {"TASKRC": str(settings), "TASKDATA": str(data)}
    subprocess.run(
        [program, "import", str(given)],
        check=True,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        env={"HOME": str(folder), **variables},
    )
    ways = {
        LIST_50: ["list", f"limit:{LIMIT}"],
        LIST_ALL: ["list"],
        FILTER: [f"project:{FILTERED}", "list"],
        SEARCH: [SEARCHED, "list"],
        ADD: ["add", "Buy milk", "project:home", "+errand", "priority:H"],
        DONE: ["1", "done"],
    }
    return Ways(_fixed([program], ways), variables)


def todo_txt(program: str, folder: Path, tasks: Sequence[NewTask]) -> Ways:
    """Write the file; what is done goes into its archive, as it comes."""
    settings = folder / "config"
    names = {"TODO_DIR": "", "TODO_FILE": "todo.txt", "DONE_FILE": "done.txt"}
    names["REPORT_FILE"] = "report.txt"
    lines = [f'export {name}="{folder / file}"\n' for name, file in names.items()]
    settings.write_text("".join(lines))
    _write_todo_txt(folder / "todo.txt", tasks)
    ways = {
        LIST_ALL: ["ls"],
        FILTER: ["ls", f"+{FILTERED}"],
        SEARCH: ["ls", SEARCHED],
        ADD: ["add", "(B) Buy milk +home @errand"],
        DONE: ["do", "1"],
    }
    return Ways(_fixed([program, "-d", str(settings)], ways), {})


def topydo(program: str, folder: Path, tasks: Sequence[NewTask]) -> Ways:
    """Write the file that todo.txt has too."""
    todo = folder / "todo.txt"
    _write_todo_txt(todo, tasks)
    ways = {
        LIST_50: ["ls", "-n", str(LIMIT)],
        LIST_ALL: ["ls"],
        FILTER: ["ls", f"+{FILTERED}"],
        SEARCH: ["ls", SEARCHED],
        ADD: ["add", "(B) Buy milk +home @errand"],
        DONE: ["do", "1"],
    }
    start = [program, "-t", str(todo), "-d", str(folder / "done.txt")]
    return Ways(_fixed(start, ways), {})


def todoman(program: str, folder: Path, tasks: Sequence[NewTask]) -> Ways:
    """Write a file for each task; its cache is filled by the check that comes before the timing.

    It has no projects: a category is the nearest to one.
    """
    calendar, settings = folder / "tasks", folder / "config.py"
    calendar.mkdir()
    for place, task in enumerate(tasks, start=1):
        (calendar / f"{place}.ics").write_text(_icalendar(task), newline="\r\n")
    settings.write_text(
        f'path = "{calendar}"\ndefault_list = "tasks"\ncache_path = "{folder / "cache"}"\n'
        'date_format = "%Y-%m-%d"\ntime_format = "%H:%M"\n'
    )
    ways = {
        LIST_ALL: ["list"],
        FILTER: ["list", "--category", FILTERED],
        SEARCH: ["list", "--grep", SEARCHED],
        ADD: ["new", "Buy milk", "--category", "home", "--category", "errand"],
    }
    numbers, start = count(1), [program, "--config", str(settings)]
    done = {DONE: lambda: [*start, "done", str(next(numbers))]}
    return Ways({**_fixed(start, ways), **done}, {})


def _fixed(start: list[str], ways: Mapping[str, list[str]]) -> dict[str, Callable[[], list[str]]]:
    def always(arguments: list[str]) -> Callable[[], list[str]]:
        return lambda: [*start, *arguments]

    return {what: always(arguments) for what, arguments in ways.items()}


def _taskwarrior_task(task: NewTask) -> dict[str, object]:
    values = {
        "uuid": str(uuid4()),
        "status": "pending",
        "description": task.title,
        "project": task.project,
        "tags": list(task.tags),
        "priority": _TASKWARRIOR_PRIORITIES.get(task.priority, "M"),
        "due": None if task.due is None else f"{_instant(task.due):%Y%m%dT%H%M%SZ}",
    }
    return {name: value for name, value in values.items() if value}


def _write_todo_txt(path: Path, tasks: Sequence[NewTask]) -> None:
    path.write_text("".join(f"{_todo_txt_line(task)}\n" for task in tasks))


def _todo_txt_line(task: NewTask) -> str:
    words = [_TODO_TXT_PRIORITIES.get(task.priority, "(C) ") + task.title]
    if task.project is not None:
        words.append(f"+{task.project}")
    words += [f"@{tag}" for tag in task.tags]
    if task.due is not None:
        words.append(f"due:{_instant(task.due):%Y-%m-%d}")
    return " ".join(words)


def _icalendar(task: NewTask) -> str:
    categories = ",".join(filter(None, [task.project, *task.tags]))
    title = task.title.replace(",", "\\,")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:benchmarks",
        "BEGIN:VTODO",
        f"UID:{uuid4()}",
        "DTSTAMP:20261118T000000Z",
        f"SUMMARY:{title}",
        f"PRIORITY:{_ICALENDAR_PRIORITIES.get(task.priority, 5)}",
        "STATUS:NEEDS-ACTION",
    ]
    if categories:
        lines.append(f"CATEGORIES:{categories}")
    if task.due is not None:
        lines.append(f"DUE:{_instant(task.due):%Y%m%dT%H%M%SZ}")
    return "\n".join([*lines, "END:VTODO", "END:VCALENDAR", ""])


def _instant(due: date | datetime) -> datetime:
    if isinstance(due, datetime):
        return due.astimezone(UTC)
    return datetime(due.year, due.month, due.day, tzinfo=UTC)
