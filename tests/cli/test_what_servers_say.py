"""Notices and errors of a server, from its first byte on: none reaches people as it is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chatty import HOSTILE, greeting, notice, refusal, talking
from tests.conftest import Command, Database
from tests.hostile import harm
from tests.servers import SUPERUSER, as_owner, binaries, database_on, query
from tests.terminal import at_a_terminal

ROOT = Path(__file__).parents[2]
ASKED = [["list"], ["list", "--json"], ["add", "x"], ["done", "1", "--json"]]


def run(todo: Command, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process, as only then libpq's own streams are seen."""
    return subprocess.run(
        [*todo.program(), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={"PATH": os.defpath, **todo.environment, **variables},
        cwd=ROOT,
        check=False,
        encoding="utf-8",
    )


def connected(url: str) -> str:
    """Give what libpq prints of a server's words when nobody hinders it."""
    program = "import sys, psycopg2; psycopg2.connect(sys.argv[1])"
    return subprocess.run(
        [sys.executable, "-c", program, url], capture_output=True, check=True, encoding="utf-8"
    ).stderr


@pytest.mark.parametrize("arguments", ASKED)
def test_notices_while_connecting_are_nobodys_errors(todo: Command, arguments: list[str]) -> None:
    end = notice(HOSTILE) + refusal("out of order")
    with talking(greeting(HOSTILE), end) as url:
        assert "\x1b" in connected(url)
        done = run(todo, *arguments, TODO_DATABASE_URL=url)

    assert (done.returncode, done.stdout) == (6, "")
    message = "the database cannot answer: out of order"
    if "--json" in arguments:
        found = json.loads(done.stderr)["error"]
        assert (found["code"], found["message"]) == ("unavailable", message)
    else:
        assert done.stderr == f"todo: {message}\n"


@pytest.mark.parametrize("arguments", ASKED)
@pytest.mark.parametrize("moment", ["at the door", "at the first statement"])
def test_an_error_moves_no_cursor_and_stays_one_line(
    todo: Command, arguments: list[str], moment: str
) -> None:
    error = refusal(HOSTILE)
    first, then = (error, b"") if moment == "at the door" else (greeting(""), error)
    with talking(first, then) as url:
        done = run(todo, *arguments, TODO_DATABASE_URL=url)

    assert (done.returncode, done.stdout) == (6, "")
    assert harm(done.stderr) == set()
    assert done.stderr.count("\n") == 1
    assert r"\x1b[31mred" in done.stderr.replace(r"\\", "\\")
    if "--json" in arguments:
        assert json.loads(done.stderr)["error"]["code"] == "unavailable"


def test_a_traceback_moves_no_cursor_either(todo: Command) -> None:
    with talking(refusal(HOSTILE), b"") as url:
        done = run(todo, "list", TODO_DATABASE_URL=url, TODO_DEBUG="1")

    assert "Traceback" in done.stderr
    assert harm(done.stderr) == set()


def test_it_may_say_as_much_as_it_likes_before_it_lets_anybody_in(todo: Command) -> None:
    with talking(greeting(HOSTILE, 10_000), refusal("no")) as url:
        done = run(todo, "list", "--json", TODO_DATABASE_URL=url)

    assert json.loads(done.stderr)["error"]["code"] == "unavailable"


def test_at_a_terminal_nothing_is_seen_of_it_either(todo: Command) -> None:
    with talking(greeting(HOSTILE), refusal("no")) as url:
        here = todo.with_variables(TODO_DATABASE_URL=url)
        with at_a_terminal(here, "list") as (terminal, running):
            terminal.wait_for("todo: the database cannot answer: no\r\n")
            running.wait()

    assert harm(terminal.seen, "\r\n") == set()
    assert "red" not in terminal.seen


# --- Real servers ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def apart() -> Iterator[Database]:
    """Give a database on a server of its own, that has something to say to all who log in."""
    with database_on(binaries("18"), bypassrls=False) as made:
        query(made, SUPERUSER, "UPDATE pg_database SET datcollversion = '0' WHERE datname = 'todo'")
        query(
            made,
            SUPERUSER,
            "CREATE FUNCTION public.talk() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE WARNING E'\\x1b[31mwarned'; RAISE INFO E'\\x1b[31minformed'; END $$",
        )
        query(
            made,
            SUPERUSER,
            "CREATE EVENT TRIGGER talk ON login EXECUTE FUNCTION public.talk()",
        )
        yield made


@pytest.mark.parametrize("arguments", [["list", "--json"], ["add", "x", "--json"], ["whoami"]])
def test_a_server_that_warns_at_each_login_spoils_no_answer(
    todo: Command, apart: Database, arguments: list[str]
) -> None:
    person = apart.new_person()
    said = connected(person.url)
    assert "collation version" in said
    assert "\x1b[31mwarned" in said
    assert "\x1b[31minformed" in said

    done = run(todo, *arguments, TODO_DATABASE_URL=person.url)
    again = run(todo, "list", TODO_DATABASE_URL=person.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert (again.returncode, again.stderr) == (0, "")
    assert "warned" not in done.stdout


@pytest.mark.alone(reason="none of its commands goes to the agent")
@pytest.mark.parametrize("words", [["db", "current"], ["db", "check"], ["db", "upgrade"]])
def test_the_owner_is_spared_too(todo: Command, apart: Database, words: list[str]) -> None:
    done = run(todo, *words, "--json", TODO_ADMIN_DATABASE_URL=apart.url(apart.owner))

    assert (done.returncode, done.stderr) == (0, "")
    assert (
        json.loads(done.stdout)["revision"]
        == as_owner(apart, "SELECT version_num FROM todo.alembic_version")[0][0]
    )
