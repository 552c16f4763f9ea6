"""`todo doctor` on a private server, and on one that is reached by TLS and a password."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Answer, Command
from tests.e2e.program import Program, pid_of, processes
from tests.e2e.program import server as server_of
from tests.pooler import pooler
from tests.servers import SUPERUSER
from tests.tls import NAME, PASSWORD, TlsServer, tls_server
from todo_cli.link import engine
from todo_cli.store import doctor
from todo_cli.store.people.roles import DATABASE, OWNER


def findings(answer: Answer) -> dict[str, tuple[str, str]]:
    """Give state and finding by name, and see that exit code and streams agree with them."""
    found = json.loads(answer.out)
    checks = {each["name"]: (each["state"], each["found"]) for each in found["checks"]}
    failed = any(state == "failed" for state, _ in checks.values())
    assert (answer.code, found["ok"], answer.err) == (int(failed), not failed, "")
    for secret in (PASSWORD, "correct%20horse", "wrong-horse"):
        assert secret not in answer.out
    return checks


def test_a_private_server_that_is_not_there_is_not_made(home: Path) -> None:
    found = findings(Program(home)("doctor", "--json"))

    assert found["private server"] == ("ok", "not there yet: the first command sets it up")
    assert list(found)[-1] == "private server"
    assert list(home.iterdir()) == []


def test_a_private_server_that_is_stopped_is_not_started(stopped_home: Path) -> None:
    before = sorted(stopped_home.rglob("*"))

    found = findings(Program(stopped_home)("doctor", "--json"))

    state, said = found["private server"]
    assert state == "ok"
    assert said.startswith("stopped: the next command starts it (")
    assert list(found)[-1] == "private server"
    assert processes(stopped_home) == []
    assert sorted(stopped_home.rglob("*")) == before


def test_a_private_server_that_runs_is_looked_at_like_any_other(old_home: Path) -> None:
    answer = Program(old_home)("doctor")
    found = findings(Program(old_home)("doctor", "--json"))

    said = answer.err.removeprefix("still looking ...\n")  # on a busy machine
    assert (answer.code, said) == (0, "Everything is in order.\n")
    assert list(found)[5:] == [
        *(
            "agent",
            "limits",
            "database",
            "password",
            "private server",
            "connection",
            "tls",
            "login",
            "route",
            "server",
            "schema",
        ),
        *("person", "row security", "definitions", "large objects", "rights", "clock", "speed"),
    ]
    assert {state for state, _ in found.values()} == {"ok"}
    assert found["private server"][1].startswith("PostgreSQL 18.")
    assert found["person"][1].endswith("@localhost, member, active")


def test_the_definitions_of_a_private_database_are_compared_as_its_owner_would(
    old_home: Path,
) -> None:
    with engine.work_on(server_of(old_home).connect(DATABASE, OWNER)) as cursor:
        cursor.execute("ALTER TABLE todo.tasks DROP CONSTRAINT tasks_title_check")
    found = findings(Program(old_home)("doctor", "--json", "--timeout", "60"))

    assert found["definitions"] == ("failed", "check tasks_title_check of todo.tasks: missing")
    for arguments in (("db", "check", "--repair"), ("list",)):
        assert Program(old_home)(*arguments).code == 0
    found = findings(Program(old_home)("doctor", "--json", "--timeout", "60"))
    assert found["definitions"] == ("ok", "all as this program needs them")


def test_a_fault_that_db_check_has_found_is_found_by_doctor_as_well(old_home: Path) -> None:
    todo = Program(old_home)
    with server_of(old_home).connect(DATABASE, OWNER) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE todo.tasks DISABLE TRIGGER b_guard")
    connection.commit()
    try:
        assert todo("db", "check").code == 7
        assert findings(todo("doctor", "--json"))["definitions"][0] == "failed"
    finally:
        assert todo("db", "check", "--repair").code == 0


def test_a_private_database_that_was_taken_down_is_prepared_by_the_next_command(
    old_home: Path,
) -> None:
    todo = Program(old_home)
    assert todo("db", "downgrade", "0001", "--yes").code == 0

    state, said = findings(todo("doctor", "--json"))["private server"]

    assert state == "ok"
    assert said.endswith("; the next command prepares its database")
    assert todo("add", "x").code == 0
    assert "person" in findings(todo("doctor", "--json"))


def test_a_private_server_that_does_not_answer_is_told(old_home: Path) -> None:
    pid = pid_of(old_home)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        found = findings(Program(old_home)("doctor", "--json", "--timeout", "3"))
    finally:
        os.kill(pid, signal.SIGCONT)

    state, said = found["private server"]
    assert state == "failed"
    assert said.startswith("it runs and does not answer (")


def test_a_private_server_that_cannot_be_made_is_told(home: Path) -> None:
    (home / "data").write_text("a file where a folder should be")

    found = findings(Program(home)("doctor", "--json"))

    assert found["private server"] == (
        "failed",
        f"there is no private PostgreSQL yet, and none can be made in {home}/data",
    )
    (home / "data").unlink()


def test_a_private_server_whose_folder_is_a_link_is_told(stopped_home: Path) -> None:
    base = server_of(stopped_home).base
    base.rename(base.with_name("aside"))
    base.symlink_to(base.with_name("aside"))

    found = findings(Program(stopped_home)("doctor", "--json"))

    assert found["private server"][0] == "failed"
    base.unlink()
    base.with_name("aside").rename(base)


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    with tls_server() as running:
        yield running


@pytest.fixture
def todo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give `todo` of somebody whose libpq has been told nothing."""
    monkeypatch.setenv("HOME", str(tmp_path))  # no root.crt, no service file
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    return Command({"TODO_HOME": str(tmp_path / "todo")})


def examined(todo: Command, url: str, *arguments: str) -> dict[str, tuple[str, str]]:
    return findings(todo("doctor", "--json", *arguments, TODO_DATABASE_URL=url))


def test_a_server_that_proves_its_name_is_in_order(todo: Command, server: TlsServer) -> None:
    found = examined(todo, server.url(sslrootcert=str(server.ca)))

    assert found["tls"] == ("ok", "TLSv1.3, and the server has proved its name")
    assert found["login"] == ("ok", "accepted")
    assert found["database"] == ("ok", f"postgresql://{NAME}:{server.port}/postgres")
    assert found["password"] == ("ok", "in TODO_DATABASE_URL")
    assert found["tcp"][1].startswith(f"{NAME} port {server.port} answers in ")
    assert "dns" not in found  # hostaddr says where it is


def test_a_server_that_need_not_prove_its_name_is_warned_of(
    todo: Command, server: TlsServer
) -> None:
    for mode in ("require", "verify-ca"):
        ca = {} if mode == "require" else {"sslrootcert": str(server.ca)}
        url = server.url("other.example.test", sslmode=mode, **ca)

        said = ("warning", "TLSv1.3, but the server need not prove its name")
        assert examined(todo, url)["tls"] == said


def test_a_pooler_on_the_way_is_noticed(todo: Command, server: TlsServer) -> None:
    ca = {"sslrootcert": str(server.ca)}
    with pooler(server, server_connections=2) as running:
        url = running.url(SUPERUSER, PASSWORD, "postgres", **ca)

        assert examined(todo, url)["route"] == ("ok", "through a pooler or a proxy")
    assert examined(todo, server.url(**ca))["route"] == ("ok", "direct")


def test_a_name_on_this_machine_is_looked_up(todo: Command, server: TlsServer) -> None:
    login = f"{server.url().partition('@')[0]}@localhost:{server.port}/postgres"

    found = examined(todo, login)

    assert found["dns"][1].startswith("localhost is ")
    assert found["tls"] == ("ok", "TLSv1.3, on this machine")


def test_a_server_that_cannot_prove_its_name_fails_at_tls(todo: Command, server: TlsServer) -> None:
    unknown = examined(todo, server.url(sslrootcert=str(server.wrong_ca)))
    other = examined(todo, server.url("other.example.test", sslrootcert=str(server.ca)))

    assert "certificate verify failed" in unknown["tls"][1]
    assert "does not match host name" in other["tls"][1]
    for found in (unknown, other):
        assert found["tls"][0] == "failed"
        assert list(found)[-1] == "tls"


def test_a_wrong_password_fails_at_the_login(todo: Command, server: TlsServer) -> None:
    url = server.url(sslrootcert=str(server.ca))

    found = examined(todo, url.replace("correct%20horse%20%26%20battery", "wrong-horse"))

    state, said = found["login"]
    assert state == "failed"
    assert "password authentication failed" in said
    assert list(found)[-1] == "login"


def test_a_superuser_without_a_schema_is_told_both(todo: Command, server: TlsServer) -> None:
    found = examined(todo, server.url(sslrootcert=str(server.ca)))

    assert [name for name, (state, _) in found.items() if state != "ok"] == ["schema", "rights"]


def test_a_database_that_does_not_exist_is_told(todo: Command, server: TlsServer) -> None:
    url = server.url(sslrootcert=str(server.ca)).replace("/postgres?", "/nowhere?")

    found = examined(todo, url)

    assert found["connection"][0] == "failed"
    assert 'database "nowhere" does not exist' in found["connection"][1]


def test_a_name_that_is_looked_up_for_ever_is_given_up_in_time(
    todo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(_: doctor.Endpoint) -> list[str]:
        time.sleep(20)
        return []

    monkeypatch.setattr(doctor, "look_up", look_up)
    begin = time.monotonic()

    found = examined(todo, "postgresql://me@db.example.com/db", "--timeout", "1")

    assert time.monotonic() - begin < 5
    assert found["dns"] == ("failed", "no answer within 1 s")


def test_a_server_that_stops_answering_is_given_up_in_time(
    todo: Command, server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(cursor: doctor.Cursor) -> bool:
        cursor.execute("SELECT pg_sleep(20)")
        return False

    monkeypatch.setattr(doctor, "is_relayed", wait)
    begin = time.monotonic()

    found = examined(todo, server.url(sslrootcert=str(server.ca)), "--timeout", "2")

    assert time.monotonic() - begin < 8
    assert list(found)[-1] == "route"
    assert found["route"][0] == "failed"
