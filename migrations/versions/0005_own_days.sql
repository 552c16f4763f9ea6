-- upgrade
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX tasks_due_idx ON todo.tasks (user_id, due_all_day, due_date, priority_rank, number)
    WHERE status = 'pending';
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX todo.tasks_pending_idx;

-- What is in NFC already, nearly everything, costs a look. Few texts grow by it: one that would not
-- fit any more stays as it is, and never stands in the way of another change.
CREATE FUNCTION todo.normalize_task() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    title text := normalize(NEW.title, NFC);
    description text := normalize(NEW.description, NFC);
    project text := normalize(NEW.project, NFC);
    tags text[] := ARRAY(SELECT normalize(each.tag, NFC)
                           FROM unnest(NEW.tags) WITH ORDINALITY each (tag, place)
                          GROUP BY 1 ORDER BY min(each.place));
BEGIN
    IF char_length(title) <= 255 THEN NEW.title := title; END IF;
    IF char_length(description) <= 5000 THEN NEW.description := description; END IF;
    IF char_length(project) <= 255 THEN NEW.project := project; END IF;
    IF array_to_string(tags, ' ') ~ '^[^ ]{1,100}( [^ ]{1,100})*$'
       AND char_length(array_to_string(tags, ' ')) <= 2000 THEN
        NEW.tags := tags;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER c_normalize BEFORE INSERT OR UPDATE OF title, description, project, tags
    ON todo.tasks FOR EACH ROW
    WHEN (NEW.title IS NOT NFC NORMALIZED OR NEW.description IS NOT NFC NORMALIZED
          OR NEW.project IS NOT NFC NORMALIZED
          OR array_to_string(NEW.tags, ' ') IS NOT NFC NORMALIZED)
    EXECUTE FUNCTION todo.normalize_task();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER c_normalize;
REVOKE EXECUTE ON FUNCTION todo.normalize_task() FROM PUBLIC;

-- The trigger does it.
UPDATE todo.tasks
   SET title = title, description = description, project = project, tags = tags
 WHERE title IS NOT NFC NORMALIZED OR description IS NOT NFC NORMALIZED
    OR project IS NOT NFC NORMALIZED OR array_to_string(tags, ' ') IS NOT NFC NORMALIZED;

-- Asked once a connection, as todo.require_revision is.
CREATE FUNCTION todo.require_person(program text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known text;
BEGIN
    PERFORM todo.require_revision(program);
    SELECT kind INTO known FROM todo.users
     WHERE role_name = session_user AND is_active AND claimed_at IS NOT NULL;
    IF known = 'member' THEN
        RETURN;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'TD403', MESSAGE = 'not an active member',
        DETAIL = coalesce(known, (SELECT 'owner' FROM pg_database
                                   WHERE datname = current_database()
                                     AND pg_has_role(session_user, datdba, 'USAGE')), 'nobody');
END $$;
COMMENT ON FUNCTION todo.require_person(text) IS
    'As todo.require_revision; TD403 for whoever has no tasks, with auditor, owner or nobody.';
REVOKE EXECUTE ON FUNCTION todo.require_person(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION todo.require_person(text) TO todo_member, todo_auditor, todo_definer;
GRANT CREATE ON SCHEMA todo TO todo_definer;
ALTER FUNCTION todo.require_person(text) OWNER TO todo_definer;
REVOKE CREATE ON SCHEMA todo FROM todo_definer;

-- downgrade
DROP FUNCTION todo.require_person(text);
DROP TRIGGER c_normalize ON todo.tasks;
DROP FUNCTION todo.normalize_task();
CREATE INDEX tasks_pending_idx ON todo.tasks (user_id, due_date, priority_rank, number)
    WHERE status = 'pending';
DROP INDEX todo.tasks_due_idx;
