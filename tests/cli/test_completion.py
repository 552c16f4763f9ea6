"""What may stand under the cursor: words, options, values, IDs; and that nothing else happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from tests.conftest import NOW, Command, Person
from todo_cli.cli.app import app
from todo_cli.cli.completion.suggestions import suggest
from todo_cli.domain.time import dates
from todo_cli.link import engine
from todo_cli.server.private_server import SUPERUSER
from todo_cli.services.completion import suggestions
from todo_cli.store.tasks import suggestions as stored

pytestmark = pytest.mark.alone(reason="the shell completes in a process of its own")
Complete = Callable[..., dict[str, str]]
# Options without a value, and those whose values nobody can know.
FLAGS = {
    "--json",
    "--quiet",
    "--no-color",
    "--version",
    "--help",
    "--all",
    "--purge",
    "--yes",
    "--stdin",
}
FREE = {
    "--title",
    "--description",
    "--search",
    "--limit",
    "--timeout",
    "--first-name",
    "--last-name",
}


@pytest.fixture
def complete(todo: Command, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Give what completes the last of some words: each suggestion and what is said about it."""
    monkeypatch.setattr(suggestions, "DEADLINE", 1e6)  # this process has been working for long
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return lambda *words: dict(suggest(root, words, todo.environment))


def test_commands_are_offered_with_what_they_do(complete: Complete) -> None:
    assert complete("rest") == {"restore": "Take tasks out of the trash."}
    assert {"add", "list", "done", "db", "profile"} <= set(complete(""))
    assert set(complete("db", "up")) == {"upgrade"}
    assert complete("nonsense", "") == {}
    assert complete("db", "nonsense", "") == {}


def test_the_options_of_the_command_are_offered_and_only_once(complete: Complete) -> None:
    assert "--due-before" in complete("list", "--")
    assert "--due-before" not in complete("add", "--")
    assert "--status" not in complete("list", "--status", "any", "--s")
    assert "--status" not in complete("list", "--status=any", "--s")
    assert "--tag" in complete("list", "--tag", "x", "--t")
    assert "--help" in complete("done", "--h")
    assert "--json" not in complete("done", "--json", "--js")


def test_hidden_options_are_not_offered(
    complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = typer.Typer()

    @hidden.command()
    def first(secret: bool = typer.Option(False, hidden=True), open_: bool = False) -> None:
        """Do nothing."""

    @hidden.command(hidden=True)
    def second() -> None:
        """Do nothing."""

    root = typer.main.get_command(hidden)
    assert isinstance(root, TyperGroup)
    assert "--secret" not in dict(suggest(root, ["first", "--s"], {}))
    assert dict(suggest(root, [""], {})) == {"first": "Do nothing."}


def test_behind_a_double_dash_nothing_is_an_option_or_an_attribute(
    complete: Complete, todo: Command
) -> None:
    todo("add", "Buy milk", "--project", "home")

    assert complete("list", "--", "--sta") == {}
    assert complete("list", "--", "project:") == {}
    assert set(complete("done", "--", "")) == {"1"}


def test_choices_are_offered_on_either_side_of_the_equals_sign(complete: Complete) -> None:
    assert set(complete("add", "--priority", "")) == {"low", "medium", "high", "urgent"}
    assert set(complete("add", "--priority=h")) == {"--priority=high"}
    assert set(complete("add", "priority:h")) == {"priority:high"}
    assert set(complete("list", "--status", "")) == {"pending", "completed", "deleted", "any"}
    assert set(complete("list", "status:p")) == {"status:pending"}
    assert set(complete("list", "--sort", "due")) == {"due", "due-"}
    assert set(complete("--show-completion", "z")) == {"zsh"}
    assert complete("add", "--description", "") == {}
    assert complete("add", "--quiet=") == {}


def test_each_word_offered_for_a_date_is_understood(complete: Complete) -> None:
    for word in complete("add", "--due", ""):
        assert dates.parse(word, NOW)
    assert "tomorrow" in complete("list", "--due-before", "tom")
    assert "due.after:tomorrow" in complete("list", "due.after:tom")


def test_of_a_list_of_fields_the_last_is_completed(complete: Complete) -> None:
    assert set(complete("list", "--fields", "id,nu")) == {"id,number"}
    assert set(complete("list", "--fields=id,nu")) == {"--fields=id,number"}
    assert "id,id" not in complete("list", "--fields", "id,")
    assert set(complete("profile", "list", "--fields", "u")) == {"url"}
    assert set(complete("agent", "start", "--fields", "pid,u")) == {"pid,uptime"}
    assert complete("db", "check", "--fields", "") == {}


def test_projects_and_tags_are_those_of_tasks_that_are_not_in_the_trash(
    complete: Complete, todo: Command
) -> None:
    todo("add", "a", "--project", "home", "--tag", "errand")
    todo("add", "b", "--project", "home", "--tag", "far")
    todo("add", "c", "--project", "gone", "--tag", "gone")
    todo("done", "2")
    todo("rm", "3")

    assert complete("add", "--project", "") == {"home": "1 pending"}
    assert complete("add", "--tag", "") == {"errand": "1 pending", "far": "0 pending"}
    assert complete("add", "--tag", "far", "--tag", "") == {"errand": "1 pending"}
    assert complete("list", "--tag", "", "--project", "n") == {"none": "no value"}


def test_attributes_are_offered_where_they_mean_something(
    complete: Complete, todo: Command
) -> None:
    todo("add", "a", "--project", "home", "--tag", "errand")

    assert set(complete("add", "project:")) == {"project:home"}
    assert set(complete("add", "Milk", "+e")) == {"+errand"}
    assert set(complete("modify", "1", "-e")) == {"-errand"}
    assert set(complete("add", "-e")) == set()
    assert set(complete("add", "due")) == {"due:"}
    assert set(complete("list", "due.")) == {"due.before:", "due.after:"}
    assert complete("add", "status:") == {}
    assert complete("done", "project:") == {}
    assert "due:none" in complete("modify", "1", "due:")
    assert "due:none" not in complete("add", "due:")


def test_what_would_not_be_read_as_an_attribute_is_not_offered_as_one(
    complete: Complete, todo: Command
) -> None:
    todo("add", "a", "--tag", "4th", "--tag", "x")

    assert set(complete("add", "+")) == {"+x"}
    assert "-x" not in complete("modify", "1", "-")


def test_each_command_is_offered_the_tasks_it_is_for(complete: Complete, todo: Command) -> None:
    for title in ("pending", "completed", "deleted"):
        todo("add", title)
    todo("done", "2")
    todo("rm", "3")

    assert complete("done", "") == {"1": "pending"}
    assert complete("reopen", "") == {"2": "completed"}
    assert complete("restore", "") == {"3": "deleted"}
    assert complete("rm", "") == {"1": "pending", "2": "completed"}
    assert complete("modify", "") == {"1": "pending", "2": "completed"}
    assert set(complete("rm", "--purge", "")) == {"1", "2", "3"}
    assert set(complete("show", "")) == {"1", "2", "3"}
    assert complete("show", "1", "") == {}


def test_an_id_is_not_offered_again(complete: Complete, todo: Command) -> None:
    for title in ("a", "b", "c"):
        todo("add", title)

    assert set(complete("done", "2", "")) == {"1", "3"}
    assert complete("done", "x") == {}


def test_tasks_come_in_the_order_of_the_list_and_not_without_end(
    complete: Complete, todo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo("add", "later", "--due", "3d")
    todo("add", "urgent", "--priority", "urgent")
    todo("add", "sooner", "--due", "today")
    assert list(complete("done", "").values()) == ["sooner", "later", "urgent"]
    todo("add", "-", stdin="x\n" * 8)
    assert list(complete("done", ""))[-3:] == ["9", "10", "11"]
    monkeypatch.setattr(stored, "LIMIT", 2)
    assert list(complete("done", "").values()) == ["sooner", "later"]


def test_nobody_is_offered_what_is_another_persons(
    complete: Complete, todo: Command, other: Person
) -> None:
    stranger = Command({**todo.environment, "TODO_DATABASE_URL": other.url})
    stranger("add", "secret", "--project", "secret", "--tag", "secret")

    for words in (["show", ""], ["add", "--project", ""], ["add", "--tag", ""]):
        assert complete(*words) == {}


def test_a_title_cannot_move_the_cursor_and_is_cut(complete: Complete, todo: Command) -> None:
    todo("add", "abc\u202edef\u2066 \u200fx")
    todo("add", "日本語" * 30)
    todo("add", "👩‍👩‍👧 family")

    said = complete("done", "")

    assert said["1"] == "abcdef x"
    assert said["2"] == "日本語" * 10 + "\u2026"
    assert said["3"] == "👩‍👩‍👧 family"


def test_a_value_that_turns_the_direction_of_text_is_not_offered(
    complete: Complete, todo: Command
) -> None:
    todo("add", "x", "--project", "a\u202eb")

    assert complete("add", "--project", "") == {}


def test_profiles_are_offered_with_where_they_lie(complete: Complete, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[profiles.work]\nurl = "postgresql://ann:secret@db.example.com/tasks"\n'
    )

    assert complete("--profile", "w") == {"work": "postgresql://db.example.com/tasks"}
    assert set(complete("list", "--profile=")) == {"--profile=local", "--profile=work"}
    assert set(complete("profile", "use", "")) == {"local", "work"}


def test_the_profile_on_the_line_says_which_database(complete: Complete, todo: Command) -> None:
    todo("add", "Buy milk")

    assert complete("done", "") == {"1": "Buy milk"}
    assert complete("--profile", "local", "done", "") == {}  # nothing runs there
    assert complete("-Plocal", "done", "") == complete("done", "-Plocal", "") == {}
    assert complete("done", "--profile", "local", "") == {}


def test_the_values_of_every_option_are_known_or_free_text(
    complete: Complete, todo: Command
) -> None:
    todo("add", "Buy milk", "--project", "home", "--tag", "errand")
    for command in ([], ["add"], ["list"], ["modify"], ["rm"], ["login"], ["user", "add"]):
        for option in complete(*command, "--"):
            known = complete(*command, f"{option}=")
            assert known or option in FREE or option in FLAGS, f"{command} {option}"


def test_a_login_kept_in_a_file_has_its_tasks_completed(
    monkeypatch: pytest.MonkeyPatch, alice: Command, person: Person
) -> None:
    monkeypatch.setattr(suggestions, "DEADLINE", 1e6)
    given = person.url.replace("@/", ":secret@/")  # which this server does not ask for
    assert alice("login", "--stdin", "--store", "file", stdin=given).code == 0
    alice("add", "Buy milk")

    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    assert dict(suggest(root, ("done", ""), alice.environment)) == {"1": "Buy milk"}


def test_a_login_kept_in_the_keyring_is_not_used_while_somebody_types(
    monkeypatch: pytest.MonkeyPatch, alice: Command, person: Person
) -> None:
    monkeypatch.setattr(suggestions, "DEADLINE", 1e6)
    assert alice("login", "--stdin", "--store", "file", stdin=person.url).code == 0
    alice("add", "Buy milk")
    config = Path(alice.environment["TODO_HOME"]) / "config.toml"
    config.write_text(f'{config.read_text()}store = "keyring"\n')

    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    assert dict(suggest(root, ("done", ""), alice.environment)) == {}
    assert "--json" in dict(suggest(root, ("done", "--"), alice.environment))


@contextmanager
def unbound(person: Person) -> Iterator[None]:
    """Have no policy hold a person's role; others check the roles of this database."""
    with engine.work_on(person.database.open("postgres", SUPERUSER), autocommit=True) as cursor:
        cursor.execute(f"ALTER ROLE {person.role} BYPASSRLS")
        try:
            yield
        finally:
            cursor.execute(f"ALTER ROLE {person.role} NOBYPASSRLS")


def test_a_role_that_no_policy_holds_is_offered_its_own_tasks_alone(
    complete: Complete, todo: Command, person: Person, other: Person
) -> None:
    other.query("INSERT INTO todo.tasks (title, project, tags) VALUES ('theirs', 'far', '{away}')")
    todo("add", "mine", "--project", "home", "--tag", "errand")
    with unbound(person):
        assert complete("done", "") == {"1": "mine"}
        assert set(complete("add", "--project", "")) == {"home"}
        assert set(complete("add", "--tag", "")) == {"errand"}
        assert "theirs" not in todo("list", "--all").out
        assert "theirs" not in todo("show", "1").out
        assert todo("edit", "1", EDITOR="true").code == 0
        assert todo("done", "1").code == 0
        assert other.query("SELECT title, status FROM todo.tasks") == [("theirs", "pending")]
