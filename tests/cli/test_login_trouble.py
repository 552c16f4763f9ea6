"""Logging in and out where something is in the way: one's own CA, a cut, a keyring that went."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command, Database, Person
from tests.faults import Delay, Stall, fault_proxy
from tests.shared_agent import COLD
from tests.tls import NAME, TlsServer, tls_server, without_settings_of_libpq
from tests.unit.stores import HERE
from todo_cli.server.private_server import SUPERUSER

FILE = ("--store", "file")
OWNER = "this is the login of the database's owner, who has no tasks"


@pytest.fixture(scope="module")
def tls() -> Iterator[TlsServer]:
    with tls_server() as running:
        yield running


@pytest.fixture
def _no_settings_of_libpq(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_settings_of_libpq(monkeypatch, tmp_path)


def own_way(server: TlsServer, folder: Path, way: str) -> str:
    """Give the owner's URL of a server with a CA of its own."""
    match way:
        case "verify-full":
            return server.url(sslrootcert=str(server.ca))
        case "verify-ca":
            return server.url("other.example.test", sslrootcert=str(server.ca), sslmode="verify-ca")
        case "sslcert":
            for file in (server.certificate, server.key):
                shutil.copy(file, folder)
                (folder / file.name).chmod(0o600)
            pair = {"sslcert": f"{folder}/server.crt", "sslkey": f"{folder}/server.key"}
            return server.url(sslrootcert=str(server.ca), **pair)
        case _:
            (folder / ".pg_service.conf").write_text(
                f"[ours]\nhost={NAME}\nhostaddr=127.0.0.1\nport={server.port}\n"
                f"dbname=postgres\nsslrootcert={server.ca}\n"
            )
            login = server.url().partition("//")[2].partition("@")[0]
            return f"postgresql://{login}@?service=ours"


@COLD
@pytest.mark.usefixtures("_no_settings_of_libpq")
@pytest.mark.parametrize("way", ["verify-full", "verify-ca", "sslcert", "service"])
def test_an_owner_logs_in_over_the_way_that_the_url_tells(
    boss: Command, alice: Command, tls: TlsServer, tmp_path: Path, way: str
) -> None:
    given = own_way(tls, tmp_path, way)
    assert boss("db", "upgrade", TODO_ADMIN_DATABASE_URL=given).code == 0

    for todo in (boss, alice):  # from two machines, one after the other
        answer = todo("login", "--stdin", *FILE, "--json", stdin=given)
        assert (answer.code, answer.err) == (0, "")
        assert json.loads(answer.out)["role"] == "member"
        assert todo("add", "x").code == 0


@COLD
@pytest.mark.usefixtures("_no_settings_of_libpq")
def test_an_owner_is_the_same_person_however_the_url_says_who_that_is(
    boss: Command,
    alice: Command,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / ".pg_service.conf").write_text(
        f"[ours]\nhost={database.socket}\ndbname={database.name}\nuser={database.owner}\n"
    )
    for todo, given in (
        (boss, database.url(database.owner)),
        (alice, "postgresql:///?service=ours"),
        (boss, f"postgresql:///{database.name}?host={database.socket}"),
    ):
        monkeypatch.setenv("PGUSER", database.owner)
        answer = todo("login", "--stdin", *FILE, "--json", stdin=given)
        found = json.loads(answer.out)
        assert found["email"] == f"{database.owner}@localhost"
        assert (found["database"], found["profile"]) == (database.name, database.name)
        assert found["host"] == str(database.socket)


@COLD
@pytest.mark.usefixtures("_no_settings_of_libpq")
def test_a_file_that_a_url_names_is_found_from_every_folder(
    boss: Command, tls: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tls.ca.parent)
    given = tls.url(sslrootcert=tls.ca.name)
    assert boss("db", "upgrade", TODO_ADMIN_DATABASE_URL=given).code == 0
    assert boss("login", "--stdin", *FILE, stdin=given).code == 0

    monkeypatch.chdir(tmp_path)
    assert boss("list").code == 0
    assert boss("db", "current").code == 0


@COLD
@pytest.mark.usefixtures("_no_settings_of_libpq")
def test_a_login_that_is_refused_says_what_to_do(boss: Command, tls: TlsServer) -> None:
    given = tls.url(sslrootcert=str(tls.ca))
    assert boss("db", "upgrade", TODO_ADMIN_DATABASE_URL=given).code == 0
    assert boss("login", "--stdin", *FILE, stdin=given).code == 0
    passwords = Path(boss.environment["TODO_HOME"]) / "credentials" / "passwords.json"
    kept = json.loads(passwords.read_text())
    passwords.write_text(json.dumps(dict.fromkeys(kept, "another")))

    stored = boss("list")
    assert (stored.code, stored.err.splitlines()[1:]) == (
        4,
        ["hint: log in again: todo login; todo doctor says more"],
    )
    wrong = boss("list", TODO_DATABASE_URL=tls.url(sslrootcert=str(tls.ca), password="wrong"))
    assert (wrong.code, wrong.err.splitlines()[1:]) == (
        4,
        ["hint: look at TODO_DATABASE_URL; todo doctor says more"],
    )


@COLD
def test_the_login_of_another_machine_ends_only_when_the_new_one_has_worked(
    boss: Command, alice: Command, database: Database
) -> None:
    owner = database.url(database.owner)
    assert boss("login", "--stdin", *FILE, stdin=owner).code == 0
    with fault_proxy(database.socket / ".s.PGSQL.5432") as proxy:
        # Two connections of the owner's; the third is that of the login to be.
        proxy.next(Delay(0), Delay(0), Stall(turn=2))
        given = proxy.url(owner)
        late = alice("--timeout", "3", "login", "--stdin", *FILE, stdin=given, PGSSLMODE="disable")
        assert (late.code, len(proxy.connections)) == (6, 3), late.err
    assert boss("list").code == 0

    assert alice("login", "--stdin", *FILE, stdin=owner).code == 0
    assert alice("list").code == 0


@pytest.fixture
def keyring(alice: Command, person: Person, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give `todo` of somebody whose password is in a keyring that is not there any more."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    monkeypatch.setenv("BACKEND_FOLDER", alice.environment["TODO_HOME"])
    Path(alice.environment["TODO_HOME"]).mkdir(exist_ok=True)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    given = person.url.replace("@", ":secret@")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring_backends.Good")
    there = alice("login", "--stdin", stdin=given)
    assert (there.code, json.loads(alice("whoami", "--json").out)["store"]) == (0, "keyring")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return alice


WARNING = "warning: the keyring may still hold a password, as todo: there is no keyring here"


@COLD
def test_a_login_into_a_file_takes_the_place_of_one_in_a_keyring_that_has_gone(
    keyring: Command, person: Person
) -> None:
    answer = keyring("login", "--stdin", *FILE, stdin=person.url.replace("@", ":secret@"))

    assert answer.code == 0
    assert answer.err.startswith(WARNING)
    assert json.loads(keyring("whoami", "--json").out)["store"] == "file"


@COLD
@pytest.mark.parametrize("command", ["logout", "profile remove todo"])
def test_logging_out_works_when_the_keyring_has_gone(keyring: Command, command: str) -> None:
    answer = keyring(*command.split())

    assert answer.code == 0
    assert answer.err.startswith(WARNING)
    assert keyring("profile", "list", "--json").out.count('"name"') == 1


@pytest.mark.parametrize(
    "words", ["list", "list --all", "show 1", "add x", "done 1", "edit 1", "rm 1", "modify 1 +x"]
)
def test_the_owners_url_is_none_for_tasks(
    todo: Command, database: Database, person: Person, words: str
) -> None:
    todo("add", "somebody else's")

    answer = todo(*words.split(), TODO_DATABASE_URL=database.url(database.owner))

    assert (answer.code, answer.out) == (4, "")
    assert answer.err == f"todo: {OWNER}\nhint: for a login of your own: todo login\n"


def test_an_auditor_who_asks_for_tasks_hears_what_an_auditor_can_do(
    todo: Command, database: Database
) -> None:
    auditor = database.new_person("todo_auditor")

    for words in ("list", "show 1", "add x", "done 1", "edit 1"):
        answer = todo(*words.split(), TODO_DATABASE_URL=auditor.url)
        assert (answer.code, answer.out) == (4, "")
        assert answer.err == (
            "todo: this is the login of an auditor, who has no tasks\n"
            "hint: an auditor reads what everybody has changed: todo db audit\n"
        )
    assert todo("whoami", TODO_DATABASE_URL=auditor.url).code == 0
    assert todo("db", "audit", TODO_DATABASE_URL=auditor.url).code == 0


def give_setting(database: Database, person: Person, setting: str) -> None:
    """Give somebody a task, and their role a setting."""
    person.query("INSERT INTO todo.tasks (title) VALUES ('x')")
    with database.cursor(SUPERUSER) as cursor:
        cursor.execute(f"ALTER ROLE {person.role} SET {setting}")


def test_a_database_that_takes_no_changes_is_unavailable_for_them(
    todo: Command, database: Database, person: Person
) -> None:
    give_setting(database, person, "default_transaction_read_only = on")

    assert todo("list").code == 0
    for words in ("add y", "done 1", "rm 1"):
        answer = todo(*words.split())
        assert (answer.code, answer.out) == (6, "")
        assert answer.err.startswith("todo: the database is read-only: ")


def test_a_login_for_which_the_policies_were_switched_off_works_all_the_same(
    todo: Command, database: Database, person: Person
) -> None:
    give_setting(database, person, "row_security = off")

    assert todo("list").code == 0
    assert todo("done", "1").code == 0


def test_somebody_who_is_not_active_sees_no_empty_list(
    todo: Command, database: Database, person: Person
) -> None:
    with database.cursor(database.owner) as cursor:
        cursor.execute("UPDATE todo.users SET is_active = false WHERE email = %s", [person.email])

    answer = todo("list")

    assert (answer.code, answer.out) == (4, "")
    assert answer.err.startswith("todo: this login belongs to no active person\n")
