"""docs/schema.md speaks of the schema that there is."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "schema.md").read_text(encoding="utf-8")
SCHEMA = (DOCS / "schema.sql").read_text(encoding="utf-8")
OBJECTS = {
    "tables": r"^CREATE TABLE todo\.(\w+)",
    "views": r"^CREATE VIEW todo\.(\w+)",
    "functions": r"^CREATE FUNCTION todo\.(\w+)",
    "triggers": r"^CREATE TRIGGER (\w+)",
    "indexes of their own": r"^CREATE INDEX (tasks_\w+)",
    "groups": r" TO (todo_\w+)",
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_the_page_names_everything_there_is(kind: str) -> None:
    names = {*re.findall(OBJECTS[kind], SCHEMA, re.MULTILINE)}

    assert names
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", PAGE)] == []


def test_the_page_names_no_function_table_or_error_that_is_gone() -> None:
    functions = re.findall(r"todo\.(\w+)\(", PAGE)
    states = re.findall(r"\bTD\d+", PAGE)

    assert len(functions) > 5
    assert [name for name in functions if f"CREATE FUNCTION todo.{name}(" not in SCHEMA] == []
    assert [state for state in states if f"'{state}'" not in SCHEMA] == []


def test_the_page_fits_a_terminal() -> None:
    assert max(len(line) for line in PAGE.splitlines()) <= 120
