"""Keys in any case, and keys that are nearly one: no word is lost without a word."""

import json

import pytest

from tests.conftest import Command


@pytest.fixture
def some(todo: Command) -> Command:
    """Give `todo` with three tasks, one of them with everything."""
    todo("add", "Buy milk", "project:home", "due:fri", "priority:high", "+errand")
    todo("add", "Buy bread", "due:sat")
    todo("add", "Call mum")
    return todo


def found(todo: Command, *words: str) -> list[int]:
    answer = todo("list", "--fields", "number", *words)
    assert (answer.code, answer.err) == (0, "")
    return [each["number"] for each in json.loads(answer.out)]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["Due:fri"], [1]),
        (["DUE.BEFORE:sat"], [1]),
        (["PROJECT:home"], [1]),
        (["project:Home"], []),
        (["priority:HIGH"], [1]),
        (["--priority", "High"], [1]),
        (["STATUS:Pending", "Tag:errand"], [1]),
        (["--status", "ANY", "due:NONE"], [3]),
        (["limit:2"], [1, 2]),
        (["Limit:1"], [1]),
        (["sort:due-"], [2, 1, 3]),
        (["--sort", "Due-"], [2, 1, 3]),
        (["Sort:TITLE"], [2, 1, 3]),
        (["sort:number", "limit:1", "buy"], [1]),
        (["limit:1", "--limit", "2"], [1, 2]),
    ],
)
def test_keys_and_names_are_read_in_any_case(
    some: Command, words: list[str], numbers: list[int]
) -> None:
    assert found(some, *words) == numbers


def test_fields_are_read_in_any_case(some: Command) -> None:
    assert some("list", "limit:1", "--fields", "Number, TITLE").out == (
        '[{"number":1,"title":"Buy milk"}]\n'
    )
    assert json.loads(some("whoami", "--fields", "Role").out) == {"role": "member"}


@pytest.mark.parametrize("word", ["limit:x", "limit:0", "limit:", "sort:colour", "sort:"])
def test_a_bad_limit_or_order_is_refused_as_any_attribute(some: Command, word: str) -> None:
    answer = some("list", word)

    assert (answer.code, answer.out) == (2, "")
    assert "what comes after -- is taken as it is" in answer.err


MISTAKEN = [
    ("projct:home", "project:home"),
    ("Projects:home", "project:home"),
    ("porject:home", "project:home"),
    ("prioritty:high", "priority:high"),
    ("pri:high", "priority:high"),
    ("pro:home", "project:home"),
    ("proj:Kitchen floor", "project:Kitchen floor"),
]


@pytest.mark.parametrize(("word", "meant"), MISTAKEN)
@pytest.mark.parametrize("command", ["list", "modify"])
def test_list_and_modify_refuse_a_key_that_is_nearly_known_and_suggest_it(
    some: Command, command: str, word: str, meant: str
) -> None:
    answer = some(command, *(["1"] if command == "modify" else []), word)

    key = word.partition(":")[0].lower()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"todo: no such key: '{key}'. Did you mean '{meant}'?\nhint: ")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("due.by:fri", "due.before:fri"),
        ("due.since:fri", "due.after:fri"),
        ("due-after:fri", "due.after:fri"),
        ("stauts:any", "status:any"),
        ("limits:3", "limit:3"),
        ("entry:today", "sort:created_at"),
        ("end:today", "status:completed"),
    ],
)
def test_list_suggests_the_keys_that_it_alone_knows(some: Command, word: str, meant: str) -> None:
    assert f"Did you mean '{meant}'?" in some("list", word).err


def test_a_key_of_taskwarriors_without_anything_like_it_is_refused_with_those_there_are(
    some: Command,
) -> None:
    for command in (["list"], ["modify", "1"]):
        answer = some(*command, "recur:weekly")

        assert answer.code == 2
        assert "the keys are project, priority, due, tag" in answer.err


@pytest.mark.parametrize(("word", "meant"), [*MISTAKEN, ("due.by:fri", "due:fri")])
def test_add_keeps_such_a_word_as_title_and_says_so_in_one_line(
    todo: Command, word: str, meant: str
) -> None:
    answer = todo("add", "Buy", word, "pri:H")

    assert (answer.code, answer.out) == (0, "")
    assert answer.err.splitlines() == [
        f"Added 1 Buy {word} pri:H",
        f"Part of the title: '{word}' (did you mean '{meant}'?), "
        "'pri:H' (did you mean 'priority:H'?)",
    ]


def test_add_says_nothing_of_it_to_scripts_nor_of_what_was_meant_as_title(todo: Command) -> None:
    assert todo("add", "projct:x", "--json").err == ""
    assert todo("add", "projct:x", "--quiet").err == ""
    assert todo("add", "--", "projct:x").err == "Added 3 projct:x\n"
    assert todo("add", "projct: x").err == "Added 4 projct: x\n"
    assert todo("add", "recur:weekly").err.endswith("Part of the title: 'recur:weekly'\n")


@pytest.mark.parametrize(
    "word", ["http://x", "https://x", "note:this", "tags:x", "prio:x", "12:30"]
)
def test_any_other_key_is_a_word_that_is_looked_for_and_named_when_nothing_is_found(
    some: Command, word: str
) -> None:
    answer = some("list", word)

    assert answer.code == 0
    assert answer.err == f"No task matches '{word}'. To see all that are pending: todo list\n"
    assert some("add", "x", word).err == f"Added 4 x {word}\n"
    assert some("list", word).err == ""


def test_a_list_that_finds_nothing_says_which_words_were_looked_for(some: Command) -> None:
    sentence = "To see all that are pending: todo list\n"

    assert some("list", "nothing", "+errand", "a b").err == (
        f"No task matches 'nothing' '+errand' 'a b'. {sentence}"
    )
    assert some("list", "--", "+here").err == f"No task matches '+here'. {sentence}"
    assert some("list", "--search", "x\x1b").err == f"No task matches 'x\\x1b'. {sentence}"
    for quiet in ("--json", "--quiet", "--fields=id"):
        assert some("list", "nothing", quiet).err == ""
    attributes = ("project:nowhere", "-due:none")
    said = f"No task matches 'project:nowhere' '-due:none'. {sentence}"
    assert some("list", *attributes).err == some(*attributes).err == said
