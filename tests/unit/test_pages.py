"""The pages are true, short and lead somewhere; what they promise is what there is."""

import os
import re
from pathlib import Path

import pytest
import typer

from tests.unit.test_house import ROOT, commands, root
from todo_cli import errors
from todo_cli.output.json import error_text

README = (ROOT / "README.md").read_text()
REFERENCE = (ROOT / "docs" / "reference.md").read_text()
SCRIPTS = (ROOT / "docs" / "scripts.md").read_text()
STYLE = (ROOT / "docs" / "STYLE.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "findings/README.md"])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def long_options(command: typer.core.TyperCommand | typer.core.TyperGroup) -> list[str]:
    """Give the long names of a command's options, without those that are hidden."""
    return [
        option
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and not getattr(parameter, "hidden", False)
    ]


def anchors(page: Path) -> set[str]:
    """Give what a link may name on a page, as the usual hosts make it of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_the_reference_names_every_command_and_every_option() -> None:
    for name, command in commands().items():
        assert re.search(rf"`todo {name}\b", REFERENCE), name
        for option in long_options(command):
            assert option in REFERENCE, f"{name} {option}"
    for option in long_options(root()):
        assert option in REFERENCE, option


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_exists(page: Path) -> None:
    known = commands()
    groups = {name.split()[0] for name in known if " " in name}
    written = re.findall(r"(?:`| {4}|&& |^\$ )todo ([a-z]+)\b(?!:)(?: ([a-z]+))?", page.read_text())

    for first, second in written:
        if first in groups and second:
            assert f"{first} {second}" in known, f"{first} {second}"
        elif first not in groups:
            assert first in known, first


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        there = page.parent / name if name else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_of_a_page_is_longer_than_an_editor_is_wide(page: Path) -> None:
    prose = [line for line in page.read_text().splitlines() if not line.startswith(("|", "!["))]

    assert max(map(len, prose)) <= 110


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len(README.split()) <= 1500


@pytest.mark.parametrize(
    "line", ["pip install . && todo add ", "pip install -e '.[test]' && pytest"]
)
def test_the_readme_has_the_line_that_ci_runs_once(line: str) -> None:
    assert README.count(f"    {line}") == 1


def test_the_readme_leads_to_every_page_for_users() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        if page.name != "STYLE.md":
            assert f"(docs/{page.name})" in README, page.name


def test_the_exit_codes_of_the_scripts_page_are_those_of_the_errors() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", SCRIPTS, re.MULTILINE)
    classes: list[type[errors.TodoError]] = [
        errors.TodoError,
        *errors.TodoError.__subclasses__(),
    ]

    assert rows == [(str(each.exit_code), each.code) for each in classes]


def test_the_error_of_the_scripts_page_is_what_a_script_gets() -> None:
    assert f"`{error_text(errors.not_found('99'))}`" in " ".join(SCRIPTS.split())


def test_the_fields_of_the_scripts_page_are_those_of_a_task() -> None:
    from todo_cli.cli.values import FIELDS

    _, _, rest = SCRIPTS.partition("The fields of a task")
    assert tuple(re.findall(r"`([a-z_]+)`", rest.partition(". ")[0])) == FIELDS


def test_the_style_fits_on_a_page() -> None:
    assert len(STYLE.splitlines()) <= 40


def test_decisions_are_numbered_without_gaps() -> None:
    assert [page.name[:4] for page in DECISIONS] == [
        f"{n:04}" for n in range(1, len(DECISIONS) + 1)
    ]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_says_why_what_and_at_what_cost(page: Path) -> None:
    lines = page.read_text().splitlines()

    assert re.match(r"# \d{4}: .+", lines[0])
    assert [line for line in lines if line.startswith("**")] != []
    assert re.findall(r"^\*\*(\w+)\.\*\*", page.read_text(), re.MULTILINE) == [
        "Context",
        "Decision",
        "Cost",
    ]
    assert len(lines) <= 15


@pytest.mark.parametrize(
    "path", sorted((ROOT / "findings").glob("*.sh")), ids=lambda path: path.name
)
def test_a_finding_pins_what_it_installs_and_leaves_nothing_behind(path: Path) -> None:
    script = path.read_text()

    assert os.access(path, os.X_OK)
    assert script.startswith("#!/usr/bin/env bash\n# ")
    assert re.search(r"pip\" install .*==|pip install .*==", script)
    assert "mktemp -d" in script
    assert "trap 'rm -rf" in script
    assert "todo_cli" not in script
