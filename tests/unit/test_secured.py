"""What a connection gets beside its URL: TLS by default, and nothing that a pooler refuses."""

from pathlib import Path

import certifi
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg2.extensions import make_dsn, parse_dsn

from todo_cli.errors import UsageError
from todo_cli.link import tls
from todo_cli.link.url import ConnectionUrl

NEON = "ep-cool-rain-123456.c-2.eu-central-1.aws.neon.tech"
POOLER = "ep-cool-rain-123456-pooler.c-2.eu-central-1.aws.neon.tech"
CERTIFI = certifi.where()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give an empty home folder, and no setting of libpq's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (*tls._ENVIRONMENT.values(), "PGSERVICEFILE", "PGOPTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGSYSCONFDIR", str(tmp_path / "etc"))
    return tmp_path


def given_to_libpq(text: str) -> dict[str, str]:
    found: dict[str, str] = parse_dsn(make_dsn(**tls.secured(ConnectionUrl(text))))
    return found


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
@example("p@ss' \\:w/rd?a=b&c#d%41[]\n")
def test_any_password_reaches_libpq_as_it_is(password: str) -> None:
    text = ConnectionUrl("postgresql://db.example.com/d").with_login(password, password)

    found = given_to_libpq(text.reveal())

    assert (found["user"], found["password"]) == (password, password)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://",
        "postgresql:///d?host=/run",
        "postgresql://%2Frun,localhost/d",
        "postgresql://LOCALHOST/d",
        "postgresql://127.1.2.3:5432,[::1]/d?sslmode=disable",
        "postgresql:///d?hostaddr=127.0.0.1",
        "postgresql://localhost/d?hostaddr=127.0.0.1&sslmode=prefer",
        "postgresql:///d?host=@abstract",
    ],
)
def test_on_this_machine_tls_is_left_to_libpq(text: str) -> None:
    assert given_to_libpq(text) == parse_dsn(text)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://db.example.com/d",
        "postgresql://10.0.0.1/d",
        "postgresql://[2001:db8::1]:5432/d",
        "postgresql://localhost,db.example.com/d",
        "postgresql://localhost/d?host=db.example.com",
        "postgresql://localhost/d?hostaddr=10.0.0.1",
        "postgresql://db.example.com/d?hostaddr=127.0.0.1",
        "postgresql://localhost.example.com/d",
        "postgresql://db.example.com/d?sslmode=",
        "postgresql:///d?host=/run&hostaddr=10.0.0.1",
        "postgresql://db.example.com/d?service=unknown",
        "postgresql:///d?service=unknown",
    ],
)
def test_any_other_machine_has_to_prove_its_name(text: str) -> None:
    added = {"sslmode": "verify-full", "sslrootcert": CERTIFI, "gssencmode": "disable"}

    assert given_to_libpq(text) == parse_dsn(text) | added


@pytest.mark.parametrize(
    ("query", "mode", "roots"),
    [
        ("sslmode=require&channel_binding=require", "require", None),
        ("sslmode=verify-ca", "verify-ca", CERTIFI),
        ("sslmode=verify-full", "verify-full", CERTIFI),
        ("sslmode=verify-full&sslrootcert=/ca", "verify-full", "/ca"),
        ("sslrootcert=/ca", "verify-full", "/ca"),
        ("sslrootcert=system", "verify-full", "system"),
        ("ssl=true", "require", None),
    ],
)
def test_stronger_wishes_in_the_url_are_kept(query: str, mode: str, roots: str | None) -> None:
    found = given_to_libpq(f"postgresql://db.example.com/d?{query}")

    assert (found["sslmode"], found.get("sslrootcert")) == (mode, roots)
    assert found.get("channel_binding") == ("require" if "channel" in query else None)


def test_the_environment_of_libpq_keeps_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", "/ca")
    monkeypatch.setenv("PGGSSENCMODE", "require")
    text = "postgresql://db.example.com/d"
    assert given_to_libpq(text) == parse_dsn(text) | {"sslmode": "verify-full"}

    monkeypatch.setenv("PGSSLMODE", "require")
    assert given_to_libpq(text)["sslmode"] == "require"
    assert given_to_libpq(text + "?sslmode=verify-ca")["sslmode"] == "verify-ca"

    monkeypatch.setenv("PGHOST", "db.example.com")
    assert given_to_libpq("postgresql:///d")["sslmode"] == "require"
    assert "sslmode" not in given_to_libpq("postgresql:///d?host=")
    monkeypatch.setenv("PGHOSTADDR", "10.0.0.1")
    assert given_to_libpq("postgresql://localhost/d")["sslmode"] == "require"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "nonsense", "Require"])
@pytest.mark.parametrize("place", ["URL", "environment", "service"])
def test_plain_text_never_leaves_this_machine(
    monkeypatch: pytest.MonkeyPatch, home: Path, mode: str, place: str
) -> None:
    text = "postgresql://localhost,db.example.com/d"
    if place == "URL":
        text += f"?sslmode={mode}"
    elif place == "environment":
        monkeypatch.setenv("PGSSLMODE", mode)
    else:
        (home / ".pg_service.conf").write_text(f"[s]\nsslmode={mode}\n")
        monkeypatch.setenv("PGSERVICE", "s")

    with pytest.raises(UsageError, match="sslmode"):
        tls.secured(ConnectionUrl(text))
    if place != "URL":
        assert given_to_libpq(text + "?sslmode=require")["sslmode"] == "require"


def test_the_ca_of_the_home_folder_stands_in_for_the_public_ones(home: Path) -> None:
    (home / ".postgresql").mkdir()
    (home / ".postgresql" / "root.crt").touch()

    found = given_to_libpq("postgresql://db.example.com/d")

    assert (found["sslmode"], found.get("sslrootcert")) == ("verify-full", None)


def test_a_service_file_is_read_as_libpq_reads_it(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    services = home / "services"
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    services.write_text(
        "# comment\n[here]\nhost=/run\n host=db.example.com\n\n"
        "[far]\nhost=db.example.com\nsslmode=require\nsslrootcert=/ca\n[far]\nsslmode=disable\n"
        "[directory]\nldap://ldap.example.com/x?y\n"
    )
    assert given_to_libpq("postgresql://?service=here") == {"service": "here"}
    found = given_to_libpq("postgresql://?service=far")
    assert found == {"service": "far", "sslmode": "require", "gssencmode": "disable"}
    assert given_to_libpq("postgresql://?service=directory")["sslmode"] == "verify-full"

    monkeypatch.setenv("PGSERVICE", "far")
    assert given_to_libpq("postgresql:///d")["sslmode"] == "require"
    assert "sslmode" not in given_to_libpq("postgresql://localhost/d?service=here")


def test_a_system_wide_service_file_counts_where_ones_own_has_no_such_service(home: Path) -> None:
    (home / "etc").mkdir()
    (home / "etc" / "pg_service.conf").write_bytes(b"[far]\nhost=/run\n")
    (home / ".pg_service.conf").write_bytes(b"[other]\nhost=\xff\n")

    assert given_to_libpq("postgresql://?service=far") == {"service": "far"}


def test_a_pooler_is_sent_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"postgresql://alice:SECRET@{POOLER}/d?options=-c%20geqo%3Doff"

    with pytest.raises(UsageError, match="pooler takes no options=") as caught:
        tls.secured(ConnectionUrl(text))

    assert "direct host" in str(caught.value.hint)
    assert given_to_libpq(ConnectionUrl(text).direct().reveal())["options"] == "-c geqo=off"
    monkeypatch.setenv("PGOPTIONS", "-c geqo=off")
    assert given_to_libpq(f"postgresql://{POOLER}/d")["options"] == ""
    assert "options" not in given_to_libpq(f"postgresql://{NEON}/d")
    monkeypatch.setenv("PGHOST", POOLER)
    assert given_to_libpq("postgresql:///d")["options"] == ""
