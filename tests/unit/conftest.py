"""Units need no server: that is what makes their tests quick."""

from typing import NoReturn

import pytest


@pytest.fixture(scope="session")
def database() -> NoReturn:
    """Refuse to start a server."""
    raise AssertionError("no test of a unit needs a server: it belongs into another folder")
