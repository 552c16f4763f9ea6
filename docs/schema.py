"""`python -m docs.schema`: write docs/schema.sql, or with --check look whether it is stale.

It is what pg_dump says of a new private database, in order by topic and without what is noise to a
reader. So nothing in it hangs on the day, on this machine, or on how the migrations came about.
"""

import argparse
import re
import signal
import subprocess
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.server import temporary_server
from todo_cli.server.account import server_account
from todo_cli.server.cluster import ENVIRONMENT, SUPERUSER, program
from todo_cli.services.session import private
from todo_cli.store.people.roles import DATABASE, OWNER

FILE: Final = Path(__file__).with_name("schema.sql")
_HEADER: Final = """\
-- The database as it is today, written by `python -m docs.schema`: do not edit. The migrations make
-- it, and a test compares. docs/schema.md says why it is as it is.
--
-- What names no owner belongs to the owner of the database. Two things are not here. The groups
-- todo_member, todo_auditor, todo_invited and todo_definer belong to the whole server: 0001 makes
-- them. And the change log has a partition for each month, made by todo.extend_change_log(); but
-- for its bounds it is as task_events_rest.

SET check_function_bodies = off;
"""
_MONTHS: Final = "todo.*_[0-9][0-9][0-9][0-9]_[0-9][0-9]"
_WIDTH: Final = 100  # columns

# The kinds of pg_dump's entries, so that each section needs only those above it.
_SECTIONS: Final = {
    "The database and its schema": ("SCHEMA", "ACL DATABASE", "ACL SCHEMA"),
    "Tables": ("TABLE", "TABLE ATTACH", "COMMENT TABLE", "COMMENT COLUMN"),
    "Keys": ("CONSTRAINT",),
    "Indexes": ("INDEX",),
    "What belongs together": ("INDEX ATTACH", "FK CONSTRAINT"),
    "Functions, and who may call them": ("FUNCTION", "COMMENT FUNCTION", "ACL FUNCTION"),
    "Views": ("VIEW", "COMMENT VIEW"),
    "Triggers": ("TRIGGER",),
    "Row-level security: who has to do with which rows": ("ROW SECURITY", "POLICY"),
    "Rights: what they may do, and with which columns": ("ACL TABLE", "ACL COLUMN"),
}
_PLACES: Final = {
    kind: (title, place) for title, kinds in _SECTIONS.items() for place, kind in enumerate(kinds)
}
_RIGHTS: Final = [*_SECTIONS][-1]
_SAID_OF: Final = ("ACL", "COMMENT")  # their names begin with the kind of what they are about
_ENTRY: Final = re.compile(r"^--\n-- Name: (.+); Type: (.+); Schema: .+; Owner: .*\n--\n", re.M)
_NOISE: Final = re.compile(
    rf"^ALTER .+ OWNER TO {OWNER};\n|^SET default_\w+ = .*;\n|^--\n-- .+ dump complete\n[\s\S]*",
    re.M,
)
_STATISTICS: Final = re.compile(
    r"(?:^ALTER TABLE ONLY \S+ ALTER COLUMN \w+ SET STATISTICS 0;\n)+", re.M
)
_COLUMN: Final = re.compile(r"ALTER TABLE ONLY (\S+) ALTER COLUMN (\w+)")
_GRANT: Final = re.compile(r"GRANT (.+) ON TABLE (\S+) TO (\w+);")
_PRIVILEGE: Final = re.compile(r"(\w+)(?:\((\w+)\))?,?")


class _Entry(NamedTuple):
    """What is said of one object; the first three say where it stands, ``sql`` is what makes it."""

    subject: str
    place: int
    name: str
    section: str
    sql: str


def main() -> None:
    """Make a private server of which nothing stays, and write the file; or only look."""
    parser = argparse.ArgumentParser(
        prog="python -m docs.schema", description="Write docs/schema.sql."
    )
    parser.add_argument("--check", action="store_true", help="only say whether it is stale")
    only_look = parser.parse_args().check
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that we clean up
    with temporary_server() as (server, _):
        with private.person_engine(server):
            pass  # which sets it up
        wanted = text(dump(server.socket_folder, DATABASE), DATABASE)
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == wanted:
        return
    if only_look:
        sys.exit("stale: docs/schema.sql; run: python -m docs.schema")
    FILE.write_text(wanted, encoding="utf-8")
    sys.stdout.write("Wrote docs/schema.sql\n")


def dump(socket: Path, database: str) -> str:
    """Give what the wheel's pg_dump says of the schema of a database that is served there."""
    command = [
        program("pg_dump", server_account()),
        *("--schema-only", "--create", f"--exclude-table={_MONTHS}"),
        *(f"--host={socket}", f"--username={SUPERUSER}", "--no-password", f"--dbname={database}"),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return done.stdout


def text(dumped: str, database: str) -> str:
    """Give docs/schema.sql for a dump of a ``database``, which has the name `todo` there.

    Raises LookupError for a kind of object, or a form of rights, that has no place here yet.
    """
    sections = defaultdict(list)
    named = re.sub(rf"\bDATABASE {database}\b", f"DATABASE {DATABASE}", dumped)
    for entry in sorted(_entries(named)):
        sections[entry.section].append(entry.sql)
    sections[_RIGHTS] = list(_rights(sections[_RIGHTS]))
    parts = [_HEADER]
    for title in _SECTIONS:
        parts += [f"\n\n-- {title}\n", *(f"\n{sql}" for sql in sections[title])]
    return "".join(parts)


def _entries(dumped: str) -> Iterator[_Entry]:
    _, *found = _ENTRY.split(dumped)
    for name, kind, body in zip(found[::3], found[1::3], found[2::3], strict=True):
        if kind == "DATABASE":
            continue  # its locale, and settings of pg_dump's
        of, _, rest = name.partition(" ")
        subject, whole = (rest, f"{kind} {of}") if kind in _SAID_OF else (name, kind)
        if whole not in _PLACES:
            raise LookupError(f"docs/schema.py has no section for {kind} {name}")
        section, place = _PLACES[whole]
        sql = _in_order(_clean(body)) if kind == "ACL" else _clean(body)
        yield _Entry(subject.partition("(")[0], place, name, section, sql)


def _clean(body: str) -> str:
    """Take away the owner, settings, and a statement for each column where one will do."""
    body = _STATISTICS.sub(_one_statement, _NOISE.sub("", body))
    return re.sub(r";\n{2,}(?=ALTER )", ";\n", f"{body.strip()}\n")


def _in_order(rights: str) -> str:
    """Put rights in an order that does not tell when each was given: what is taken away first."""
    lines = rights.splitlines(keepends=True)
    return "".join(sorted(lines, key=lambda line: (line.startswith("GRANT"), line)))


def _one_statement(found: re.Match[str]) -> str:
    columns = _COLUMN.findall(found[0])
    changes = ",\n".join(f"    ALTER {column} SET STATISTICS 0" for _, column in columns)
    return f"ALTER TABLE ONLY {columns[0][0]}\n{changes};\n"


def _rights(bodies: Iterable[str]) -> Iterator[str]:
    """Give a statement for each table and role, where pg_dump has one for each column."""
    granted: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for line in "".join(bodies).splitlines():
        found = _GRANT.fullmatch(line)
        if found is None:
            raise LookupError(f"docs/schema.py cannot tell this right: {line}")
        for privilege, column in _PRIVILEGE.findall(found[1]):
            granted[found[2], found[3]][privilege] += [column] if column else []
    for (table, role), privileges in sorted(granted.items()):
        what = ",\n      ".join(
            _wrapped(f"{privilege} ({', '.join(columns)})" if columns else privilege)
            for privilege, columns in sorted(privileges.items())
        )
        yield f"GRANT {what}\n   ON {table} TO {role};\n"


def _wrapped(words: str) -> str:
    return textwrap.fill(words, _WIDTH - 7, subsequent_indent=" " * 14)


if __name__ == "__main__":
    main()
