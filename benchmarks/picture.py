"""The picture of a run in docs/agent.md: bars for todo, psql and the peers, as plain SVG."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from benchmarks.commands import FIRST, PSQL, WARM
from benchmarks.figures import Figure
from benchmarks.report import Report
from benchmarks.sections import peers_section
from benchmarks.statements import ADD, DONE, FILTER, LIST_50, LIST_ALL, SEARCH

_SHOWN: Final = (LIST_50, LIST_ALL, FILTER, SEARCH, ADD, DONE)
_NAMES: Final = {
    WARM: "todo",
    FIRST: "todo, first command",
    PSQL: "psql, the same query",
}
_COLOURS: Final = {WARM: "#1f883d", FIRST: "#8fd19e", PSQL: "#336791"}
_OTHERS: Final = "#b4bac4"

_WIDTH: Final = 840
_PADDING: Final = 24
_HEAD: Final = 76  # title and the line below it
_FOOT: Final = 40
_LABEL: Final = 176  # to the left of the bars
_AMOUNT: Final = 84  # to the right of the longest bar
_BAR: Final = 15
_STEP: Final = 20  # from bar to bar
_GAP: Final = 38  # above a group, with its name
_FULL: Final = _WIDTH - 2 * _PADDING - _LABEL - _AMOUNT  # pixels of the longest bar
_SHORTEST: Final = 1.5

_STYLE: Final = """\
text { font-family: system-ui, sans-serif; font-size: 13px; fill: #1f2328 }
.title { font-size: 19px; font-weight: 600 }
.what { font-size: 14px; font-weight: 600 }
.quiet { font-size: 12px; fill: #59636e }"""


def draw(report: Report) -> str:
    """Draw the figures beside peers, with all tasks; in each group the longest bar fills the line.

    Gives an SVG with a background of its own, to be read on white as on black.
    """
    groups = [group for what in _SHOWN if (group := _group(report, what))]
    top, parts = _HEAD, []
    for group in groups:
        parts += _bars(group, top)
        top += _GAP + _STEP * len(group)
    height = top + _FOOT
    title = f"What a command takes with {report.tasks:,} tasks"
    below = "Whole processes from start to end, medians, on the same tasks: shorter is better"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
            'role="img" aria-labelledby="benchmark-name">',
            f'<title id="benchmark-name">{escape(_described(title, groups))}</title>',
            f"<style>\n{_STYLE}\n</style>",
            f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8" '
            'fill="#ffffff" stroke="#d1d9e0"/>',
            _text(_PADDING, 38, title, "title"),
            _text(_PADDING, 60, below, "quiet"),
            *parts,
            _text(_PADDING, height - 18, report.machine, "quiet"),
            "</svg>\n",
        ]
    )


def _group(report: Report, what: str) -> list[Figure]:
    """Give the figures of one command: ours, psql's, then the peers', the fastest first."""
    section = peers_section(report.tasks)
    found = [each for each in report.figures if (each.section, each.what) == (section, what)]
    order = [WARM, FIRST, PSQL]
    return sorted(
        found,
        key=lambda each: (
            (order.index(each.who), 0.0) if each.who in order else (len(order), each.median)
        ),
    )


def _bars(group: Sequence[Figure], top: float) -> list[str]:
    longest = max(each.median for each in group)
    parts = [_text(_PADDING, top + 26, group[0].what, "what")]
    for place, each in enumerate(group):
        y = top + _GAP + _STEP * place - 4
        left = _PADDING + _LABEL
        width = max(_SHORTEST, _FULL * each.median / longest)
        colour = _COLOURS.get(each.who, _OTHERS)
        parts += [
            _text(left - 8, y + 12, _NAMES.get(each.who, each.who), anchor="end"),
            f'<rect x="{left}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2" '
            f'fill="{colour}"/>',
            _text(left + width + 6, y + 12, _milliseconds(each.median)),
        ]
    return parts


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    extra = f' class="{style}"' if style else ""
    extra += f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{escape(text)}</text>'


def _milliseconds(median: float) -> str:
    return f"{median:,.0f} ms" if median >= 10 else f"{median:.1f} ms"


def _described(title: str, groups: Sequence[Sequence[Figure]]) -> str:
    """Say in words what the picture shows, for those who do not see it."""
    said = [
        f"{group[0].what}: "
        + ", ".join(f"{_NAMES.get(e.who, e.who)} {_milliseconds(e.median)}" for e in group)
        for group in groups
    ]
    return f"{title}. {'; '.join(said)}."
