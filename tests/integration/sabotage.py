"""What a database may have been through, and what `todo db check` is to say of it."""

from datetime import UTC, datetime
from typing import Final

_SAME: Final = "SET search_path = pg_catalog, pg_temp"
_MONTHS = [
    f"todo.task_events_{datetime.now(UTC).year + 1}_{month:02}"  # all of them made ahead
    for month in (3, 5)
]
FIRST_MONTH, SECOND_MONTH = _MONTHS

# By what is said of each: statements of the owner's. Whatever follows a colon may be cut off.
MENDED: Final = {
    "check tasks_title_check of todo.tasks: missing": (
        "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_title_check"
    ),
    # Its parentheses change when it is printed and read again.
    "check users_email_check of todo.users: missing": (
        "ALTER TABLE todo.users DROP CONSTRAINT users_email_check"
    ),
    "check tasks_project_check of todo.tasks: different": (
        "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_project_check,"
        " ADD CONSTRAINT tasks_project_check CHECK (char_length(project) <= 255)"
    ),
    "check tasks_number_check of todo.tasks: different (CHECK ((number > 0)) NOT VALID)": (
        "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_number_check,"
        " ADD CONSTRAINT tasks_number_check CHECK (number > 0) NOT VALID"
    ),
    "check short of todo.tasks: not of this program": (
        "ALTER TABLE todo.tasks ADD CONSTRAINT short CHECK (char_length(title) < 10)"
    ),
    "check users_last_name_check of todo.users: missing": (
        "ALTER TABLE todo.users DROP CONSTRAINT users_last_name_check"
    ),
    "default of todo.tasks.id: missing": "ALTER TABLE todo.tasks ALTER id DROP DEFAULT",
    "index todo.task_events_time_idx: missing": "DROP INDEX todo.task_events_time_idx",
    "foreign key tasks_user_id_fkey of todo.tasks: missing": (
        "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_user_id_fkey"
    ),
    "unique constraint tasks_user_id_number_key of todo.tasks: missing": (
        "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_user_id_number_key"
    ),
    "primary key tasks_pkey of todo.tasks: missing": (
        "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_pkey"
    ),
    "trigger b_guard of todo.tasks: missing": "DROP TRIGGER b_guard ON todo.tasks",
    "trigger log_update of todo.tasks: missing": "DROP TRIGGER log_update ON todo.tasks",
    "trigger a_number of todo.tasks: different": "ALTER TABLE todo.tasks DISABLE TRIGGER a_number",
    "trigger touch of todo.users: different": "ALTER TABLE todo.users ENABLE TRIGGER touch",
    "trigger append_only of todo.task_events: missing": (
        "DROP TRIGGER append_only ON todo.task_events"
    ),
    "trigger log_insert of todo.tasks: different": (
        "CREATE OR REPLACE TRIGGER log_insert AFTER INSERT ON todo.tasks"
        " REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN (false)"
        " EXECUTE FUNCTION todo.log_tasks()"
    ),
    "trigger again of todo.tasks: not of this program": (
        "CREATE TRIGGER again BEFORE INSERT ON todo.tasks"
        " FOR EACH ROW EXECUTE FUNCTION todo.guard_task()"
    ),
    "rule quiet of todo.tasks: not of this program": (
        "CREATE RULE quiet AS ON UPDATE TO todo.tasks DO ALSO NOTHING"
    ),
    "function todo.me(): different": (
        "CREATE OR REPLACE FUNCTION todo.me() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER"
        f" {_SAME} AS 'SELECT id FROM todo.users LIMIT 1'"
    ),
    "function todo.refuse_missing(bigint[],uuid[]): different": (
        "CREATE OR REPLACE FUNCTION todo.refuse_missing(numbers bigint[], ids uuid[]) RETURNS void"
        f" LANGUAGE plpgsql STABLE {_SAME} AS 'BEGIN END'"
    ),
    "function todo.is_auditor(): different": "ALTER FUNCTION todo.is_auditor() RESET search_path",
    "function todo.number_task(): different": "ALTER FUNCTION todo.number_task() SECURITY INVOKER",
    "function todo.log_tasks(): different": "ALTER FUNCTION todo.log_tasks() RESET TimeZone",
    "function todo.keep_events(): different": (
        "ALTER FUNCTION todo.keep_events() VOLATILE PARALLEL SAFE STRICT COST 7"
    ),
    "function todo.guard_task(): different": (
        f"CREATE OR REPLACE FUNCTION todo.guard_task() RETURNS trigger LANGUAGE plpgsql {_SAME}"
        " AS 'BEGIN RETURN NEW; END'"
    ),
    "function todo.extend_change_log(integer): missing": (
        "DROP FUNCTION todo.extend_change_log(integer)"
    ),
    "function todo.mine(): not of this program": (
        "CREATE FUNCTION todo.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'"
    ),
    "function todo.most(integer): not of this program": (
        "CREATE AGGREGATE todo.most(integer) (SFUNC = int4larger, STYPE = integer)"
    ),
    "view todo.pending_tasks: different": (
        "ALTER VIEW todo.pending_tasks SET (security_invoker = false)"
    ),
    "view todo.overdue_tasks: different": (
        "CREATE OR REPLACE VIEW todo.overdue_tasks WITH (security_invoker = true) AS SELECT"
        " number, title, description, priority, project, tags, due_date, due_all_day,"
        " created_at, updated_at, id FROM todo.tasks"
    ),
    "default of todo.tasks.status: different ('completed'::text)": (
        "ALTER TABLE todo.tasks ALTER status SET DEFAULT 'completed'"
    ),
    "default of todo.tasks.priority: missing": "ALTER TABLE todo.tasks ALTER priority DROP DEFAULT",
    "default of todo.tasks.project: not of this program ('x'::text)": (
        "ALTER TABLE todo.tasks ALTER project SET DEFAULT 'x'"
    ),
    "default of todo.task_events.actor_role: missing": (
        "ALTER TABLE todo.task_events ALTER actor_role DROP DEFAULT"
    ),
    "NOT NULL of todo.task_events.action: missing": (
        "ALTER TABLE todo.task_events ALTER action DROP NOT NULL"
    ),
    f"NOT NULL of {FIRST_MONTH}.actor_id: not of this program": (
        f"ALTER TABLE {FIRST_MONTH} ALTER actor_id SET NOT NULL"
    ),
    "NOT NULL of todo.tasks.title: missing": "ALTER TABLE todo.tasks ALTER title DROP NOT NULL",
    "NOT NULL of todo.users.claimed_at: not of this program": (
        "ALTER TABLE todo.users ALTER claimed_at SET NOT NULL"
    ),
    "identity of todo.tasks.number: not of this program": (
        "ALTER TABLE todo.tasks ALTER number ADD GENERATED BY DEFAULT AS IDENTITY"
    ),
    "index todo.tasks_completed_idx: missing": "DROP INDEX todo.tasks_completed_idx",
    "index todo.tasks_due_idx: different": (
        "DROP INDEX todo.tasks_due_idx; CREATE INDEX tasks_due_idx ON todo.tasks (user_id)"
    ),
    "unique index todo.users_email_key: missing": (
        "DROP INDEX todo.users_email_key; CREATE INDEX users_email_key ON todo.users (lower(email))"
    ),
    "unique index todo.one_title: not of this program": (
        "CREATE UNIQUE INDEX one_title ON todo.tasks (title)"
    ),
    "policy own of todo.users: missing": "DROP POLICY own ON todo.users",
    "policy own of todo.tasks: different": (
        "ALTER POLICY own ON todo.tasks USING (true) WITH CHECK (true)"
    ),
    "policy own of todo.task_events: different": "ALTER POLICY own ON todo.task_events TO PUBLIC",
    "policy audit of todo.users: different": (
        "DROP POLICY audit ON todo.users;"
        "CREATE POLICY audit ON todo.users AS RESTRICTIVE FOR SELECT TO todo_auditor"
        " USING ((SELECT todo.is_auditor()))"
    ),
    "policy owner_all of todo.tasks: missing": "DROP POLICY owner_all ON todo.tasks",
    "policy owner_all of todo.alembic_version: missing": (
        "DROP POLICY owner_all ON todo.alembic_version"
    ),
    "policy everything of todo.tasks: not of this program": (
        "CREATE POLICY everything ON todo.tasks FOR SELECT TO CURRENT_USER USING (true)"
    ),
    "row-level security of todo.tasks: different (enabled, not forced)": (
        "ALTER TABLE todo.tasks NO FORCE ROW LEVEL SECURITY"
    ),
    "statistics target of todo.tasks.title: missing": (
        "ALTER TABLE todo.tasks ALTER title SET STATISTICS -1"
    ),
    "statistics target of todo.users_email_key, column 1: different (100)": (
        "ALTER INDEX todo.users_email_key ALTER COLUMN 1 SET STATISTICS 100"
    ),
    "replica identity of todo.tasks: not of this program (f)": (
        "ALTER TABLE todo.tasks REPLICA IDENTITY FULL"
    ),
    "unlogged storage of todo.tasks: not of this program": "ALTER TABLE todo.tasks SET UNLOGGED",
    "child table public.child of todo.tasks: not of this program": (
        "CREATE TABLE public.child () INHERITS (todo.tasks)"
    ),
    "parent table public.every of todo.tasks: not of this program": (
        "CREATE TABLE public.every (title varchar(255) NOT NULL);"
        "ALTER TABLE todo.tasks INHERIT public.every"
    ),
    # The log's partitions: what the default one is like is expected of each.
    "partition todo.task_events_rest: missing": "DROP TABLE todo.task_events_rest",
    f"partition {FIRST_MONTH}: missing": f"DROP TABLE {FIRST_MONTH}",
    f"partition {SECOND_MONTH}: missing": (
        f"ALTER TABLE todo.task_events DETACH PARTITION {SECOND_MONTH}"
    ),
    f"trigger append_only of {FIRST_MONTH}: different": (
        f"ALTER TABLE {FIRST_MONTH} DISABLE TRIGGER append_only"
    ),
    f"trigger append_only_truncate of {FIRST_MONTH}: missing": (
        f"DROP TRIGGER append_only_truncate ON {FIRST_MONTH}"
    ),
    f"row-level security of {FIRST_MONTH}: different (not enabled, forced)": (
        f"ALTER TABLE {FIRST_MONTH} DISABLE ROW LEVEL SECURITY"
    ),
    f"policy owner_all of {FIRST_MONTH}: missing": f"DROP POLICY owner_all ON {FIRST_MONTH}",
    f"statistics target of {FIRST_MONTH}.after: missing": (
        f"ALTER TABLE {FIRST_MONTH} ALTER after SET STATISTICS -1"
    ),
    f"REVOKE SELECT ON TABLE {FIRST_MONTH} FROM todo_member": (
        f"GRANT SELECT ON {FIRST_MONTH} TO todo_member"
    ),
    "REVOKE GRANT OPTION FOR SELECT ON TABLE todo.tasks FROM todo_member": (
        "GRANT SELECT ON todo.tasks TO todo_member WITH GRANT OPTION"
    ),
    # What an owner takes from itself.
    "todo_definer has lost EXECUTE on FUNCTION todo.me()": (
        "REVOKE EXECUTE ON FUNCTION todo.me() FROM todo_definer"
    ),
    "todo_owner has lost DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE on"
    " TABLE todo.task_events": "REVOKE ALL ON todo.task_events FROM CURRENT_USER",
    "todo_owner has lost SELECT, UPDATE on TABLE todo.users": (
        "REVOKE SELECT, UPDATE ON todo.users FROM CURRENT_USER"
    ),
    "todo_owner has lost USAGE on SCHEMA todo": "REVOKE USAGE ON SCHEMA todo FROM CURRENT_USER",
    "the group todo_member has LOGIN": "ALTER ROLE todo_member LOGIN",
    "todo_invited is a member of todo_member": "GRANT todo_member TO todo_invited",
    "todo_auditor is a member of todo_definer": "GRANT todo_definer TO todo_auditor",
}

# What goes together: one statement, and all that is said of it.
MENDED_TOGETHER: Final = {
    "DROP VIEW todo.pending_tasks": [
        "view todo.pending_tasks: missing",
        "GRANT SELECT ON TABLE todo.pending_tasks TO todo_member",
    ],
    "DROP VIEW todo.overdue_tasks; CREATE VIEW todo.overdue_tasks AS SELECT 1 AS one": [
        "view todo.overdue_tasks: different",
        "GRANT SELECT ON TABLE todo.overdue_tasks TO todo_member",
    ],
    "DROP FUNCTION todo.me() CASCADE": [
        "function todo.me(): missing",
        "policy own of todo.task_events: missing",
        "policy own of todo.tasks: missing",
        "policy own of todo.users: missing",
        "ALTER FUNCTION todo.me() OWNER TO todo_definer",
        "GRANT EXECUTE ON FUNCTION todo.me() TO todo_auditor",
        "GRANT EXECUTE ON FUNCTION todo.me() TO todo_member",
    ],
    "DROP FUNCTION todo.log_tasks() CASCADE": [
        "function todo.log_tasks(): missing",
        "trigger log_delete of todo.tasks: missing",
        "trigger log_insert of todo.tasks: missing",
        "trigger log_update of todo.tasks: missing",
        "ALTER FUNCTION todo.log_tasks() OWNER TO todo_definer",
    ],
    "DROP FUNCTION todo.lock_tasks(bigint[], uuid[], text[]);"
    "CREATE FUNCTION todo.lock_tasks(numbers bigint[], ids uuid[], allowed text[])"
    " RETURNS integer LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION"
    " todo.lock_tasks(bigint[], uuid[], text[]) FROM PUBLIC": [
        "function todo.lock_tasks(bigint[],uuid[],text[]): different",
        "GRANT EXECUTE ON FUNCTION todo.lock_tasks(bigint[],uuid[],text[]) TO todo_member",
    ],
    f"DROP TABLE {FIRST_MONTH}; CREATE TABLE {FIRST_MONTH} PARTITION OF todo.task_events"
    f" FOR VALUES FROM ('{FIRST_MONTH[-7:-3]}-03-01 00:00+00')"
    f" TO ('{FIRST_MONTH[-7:-3]}-04-01 00:00+00')"
    " PARTITION BY RANGE (at);"
    f"SELECT todo.guard_partition('{FIRST_MONTH[5:]}')": [
        f"division of {FIRST_MONTH}: not of this program (RANGE (at))",
    ],
    "CREATE FUNCTION todo.spy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER spy BEFORE INSERT ON todo.tasks FOR EACH ROW EXECUTE FUNCTION todo.spy()": [
        "function todo.spy(): not of this program",
        "trigger spy of todo.tasks: not of this program",
    ],
}

# What no statement can put back: named, and left as it is; then what the owner does about it.
LEFT: Final = {
    "check tasks_title_check of todo.tasks: missing": (
        "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_title_check;"
        "INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), '')",
        "DELETE FROM todo.tasks WHERE title = ''",
    ),
    "check tasks_project_check of todo.tasks: different": (
        "ALTER TABLE todo.tasks DROP CONSTRAINT tasks_project_check;"
        "INSERT INTO todo.tasks (id, title, project) VALUES (gen_random_uuid(), 'x', '');"
        "ALTER TABLE todo.tasks ADD CONSTRAINT tasks_project_check CHECK (project <> 'x')",
        "DELETE FROM todo.tasks WHERE project = ''",
    ),
    "column todo.tasks.revision: different (bigint)": (
        "ALTER TABLE todo.tasks ALTER revision TYPE bigint",
        "ALTER TABLE todo.tasks ALTER revision TYPE integer",
    ),
    'column todo.task_events.action: different (text COLLATE "C")': (
        'ALTER TABLE todo.task_events ALTER action TYPE text COLLATE "C"',
        'ALTER TABLE todo.task_events ALTER action TYPE text COLLATE "default"',
    ),
    "column todo.tasks.colour: not of this program (text)": (
        "ALTER TABLE todo.tasks ADD colour text NOT NULL DEFAULT ''",
        "ALTER TABLE todo.tasks DROP colour",
    ),
    "function todo.used(): not of this program": (
        "CREATE FUNCTION todo.used() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
        "CREATE VIEW public.using AS SELECT todo.used()",
        "DROP FUNCTION todo.used() CASCADE",
    ),
    "publication in part some_tasks: not of this program": (
        "CREATE PUBLICATION some_tasks FOR TABLE todo.tasks WHERE (title <> 'x')",
        "DROP PUBLICATION some_tasks",
    ),
}

# What an owner may add, by how it is listed; None where that is the statement. {role} is a role of
# the owner's.
ADDED: Final = {
    "view todo.report": "CREATE VIEW todo.report AS SELECT count(*) FROM todo.tasks",
    "table todo.notes": (
        "CREATE TABLE todo.notes (id integer PRIMARY KEY, text text NOT NULL CHECK (text <> ''));"
        "CREATE INDEX ON todo.notes (text)"
    ),
    "materialized view todo.stored": "CREATE MATERIALIZED VIEW todo.stored AS SELECT 1 AS one",
    "sequence todo.counter": "CREATE SEQUENCE todo.counter",
    "type todo.mood": "CREATE TYPE todo.mood AS ENUM ('good')",
    "index todo.by_project": "CREATE INDEX by_project ON todo.tasks (user_id, project)",
    "index todo.of_one_month": f"CREATE INDEX of_one_month ON {FIRST_MONTH} (at)",
    "extended statistics public.together": (
        "CREATE STATISTICS public.together ON status, priority FROM todo.tasks"
    ),
    "statistics target of todo.tasks.status": (
        "ALTER TABLE todo.tasks ALTER status SET STATISTICS 500"
    ),
    "view elsewhere public.titles": "CREATE VIEW public.titles AS SELECT title FROM todo.tasks",
    "foreign key elsewhere kept of public.hold": (
        "CREATE TABLE public.hold (u uuid, t uuid,"
        " CONSTRAINT kept FOREIGN KEY (u, t) REFERENCES todo.tasks)"
    ),
    "storage parameters of todo.tasks": "ALTER TABLE todo.tasks SET (fillfactor = 90)",
    "GRANT SELECT ON TABLE todo.tasks TO {role}": "GRANT SELECT ON todo.tasks TO {role}",
    "GRANT SELECT (email) ON TABLE todo.users TO {role}": (
        "GRANT SELECT (email) ON todo.users TO {role}"
    ),
    "GRANT EXECUTE ON FUNCTION todo.me() TO {role}": None,
    "GRANT USAGE ON SCHEMA todo TO {role}": None,
    "GRANT CONNECT ON DATABASE todo TO {role}": None,
    "GRANT SELECT ON TABLE todo.report TO todo_member": None,
}
ADDED_BY_SUPERUSER: Final = {
    "publication everything": "CREATE PUBLICATION everything FOR ALL TABLES",
    "event trigger watching": (
        "CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION public.watch()"
    ),
}
# Nothing of these is listed either: they are elsewhere, or what time brings.
NO_MATTER: Final = [
    "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.tasks (id integer)",
    "COMMENT ON TABLE todo.tasks IS 'ours'",
    "ALTER TABLE todo.tasks ALTER description SET STORAGE EXTERNAL",
    "CREATE TABLE todo.task_events_2020_01 PARTITION OF todo.task_events FOR VALUES"
    " FROM ('2020-01-01 00:00+00') TO ('2020-02-01 00:00+00');"
    "SELECT todo.guard_partition('task_events_2020_01')",
]
