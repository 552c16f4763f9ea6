"""The man page: the commands' own words, and sections of README.md."""

from collections.abc import Iterator, Sequence

from docs import roff
from docs.commands import NAME, Command, Parameter, Program
from docs.markdown import Block, Bullets, Table, marked, section


def page(program: Program, readme: str) -> str:
    """Give the man page. Raises LookupError for a section that the README does not have."""
    lines = [
        r".\" Written by python -m docs from the commands and README.md: change those.",
        *roff.title(NAME, program.version),
        *_beginning(program, readme),
        *_commands(program.commands),
        *_options(program),
        *_from_readme(readme),
        *roff.section("EXAMPLES"),
        *_examples(program.commands),
        *roff.section("SEE ALSO"),
        *roff.paragraph(r"\fBpsql\fR(1)"),
    ]
    return "\n".join(lines) + "\n"


def _beginning(program: Program, readme: str) -> Iterator[str]:
    description = program.description.rstrip(".")
    yield from roff.section("NAME")
    yield rf"{roff.escape(NAME)} \- {roff.escape(description[:1].lower() + description[1:])}"
    yield from roff.section("SYNOPSIS")
    rest = r"[\fIGLOBAL OPTIONS\fR] [\fICOMMAND\fR [\fIOPTIONS\fR] [\fIARGUMENTS\fR]]"
    yield f"{roff.bold(NAME)} {rest}"
    yield from roff.section("DESCRIPTION")
    for each in program.help:
        yield from roff.paragraph(roff.inline(marked(each)))
    yield from roff.blocks([each for each in section(readme, NAME) if isinstance(each, Bullets)])


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


def _from_readme(readme: str) -> Iterator[str]:
    """Give the sections in the order of `man 7 man-pages`."""
    commands, scripts = section(readme, "Commands"), section(readme, "For scripts")
    places = section(readme, "Where things are")
    sections = {
        "IDS": [commands[-1]],
        "WORDS": section(readme, "Words"),
        "EDITING": section(readme, "Edit"),
        "COMPLETION": section(readme, "Completion"),
        "DATES": section(readme, "Dates"),
        "AGENT": section(readme, "The agent"),
        "OUTPUT": _without_tables(scripts),
        "EXIT STATUS": _tables(scripts),
        "ENVIRONMENT": _tables(places),
        "FILES": _without_tables(places),
    }
    for name, read in sections.items():
        yield from roff.section(name)
        yield from roff.blocks(read)


def _tables(read: Sequence[Block]) -> list[Block]:
    return [block for block in read if isinstance(block, Table)]


def _without_tables(read: Sequence[Block]) -> list[Block]:
    return [block for block in read if not isinstance(block, Table)]


def _examples(commands: Sequence[Command]) -> Iterator[str]:
    for command in commands:
        for example in command.examples:
            sentence, *_ = roff.inline(marked(command.help[0])).splitlines()
            yield from roff.definition(roff.bold(example), sentence)
