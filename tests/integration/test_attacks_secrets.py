"""Where the password that an invitation opens could be read by others: logs and statistics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests import servers
from tests.conftest import Database
from tests.people import ACCEPT, Office, office_of, somebody
from tests.servers import SUPERUSER, query

# All that a server can be told to say about statements, as maintainers do who look for slow ones.
TALKATIVE: Final = {
    "log_min_messages": "info",
    "log_min_error_statement": "info",
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_duration": "on",
}
# Debian's contrib modules. 'top' is the default; with 'all' a superuser sees nested statements too.
MODULES: Final = {
    "shared_preload_libraries": "pg_stat_statements,auto_explain",
    "pg_stat_statements.track": "top",
    "pg_stat_statements.track_utility": "on",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_analyze": "on",
}


@pytest.fixture(params=["18", "16", "debian"])
def talkative(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """Give a database on a server that says what it does."""
    programs = servers.binaries(request.param)
    modules = MODULES if request.param == "debian" and has_modules(programs) else {}
    for name, value in {**TALKATIVE, **modules}.items():
        monkeypatch.setitem(servers._SETTINGS, name, value)
    with servers.database_on(programs, bypassrls=False) as database:
        if modules:
            query(database, SUPERUSER, "CREATE EXTENSION pg_stat_statements SCHEMA public")
        yield database


def has_modules(programs: Path) -> bool:
    folder = programs.parent / "lib"
    return all((folder / f"{name}.so").exists() for name in ("pg_stat_statements", "auto_explain"))


def accepted(office: Office) -> tuple[str, str, str]:
    """Accept an invitation; give the password, how it is kept, and what others saw meanwhile."""
    invitation = office.invite(somebody())
    with office.database.cursor(invitation["user"]) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(ACCEPT)
        [(role, password)] = cursor.fetchall()
        seen = "SELECT string_agg(query, ' ') FROM pg_stat_activity"
        [(shown,)] = query(office.database, SUPERUSER, seen)
        cursor.execute("COMMIT")
    kept = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"
    [(verifier,)] = query(office.database, SUPERUSER, kept, [role])
    return password, verifier, shown


def test_the_password_made_in_the_server_is_in_no_log_and_no_statistics(
    talkative: Database, tmp_path: Path
) -> None:
    with office_of(talkative, tmp_path) as office:
        password, verifier, shown = accepted(office)
        statements = "SELECT to_regclass('public.pg_stat_statements') IS NOT NULL"
        if query(talkative, SUPERUSER, statements) == [(True,)]:
            rows = query(talkative, SUPERUSER, "SELECT query FROM public.pg_stat_statements")
            assert any("accept_invitation" in text for (text,) in rows)
            shown += " ".join(text for (text,) in rows)
    log = (talkative.socket.parent / "log").read_text(errors="replace")

    assert "accept_invitation()" in log
    assert "accept_invitation()" in shown
    for secret in (password, verifier):
        assert secret not in log
        assert secret not in shown
