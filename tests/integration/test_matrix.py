"""Who holds which privilege on what: all that is allowed is listed here, the rest is refused.

Objects come from the catalog, so a new table, partition or function without an entry here, or
without its guards, fails a test by itself.
"""

import itertools

import pytest

from tests.conftest import Database
from tests.servers import as_owner

# Whoever asks: an active person of the group, an invitation, a role of nobody's, PUBLIC; and the
# role that owns the SECURITY DEFINER functions.
ALLOWED = """
member   schema    todo              USAGE
auditor  schema    todo              USAGE
invited  schema    todo              USAGE
definer  schema    todo              USAGE

member   database  todo              CONNECT
auditor  database  todo              CONNECT
invited  database  todo              CONNECT

member   relation  tasks             SELECT
member   relation  pending_tasks     SELECT
member   relation  overdue_tasks     SELECT
member   relation  task_events       SELECT
auditor  relation  task_events       SELECT
definer  relation  alembic_version   SELECT
definer  relation  tasks             SELECT DELETE
definer  relation  task_events       INSERT

member   function  me                EXECUTE
member   function  is_auditor        EXECUTE
member   function  require_revision  EXECUTE
member   function  require_person    EXECUTE
member   function  reserve_numbers   EXECUTE
member   function  refuse_missing    EXECUTE
member   function  lock_tasks        EXECUTE
member   function  purge             EXECUTE
member   function  claim_tasks       EXECUTE
member   function  claimed_before    EXECUTE
member   function  purged_tasks      EXECUTE
member   function  purge_once        EXECUTE
member   function  reserve_once      EXECUTE
auditor  function  me                EXECUTE
auditor  function  is_auditor        EXECUTE
auditor  function  require_revision  EXECUTE
auditor  function  require_person    EXECUTE
invited  function  accept_invitation EXECUTE
definer  function  me                EXECUTE
definer  function  is_auditor        EXECUTE
definer  function  require_revision  EXECUTE
definer  function  require_person    EXECUTE
definer  function  reserve_numbers   EXECUTE
definer  function  refuse_missing    EXECUTE
definer  function  number_task       EXECUTE
definer  function  purge             EXECUTE
definer  function  purged_tasks      EXECUTE
definer  function  purge_once        EXECUTE
definer  function  reserve_once      EXECUTE
definer  function  log_tasks         EXECUTE
"""

# Privileges on some columns; a privilege on the whole relation above covers all of them.
COLUMNS = {
    ("member", "users", "SELECT"): (
        "id email first_name last_name kind role_name is_active created_at"
    ),
    ("auditor", "users", "SELECT"): (
        "id email first_name last_name kind role_name is_active created_at"
    ),
    ("definer", "users", "SELECT"): (
        "id role_name kind is_active claimed_at last_task_number reserved_from reserved_by"
    ),
    ("definer", "users", "UPDATE"): "last_task_number reserved_from reserved_by",
    ("definer", "task_events", "SELECT"): "at command_id task_id user_id action before",
    ("member", "tasks", "INSERT"): (
        "id number title description status priority project tags due_date due_all_day command_id"
    ),
    ("member", "tasks", "UPDATE"): (
        "title description status priority project tags due_date due_all_day command_id"
    ),
}

RELATION_VERBS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
COLUMN_VERBS = ["SELECT", "INSERT", "UPDATE", "REFERENCES"]
DEFINER_FUNCTIONS = {
    "me",
    "is_auditor",
    "require_revision",
    "require_person",
    "reserve_numbers",
    "number_task",
    "purge",
    "purge_once",
    "reserve_once",
    "log_tasks",
}

RELATIONS = """
    SELECT oid, relname FROM pg_class
     WHERE relnamespace = 'todo'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
"""


@pytest.fixture
def roles(each_database: Database) -> dict[str, str]:
    """Give a role of each kind."""
    member, auditor = each_database.new_person(), each_database.new_person("todo_auditor")
    invited, stranger = f"{member.role}_invited", f"{member.role}_stranger"
    as_owner(each_database, f"CREATE ROLE {invited} LOGIN IN ROLE todo_invited")
    as_owner(each_database, f"CREATE ROLE {stranger} LOGIN")
    return {
        "member": member.role,
        "auditor": auditor.role,
        "invited": invited,
        "stranger": stranger,
        "PUBLIC": "public",
        "definer": "todo_definer",
    }


def verbs_held(
    database: Database, role: str, kind: str, objects: str, verbs: list[str]
) -> dict[str, set[str]]:
    """Give the verbs that ``role`` may use on each of ``objects``, those with any alone."""
    names = ", ".join(f"('{verb}')" for verb in verbs)
    held: dict[str, set[str]] = {}
    for name, verb in as_owner(
        database,
        f"""SELECT o.name, v.verb FROM ({objects}) AS o (oid, name) CROSS JOIN (VALUES {names})
            AS v (verb) WHERE has_{kind}_privilege('{role}', o.oid, v.verb)""",
    ):
        held.setdefault(name, set()).add(verb)
    return held


def test_every_privilege_that_is_not_listed_is_refused(
    each_database: Database, roles: dict[str, str]
) -> None:
    [(version,)] = as_owner(each_database, "SELECT current_setting('server_version_num')::int")
    maintain = ["MAINTAIN"] if version >= 170000 else []
    functions = "SELECT oid, proname FROM pg_proc WHERE pronamespace = 'todo'::regnamespace"
    sequences = (
        "SELECT oid, relname FROM pg_class "
        "WHERE relnamespace = 'todo'::regnamespace AND relkind = 'S'"
    )
    schemas = "SELECT oid, nspname FROM pg_namespace WHERE nspname = 'todo'"
    databases = "SELECT oid, datname FROM pg_database WHERE datname = current_database()"
    held = {}
    for who, role in roles.items():
        for kind, function, objects, verbs in (
            ("schema", "schema", schemas, ["USAGE", "CREATE"]),
            ("database", "database", databases, ["CONNECT", "CREATE", "TEMPORARY"]),
            ("relation", "table", RELATIONS, RELATION_VERBS + maintain),
            ("function", "function", functions, ["EXECUTE"]),
            ("sequence", "sequence", sequences, ["USAGE", "SELECT", "UPDATE"]),
        ):
            found = verbs_held(each_database, role, function, objects, verbs)
            held.update({(who, kind, name): verbs for name, verbs in found.items()})
    allowed = {
        (who, kind, name): set(verbs)
        for who, kind, name, *verbs in (line.split() for line in ALLOWED.split("\n") if line)
    }
    assert held == allowed


def test_every_privilege_on_a_column_that_is_not_listed_is_refused(
    each_database: Database, roles: dict[str, str]
) -> None:
    held: dict[tuple[str, str, str], set[str]] = {}
    for (who, role), verb in itertools.product(roles.items(), COLUMN_VERBS):
        for relation, column in as_owner(
            each_database,
            f"""SELECT c.relname, a.attname FROM ({RELATIONS}) c
                  JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                 WHERE has_column_privilege('{role}', c.oid, a.attnum, '{verb}')
                   AND NOT has_table_privilege('{role}', c.oid, '{verb}')""",
        ):
            held.setdefault((who, relation, verb), set()).add(column)
    assert held == {key: set(columns.split()) for key, columns in COLUMNS.items()}


def test_nobody_may_hand_on_a_privilege(each_database: Database) -> None:
    grantable = as_owner(
        each_database,
        """SELECT objects.name, a.grantee::regrole
             FROM (SELECT relname::text, relacl, relowner FROM pg_class
                    WHERE relnamespace = 'todo'::regnamespace
                   UNION ALL
                   SELECT attrelid::regclass || '.' || attname, attacl, relowner FROM pg_attribute
                     JOIN pg_class c ON c.oid = attrelid
                    WHERE relnamespace = 'todo'::regnamespace
                   UNION ALL
                   SELECT proname::text, proacl, proowner FROM pg_proc
                    WHERE pronamespace = 'todo'::regnamespace
                   UNION ALL
                   SELECT nspname::text, nspacl, nspowner FROM pg_namespace WHERE nspname = 'todo'
                  ) AS objects (name, acl, owner)
            CROSS JOIN LATERAL aclexplode(acl) a
            WHERE a.is_grantable AND a.grantee <> owner""",
    )
    assert grantable == []


def test_row_level_security_is_forced_on_every_table_and_partition(
    each_database: Database,
) -> None:
    tables = as_owner(
        each_database,
        """SELECT relname, relrowsecurity, relforcerowsecurity,
                  EXISTS (SELECT FROM pg_policy p
                           WHERE polrelid = c.oid AND polname = 'owner_all' AND polcmd = '*'
                             AND polroles = ARRAY['pg_database_owner'::regrole::oid])
             FROM pg_class c
            WHERE relnamespace = 'todo'::regnamespace AND relkind IN ('r', 'p')""",
    )
    assert {"users", "tasks", "task_events", "task_events_rest"} <= {row[0] for row in tables}
    assert [row[0] for row in tables if row[1:] != (True, True, True)] == []


def test_every_view_asks_with_the_rights_of_its_caller(each_database: Database) -> None:
    views = as_owner(
        each_database,
        """SELECT relname, reloptions FROM pg_class
            WHERE relnamespace = 'todo'::regnamespace AND relkind IN ('v', 'm')""",
    )
    assert views
    assert [name for name, options in views if options != ["security_invoker=true"]] == []


def test_every_trigger_always_fires_on_partitions_too(each_database: Database) -> None:
    triggers = as_owner(
        each_database,
        """SELECT c.relname, tgname, tgenabled FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
            WHERE relnamespace = 'todo'::regnamespace AND NOT tgisinternal""",
    )
    assert [row for row in triggers if row[2] != "A"] == []
    partitions = {row[0] for row in triggers if row[0].startswith("task_events_")}
    assert len(partitions) >= 25
    for each in partitions | {"task_events"}:
        names = {name for table, name, _ in triggers if table == each}
        assert names == {"append_only", "append_only_truncate"}, each


def test_functions_with_their_owners_rights_are_closed_to_what_a_caller_creates(
    each_database: Database,
) -> None:
    functions = as_owner(
        each_database,
        """SELECT proname, proowner::regrole::text, proconfig FROM pg_proc
            WHERE pronamespace = 'todo'::regnamespace AND prosecdef""",
    )
    owners = {name: owner for name, owner, _ in functions}
    assert owners == {
        **dict.fromkeys(DEFINER_FUNCTIONS, "todo_definer"),
        "accept_invitation": each_database.owner,
    }
    for name, _, settings in functions:
        assert "search_path=pg_catalog, pg_temp" in settings, name


def test_every_other_function_has_the_same_search_path(each_database: Database) -> None:
    loose = as_owner(
        each_database,
        """SELECT proname FROM pg_proc
            WHERE pronamespace = 'todo'::regnamespace
              AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}'))""",
    )
    assert loose == []


def test_todo_definer_can_neither_log_in_nor_make_anything(each_database: Database) -> None:
    groups = as_owner(
        each_database,
        """SELECT rolname FROM pg_roles
            WHERE rolname LIKE 'todo\\_%' AND rolname <> current_user
              AND (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls
                   OR has_schema_privilege(oid, 'todo', 'CREATE')
                   OR has_schema_privilege(oid, 'public', 'CREATE'))""",
    )
    assert groups == []
    members = as_owner(
        each_database,
        """SELECT DISTINCT member::regrole::text FROM pg_auth_members
            WHERE roleid = 'todo_definer'::regrole""",
    )
    assert members == [(each_database.owner,)]


def test_every_index_on_tasks_begins_with_the_person(each_database: Database) -> None:
    firsts = as_owner(
        each_database,
        """SELECT i.indexrelid::regclass::text, a.attname FROM pg_index i
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = 'todo.tasks'::regclass""",
    )
    assert len(firsts) >= 4
    assert {first for _, first in firsts} == {"user_id"}


def test_the_planner_keeps_no_statistics_of_what_people_wrote(each_database: Database) -> None:
    counted = as_owner(
        each_database,
        """SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
            WHERE relnamespace = 'todo'::regnamespace AND relkind IN ('r', 'p', 'i')
              AND attnum > 0 AND coalesce(attstattarget, -1) <> 0
              AND CASE WHEN c.relname = 'tasks' THEN attname NOT IN (
                            'status', 'priority', 'priority_rank', 'due_all_day', 'revision')
                       WHEN c.relname = 'users' THEN attname IN (
                            'id', 'role_name', 'email', 'first_name', 'last_name', 'created_at')
                       WHEN c.relname = 'users_email_key' THEN true
                       WHEN c.relname LIKE 'task\\_events%' THEN relkind <> 'i' END""",
    )
    assert counted == []
