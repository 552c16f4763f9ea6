"""What the driver says becomes an error of ours, with a sentence and an exit code."""

import psycopg2
import pytest

from todo_cli.errors import AuthError, TodoError, UnavailableError
from todo_cli.link.connect import connection_error
from todo_cli.link.engine import driver_error
from todo_cli.link.url import ConnectionUrl


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
