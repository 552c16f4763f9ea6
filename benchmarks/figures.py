"""Figures: what was measured, in numbers that can be compared."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from benchmarks.commands import LIKE, PSQL, Command


@dataclass(frozen=True)
class Figure:
    """How long somebody took for something, in milliseconds, or how much, in another unit.

    ``of_psql`` is the median over that of psql in the same section, where psql does the same.
    """

    section: str
    what: str
    who: str
    unit: str
    median: float
    min: float
    max: float
    of_psql: float | None = None


def figure(section: str, what: str, who: str, values: Sequence[float], unit: str = "ms") -> Figure:
    """Sum up what was measured; there is at least one value."""
    return Figure(section, what, who, unit, statistics.median(values), min(values), max(values))


def of_commands(
    section: str, commands: Sequence[Command], times: Sequence[Sequence[float]]
) -> list[Figure]:
    """Sum up the times of commands, and compare them with psql."""
    plain = [
        figure(section, command.what, command.who, taken)
        for command, taken in zip(commands, times, strict=True)
    ]
    return [_compared(each, plain) for each in plain]


def find(figures: Iterable[Figure], section: str, what: str, who: str) -> Figure | None:
    """Give the one figure of that name."""
    for each in figures:
        if (each.section, each.what, each.who) == (section, what, who):
            return each
    return None


def _compared(one: Figure, figures: Sequence[Figure]) -> Figure:
    psql = find(figures, one.section, LIKE.get(one.what, one.what), PSQL)
    return one if psql is None else replace(one, of_psql=one.median / psql.median)
