"""Homes that are there already: a first start takes a second, a copy of one a tenth."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import stop, temporary_home
from tests.e2e.program import add, copy, server
from todo_cli.store.embedded import SUPERUSER


@pytest.fixture(scope="session")
def first_home() -> Iterator[Path]:
    """Give a home to be copied, with the task "task one" in it; its server is stopped."""
    with temporary_home() as folder:
        try:
            add(folder, "task one")
        finally:
            stop(folder)
        yield folder


@pytest.fixture
def stopped_home(first_home: Path, home: Path) -> Path:
    """Give a home with the task "task one" in it, whose server is stopped."""
    copy(first_home, home)
    return home


@pytest.fixture
def old_home(stopped_home: Path) -> Path:
    """Give a home with the task "task one" in it, whose server runs."""
    with server(stopped_home).in_use():
        server(stopped_home).connect("postgres", SUPERUSER).close()
    return stopped_home
