"""Who gets at a person's rows, found out by doing: everybody sends every verb to everything.

Objects come from the catalog, so a new table, view or function without its lines here fails by
itself. What each may do by their privileges, column for column, is in test_matrix.py.
"""

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there

from tests.conftest import Database, Person
from tests.servers import add_task, as_owner, id_of

# own: one's own rows, and nobody else's. Those of the first column are Alice's, who is attacked.
# all: Alice's rows among those of others.
# none: no row, or no value.
# done: a function that gives nothing has run.
# own, of a function: its answer, and nothing of anybody else.
# read: the lock that reading takes anyhow, and none that is stronger.
# no: refused, SQLSTATE 42501. Another refusal is named by its SQLSTATE: what is inserted has the id
# of Alice's task, which she has already and which Bob does not hear of.
#
# The deactivated one still has a login, as behind a pooler that keeps users of its own.
OUTCOMES: Final = """
object             alice  bob    auditor  deactivated  invited  stranger  verbs
tasks              own    own    no       none         no       no        select copy_to for_update
tasks              own    own    no       none         no       no        update
tasks              read   read   no       read         no       no        lock
tasks              23505  own    no       no           no       no        insert
tasks              no     no     no       no           no       no        insert_as delete truncate
tasks              no     no     no       no           no       no        references trigger
tasks              0A000  0A000  no       0A000        no       no        copy_from
users              own    own    all      none         no       no        select copy_to
users              no     no     no       no           no       no        for_update lock insert_as
users              no     no     no       no           no       no        update delete truncate
users              no     no     no       no           no       no        copy_from references
users              no     no     no       no           no       no        trigger
task_events        own    own    all      none         no       no        select copy_to
task_events        no     no     no       no           no       no        for_update insert_as
task_events        no     no     no       no           no       no        update delete truncate
task_events        no     no     no       no           no       no        copy_from references
task_events        no     no     no       no           no       no        trigger
task_events        read   read   read     read         no       no        lock
task_events_*      no     no     no       no           no       no        select copy_to for_update
task_events_*      no     no     no       no           no       no        lock insert_as update
task_events_*      no     no     no       no           no       no        delete truncate copy_from
task_events_*      no     no     no       no           no       no        references trigger
pending_tasks      own    own    no       none         no       no        select copy_to
pending_tasks      no     no     no       no           no       no        for_update insert_as
pending_tasks      no     no     no       no           no       no        update delete trigger
pending_tasks      read   read   no       read         no       no        lock
overdue_tasks      own    own    no       none         no       no        select copy_to
overdue_tasks      no     no     no       no           no       no        for_update insert_as
overdue_tasks      no     no     no       no           no       no        update delete trigger
overdue_tasks      read   read   no       read         no       no        lock
alembic_version    no     no     no       no           no       no        select copy_to for_update
alembic_version    no     no     no       no           no       no        lock insert_as update
alembic_version    no     no     no       no           no       no        delete truncate copy_from
alembic_version    no     no     no       no           no       no        references trigger
accept_invitation  no     no     no       no           own      no        call
claim_tasks        own    TD404  no       TD404        no       no        call
claimed_before     none   none   no       none         no       no        call
is_auditor         none   none   own      none         no       no        call
lock_tasks         own    TD404  no       TD404        no       no        call
me                 own    own    own      none         no       no        call
purge              own    TD404  no       TD404        no       no        call
purge_once         own    TD404  no       TD404        no       no        call
purged_tasks       none   none   no       none         no       no        call
refuse_missing     done   TD404  no       TD404        no       no        call
require_revision   done   done   done     done         no       no        call
require_person     done   done   TD403    TD403        no       no        call
reserve_numbers    own    own    no       no           no       no        call
reserve_once       own    own    no       no           no       no        call
extend_change_log  no     no     no       no           no       no        call
guard_partition    no     no     no       no           no       no        call
guard_task         no     no     no       no           no       no        call
keep_events        no     no     no       no           no       no        call
log_tasks          no     no     no       no           no       no        call
normalize_task     no     no     no       no           no       no        call
number_task        no     no     no       no           no       no        call
touch_user         no     no     no       no           no       no        call
"""

# What tells whose a row is, a column to change, and what to insert in Alice's name.
COLUMNS: Final = {
    "tasks": ("user_id", "title", "(user_id, id, title) VALUES ('{alice}', '{new}', 'x')"),
    "users": ("id", "email", "(id, role_name, email) VALUES ('{alice}', session_user, 'x')"),
    "task_events": (
        "user_id",
        "action",
        "(user_id, task_id, action) VALUES ('{alice}', '{task}', 'added')",
    ),
    "pending_tasks": ("id", "title", "(id, title) VALUES ('{task}', 'x')"),
    "overdue_tasks": ("id", "title", "(id, title) VALUES ('{task}', 'x')"),
    "alembic_version": ("version_num", "version_num", "(version_num) VALUES ('9999')"),
}
COLUMNS["task_events_*"] = COLUMNS["task_events"]

FUNCTIONS: Final = {
    "me": "SELECT todo.me()",
    "is_auditor": "SELECT nullif(todo.is_auditor(), false)",
    "require_revision": "SELECT todo.require_revision('0001')",
    "require_person": "SELECT todo.require_person('0001')",
    "accept_invitation": "SELECT role_name FROM todo.accept_invitation()",
    "reserve_numbers": "SELECT todo.reserve_numbers(1)",
    "refuse_missing": "SELECT todo.refuse_missing('{{}}', '{{{task}}}')",
    "lock_tasks": "SELECT user_id FROM todo.lock_tasks('{{}}', '{{{task}}}', '{{pending}}')",
    "claim_tasks": "SELECT (task).user_id "
    "FROM todo.claim_tasks('{{}}', '{{{task}}}', '{{pending}}', NULL)",
    "claimed_before": "SELECT (task).user_id "
    "FROM todo.claimed_before('{{}}', '{{}}', '{{{task}}}', NULL)",
    "purge_once": "SELECT user_id FROM todo.purge_once('{{}}', '{{{task}}}', NULL)",
    "purged_tasks": "SELECT user_id FROM todo.purged_tasks('{{}}', '{{{task}}}')",
    "reserve_once": "SELECT todo.reserve_once(1, '{task}', NULL)",
    "purge": "SELECT user_id FROM todo.purge('{{}}', '{{{task}}}', NULL)",
    "extend_change_log": "SELECT todo.extend_change_log(1)",
    "guard_partition": "SELECT todo.guard_partition('tasks')",
}
# Trigger functions are called as if they were none.
TRIGGER_FUNCTION: Final = "SELECT todo.{name}()"

MODES: Final = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)

RELATIONS: Final = """
    SELECT c.relname, c.relkind = 'v',
           (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute a
             WHERE a.attrelid = c.oid AND attnum = ANY (i.indkey)),
           (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, NULL), ', ')
              FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum = ANY (i.indkey)),
           CASE WHEN relispartition THEN 'task_events_*' ELSE relname::text END,
           relkind IN ('v', 'p')
      FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
     WHERE relnamespace = 'todo'::regnamespace AND relkind NOT IN ('i', 'I', 'c', 't')
"""


@dataclass(frozen=True)
class Relation:
    """A table, a partition or a view, as the catalog has it."""

    name: str
    is_view: bool
    primary_key: str
    key_types: str
    entry: str  # the name under which it stands above
    holds_no_rows: bool  # itself: a view, or a table of partitions

    def verbs(self, names: dict[str, str]) -> dict[str, list[str]]:
        """Give the statements of each verb; they end in what tells whose row was met."""
        key, content, values = COLUMNS[self.entry]
        table = f"todo.{self.name}"
        forged = f"INSERT INTO {table} {values.format(**names)} RETURNING {key}"
        statements = {
            "select": f"SELECT {key} FROM {table}",
            "for_update": f"SELECT {key} FROM {table} FOR UPDATE",
            "insert_as": forged,
            "update": f"UPDATE {table} SET {content} = {content} RETURNING {key}",
            "delete": f"DELETE FROM {table} RETURNING {key}",
            "trigger": f"CREATE TRIGGER x AFTER INSERT ON {table} "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "copy_to": f"COPY (SELECT {key} FROM {table}) TO STDOUT",
        }
        if self.name == "tasks":
            statements["insert"] = (
                f"INSERT INTO {table} (id, title) VALUES ('{names['task']}', 'x') RETURNING {key}"
            )
        if not self.holds_no_rows:
            statements["copy_to"] = f"COPY {table} ({key}) TO STDOUT"
        if not self.is_view:
            statements["copy_from"] = f"COPY {table} ({content}) FROM STDIN"
            statements["truncate"] = f"TRUNCATE {table}"
            statements["references"] = (
                f"CREATE TABLE playground.x ({self.key_types}, "
                f"FOREIGN KEY ({self.primary_key}) REFERENCES {table})"
            )
        locks = [f"LOCK TABLE {table} IN {mode} MODE" for mode in MODES]
        return {verb: [statement] for verb, statement in statements.items()} | {"lock": locks}


# Of an object and a verb, what came of it for each who tried.
Cells = dict[tuple[str, str], dict[str, set[str]]]


@dataclass(frozen=True)
class Cast:
    """Everybody who tries, the catalog, and what is Alice's."""

    roles: dict[str, str]
    relations: list[Relation]
    functions: list[str]
    names: dict[str, str]
    alices: set[str]

    def statements(self) -> Iterator[tuple[str, str, list[str]]]:
        """Give object, verb and statements of everything there is."""
        for relation in self.relations:
            for verb, statements in relation.verbs(self.names).items():
                yield relation.entry, verb, statements
        for name in self.functions:
            call = FUNCTIONS.get(name, TRIGGER_FUNCTION)
            yield name, "call", [call.format(name=name, **self.names)]


@pytest.fixture
def cast(each_database: Database) -> Iterator[Cast]:
    """Give everybody their rows and a schema to make tables in."""
    people = {name: each_database.new_person() for name in ("alice", "bob", "deactivated")}
    for each in people.values():
        add_task(each, "x")
        each.query("UPDATE todo.tasks SET due_date = '2000-01-01'")
    people["auditor"] = each_database.new_person("todo_auditor")
    roles = {name: person.role for name, person in people.items()}
    roles |= {name: f"{roles['alice']}_{name}" for name in ("invited", "stranger")}
    as_owner(
        each_database,
        f"CREATE ROLE {roles['stranger']} LOGIN; GRANT CONNECT ON DATABASE todo "
        f"TO {roles['stranger']}; CREATE ROLE {roles['invited']} LOGIN IN ROLE todo_invited; "
        f"CREATE ROLE {roles['invited']}_person; CREATE SCHEMA playground; "
        f"GRANT ALL ON SCHEMA playground TO {', '.join(roles.values())}",
    )
    as_owner(
        each_database,
        "INSERT INTO todo.users (role_name, invitation_role, email, invited_until) "
        "VALUES (%(i)s || '_person', %(i)s, %(i)s, now() + interval '1 day')",
        {"i": roles["invited"]},
    )
    as_owner(
        each_database,
        "UPDATE todo.users SET is_active = false WHERE id = %s",
        [id_of(people["deactivated"])],
    )
    yield cast_of(each_database, people["alice"], roles)
    as_owner(each_database, "DROP SCHEMA playground")
    as_owner(each_database, f"REVOKE CONNECT ON DATABASE todo FROM {roles['stranger']}")


def cast_of(database: Database, alice: Person, roles: dict[str, str]) -> Cast:
    relations = [Relation(*row) for row in as_owner(database, RELATIONS)]
    functions = as_owner(
        database, "SELECT proname FROM pg_proc WHERE pronamespace = 'todo'::regnamespace"
    )
    [(task,)] = alice.query("SELECT id::text FROM todo.tasks")
    names = {"alice": id_of(alice), "task": task, "new": "00000000-0000-7000-8000-000000000001"}
    return Cast(roles, relations, [name for (name,) in functions], names, {names["alice"], task})


def outcome_of(cursor: Cursor, statement: str, alices: set[str], who: str) -> str:
    """Send a statement, undo it, and tell in a word what came of it."""
    try:
        values = sent(cursor, statement)
    except psycopg2.Error as error:
        return "no" if error.pgcode == "42501" else error.pgcode or "?"
    finally:
        cursor.connection.rollback()
    if values in (None, {""}):
        return "done"
    if values & alices:
        mine = "own" if who == "alice" else "ALICE'S"
        return "all" if values - alices else mine
    return "own" if values else "none"


def sent(cursor: Cursor, statement: str) -> set[str] | None:
    """Send a statement and give the values that came back, None where none can."""
    if statement.startswith("COPY"):
        stream = io.StringIO()
        cursor.copy_expert(statement, stream)
        return set(stream.getvalue().split())
    cursor.execute(statement)
    if cursor.description is None:
        return None
    return {str(value) for (value,) in cursor.fetchall() if value is not None}


def of_the_locks(outcomes: list[str]) -> str:
    """Put the outcomes of all modes of LOCK TABLE into one word."""
    if set(outcomes) == {"no"}:
        return "no"
    given = [mode for mode, outcome in zip(MODES, outcomes, strict=True) if outcome != "no"]
    return "read" if given == ["ACCESS SHARE"] else "+".join(given)


def tried(database: Database, cast: Cast, who: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Have somebody try everything, and give what came of it."""
    with closing(database.open(database.name, cast.roles[who])) as connection:
        cursor = connection.cursor()
        for name, verb, statements in cast.statements():
            outcomes = [outcome_of(cursor, each, cast.alices, who) for each in statements]
            yield (name, verb), of_the_locks(outcomes) if verb == "lock" else outcomes[0]


def listed() -> Cells:
    """Read the table above."""
    header, *lines = [line.split() for line in OUTCOMES.split("\n") if line]
    everybody = header[1:7]
    return {
        (line[0], verb): {who: {word} for who, word in zip(everybody, line[1:7], strict=True)}
        for line in lines
        for verb in line[7:]
    }


def test_what_comes_of_every_verb_on_everything_is_what_is_listed(
    each_database: Database, cast: Cast
) -> None:
    found: Cells = {}
    for who in cast.roles:
        for cell, outcome in tried(each_database, cast, who):
            found.setdefault(cell, {}).setdefault(who, set()).add(outcome)
    assert found == listed()
