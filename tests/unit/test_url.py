"""Connection URLs: what stands in them, what is changed in them, what a connection gets."""

import pprint
import traceback
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import parse_dsn
from pydantic import TypeAdapter, ValidationError

from todo_cli.errors import UsageError
from todo_cli.link import tls
from todo_cli.link.url import ConnectionUrl
from todo_cli.settings import Profile

NEON = "ep-cool-rain-123456.c-2.eu-central-1.aws.neon.tech"
POOLER = "ep-cool-rain-123456-pooler.c-2.eu-central-1.aws.neon.tech"

FUNCTIONS: list[Callable[[str], object]] = [
    lambda text: ConnectionUrl(text).check(),
    lambda text: ConnectionUrl(text).parameters,
    lambda text: str(ConnectionUrl(text)),
    lambda text: ConnectionUrl(text).host,
    lambda text: ConnectionUrl(text).user,
    lambda text: ConnectionUrl(text).has_password,
    lambda text: ConnectionUrl(text).without_password(),
    lambda text: ConnectionUrl(text).with_login("alice", "secret"),
    lambda text: ConnectionUrl(text).is_pooled,
    lambda text: ConnectionUrl(text).direct(),
    lambda text: tls.secured(ConnectionUrl(text)),
]

# Any text that UTF-8 has; libpq's texts end at a NUL.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
hosts = st.lists(
    st.sampled_from(
        [NEON, POOLER, "localhost", "db.example.com", "[::1]", "", "%2Frun", f"{NEON}."]
    ),
    min_size=1,
).map(",".join)
queries = st.lists(
    st.sampled_from(
        [
            "sslmode=require",
            "channel_binding=require",
            "application_name=a%20b",
            f"host={NEON}%2c{POOLER}",
            f"ho%73t={POOLER}",
            "password=pass",
            "p%61ssword=%70ass",
            "user=bob",
        ]
    )
).map(lambda items: "?" + "&".join(items) if items else "")
urls = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["postgresql", "postgres"]),
    st.sampled_from(["", "alice@", "alice:pass@", ":pass@", "al%40ice:p%2Fa?s#s@", "@", ":@"]),
    hosts,
    st.sampled_from(["", "/", "/todo", "/t%C3%B6do", "/a/b"]),
    queries,
)
lines = st.lists(
    st.sampled_from(
        ["postgresql://", "postgres:", "//", "@", ":", "/", "?", "&", "=", ",", "[", "]"]
    )
    | st.sampled_from(
        ["%", "%2", "%00", "%ff", "host", "password", "sslmode", "options", NEON, "1"]
    )
    | st.text(max_size=3)
).map("".join)
texts = st.sampled_from(["", "postgresql://", "postgres://a:b@"]).flatmap(
    lambda start: lines.map(lambda rest: start + rest)
)


def refusal(function: Callable[[str], object], text: str) -> UsageError | None:
    """Give the error of a function for a text, if it raises one."""
    try:
        function(text)
    except UsageError as error:
        return error
    return None


@given(words, words.filter(bool), words)
@example("al:ice@home/x", "p@ss:w/rd?a=b&c#d%41[]", "old")
def test_any_login_comes_out_of_a_url_as_it_went_in(user: str, password: str, old: str) -> None:
    before = ConnectionUrl("postgresql://db.example.com/d?user=x&password=y").with_login("x", old)
    after = before.with_login(user, password)
    found = {"host": "db.example.com", "dbname": "d", "password": password}

    assert parse_dsn(after.reveal()) == found | ({"user": user} if user else {})
    assert (after.user, after.reveal_password()) == (user or None, password)


@given(urls)
def test_without_its_password_a_url_means_the_same_and_has_no_password(text: str) -> None:
    without = ConnectionUrl(text).without_password()

    assert without.reveal_password() is None
    assert "pass" not in unquote(without.reveal())
    assert without.without_password() == without
    before = {name: value for name, value in parse_dsn(text).items() if name != "password"}
    assert parse_dsn(without.reveal()) == before


@given(urls)
def test_the_direct_url_differs_by_its_hosts_alone(text: str) -> None:
    direct = ConnectionUrl(text).direct()

    assert not direct.is_pooled
    assert direct.reveal().replace("-pooler", "") == text.replace("-pooler", "")
    assert parse_dsn(direct.reveal()).keys() == parse_dsn(text).keys()


@settings(max_examples=500)
@given(texts)
def test_no_text_at_all_raises_anything_but_a_usage_error(text: str) -> None:
    for function in FUNCTIONS:
        error = refusal(function, text)

        assert error is None or (error.__cause__, error.__context__) == (None, None)


@pytest.mark.parametrize("text", ["\0", "postgresql://h\0/d", "postgresql://\udc80", "\ud800"])
def test_what_no_url_can_hold_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        ConnectionUrl(text).check()
    for user, password in ((text, "x"), ("x", text)):
        with pytest.raises(UsageError) as caught:
            ConnectionUrl("postgresql://h/d").with_login(user, password)
        assert caught.value.__context__ is None  # it would hold the password


@pytest.mark.parametrize(
    ("text", "without"),
    [
        (
            "postgresql://alice:SECRET@h:1/d?sslmode=require",
            "postgresql://alice@h:1/d?sslmode=require",
        ),
        ("postgres://a%40b:S%2F@h,[::1]:2/%C3%B6", "postgres://a%40b@h,[::1]:2/%C3%B6"),
        ("postgresql://h/d?password=SECRET", "postgresql://h/d"),
        (
            "postgresql://h/d?a%70plication_name=x&pass%77ord=S",
            "postgresql://h/d?a%70plication_name=x",
        ),
        ("postgresql://a:S@h?password=S&password=T&port=1", "postgresql://a@h?port=1"),
        ("postgresql:///d?host=/run", "postgresql:///d?host=/run"),
    ],
)
def test_a_password_is_cut_out_and_every_other_byte_kept(text: str, without: str) -> None:
    assert ConnectionUrl(text).without_password().reveal() == without


def test_a_login_without_password_or_user_leaves_that_to_libpq() -> None:
    given = ConnectionUrl("postgresql://x:y@h/d")

    assert given.with_login("alice", "").reveal() == "postgresql://alice@h/d"
    assert given.with_login(None, "pw").reveal() == "postgresql://:pw@h/d"


def test_what_may_be_shown_of_a_url_is_no_piece_of_a_password() -> None:
    given = ConnectionUrl("postgresql://alice:x@db.example.com,[::1]:5432/todo")
    assert given.user == "alice"
    assert given.host == "db.example.com,::1"
    assert ConnectionUrl("postgresql:///d?host=/run").host == "/run"

    assert ConnectionUrl("postgresql:///d?host=sec%40ret").host is None
    bare = ConnectionUrl("postgresql://")
    assert (bare.host, bare.user, bare.reveal_password()) == (None, None, None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            f"postgresql://a:%41@{NEON}/d?sslmode=require",
            f"postgresql://a:%41@{POOLER}/d?sslmode=require",
        ),
        (f"postgres://{NEON}:5432,{NEON}/d", f"postgres://{POOLER}:5432,{POOLER}/d"),
        (f"postgresql://h,{NEON}", f"postgresql://h,{POOLER}"),
        (f"postgresql:///d?host={NEON}&port=1", f"postgresql:///d?host={POOLER}&port=1"),
        (
            "postgresql://ep-a-1.us-east-2.aws.neon.tech/d",
            "postgresql://ep-a-1-pooler.us-east-2.aws.neon.tech/d",
        ),
        ("postgresql://EP-A-1.x.NEON.tech/d", "postgresql://EP-A-1-pooler.x.NEON.tech/d"),
    ],
)
def test_each_pooled_host_of_neon_has_a_direct_name(one: str, other: str) -> None:
    assert [ConnectionUrl(each).direct().reveal() for each in (one, other)] == [one, one]
    assert (ConnectionUrl(one).is_pooled, ConnectionUrl(other).is_pooled) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "postgres://alice:sec@ret@db/todo",
        "postgresql://alice:sec@r/et@db/todo",
        "postgresql://alice:12/secret@h/d",
    ],
)
def test_a_password_that_would_be_taken_for_a_host_is_refused_unseen(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        ConnectionUrl(text).check()
    assert "ret" not in f"{caught.value.message} {caught.value.hint}"
    assert str(ConnectionUrl(text)) == "postgresql://..."


@pytest.mark.parametrize(
    "host",
    [
        "db.example.com",
        "ep-a-1-pooler.example.com",
        "ep-a-1-pooler.x.neon.tech.example.com",
        "my-pooler.x.neon.tech",
        "ep-a-1-pooler.neon.tech",
        "127.0.0.1",
    ],
)
def test_hosts_that_are_not_neons_stay_as_they_are(host: str) -> None:
    text = f"postgresql://ep-a-1.x.neon.tech:x@{host}/{NEON}?application_name={NEON}"

    assert ConnectionUrl(text).direct().reveal() == text
    assert not ConnectionUrl(text).is_pooled


def test_the_pooler_is_for_daily_use_where_the_host_is_neons() -> None:
    text = "postgresql://a:b@ep-a-1.c-2.eu.aws.neon.tech/d?sslmode=require"
    given = ConnectionUrl(text)
    assert given.pooled().reveal() == text.replace("ep-a-1.", "ep-a-1-pooler.")
    assert given.pooled().pooled() == given.pooled()
    assert given.pooled().direct() == given
    for kept in (f"{text}&options=-cx%3D1", "postgresql://a@db.example.com/d"):
        assert ConnectionUrl(kept).pooled().reveal() == kept


def test_a_url_shows_nothing_secret_however_it_is_written_down() -> None:
    given = ConnectionUrl("postgresql://alice:SECRET@db.example.com/d?password=SECRET")
    told = [tls.secured(given), given.parameters, given.with_login("bob", "SECRET"), given]
    kept = Profile(given, owner_url=given)

    shown = [f"{each} {each!r} {each:} {pprint.pformat(each)}" for each in (*told, told, kept)]
    try:
        TypeAdapter(int).validate_python(given)
    except ValidationError as error:
        shown.append(f"{error} {error.errors()}")
        shown += traceback.TracebackException.from_exception(error, capture_locals=True).format()

    assert "SECRET" not in "".join(shown)
    assert "postgresql://db.example.com/d" in shown[-1]
    assert given.reveal().count("SECRET") == 2
