"""Whatever is typed gives a result or one of our errors, and titles come out as they went in."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Command
from todo_cli.domain.tasks.values import check_title

_REUSE = [HealthCheck.function_scoped_fixture]  # a test's person may keep tasks between examples

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
plain_word = text.filter(
    lambda word: not word.startswith(("-", "+")) and ":" not in word and word.isprintable()
)
telling = st.sampled_from(
    [
        *("-", "--", "-q", "-x", "-P", "+", "+a", "-aa", "++", "1", "2", "99", "0", "-1", ""),
        *("--due", "--tag", "--untag", "--title", "--all", "--json", "--nope", "--due=", "--help"),
        *("due:fri", "due:", "due:x", "project:home", "project:none", "tag:none", "priority:low"),
        *("due:fri 17:00", "Due: x", "-due:fri", "-due:", "-tag:none", "-status:any", "-sort:due"),
        *(
            "projct:x",
            "pri:H",
            "recur:x",
            "+due:fri",
            "+a,b",
            "-a,b",
            "+a,none",
            "limit:2",
            "due.by:x",
        ),
        *("status:any", "due.before:eom", "due.after:none", "note:x", "http://x", "a b", "\u00a0"),
        *("--limit", "--limit=3", "--sort", "due-", "--fields=id", "--fields", "--timeout=5"),
    ]
)
words = st.lists(st.one_of(telling, text), max_size=6)
codes = {0, 2, 3, 5}


@settings(suppress_health_check=_REUSE, max_examples=150)
@given(arguments=words)
def test_any_words_to_add_modify_and_list_give_a_result_or_one_of_our_errors(
    todo: Command, arguments: list[str]
) -> None:
    for command in ("add", "modify", "list"):
        answer = todo(command, *arguments)

        assert answer.code in codes, (command, answer)
        assert "unexpected" not in answer.err
        if answer.code != 0:
            assert answer.out == ""
            assert answer.err


@settings(suppress_health_check=_REUSE, max_examples=150)
@given(title=st.lists(text, min_size=1, max_size=5))
def test_every_title_after_two_dashes_comes_out_unchanged(todo: Command, title: list[str]) -> None:
    answer = todo("add", "--json", "--", *title)

    if answer.code == 0:
        added = json.loads(answer.out)
        assert added["title"] == check_title(" ".join(title))
        assert (added["tags"], added["project"], added["due"]) == ([], None, None)
    else:
        assert "title" in answer.err


@settings(suppress_health_check=_REUSE, max_examples=150)
@given(title=st.lists(plain_word, min_size=1, max_size=5))
def test_plain_words_of_a_title_come_out_unchanged(todo: Command, title: list[str]) -> None:
    answer = todo("add", "--json", *title)

    if answer.code == 0:
        assert json.loads(answer.out)["title"] == check_title(" ".join(title))
    else:
        assert "title" in answer.err


kept = st.one_of(
    plain_word,
    st.sampled_from(
        [
            *("Due: pay rent", "project:\u00a0x", "note:this", "http://x", "projct:x", "pri:H"),
            *("+49", "-5", "-home", "-note:x", "+a b", "due", "a -- b", "none", "status:any"),
        ]
    ),
)


@settings(suppress_health_check=_REUSE, max_examples=150)
@given(before=st.lists(kept, max_size=4), after=st.lists(st.one_of(telling, text), max_size=4))
def test_no_word_of_a_title_is_lost_on_either_side_of_two_dashes(
    todo: Command, before: list[str], after: list[str]
) -> None:
    answer = todo("add", "--json", "x", *before, "due:fri", "--", *after)

    if answer.code == 0:
        assert json.loads(answer.out)["title"] == check_title(" ".join(["x", *before, *after]))
    else:
        assert "title" in answer.err


tag = st.from_regex(r"\A[A-Za-zäΩ日][^\s\0]{0,10}\Z").filter(lambda each: each != "none")
value = st.one_of(
    st.sampled_from(["none", "fri", "eom", "2026-11-25", "low", "urgent", "home", "x:y", "a=b"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
).filter(lambda each: not each[:1].isspace())
attribute = st.tuples(st.sampled_from(["project", "priority", "due", "tag"]), value)


@settings(suppress_health_check=_REUSE, max_examples=150)
@given(attributes=st.lists(attribute, max_size=4), tags=st.lists(tag, max_size=3))
def test_inline_words_and_options_are_the_same(
    todo: Command, attributes: list[tuple[str, str]], tags: list[str]
) -> None:
    inline = [f"{key}:{value}" for key, value in attributes] + [f"+{each}" for each in tags]
    options = [f"--{key}={value}" for key, value in attributes] + [f"--tag={each}" for each in tags]

    said = todo("add", "x", *inline, "--fields", "tags,project,priority,due")
    meant = todo("add", "x", *options, "--fields", "tags,project,priority,due")

    assert (said.code, said.out) == (meant.code, meant.out)
    if said.err:
        assert json.loads(said.err)["error"]["message"] == json.loads(meant.err)["error"]["message"]
