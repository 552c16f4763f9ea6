"""Letters of every alphabet without their capitals, whatever the database's locale knows."""

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func

_ALPHABETS: Final = range(0x80, 0x590)  # Latin, Greek, Cyrillic, Armenian
_CAPITAL: Final = "\N{CYRILLIC CAPITAL LETTER ZHE}"


def lower(text: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Give a text in small letters.

    Under the C locale `lower` knows those of ASCII alone; then the others are named one by one. The
    planner answers which of the two it is before anything is read.
    """
    plain = func.lower(text)
    is_ascii = func.octet_length(text) == func.char_length(text)
    named = case((is_ascii, plain), else_=func.translate(plain, *_cases()))
    return case((func.lower(_CAPITAL) != _CAPITAL, plain), else_=named)


@cache
def _cases() -> tuple[str, str]:
    """Give the capitals, and in the same order their small letters."""
    letters = map(chr, _ALPHABETS)
    capitals = [char for char in letters if char != char.lower() and len(char.lower()) == 1]
    return "".join(capitals), "".join(capitals).lower()
