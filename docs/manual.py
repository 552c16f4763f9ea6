"""The man page: the commands' own words, and sections of the pages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from docs import roff
from docs.commands import NAME, Command, Parameter, Program
from docs.markdown import Block, Bullets, Page, Table, marked

README: Final = "README.md"
REFERENCE: Final = "docs/reference.md"
SCRIPTS: Final = "docs/scripts.md"
AGENT: Final = "docs/agent.md"
TROUBLE: Final = "docs/troubleshooting.md"
PAGES: Final = (README, REFERENCE, SCRIPTS, AGENT, TROUBLE)
# What goes wrong, each with what to do about it.
TROUBLES: Final = (
    *("Ask the doctor", "The private server runs elsewhere", "Low limits", "No keyring"),
    *("The database differs from the program", "Something unexpected"),
)


def page(program: Program, pages: Mapping[str, Page]) -> str:
    """Give the man page from `PAGES`, by name. Raises LookupError for a section that is missing."""
    lines = [
        r".\" Written by python -m docs from the commands, README.md and docs: change those.",
        *roff.title(NAME, program.version),
        *_beginning(program, pages[README]),
        *_commands(program.commands),
        *_options(program),
        *_from_pages(pages),
        *roff.section("EXAMPLES"),
        *_examples(program.commands),
        *roff.section("SEE ALSO"),
        *roff.paragraph(r"\fBpsql\fR(1)"),
    ]
    return "\n".join(lines) + "\n"


def _beginning(program: Program, readme: Page) -> Iterator[str]:
    description = program.description.rstrip(".")
    yield from roff.section("NAME")
    yield rf"{roff.escape(NAME)} \- {roff.escape(description[:1].lower() + description[1:])}"
    yield from roff.section("SYNOPSIS")
    rest = r"[\fIGLOBAL OPTIONS\fR] [\fICOMMAND\fR [\fIOPTIONS\fR] [\fIARGUMENTS\fR]]"
    yield f"{roff.bold(NAME)} {rest}"
    yield from roff.section("DESCRIPTION")
    for each in program.help:
        yield from roff.paragraph(roff.inline(marked(each)))
    yield from roff.blocks([each for each in readme.section(NAME) if isinstance(each, Bullets)])


def _commands(commands: Sequence[Command]) -> Iterator[str]:
    yield from roff.section("COMMANDS")
    for command in commands:
        yield from roff.subsection(command.usage)
        for each in command.help:
            yield from roff.paragraph(roff.inline(marked(each)))
        yield from _parameters([*command.arguments, *command.options])


def _options(program: Program) -> Iterator[str]:
    yield from roff.section("GLOBAL OPTIONS")
    yield from roff.paragraph("On every command, before or after its name:")
    yield from _parameters(program.options)
    if program.own:
        yield from roff.paragraph(f"On {roff.bold(NAME)} itself:")
        yield from _parameters(program.own)


def _parameters(parameters: Sequence[Parameter]) -> Iterator[str]:
    for each in parameters:
        names = ", ".join(roff.bold(name) for name in each.names)
        # That an argument may be left out is said where the command is.
        value = each.value if names else each.value.strip("[]")
        term = " ".join(filter(None, [names, value and roff.italic(value)]))
        yield from roff.definition(term, roff.inline(marked(each.help)))


def _from_pages(pages: Mapping[str, Page]) -> Iterator[str]:
    """Give the sections in the order of `man 7 man-pages`."""
    reference, scripts = pages[REFERENCE], pages[SCRIPTS]
    places = reference.section("Where things are")
    sections: dict[str, list[Block]] = {
        "IDS": reference.section("IDs"),
        "WORDS": reference.section("Words"),
        "EDITING": reference.section("Edit"),
        "COMPLETION": reference.section("Completion"),
        "DATES": reference.section("Dates"),
        "AGENT": pages[AGENT].section("The agent"),
        "OUTPUT": scripts.section("Output"),
        "INPUT": scripts.section("Stdin"),
        "EXIT STATUS": scripts.section("Exit codes"),
        "ENVIRONMENT": [each for each in places if isinstance(each, Table)],
        "FILES": [each for each in places if not isinstance(each, Table)],
        "DIAGNOSTICS": [each for title in TROUBLES for each in pages[TROUBLE].section(title)],
    }
    for name, read in sections.items():
        yield from roff.section(name)
        yield from roff.blocks(read)


def _examples(commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        for example in command.examples:
            sentence, *_ = roff.inline(marked(command.help[0])).splitlines()
            yield from roff.definition(roff.bold(example), sentence)
