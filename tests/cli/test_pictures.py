"""The pictures show what the commands of today show, and are seen wherever a page is."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs import pictures, terminal
from tests.conftest import Database, temporary_home

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / pictures.FOLDER
FIGURES = "benchmark.svg"  # made by a run of the benchmarks
FILES = [*(f"{each.name}.svg" for each in pictures.PICTURES), FIGURES]
SVG = "{http://www.w3.org/2000/svg}"


def test_the_pictures_show_what_the_commands_show(database: Database) -> None:
    pictures.fill(lambda role: database.open(database.name, role))
    with temporary_home() as home:
        drawn = pictures.draw(database.url(pictures.ROLE), str(home), "tests.alone")

    stale = [name for name in drawn if (ROOT / name).read_text() != drawn[name]]
    assert not stale, f"stale: {', '.join(stale)}; run: python -m docs.pictures"


def test_each_picture_is_shown_on_one_page_and_described() -> None:
    pages = [page.read_text() for page in (ROOT / "docs").glob("*.md")]
    shown = [found for page in pages for found in re.findall(r"!\[(.+)\]\(pictures/(.+)\)", page)]

    assert sorted(name for _, name in shown) == sorted(FILES)
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(FILES)


def test_the_readme_has_no_picture_that_a_package_index_would_not_find() -> None:
    readme = (ROOT / "README.md").read_text()

    assert re.findall(r"!\[.*?\]\((?!https://).*?\)|<img", readme) == []
    for each in pictures.PICTURES:
        assert f"\n$ {each.command}\n" in readme, each.name


@pytest.mark.parametrize("name", FILES)
def test_a_picture_has_a_title_and_asks_nobody_for_anything(name: str) -> None:
    text = (FOLDER / name).read_text()
    root = ElementTree.fromstring(text)
    title = root[0]

    assert title.tag == f"{SVG}title"
    assert title.text
    assert root.get("aria-labelledby") == title.get("id")
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@font-face|@import|url\(|href|<script|<image", text)


def test_the_moments_at_which_the_database_wrote_are_masked() -> None:
    written = "\x1b[1mCreated\x1b[0m  Sat 21 Nov 11:33\nUpdated  today\nDue  Thu 19 Nov\n"

    assert pictures.masked(written) == (
        "\x1b[1mCreated\x1b[0m  Mon 16 Nov 08:30\x1b[0m\n"
        "Updated  Mon 16 Nov 08:30\x1b[0m\n"
        "Due  Thu 19 Nov\n"
    )


def test_a_picture_keeps_colours_and_goes_on_in_the_next_line_as_a_terminal_does() -> None:
    svg = terminal.drawn(
        "todo x", "\x1b[1;91mlate\x1b[0m <&>\n" + "a" * 90 + "\n\nend\n", "A {b} & c"
    )
    root = ElementTree.fromstring(svg)
    texts = [
        (text.get("y"), (text.text or "").replace("\xa0", " "))
        for text in root.findall(f".//{SVG}g[@class='todo-matrix']/{SVG}text")
    ]

    assert root[0].text == "A {b} & c"
    assert texts == [
        ("20", "$ "),
        ("20", "todo x"),
        ("44.4", "late"),
        ("44.4", " <&>"),
        ("68.8", "a" * 84),
        ("93.2", "a" * 6),
        ("142", "end"),
    ]
    assert "fill: #ff968e;font-weight: bold" in svg
