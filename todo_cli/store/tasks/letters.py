"""Letters of every alphabet without their capitals, whatever the database's locale knows."""

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func

_ALPHABETS: Final = range(0x80, 0x590)  # Latin, Greek, Cyrillic, Armenian
_CAPITAL: Final = "\N{CYRILLIC CAPITAL LETTER ZHE}"


def lower(text: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Give a text in small letters.

    Under the C locale `lower` knows those of ASCII alone, and under a Turkish one it takes I for
    another letter; then the others are named one by one. The planner answers which of the two it is
    before anything is read.
    """
    usual = and_(func.lower(_CAPITAL) != _CAPITAL, func.lower("I") == "i")
    plain = func.lower(text.collate("C"))
    is_ascii = func.octet_length(text) == func.char_length(text)
    named = case((is_ascii, plain), else_=func.translate(plain, *_cases()))
    return case((usual, func.lower(text)), else_=named)


@cache
def _cases() -> tuple[str, str]:
    """Give the capitals, and in the same order their small letters."""
    letters = map(chr, _ALPHABETS)
    capitals = [char for char in letters if char != char.lower() and len(char.lower()) == 1]
    return "".join(capitals), "".join(capitals).lower()
