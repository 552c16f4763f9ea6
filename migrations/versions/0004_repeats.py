"""A log that later features build on, and commands that notice that they are repeated.

A client sends a command again when the answer was lost. The first attempt may have been carried
out, may still wait for a lock, or may reach the server after the second. So whoever comes to a task
looks in the change log for their own command, once the task is locked: what comes later sees what
came before. Such a look finds the events of one task by the primary key of the log, and is left out
for a task that nobody has changed of late.

What programs of version 0.1 call stays as it is.

Revision ID: 0004
Revises: 0003
"""

from alembic import context, op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# revision is the task's after the change: the order of its events hangs on no clock. via is the
# client: an id it keeps, the name of its host, and who acts where several share one login. undoes
# is the command that this one takes back. entity says what changed (a task; later a note, a link
# ...), entity_id which one, where it is no task. Actions are no closed list: programs take one that
# they do not know for a text.
EVENTS = """
ALTER TABLE todo.task_events
    ADD revision  integer,
    ADD via       text,
    ADD undoes    uuid,
    ADD entity    text DEFAULT 'task',
    ADD entity_id uuid,
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT task_events_action_check;
ALTER TABLE todo.task_events
    ALTER revision SET STATISTICS 0,
    ALTER via SET STATISTICS 0,
    ALTER undoes SET STATISTICS 0,
    ALTER entity SET STATISTICS 0,
    ALTER entity_id SET STATISTICS 0;
-- One person's events of a time: those of a command, and the last ones.
CREATE INDEX task_events_time_idx ON todo.task_events (user_id, at);

CREATE POLICY definer_read ON todo.task_events FOR SELECT TO todo_definer USING (true);
GRANT SELECT (at, command_id, task_id, user_id, action, before)
   ON todo.task_events TO todo_definer;
"""

# For people with psql.
TASKS = "ALTER TABLE todo.tasks ALTER id SET DEFAULT gen_random_uuid()"

# What stands in a name is shown in lists, as titles are.
NAMES = r"""
UPDATE todo.users u
   SET first_name = regexp_replace(u.first_name, hidden.one, ' ', 'g'),
       last_name = regexp_replace(u.last_name, hidden.one, ' ', 'g')
  FROM (VALUES ('[\u0001-\u001f\u007f-\u009f\u2028\u2029]')) hidden (one)
 WHERE u.first_name || u.last_name ~ hidden.one;
ALTER TABLE todo.users
    -- squawk-ignore constraint-missing-not-valid
    ADD CHECK (first_name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
    -- squawk-ignore constraint-missing-not-valid
    ADD CHECK (last_name !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]');
"""

# As in 0003, with the new columns. A client's settings are texts of its own choosing: they are cut,
# and bind nobody.
LOG = """
CREATE OR REPLACE FUNCTION todo.log_tasks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
    person CONSTANT uuid := todo.me();
    client CONSTANT text := left(nullif(current_setting('todo.via', true), ''), 500);
    undone CONSTANT uuid := nullif(current_setting('todo.undoes', true), '')::uuid;
    unkept CONSTANT text[] := ARRAY['user_id', 'id', 'command_id', 'revision', 'updated_at',
                                    'priority_rank'];
BEGIN
    IF TG_RELID <> 'todo.tasks'::regclass THEN
        RAISE insufficient_privilege USING MESSAGE = 'this trigger is for todo.tasks alone';
    END IF;
    CASE TG_OP
    WHEN 'INSERT' THEN
        INSERT INTO todo.task_events
               (command_id, task_id, user_id, actor_id, action, after, revision, via, undoes)
        SELECT n.command_id, n.id, n.user_id, person, 'added',
               jsonb_strip_nulls(to_jsonb(n) - unkept), n.revision, client, undone
          FROM new_rows n;
    WHEN 'UPDATE' THEN
        INSERT INTO todo.task_events
               (command_id, task_id, user_id, actor_id, action, before, after,
                revision, via, undoes)
        SELECT nullif(n.command_id, o.command_id), n.id, n.user_id, person,
               CASE WHEN n.status = o.status THEN 'modified'
                    WHEN o.status = 'deleted' THEN 'restored'
                    WHEN n.status = 'deleted' THEN 'deleted'
                    WHEN n.status = 'completed' THEN 'completed'
                    ELSE 'reopened' END,
               changed.before, changed.after, n.revision, client, undone
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
        INSERT INTO todo.task_events
               (command_id, task_id, user_id, actor_id, action, before, revision, via, undoes)
        SELECT nullif(current_setting('todo.command_id', true), '')::uuid, o.id, o.user_id, person,
               'purged', jsonb_strip_nulls(to_jsonb(o) - unkept), o.revision + 1, client, undone
          FROM old_rows o;
    END CASE;
    RETURN NULL;
END $$;
"""

# Events of the last days alone are looked at, as a client gives up far sooner; the bounds leave the
# partitions of two months. What a repeated command finds is given as it is now, in whatever state.
# The OR says nothing more to people. Without it the planner, which has no statistics to go by,
# would take the bounds for the best condition, and read all that the person did in these days.
CLAIM = """
CREATE FUNCTION todo.claim_tasks(
    numbers bigint[], ids uuid[], allowed text[], command uuid,
    OUT task todo.tasks, OUT done boolean, OUT repeated boolean
) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person  CONSTANT uuid := todo.me();
    earlier CONSTANT timestamptz := now() - interval '7 days';
    later   CONSTANT timestamptz := now() + interval '7 days';
    locked todo.tasks[];
    recent uuid[];
    refused text;
    again boolean := false;
BEGIN
    SELECT coalesce(array_agg(named.each), '{}') INTO locked
      FROM (SELECT t AS each FROM todo.tasks t
             WHERE t.user_id = person AND (t.number = ANY (numbers) OR t.id = ANY (ids))
             ORDER BY t.number
               FOR UPDATE) named;
    -- From here on each statement sees what was done by those we had to wait for.
    SELECT array_agg(t.id) FILTER (WHERE t.revision > 1 AND t.updated_at > earlier),
           string_agg(t.number::text, ', ' ORDER BY t.number)
               FILTER (WHERE t.status <> ALL (allowed))
      INTO recent, refused
      FROM unnest(locked) t;
    IF recent IS NOT NULL THEN
        again := EXISTS (SELECT FROM todo.task_events e
                          WHERE e.user_id = person AND e.task_id = ANY (recent)
                            AND (e.at > earlier OR e.at > later) AND e.at < later
                            AND e.command_id = command);
    END IF;
    IF NOT again AND cardinality(locked) < cardinality(numbers) + cardinality(ids) THEN
        again := EXISTS (SELECT FROM todo.task_events e
                          WHERE e.user_id = person
                            AND e.at > earlier AND e.at < later AND e.command_id = command);
        IF NOT again THEN
            PERFORM todo.refuse_missing(numbers, ids);
        END IF;
    END IF;
    IF again THEN
        RETURN QUERY SELECT * FROM todo.claimed_before(locked, numbers, ids, command);
        RETURN;
    END IF;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TD409', MESSAGE = 'the task is in the trash',
                              DETAIL = refused;
    END IF;
    RETURN QUERY SELECT t, false, false FROM unnest(locked) t;
END $$;
COMMENT ON FUNCTION todo.claim_tasks(bigint[], uuid[], text[], uuid) IS
    'Locks and gives the named tasks, and whether this command has come to them before (repeated), '
    'and changed them (done). TD404 when one is missing, TD409 for one in a state not allowed.';

CREATE FUNCTION todo.claimed_before(
    locked todo.tasks[], numbers bigint[], ids uuid[], command uuid,
    OUT task todo.tasks, OUT done boolean, OUT repeated boolean
) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person  CONSTANT uuid := todo.me();
    earlier CONSTANT timestamptz := now() - interval '7 days';
    later   CONSTANT timestamptz := now() + interval '7 days';
BEGIN
    RETURN QUERY
        WITH known AS (
            SELECT t AS each, t.id FROM unnest(locked) t
             UNION ALL
            SELECT gone, gone.id FROM todo.purged_tasks(numbers, ids) gone
             WHERE cardinality(locked) < cardinality(numbers) + cardinality(ids)
               AND gone.id NOT IN (SELECT t.id FROM unnest(locked) t)
        )
        SELECT k.each,
               EXISTS (SELECT FROM todo.task_events e
                        WHERE e.user_id = person AND e.task_id = k.id
                          AND (e.at > earlier OR e.at > later) AND e.at < later
                          AND e.command_id = command),
               true
          FROM known k;
END $$;
"""

PURGED = """
CREATE FUNCTION todo.purged_tasks(numbers bigint[], ids uuid[]) RETURNS SETOF todo.tasks
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person  CONSTANT uuid := todo.me();
    earlier CONSTANT timestamptz := now() - interval '7 days';
    later   CONSTANT timestamptz := now() + interval '7 days';
BEGIN
    RETURN QUERY
        SELECT DISTINCT ON (e.task_id) gone.*
          FROM todo.task_events e
         CROSS JOIN LATERAL jsonb_populate_record(
                   CAST(NULL AS todo.tasks),
                   e.before || jsonb_build_object('user_id', e.user_id, 'id', e.task_id,
                                                  'updated_at', e.at)) gone
         WHERE e.user_id = person AND e.at > earlier AND e.at < later AND e.action = 'purged'
           AND (e.task_id = ANY (ids) OR gone.number = ANY (numbers))
         ORDER BY e.task_id, e.at DESC;
END $$;
COMMENT ON FUNCTION todo.purged_tasks(bigint[], uuid[]) IS
    'Gives those of the named tasks that were purged of late, as they were then.';

CREATE FUNCTION todo.purge_once(numbers bigint[], ids uuid[], command uuid)
RETURNS SETOF todo.tasks
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person  CONSTANT uuid := todo.me();
    earlier CONSTANT timestamptz := now() - interval '7 days';
    later   CONSTANT timestamptz := now() + interval '7 days';
BEGIN
    PERFORM FROM todo.users WHERE id = person FOR UPDATE;
    IF EXISTS (SELECT FROM todo.task_events e
                WHERE e.user_id = person AND e.at > earlier AND e.at < later
                  AND e.command_id = command) THEN
        RETURN QUERY SELECT * FROM todo.purged_tasks(numbers, ids);
    ELSE
        RETURN QUERY SELECT * FROM todo.purge(numbers, ids, command);
    END IF;
END $$;
COMMENT ON FUNCTION todo.purge_once(bigint[], uuid[], uuid) IS
    'As todo.purge, but what this command has purged before is only given again.';
"""

ADD = """
CREATE FUNCTION todo.reserve_once(quantity bigint, task uuid, command uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person  CONSTANT uuid := todo.me();
    earlier CONSTANT timestamptz := now() - interval '7 days';
    later   CONSTANT timestamptz := now() + interval '7 days';
BEGIN
    PERFORM FROM todo.users WHERE id = person FOR UPDATE;
    IF EXISTS (SELECT FROM todo.task_events e
                WHERE e.user_id = person AND e.task_id = task
                  AND (e.at > earlier OR e.at > later) AND e.at < later
                  AND e.command_id = command) THEN
        RETURN NULL;
    END IF;
    RETURN todo.reserve_numbers(quantity);
END $$;
COMMENT ON FUNCTION todo.reserve_once(bigint, uuid, uuid) IS
    'As todo.reserve_numbers, but null when this command has added the task before.';
"""

RIGHTS = """
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA todo FROM PUBLIC;
GRANT EXECUTE ON FUNCTION todo.claim_tasks(bigint[], uuid[], text[], uuid),
                          todo.claimed_before(todo.tasks[], bigint[], uuid[], uuid),
                          todo.purge_once(bigint[], uuid[], uuid),
                          todo.reserve_once(bigint, uuid, uuid)
    TO todo_member;
GRANT EXECUTE ON FUNCTION todo.purged_tasks(bigint[], uuid[]) TO todo_member, todo_definer;

GRANT CREATE ON SCHEMA todo TO todo_definer;
ALTER FUNCTION todo.purge_once(bigint[], uuid[], uuid) OWNER TO todo_definer;
ALTER FUNCTION todo.reserve_once(bigint, uuid, uuid) OWNER TO todo_definer;
REVOKE CREATE ON SCHEMA todo FROM todo_definer;
"""

UNDO = """
DROP FUNCTION todo.reserve_once(bigint, uuid, uuid), todo.purge_once(bigint[], uuid[], uuid),
              todo.claim_tasks(bigint[], uuid[], text[], uuid),
              todo.claimed_before(todo.tasks[], bigint[], uuid[], uuid),
              todo.purged_tasks(bigint[], uuid[]);
DROP TRIGGER log_delete ON todo.tasks;
DROP TRIGGER log_update ON todo.tasks;
DROP TRIGGER log_insert ON todo.tasks;
DROP FUNCTION todo.log_tasks();
ALTER TABLE todo.users DROP CONSTRAINT users_first_name_check,
                       DROP CONSTRAINT users_last_name_check;
ALTER TABLE todo.tasks ALTER id DROP DEFAULT;
REVOKE SELECT (at, command_id, task_id, user_id, action, before)
    ON todo.task_events FROM todo_definer;
DROP POLICY definer_read ON todo.task_events;
DROP INDEX todo.task_events_time_idx;
ALTER TABLE todo.task_events
    DROP revision, DROP via, DROP undoes, DROP entity, DROP entity_id,
    ADD CONSTRAINT task_events_action_check
        CHECK (action IN ('added', 'modified', 'completed', 'reopened',
                          'deleted', 'restored', 'purged'));
"""


def upgrade() -> None:
    """Give the log its columns, and commands the functions that notice a repeat."""
    for part in (EVENTS, TASKS, NAMES, LOG, PURGED, CLAIM, ADD, RIGHTS):
        op.execute(part)


def downgrade() -> None:
    """Take them away; of the events what these columns said, and where they came from, is lost."""
    before = context.script.get_revision("0003").module
    for part in (UNDO, before.LOG, before.RIGHTS):
        op.execute(part)
