"""`todo +tag` is `todo list +tag`, `todo help` and `-h` help, and no other name does anything."""

import pytest
import typer
from typer.core import TyperGroup

from tests.conftest import Command
from tests.shared_agent import COLD
from todo_cli import client
from todo_cli.cli.app import app
from todo_cli.cli.words import SearchCommand


@pytest.fixture
def some(todo: Command) -> Command:
    """Give `todo` with three tasks."""
    todo("add", "Buy milk", "project:home", "due:fri", "+errand")
    todo("add", "Call mum", "priority:high")
    todo("add", "Write a list")
    return todo


@pytest.mark.parametrize(
    "arguments",
    [
        ["+errand"],
        ["-errand"],
        ["project:home"],
        ["PROJECT:home"],
        ["-project:home"],
        ["due.before:sat"],
        ["due:fri", "--json"],
        ["--limit", "1"],
        ["--limit=1"],
        ["limit:1", "sort:number-"],
        ["--all", "--sort", "title", "+errand"],
        ["--search", "milk"],
        ["--search", "list"],
        ["+errand", "--", "milk"],
    ],
)
@pytest.mark.parametrize("before", [[], ["--json"], ["--fields", "id,number"], ["-q"]])
def test_words_and_options_of_a_list_do_without_its_name(
    some: Command, before: list[str], arguments: list[str]
) -> None:
    short, long = some(*before, *arguments), some(*before, "list", *arguments)

    assert short == long
    assert short.code == 0
    assert short.out


def test_a_profile_before_the_words_is_heeded(some: Command) -> None:
    assert some("-P", "nowhere", "+errand").code == 3
    assert some("-qPnowhere", "+errand").code == 3
    assert some("+errand", "--profile", "nowhere").code == 3


@pytest.mark.parametrize("word", ["due:soon", "due:", "projct:home", "-sort:due", "limit:x"])
def test_a_wrong_word_is_refused_as_by_list(some: Command, word: str) -> None:
    assert some(word) == some("list", word)
    assert some(word).code == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["milk"], "no such command 'milk'"),
        (["lst"], "no such command 'lst'. Did you mean 'list'?"),
        (["note:this"], "no such command 'note:this'"),
        (["+errand", "milk"], "no such command 'milk'"),
        (["due:fri", "Pay", "rent"], "no such command 'Pay'"),
        (["project:home", "add", "x"], "the command comes first: 'add'"),
        (["--all", "done", "3"], "the command comes first: 'done'"),
        (["+1"], "no such command '+1'"),
        (["--limt", "3"], "no such option: --limt"),
    ],
)
def test_what_may_be_a_mistyped_command_never_becomes_a_search(
    some: Command, arguments: list[str], sentence: str
) -> None:
    answer = some(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"todo: {sentence}")
    assert some("list", "--fields", "number").out.count("number") == 3


def test_the_agent_takes_such_a_list_as_it_takes_any(some: Command) -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    assert isinstance(root.commands["list"], SearchCommand)
    own = {name for each in root.params for name in each.opts}
    options = {name for each in root.commands["list"].params for name in each.opts}
    for option in options - own - {"word"}:
        assert client.is_hot([option, "x"], {}), option
    assert some("--limit", "1").code == 0
    for words in ("+errand", "-errand", "project:home", "--limit 5", "--limit=5", "--json +a"):
        assert client.is_hot(words.split(), {})
    for words in ("-h", "list -h", "--help", "help", "help add", "--install-completion", "-Pwork"):
        assert not client.is_hot(words.split(), {})


@COLD
@pytest.mark.parametrize(
    "command", [[], ["add"], ["list"], ["modify"], ["done"], ["db"], ["db", "upgrade"], ["user"]]
)
def test_help_has_three_ways(todo: Command, command: list[str]) -> None:
    wanted = todo(*command, "--help")

    assert wanted.code == 0
    assert todo(*command, "-h") == wanted
    assert todo("help", *command) == wanted


@COLD
def test_help_for_what_is_not_there_is_an_error(todo: Command) -> None:
    assert todo("help", "nonsense").code == 2
    assert todo("help", "remove").err.startswith(
        "todo: no such command 'remove'. Did you mean 'rm'?"
    )


@COLD
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *((name, "'rm'") for name in ("remove", "delete", "del", "Remove")),
        *((name, "'done'") for name in ("complete", "finish", "do")),
        *((name, "'add'") for name in ("new", "create")),
        *((name, "'show'") for name in ("info", "view")),
        *((name, "'list'") for name in ("ls", "LIST", "search")),
        *((name, "'modify'") for name in ("mod", "set")),
        ("undelete", "'restore'"),
        ("undo", "'reopen' or 'restore'"),
        ("purge", "'rm --purge'"),
        ("users", "'user list'"),
        ("audit", "'db audit'"),
        ("user delete", "'remove'"),
        ("user new", "'add'"),
        ("profile rm", "'remove'"),
        ("profile ls", "'list'"),
    ],
)
def test_what_others_call_a_command_is_no_alias_but_suggests_it(
    todo: Command, name: str, meant: str
) -> None:
    answer = todo(*name.split(), "1")

    last = name.split()[-1]
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines()[0] == f"todo: no such command '{last}'. Did you mean {meant}?"
