"""What a schema is made of, as the catalogs define it: every object, and how it is made.

PostgreSQL 15 and 18 print definitions differently, and a name is printed by the session's settings:
so only what one transaction has read may be compared.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from todo_cli.store.schema.attempts import run

# Ours, and partitions of ours that somebody keeps in another schema.
_RELATIONS: Final = """
WITH relations AS (
    SELECT c.*, c.oid::regclass::text AS name, p.oid::regclass::text AS parent
      FROM pg_class c
      LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
      LEFT JOIN pg_class p ON p.oid = i.inhparent
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
       AND to_regnamespace('todo') IN (c.relnamespace, p.relnamespace)
), tables AS (
    SELECT *, format('ALTER TABLE %s ', name) AS alter_ FROM relations WHERE relkind IN ('r', 'p')
), columns AS (
    SELECT a.*, t.name AS of_, parent, format('%s.%I', t.name, attname) AS name,
           alter_ || format('ALTER %I ', attname) AS alter_
      FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND attnum > 0 AND NOT attisdropped
)
"""

# Each: the order in which things are made; kind, name, and what it belongs to; how it is defined;
# what makes it so; what takes it away, or back to what a new one is.
_OBJECTS: Final = (
    """
SELECT 10, CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                        WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' ELSE 'table' END,
       name, NULL, concat_ws(' ', amname, pg_get_partkeydef(relations.oid)), NULL, NULL
  FROM relations LEFT JOIN pg_am ON pg_am.oid = relam
 WHERE relkind <> 'v' AND NOT relispartition
""",
    """
SELECT 15, 'owner', format('%s of %s', pg_get_userbyid(relowner), name), name, '', NULL,
       format('ALTER TABLE %s OWNER TO CURRENT_USER', name)
  FROM relations JOIN pg_namespace n ON n.oid = relnamespace WHERE relowner <> nspowner
""",
    """
SELECT 20, 'partition', name, parent, bound,
       format('DO $$ BEGIN IF to_regclass(%L) IS NULL THEN '
              'CREATE TABLE %s PARTITION OF %s %s; ELSE ALTER TABLE %s ATTACH PARTITION %s %s; '
              'END IF; END $$', name, name, parent, bound, parent, name, bound), NULL
  FROM (SELECT *, pg_get_expr(relpartbound, oid) AS bound FROM tables WHERE relispartition) p
""",
    """
SELECT 20, 'child table', format('%s of %s', inhrelid::regclass, name), name, '', NULL,
       format('ALTER TABLE %s NO INHERIT %s', inhrelid::regclass, name)
  FROM tables JOIN pg_inherits ON inhparent = tables.oid WHERE relkind = 'r'
""",
    # Whoever may read the parent reads the child's rows, whatever the policies say.
    """
SELECT 20, 'parent table', format('%s of %s', inhparent::regclass, name), name, '', NULL,
       format('%sNO INHERIT %s', alter_, inhparent::regclass)
  FROM tables JOIN pg_inherits ON inhrelid = tables.oid WHERE NOT relispartition
""",
    # One that is divided once more takes no row where the parts are missing.
    """
SELECT 21, 'division of', name, name, pg_get_partkeydef(oid), NULL,
       CASE WHEN NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = tables.oid)
            THEN format('DROP TABLE %s', name) END
  FROM tables WHERE relispartition AND relkind = 'p'
""",
    """
SELECT 25, 'unlogged storage of', name, name, '', NULL, alter_ || 'SET LOGGED'
  FROM tables WHERE relpersistence <> 'p'
""",
    """
SELECT 25, 'storage parameters of', name, name, reloptions::text, NULL, NULL
  FROM tables WHERE reloptions IS NOT NULL
""",
    # A partition has the columns of the whole, whose defaults are those that are used.
    """
SELECT 30, 'column', name, of_,
       concat_ws(' ', format_type(atttypid, atttypmod),
                 CASE WHEN attcollation <> typcollation
                      THEN 'COLLATE ' || attcollation::regcollation END,
                 CASE WHEN attgenerated <> '' THEN format('GENERATED AS (%s) %s',
                      pg_get_expr(adbin, adrelid), attgenerated) END),
       NULL, NULL
  FROM columns JOIN pg_type t ON t.oid = atttypid
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE parent IS NULL
""",
    """
SELECT 35, 'default of', name, name, pg_get_expr(adbin, adrelid),
       format('%sSET DEFAULT %s', alter_, pg_get_expr(adbin, adrelid)), alter_ || 'DROP DEFAULT'
  FROM columns JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE attgenerated = '' AND parent IS NULL
""",
    """
SELECT 35, 'identity of', name, name, attidentity::text, NULL, alter_ || 'DROP IDENTITY'
  FROM columns WHERE attidentity <> ''
""",
    """
SELECT 35, 'NOT NULL of', name, name,
       CASE WHEN EXISTS (SELECT FROM pg_constraint WHERE conrelid = attrelid AND contype = 'n'
                            AND conkey = ARRAY[attnum] AND NOT convalidated) THEN 'NOT VALID'
            ELSE '' END,
       alter_ || 'SET NOT NULL', alter_ || 'DROP NOT NULL'
  FROM columns
 WHERE attnotnull AND NOT EXISTS (
       SELECT FROM columns whole WHERE whole.of_ = columns.parent
          AND whole.attname = columns.attname AND whole.attnotnull)
""",
    """
SELECT 40, 'function', p.oid::regprocedure::text, NULL,
       CASE prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END,
       CASE prokind WHEN 'a' THEN NULL ELSE pg_get_functiondef(p.oid) END,
       format('DROP ROUTINE %s', p.oid::regprocedure)
  FROM pg_proc p WHERE pronamespace = to_regnamespace('todo')
""",
    """
SELECT 45, 'owner', format('%s of %s', pg_get_userbyid(proowner), p.oid::regprocedure),
       p.oid::regprocedure::text, '', NULL,
       format('ALTER ROUTINE %s OWNER TO CURRENT_USER', p.oid::regprocedure)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
 WHERE nspname = 'todo' AND pg_get_userbyid(proowner) NOT IN ('todo_definer', current_user)
   AND proowner <> nspowner
""",
    # NOT NULL has its own line: before PostgreSQL 18 it was no constraint with a name.
    """
SELECT CASE contype WHEN 'c' THEN 52 WHEN 'f' THEN 53 ELSE 50 END,
       CASE contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key'
                    WHEN 'u' THEN 'unique constraint' ELSE 'constraint' END,
       format('%I of %s', conname, name), name,
       pg_get_constraintdef(c.oid)
           || CASE WHEN indisvalid THEN '' WHEN conindid <> 0 THEN ' (invalid)' ELSE '' END
           || CASE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgconstraint = c.oid
                                   AND tgisinternal AND tgenabled <> 'O')
                   THEN ' (not enforced)' ELSE '' END,
       format('%sADD CONSTRAINT %I %s', alter_, conname, pg_get_constraintdef(c.oid)),
       format('%sDROP CONSTRAINT %I', alter_, conname)
  FROM tables JOIN pg_constraint c ON conrelid = tables.oid
  LEFT JOIN pg_index ON indexrelid = conindid
 WHERE contype NOT IN ('n', 't') AND conparentid = 0 AND (coninhcount = 0 OR NOT relispartition)
""",
    """
SELECT 55, CASE WHEN indisunique OR indisexclusion THEN 'unique index' ELSE 'index' END,
       x.oid::regclass::text, name,
       pg_get_indexdef(x.oid) || CASE WHEN indisvalid AND indisready AND indislive THEN ''
                                      ELSE ' (invalid)' END,
       replace(pg_get_indexdef(x.oid), ' ON ONLY ', ' ON '),
       format('DROP INDEX %s', x.oid::regclass)
  FROM tables JOIN pg_index ON indrelid = tables.oid JOIN pg_class x ON x.oid = indexrelid
 WHERE NOT x.relispartition
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
""",
    """
SELECT 57, 'replica identity of', name, name, relreplident::text, NULL,
       alter_ || 'REPLICA IDENTITY DEFAULT'
  FROM tables WHERE relreplident <> 'd'
""",
    """
SELECT 60, 'view', name, NULL, made,
       format('CREATE OR REPLACE VIEW %s%s', name, made), format('DROP VIEW %s', name)
  FROM (SELECT *, coalesce(format(' WITH (%s)', array_to_string(reloptions, ', ')), '')
                  || format(E' AS\n%s', pg_get_viewdef(oid)) AS made
          FROM relations WHERE relkind = 'v') v
""",
    """
SELECT 65, 'rule', format('%I of %s', rulename, name), name, pg_get_ruledef(r.oid), NULL,
       format('DROP RULE %I ON %s', rulename, name)
  FROM relations JOIN pg_rewrite r ON ev_class = relations.oid WHERE rulename <> '_RETURN'
""",
    # That of a partition which has one through the whole can be enabled and no more.
    """
SELECT 70, 'trigger', format('%I of %s', tgname, name),
       CASE WHEN tgparentid = 0 THEN name ELSE format('%I of %s', tgname, parent) END,
       CASE WHEN tgparentid = 0 THEN made || '; ' ELSE '' END || enabled,
       CASE WHEN tgparentid = 0 THEN regexp_replace(made, '^CREATE', 'CREATE OR REPLACE') || '; '
            ELSE '' END || enabled,
       CASE WHEN tgparentid = 0 THEN format('DROP TRIGGER %I ON %s', tgname, name) END
  FROM (SELECT t.*, name, parent, pg_get_triggerdef(t.oid) AS made,
               format('%s%s TRIGGER %I', alter_, CASE tgenabled WHEN 'O' THEN 'ENABLE'
                      WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA'
                      ELSE 'DISABLE' END, tgname) AS enabled
          FROM (SELECT oid AS relid, name, parent, alter_ FROM tables
                 UNION ALL
                SELECT oid, name, parent, format('ALTER TABLE %s ', name) FROM relations
                 WHERE relkind = 'v'
               ) r JOIN pg_trigger t ON tgrelid = relid AND NOT tgisinternal) t
""",
    """
SELECT 75, 'row-level security of', name, name,
       concat_ws(', ', CASE WHEN relrowsecurity THEN 'enabled' ELSE 'not enabled' END,
                 CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'not forced' END),
       format('%s%s ROW LEVEL SECURITY, %s ROW LEVEL SECURITY', alter_,
              CASE WHEN relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END,
              CASE WHEN relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END), NULL
  FROM tables
""",
    """
SELECT 80, 'policy', format('%I of %s', polname, name), name, made,
       format('CREATE POLICY %I ON %s ', polname, name) || made,
       format('DROP POLICY %I ON %s', polname, name)
  FROM (SELECT polname, name,
               format('AS %s FOR %s TO %s',
                      CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                      CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                           WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                      (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC'
                                         ELSE quote_ident(pg_get_userbyid(role)) END, ', '
                                         ORDER BY pg_get_userbyid(role)) FROM unnest(polroles) role)
               ) || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '')
                 || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '')
                 AS made
          FROM tables JOIN pg_policy ON polrelid = tables.oid) p
""",
    """
SELECT 85, 'statistics target of', name, of_, target, format('%sSET STATISTICS %s', alter_, target),
       alter_ || 'SET STATISTICS -1'
  FROM (SELECT name, CASE WHEN parent IS NULL THEN name ELSE of_ END AS of_, alter_,
               attstattarget::text AS target
          FROM columns
         UNION ALL
        SELECT format('%s, column %s', x.oid::regclass, attnum), x.oid::regclass::text,
               format('ALTER INDEX %s ALTER %s ', x.oid::regclass, attnum), attstattarget::text
          FROM tables JOIN pg_index ON indrelid = tables.oid JOIN pg_class x ON x.oid = indexrelid
          JOIN pg_attribute ON attrelid = x.oid
         WHERE NOT tables.relispartition) targets
 WHERE target::integer >= 0
""",
    """
SELECT 90, 'extended statistics', format('%I.%I', nspname, stxname), name,
       pg_get_statisticsobjdef(s.oid), NULL, NULL
  FROM tables JOIN pg_statistic_ext s ON stxrelid = tables.oid
  JOIN pg_namespace n ON n.oid = stxnamespace
""",
    """
SELECT 90, 'type', t.oid::regtype::text, NULL, '', NULL, NULL
  FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid
 WHERE typnamespace = to_regnamespace('todo')
   AND (typtype IN ('d', 'e', 'r') OR (typtype = 'c' AND c.relkind = 'c'))
""",
    # One with a filter has every change refused of a row whose identity does not tell enough.
    """
SELECT DISTINCT 90, CASE WHEN rowfilter IS NULL THEN 'publication' ELSE 'publication in part' END,
       quote_ident(pubname), NULL, '', NULL, NULL
  FROM pg_publication_tables WHERE schemaname = 'todo'
""",
    # What is elsewhere and holds on to our tables, or shows what is in them.
    """
SELECT 90, 'foreign key elsewhere', format('%I of %s', conname, conrelid::regclass), NULL, '',
       NULL, NULL
  FROM tables JOIN pg_constraint ON confrelid = tables.oid
 WHERE contype = 'f' AND conparentid = 0 AND conrelid NOT IN (SELECT oid FROM relations)
""",
    """
SELECT DISTINCT 90, 'view elsewhere', ev_class::regclass::text, NULL, '', NULL, NULL
  FROM tables JOIN pg_depend ON refclassid = 'pg_class'::regclass AND refobjid = tables.oid
  JOIN pg_rewrite r ON classid = 'pg_rewrite'::regclass AND objid = r.oid
 WHERE ev_class NOT IN (SELECT oid FROM relations)
""",
    """
SELECT 90, 'event trigger', quote_ident(evtname), NULL, '', NULL, NULL
  FROM pg_event_trigger WHERE evtenabled <> 'D'
""",
)


class Object(NamedTuple):
    """One object of the schema, or one thing about it.

    ``part_of`` is the name of what it goes with, None for what stands by itself; ``mend`` and
    ``drop`` are statements, None where there is none that would do.
    """

    kind: str
    name: str
    part_of: str | None
    definition: str
    mend: str | None
    drop: str | None


def read(connection: Connection) -> list[Object]:
    """Give every object of the schema, in an order in which they can be made."""
    query = _RELATIONS + " UNION ALL ".join(_OBJECTS) + " ORDER BY 1, 2, 3"
    rows: Iterable[Any] = run(connection, query)
    return [Object._make(row[1:]) for row in rows]
