"""What a terminal shows: tasks fitted to its width. Imports rich, which is slow.

Colours are three of the sixteen that every terminal has: bright red, blue and magenta keep a
contrast of about three or more on black and on white in the usual palettes, which no other does.
Nothing is said by colour alone.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO
from unicodedata import bidirectional

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from todo_cli.domain.tasks.task import Page, TaskView
from todo_cli.domain.tasks.values import Priority, Status
from todo_cli.domain.text import settled
from todo_cli.domain.time import dates
from todo_cli.domain.time.relative import in_full, is_late, relative

_GAP = 2  # cells between two columns
_INDENT = 2  # cells before what stands below a title
_PROSE = 80  # cells in the longest line of a description that is easy to read
_TITLE = 60  # cells in a long line of a title, or half a wide screen: more is hard to follow
_ENOUGH = 30  # cells that a title wants, even if other columns must go for them
_LEAST = 2  # cells of a title on the narrowest of screens: one wide character
_LABEL = 24  # cells that a project and tags get in columns of their own

# "dim" is mixed from the theme's own colours; "bright black" is invisible in some themes.
_QUIET, _ALARM = "dim", "bold bright_red"
_PRIORITIES = {
    Priority.LOW: _QUIET,
    Priority.MEDIUM: "",
    Priority.HIGH: "bold",
    Priority.URGENT: _ALARM,
}
_PROJECT, _TAG = "bright_blue", "bright_magenta"

# What goes below the title when it would get too few cells, and what follows when it still does.
_FIRST_BELOW = ("Status", "Priority", "Project", "Tags")
_ALL_BELOW = ("Completed", "Due", *_FIRST_BELOW)

# What goes before a value there that does not tell by itself what it is.
_SAID_BELOW = {"Project": "project:", "Completed": "completed "}

_RULE = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
_MARK = "\N{LEFT-TO-RIGHT MARK}"  # takes no cell
_Row = dict[str, Text]


def show_page(page: Page, now: datetime, terminal: TextIO, *, color: bool) -> None:
    """Draw a table of tasks, of which there must be one; columns that say nothing are left out.

    Where all of them are completed, it says when in place of that.
    Without ``color`` there are no escape codes at all.
    """
    completed = all(task.status is Status.COMPLETED for task in page.tasks)
    rows = [_kept_apart(_row(task, now, completed=completed)) for task in page.tasks]
    width = _width(terminal)
    widths, below = _layout(rows, width)
    details = [_details(row, below) for row in rows]
    console = _console(terminal, width, color)
    names = {name: Text(name, "bold") for name in widths}
    lines = _lines(names, Text(), widths, console)
    lines.append(Text(_RULE * (sum(widths.values()) + _GAP * (len(widths) - 1)), _QUIET))
    for row, text in zip(rows, details, strict=True):
        lines += _lines(row, text, widths, console)
    console.print(Text("\n").join(lines), soft_wrap=True)


def show_task(
    task: TaskView,
    fields: Sequence[tuple[str, str]],
    now: datetime,
    terminal: TextIO,
    *,
    color: bool,
) -> None:
    """Draw a line for each field of a task, given as label and what is shown; long values wrap."""
    width = _width(terminal)
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(style=_QUIET, no_wrap=True, width=len("Description"))
    grid.add_column(overflow="fold", max_width=_PROSE)
    shown = {**_row(task, now), "ID": Text(), "Title": Text(settled(task.title), "bold")}
    if task.due is not None and task.status is Status.PENDING:
        shown["Due"] = Text(in_full(task.due, now), shown["Due"].style)
    for label, value in fields:
        grid.add_row(label, shown.get(label) or Text(value))
    _console(terminal, width, color).print(grid)


def show_records(
    names: Sequence[str], records: Sequence[Sequence[str]], terminal: TextIO, *, color: bool
) -> None:
    """Draw a table of objects of another kind: the names of their fields, and what is shown."""
    table = _table()
    for name in names:
        table.add_column(name, overflow="fold")
    for values in records:
        table.add_row(*(Text(value) for value in values))
    _console(terminal, _width(terminal), color).print(table)


def _row(task: TaskView, now: datetime, *, completed: bool = False) -> _Row:
    """Give the cells of a task by the names of their columns, in their order.

    ``completed`` when it is one of a list where all are.
    """
    pending = task.status is Status.PENDING
    when = task.completed_at if completed else None
    priority = "" if task.priority is Priority.MEDIUM else task.priority
    return {
        "ID": Text(str(task.number), _QUIET),
        # Text, not str: a title such as [red] is no markup.
        "Task": Text(settled(task.title), "" if pending else _QUIET),
        "Status": Text("" if pending or when else task.status),
        "Completed": Text("" if when is None else dates.describe(when, now)),
        "Due": _due(task, now),
        "Priority": Text(priority, _PRIORITIES[task.priority] if pending else _QUIET),
        "Project": Text(settled(task.project or ""), _PROJECT),
        "Tags": Text(settled(" ".join(f"+{tag}" for tag in task.tags)), _TAG),
    }


def _kept_apart(row: _Row) -> _Row:
    """Keep text that is written from right to left in its cell.

    Else a terminal that knows Unicode's bidirectional algorithm moves the number that begins the
    next cell, as in "3 days late", to the other side of it.
    """
    text = "".join(cell.plain for cell in row.values())
    if text.isascii() or not any(bidirectional(char) in ("R", "AL") for char in text):
        return row
    marked = {name: Text(_MARK, cell.style) + cell for name, cell in row.items() if cell}
    return {**row, **marked, "ID": row["ID"], "Task": row["Task"]}


def _due(task: TaskView, now: datetime) -> Text:
    if task.due is None:
        return Text()
    if task.status is not Status.PENDING:  # what is done is neither late nor near
        return Text(dates.describe(task.due, now), _QUIET)
    words = relative(task.due, now)
    near = "bold" if words.startswith("today") else ""
    return Text(words, _ALARM if is_late(task.due, now) else near)


def _layout(rows: Sequence[_Row], width: int) -> tuple[dict[str, int], tuple[str, ...]]:
    """Give the cells that each column gets, and the names of what stands below the title.

    The first way is taken that leaves enough to the title.
    """
    for most, below in ((_LABEL, ()), (0, ()), (0, _FIRST_BELOW), (0, _ALL_BELOW)):
        widths = {name: cells for name, cells in _widths(rows, most).items() if name not in below}
        others = sum(cells + _GAP for name, cells in widths.items() if name != "Task")
        if width - others >= min(_ENOUGH, widths["Task"]):
            break
    wanted = max(widths["Task"], *(cell_len(_details(row, below).plain) + _INDENT for row in rows))
    widths["Task"] = max(_LEAST, min(wanted, max(_TITLE, width // 2), width - others))
    return widths, below


def _details(row: _Row, below: Sequence[str]) -> Text:
    """Give the line below a title, which is empty when no cell of the row goes there."""
    words = []
    for name in below:
        if row[name]:
            style = row[name].style
            words.append(Text(_SAID_BELOW.get(name, ""), style) + row[name])
    return Text("  ").join(words)


def _widths(rows: Sequence[_Row], most: int) -> dict[str, int]:
    """Give how many cells each column wants; one that says nothing is left out.

    Projects and tags want ``most`` cells at most, but enough for their longest word.
    """
    widths = {}
    for name in rows[0]:
        texts = [row[name].plain for row in rows]
        if any(texts):
            widths[name] = max(cell_len(text) for text in (name, *texts))
            if name in ("Project", "Tags"):
                words = (word for text in (name, *texts) for word in text.split())
                longest = min(_LABEL, max(map(cell_len, words)))
                widths[name] = min(widths[name], max(most, longest))
    return widths


def _lines(row: _Row, details: Text, widths: dict[str, int], console: Console) -> list[Text]:
    """Give the lines of a row, each column in its cells; a rich table takes five times as long."""
    columns = {name: _wrapped(row[name], cells, console) for name, cells in widths.items()}
    if details:
        indent = Text(" " * _INDENT)
        below = _wrapped(details, max(_LEAST, widths["Task"] - _INDENT), console)
        columns["Task"] += [indent + line for line in below]
    height = max(map(len, columns.values()))
    return [_line(columns, number, widths) for number in range(height)]


def _line(columns: dict[str, list[Text]], number: int, widths: dict[str, int]) -> Text:
    line, before = Text(), ""
    for name, lines in columns.items():
        text = lines[number] if number < len(lines) else Text()
        space = " " * (widths[name] - cell_len(text.plain))
        if name == "ID":
            before, space = space, ""
        line.append(before).append_text(text)
        before = space + " " * _GAP
    return line


def _wrapped(text: Text, cells: int, console: Console) -> list[Text]:
    if cell_len(text.plain) <= cells:
        return [text]
    return list(text.wrap(console, cells, overflow="fold"))


def _table() -> Table:
    return Table(
        box=SIMPLE_HEAD,
        padding=(0, _GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        border_style=_QUIET,
        header_style="bold",
    )


def _width(terminal: TextIO) -> int:
    """Ask the terminal itself: rich would ask stdin first, and takes a dumb one for 80 wide."""
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns > 0:
        return columns
    try:
        return os.get_terminal_size(terminal.fileno()).columns or 80
    except OSError:
        return 80


def _console(terminal: TextIO, width: int, color: bool) -> Console:
    return Console(
        file=terminal,
        width=width,
        height=25,  # not used, but without it rich does not use the width either
        color_system="standard" if color else None,
        highlight=False,
    )
