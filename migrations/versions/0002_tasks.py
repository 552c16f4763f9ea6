"""Tasks: the table, its numbers, its indexes, and who may do what with it.

Every key and index begins with user_id: otherwise a duplicate-key error, or EXPLAIN, would tell
that a stranger's id exists. For the same reason the columns of content keep no statistics; nor
do ids, numbers and times, whose single values could be searched out of the planner's estimates,
nor user_id, whose estimates count each person's tasks.

Errors of our own carry SQLSTATEs of class TD: TD404 names in DETAIL the tasks that are not there
(or belong to someone else), TD409 those in a state that forbids the change.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The checks repeat what todo_cli/domain/tasks/values.py validates: no blank text, no control
# characters or line breaks (Unicode Cc, Zl, Zp). An all-day date is kept as that day at 00:00 UTC.
# The years are those that every time zone can show with four digits.
TASKS = r"""
CREATE TABLE todo.tasks (
    user_id       uuid NOT NULL REFERENCES todo.users ON DELETE CASCADE,
    id            uuid NOT NULL,
    number        bigint NOT NULL CHECK (number > 0),
    title         varchar(255) NOT NULL
        CHECK (title ~ '[^ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]'
               AND title !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
    description   text
        CHECK (char_length(description) <= 5000
               AND description !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'),
    status        text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'completed', 'deleted')),
    priority      text NOT NULL DEFAULT 'medium'
        CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    priority_rank smallint NOT NULL GENERATED ALWAYS AS (
        CASE priority WHEN 'urgent' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END
    ) STORED,
    project       text
        CHECK (char_length(project) <= 255
               AND project ~ '[^ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]'
               AND project !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'),
    -- One word each, so that joining them with spaces and parting them again gives as many.
    tags          text[] NOT NULL DEFAULT '{}'
        CHECK (tags = '{}'
               OR (array_ndims(tags) = 1 AND cardinality(tags) <= 50
                   AND array_position(tags, NULL) IS NULL
                   AND cardinality(string_to_array(array_to_string(tags, ' '), ' '))
                       = cardinality(tags)
                   AND char_length(array_to_string(tags, ' ')) <= 2000
                   AND array_to_string(tags, ' ') ~ '^[^ ]{1,100}( [^ ]{1,100})*$'
                   AND array_to_string(tags, ' ') !~ '[\u0001-\u001f\u007f-\u00a0]'
                   AND array_to_string(tags, ' ')
                       !~ '[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]')),
    due_date      timestamptz
        CHECK (due_date >= '1900-01-01 00:00+00' AND due_date < '9999-01-01 00:00+00'),
    due_all_day   boolean NOT NULL DEFAULT false,
    command_id    uuid,
    revision      integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    completed_at  timestamptz,
    deleted_at    timestamptz,
    PRIMARY KEY (user_id, id),
    UNIQUE (user_id, number),
    CHECK (NOT due_all_day OR coalesce(date_trunc('day', due_date, 'UTC') = due_date, false)),
    CHECK (status <> 'pending' OR completed_at IS NULL),
    CHECK (status <> 'completed' OR completed_at IS NOT NULL),
    CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);
ALTER TABLE todo.tasks
    ALTER user_id SET STATISTICS 0,
    ALTER id SET STATISTICS 0,
    ALTER number SET STATISTICS 0,
    ALTER title SET STATISTICS 0,
    ALTER description SET STATISTICS 0,
    ALTER project SET STATISTICS 0,
    ALTER tags SET STATISTICS 0,
    ALTER due_date SET STATISTICS 0,
    ALTER command_id SET STATISTICS 0,
    ALTER created_at SET STATISTICS 0,
    ALTER updated_at SET STATISTICS 0,
    ALTER completed_at SET STATISTICS 0,
    ALTER deleted_at SET STATISTICS 0;

-- The default list; the first rows come straight from the index.
CREATE INDEX tasks_pending_idx ON todo.tasks (user_id, due_date, priority_rank, number)
    WHERE status = 'pending';
-- list --status completed --sort completed_at
CREATE INDEX tasks_completed_idx ON todo.tasks (user_id, completed_at)
    WHERE status = 'completed';
"""

# A reservation is one UPDATE of the person's row, however many tasks follow. The insert then names
# numbers of that block; the trigger accepts no others, so nobody chooses and nothing is used twice.
NUMBERS = """
CREATE FUNCTION todo.reserve_numbers(quantity bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    transaction CONSTANT bigint := pg_current_xact_id()::text::bigint;
    last_number bigint;
BEGIN
    IF quantity IS NULL OR quantity NOT BETWEEN 1 AND 100000 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'from 1 to 100,000 numbers at a time';
    END IF;
    UPDATE todo.users
       SET reserved_from = CASE WHEN reserved_by = transaction THEN reserved_from
                                ELSE last_task_number + 1 END,
           reserved_by = transaction,
           last_task_number = last_task_number + quantity
     WHERE id = (SELECT todo.me())
    RETURNING last_task_number INTO last_number;
    IF last_number IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'not an active person';
    END IF;
    RETURN last_number - quantity + 1;
END $$;
COMMENT ON FUNCTION todo.reserve_numbers(bigint) IS
    'Reserves that many numbers for this transaction and gives the first of them.';

CREATE FUNCTION todo.number_task() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_RELID <> 'todo.tasks'::regclass THEN
        RAISE insufficient_privilege USING MESSAGE = 'this trigger is for todo.tasks alone';
    END IF;
    NEW.user_id := todo.me();
    IF NEW.user_id IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'not an active person';
    END IF;
    IF NEW.number IS NULL THEN
        -- The same task again burns no number: it gets the one it has and meets the primary key.
        SELECT number INTO NEW.number FROM todo.tasks
         WHERE user_id = NEW.user_id AND id = NEW.id;
        IF NOT FOUND THEN
            NEW.number := todo.reserve_numbers(1);
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM todo.users
         WHERE id = NEW.user_id AND reserved_by = pg_current_xact_id()::text::bigint
           AND NEW.number BETWEEN reserved_from AND last_task_number) THEN
        RAISE insufficient_privilege USING MESSAGE = 'numbers are given by the database';
    END IF;
    RETURN NEW;
END $$;
"""

# The times follow the status; a task restored from the trash still knows when it was completed.
GUARD = """
CREATE FUNCTION todo.guard_task() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.user_id, NEW.number, NEW.created_at)
                IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.number, OLD.created_at) THEN
            RAISE insufficient_privilege USING
                MESSAGE = 'id, owner, number and time of creation of a task never change';
        END IF;
        NEW.revision := OLD.revision + 1;
        NEW.updated_at := clock_timestamp();
    END IF;
    CASE NEW.status
        WHEN 'pending' THEN
            NEW.completed_at := NULL;
            NEW.deleted_at := NULL;
        WHEN 'completed' THEN
            NEW.completed_at := coalesce(NEW.completed_at, clock_timestamp());
            NEW.deleted_at := NULL;
        WHEN 'deleted' THEN
            NEW.deleted_at := coalesce(NEW.deleted_at, clock_timestamp());
        ELSE
            NULL;  -- the check constraint refuses it
    END CASE;
    RETURN NEW;
END $$;

CREATE TRIGGER a_number BEFORE INSERT ON todo.tasks
    FOR EACH ROW EXECUTE FUNCTION todo.number_task();
CREATE TRIGGER b_guard BEFORE INSERT OR UPDATE ON todo.tasks
    FOR EACH ROW EXECUTE FUNCTION todo.guard_task();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER a_number, ENABLE ALWAYS TRIGGER b_guard;
"""

# All or nothing: a command locks the tasks it names, and fails as a whole when one is missing.
NAMED = """
CREATE FUNCTION todo.refuse_missing(numbers bigint[], ids uuid[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person CONSTANT uuid := todo.me();
    missing text;
BEGIN
    SELECT string_agg(wanted.name, ', ' ORDER BY wanted.place) INTO missing
      FROM (SELECT n::text AS name, n AS place FROM unnest(numbers) n
             WHERE NOT EXISTS (SELECT FROM todo.tasks t WHERE t.user_id = person AND t.number = n)
             UNION ALL
            SELECT i::text, 9223372036854775807 FROM unnest(ids) i
             WHERE NOT EXISTS (SELECT FROM todo.tasks t WHERE t.user_id = person AND t.id = i)
           ) wanted;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TD404', MESSAGE = 'no such task', DETAIL = missing;
    END IF;
END $$;

CREATE FUNCTION todo.lock_tasks(numbers bigint[], ids uuid[], allowed text[])
RETURNS SETOF todo.tasks
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person CONSTANT uuid := todo.me();
    refused text;
BEGIN
    RETURN QUERY
        SELECT t.* FROM todo.tasks t
         WHERE t.user_id = person AND (t.number = ANY (numbers) OR t.id = ANY (ids))
         ORDER BY t.number
           FOR UPDATE;
    PERFORM todo.refuse_missing(numbers, ids);
    SELECT string_agg(t.number::text, ', ' ORDER BY t.number) INTO refused
      FROM todo.tasks t
     WHERE t.user_id = person AND (t.number = ANY (numbers) OR t.id = ANY (ids))
       AND t.status <> ALL (allowed);
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'TD409', MESSAGE = 'the task is in the trash',
                              DETAIL = refused;
    END IF;
END $$;
COMMENT ON FUNCTION todo.lock_tasks(bigint[], uuid[], text[]) IS
    'Locks and gives the named tasks; TD404 when one is missing, TD409 for one in the trash.';

-- Members hold no DELETE (it would let them LOCK TABLE): deleting for good goes through here.
CREATE FUNCTION todo.purge(numbers bigint[], ids uuid[], command uuid) RETURNS SETOF todo.tasks
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person CONSTANT uuid := todo.me();
BEGIN
    -- This ends the transaction's block of numbers: none of the purged ones is used again. And it
    -- locks the person's row: of two that purge a task at once the second finds it missing.
    UPDATE todo.users SET reserved_by = NULL WHERE id = person;
    PERFORM todo.refuse_missing(numbers, ids);
    PERFORM set_config('todo.command_id', command::text, true);
    RETURN QUERY
        DELETE FROM todo.tasks t
         WHERE t.user_id = person AND (t.number = ANY (numbers) OR t.id = ANY (ids))
        RETURNING t.*;
END $$;
COMMENT ON FUNCTION todo.purge(bigint[], uuid[], uuid) IS
    'Deletes the named tasks for good and gives them as they were; TD404 when one is missing.';
"""

# Columns by name: user_id, number and the times are the database's own.
POLICIES = """
ALTER TABLE todo.tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON todo.tasks TO pg_database_owner USING (true) WITH CHECK (true);
CREATE POLICY definer_read ON todo.tasks FOR SELECT TO todo_definer USING (true);
CREATE POLICY definer_delete ON todo.tasks FOR DELETE TO todo_definer USING (true);
CREATE POLICY own ON todo.tasks TO todo_member
    USING (user_id = (SELECT todo.me())) WITH CHECK (user_id = (SELECT todo.me()));

GRANT SELECT, DELETE ON todo.tasks TO todo_definer;
GRANT SELECT,
      INSERT (id, number, title, description, status, priority, project, tags,
              due_date, due_all_day, command_id),
      UPDATE (title, description, status, priority, project, tags,
              due_date, due_all_day, command_id)
   ON todo.tasks TO todo_member;
"""

# For people with psql. A day is the session's: SET TimeZone.
VIEWS = """
CREATE VIEW todo.pending_tasks WITH (security_invoker = true) AS
    SELECT number, title, description, priority, project, tags, due_date, due_all_day,
           created_at, updated_at, id
      FROM todo.tasks
     WHERE status = 'pending';

CREATE VIEW todo.overdue_tasks WITH (security_invoker = true) AS
    SELECT number, title, description, priority, project, tags, due_date, due_all_day,
           created_at, updated_at, id
      FROM todo.tasks
     WHERE status = 'pending'
       AND CASE WHEN due_all_day THEN (due_date AT TIME ZONE 'UTC')::date < current_date
                ELSE due_date < now() END;
GRANT SELECT ON todo.pending_tasks, todo.overdue_tasks TO todo_member;
"""

RIGHTS = """
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA todo FROM PUBLIC;
GRANT EXECUTE ON FUNCTION todo.reserve_numbers(bigint), todo.refuse_missing(bigint[], uuid[])
    TO todo_member, todo_definer;
GRANT EXECUTE ON FUNCTION todo.lock_tasks(bigint[], uuid[], text[]),
                          todo.purge(bigint[], uuid[], uuid)
    TO todo_member;

GRANT CREATE ON SCHEMA todo TO todo_definer;
ALTER FUNCTION todo.reserve_numbers(bigint) OWNER TO todo_definer;
ALTER FUNCTION todo.number_task() OWNER TO todo_definer;
ALTER FUNCTION todo.purge(bigint[], uuid[], uuid) OWNER TO todo_definer;
REVOKE CREATE ON SCHEMA todo FROM todo_definer;
"""

UNDO = """
DROP VIEW todo.overdue_tasks, todo.pending_tasks;
DROP FUNCTION todo.purge(bigint[], uuid[], uuid), todo.lock_tasks(bigint[], uuid[], text[]),
              todo.refuse_missing(bigint[], uuid[]);
DROP TABLE todo.tasks;
DROP FUNCTION todo.guard_task(), todo.number_task(), todo.reserve_numbers(bigint);
"""


def upgrade() -> None:
    """Make the table of tasks and all that guards it."""
    for part in (TASKS, NUMBERS, GUARD, NAMED, POLICIES, VIEWS, RIGHTS):
        op.execute(part)


def downgrade() -> None:
    """Drop the tasks, and with them every task there is."""
    op.execute(UNDO)
