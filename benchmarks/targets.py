"""The targets, and whether a run has met them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.commands import (
    BARE,
    BULK,
    FIRST,
    IMPORTS,
    JSON_50,
    PSQL,
    START,
    TABLE_50,
    WARM,
)
from benchmarks.figures import Figure, find
from benchmarks.statements import ADD, DONE, FILTER, LIST_50, LIST_ALL, SEARCH

# Sections.
LOOPBACK: Final = "TLS on loopback"
SOCKET: Final = "Unix socket"
SIZES: Final = "the first 50 of few and of many"
FEW: Final = "of a hundred tasks"
ALL: Final = "of all tasks"
NETWORK: Final = "50 ms away"
ROWS: Final = "query time in a large table"
MEMORY: Final = "memory"

ROUND_TRIP: Final = 50.0  # milliseconds
ALONE: Final = "alone in the table"
CROWDED: Final = "among others, added at once"
SCATTERED: Final = "among others, added in turn"
AGENT: Final = "idle agent with two workers"
PSS: Final = "PSS"
PSS_AFTER_ALL: Final = "PSS after listing all"
TODO_TXT: Final = "todo.txt-cli"  # its name goes on with the version

_TODO: Final = (WARM, FIRST)


@dataclass(frozen=True)
class Target:
    """A figure may be so large: ``limit`` times another one, or as such where there is no other."""

    section: str
    what: str
    who: str
    limit: float
    over: tuple[str, str] | None = None  # what, who


@dataclass(frozen=True)
class Verdict:
    """Whether a target was met. The figures are in ``unit``, x for a ratio.

    ``figure`` is that of the medians, which counts; ``best`` that of the smallest values, which
    says more on a busy machine.
    """

    target: str
    figure: float
    best: float
    limit: float
    unit: str
    met: bool


FIXED: Final = (
    Target(LOOPBACK, JSON_50, WARM, 0.7, (LIST_50, PSQL)),
    Target(LOOPBACK, JSON_50, WARM, 2.5, (START, BARE)),
    Target(LOOPBACK, ADD, WARM, 0.8, (ADD, PSQL)),
    Target(LOOPBACK, DONE, WARM, 0.8, (DONE, PSQL)),
    Target(LOOPBACK, TABLE_50, WARM, 1.2, (LIST_50, PSQL)),
    Target(LOOPBACK, JSON_50, FIRST, 1.15, (START, IMPORTS)),
    Target(LOOPBACK, ADD, FIRST, 1.15, (START, IMPORTS)),
    Target(LOOPBACK, BULK, WARM, 1000),
    Target(LOOPBACK, BULK, FIRST, 1000),
    *(Target(SIZES, what, ALL, 1.05, (what, FEW)) for what in (JSON_50, TABLE_50)),
    *(Target(NETWORK, what, WARM, ROUND_TRIP + 30) for what in (JSON_50, TABLE_50, ADD, DONE)),
    *(
        Target(ROWS, what, who, 1.5, (what, ALONE))
        for who in (CROWDED, SCATTERED)
        for what in (LIST_50, LIST_ALL, FILTER, SEARCH)
    ),
    Target(MEMORY, PSS, AGENT, 120),
)


def against_peers(figures: Iterable[Figure], section: str) -> list[Target]:
    """Ask todo with its agent to be ahead of each peer in all that the peer can do.

    To append a line to a file is the least that can be done: with todo.txt it may be level.
    """
    return [
        Target(section, each.what, WARM, _level(each), (each.what, each.who))
        for each in figures
        if each.section == section and each.who not in (*_TODO, PSQL)
    ]


def judge(figures: Sequence[Figure], targets: Iterable[Target]) -> list[Verdict]:
    """Compare with the targets; those of which nothing was measured are left out."""
    verdicts = [_judge(figures, target) for target in targets]
    return [each for each in verdicts if each is not None]


def _judge(figures: Sequence[Figure], target: Target) -> Verdict | None:
    name = f"{target.section}: {target.what}, {target.who}"
    own = find(figures, target.section, target.what, target.who)
    if own is None:
        return None
    if target.over is None:
        met = own.median <= target.limit
        return Verdict(name, own.median, own.min, target.limit, own.unit, met)
    other = find(figures, target.section, *target.over)
    if other is None:
        return None
    ratio, best = own.median / other.median, own.min / other.min
    over = other.who if other.what == target.what else f"{other.who} ({other.what})"
    return Verdict(f"{name} / {over}", ratio, best, target.limit, "x", ratio <= target.limit)


def _level(peer: Figure) -> float:
    return 1.2 if peer.what == ADD and peer.who.startswith(TODO_TXT) else 1.0
