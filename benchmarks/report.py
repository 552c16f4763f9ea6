"""All figures and verdicts of a run, as text and as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from benchmarks.figures import Figure
from benchmarks.targets import Verdict
from todo_cli import __version__


@dataclass(frozen=True)
class Report:
    """What was measured in one run, and what it depends on."""

    machine: str
    peers: list[str]
    left_out: dict[str, str]
    notes: list[str]
    seed: int
    tasks: int
    rows: int
    rounds: int
    seconds: int
    figures: list[Figure]
    verdicts: list[Verdict]


def machine(postgresql: str | None) -> str:
    """Describe this machine and its programs in a line."""
    parts = [
        f"{os.cpu_count()} cores",
        f"{platform.system()} {platform.machine()}",
        f"todo {__version__}",
        f"Python {platform.python_version()}",
    ]
    return ", ".join([*parts, f"PostgreSQL {postgresql}"] if postgresql else parts)


def as_text(report: Report) -> str:
    """Give plain tables, with what they depend on above them and the verdicts below."""
    lines = [
        report.machine,
        f"{report.tasks:,} tasks of seed {report.seed}, {report.rounds} rounds, "
        f"{report.seconds} seconds in all",
        f"peers: {', '.join(report.peers) or 'none'}",
        *(f"left out: {name}: {why}" for name, why in report.left_out.items()),
        *(f"note: {note}" for note in report.notes),
    ]
    for section, figures in groupby(report.figures, lambda each: each.section):
        lines += ["", *_table(section, list(figures))]
    if report.verdicts:
        lines += ["", *_verdicts(report.verdicts)]
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """Give the report as one JSON object."""
    return json.dumps(asdict(report), indent=2)


def _table(section: str, figures: Sequence[Figure]) -> list[str]:
    whats = max(len(section), *(len(each.what) for each in figures))
    whos = max(len(each.who) for each in figures)
    titles = ("median", "min", "max", "unit", "x psql")
    head = " ".join([f"{section:<{whats}}", " " * whos, *(f"{title:>9}" for title in titles)])
    return [head, *(_row(each, whats, whos) for each in figures)]


def _row(figure: Figure, whats: int, whos: int) -> str:
    of_psql = "-" if figure.of_psql is None else f"{figure.of_psql:.2f}"
    values = (f"{value:.1f}" for value in (figure.median, figure.min, figure.max))
    cells = (f"{cell:>9}" for cell in (*values, figure.unit, of_psql))
    return " ".join([f"{figure.what:<{whats}}", f"{figure.who:<{whos}}", *cells])


def _verdicts(verdicts: Sequence[Verdict]) -> list[str]:
    width = max(len(each.target) for each in verdicts)
    met = sum(each.met for each in verdicts)
    return [
        f"targets: {met} of {len(verdicts)} met",
        *(
            f"{'met   ' if each.met else 'MISSED'} {each.target:<{width}} "
            f"{_amount(each.figure, each.unit):>11} (at most {_amount(each.limit, each.unit)}; "
            f"at best {_amount(each.best, each.unit)})"
            for each in verdicts
        ),
    ]


def _amount(value: float, unit: str) -> str:
    return f"{value:.2f} x" if unit == "x" else f"{value:,.0f} {unit}"
