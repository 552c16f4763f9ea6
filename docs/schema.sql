-- The database as it is today, written by `python -m docs.schema`: do not edit. The migrations make
-- it, and a test compares. docs/schema.md says why it is as it is.
--
-- What names no owner belongs to the owner of the database. Two things are not here. The groups
-- todo_member, todo_auditor, todo_invited and todo_definer belong to the whole server: 0001 makes
-- them. And the change log has a partition for each month, made by todo.extend_change_log(); but
-- for its bounds it is as task_events_rest.

SET check_function_bodies = off;


-- The database and its schema

CREATE SCHEMA todo;

REVOKE CONNECT,TEMPORARY ON DATABASE todo FROM PUBLIC;
GRANT CONNECT ON DATABASE todo TO todo_auditor;
GRANT CONNECT ON DATABASE todo TO todo_invited;
GRANT CONNECT ON DATABASE todo TO todo_member;

GRANT USAGE ON SCHEMA todo TO todo_auditor;
GRANT USAGE ON SCHEMA todo TO todo_definer;
GRANT USAGE ON SCHEMA todo TO todo_invited;
GRANT USAGE ON SCHEMA todo TO todo_member;


-- Tables

CREATE TABLE todo.alembic_version (
    version_num character varying(32) NOT NULL
);
ALTER TABLE ONLY todo.alembic_version FORCE ROW LEVEL SECURITY;

CREATE TABLE todo.task_events (
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    command_id uuid,
    task_id uuid NOT NULL,
    user_id uuid NOT NULL,
    actor_id uuid,
    actor_role name DEFAULT SESSION_USER NOT NULL,
    action text NOT NULL,
    before jsonb,
    after jsonb,
    revision integer,
    via text,
    undoes uuid,
    entity text DEFAULT 'task'::text,
    entity_id uuid
)
PARTITION BY RANGE (at);
ALTER TABLE ONLY todo.task_events
    ALTER at SET STATISTICS 0,
    ALTER id SET STATISTICS 0,
    ALTER command_id SET STATISTICS 0,
    ALTER task_id SET STATISTICS 0,
    ALTER user_id SET STATISTICS 0,
    ALTER actor_id SET STATISTICS 0,
    ALTER actor_role SET STATISTICS 0,
    ALTER action SET STATISTICS 0,
    ALTER before SET STATISTICS 0,
    ALTER after SET STATISTICS 0,
    ALTER revision SET STATISTICS 0,
    ALTER via SET STATISTICS 0,
    ALTER undoes SET STATISTICS 0,
    ALTER entity SET STATISTICS 0,
    ALTER entity_id SET STATISTICS 0;
ALTER TABLE ONLY todo.task_events FORCE ROW LEVEL SECURITY;

CREATE TABLE todo.task_events_rest (
    at timestamp with time zone DEFAULT clock_timestamp() CONSTRAINT task_events_at_not_null NOT NULL,
    id uuid DEFAULT gen_random_uuid() CONSTRAINT task_events_id_not_null NOT NULL,
    command_id uuid,
    task_id uuid CONSTRAINT task_events_task_id_not_null NOT NULL,
    user_id uuid CONSTRAINT task_events_user_id_not_null NOT NULL,
    actor_id uuid,
    actor_role name DEFAULT SESSION_USER CONSTRAINT task_events_actor_role_not_null NOT NULL,
    action text CONSTRAINT task_events_action_not_null NOT NULL,
    before jsonb,
    after jsonb,
    revision integer,
    via text,
    undoes uuid,
    entity text DEFAULT 'task'::text,
    entity_id uuid
);
ALTER TABLE ONLY todo.task_events_rest
    ALTER at SET STATISTICS 0,
    ALTER id SET STATISTICS 0,
    ALTER command_id SET STATISTICS 0,
    ALTER task_id SET STATISTICS 0,
    ALTER user_id SET STATISTICS 0,
    ALTER actor_id SET STATISTICS 0,
    ALTER actor_role SET STATISTICS 0,
    ALTER action SET STATISTICS 0,
    ALTER before SET STATISTICS 0,
    ALTER after SET STATISTICS 0,
    ALTER revision SET STATISTICS 0,
    ALTER via SET STATISTICS 0,
    ALTER undoes SET STATISTICS 0,
    ALTER entity SET STATISTICS 0,
    ALTER entity_id SET STATISTICS 0;
ALTER TABLE ONLY todo.task_events_rest FORCE ROW LEVEL SECURITY;

ALTER TABLE ONLY todo.task_events ATTACH PARTITION todo.task_events_rest DEFAULT;

CREATE TABLE todo.tasks (
    user_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    number bigint NOT NULL,
    title character varying(255) NOT NULL,
    description text,
    status text DEFAULT 'pending'::text NOT NULL,
    priority text DEFAULT 'medium'::text NOT NULL,
    priority_rank smallint GENERATED ALWAYS AS (
CASE priority
    WHEN 'urgent'::text THEN 1
    WHEN 'high'::text THEN 2
    WHEN 'medium'::text THEN 3
    ELSE 4
END) STORED NOT NULL,
    project text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    due_date timestamp with time zone,
    due_all_day boolean DEFAULT false NOT NULL,
    command_id uuid,
    revision integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    deleted_at timestamp with time zone,
    CONSTRAINT tasks_check CHECK (((NOT due_all_day) OR COALESCE((date_trunc('day'::text, due_date, 'UTC'::text) = due_date), false))),
    CONSTRAINT tasks_check1 CHECK (((status <> 'pending'::text) OR (completed_at IS NULL))),
    CONSTRAINT tasks_check2 CHECK (((status <> 'completed'::text) OR (completed_at IS NOT NULL))),
    CONSTRAINT tasks_check3 CHECK (((status = 'deleted'::text) = (deleted_at IS NOT NULL))),
    CONSTRAINT tasks_description_check CHECK (((char_length(description) <= 5000) AND (description !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]'::text))),
    CONSTRAINT tasks_due_date_check CHECK (((due_date >= '1900-01-01 00:00:00+00'::timestamp with time zone) AND (due_date < '9999-01-01 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT tasks_number_check CHECK ((number > 0)),
    CONSTRAINT tasks_priority_check CHECK ((priority = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text, 'urgent'::text]))),
    CONSTRAINT tasks_project_check CHECK (((char_length(project) <= 255) AND (project ~ '[^ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]'::text) AND (project !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'::text))),
    CONSTRAINT tasks_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'completed'::text, 'deleted'::text]))),
    CONSTRAINT tasks_tags_check CHECK (((tags = '{}'::text[]) OR ((array_ndims(tags) = 1) AND (cardinality(tags) <= 50) AND (array_position(tags, NULL::text) IS NULL) AND (cardinality(string_to_array(array_to_string(tags, ' '::text), ' '::text)) = cardinality(tags)) AND (char_length(array_to_string(tags, ' '::text)) <= 2000) AND (array_to_string(tags, ' '::text) ~ '^[^ ]{1,100}( [^ ]{1,100})*$'::text) AND (array_to_string(tags, ' '::text) !~ '[\u0001-\u001f\u007f-\u00a0]'::text) AND (array_to_string(tags, ' '::text) !~ '[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'::text)))),
    CONSTRAINT tasks_title_check CHECK ((((title)::text ~ '[^ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]'::text) AND ((title)::text !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'::text)))
);
ALTER TABLE ONLY todo.tasks
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
ALTER TABLE ONLY todo.tasks FORCE ROW LEVEL SECURITY;

CREATE TABLE todo.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    role_name name NOT NULL,
    invitation_role name,
    kind text DEFAULT 'member'::text NOT NULL,
    email text NOT NULL,
    first_name character varying(100) DEFAULT ''::character varying NOT NULL,
    last_name character varying(100) DEFAULT ''::character varying NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    invited_until timestamp with time zone,
    claimed_at timestamp with time zone,
    last_task_number bigint DEFAULT 0 NOT NULL,
    reserved_from bigint DEFAULT 1 NOT NULL,
    reserved_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_email_check CHECK ((((char_length(email) >= 1) AND (char_length(email) <= 255)) AND (email IS NFC NORMALIZED) AND (email !~ '[\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a]'::text) AND (email !~ '[\u2028\u2029\u202f\u205f\u3000]'::text))),
    CONSTRAINT users_first_name_check CHECK (((first_name)::text !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'::text)),
    CONSTRAINT users_kind_check CHECK ((kind = ANY (ARRAY['member'::text, 'auditor'::text]))),
    CONSTRAINT users_last_name_check CHECK (((last_name)::text !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]'::text))
);
ALTER TABLE ONLY todo.users
    ALTER id SET STATISTICS 0,
    ALTER role_name SET STATISTICS 0,
    ALTER email SET STATISTICS 0,
    ALTER first_name SET STATISTICS 0,
    ALTER last_name SET STATISTICS 0,
    ALTER created_at SET STATISTICS 0;
ALTER TABLE ONLY todo.users FORCE ROW LEVEL SECURITY;


-- Keys

ALTER TABLE ONLY todo.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY todo.task_events
    ADD CONSTRAINT task_events_pkey PRIMARY KEY (user_id, task_id, at, id);

ALTER TABLE ONLY todo.task_events_rest
    ADD CONSTRAINT task_events_rest_pkey PRIMARY KEY (user_id, task_id, at, id);

ALTER TABLE ONLY todo.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (user_id, id);

ALTER TABLE ONLY todo.tasks
    ADD CONSTRAINT tasks_user_id_number_key UNIQUE (user_id, number);

ALTER TABLE ONLY todo.users
    ADD CONSTRAINT users_invitation_role_key UNIQUE (invitation_role);

ALTER TABLE ONLY todo.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY todo.users
    ADD CONSTRAINT users_role_name_key UNIQUE (role_name);


-- Indexes

CREATE INDEX task_events_rest_user_id_at_idx ON todo.task_events_rest USING btree (user_id, at);

CREATE INDEX task_events_time_idx ON ONLY todo.task_events USING btree (user_id, at);

CREATE INDEX tasks_completed_idx ON todo.tasks USING btree (user_id, completed_at) WHERE (status = 'completed'::text);

CREATE INDEX tasks_due_idx ON todo.tasks USING btree (user_id, due_all_day, due_date, priority_rank, number) WHERE (status = 'pending'::text);

CREATE UNIQUE INDEX users_email_key ON todo.users USING btree (lower(email));
ALTER INDEX todo.users_email_key ALTER COLUMN 1 SET STATISTICS 0;


-- What belongs together

ALTER INDEX todo.task_events_pkey ATTACH PARTITION todo.task_events_rest_pkey;

ALTER INDEX todo.task_events_time_idx ATTACH PARTITION todo.task_events_rest_user_id_at_idx;

ALTER TABLE ONLY todo.tasks
    ADD CONSTRAINT tasks_user_id_fkey FOREIGN KEY (user_id) REFERENCES todo.users(id) ON DELETE CASCADE;


-- Functions, and who may call them

CREATE FUNCTION todo.accept_invitation(OUT role_name name, OUT password text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE todo.users u
       SET invitation_role = NULL, claimed_at = clock_timestamp()
     WHERE u.invitation_role = session_user AND u.is_active
       AND u.invited_until > clock_timestamp()
    RETURNING u.role_name INTO accept_invitation.role_name;
    IF accept_invitation.role_name IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'this invitation was used or has expired';
    END IF;
    accept_invitation.password :=
        replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
    EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L',
                   accept_invitation.role_name, accept_invitation.password);
    EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', session_user);
END $$;

REVOKE ALL ON FUNCTION todo.accept_invitation(OUT role_name name, OUT password text) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.accept_invitation(OUT role_name name, OUT password text) TO todo_invited;

CREATE FUNCTION todo.claim_tasks(numbers bigint[], ids uuid[], allowed text[], command uuid, OUT task todo.tasks, OUT done boolean, OUT repeated boolean) RETURNS SETOF record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

COMMENT ON FUNCTION todo.claim_tasks(numbers bigint[], ids uuid[], allowed text[], command uuid, OUT task todo.tasks, OUT done boolean, OUT repeated boolean) IS 'Locks and gives the named tasks, and whether this command has come to them before (repeated), and changed them (done). TD404 when one is missing, TD409 for one in a state not allowed.';

REVOKE ALL ON FUNCTION todo.claim_tasks(numbers bigint[], ids uuid[], allowed text[], command uuid, OUT task todo.tasks, OUT done boolean, OUT repeated boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.claim_tasks(numbers bigint[], ids uuid[], allowed text[], command uuid, OUT task todo.tasks, OUT done boolean, OUT repeated boolean) TO todo_member;

CREATE FUNCTION todo.claimed_before(locked todo.tasks[], numbers bigint[], ids uuid[], command uuid, OUT task todo.tasks, OUT done boolean, OUT repeated boolean) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

REVOKE ALL ON FUNCTION todo.claimed_before(locked todo.tasks[], numbers bigint[], ids uuid[], command uuid, OUT task todo.tasks, OUT done boolean, OUT repeated boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.claimed_before(locked todo.tasks[], numbers bigint[], ids uuid[], command uuid, OUT task todo.tasks, OUT done boolean, OUT repeated boolean) TO todo_member;

CREATE FUNCTION todo.extend_change_log(months integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
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

COMMENT ON FUNCTION todo.extend_change_log(months integer) IS 'Makes the partitions from this month on that are missing, and gives how many it made.';

REVOKE ALL ON FUNCTION todo.extend_change_log(months integer) FROM PUBLIC;

CREATE FUNCTION todo.guard_partition(partition name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

REVOKE ALL ON FUNCTION todo.guard_partition(partition name) FROM PUBLIC;

CREATE FUNCTION todo.guard_task() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

REVOKE ALL ON FUNCTION todo.guard_task() FROM PUBLIC;

CREATE FUNCTION todo.is_auditor() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT EXISTS (SELECT FROM todo.users
                   WHERE role_name = session_user AND is_active AND claimed_at IS NOT NULL
                     AND kind = 'auditor')
$$;
ALTER FUNCTION todo.is_auditor() OWNER TO todo_definer;

REVOKE ALL ON FUNCTION todo.is_auditor() FROM PUBLIC;
GRANT ALL ON FUNCTION todo.is_auditor() TO todo_auditor;
GRANT ALL ON FUNCTION todo.is_auditor() TO todo_member;

CREATE FUNCTION todo.keep_events() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = 'the change log is append-only';
END $$;

REVOKE ALL ON FUNCTION todo.keep_events() FROM PUBLIC;

CREATE FUNCTION todo.lock_tasks(numbers bigint[], ids uuid[], allowed text[]) RETURNS SETOF todo.tasks
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

COMMENT ON FUNCTION todo.lock_tasks(numbers bigint[], ids uuid[], allowed text[]) IS 'Locks and gives the named tasks; TD404 when one is missing, TD409 for one in the trash.';

REVOKE ALL ON FUNCTION todo.lock_tasks(numbers bigint[], ids uuid[], allowed text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.lock_tasks(numbers bigint[], ids uuid[], allowed text[]) TO todo_member;

CREATE FUNCTION todo.log_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
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
ALTER FUNCTION todo.log_tasks() OWNER TO todo_definer;

REVOKE ALL ON FUNCTION todo.log_tasks() FROM PUBLIC;

CREATE FUNCTION todo.me() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT id FROM todo.users
    WHERE role_name = session_user AND is_active AND claimed_at IS NOT NULL
$$;
ALTER FUNCTION todo.me() OWNER TO todo_definer;

COMMENT ON FUNCTION todo.me() IS 'The id of the active person who is logged in, or null. SET ROLE does not change it.';

REVOKE ALL ON FUNCTION todo.me() FROM PUBLIC;
GRANT ALL ON FUNCTION todo.me() TO todo_auditor;
GRANT ALL ON FUNCTION todo.me() TO todo_member;

CREATE FUNCTION todo.normalize_task() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
END $_$;

REVOKE ALL ON FUNCTION todo.normalize_task() FROM PUBLIC;

CREATE FUNCTION todo.number_task() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
ALTER FUNCTION todo.number_task() OWNER TO todo_definer;

REVOKE ALL ON FUNCTION todo.number_task() FROM PUBLIC;

CREATE FUNCTION todo.purge(numbers bigint[], ids uuid[], command uuid) RETURNS SETOF todo.tasks
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
ALTER FUNCTION todo.purge(numbers bigint[], ids uuid[], command uuid) OWNER TO todo_definer;

COMMENT ON FUNCTION todo.purge(numbers bigint[], ids uuid[], command uuid) IS 'Deletes the named tasks for good and gives them as they were; TD404 when one is missing.';

REVOKE ALL ON FUNCTION todo.purge(numbers bigint[], ids uuid[], command uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.purge(numbers bigint[], ids uuid[], command uuid) TO todo_member;

CREATE FUNCTION todo.purge_once(numbers bigint[], ids uuid[], command uuid) RETURNS SETOF todo.tasks
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
ALTER FUNCTION todo.purge_once(numbers bigint[], ids uuid[], command uuid) OWNER TO todo_definer;

COMMENT ON FUNCTION todo.purge_once(numbers bigint[], ids uuid[], command uuid) IS 'As todo.purge, but what this command has purged before is only given again.';

REVOKE ALL ON FUNCTION todo.purge_once(numbers bigint[], ids uuid[], command uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.purge_once(numbers bigint[], ids uuid[], command uuid) TO todo_member;

CREATE FUNCTION todo.purged_tasks(numbers bigint[], ids uuid[]) RETURNS SETOF todo.tasks
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

COMMENT ON FUNCTION todo.purged_tasks(numbers bigint[], ids uuid[]) IS 'Gives those of the named tasks that were purged of late, as they were then.';

REVOKE ALL ON FUNCTION todo.purged_tasks(numbers bigint[], ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.purged_tasks(numbers bigint[], ids uuid[]) TO todo_definer;
GRANT ALL ON FUNCTION todo.purged_tasks(numbers bigint[], ids uuid[]) TO todo_member;

CREATE FUNCTION todo.refuse_missing(numbers bigint[], ids uuid[]) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

REVOKE ALL ON FUNCTION todo.refuse_missing(numbers bigint[], ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.refuse_missing(numbers bigint[], ids uuid[]) TO todo_definer;
GRANT ALL ON FUNCTION todo.refuse_missing(numbers bigint[], ids uuid[]) TO todo_member;

CREATE FUNCTION todo.require_person(program text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
ALTER FUNCTION todo.require_person(program text) OWNER TO todo_definer;

COMMENT ON FUNCTION todo.require_person(program text) IS 'As todo.require_revision; TD403 for whoever has no tasks, with auditor, owner or nobody.';

REVOKE ALL ON FUNCTION todo.require_person(program text) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.require_person(program text) TO todo_auditor;
GRANT ALL ON FUNCTION todo.require_person(program text) TO todo_member;

CREATE FUNCTION todo.require_revision(program text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    oldest  CONSTANT text := '0001';
    present CONSTANT text := (SELECT version_num FROM todo.alembic_version);
BEGIN
    IF present IS NULL OR present < program THEN
        RAISE EXCEPTION USING ERRCODE = 'TD701', MESSAGE = 'the schema is behind the program';
    ELSIF program < oldest THEN
        RAISE EXCEPTION USING ERRCODE = 'TD702', MESSAGE = 'the schema is ahead of the program';
    END IF;
END $$;
ALTER FUNCTION todo.require_revision(program text) OWNER TO todo_definer;

REVOKE ALL ON FUNCTION todo.require_revision(program text) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.require_revision(program text) TO todo_auditor;
GRANT ALL ON FUNCTION todo.require_revision(program text) TO todo_member;

CREATE FUNCTION todo.reserve_numbers(quantity bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
ALTER FUNCTION todo.reserve_numbers(quantity bigint) OWNER TO todo_definer;

COMMENT ON FUNCTION todo.reserve_numbers(quantity bigint) IS 'Reserves that many numbers for this transaction and gives the first of them.';

REVOKE ALL ON FUNCTION todo.reserve_numbers(quantity bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.reserve_numbers(quantity bigint) TO todo_member;

CREATE FUNCTION todo.reserve_once(quantity bigint, task uuid, command uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
ALTER FUNCTION todo.reserve_once(quantity bigint, task uuid, command uuid) OWNER TO todo_definer;

COMMENT ON FUNCTION todo.reserve_once(quantity bigint, task uuid, command uuid) IS 'As todo.reserve_numbers, but null when this command has added the task before.';

REVOKE ALL ON FUNCTION todo.reserve_once(quantity bigint, task uuid, command uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION todo.reserve_once(quantity bigint, task uuid, command uuid) TO todo_member;

CREATE FUNCTION todo.touch_user() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$;

REVOKE ALL ON FUNCTION todo.touch_user() FROM PUBLIC;


-- Views

CREATE VIEW todo.overdue_tasks WITH (security_invoker='true') AS
 SELECT number,
    title,
    description,
    priority,
    project,
    tags,
    due_date,
    due_all_day,
    created_at,
    updated_at,
    id
   FROM todo.tasks
  WHERE ((status = 'pending'::text) AND
        CASE
            WHEN due_all_day THEN (((due_date AT TIME ZONE 'UTC'::text))::date < CURRENT_DATE)
            ELSE (due_date < now())
        END);

CREATE VIEW todo.pending_tasks WITH (security_invoker='true') AS
 SELECT number,
    title,
    description,
    priority,
    project,
    tags,
    due_date,
    due_all_day,
    created_at,
    updated_at,
    id
   FROM todo.tasks
  WHERE (status = 'pending'::text);


-- Triggers

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON todo.task_events FOR EACH ROW EXECUTE FUNCTION todo.keep_events();
ALTER TABLE todo.task_events ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON todo.task_events FOR EACH STATEMENT EXECUTE FUNCTION todo.keep_events();
ALTER TABLE todo.task_events ENABLE ALWAYS TRIGGER append_only_truncate;

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON todo.task_events_rest FOR EACH STATEMENT EXECUTE FUNCTION todo.keep_events();
ALTER TABLE todo.task_events_rest ENABLE ALWAYS TRIGGER append_only_truncate;

CREATE TRIGGER a_number BEFORE INSERT ON todo.tasks FOR EACH ROW EXECUTE FUNCTION todo.number_task();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER a_number;

CREATE TRIGGER b_guard BEFORE INSERT OR UPDATE ON todo.tasks FOR EACH ROW EXECUTE FUNCTION todo.guard_task();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER b_guard;

CREATE TRIGGER c_normalize BEFORE INSERT OR UPDATE OF title, description, project, tags ON todo.tasks FOR EACH ROW WHEN (((NOT (new.title IS NFC NORMALIZED)) OR (NOT (new.description IS NFC NORMALIZED)) OR (NOT (new.project IS NFC NORMALIZED)) OR (NOT (array_to_string(new.tags, ' '::text) IS NFC NORMALIZED)))) EXECUTE FUNCTION todo.normalize_task();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER c_normalize;

CREATE TRIGGER log_delete AFTER DELETE ON todo.tasks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION todo.log_tasks();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER log_delete;

CREATE TRIGGER log_insert AFTER INSERT ON todo.tasks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION todo.log_tasks();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER log_insert;

CREATE TRIGGER log_update AFTER UPDATE ON todo.tasks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION todo.log_tasks();
ALTER TABLE todo.tasks ENABLE ALWAYS TRIGGER log_update;

CREATE TRIGGER touch BEFORE UPDATE OF role_name, kind, email, first_name, last_name, is_active ON todo.users FOR EACH ROW EXECUTE FUNCTION todo.touch_user();
ALTER TABLE todo.users ENABLE ALWAYS TRIGGER touch;


-- Row-level security: who has to do with which rows

ALTER TABLE todo.alembic_version ENABLE ROW LEVEL SECURITY;

CREATE POLICY definer_read ON todo.alembic_version FOR SELECT TO todo_definer USING (true);

CREATE POLICY owner_all ON todo.alembic_version TO pg_database_owner USING (true) WITH CHECK (true);

ALTER TABLE todo.task_events ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit ON todo.task_events FOR SELECT TO todo_auditor USING (( SELECT todo.is_auditor() AS is_auditor));

CREATE POLICY definer_append ON todo.task_events FOR INSERT TO todo_definer WITH CHECK (true);

CREATE POLICY definer_read ON todo.task_events FOR SELECT TO todo_definer USING (true);

CREATE POLICY own ON todo.task_events FOR SELECT TO todo_member USING ((user_id = ( SELECT todo.me() AS me)));

CREATE POLICY owner_all ON todo.task_events TO pg_database_owner USING (true) WITH CHECK (true);

ALTER TABLE todo.task_events_rest ENABLE ROW LEVEL SECURITY;

CREATE POLICY owner_all ON todo.task_events_rest TO pg_database_owner USING (true) WITH CHECK (true);

ALTER TABLE todo.tasks ENABLE ROW LEVEL SECURITY;

CREATE POLICY definer_delete ON todo.tasks FOR DELETE TO todo_definer USING (true);

CREATE POLICY definer_read ON todo.tasks FOR SELECT TO todo_definer USING (true);

CREATE POLICY own ON todo.tasks TO todo_member USING ((user_id = ( SELECT todo.me() AS me))) WITH CHECK ((user_id = ( SELECT todo.me() AS me)));

CREATE POLICY owner_all ON todo.tasks TO pg_database_owner USING (true) WITH CHECK (true);

ALTER TABLE todo.users ENABLE ROW LEVEL SECURITY;

CREATE POLICY audit ON todo.users FOR SELECT TO todo_auditor USING (( SELECT todo.is_auditor() AS is_auditor));

CREATE POLICY definer_count ON todo.users FOR UPDATE TO todo_definer USING (true) WITH CHECK (true);

CREATE POLICY definer_read ON todo.users FOR SELECT TO todo_definer USING (true);

CREATE POLICY own ON todo.users FOR SELECT TO todo_member, todo_auditor USING ((id = ( SELECT todo.me() AS me)));

CREATE POLICY owner_all ON todo.users TO pg_database_owner USING (true) WITH CHECK (true);


-- Rights: what they may do, and with which columns

GRANT SELECT
   ON todo.alembic_version TO todo_definer;

GRANT SELECT
   ON todo.overdue_tasks TO todo_member;

GRANT SELECT
   ON todo.pending_tasks TO todo_member;

GRANT SELECT
   ON todo.task_events TO todo_auditor;

GRANT INSERT,
      SELECT (action, at, before, command_id, task_id, user_id)
   ON todo.task_events TO todo_definer;

GRANT SELECT
   ON todo.task_events TO todo_member;

GRANT DELETE,
      SELECT
   ON todo.tasks TO todo_definer;

GRANT INSERT (command_id, description, due_all_day, due_date, id, number, priority, project,
              status, tags, title),
      SELECT,
      UPDATE (command_id, description, due_all_day, due_date, priority, project, status, tags,
              title)
   ON todo.tasks TO todo_member;

GRANT SELECT (created_at, email, first_name, id, is_active, kind, last_name, role_name)
   ON todo.users TO todo_auditor;

GRANT SELECT (claimed_at, id, is_active, kind, last_task_number, reserved_by, reserved_from,
              role_name),
      UPDATE (last_task_number, reserved_by, reserved_from)
   ON todo.users TO todo_definer;

GRANT SELECT (created_at, email, first_name, id, is_active, kind, last_name, role_name)
   ON todo.users TO todo_member;
