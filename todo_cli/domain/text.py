r"""What may be shown on a terminal: a policy for each place where a text may stand.

A text may come from a database that somebody else owns, from its server, from a file or an
argument. Whatever moves a cursor, ends a line or turns the direction of what follows is shown as
Python writes it: ``\x1b``, ``\n``, ``\u202e``. All other text stays as it is: emoji that are
joined, accents, what is written from right to left.
"""

import re
import unicodedata
from typing import Final

from todo_cli.errors import UsageError

# Unicode's format controls that turn the direction of all that follows, until something ends them.
_TURNING: Final = "\u202a-\u202e\u2066-\u206f"
# What moves a cursor or begins a line: categories Cc, Zl and Zp. No title, project or tag has any.
_BREAKS: Final = "\x00-\x1f\x7f-\x9f\u2028\u2029"
_SURROGATES: Final = "\ud800-\udfff"  # bytes that were no UTF-8

_BREAKING: Final = re.compile(f"[{_BREAKS}]")
_TURNS: Final = re.compile(f"[{_TURNING}]")
_UNSAFE: Final = re.compile(f"[{_BREAKS}{_SURROGATES}{_TURNING}]")
_UNSAFE_IN_LINES: Final = re.compile(f"(?![\t\n\r\u2028\u2029])[{_BREAKS}{_SURROGATES}{_TURNING}]")
_UNSAFE_IN_JSON: Final = re.compile(f"[\x7f-\x9f\u2028\u2029{_SURROGATES}{_TURNING}]")

_QUOTED: Final = 60  # characters of what somebody typed
_SAID: Final = 300  # characters of what a server says
_JOINERS: Final = "\u200c\u200d"  # invisible, and part of how some scripts and emoji are written


def line(text: str) -> str:
    """Give a text for a cell, or for a sentence: it stays one line, and within itself."""
    return text if text.isprintable() else _UNSAFE.sub(_escaped, text)


def lines(text: str) -> list[str]:
    """Give the lines of a text that may have several; tabs stay in them."""
    return _UNSAFE_IN_LINES.sub(_escaped, text).splitlines()


def settled(text: str) -> str:
    """Give a text as `line` does, without what turns its direction.

    For a table, where it would take room: right-to-left letters find their direction without.
    """
    return text if text.isprintable() else line(_TURNS.sub("", text))


def flat(words: str) -> str:
    """Give words of several lines in one, with a space for all white space between two of them."""
    return line(" ".join(words.split()))


def shortened(text: str, most: int) -> str:
    """Give so many characters of a text at most, and three dots for the rest."""
    return text if len(text) <= most else f"{text[:most]}..."


def said(words: str) -> str:
    """Give what a server says, in one line and short."""
    return shortened(flat(words), _SAID)


def visible(text: str) -> str:
    """Give a text in which all that is invisible is seen."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def without_invisible(text: str) -> str:
    """Give what is to be seen of a text, and nothing else."""
    return "".join(char for char in text if char.isprintable())


def one_word(text: str) -> str:
    """Give a text as one word, with a dash for each character that parts words or is invisible."""
    return "".join(char if char.isprintable() and char != " " else "-" for char in text)


def readable(text: str) -> str:
    """Quote what somebody typed for a message: short, and all that is invisible is seen."""
    dots = "..." if len(text) > _QUOTED else ""
    return f"'{visible(text[:_QUOTED])}{dots}'"


def typed(*words: str) -> str:
    """Give words as a shell takes them, for a command that people are told to run."""
    import shlex  # only errors need it

    return shlex.join(words)


def editable(text: str) -> str:
    """Give the value of one line in a form; what the program itself would refuse is escaped."""
    return _BREAKING.sub(_escaped, text)


def glance(text: str, cells: int) -> str:
    """Give a text in one line, without what is invisible, cut to so many columns of a terminal."""
    shown, width = "", 0
    for char in " ".join(text.split()):
        if char not in _JOINERS and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            continue
        width += _cells(char)
        if width > cells:
            return f"{shown}\u2026"
        shown += char
    return shown


def in_json(text: str) -> str:
    """Give JSON that means the same, with escapes for what it may hold and a terminal should not.

    What is below U+0020 is escaped already.
    """
    if (text.isascii() and "\x7f" not in text) or text.isprintable():  # both are quick
        return text
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def is_safe(text: str) -> bool:
    """Tell whether a text can be shown as it is, in one line."""
    return text.isprintable() or _UNSAFE.search(text) is None


def breaks_line(text: str) -> bool:
    """Tell whether a text holds a line break or another control character."""
    # isprintable() is quick, and false for a few characters that are welcome.
    return not text.isprintable() and _BREAKING.search(text) is not None


def require_one_line(what: str, text: str) -> None:
    """Raise UsageError for the text of ``what`` if it `breaks_line`."""
    if breaks_line(text):
        raise UsageError(f"the {what} holds a line break or another control character")


def _escaped(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


def _cells(char: str) -> int:
    """Give how many columns of a terminal a character takes (Unicode Standard Annex #11)."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
