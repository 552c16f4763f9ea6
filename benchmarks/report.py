"""Medians and ratios, as a table and as JSON."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks.commands import BARE, Command


@dataclass(frozen=True)
class Figure:
    """One command's times in milliseconds, and its median over that of psql and of python."""

    name: str
    median: float
    min: float
    max: float
    of_psql: float | None
    of_python: float


@dataclass(frozen=True)
class Report:
    """All figures of one run, and what they depend on."""

    machine: str
    psql: str | None
    seed: int
    tasks: int
    rounds: int
    figures: list[Figure]


def figures(commands: Sequence[Command], times: Mapping[str, Sequence[float]]) -> list[Figure]:
    """Sum up the times of each command."""
    medians = {name: statistics.median(each) for name, each in times.items()}
    return [
        Figure(
            name=command.name,
            median=medians[command.name],
            min=min(times[command.name]),
            max=max(times[command.name]),
            of_psql=(
                medians[command.name] / medians[command.psql] if command.psql in medians else None
            ),
            of_python=medians[command.name] / medians[BARE],
        )
        for command in commands
    ]


def machine(postgresql: str | None) -> str:
    """Describe this machine in a line."""
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, PostgreSQL {postgresql}"
    )


def as_text(report: Report) -> str:
    """Give a plain table, with what it depends on above it."""
    width = max(len(figure.name) for figure in report.figures)
    titles = ("median ms", "min", "max", "x psql", "x python")
    lines = [
        report.machine,
        f"psql: {report.psql or 'missing'}",
        f"{report.tasks:,} tasks of seed {report.seed}, {report.rounds} rounds",
        "",
        " ".join([" " * width, *(f"{title:>9}" for title in titles)]),
    ]
    for figure in report.figures:
        of_psql = "-" if figure.of_psql is None else f"{figure.of_psql:.2f}"
        times = (f"{time:.1f}" for time in (figure.median, figure.min, figure.max))
        cells = (*times, of_psql, f"{figure.of_python:.2f}")
        lines.append(" ".join([f"{figure.name:<{width}}", *(f"{cell:>9}" for cell in cells)]))
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """Give the report as one JSON object."""
    return json.dumps(asdict(report), indent=2)
