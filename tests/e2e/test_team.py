"""A team on a shared server, over TLS, with passwords: from an empty database to the end."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.conftest import Answer, Command
from tests.tls import NAME, TlsServer, tls_server
from todo_cli.link import engine, tls
from todo_cli.link.connect import open_connection
from todo_cli.link.url import ConnectionUrl

BOSS_PASSWORD = "the owner's: 1/2 & 100%"


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    """Give a server that takes TLS and passwords alone."""
    with tls_server() as made:
        yield made


@pytest.fixture
def owner_url(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the URL of the owner of an empty database on it, whose CA everybody knows."""
    monkeypatch.setenv("PGSSLROOTCERT", str(server.ca))
    superuser = open_connection(tls.secured(ConnectionUrl(server.url())))
    with engine.work_on(superuser, autocommit=True) as cursor:
        cursor.execute("CREATE ROLE boss LOGIN CREATEROLE PASSWORD %s", [BOSS_PASSWORD])
        cursor.execute("CREATE DATABASE team OWNER boss")
    bare = f"postgresql://{NAME}:{server.port}/team?hostaddr=127.0.0.1"
    return ConnectionUrl(bare).with_login("boss", BOSS_PASSWORD).reveal()


def answered(answer: Answer) -> Any:
    """Give the JSON of a command that went well."""
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)


def log_in(todo: Command, given: str) -> Any:
    return answered(todo("login", "--stdin", "--store", "file", "--json", stdin=f"{given}\n"))


def password_of(todo: Command) -> str:
    """Give the password that somebody's login keeps in its file, which only they can read."""
    path = Path(todo.environment["TODO_HOME"]) / "credentials" / "passwords.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return str(json.loads(path.read_text())["team"])


def seen_by_sql(owner_url: str, role: str, password: str) -> list[str]:
    """Give the titles that somebody sees with any other SQL tool."""
    own = ConnectionUrl(owner_url).with_login(role, password)
    with engine.work_on(open_connection(tls.secured(own))) as cursor:
        cursor.execute("SELECT title FROM todo.tasks")
        return [title for (title,) in cursor.fetchall()]


def test_a_team_from_its_first_login_to_its_last(owner_url: str, tmp_path: Path) -> None:
    boss, alice = (Command({"TODO_HOME": str(tmp_path / name)}) for name in ("boss", "alice"))

    assert log_in(boss, owner_url)["role"] == "owner"
    assert boss("db", "upgrade").code == 0
    found = log_in(boss, owner_url)
    assert (found["role"], found["tls"], found["host"]) == ("member", "TLSv1.3", NAME)
    assert boss("add", "the boss's own").code == 0

    invited = answered(boss("user", "add", "alice@example.com", "--json"))
    assert list(invited) == ["email", "role", "invitation"]
    assert log_in(alice, invited["invitation"])["email"] == "alice@example.com"
    assert alice("add", "Review the plan").err == "Added 1 Review the plan\n"
    assert [task["title"] for task in answered(alice("list", "--json"))] == ["Review the plan"]
    stored = (tmp_path / "alice" / "config.toml").read_text()
    role = str(ConnectionUrl(stored.split('url = "')[1].split('"')[0]).user)
    assert seen_by_sql(owner_url, role, password_of(alice)) == ["Review the plan"]

    again = boss("login", "--stdin", "--store", "file", stdin=invited["invitation"])
    assert again.code == 4

    assert boss("user", "deactivate", "alice@example.com").code == 0
    assert alice("list").code == 4
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(ConnectionUrl(owner_url).with_login(role, password_of(alice)).reveal())
    assert boss("user", "activate", "alice@example.com").code == 0
    assert alice("list").code == 0

    renewed = answered(boss("user", "reset", "alice@example.com", "--json"))["invitation"]
    assert alice("list").code == 4
    log_in(alice, renewed)
    assert [task["number"] for task in answered(alice("list", "--json"))] == [1]

    assert boss("user", "remove", "alice@example.com", "--yes").code == 0
    assert alice("list").code == 4
    assert alice("logout").code == 0
    assert [user["email"] for user in answered(boss("user", "list", "--json"))] == [found["email"]]
    assert [task["title"] for task in answered(boss("list", "--json"))] == ["the boss's own"]
