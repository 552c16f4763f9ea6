"""The commands for people, as the owner of a shared database and a script see them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Answer, Command, Database, Person
from tests.people import ACCEPT, Office, office_of, read, somebody
from tests.servers import query
from tests.shared_agent import COLD
from tests.terminal import at_a_terminal

pytestmark = COLD
ROOT = Path(__file__).parents[2]
SENTENCE = "Send this over a private channel: it works once, with todo login, until "


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    with office_of(database, tmp_path) as made:
        yield made


@pytest.fixture
def owner(office: Office, tmp_path: Path) -> Command:
    """Give `todo` with the owner's URL."""
    url = office.database.url(office.database.owner)
    return Command({"TODO_ADMIN_DATABASE_URL": url, "TODO_HOME": str(tmp_path)})


def error(answer: Answer) -> tuple[int, str]:
    """Give exit code and sentence of an error told to a script."""
    assert answer.out == ""
    return answer.code, json.loads(answer.err)["error"]["message"]


def test_add_prints_the_invitation_alone_and_says_what_to_do_with_it(owner: Command) -> None:
    email = somebody()
    answer = owner("user", "add", email, "--first-name", "Some", "--last-name", "One")

    assert answer.code == 0
    assert answer.out.count("\n") == 1
    assert read(answer.out.strip())["user"].startswith("todo_")
    assert answer.err.startswith(f"Invited {email} as member. {SENTENCE}")
    assert owner("user", "add", somebody(), "--quiet").err == ""
    [listed] = [each for each in json.loads(owner("user", "list", "--json").out)
                if each["email"] == email]  # fmt: skip
    assert list(listed) == [
        "email", "first_name", "last_name", "role", "status", "invited_until", "created_at",
    ]  # fmt: skip
    assert (listed["first_name"], listed["last_name"]) == ("Some", "One")
    assert (listed["role"], listed["status"]) == ("member", "invited")


def test_add_answers_scripts_with_exactly_three_fields(owner: Command) -> None:
    email = somebody()
    answer = owner("user", "add", email, "--role", "auditor", "--json")

    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert list(found) == ["email", "role", "invitation"]
    assert (found["email"], found["role"]) == (email, "auditor")
    assert answer.out.count("postgresql://") == 1
    assert owner("user", "reset", email, "--fields", "role").out == '{"role":"auditor"}\n'


def test_an_invitation_from_the_command_line_becomes_a_login(
    owner: Command, database: Database
) -> None:
    invitation = read(owner("user", "add", somebody(), "--quiet").out.strip())
    [(role, _)] = query(database, invitation["user"], ACCEPT)

    assert owner("add", "x", TODO_DATABASE_URL=database.url(role)).err == "Added 1 x\n"


def test_the_same_person_twice_is_a_conflict(owner: Command) -> None:
    email = somebody()
    owner("user", "add", email)
    answer = owner("user", "add", email.upper())

    assert answer == Answer(
        5,
        "",
        f"todo: there is a user '{email}'\nhint: for a new invitation: todo user reset {email}\n",
    )


def test_a_person_is_deactivated_activated_reset_and_removed(owner: Command) -> None:
    email = somebody()
    owner("user", "add", email)

    for _ in range(2):
        answer = owner("user", "deactivate", email.upper())
        assert answer == Answer(0, "", f"Deactivated {email}; the tasks stay.\n")
    answer = owner("user", "activate", email)
    assert answer == Answer(0, "", f"Activated {email}; the invitation is open.\n")
    assert json.loads(owner("user", "deactivate", email, "--json").out)["status"] == "deactivated"
    assert json.loads(owner("user", "activate", email, "--json").out)["status"] == "invited"
    answer = owner("user", "reset", email)
    assert answer.out.startswith("postgresql://")
    assert answer.err.startswith(f"Invited {email} as member. {SENTENCE}")
    answer = owner("user", "remove", email, "--yes")
    assert answer == Answer(0, "", f"Removed {email} and 0 tasks.\n")
    assert email not in owner("user", "list").out


@pytest.mark.parametrize("verb", ["deactivate", "activate", "reset", "remove"])
def test_nobody_by_that_e_mail_is_not_found(owner: Command, verb: str) -> None:
    answer = owner("user", verb, "nobody@example.com")

    assert answer.code == 3
    assert answer.err == "todo: no user 'nobody@example.com'\nhint: run: todo user list\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["alice"], "'alice' is no e-mail address"),
        (["@example.com"], "'@example.com' is no e-mail address"),
        (["a lice@example.com"], "holds white space or a control character"),
        (["a\N{ZERO WIDTH SPACE}b@example.com"], "holds white space or a control character"),
        (["a" * 251 + "@b.de"], "the e-mail has 256 characters; 255 is the most"),
        (["a@b", "--first-name", "x" * 101], "the first name has 101 characters"),
        (["a@b", "--last-name", "x\ny"], "the last name holds a line break"),
        (["a@b", "--role", "owner"], "invalid value for '--role': 'owner' is not one of"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    owner: Command, arguments: list[str], sentence: str
) -> None:
    code, told = error(owner("user", "add", *arguments, "--json"))

    assert (code, sentence in told) == (2, True), told


def test_a_removal_that_nobody_confirms_is_refused(owner: Command) -> None:
    email = somebody()
    owner("user", "add", email)
    answer = owner("user", "remove", email)

    assert answer.code == 2
    assert answer.err.endswith("nobody can be asked\nhint: add --yes\n")
    assert email in owner("user", "list").out


@pytest.mark.parametrize(("typed", "code"), [("", 1), ("yes", 1), ("SOMEONE-t@example.com", 0)])
def test_a_removal_wants_the_e_mail_typed(owner: Command, typed: str, code: int) -> None:
    email = "someone-T@example.com"
    owner("user", "add", email)

    with at_a_terminal(owner, "user", "remove", email, stdout=subprocess.PIPE) as (
        terminal,
        running,
    ):
        terminal.wait_for(f"Remove {email} and 0 tasks for good? Type the e-mail, or [no] ")
        terminal.type(typed)
        stdout, _ = running.communicate()

    assert (running.returncode, stdout) == (code, b"")
    assert (email in owner("user", "list").out) is (code == 1)


def test_the_private_database_is_for_one_person(tmp_path: Path) -> None:
    answer = Command({"TODO_HOME": str(tmp_path)})("user", "list")

    assert answer == Answer(
        5,
        "",
        "todo: the private database is for one person\n"
        "hint: for a shared one: todo login, or set TODO_ADMIN_DATABASE_URL\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_member_looks_after_nobody(todo: Command, person: Person) -> None:
    assert todo("user", "list").code == 4
    code, told = error(todo("user", "list", "--json", TODO_ADMIN_DATABASE_URL=person.url))

    assert (code, told) == (4, "only the owner of the database looks after its users")
