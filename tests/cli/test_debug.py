"""TODO_DEBUG: what people send along when they see a bug of ours, and what is never in it."""

import re
import stat
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from tests.conftest import Command, Database, Person
from tests.faults import Cut, FaultProxy
from tests.people import read, somebody
from tests.shared_agent import COLD
from todo_cli.link import trace
from todo_cli.services.agent import starting

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t\d+\t(agent|alone)\t\d+\.\d{3}\t([0-9A-Z]{5}|-)\t\d+\t.+"
)


def lines(path: Path) -> list[list[str]]:
    """Give the columns of each line of a file for statements."""
    text = path.read_text()
    assert text.endswith("\n")
    found = text.splitlines()
    assert all(LINE.fullmatch(each) for each in found), text
    return [each.split("\t") for each in found]


def test_a_statement_is_a_line_with_its_state_and_without_its_values(
    todo: Command, tmp_path: Path, shared_agent: object
) -> None:
    file = tmp_path / "trace"

    assert todo("add", "Buy oats for Zoë", "--project", "Larder", TODO_DEBUG=str(file)).code == 0
    assert todo("done", "99", TODO_DEBUG=str(file)).code == 3

    added, missed = lines(file)
    assert (added[4], missed[4]) == ("00000", "TD404")
    assert "INSERT INTO todo.tasks" in added[-1] or "todo.add" in added[-1]
    assert {added[2], missed[2]} == {"agent" if shared_agent else "alone"}
    assert {added[5], missed[5]} == {"0"}
    text = file.read_text()
    assert not [word for word in ("oats", "Zoë", "Larder") if word in text]
    assert str(todo.environment["TODO_DATABASE_URL"]) not in text


def test_the_file_is_for_its_owner_alone_and_grows(todo: Command, tmp_path: Path) -> None:
    file = tmp_path / "trace"

    todo("list", TODO_DEBUG=str(file))
    first = file.read_text()
    todo("list", TODO_DEBUG=str(file))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith(first)
    assert len(lines(file)) == 2


def test_a_file_that_cannot_be_written_is_one_warning_and_no_failure(
    todo: Command, tmp_path: Path
) -> None:
    todo("add", "Buy milk")

    answer = todo("done", "1", TODO_DEBUG=str(tmp_path / "nowhere" / "trace"))

    assert answer.code == 0
    assert answer.err == (
        f"warning: TODO_DEBUG: cannot write {tmp_path}/nowhere/trace: No such file or directory\n"
        "Completed 1 Buy milk\n"
    )


@pytest.mark.parametrize("value", ["", "0", "1"])
def test_what_is_no_path_makes_no_file(
    todo: Command, tmp_path: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert todo("list", TODO_DEBUG=value).err == ""
    assert list((tmp_path / "here").iterdir()) == []


def test_a_relative_path_is_in_the_folder_of_the_command(
    todo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    todo("list", TODO_DEBUG="trace")

    assert len(lines(tmp_path / "here" / "trace")) == 1


@pytest.mark.alone(reason="a kept connection would not be cut")
def test_a_statement_that_is_sent_again_says_so(
    todo: Command, person: Person, proxy: FaultProxy, tmp_path: Path
) -> None:
    file, url = tmp_path / "trace", proxy.url(person.url)
    with closing(psycopg2.connect(url)):
        pass
    proxy.next(Cut(turn=proxy.connections[-1].turns + 1))

    answer = todo("list", TODO_DATABASE_URL=url, TODO_DEBUG=str(file))

    assert answer.code == 0
    assert [(each[4], each[5]) for each in lines(file)] == [("-", "0"), ("00000", "1")]


@COLD
def test_no_password_is_in_the_file_when_the_owner_makes_a_login(
    todo: Command, database: Database, tmp_path: Path
) -> None:
    file, email, url = tmp_path / "trace", somebody(), database.url(database.owner)

    answer = todo("user", "add", email, TODO_ADMIN_DATABASE_URL=url, TODO_DEBUG=str(file))

    assert answer.code == 0
    text = file.read_text()
    assert "LOGIN PASSWORD *** VALID UNTIL ***" in text
    assert read(answer.out.strip())["password"] not in text
    assert email not in text
    assert "COMMIT" in [each[-1] for each in lines(file)]


@COLD
def test_doctor_shows_the_tracebacks_of_what_it_found(todo: Command, database: Database) -> None:
    nobody = database.url("nobody_at_all")

    quiet = todo("doctor", TODO_DATABASE_URL=nobody)
    answer = todo("doctor", TODO_DATABASE_URL=nobody, TODO_DEBUG="1")

    assert "Traceback" not in quiet.err
    assert "Traceback" in answer.err
    assert answer.err.endswith(quiet.err)
    assert answer.code == quiet.code == 1


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT\n  1\t", "SELECT 1"),
        ("ALTER ROLE x PASSWORD 'it''s secret'; SELECT 1", "ALTER ROLE x PASSWORD ***; SELECT 1"),
        (r"alter role x password E'it\'s a secret'", "alter role x password ***"),
        ("ALTER ROLE x NOLOGIN PASSWORD NULL", "ALTER ROLE x NOLOGIN PASSWORD NULL"),
        (b"SELECT 'a'", "SELECT 'a'"),
        (
            sql.SQL("CREATE ROLE {} PASSWORD {} VALID UNTIL {}").format(
                sql.Identifier("a", "b"), sql.Literal("secret"), sql.Placeholder("until")
            ),
            'CREATE ROLE "a"."b" PASSWORD *** VALID UNTIL ***',
        ),
    ],
)  # fmt: skip
def test_values_that_stand_in_a_statement_are_hidden(
    statement: object, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TODO_DEBUG", str(tmp_path / "trace"))

    with trace.sent(statement, 2):
        pass

    assert lines(tmp_path / "trace")[0][4:] == ["00000", "2", shown]


@COLD
def test_an_agent_does_not_begin_with_what_the_command_before_it_was_to_keep(
    todo: Command,
) -> None:
    assert "TODO_DEBUG" not in starting._environment({**todo.environment, "TODO_DEBUG": "trace"})
