"""The closed schema: what the database may never hold (requirements G1 to G4, promises section 8)."""

import re

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from geo_registry import cluster, tables
from geo_registry.settings import ROOT

# Whole words of names in the catalogue; a fork has to delete this test to add one.
BANNED = {
    "ethnic", "ethnicity", "ethnicities", "nation", "nationality", "race", "religion", "religious", "faith", "belief",
    "political", "party", "health", "disease", "medical", "hiv", "biometric", "fingerprint", "face", "iris", "dna",
    "criminal", "conviction", "drug", "petition", "petitioner", "blacklist", "watchlist", "watch", "suspect", "risk",
    "score", "scores", "rating", "tag", "tags", "label", "labels", "trust", "credit",
}  # fmt: skip
BANNED_CHINESE = (
    "民族",
    "宗教",
    "信仰",
    "政治",
    "党员",
    "重点人",
    "高危",
    "上访",
    "前科",
    "吸毒",
    "健康",
    "指纹",
    "人脸",
    "标签",
    "评分",
)
# `label` is what the map writes on a building or an entrance: a place, not a person.
ALLOWED = {("building", "label"), ("entrance", "label"), ("entrance", "label_key")}
PERSON_WORDS = {
    "owner",
    "tenant",
    "contact",
    "occupant",
    "occupants",
    "person",
    "persons",
    "resident",
    "phone",
    "landlord",
}

COLUMNS = text("""
    SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'registry' AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
""")


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z]+", name.lower()))


def test_no_banned_word_names_a_table_a_column_or_an_allowed_value(connection: Connection) -> None:
    columns = connection.execute(COLUMNS).all()
    assert len(columns) > 200
    bad = [
        (row.table, row.column)
        for row in columns
        if (_words(row.table) | _words(row.column)) & BANNED and (row.table, row.column) not in ALLOWED
    ]
    assert bad == []
    checks = connection.execute(
        text(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'registry'::regnamespace"
        )
    ).all()
    assert len(checks) > 50
    values = {
        word for _, body in checks for value in re.findall(r"'([^']*)'", body) for word in _words(value)
    }
    assert values & BANNED == set()
    assert not [body for _, body in checks if any(word in body for word in BANNED_CHINESE)]


def test_personal_tables_hold_no_geometry_no_json_and_no_arrays(connection: Connection) -> None:
    rows = [row for row in connection.execute(COLUMNS) if row.table in tables.PERSONAL]
    assert {row.table for row in rows} == set(tables.PERSONAL)
    loose = [row for row in rows if re.search(r"geometry|geography|json|\[\]|hstore|xml", row.type)]
    assert loose == []


def test_place_tables_hold_nothing_of_persons_and_have_no_row_security(connection: Connection) -> None:
    rows = [row for row in connection.execute(COLUMNS) if row.table in tables.PLACE]
    assert {row.table for row in rows} == set(tables.PLACE)
    assert [row for row in rows if _words(row.column) & PERSON_WORDS] == []
    secured = connection.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'registry'::regnamespace AND relrowsecurity AND relforcerowsecurity"
        )
    ).scalars()
    assert set(secured) == set(tables.PERSONAL)


def test_the_server_has_no_right_on_personal_tables_and_cannot_write_the_audit(
    connection: Connection,
) -> None:
    rights = connection.execute(
        text("""
            SELECT c.relname, r.verb FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) r (verb)
            WHERE c.relnamespace = 'registry'::regnamespace AND c.relname = ANY (:names)
              AND (has_table_privilege('registry_app', c.oid, r.verb) OR has_any_column_privilege('registry_app', c.oid, 'SELECT'))
        """),
        {"names": [*tables.PERSONAL, "audit"]},
    ).all()
    assert rights == []


def test_the_server_reads_no_hash_and_writes_neither_accounts_nor_sessions(connection: Connection) -> None:
    query = text("""
        SELECT c.relname || '.' || a.attname || ' ' || r.verb
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) r (verb)
        WHERE c.relnamespace = 'registry'::regnamespace
          AND c.relname IN ('account', 'area_grant', 'session', 'sign_in_failure', 'recovery_code')
          AND a.attnum > 0 AND has_column_privilege('registry_app', c.oid, a.attnum, r.verb)""")
    assert set(connection.execute(query).scalars()) == {
        "account.id SELECT", "account.name SELECT", "account.role SELECT", "account.is_active SELECT",
        "area_grant.account_id SELECT", "area_grant.division_id SELECT", "area_grant.valid SELECT",
    }  # fmt: skip


def test_the_server_can_hang_no_trigger_function_on_a_table_of_its_own(connection: Connection) -> None:
    query = text("""
        SELECT p.proname FROM pg_proc p
        WHERE p.pronamespace = 'registry'::regnamespace AND p.prorettype = 'trigger'::regtype
          AND has_function_privilege('registry_app', p.oid, 'EXECUTE')""")
    assert list(connection.execute(query).scalars()) == []


@pytest.mark.parametrize("role", ["registry_app", "registry_reader"])
def test_run_time_roles_own_no_table_and_bypass_nothing(connection: Connection, role: str) -> None:
    row = connection.execute(
        text("""
            SELECT r.rolsuper, r.rolbypassrls, (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owned
            FROM pg_roles r WHERE r.rolname = :role
        """),
        {"role": role},
    ).one()
    assert tuple(row) == (False, False, 0)


def test_every_table_is_mapped_and_every_mapping_is_migrated(
    connection: Connection, database: cluster.Urls
) -> None:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["url"] = database.owner
    command.check(config)
    classed = {*tables.PERSONAL, *tables.PLACE, *tables.TOTALS}
    known = {table.name for table in tables.metadata.sorted_tables}
    assert classed < known
