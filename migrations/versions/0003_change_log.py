"""The change log: what happened to each task, when, and who did it.

Written by triggers alone, one statement for each statement of the caller; append-only for
everyone. Partitioned by month of `at`, so that old months can be detached as a whole.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# No reference to users: the log outlives the person. The actor's role is kept beside the actor's
# id, because on a cascade the person's row is gone already.
EVENTS = """
CREATE TABLE todo.task_events (
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    command_id uuid,
    task_id    uuid NOT NULL,
    user_id    uuid NOT NULL,
    actor_id   uuid,
    actor_role name NOT NULL DEFAULT session_user,
    action     text NOT NULL
        CHECK (action IN ('added', 'modified', 'completed', 'reopened',
                          'deleted', 'restored', 'purged')),
    before     jsonb,
    after      jsonb,
    PRIMARY KEY (user_id, task_id, at, id)
) PARTITION BY RANGE (at);

CREATE FUNCTION todo.keep_events() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = 'the change log is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON todo.task_events
    FOR EACH ROW EXECUTE FUNCTION todo.keep_events();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON todo.task_events
    FOR EACH STATEMENT EXECUTE FUNCTION todo.keep_events();
ALTER TABLE todo.task_events ENABLE ALWAYS TRIGGER append_only,
                             ENABLE ALWAYS TRIGGER append_only_truncate;

ALTER TABLE todo.task_events
    ALTER at SET STATISTICS 0,
    ALTER id SET STATISTICS 0,
    ALTER command_id SET STATISTICS 0,
    ALTER task_id SET STATISTICS 0,
    ALTER user_id SET STATISTICS 0,
    ALTER actor_id SET STATISTICS 0,
    ALTER actor_role SET STATISTICS 0,
    ALTER action SET STATISTICS 0,
    ALTER before SET STATISTICS 0,
    ALTER after SET STATISTICS 0;

ALTER TABLE todo.task_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON todo.task_events TO pg_database_owner USING (true) WITH CHECK (true);
CREATE POLICY definer_append ON todo.task_events FOR INSERT TO todo_definer WITH CHECK (true);
CREATE POLICY own ON todo.task_events FOR SELECT TO todo_member
    USING (user_id = (SELECT todo.me()));
CREATE POLICY audit ON todo.task_events FOR SELECT TO todo_auditor
    USING ((SELECT todo.is_auditor()));
GRANT INSERT ON todo.task_events TO todo_definer;
GRANT SELECT ON todo.task_events TO todo_member, todo_auditor;
"""

# A partition inherits row triggers, but no policies, no TRUNCATE triggers and no targets of
# statistics. Those are 0 for the reasons given in 0002, and none tells how busy somebody is.
PARTITIONS = """
CREATE FUNCTION todo.guard_partition(partition name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE todo.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                   partition);
    EXECUTE format('CREATE POLICY owner_all ON todo.%I TO pg_database_owner '
                   'USING (true) WITH CHECK (true)', partition);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON todo.%I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION todo.keep_events()', partition);
    EXECUTE format('ALTER TABLE todo.%I ENABLE ALWAYS TRIGGER append_only_truncate', partition);
    EXECUTE (SELECT format('ALTER TABLE todo.%I ', partition)
                    || string_agg(format('ALTER %I SET STATISTICS 0', attname), ', ')
               FROM pg_attribute
              WHERE attrelid = 'todo.task_events'::regclass AND attnum > 0 AND NOT attisdropped);
END $$;

CREATE FUNCTION todo.extend_change_log(months integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
    month date;
    partition name;
    made integer := 0;
BEGIN
    FOR month IN
        SELECT date_trunc('month', current_date) + n * interval '1 month'
          FROM generate_series(0, months - 1) n
    LOOP
        partition := format('task_events_%s', to_char(month, 'YYYY_MM'));
        CONTINUE WHEN to_regclass(format('todo.%I', partition)) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE todo.%I PARTITION OF todo.task_events '
                           'FOR VALUES FROM (%L) TO (%L)',
                           partition, month::timestamptz,
                           (month + interval '1 month')::timestamptz);
            PERFORM todo.guard_partition(partition);
            made := made + 1;
        EXCEPTION WHEN check_violation THEN
            -- The default partition holds events of that month already; they stay where they are.
            RAISE WARNING 'no partition for %: the default one has its events', partition;
        END;
    END LOOP;
    RETURN made;
END $$;
COMMENT ON FUNCTION todo.extend_change_log(integer) IS
    'Makes the partitions from this month on that are missing, and gives how many it made.';

CREATE TABLE todo.task_events_rest PARTITION OF todo.task_events DEFAULT;
SELECT todo.guard_partition('task_events_rest');
SELECT todo.extend_change_log(24);
"""

# Only what changed is kept, and nothing that another column says already. A change of nothing
# leaves no event. A change that names no command, as from psql, is not put down to the one before.
# Times are in UTC, whatever the writer's time zone: one instant, one text.
LOG = """
CREATE FUNCTION todo.log_tasks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
    person CONSTANT uuid := todo.me();
    unkept CONSTANT text[] := ARRAY['user_id', 'id', 'command_id', 'revision', 'updated_at',
                                    'priority_rank'];
BEGIN
    IF TG_RELID <> 'todo.tasks'::regclass THEN
        RAISE insufficient_privilege USING MESSAGE = 'this trigger is for todo.tasks alone';
    END IF;
    CASE TG_OP
    WHEN 'INSERT' THEN
        INSERT INTO todo.task_events (command_id, task_id, user_id, actor_id, action, after)
        SELECT n.command_id, n.id, n.user_id, person, 'added',
               jsonb_strip_nulls(to_jsonb(n) - unkept)
          FROM new_rows n;
    WHEN 'UPDATE' THEN
        INSERT INTO todo.task_events
               (command_id, task_id, user_id, actor_id, action, before, after)
        SELECT nullif(n.command_id, o.command_id), n.id, n.user_id, person,
               CASE WHEN n.status = o.status THEN 'modified'
                    WHEN o.status = 'deleted' THEN 'restored'
                    WHEN n.status = 'deleted' THEN 'deleted'
                    WHEN n.status = 'completed' THEN 'completed'
                    ELSE 'reopened' END,
               changed.before, changed.after
          FROM old_rows o
          JOIN new_rows n ON n.user_id = o.user_id AND n.id = o.id
         CROSS JOIN LATERAL (
               SELECT jsonb_object_agg(was.key, was.value) AS before,
                      jsonb_object_agg(is_now.key, is_now.value) AS after
                 FROM jsonb_each(to_jsonb(o) - unkept) was
                 JOIN jsonb_each(to_jsonb(n) - unkept) is_now USING (key)
                WHERE was.value IS DISTINCT FROM is_now.value) changed
         WHERE changed.after IS NOT NULL;
    WHEN 'DELETE' THEN
        INSERT INTO todo.task_events (command_id, task_id, user_id, actor_id, action, before)
        SELECT nullif(current_setting('todo.command_id', true), '')::uuid, o.id, o.user_id, person,
               'purged', jsonb_strip_nulls(to_jsonb(o) - unkept)
          FROM old_rows o;
    END CASE;
    RETURN NULL;
END $$;

CREATE TRIGGER log_insert AFTER INSERT ON todo.tasks
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION todo.log_tasks();
CREATE TRIGGER log_update AFTER UPDATE ON todo.tasks
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION todo.log_tasks();
CREATE TRIGGER log_delete AFTER DELETE ON todo.tasks
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION todo.log_tasks();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER log_insert,
                       ENABLE ALWAYS TRIGGER log_update,
                       ENABLE ALWAYS TRIGGER log_delete;
"""

RIGHTS = """
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA todo FROM PUBLIC;
GRANT CREATE ON SCHEMA todo TO todo_definer;
ALTER FUNCTION todo.log_tasks() OWNER TO todo_definer;
REVOKE CREATE ON SCHEMA todo FROM todo_definer;
"""

UNDO = """
DROP TRIGGER log_delete ON todo.tasks;
DROP TRIGGER log_update ON todo.tasks;
DROP TRIGGER log_insert ON todo.tasks;
DROP FUNCTION todo.log_tasks();
DROP TABLE todo.task_events;
DROP FUNCTION todo.extend_change_log(integer), todo.guard_partition(name), todo.keep_events();
"""


def upgrade() -> None:
    """Make the log, two years of partitions, and the triggers that write it."""
    for part in (EVENTS, PARTITIONS, LOG, RIGHTS):
        op.execute(part)


def downgrade() -> None:
    """Drop the log, and with it the history of every task."""
    op.execute(UNDO)
