r"""The language of man pages: `man 7 man` has its macros, `man 7 groff_char` its characters.

Everything is plain ASCII. A hyphen is always `\-`, so that what is copied can be typed.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from docs.markdown import Block, Bullets, Code, Paragraph, Table

_CHARACTERS: Final = str.maketrans(
    {
        "\\": r"\(rs",
        "-": r"\-",
        "'": r"\(aq",
        '"': r"\(dq",
        "`": r"\(ga",
        "^": r"\(ha",
        "~": r"\(ti",
    }
)
_INLINE: Final = re.compile(r"`([^`]+)`|!?\[([^\]]+)\]\([^)]*\)|\*\*([^*]+)\*\*|\\([\\*_<\[|])")
_SENTENCE: Final = re.compile(r"(?<=[.?!]) (?=[A-Z\\])")


def escape(text: str) -> str:
    """Give a text as it is, wherever in a line it stands."""
    return _guarded(_in_ascii(text))


def bold(text: str) -> str:
    """Give what people type as it is."""
    return rf"\fB{_in_ascii(text)}\fR"


def italic(text: str) -> str:
    """Give what stands for something else."""
    return rf"\fI{_in_ascii(text)}\fR"


def inline(markdown: str) -> str:
    """Give a line of Markdown: code is bold, a link is its text, each sentence a line."""
    written = []
    place = 0
    for found in _INLINE.finditer(markdown):
        code, link, strong, special = found.groups()
        written.append(_in_ascii(markdown[place : found.start()]))
        written.append(bold(code or strong) if code or strong else _in_ascii(link or special))
        place = found.end()
    written.append(_in_ascii(markdown[place:]))
    return "\n".join(_guarded(line) for line in _SENTENCE.split("".join(written)))


def title(name: str, version: str) -> list[str]:
    """Begin a page of section 1. It has no date: the same program has the same page."""
    return [
        f'.TH {escape(name.upper())} 1 "" "{escape(f"{name} {version}")}" "User Commands"',
        ".nh",  # nobody can copy a word with a hyphen in it
        ".ad l",
    ]


def section(name: str) -> list[str]:
    """Begin a section."""
    return [f'.SH "{escape(name)}"']


def subsection(name: str) -> list[str]:
    """Begin a section in a section."""
    return [f'.SS "{escape(name)}"']


def paragraph(text: str) -> list[str]:
    """Give a paragraph; ``text`` is roff already."""
    return [".PP", text]


def definition(term: str, text: str) -> list[str]:
    """Give a term and, indented below it, what it means; both are roff already."""
    return [".TP", term, text]


def code(lines: Sequence[str]) -> list[str]:
    """Give lines as they are, indented."""
    return [".PP", ".RS 4", ".EX", *(escape(line) for line in lines), ".EE", ".RE"]


def blocks(read: Sequence[Block]) -> Iterator[str]:
    """Give blocks of Markdown. A table is a list of terms: the first cell, and the others."""
    for block in read:
        match block:
            case Paragraph(text):
                yield from paragraph(inline(text))
            case Bullets(points):
                for point in points:
                    yield from [r".IP \(bu 2", inline(point)]
            case Table(rows):
                for first, *others in rows:
                    yield from definition(inline(first), inline(", ".join(filter(None, others))))
            case Code(lines):
                yield from code(lines)


def _in_ascii(text: str) -> str:
    escaped = text.translate(_CHARACTERS)
    return re.sub(r"[^\x00-\x7f]", lambda found: rf"\[u{ord(found[0]):04X}]", escaped)


def _guarded(line: str) -> str:
    """Keep a line that begins with a dot from being a request; apostrophes are escaped already."""
    return rf"\&{line}" if line.startswith(".") else line
