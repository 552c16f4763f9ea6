"""What the driver says becomes an error of ours, with a sentence and an exit code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg2
import pytest

from todo_cli.errors import AuthError, TodoError, UnavailableError
from todo_cli.link.errors import connection_error, driver_error
from todo_cli.link.url import ConnectionUrl

PROGRAM: Final = Path(__file__).parents[2] / "todo_cli"
# Who else looks at an error of the driver's, without turning it into one of ours.
ELSEWHERE: Final = {
    "link/dialect.py": "a connection that cannot be asked is one that cannot be used",
    "link/driver.py": "ends a connection, which may be over by now",
    "link/url.py": "what libpq cannot read is no URL",
    "store/people/login_roles.py": "goes on in another way where a role cannot be dropped",
    "store/people/people.py": "tries again while somebody holds the login of a role",
}


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        (
            'connection to server at "127.0.0.1", port 1 failed: Connection refused\n'
            "\tIs the server running on that host and accepting TCP/IP connections?\n",
            UnavailableError,
            "cannot reach the database: Connection refused",
        ),
        (
            'connection to server on socket "/x/.s.PGSQL.5432" failed: No such file or directory\n'
            "\tIs the server running locally and accepting connections on that socket?\n",
            UnavailableError,
            "cannot reach the database: No such file or directory",
        ),
        (
            'could not translate host name "nowhere" to address: Name or service not known\n',
            UnavailableError,
            'cannot reach the database: could not translate host name "nowhere" to address: '
            "Name or service not known",
        ),
        (
            'connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  password '
            'authentication failed for user "alice"\n',
            AuthError,
            'the database refused the login: password authentication failed for user "alice"',
        ),
        (
            'connection to server on socket "/x" failed: FATAL:  permission denied for database '
            '"todo"\nDETAIL:  User does not have CONNECT privilege.\n',
            AuthError,
            'the database refused the login: permission denied for database "todo"',
        ),
        (
            'connection to server on socket "/x" failed: FATAL:  sorry, too many clients already\n',
            UnavailableError,
            "cannot reach the database: sorry, too many clients already",
        ),
        (
            'connection to server at "a", port 1 failed: timeout expired\n'
            'connection to server at "b", port 1 failed: Connection refused\n',
            UnavailableError,
            "cannot reach the database: Connection refused",
        ),
        ("", UnavailableError, "cannot reach the database: no reason given"),
    ],
)
def test_a_failed_connection_is_told_in_one_sentence(
    text: str, kind: type[TodoError], sentence: str
) -> None:
    error = connection_error(text)

    assert (type(error), error.message) == (kind, sentence)


def test_a_connection_lost_in_between_is_unavailable() -> None:
    assert isinstance(driver_error(psycopg2.OperationalError("SSL SYSCALL: EOF")), UnavailableError)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            "postgresql://alice:secret@db.example.com:5432/todo?sslmode=require",
            "postgresql://db.example.com:5432/todo",
        ),
        ("postgres://alice:sec@ret@db/todo", "postgresql://..."),
        ("postgresql://[::1]:5432/todo", "postgresql://::1:5432/todo"),
        ("postgresql://a:1,b:2/todo", "postgresql://a,b:1,2/todo"),
        ("postgresql:///todo?host=/run&password=secret", "postgresql:///run/todo"),
        ("postgresql://alice:se/cret@h/d", "postgresql://..."),
        ("postgresql://alice:se#cret@h/d", "postgresql://h/d"),
        ("postgresql://alice:se?cret@h/d", "postgresql://h/d"),
        ("postgresql://alice@h:SECRET/d", "postgresql://..."),
        ("host=h user=alice password=secret", "postgresql://h/"),
        ("postgresql://me:secret@[::1/db", "postgresql://..."),
    ],
)
def test_a_url_is_shown_without_what_is_secret(given: str, shown: str) -> None:
    assert str(ConnectionUrl(given)) == shown


def of_the_driver(tree: ast.AST) -> Iterator[str]:
    """Give the names by which a module gets at an error of the driver's, or of SQLAlchemy's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("psycopg2", "sqlalchemy")
        ):
            names = [*(node.module or "").split("."), *(each.name for each in node.names)]
            yield from (
                name for name in names if re.search(r"Error$|^errors|^errorcodes|^exc$", name)
            )
        elif isinstance(node, ast.Attribute):
            whole = ast.unparse(node)
            if re.search(
                r"\.(pgcode|sqlstate|diag)$|^psycopg2\..*[eE]rror|^sqlalchemy.*\.exc", whole
            ):
                yield whole


def test_errors_of_the_driver_become_ours_in_one_module_alone() -> None:
    found = {
        str(path.relative_to(PROGRAM))
        for path in PROGRAM.rglob("*.py")
        if any(of_the_driver(ast.parse(path.read_text())))
    }

    assert found == {"link/errors.py", *ELSEWHERE}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_who_looks_at_an_error_of_the_driver_elsewhere_raises_nothing_in_its_place(
    name: str,
) -> None:
    handlers = [
        node
        for node in ast.walk(ast.parse((PROGRAM / name).read_text()))
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        if re.search(r"psycopg2\.|\berrors\.|\bError\b", ast.unparse(node.type))
    ]

    assert not [each for each in handlers for node in ast.walk(each) if isinstance(node, ast.Raise)]


def test_the_link_knows_no_sqlstate_of_a_topics() -> None:
    for path in (PROGRAM / "link").glob("*.py"):
        assert not re.findall(r"TD\d", path.read_text()), path
