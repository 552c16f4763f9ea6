"""The reference of commands, between two comments of docs/reference.md."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from docs.commands import NAME, Command, Parameter, Program
from docs.markdown import Page, marked, table

BEGIN: Final = "<!-- commands: written by python -m docs -->"
END: Final = "<!-- /commands -->"
_WIDTH: Final = 96  # of a line of options


def replaced(page: Page, program: Program) -> Page:
    """Give the page with the reference of these commands in it. Raises LookupError."""
    return page.replaced(BEGIN, END, text(program))


def text(program: Program) -> str:
    """Give the reference as Markdown that also reads well as it is."""
    rows = [(f"`{each.usage}`", marked(each.help[0])) for each in program.commands]
    lines = [*table(("command", "what it does"), rows), ""]
    for command in program.commands:
        if command.options:
            lines += _options_of(command)
    lines += ["On every command, before or after its name:", ""]
    lines += _listed(program.options)
    if program.own:
        lines += ["", f"On `{NAME}` itself:", "", *_listed(program.own)]
    return "\n".join(lines)


def _options_of(command: Command) -> Iterator[str]:
    examples = " and ".join(f"`{example}`" for example in command.examples)
    first = f"`{command.name}`, for example {examples}." if examples else f"`{command.name}`."
    more = (marked(paragraph) for paragraph in command.help[1:])
    yield textwrap.fill(" ".join([first, *more]), _WIDTH, break_on_hyphens=False)
    yield ""
    yield from _listed(command.options)
    yield ""


def _listed(options: Sequence[Parameter]) -> Iterator[str]:
    """Give a block of code: a line for each option, with what it does in a column."""
    column = 4 + max(len(option.usage) for option in options) + 2
    for option in options:
        start = f"    {option.usage}".ljust(column)
        yield textwrap.fill(
            option.help,
            _WIDTH,
            initial_indent=start,
            subsequent_indent=" " * column,
            break_on_hyphens=False,
        )
