"""Who may do what: the rights in the database beside those that the migrations make.

A right is kept as the statement that gives it, so what is missing names itself and mends itself.
Restoring a dump loses many: the groups are no part of it, nor are the rights on the database.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, text

# Partitions are left out: those of past months are no longer made by the migrations. So is what the
# owner has granted to others than our groups.
_RIGHTS: Final = """
WITH groups AS (
    SELECT oid, rolname FROM pg_roles
     WHERE rolname IN ('todo_member', 'todo_auditor', 'todo_invited', 'todo_definer')
), relations AS (
    SELECT oid, relkind, relname, relowner, relacl FROM pg_class
     WHERE relnamespace = to_regnamespace('todo') AND relkind IN ('r', 'p', 'v', 'i')
       AND NOT relispartition
), functions AS (
    SELECT oid::regprocedure AS name, proowner, proacl FROM pg_proc
     WHERE pronamespace = to_regnamespace('todo')
), objects AS (
    SELECT format('TABLE %s', oid::regclass) AS name, NULL AS part, relowner AS owner,
           coalesce(relacl, acldefault('r', relowner)) AS acl
      FROM relations WHERE relkind <> 'i'
     UNION ALL
    SELECT format('TABLE %s', oid::regclass), quote_ident(attname), relowner, attacl
      FROM relations JOIN pg_attribute ON attrelid = oid AND attacl IS NOT NULL
     UNION ALL
    SELECT format('FUNCTION %s', name), NULL, proowner,
           coalesce(proacl, acldefault('f', proowner))
      FROM functions
     UNION ALL
    SELECT format('SCHEMA %I', nspname), NULL, nspowner,
           coalesce(nspacl, acldefault('n', nspowner))
      FROM pg_namespace WHERE nspname IN ('todo', 'public')
     UNION ALL
    SELECT format('DATABASE %I', datname), NULL, datdba, coalesce(datacl, acldefault('d', datdba))
      FROM pg_database WHERE datname = current_database()
), grants AS (
    SELECT privilege_type || coalesce(' (' || string_agg(part, ', ' ORDER BY part) || ')', '')
               AS privilege,
           objects.name, coalesce(quote_ident(rolname), 'PUBLIC') AS grantee
      FROM objects CROSS JOIN LATERAL aclexplode(acl) a LEFT JOIN groups ON groups.oid = grantee
     WHERE grantee <> objects.owner AND (grantee = 0 OR rolname IS NOT NULL)
     GROUP BY privilege_type, objects.name, rolname, part IS NULL
)
SELECT 1, format('CREATE ROLE %I NOLOGIN', rolname), format('DROP ROLE %I', rolname) FROM groups
 UNION ALL
SELECT 2, 'GRANT todo_definer TO CURRENT_USER', 'REVOKE todo_definer FROM CURRENT_USER'
  FROM groups WHERE rolname = 'todo_definer' AND pg_has_role(oid, 'USAGE')
 UNION ALL
SELECT 3, format('ALTER FUNCTION %s OWNER TO todo_definer', name),
       format('ALTER FUNCTION %s OWNER TO CURRENT_USER', name)
  FROM functions WHERE proowner = to_regrole('todo_definer')
 UNION ALL
SELECT 4, format('GRANT %s ON %s TO %s', privilege, name, grantee),
       format('REVOKE %s ON %s FROM %s', privilege, name, grantee)
  FROM grants
 UNION ALL
SELECT 5, format('CREATE POLICY %I ON todo.%I AS %s FOR %s TO %s',
                 policyname, tablename, permissive, cmd, array_to_string(roles, ', '))
              || coalesce(' USING (' || qual || ')', '')
              || coalesce(' WITH CHECK (' || with_check || ')', ''),
       format('DROP POLICY %I ON todo.%I', policyname, tablename)
  FROM pg_policies JOIN relations ON relname = tablename
 WHERE schemaname = 'todo'
   AND roles && (SELECT array_agg(rolname) || '{public,pg_database_owner}'::name[] FROM groups)
 UNION ALL
SELECT 6, format('%s SET STATISTICS 0', "column"), format('%s SET STATISTICS -1', "column")
  FROM relations JOIN pg_attribute ON attrelid = oid CROSS JOIN LATERAL (
       SELECT CASE relkind WHEN 'i' THEN format('ALTER INDEX %s ALTER %s', oid::regclass, attnum)
                           ELSE format('ALTER TABLE %s ALTER %I', oid::regclass, attname) END
       ) AS alter_ ("column")
 WHERE attnum > 0 AND NOT attisdropped AND attstattarget = 0
 ORDER BY 1, 2
"""

# A row that can be seen was written by a transaction that has ended. One that has not ended, or not
# yet begun, is another server's; once it runs here, whoever it belongs to could choose numbers.
_FAULTS: Final = """
SELECT format('row-level security is not forced on %s', relname),
       format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', oid::regclass)
  FROM pg_class
 WHERE relnamespace = to_regnamespace('todo') AND relkind IN ('r', 'p')
   AND NOT (relrowsecurity AND relforcerowsecurity)
 UNION ALL
SELECT format('trigger %s of %s is not always enabled', tgname, tgrelid::regclass),
       format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname)
  FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
 WHERE relnamespace = to_regnamespace('todo') AND NOT tgisinternal AND tgenabled <> 'A'
 UNION ALL
SELECT format('numbers of %s people are reserved for transactions of another server', count(*)),
       'UPDATE todo.users SET reserved_by = NULL WHERE id = ANY (' ||
       quote_literal(array_agg(id)) || ')'
  FROM todo.users
 WHERE NOT pg_visible_in_snapshot(reserved_by::text::xid8, pg_current_snapshot())
HAVING count(*) > 0
"""
_STRANDED: Final = """
SELECT email FROM todo.users
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) ORDER BY lower(email)
"""

_OPEN: Final = "GRANT CREATE ON SCHEMA todo TO todo_definer"
_SHUT: Final = "REVOKE CREATE ON SCHEMA todo FROM todo_definer"

Rights = Mapping[str, str]


def read(connection: Connection) -> Rights:
    """Give the statements that make the rights there are, each with the one that takes it away.

    They are in an order in which they can be run. The transaction's search_path is set, so that
    every name is written in full.
    """
    connection.execute(text("SET LOCAL search_path = pg_catalog"))
    return {give: take for _, give, take in connection.execute(text(_RIGHTS))}


def differences(connection: Connection, expected: Rights) -> list[str]:
    """Give what `repair` would do, one line each."""
    present = read(connection)
    faults = [words for words, _ in _faults(connection)]
    return [*faults, *_beyond(present, expected), *_missing(present, expected)]


def repair(connection: Connection, expected: Rights) -> list[str]:
    """Make the rights those that are expected, mend what else guards them, and tell what was done.

    Functions change hands only where the new owner may make some, so that is allowed meanwhile.
    """
    faults = _faults(connection)
    beyond = _beyond(read(connection), expected)
    _run(connection, [mend for _, mend in faults])
    _run(connection, beyond)
    missing = _missing(read(connection), expected)  # with a right on a table go those on columns
    for statement in missing:
        changes_hands = statement.startswith("ALTER FUNCTION")
        _run(connection, [_OPEN, statement, _SHUT] if changes_hands else [statement])
    return [words for words, _ in faults] + beyond + missing


def stranded(connection: Connection) -> tuple[str, ...]:
    """Give the e-mails of those whose login role is not on this server."""
    return tuple(connection.execute(text(_STRANDED)).scalars())


def _faults(connection: Connection) -> list[tuple[str, str]]:
    """Give what is wrong whatever the migrations say, each with the statement that mends it."""
    return [(words, mend) for words, mend in connection.execute(text(_FAULTS))]


def _beyond(present: Rights, expected: Rights) -> list[str]:
    return [take for give, take in present.items() if give not in expected]


def _missing(present: Rights, expected: Rights) -> list[str]:
    return [give for give in expected if give not in present]


def _run(connection: Connection, statements: Iterable[str]) -> None:
    for each in statements:  # as they are: a colon in them names no parameter
        connection.exec_driver_sql(each, execution_options={"no_parameters": True})
