"""Who may do what: the rights in the database beside those that the migrations make.

A right is kept as the statement that gives it, so what is missing names itself and mends itself.
Restoring a dump loses many: the groups are no part of it, nor are the rights on the database.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from todo_cli.store.schema.attempts import ask, attempt, run

# What others than our groups may do in schema public is no matter of ours.
_RIGHTS: Final = """
WITH groups AS (
    SELECT oid, rolname FROM pg_roles
     WHERE rolname IN ('todo_member', 'todo_auditor', 'todo_invited', 'todo_definer')
), relations AS (
    SELECT oid, relname, relowner, relacl FROM pg_class
     WHERE relnamespace = to_regnamespace('todo') AND relkind IN ('r', 'p', 'v', 'm', 'f')
), functions AS (
    SELECT oid::regprocedure AS name, proowner, proacl FROM pg_proc
     WHERE pronamespace = to_regnamespace('todo')
), objects AS (
    SELECT oid::regclass::text AS object, format('TABLE %s', oid::regclass) AS name, NULL AS part,
           relowner AS owner, coalesce(relacl, acldefault('r', relowner)) AS acl
      FROM relations
     UNION ALL
    SELECT oid::regclass::text, format('TABLE %s', oid::regclass), quote_ident(attname), relowner,
           attacl
      FROM relations JOIN pg_attribute ON attrelid = oid AND attacl IS NOT NULL
     UNION ALL
    SELECT name::text, format('FUNCTION %s', name), NULL, proowner,
           coalesce(proacl, acldefault('f', proowner))
      FROM functions
     UNION ALL
    SELECT NULL, format('SCHEMA %I', nspname), NULL, nspowner,
           coalesce(nspacl, acldefault('n', nspowner))
      FROM pg_namespace WHERE nspname IN ('todo', 'public')
     UNION ALL
    SELECT NULL, format('DATABASE %I', datname), NULL, datdba,
           coalesce(datacl, acldefault('d', datdba))
      FROM pg_database WHERE datname = current_database()
), grants AS (
    SELECT privilege_type || coalesce(' (' || string_agg(part, ', ' ORDER BY part) || ')', '')
               AS privilege,
           objects.object, objects.name,
           CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
               AS grantee,
           grantee = 0 OR grantee IN (SELECT oid FROM groups) AS ours,
           bool_or(is_grantable) AS grantable
      FROM objects CROSS JOIN LATERAL aclexplode(acl) a
     WHERE grantee <> objects.owner
     GROUP BY privilege_type, objects.object, objects.name, a.grantee, part IS NULL
)
SELECT 1, format('CREATE ROLE %I NOLOGIN', rolname), format('DROP ROLE %I', rolname), NULL, true
  FROM groups
 UNION ALL
SELECT 2, 'GRANT todo_definer TO CURRENT_USER', 'REVOKE todo_definer FROM CURRENT_USER', NULL, true
  FROM groups WHERE rolname = 'todo_definer' AND pg_has_role(oid, 'USAGE')
 UNION ALL
SELECT 3, format('ALTER FUNCTION %s OWNER TO todo_definer', name),
       format('ALTER FUNCTION %s OWNER TO CURRENT_USER', name), name::text, true
  FROM functions WHERE proowner = to_regrole('todo_definer')
 UNION ALL
SELECT 4, format('GRANT %s ON %s TO %s', privilege, name, grantee),
       format('REVOKE %s ON %s FROM %s', privilege, name, grantee), object, ours
  FROM grants WHERE ours OR name <> 'SCHEMA public'
 UNION ALL
SELECT 5, format('GRANT %s ON %s TO %s WITH GRANT OPTION', privilege, name, grantee),
       format('REVOKE GRANT OPTION FOR %s ON %s FROM %s', privilege, name, grantee), object, ours
  FROM grants WHERE ours AND grantable
 ORDER BY 1, 2
"""

# A row that can be seen was written by a transaction that has ended. One that has not ended, or not
# yet begun, is another server's; once it runs here, whoever it belongs to could choose numbers.
_RESERVED: Final = """
SELECT format('numbers of %s people are reserved for transactions of another server', count(*)),
       'UPDATE todo.users SET reserved_by = NULL WHERE id = ANY (' ||
       quote_literal(array_agg(id)) || ')'
  FROM todo.users
 WHERE NOT pg_visible_in_snapshot(reserved_by::text::xid8, pg_current_snapshot())
HAVING count(*) > 0
"""
# Roles belong to the whole server, so the migrations make none aside to compare these with.
_GROUPS: Final = """
WITH groups AS (
    SELECT * FROM pg_roles
     WHERE rolname IN ('todo_member', 'todo_auditor', 'todo_invited', 'todo_definer')
), memberships AS (
    SELECT pg_get_userbyid(roleid) AS of_, pg_get_userbyid(member) AS who
      FROM pg_auth_members JOIN pg_database ON datname = current_database()
     WHERE member IN (SELECT oid FROM groups)
        OR (roleid = to_regrole('todo_definer') AND NOT pg_has_role(member, datdba, 'MEMBER'))
)
SELECT format('the group %s has %s', rolname, power), format('ALTER ROLE %I NO%s', rolname, power)
  FROM groups CROSS JOIN LATERAL (VALUES
       (rolcanlogin, 'LOGIN'), (rolsuper, 'SUPERUSER'), (rolcreaterole, 'CREATEROLE'),
       (rolcreatedb, 'CREATEDB'), (rolreplication, 'REPLICATION'), (rolbypassrls, 'BYPASSRLS')
       ) AS powers (has, power) WHERE has
 UNION
SELECT format('%s is a member of %s', who, of_), format('REVOKE %I FROM %I', of_, who)
  FROM memberships
"""
# An owner has all rights on what is theirs, unless somebody took them away: then functions that run
# as the owner fail, and so does every repair.
_OWN: Final = """
WITH objects AS (
    SELECT format('TABLE %s', oid::regclass) AS name, relowner AS owner, relacl AS acl, 'r' AS kind
      FROM pg_class
     WHERE relnamespace = to_regnamespace('todo') AND relkind IN ('r', 'p', 'v', 'm', 'f')
     UNION ALL
    SELECT format('FUNCTION %s', oid::regprocedure), proowner, proacl, 'f'
      FROM pg_proc WHERE pronamespace = to_regnamespace('todo')
     UNION ALL
    SELECT format('SCHEMA %I', nspname), nspowner, nspacl, 'n'
      FROM pg_namespace WHERE nspname = 'todo'
), lost AS (
    SELECT name, owner, string_agg(privilege, ', ' ORDER BY privilege) AS privileges
      FROM objects CROSS JOIN LATERAL (
           SELECT privilege_type FROM aclexplode(acldefault(kind::"char", owner))
            WHERE grantee = owner AND privilege_type <> 'MAINTAIN'  -- of PostgreSQL 17
           EXCEPT
           SELECT privilege_type FROM aclexplode(acl) WHERE grantee = owner) p (privilege)
     WHERE acl IS NOT NULL
     GROUP BY name, owner
)
SELECT format('%s has lost %s on %s', pg_get_userbyid(owner), privileges, name),
       format('GRANT %s ON %s TO %I', privileges, name, pg_get_userbyid(owner))
  FROM lost ORDER BY 1
"""
# Of people's own roles, those powers that no policy binds.
_UNBOUND: Final = """
SELECT format('the login of %s has %s', email, power), format('ALTER ROLE %I NO%s', rolname, power)
  FROM todo.users JOIN pg_roles ON rolname = role_name CROSS JOIN LATERAL (VALUES
       (rolsuper, 'SUPERUSER'), (rolreplication, 'REPLICATION'), (rolbypassrls, 'BYPASSRLS')
       ) AS powers (has, power)
 WHERE has ORDER BY 1
"""
_STRANDED: Final = """
SELECT email FROM todo.users
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) ORDER BY lower(email)
"""

_FIRST: Final = ("CREATE ROLE ", "GRANT todo_definer TO ")
_OPEN: Final = "GRANT CREATE ON SCHEMA todo TO todo_definer"
_SHUT: Final = "REVOKE CREATE ON SCHEMA todo FROM todo_definer"


class Right(NamedTuple):
    """A right as the statements that give it and take it away.

    ``on`` is the table, view or function, None for the schema, the database and for groups;
    ``ours`` tells that one of our groups has it, or everybody.
    """

    give: str
    take: str
    on: str | None
    ours: bool


Rights = Mapping[str, Right]


def read(connection: Connection) -> Rights:
    """Give the rights there are by the statements that give them, in an order to run these in."""
    rows: Iterable[Any] = run(connection, _RIGHTS)
    rights = [Right._make(row[1:]) for row in rows]
    return {each.give: each for each in rights}


def differences(connection: Connection, expected: Rights, known: Container[str]) -> list[str]:
    """Give what `repair` would do, one line each; ``known`` are the names of what is ours."""
    present = read(connection)
    faults = [words for words, _ in _faults(connection)]
    return [*faults, *_beyond(present, expected, known), *_missing(present, expected)]


def added(connection: Connection, known: Container[str]) -> list[str]:
    """Give the rights of roles of the owner's own, and those on tables that the owner has made."""
    return [
        each.give
        for each in read(connection).values()
        if (not each.ours if _is_known(each, known) else " ON FUNCTION " not in each.give)
    ]


def repair_groups(connection: Connection, expected: Rights) -> None:
    """Make the group roles that are missing, which policies and rights are for.

    Before that the owners get back what everything else needs: the rights on what is theirs.
    """
    for _, mend in ask(connection, _OWN):
        attempt(connection, mend)
    for statement in _missing(read(connection), expected):
        if statement.startswith(_FIRST):
            attempt(connection, statement)


def repair(connection: Connection, expected: Rights, known: Container[str]) -> None:
    """Make the rights those that are expected, and mend what else guards them.

    Functions change hands only where the new owner may make some, so that is allowed meanwhile.
    """
    for _, mend in _faults(connection):
        attempt(connection, mend)
    for statement in _beyond(read(connection), expected, known):
        attempt(connection, statement)
    for statement in _missing(read(connection), expected):  # with a table's go those on columns
        changes_hands = statement.startswith("ALTER FUNCTION")
        statements = [_OPEN, statement, _SHUT] if changes_hands else [statement]
        attempt(connection, *statements)


def stranded(connection: Connection) -> tuple[str, ...]:
    """Give the e-mails of those whose login role is not on this server."""
    return tuple(email for (email,) in ask(connection, _STRANDED))


def _faults(connection: Connection) -> list[tuple[str, str]]:
    """Give what is wrong whatever the migrations say, each with the statement that mends it."""
    queries = (_OWN, _RESERVED, _GROUPS, _UNBOUND)
    return [(words, mend) for query in queries for words, mend in ask(connection, query)]


def _beyond(present: Rights, expected: Rights, known: Container[str]) -> list[str]:
    """Give what takes away the rights that ours should not have on what is ours."""
    return [
        each.take
        for give, each in present.items()
        if give not in expected and each.ours and _is_known(each, known)
    ]


def _is_known(each: Right, known: Container[str]) -> bool:
    return each.on is None or each.on in known


def _missing(present: Rights, expected: Rights) -> list[str]:
    return [give for give in expected if give not in present and expected[give].ours]
