"""Which rows each policy lets somebody see and write: all of them are listed here."""

from tests.conftest import Database
from tests.servers import as_owner

# Which rows may be seen and which written, beside owner_all, which every table has. The commands
# are those of pg_policy: r reads, a adds, w writes, d deletes, * does all. Who asks is looked up in
# a query of its own: once a statement, and not once a row.
POLICIES = """
alembic_version  definer_read    r  todo_definer              true        -
users            definer_read    r  todo_definer              true        -
users            definer_count   w  todo_definer              true        true
users            own             r  todo_auditor,todo_member  id=ME       -
users            audit           r  todo_auditor              IS_AUDITOR  -
tasks            definer_read    r  todo_definer              true        -
tasks            definer_delete  d  todo_definer              true        -
tasks            own             *  todo_member               user_id=ME  user_id=ME
task_events      definer_append  a  todo_definer              -           true
task_events      definer_read    r  todo_definer              true        -
task_events      own             r  todo_member               user_id=ME  -
task_events      audit           r  todo_auditor              IS_AUDITOR  -
"""
ONCE = {
    "( SELECT todo.me() AS me)": "ME",
    "( SELECT todo.is_auditor() AS is_auditor)": "IS_AUDITOR",
}


def in_short(condition: str | None) -> str:
    """Give a policy's condition without what PostgreSQL adds when it shows one."""
    text = condition or "-"
    for query, name in ONCE.items():
        text = text.replace(query, name)
    return text.strip("()").replace(" ", "")


def test_every_policy_is_listed(each_database: Database) -> None:
    found = as_owner(
        each_database,
        """SELECT c.relname, polname, polcmd::text,
                  (SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles r
                    WHERE r.oid = ANY (polroles)),
                  pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
             FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE polname <> 'owner_all'""",
    )
    assert {(*row[:4], in_short(row[4]), in_short(row[5])) for row in found} == {
        tuple(line.split()) for line in POLICIES.split("\n") if line
    }
