"""People: the group roles, who is who, and what the database lets a stranger do (nothing).

PostgreSQL itself is the authentication server. Each person has a login role of their own;
`todo.me()` maps it to a row of `todo.users`, and every policy is built on `todo.me()`.

Functions that run with their owner's rights (SECURITY DEFINER) belong to `todo_definer`, a
role that cannot log in and has just the columns they need. They fix their search_path, so that
nothing a caller creates can shadow a name in them (PostgreSQL manual, "Writing SECURITY DEFINER
Functions Safely").

Revision ID: 0001
Revises:
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Groups belong to the whole server, so a second owner on it would share them: refused.
GROUPS = """
DO $$
DECLARE
    groups CONSTANT name[] := ARRAY['todo_member', 'todo_auditor', 'todo_definer', 'todo_invited'];
    wanted name;
BEGIN
    IF NOT (SELECT pg_has_role(current_user, datdba, 'USAGE')
            FROM pg_database WHERE datname = current_database()) THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'only the owner of the database can upgrade it';
    END IF;
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE feature_not_supported USING MESSAGE = 'the database must be encoded in UTF8';
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_definer')
            AND NOT pg_has_role(current_user, 'todo_definer', 'MEMBER') THEN
        RAISE insufficient_privilege USING MESSAGE =
            'another owner has set up todo on this server already: one server, one owner';
    END IF;
    FOREACH wanted IN ARRAY groups LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    GRANT todo_definer TO CURRENT_USER;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO todo_member, todo_auditor, todo_invited',
                   current_database());
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA todo FROM PUBLIC;
GRANT USAGE ON SCHEMA todo TO todo_member, todo_auditor, todo_invited, todo_definer;
"""

# last_task_number counts up for ever. reserved_from and reserved_by remember the block of numbers
# that the running transaction has reserved; see 0002. White space and control characters of an
# address are spelled out: under the C locale PostgreSQL's classes know those of ASCII alone.
USERS = r"""
CREATE TABLE todo.users (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    role_name        name NOT NULL UNIQUE,
    invitation_role  name UNIQUE,
    kind             text NOT NULL DEFAULT 'member'
        CHECK (kind IN ('member', 'auditor')),
    email            text NOT NULL
        CHECK (char_length(email) BETWEEN 1 AND 255
               AND email IS NFC NORMALIZED
               AND email !~ '[\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a]'
               AND email !~ '[\u2028\u2029\u202f\u205f\u3000]'),
    first_name       varchar(100) NOT NULL DEFAULT '',
    last_name        varchar(100) NOT NULL DEFAULT '',
    is_active        boolean NOT NULL DEFAULT true,
    invited_until    timestamptz,
    claimed_at       timestamptz,
    last_task_number bigint NOT NULL DEFAULT 0,
    reserved_from    bigint NOT NULL DEFAULT 1,
    reserved_by      bigint,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON todo.users (lower(email));
-- Without statistics no estimate of the planner tells whether an id, a name or an address exists.
-- The index on an expression has statistics of its own.
ALTER TABLE todo.users
    ALTER id SET STATISTICS 0,
    ALTER role_name SET STATISTICS 0,
    ALTER created_at SET STATISTICS 0,
    ALTER email SET STATISTICS 0,
    ALTER first_name SET STATISTICS 0,
    ALTER last_name SET STATISTICS 0;
ALTER INDEX todo.users_email_key ALTER COLUMN 1 SET STATISTICS 0;

CREATE FUNCTION todo.touch_user() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER touch BEFORE UPDATE OF role_name, kind, email, first_name, last_name, is_active
    ON todo.users FOR EACH ROW EXECUTE FUNCTION todo.touch_user();
ALTER TABLE todo.users ENABLE ALWAYS TRIGGER touch;
"""

FUNCTIONS = """
CREATE FUNCTION todo.me() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id FROM todo.users
    WHERE role_name = session_user AND is_active AND claimed_at IS NOT NULL
$$;
COMMENT ON FUNCTION todo.me() IS
    'The id of the active person who is logged in, or null. SET ROLE does not change it.';

CREATE FUNCTION todo.is_auditor() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM todo.users
                   WHERE role_name = session_user AND is_active AND claimed_at IS NOT NULL
                     AND kind = 'auditor')
$$;

-- Asked once a connection, in front of the first statement and in the same round trip.
-- 'oldest' is the oldest program this schema serves: a migration that takes something away
-- replaces this function with a later one.
CREATE FUNCTION todo.require_revision(program text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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

-- An invitation's role can do this, once. It belongs to the owner of the database, who made both
-- roles. The password is made here, so that it is in no statement of a client's, which logs and
-- pg_stat_statements keep. The latter has it all the same where it tracks statements in functions.
CREATE FUNCTION todo.accept_invitation(OUT role_name name, OUT password text) RETURNS record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
"""

POLICIES = """
ALTER TABLE todo.alembic_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON todo.alembic_version TO pg_database_owner USING (true) WITH CHECK (true);
CREATE POLICY definer_read ON todo.alembic_version FOR SELECT TO todo_definer USING (true);
GRANT SELECT ON todo.alembic_version TO todo_definer;

ALTER TABLE todo.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON todo.users TO pg_database_owner USING (true) WITH CHECK (true);
CREATE POLICY definer_read ON todo.users FOR SELECT TO todo_definer USING (true);
CREATE POLICY definer_count ON todo.users FOR UPDATE TO todo_definer USING (true) WITH CHECK (true);
CREATE POLICY own ON todo.users FOR SELECT TO todo_member, todo_auditor
    USING (id = (SELECT todo.me()));
CREATE POLICY audit ON todo.users FOR SELECT TO todo_auditor
    USING ((SELECT todo.is_auditor()));

GRANT SELECT (id, role_name, kind, is_active, claimed_at,
              last_task_number, reserved_from, reserved_by),
      UPDATE (last_task_number, reserved_from, reserved_by)
   ON todo.users TO todo_definer;
GRANT SELECT (id, email, first_name, last_name, kind, role_name, is_active, created_at)
   ON todo.users TO todo_member, todo_auditor;
"""

RIGHTS = """
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA todo FROM PUBLIC;
GRANT EXECUTE ON FUNCTION todo.me(), todo.is_auditor(), todo.require_revision(text)
    TO todo_member, todo_auditor, todo_definer;
GRANT EXECUTE ON FUNCTION todo.accept_invitation() TO todo_invited;

GRANT CREATE ON SCHEMA todo TO todo_definer;
ALTER FUNCTION todo.me() OWNER TO todo_definer;
ALTER FUNCTION todo.is_auditor() OWNER TO todo_definer;
ALTER FUNCTION todo.require_revision(text) OWNER TO todo_definer;
REVOKE CREATE ON SCHEMA todo FROM todo_definer;
"""

UNDO = """
ALTER TABLE todo.alembic_version NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
DROP POLICY definer_read ON todo.alembic_version;
DROP POLICY owner_all ON todo.alembic_version;
REVOKE ALL ON todo.alembic_version FROM todo_definer;
DROP TABLE todo.users;
DROP FUNCTION todo.accept_invitation(), todo.require_revision(text), todo.is_auditor(), todo.me(),
              todo.touch_user();
REVOKE ALL ON SCHEMA todo FROM todo_member, todo_auditor, todo_invited, todo_definer;

DO $$
DECLARE
    groups CONSTANT name[] := ARRAY['todo_member', 'todo_auditor', 'todo_definer', 'todo_invited'];
    unwanted name;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM todo_member, todo_auditor, todo_invited',
                   current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
    FOREACH unwanted IN ARRAY groups LOOP
        -- A group stays when another database of this server uses it: the group holds something
        -- there, or may connect there.
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_shdepend s
              JOIN pg_roles r ON s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid
              JOIN pg_database here ON here.datname = current_database()
             WHERE r.rolname = unwanted
               AND (s.dbid NOT IN (0, here.oid)
                    OR (s.classid = 'pg_database'::regclass AND s.objid <> here.oid)));
        -- Members can leave things in the group's name (default privileges, large objects), which
        -- would keep it alive.
        EXECUTE format('GRANT %I TO CURRENT_USER', unwanted);
        EXECUTE format('DROP OWNED BY %I', unwanted);
        EXECUTE format('DROP ROLE %I', unwanted);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    """Make the groups, the users and the functions that say who is who."""
    for part in (GROUPS, USERS, FUNCTIONS, POLICIES, RIGHTS):
        op.execute(part)


def downgrade() -> None:
    """Take it all away. The login roles of people stay, without any right."""
    op.execute(UNDO)
