"""How `todo doctor` tells what it found, and what it says about settings and passwords."""

import re
from pathlib import Path

import pytest

from tests.conftest import Answer, Command, Database, Person
from tests.doctor import SECRET, examined, no_settings_of_libpq, trouble
from tests.unit.stores import Use, use
from todo_cli import clock
from todo_cli.credentials import Secret, Store, save
from todo_cli.store.schema.models import HEAD

assert no_settings_of_libpq
assert use

pytestmark = pytest.mark.alone(reason="doctor looks at this machine from its own process")
FILE = ("--store", "file")


def shown(answer: Answer, *known: tuple[object, str]) -> str:
    """Give what was said, with a word in place of what differs from run to run."""
    out = answer.out
    for value, word in known:
        out = out.replace(str(value), word)
    out = re.sub(r"; about \d+ of them to connect", "", out)  # on a busy machine
    return re.sub(r"\b\d+(\.\d+)?(?= ms| seconds from| MB)|(?<=PostgreSQL )\d+\.\d+", "N", out)


def test_a_member_for_whom_all_is_well(todo: Command, person: Person, tmp_path: Path) -> None:
    answer = todo("doctor")

    folder = person.database.socket
    assert (answer.code, answer.err) == (0, "Everything is in order.\n")
    assert shown(answer, (tmp_path, "HOME"), (folder, "SOCKET"), (person.email, "EMAIL")) == (
        "ok       time zone       Europe/Berlin, now UTC+01:00 (TZ)\n"
        "ok       config          there is no HOME/config.toml, and it need not exist\n"
        "ok       environment     set: TODO_HOME, TODO_DATABASE_URL, TODO_AGENT, TODO_NOW\n"
        "ok       profile         none: TODO_DATABASE_URL comes first\n"
        "ok       timeout         15 seconds (the default)\n"
        "ok       agent           off (TODO_AGENT)\n"
        "ok       limits          as usual\n"
        "ok       database        postgresql://SOCKET/todo\n"
        "ok       password        none is given: the server may need none, or ~/.pgpass has it\n"
        "ok       owner           the owner's login is not kept here\n"
        "ok       connection      opened in N ms\n"
        "ok       tls             not encrypted, on this machine\n"
        "ok       login           accepted\n"
        "ok       route           direct\n"
        "ok       server          PostgreSQL N\n"
        f"ok       schema          as this program needs it: revision {HEAD}\n"
        "ok       person          EMAIL, member, active\n"
        "ok       row security    enabled and forced on every table\n"
        "ok       definitions     those that this login can judge are sound; "
        "the owner compares all: todo db check\n"
        "ok       large objects   none but the owner's\n"
        "ok       rights          this login sees what the policies let it see\n"
        "ok       clock           N seconds from the server's\n"
        "ok       speed           N ms a round trip\n"
    )


def test_json_is_one_object_and_stderr_is_empty(todo: Command) -> None:
    answer = todo("doctor", "--json", "-P", "nope")

    assert (answer.code, answer.err) == (1, "")
    home = todo.environment["TODO_HOME"]
    assert answer.out == (
        '{"ok":false,"checks":[{"name":"time zone","state":"ok",'
        '"found":"Europe/Berlin, now UTC+01:00 (TZ)","hint":null},'
        f'{{"name":"config","state":"ok","found":"there is no {home}/config.toml, and it need not '
        'exist","hint":null},'
        '{"name":"environment","state":"ok","found":"set: TODO_HOME, TODO_DATABASE_URL, '
        'TODO_AGENT, TODO_NOW","hint":null},'
        '{"name":"profile","state":"failed","found":"no profile \'nope\'",'
        '"hint":"run: todo profile list"}]}\n'
    )


def test_a_failure_is_shown_with_what_to_do_about_it(alice: Command) -> None:
    answer = alice("doctor", "-P", "nope")

    assert (answer.code, answer.err) == (1, "Of 4 checks 1 failed.\n")
    assert answer.out.endswith(
        "failed   profile         no profile 'nope'\n         hint: run: todo profile list\n"
    )


def test_quiet_leaves_the_findings_and_drops_the_summary(todo: Command) -> None:
    answer = todo("doctor", "--quiet")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("ok       time zone ")


def test_an_auditor_is_well_too(todo: Command, database: Database) -> None:
    auditor = database.new_person("todo_auditor")

    assert examined(todo, auditor.url) == []


@pytest.mark.parametrize(
    ("arguments", "variables", "told"),
    [
        ([], {}, "work (the config file)"),
        ([], {"TODO_PROFILE": "local"}, "local (TODO_PROFILE)"),
        (["-P", "work"], {"TODO_PROFILE": "local"}, "work (--profile)"),
    ],
)
def test_it_tells_where_the_profile_was_chosen(
    alice: Command, person: Person, arguments: list[str], variables: dict[str, str], told: str
) -> None:
    assert alice("login", person.url, "-P", "work", *FILE).code == 0

    answer = alice("doctor", *arguments, **variables)

    assert answer.code == 0
    assert f"ok       profile         {told}\n" in answer.out


def test_a_config_that_cannot_be_read_is_told(alice: Command) -> None:
    home = Path(alice.environment["TODO_HOME"])
    home.mkdir()
    (home / "config.toml").write_text("default_profile = 3\n")

    [(name, found, _)] = trouble(alice("doctor", "--json"))

    wrong = f"the config file {home}/config.toml is wrong: default_profile must be a text"
    assert (name, found) == ("config", wrong)


@pytest.fixture
def logged_in(alice: Command, person: Person) -> Command:
    """Give `todo` of somebody whose password is in a file."""
    url = person.url.replace("@/", f":{SECRET}@/")  # which this server does not ask for
    assert alice("login", "--stdin", "-P", "work", *FILE, stdin=url).code == 0
    return alice


def passwords(todo: Command) -> Path:
    return Path(todo.environment["TODO_HOME"]) / "credentials" / "passwords.json"


def test_a_password_in_a_file_is_found_there(logged_in: Command) -> None:
    answer = logged_in("doctor", "--json")

    assert trouble(answer) == []
    assert "in a file that only you can read" in answer.out


def test_a_password_that_is_gone_from_the_file_is_told(logged_in: Command) -> None:
    passwords(logged_in).write_text("{}")

    assert trouble(logged_in("doctor", "--json")) == [
        (
            "password",
            "the password for work is not in the file any more",
            "run: todo login --profile work",
        )
    ]


def test_a_password_that_others_can_read_is_told(logged_in: Command) -> None:
    path = passwords(logged_in)
    path.chmod(0o644)

    assert trouble(logged_in("doctor", "--json")) == [
        ("password", f"others can get at the passwords in {path}", f"run: chmod 600 {path}")
    ]


def configure(todo: Command, url: str, store: str | None) -> Path:
    """Write a profile by hand and give the folder of the config."""
    home = Path(todo.environment["TODO_HOME"])
    home.mkdir()
    line = f'store = "{store}"\n' if store else ""
    config = f'default_profile = "work"\n[profiles.work]\nurl = "{url}"\n{line}'
    (home / "config.toml").write_text(config)
    return home


def test_a_password_in_the_config_file_is_warned_of(alice: Command, person: Person) -> None:
    configure(alice, person.url.replace("@/", f":{SECRET}@/"), None)

    assert trouble(alice("doctor", "--json")) == [
        ("password", "in the config file, in plain text", "keep it safer: todo login")
    ]


def test_a_keyring_is_asked_for_the_password(alice: Command, person: Person, use: Use) -> None:
    use("keyring_backends.Good")
    home = configure(alice, person.url, "keyring")
    save(Store.KEYRING, home, "work", Secret(SECRET))

    answer = alice("doctor", "--json")

    assert trouble(answer) == []
    assert "in the keyring, which gave it" in answer.out


def test_a_keyring_that_does_not_answer_is_given_up_and_the_network_is_looked_at(
    alice: Command, use: Use, tmp_path: Path
) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\nfrom keyring.backend import KeyringBackend\n"
        "class Keyring(KeyringBackend):\n    priority = 1\n"
        "    def get_password(self, service, username):\n        time.sleep(1000)\n"
        "    set_password = delete_password = None\n"
    )
    use("slow.Keyring")
    configure(alice, "postgresql://me@127.0.0.1:1/db", "keyring")

    answer = alice("doctor", "--json")

    [(_, said, hint), (name, _, _)] = trouble(answer)
    assert said == "the keyring did not answer within 3 seconds"
    assert "todo login --store file" in str(hint)
    assert name == "tcp"


def test_the_owners_login_is_named_and_not_tried(alice: Command, database: Database) -> None:
    url = database.url(database.owner)
    assert alice("login", "--stdin", *FILE, stdin=url).code == 0
    answer = alice("doctor")
    assert (
        "ok       owner           the owner's login is kept too, without a password" in answer.out
    )

    broken = f"postgresql://owner:{SECRET}@127.0.0.1:1/db"
    answer = alice("doctor", TODO_ADMIN_DATABASE_URL=broken)
    assert answer.code == 0
    assert "TODO_ADMIN_DATABASE_URL has the owner's login, which is not tried" in answer.out
    assert SECRET not in answer.out


# --- The time zone ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ("UTC0", "UTC0, now UTC (TZ)"),
        ("", "UTC, now UTC (TZ)"),
        (":America/New_York", "America/New_York, now UTC-05:00 (TZ)"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3, now UTC+01:00 (TZ)"),
    ],
)
def test_the_time_zone_is_shown_with_where_it_comes_from(
    todo: Command, zone: str, found: str
) -> None:
    assert todo("doctor", TZ=zone).out.splitlines()[0] == f"ok       time zone       {found}"


def test_a_time_zone_that_cannot_be_read_is_a_warning_and_the_rest_is_looked_at(
    todo: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer = todo("doctor", TZ="nonsense")
    assert (answer.code, answer.err) == (0, "Of 23 checks 1 gave a warning.\n")
    assert answer.out.startswith(
        "warning  time zone       UTC, because TZ='nonsense' is no time zone that can be read\n"
        "         hint: TZ takes a name such as Europe/Berlin; without TZ, "
    )

    monkeypatch.delenv("TZ")
    monkeypatch.setattr(clock, "SYSTEM_ZONE", tmp_path / "localtime")
    assert todo("doctor").out.startswith("ok       time zone       UTC: there is neither TZ nor ")
    (tmp_path / "localtime").symlink_to("gone")
    assert todo("doctor").out.startswith("warning  time zone       UTC, because /")


def test_a_todo_now_that_cannot_be_read_fails_and_the_rest_is_looked_at(todo: Command) -> None:
    answer = todo("doctor", TODO_NOW="never")

    assert (answer.code, answer.err) == (1, "Of 23 checks 1 failed.\n")
    assert answer.out.startswith("failed   time zone       TODO_NOW is not an ISO 8601 instant\n")
