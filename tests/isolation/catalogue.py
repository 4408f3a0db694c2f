"""What Postgres itself says about the schema: every way in which tenants would not be apart."""

from typing import Final

import asyncpg

_OURS: Final = """
WITH known_role(name) AS (
  VALUES ('rapport_app'), ('rapport_platform'), ('rapport_worker')
), of_no_tenant(name) AS (
  VALUES ('alembic_version'), ('platform_keys')
), own_tenant(seen) AS (
  VALUES ('(tenant_id = (NULLIF(current_setting(''app.tenant''::text, true), ''''::text))::uuid)')
), further_policy(on_table, name, command, roles, seen, written) AS (
  VALUES ('tenants', 'listed', 'r', '{rapport_platform}', 'true', NULL),
         ('event_queue', 'waiting', 'r', '{rapport_worker}', 'true', NULL),
         ('silence_checks', 'waiting', 'r', '{rapport_worker}', 'true', NULL),
         ('event_heads', 'waiting', 'r', '{rapport_worker}', 'true', NULL),
         ('program_heads', 'waiting', 'r', '{rapport_worker}', 'true', NULL),
         ('program_cells', 'waiting', 'r', '{rapport_worker}', 'true', NULL),
         ('comparison_heads', 'waiting', 'r', '{rapport_worker}', 'true', NULL),
         ('exports', 'waiting', 'r', '{rapport_worker}', 'true', NULL),
         ('imports', 'waiting', 'r', '{rapport_worker}', 'true', NULL)
), of_postgres AS (
  SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema'
), relation AS (
  SELECT c.oid, c.relname::text AS name, c.relkind, c.relowner, c.relrowsecurity,
         c.relforcerowsecurity, c.reloptions, lead.attnum AS lead, lead.attnotnull
  FROM pg_class c
  LEFT JOIN pg_attribute lead
    ON lead.attrelid = c.oid AND lead.attname = 'tenant_id' AND NOT lead.attisdropped
  WHERE c.relnamespace NOT IN (SELECT oid FROM of_postgres)
), of_a_tenant AS (
  SELECT * FROM relation WHERE relkind IN ('r', 'p') AND lead IS NOT NULL
), policy AS (
  SELECT t.name AS on_table, p.polname::text AS name, p.polcmd::text AS command,
         p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS seen,
         pg_get_expr(p.polwithcheck, p.polrelid) AS written,
         ARRAY(SELECT coalesce(r.rolname, 'everybody')::text
               FROM unnest(p.polroles) o LEFT JOIN pg_roles r ON r.oid = o)::text AS roles
  FROM pg_policy p JOIN relation t ON t.oid = p.polrelid
), role AS (
  SELECT * FROM pg_roles WHERE rolname IN (SELECT name FROM known_role)
), granted AS (
  SELECT r.name AS on_what, g.privilege_type AS what, g.grantee
  FROM pg_class c JOIN relation r ON r.oid = c.oid, aclexplode(c.relacl) g
  UNION ALL
  SELECT r.name, g.privilege_type, g.grantee
  FROM pg_attribute a JOIN relation r ON r.oid = a.attrelid, aclexplode(a.attacl) g
)
"""

FAULTS: Final = {
    "is a table of no tenant that nobody knows": """
        SELECT name FROM relation WHERE relkind IN ('r', 'p') AND lead IS NULL
        EXCEPT SELECT name FROM of_no_tenant""",
    "may lack its tenant_id": "SELECT name FROM of_a_tenant WHERE NOT attnotnull",
    "has a tenant_id that is no uuid": """
        SELECT name FROM of_a_tenant t JOIN pg_attribute a ON a.attrelid = t.oid
        WHERE a.attname = 'tenant_id' AND a.atttypid <> 'uuid'::regtype""",
    "has no row-level security": "SELECT name FROM of_a_tenant WHERE NOT relrowsecurity",
    "does not force row-level security": """
        SELECT name FROM of_a_tenant WHERE NOT relforcerowsecurity""",
    "has no policy that shows and takes rows of its own tenant alone": """
        SELECT name FROM of_a_tenant EXCEPT
        SELECT policy.on_table FROM policy JOIN own_tenant USING (seen)
        WHERE name = 'own_tenant' AND command = '*' AND roles = '{everybody}' AND polpermissive
          AND written = seen""",
    "has a policy that nobody knows": """
        SELECT on_table FROM (
          SELECT on_table, name, command, roles, seen, written FROM policy
          WHERE name <> 'own_tenant' EXCEPT SELECT * FROM further_policy) AS unknown""",
    "lacks one of the further policies": """
        SELECT on_table FROM (
          SELECT * FROM further_policy
          EXCEPT SELECT on_table, name, command, roles, seen, written FROM policy) AS missing""",
    "has no primary key that begins with tenant_id": """
        SELECT name FROM of_a_tenant EXCEPT
        SELECT t.name FROM of_a_tenant t JOIN pg_index i ON i.indrelid = t.oid
        WHERE i.indisprimary AND i.indkey[0] = t.lead""",
    "has an index that does not begin with tenant_id": """
        SELECT DISTINCT t.name FROM of_a_tenant t JOIN pg_index i ON i.indrelid = t.oid
        WHERE i.indkey[0] <> t.lead""",
    "has a foreign key that does not pair tenant_id with tenant_id": """
        SELECT DISTINCT c.conrelid::regclass::text
        FROM pg_constraint c JOIN of_a_tenant target ON target.oid = c.confrelid
        WHERE c.contype = 'f' AND NOT EXISTS (
          SELECT FROM unnest(c.conkey, c.confkey) AS pair(here, there)
          JOIN of_a_tenant t ON t.oid = c.conrelid
          WHERE here = t.lead AND there = target.lead)""",
    "has a constraint that is put off, or excludes": """
        SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND (condeferrable OR contype = 'x')""",
    "belongs to a role of the service": """
        SELECT name FROM relation WHERE relkind <> 'i' AND relowner IN (SELECT oid FROM role)""",
    "shows rows with its owner's rights": """
        SELECT name FROM relation WHERE relkind = 'm' OR (
          relkind = 'v' AND NOT 'security_invoker=true' = ANY (coalesce(reloptions, '{}')))""",
    "is a sequence": "SELECT name FROM relation WHERE relkind = 'S'",
    "is a native enumeration": """
        SELECT typname::text FROM pg_type
        WHERE typtype = 'e' AND typnamespace NOT IN (SELECT oid FROM of_postgres)""",
    "is a function in the database": """
        SELECT proname::text FROM pg_proc
        WHERE pronamespace NOT IN (SELECT oid FROM of_postgres)""",
    "does more than is asked of it": """
        SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal
        UNION SELECT t.name FROM pg_rewrite r JOIN of_a_tenant t ON t.oid = r.ev_class""",
    "is a role of the service with powers of its own": """
        SELECT rolname::text FROM role
        WHERE rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole OR rolcreatedb
          OR rolreplication""",
    "is a role of the service that has another role's rights": """
        SELECT role.rolname::text FROM role JOIN pg_auth_members m ON m.member = role.oid""",
    "is a role of the service that is missing": """
        SELECT name FROM known_role EXCEPT SELECT rolname::text FROM role""",
    "may be emptied, pointed at or watched by a role of the service": """
        SELECT DISTINCT on_what FROM granted
        WHERE grantee IN (SELECT oid FROM role)
          AND what NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')""",
    "is open to everybody": "SELECT DISTINCT on_what FROM granted WHERE grantee = 0",
    "is a schema in which a role of the service can make things": """
        SELECT n.nspname::text FROM pg_namespace n, role
        WHERE has_schema_privilege(role.oid, n.oid, 'CREATE')""",
}
"""What can be wrong -> the names of everything that it is wrong with."""


async def faults(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """Everything that is wrong with the schema: fault -> what has it."""
    found = {}
    for fault, query in FAULTS.items():
        names = [row[0] for row in await connection.fetch(_OURS + query)]
        if names:
            found[fault] = sorted(set(names))
    return found
