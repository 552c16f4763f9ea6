"""A terminal of a fixed size that `todo` runs in, and what it shows, as an SVG or as text."""

import io
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PROGRAM: Final = "todo_cli"  # the module that is `todo`
_LINES, _COLUMNS = 30, 84

# A dark window with an edge stands out from a white page as from a black one. All colours keep a
# contrast of 4.5 or more to it (WCAG 2.2, 1.4.3), also what is mixed with it because it is dim.
_THEME: Final = TerminalTheme(
    (22, 24, 29),
    (232, 234, 238),
    [
        (140, 146, 158),
        (255, 123, 114),
        (126, 201, 126),
        (229, 192, 123),
        (121, 174, 255),
        (210, 148, 240),
        (94, 200, 210),
        (232, 234, 238),
    ],
    [
        (160, 166, 178),
        (255, 150, 142),
        (152, 220, 152),
        (240, 210, 150),
        (150, 192, 255),
        (225, 175, 250),
        (130, 215, 222),
        (255, 255, 255),
    ],
)

# Rich's own asks a stranger's server for a font. Each reader has one that will do.
_FORMAT: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" \
aria-labelledby="{unique_id}-name">
<title id="{unique_id}-name">TITLE</title>
<style>
.{unique_id}-matrix {{
font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", Consolas, monospace;
font-size: {char_height}px;
line-height: {line_height}px;
}}
.{unique_id}-title {{ font-family: system-ui, sans-serif; font-size: 16px; opacity: 0.7; }}
{styles}
</style>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
# Rich cuts off what stands in no line, which nothing does, and draws the ends of lines.
_NOISE: Final = re.compile(r' clip-path="[^"]*"|<text[^>]*>\n</text>')


def screen(arguments: Sequence[str], environment: Mapping[str, str], program: str = PROGRAM) -> str:
    """Run `todo` in a terminal and give what it wrote there, colours and all.

    ``program`` is the module that is run.

    Nothing of the caller's environment reaches it, and nobody answers its questions. Raises
    CalledProcessError when it fails.
    """
    ours, its = pty.openpty()
    try:
        termios.tcsetwinsize(its, (_LINES, _COLUMNS))
        command = [sys.executable, "-m", program, *arguments]
        settings = {"PATH": os.defpath, "TERM": "xterm-256color", **environment}
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=its, stderr=its, env=settings
        )
        os.close(its)
        written = _all_of(ours)
        if child.wait() != 0:
            raise subprocess.CalledProcessError(child.returncode, command, stderr=written)
        return written
    finally:
        os.close(ours)


def _all_of(terminal: int) -> str:
    """Read until nobody has the other end: Linux then gives an error, macOS nothing."""
    chunks = []
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def plain(written: str) -> str:
    """Give what a terminal shows as text, without colours and blanks at the ends of lines."""
    lines = Text.from_ansi(written.rstrip("\n")).plain.splitlines()
    return "\n".join(line.rstrip() for line in lines)


def drawn(command: str, written: str, description: str) -> str:
    """Give an SVG of the prompt, the command on it, and what the command wrote.

    ``description`` is for people who cannot see it.
    """
    console = Console(
        record=True,
        file=io.StringIO(),
        width=_COLUMNS,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        _environ={},
    )
    console.print(Text.assemble(("$ ", "bright_black"), (command, "bold")), soft_wrap=True)
    for line in Text.from_ansi(written.rstrip("\n")).split(allow_blank=True):
        # As a terminal does it: what is too long goes on in the next line, wherever that is.
        for part in line.divide(range(_COLUMNS, len(line), _COLUMNS)):
            console.print(part, soft_wrap=True)
    name = escape(description).replace("{", "{{").replace("}", "}}")
    svg = console.export_svg(
        title="todo",
        theme=_THEME,
        code_format=_FORMAT.replace("TITLE", name),
        unique_id="todo",
    )
    lines = _NOISE.sub("", svg).replace("><", ">\n<").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip()) + "\n"
