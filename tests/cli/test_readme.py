"""What the README has people type works as it stands there."""

import re
import shlex
from pathlib import Path

from tests.conftest import Command

README = (Path(__file__).parents[2] / "README.md").read_text()


def commands_below(heading: str) -> list[list[str]]:
    """Give the commands of the first block below a heading, each as its arguments."""
    _, _, rest = README.partition(f"\n## {heading}\n")
    block = re.search(r"(?:^ {4}.+\n)+", rest, re.MULTILINE)
    assert block is not None
    lines = [shlex.split(line, comments=True) for line in block[0].splitlines()]
    typed = [" ".join(map(shlex.quote, words)).split(" '&&' ") for words in lines]
    return [shlex.split(each)[1:] for line in typed for each in line]


def test_the_daily_commands_work_one_after_the_other(todo: Command) -> None:
    for title in ("one", "two", "three milk", "four"):
        todo("add", title)

    for arguments in commands_below("Every day"):
        answer = todo(*arguments, EDITOR="true")
        assert answer.code == 0, (arguments, answer.err)
        assert "hint:" not in answer.err, (arguments, answer.err)


def test_the_daily_commands_do_what_stands_beside_them(todo: Command) -> None:
    todo("add", "Buy milk", "+home", "project:home", "due:today")
    _, add, filtered, search, *_ = commands_below("Every day")

    assert todo(*add).err.startswith("Added 2 Call Bob (due ")
    assert "\tBuy milk\n" in todo(*filtered).out
    todo("done", "1")
    assert "\tBuy milk\n" in todo(*search).out


def test_the_first_line_for_scripts_gives_what_it_names(todo: Command) -> None:
    listing, *_ = commands_below("Use it in scripts")
    todo("add", "x")

    assert todo(*listing).out == '[{"number":1,"title":"x","due":null}]\n'
