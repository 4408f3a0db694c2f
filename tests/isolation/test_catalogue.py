"""The schema keeps tenants apart: Postgres's own catalogue says so, and any gap would show."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.isolation.catalogue import FAULTS, faults

OWN = "(tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)"
UNCAREFUL = "(tenant_id = current_setting('app.tenant', true)::uuid)"
SECURED = "ALTER TABLE bad ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
KEPT_APART = f"{SECURED} CREATE POLICY own_tenant ON bad USING {OWN} WITH CHECK {OWN};"
GOOD = f"CREATE TABLE bad (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id)); {KEPT_APART}"
WITHOUT_POLICY = GOOD + "DROP POLICY own_tenant ON bad;"
SPOILED = [
    ("is a table of no tenant that nobody knows", "CREATE TABLE bad (id uuid PRIMARY KEY)"),
    ("may lack its tenant_id", f"CREATE TABLE bad (tenant_id uuid, id uuid); {KEPT_APART}"),
    (
        "has a tenant_id that is no uuid",
        "CREATE TABLE bad (tenant_id text, id uuid, PRIMARY KEY (tenant_id, id))",
    ),
    ("has no row-level security", GOOD + "ALTER TABLE bad DISABLE ROW LEVEL SECURITY"),
    ("does not force row-level security", GOOD + "ALTER TABLE bad NO FORCE ROW LEVEL SECURITY"),
    *(
        ("has no policy that shows and takes rows of its own tenant alone", WITHOUT_POLICY + made)
        for made in (
            "",
            f"CREATE POLICY own_tenant ON bad FOR SELECT USING {OWN}",
            f"CREATE POLICY own_tenant ON bad USING {OWN}",
            f"CREATE POLICY own_tenant ON bad USING {OWN} WITH CHECK (true)",
            f"CREATE POLICY own_tenant ON bad TO rapport_app USING {OWN} WITH CHECK {OWN}",
            f"CREATE POLICY own_tenant ON bad AS RESTRICTIVE USING {OWN} WITH CHECK {OWN}",
            f"CREATE POLICY own_tenant ON bad USING {UNCAREFUL} WITH CHECK {UNCAREFUL}",
        )
    ),
    ("has a policy that nobody knows", GOOD + "CREATE POLICY also ON bad USING (true)"),
    (
        "has a policy that nobody knows",
        "ALTER POLICY waiting ON event_queue TO rapport_worker, rapport_app",
    ),
    (
        "has no primary key that begins with tenant_id",
        f"CREATE TABLE bad (tenant_id uuid NOT NULL, id uuid PRIMARY KEY); {KEPT_APART}",
    ),
    ("has an index that does not begin with tenant_id", GOOD + "CREATE INDEX ON bad (id)"),
    (
        "has a foreign key that does not pair tenant_id with tenant_id",
        GOOD + "ALTER TABLE alliances ADD UNIQUE (id);"
        "ALTER TABLE bad ADD FOREIGN KEY (id) REFERENCES alliances (id)",
    ),
    (
        "has a foreign key that does not pair tenant_id with tenant_id",
        GOOD + "ALTER TABLE bad ADD FOREIGN KEY (id, tenant_id) REFERENCES alliances",
    ),
    (
        "has a constraint that is put off, or excludes",
        GOOD + "ALTER TABLE bad ADD UNIQUE (tenant_id, id) DEFERRABLE",
    ),
    ("belongs to a role of the service", GOOD + "ALTER TABLE bad OWNER TO rapport_app"),
    ("shows rows with its owner's rights", "CREATE VIEW bad AS SELECT * FROM alliances"),
    (
        "shows rows with its owner's rights",
        "CREATE MATERIALIZED VIEW bad AS SELECT id FROM alliances",
    ),
    ("is a sequence", "CREATE SEQUENCE bad"),
    ("is a native enumeration", "CREATE TYPE bad AS ENUM ('a')"),
    (
        "is a function in the database",
        "CREATE FUNCTION bad() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
    ),
    (
        "does more than is asked of it",
        GOOD + "CREATE RULE again AS ON INSERT TO bad DO ALSO NOTHING",
    ),
    ("is a role of the service with powers of its own", "ALTER ROLE rapport_app BYPASSRLS"),
    ("is a role of the service with powers of its own", "ALTER ROLE rapport_worker LOGIN"),
    (
        "is a role of the service that has another role's rights",
        "GRANT rapport_platform TO rapport_app",
    ),
    ("is a role of the service that is missing", "ALTER ROLE rapport_worker RENAME TO elsewhere"),
    *(
        (
            "may be emptied, pointed at or watched by a role of the service",
            f"{GOOD} GRANT {what} ON bad TO rapport_app",
        )
        for what in ("TRUNCATE", "REFERENCES", "REFERENCES (id)", "TRIGGER")
    ),
    ("is open to everybody", GOOD + "GRANT SELECT ON bad TO PUBLIC"),
    (
        "is a schema in which a role of the service can make things",
        "GRANT CREATE ON SCHEMA public TO rapport_app",
    ),
    ("lacks one of the further policies", "DROP POLICY waiting ON event_queue"),
]
NAMED = {
    "has a policy that nobody knows": {"bad", "event_queue"},
    "is a role of the service with powers of its own": {"rapport_app", "rapport_worker"},
    "is a role of the service that has another role's rights": {"rapport_app"},
    "is a role of the service that is missing": {"rapport_worker"},
    "is a schema in which a role of the service can make things": {"public"},
    "lacks one of the further policies": {"event_queue"},
}
"""What a fault is found with, where that is not what is called bad."""


@pytest.fixture
async def spoilable(scratch: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose every change is taken back."""
    connection = await asyncpg.connect(scratch)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def test_the_schema_has_no_fault(spoilable: asyncpg.Connection) -> None:
    assert await faults(spoilable) == {}


async def test_a_table_made_as_the_others_has_no_fault(spoilable: asyncpg.Connection) -> None:
    await spoilable.execute(GOOD)
    await spoilable.execute(
        "CREATE VIEW fine WITH (security_invoker = true) AS SELECT id FROM alliances"
    )
    assert await faults(spoilable) == {}


@pytest.mark.parametrize(("fault", "spoil"), SPOILED)
async def test_a_fault_is_found(spoilable: asyncpg.Connection, fault: str, spoil: str) -> None:
    await spoilable.execute(spoil)

    found = (await faults(spoilable)).get(fault, [])
    assert found
    assert set(found) <= NAMED.get(fault, {"bad"})


def test_every_fault_is_tried() -> None:
    assert {fault for fault, _ in SPOILED} == set(FAULTS)


async def test_a_new_table_without_anything_is_found_for_all_it_lacks(
    spoilable: asyncpg.Connection,
) -> None:
    await spoilable.execute("CREATE TABLE bad (tenant_id uuid, id serial UNIQUE)")

    assert await faults(spoilable) == {
        "may lack its tenant_id": ["bad"],
        "has no row-level security": ["bad"],
        "does not force row-level security": ["bad"],
        "has no policy that shows and takes rows of its own tenant alone": ["bad"],
        "has no primary key that begins with tenant_id": ["bad"],
        "has an index that does not begin with tenant_id": ["bad"],
        "is a sequence": ["bad_id_seq"],
    }
