"""The Markdown that the pages are written in: as much of it as is needed to read them again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

# Words of a plain help text that people type: --all, +TAG, due:WHEN, -due:WHEN.
_TYPED: Final = re.compile(r"(?<!\S)(--[a-z][a-z-]*|[+-][A-Z]+|-?[a-z.]+:[A-Za-z]+)(?=[\s.,;:)]|$)")
_SPECIAL: Final = re.compile(r"([\\*_<\[|])")


@dataclass(frozen=True)
class Paragraph:
    """Running text, as one line of Markdown."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """The points of a list, each as one line of Markdown."""

    points: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The rows of a table without its header; each cell is one line of Markdown."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Code:
    """Lines that are shown as they are."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class _Heading:
    title: str


Block = Paragraph | Bullets | Table | Code


@dataclass(frozen=True)
class Page:
    """A page in Markdown; ``name`` is its path from the top of the repository."""

    name: str
    text: str

    def section(self, title: str) -> list[Block]:
        """Give what stands below a heading, up to the next one of any level. Raises LookupError."""
        found: list[Block] | None = None
        for block in _blocks(self.text):
            if isinstance(block, _Heading):
                if found is not None:
                    break
                found = [] if block.title == title else None
            elif found is not None:
                found.append(block)
        if not found:
            raise LookupError(f"{self.name} says nothing below a heading {title!r}")
        return found

    def replaced(self, begin: str, end: str, written: str) -> "Page":
        """Give the page with this between the lines ``begin`` and ``end``. Raises LookupError."""
        before, found, rest = self.text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise LookupError(f"{self.name} has no lines {begin} and {end}")
        return Page(self.name, f"{before}{begin}\n\n{written}\n\n{end}{after}")


def marked(text: str) -> str:
    """Give a plain help text as Markdown, with what people type in it as code."""
    parts = _TYPED.split(text)
    return "".join(
        f"`{part}`" if place % 2 else _SPECIAL.sub(r"\\\1", part)
        for place, part in enumerate(parts)
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Give the lines of a table whose cells are Markdown."""
    return [
        f"| {' | '.join(header)} |",
        f"|{' --- |' * len(header)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _blocks(text: str) -> Iterator[Block | _Heading]:
    """Give the blocks of a text in their order. Comments and pictures are left out."""
    for chunk in _chunks(text):
        first = chunk[0]
        if first.startswith("#"):
            yield _Heading(first.lstrip("# "))
        elif first.startswith("```"):
            yield Code(tuple(chunk[1:-1]))
        elif first.startswith("    "):
            yield Code(tuple(line[4:] for line in chunk))
        elif first.startswith("|"):
            yield Table(tuple(_cells(line) for line in chunk[2:]))
        elif first.startswith("- "):
            points = "\n".join(chunk).removeprefix("- ").split("\n- ")
            yield Bullets(tuple(" ".join(point.split()) for point in points))
        elif not first.startswith(("<!--", "![")):
            yield Paragraph(" ".join(" ".join(chunk).split()))


def _chunks(text: str) -> Iterator[list[str]]:
    """Give the lines between empty ones; what is fenced is one chunk."""
    chunk: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        fenced ^= line.startswith("```")
        if line.strip() or fenced:
            chunk.append(line)
        elif chunk:
            yield chunk
            chunk = []


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
