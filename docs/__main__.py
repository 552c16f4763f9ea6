"""`python -m docs`: write the man page and the reference, or with --check look at them."""

import argparse
import sys
from pathlib import Path
from typing import Final

from docs import manual, reference
from docs.commands import Program, read_program
from docs.markdown import Page

ROOT: Final = Path(__file__).parents[1]
MANUAL: Final = "docs/todo.1"


def main() -> None:
    """Write what is stale; with --check only name it, and leave with exit code 1."""
    options = _parser().parse_args()
    try:
        stale = find_stale(read_program())
    except LookupError as error:
        sys.exit(f"docs: {error.args[0]}")
    if options.check and stale:
        sys.exit(f"stale: {', '.join(stale)}; run: python -m docs")
    for name, text in stale.items():
        (ROOT / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"Wrote {name}\n")


def find_stale(program: Program) -> dict[str, str]:
    """Give the text that each file should have, for the files that do not have it."""
    pages = {name: Page(name, (ROOT / name).read_text(encoding="utf-8")) for name in manual.PAGES}
    written = reference.replaced(pages[manual.REFERENCE], program)
    pages[written.name] = written
    wanted = {MANUAL: manual.page(program, pages), written.name: written.text}
    return {name: text for name, text in wanted.items() if text != _text(ROOT / name)}


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m docs", description="Write the man page and the reference of commands."
    )
    parser.add_argument("--check", action="store_true", help="only name what is stale")
    return parser


if __name__ == "__main__":
    main()
