"""`python -m docs.pictures`: run the commands of the pictures, and draw and write what they show.

The README has it as text, which is seen on a package index too: an SVG would need an address there,
which the project does not have. The reference has SVGs, with the colours.

What is shown is the same on each run: day, time zone, terminal and the tasks' ids are fixed, and
the one thing that the database lets nobody choose, when a task was added, is masked.
"""

import re
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from benchmarks.server import temporary_server
from docs.manual import README
from docs.markdown import Page
from docs.terminal import PROGRAM, drawn, plain, screen
from todo_cli.domain.tasks.task import NewTask, new_task
from todo_cli.domain.tasks.values import Priority
from todo_cli.domain.time import dates
from todo_cli.link import engine
from todo_cli.link.driver import DriverConnection
from todo_cli.services import tasks
from todo_cli.services.session import private
from todo_cli.services.session.ids import new_id
from todo_cli.store.people import roles
from todo_cli.store.schema.models import HEAD

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = "docs/pictures"
BEGIN: Final = "<!-- screen: written by python -m docs.pictures -->"
END: Final = "<!-- /screen -->"
ROLE: Final = "alice"
EMAIL: Final = "alice@example.com"
_ZONE: Final = ZoneInfo("Europe/Berlin")
_NOW: Final = datetime(2026, 11, 18, 10, 0, tzinfo=_ZONE)  # a Wednesday
_ADDED: Final = datetime(2026, 11, 16, 8, 30, tzinfo=_ZONE)

# A label, spaces and colours, then the moment up to the end of the line.
_MOMENT: Final = re.compile(r"((?:Created|Updated)(?:[ ]|\x1b\[[\d;]*m)+).+")


@dataclass(frozen=True)
class Picture:
    """A command, as it stands on the prompt and as its arguments, and a description."""

    name: str
    command: str
    arguments: tuple[str, ...]
    description: str


PICTURES: Final = (
    Picture(
        "add",
        'todo add "Buy milk" +errand due:tomorrow',
        ("add", "Buy milk", "+errand", "due:tomorrow"),
        "todo add confirms the new task, with the date as it was understood.",
    ),
    Picture(
        "list",
        "todo list",
        ("list",),
        "todo list shows a table of tasks: what is late, due today and later, with priorities, "
        "projects and tags.",
    ),
    Picture("show", "todo show 2", ("show", "2"), "todo show tells everything about one task."),
)


def main() -> None:
    """Draw the pictures with a private server of their own, of which nothing stays."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that we clean up
    with temporary_server() as (server, environment):
        with private.person_engine(server):
            pass  # which sets it up
        fill(lambda role: server.connect(roles.DATABASE, role))
        url = f"postgresql://{ROLE}@/{roles.DATABASE}?host={server.socket_folder}"
        for name, text in draw(url, environment["TODO_HOME"]).items():
            (ROOT / name).write_text(text, encoding="utf-8")
            sys.stdout.write(f"Wrote {name}\n")


def fill(connect: Callable[[str], DriverConnection]) -> None:
    """Make the person of the pictures, and the tasks that are there before the first of them.

    ``connect`` opens a private server's database as a role.
    """
    with engine.work_on(connect(roles.OWNER)) as cursor:
        roles.create_person(cursor, ROLE, EMAIL)
    person = engine.make_engine(lambda: connect(ROLE), HEAD)
    with engine.open_session(person, new_id()) as session:
        tasks.add(session, _tasks())
    person.dispose()


def draw(url: str, home: str, program: str = PROGRAM) -> dict[str, str]:
    """Give the files that show the pictures, by their paths. ``home`` is a folder for `todo`.

    ``program`` is the module that is run as `todo`.
    """
    environment = {
        "TODO_DATABASE_URL": url,
        "TODO_HOME": home,
        "HOME": home,
        "TODO_NOW": _NOW.isoformat(),
        "TODO_AGENT": "off",
        "TZ": _ZONE.key,
    }
    screen(["list"], environment, program)  # a terminal's first command welcomes people
    shown = {each: masked(screen(each.arguments, environment, program)) for each in PICTURES}
    files = {
        f"{FOLDER}/{each.name}.svg": drawn(each.command, written, each.description)
        for each, written in shown.items()
    }
    readme = Page(README, (ROOT / README).read_text(encoding="utf-8"))
    return files | {README: readme.replaced(BEGIN, END, _as_text(shown)).text}


def masked(written: str) -> str:
    """Put one moment in the place of those at which the database made and changed a task."""
    return _MOMENT.sub(lambda found: f"{found[1]}{dates.describe(_ADDED, _NOW)}\x1b[0m", written)


def _as_text(shown: Mapping[Picture, str]) -> str:
    """Give one screen of all pictures in Markdown."""
    screens = [f"$ {each.command}\n{plain(written)}" for each, written in shown.items()]
    return "\n".join(["```console", "\n\n".join(screens), "```"])


def _tasks() -> list[NewTask]:
    values: list[dict[str, Any]] = [
        {
            "title": "Renew the passport",
            "due": _day(16),
            "project": "papers",
            "priority": Priority.HIGH,
        },
        {
            "title": "Send the quarterly report",
            "description": "Figures are in the shared folder.\nAsk Bob to read it first.",
            "due": datetime(2026, 11, 18, 17, 0, tzinfo=_ZONE),
            "project": "work",
            "tags": ("writing",),
            "priority": Priority.URGENT,
        },
        {"title": "Call the dentist", "due": _day(18), "tags": ("calls",)},
        {"title": "Water the plants", "due": _day(20), "project": "home"},
        {
            "title": "Book the train to Munich",
            "due": _day(27),
            "project": "travel",
            "tags": ("online",),
        },
        {"title": "Fix the bicycle light", "project": "home", "tags": ("errand", "weekend")},
        {
            "title": "Read about row-level security",
            "tags": ("reading",),
            "priority": Priority.LOW,
        },
    ]
    return [new_task(_uuid(number), **each) for number, each in enumerate(values, start=1)]


def _day(day: int) -> date:
    return date(2026, 11, day)


def _uuid(number: int) -> UUID:
    """Give an id as it would have been made when the tasks were added: UUIDv7 (RFC 9562)."""
    milliseconds = int(_ADDED.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | number)


if __name__ == "__main__":
    main()
