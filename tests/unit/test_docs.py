"""What is written about the commands is made from them, and is up to date."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
import typer

from docs import __main__ as docs
from docs import manual, reference, roff
from docs.commands import Parameter, read_program
from docs.markdown import Bullets, Code, Page, Paragraph, Table, marked
from tests.unit.small_pages import PAGES, REFERENCE, TEXTS

ROOT = Path(__file__).parents[2]

MACROS = {
    r".\"",
    ".TH",
    ".SH",
    ".SS",
    ".PP",
    ".TP",
    ".IP",
    ".RS",
    ".RE",
    ".EX",
    ".EE",
    ".nh",
    ".ad",
}

Globals = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def small_program() -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    group = typer.Typer()

    @app.callback(invoke_without_command=True)
    def root(
        as_json: Globals = False,
        only: Annotated[bool, typer.Option("--only", help="Of the root alone.")] = False,
    ) -> None:
        """Keep tasks."""

    @app.command(epilog="Example: todo add x --due fri")
    def add(
        title: Annotated[list[str], typer.Argument(metavar="TITLE", help="Words.")],
        due: Annotated[str | None, typer.Option(metavar="WHEN", help="Until when.")] = None,
        loud: Annotated[bool, typer.Option("--loud", "-l", help="Say [bold]more[/].")] = False,
        secret: Annotated[bool, typer.Option("--secret", hidden=True)] = False,
        as_json: Globals = False,
    ) -> None:
        """Add a task with --due or due:WHEN.

        More about it.
        """

    @app.command(hidden=True)
    def inner(as_json: Globals = False) -> None:
        """Be used by todo itself."""

    @group.command()
    def upgrade(
        revision: Annotated[str, typer.Argument(metavar="REV", help="Up to here.")] = "head",
        as_json: Globals = False,
    ) -> None:
        """Bring it up."""

    app.add_typer(group, name="db")
    return app


PROGRAM = read_program(small_program())


def test_the_man_page_and_the_reference_are_what_the_commands_say() -> None:
    stale = docs.find_stale(read_program())

    assert not stale, f"stale: {', '.join(stale)}; run: python -m docs"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder that has the pages alone, and is the one that `docs` works in."""
    (tmp_path / "docs").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["docs"])
    return tmp_path


def test_a_check_names_what_is_stale_and_writes_nothing(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["docs", "--check"])

    with pytest.raises(SystemExit) as left:
        docs.main()

    assert left.value.code == "stale: docs/todo.1, docs/reference.md; run: python -m docs"
    assert (elsewhere / manual.REFERENCE).read_text() == REFERENCE
    assert not (elsewhere / "docs" / "todo.1").exists()


def test_what_was_written_is_no_longer_stale(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs.main()

    assert capsys.readouterr().out == "Wrote docs/todo.1\nWrote docs/reference.md\n"
    assert docs.find_stale(read_program()) == {}


def test_commands_are_read_with_their_whole_names_and_without_what_is_hidden() -> None:
    add, upgrade = PROGRAM.commands

    assert (add.usage, upgrade.usage) == ("todo add TITLE...", "todo db upgrade [REV]")
    assert add.help == ("Add a task with --due or due:WHEN.", "More about it.")
    assert add.examples == ("todo add x --due fri",)
    assert add.options == (
        Parameter(("--due",), "WHEN", "Until when."),
        Parameter(("-l", "--loud"), "", "Say more."),
    )


def test_options_of_every_command_are_told_from_those_of_the_root_alone() -> None:
    assert [each.usage for each in PROGRAM.options] == ["--json", "--help"]
    assert [each.usage for each in PROGRAM.own] == ["--only"]


def test_the_reference_is_a_table_of_commands_and_lists_of_their_options() -> None:
    assert reference.text(PROGRAM).splitlines() == [
        "| command | what it does |",
        "| --- | --- |",
        "| `todo add TITLE...` | Add a task with `--due` or `due:WHEN`. |",
        "| `todo db upgrade [REV]` | Bring it up. |",
        "",
        "`todo add`, for example `todo add x --due fri`. More about it.",
        "",
        "    --due WHEN  Until when.",
        "    -l, --loud  Say more.",
        "",
        "On every command, before or after its name:",
        "",
        "    --json  Answer in JSON.",
        "    --help  Show this message and exit.",
        "",
        "On `todo` itself:",
        "",
        "    --only  Of the root alone.",
    ]


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    page = reference.replaced(PAGES[manual.REFERENCE], PROGRAM)

    before, _, rest = REFERENCE.partition(reference.BEGIN)
    assert page.text.startswith(before + reference.BEGIN)
    assert page.text.endswith(rest.partition("stale\n")[2])
    assert "stale" not in page.text
    assert reference.replaced(page, PROGRAM) == page


def test_a_page_without_its_sections_is_refused_in_a_sentence(elsewhere: Path) -> None:
    (elsewhere / manual.REFERENCE).write_text(REFERENCE.replace("## Words", "## Other"))

    with pytest.raises(SystemExit) as left:
        docs.main()

    assert left.value.code == "docs: docs/reference.md says nothing below a heading 'Words'"


@pytest.mark.parametrize("mark", [reference.BEGIN, reference.END])
def test_a_missing_mark_is_named(mark: str) -> None:
    with pytest.raises(LookupError, match=re.escape(mark)):
        reference.replaced(Page("docs/x.md", REFERENCE.replace(mark, "")), PROGRAM)


def test_sections_of_a_page_are_read_block_by_block() -> None:
    pages = PAGES

    assert pages[manual.README].section("todo") == [
        Paragraph("Words before."),
        Bullets(("One point on two lines.", "Another.")),
    ]
    assert pages[manual.REFERENCE].section("Dates") == [Code(("today", "tomorrow"))]
    assert pages[manual.SCRIPTS].section("Exit codes") == [
        Table((("0", "", "done"), ("2", "`usage`", "`--x` is wrong \\| odd"))),
    ]
    assert pages[manual.REFERENCE].section("Where things are") == [
        Code(("# a comment, no heading", "", "key = 1")),
        Table((("`TODO_HOME`", "a folder"),)),
    ]


def test_a_cell_that_is_empty_leaves_no_comma_in_the_man_page() -> None:
    assert ".TP\n0\ndone\n.TP\n2\n\\fBusage\\fR, " in manual.page(PROGRAM, PAGES)


def test_what_people_type_becomes_code_and_the_rest_of_a_help_stays_as_it_is() -> None:
    typed = "With --all, or due:WHEN (+TAG, -TAG): a*b|c - 3d"

    assert marked(typed) == "With `--all`, or `due:WHEN` (+TAG, `-TAG`): a\\*b\\|c - 3d"
    assert roff.inline(marked("a*b|c_d")) == "a*b|c_d"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (".TH", r"\&.TH"),
        ("'s", r"\(aqs"),
        ("a\\b", r"a\(rsb"),
        ("--no-color", r"\-\-no\-color"),
        ("~/.x", r"\(ti/.x"),
        ('"x"', r"\(dqx\(dq"),
        ("· é", r"\[u00B7] \[u00E9]"),
    ],
)
def test_no_text_is_read_as_a_command_of_roff(text: str, escaped: str) -> None:
    assert roff.escape(text) == escaped


def test_code_is_bold_links_are_their_text_and_each_sentence_is_a_line() -> None:
    assert roff.inline("See `a-b`. Then [this](x.md). `.c` too, e.g. here.") == (
        "See \\fBa\\-b\\fR.\nThen this.\n\\fB.c\\fR too, e.g. here."
    )


def test_the_man_page_has_the_sections_that_man_pages_have() -> None:
    page = manual.page(PROGRAM, PAGES)

    assert re.findall(r"^\.SH \"(.+)\"$", page, re.MULTILINE) == [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "COMMANDS",
        "GLOBAL OPTIONS",
        "IDS",
        "WORDS",
        "EDITING",
        "COMPLETION",
        "DATES",
        "AGENT",
        "OUTPUT",
        "INPUT",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
        "DIAGNOSTICS",
        "EXAMPLES",
        "SEE ALSO",
    ]


def test_the_man_page_is_ascii_and_uses_macros_of_man_alone() -> None:
    page = (ROOT / "docs" / "todo.1").read_text()
    macros = {line.split()[0] for line in page.splitlines() if line[:1] in (".", "'")}

    assert page.isascii()
    assert macros <= MACROS


def test_groff_has_no_warning_about_the_man_page() -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    page = ROOT / "docs" / "todo.1"

    done = subprocess.run(
        [groff, "-man", "-ww", "-Tutf8", "-z", page], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
