"""The command that adds: one task from its words, or one for each line of stdin."""

import sys
from collections.abc import Iterator
from typing import Annotated, BinaryIO, Final

import typer

from todo_cli.cli import values, words
from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.cli.rule import Use
from todo_cli.cli.values import Given, with_fields
from todo_cli.domain.tasks.task import NewTask, new_task
from todo_cli.domain.tasks.values import TITLE_LENGTH, check_title
from todo_cli.errors import UsageError
from todo_cli.output import messages
from todo_cli.services.session.ids import new_id

_MOST: Final = 100_000  # the largest block of numbers that the database reserves
_LINE: Final = 8 * 1024  # bytes of the longest line worth reading, with blanks around the title


@with_globals
@with_fields(Use.TITLE)
def add(
    app: AppContext,
    context: typer.Context,
    title: Annotated[list[str], typer.Argument(metavar="TITLE", help="The title's words, or -.")],
    given: Given,
) -> None:
    """Add a task, or with - in place of a title one for each line of stdin, all or none.

    +TAG, tag:T, project:P, priority:P and due:WHEN may stand among the words of the title. All
    words after -- are title.
    """
    output = app.output(values.FIELDS)
    reading = words.reading(context)
    with words.explained(context):
        task = new_task(
            new_id(), " ".join(title), tags=values.tags(given["tag"]), **values.read(app, given)
        )
    new = _one_for_each_line(app, task) if reading.dash else [task]
    with app.open() as session:
        from todo_cli.services import tasks

        added = tasks.add(session, new)
    if reading.dash:
        output.added_all(added)
    else:
        output.added(added[0])
        if reading.doubtful:
            app.say(messages.kept_in_title(reading.doubtful))


def _one_for_each_line(app: AppContext, like: NewTask) -> list[NewTask]:
    if sys.stdin.isatty():
        app.say("One title a line; Ctrl-D ends.")
    return [
        like.model_copy(update={"id": new_id(), "title": title})
        for title in _titles(sys.stdin.buffer)
    ]


def _titles(stream: BinaryIO) -> Iterator[str]:
    """Give the title on each line that is not empty. Raises UsageError for the first wrong one."""
    count = 0
    for place, line in enumerate(iter(lambda: stream.readline(_LINE + 1), b""), start=1):
        title = _title(line, place)
        if title:
            count += 1
            if count > _MOST:
                raise UsageError(f"{_MOST:,} titles at a time are the most")
            yield title


def _title(line: bytes, place: int) -> str:
    try:
        if len(line) > _LINE:
            raise UsageError(f"the title is too long; {TITLE_LENGTH:,} characters is the most")
        text = line.decode("utf-8-sig" if place == 1 else "utf-8").rstrip("\r\n")
        return check_title(text) if text.strip() else ""
    except UnicodeDecodeError:
        raise UsageError(f"line {place} is not UTF-8 text: nothing was added") from None
    except UsageError as error:
        raise UsageError(f"line {place}: {error.message}: nothing was added") from None
