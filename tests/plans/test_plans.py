"""Plans of the reads that everybody waits for: an index for every large table, no sequential scan."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address import reads as addresses
from geo_registry.area import reads as areas
from geo_registry.housing import reads as housing
from geo_registry.plate import line
from geo_registry.plate import reads as plates
from tests import factories as make
from tests.statements import statements_of

LARGE = {
    "place_name",
    "address",
    "address_alias",
    "building",
    "building_address",
    "entrance",
    "housing_unit",
    "plate",
}
BOX = (121.300, 30.900, 121.303, 30.903)

# 21 600 names, 32 000 doors, 16 000 buildings, entrances and plates, 64 000 units: enough to make a sequential scan a bad plan.
FILL = """
    INSERT INTO registry.place_name (kind, name, normal_name, full_name, pinyin, initials, scope_id, district_id)
    SELECT 'street', name, name, name, 'di' || letters || 'lu', 'd' || letters || 'l', :district, :district
    FROM (SELECT n, '第' || n || '路' AS name, translate(n::text, '0123456789', 'abcdefghij') AS letters
      FROM generate_series(1, 400) n) s;
    INSERT INTO registry.place_name (kind, name, normal_name, full_name, pinyin, initials, scope_id, district_id)
    SELECT 'estate', name, name, name, letters || 'yuan', letters || 'y', district, district
    FROM (SELECT n, n || '园' AS name, translate(n::text, '0123456789', 'abcdefghij') AS letters,
      md5((n % 50)::text)::uuid AS district FROM generate_series(1, 20000) n) s;
    INSERT INTO registry.place_name (kind, name, normal_name, full_name, parent_id, scope_id, district_id)
    SELECT 'lane', n || '弄', n || '弄', p.full_name || n || '弄', p.id, p.id, :district
    FROM registry.place_name p, generate_series(10, 30, 10) n WHERE p.kind = 'street';
    INSERT INTO registry.address (place_name_id, scope_id, number, number_key, number_text, standard_text, position,
      district_id, township_id, community_id)
    SELECT p.id, p.id, n, n::text, n || '号', p.full_name || n || '号',
      ST_SetSRID(ST_MakePoint(121.3 + random() * 0.2, 30.9 + random() * 0.2), 4490), :district, :township, :community
    FROM registry.place_name p, generate_series(1, 20) n WHERE p.district_id = :district;
    INSERT INTO registry.building (method, position, floors, district_id, township_id, community_id, label)
    SELECT 'derived', position, 6, district_id, township_id, community_id, id::text FROM registry.address
    WHERE number % 2 = 0;
    INSERT INTO registry.building_address (building_id, address_id) SELECT b.id, b.label::uuid FROM registry.building b;
    INSERT INTO registry.entrance (building_id, label, label_key) SELECT id, '1单元', 'e1' FROM registry.building;
    INSERT INTO registry.housing_unit (building_id, floor, room, unit_text, unit_key, use, district_id, township_id,
      community_id)
    SELECT b.id, n, n || '01', n || '01室', 'r' || n || '01', 'vacant', district_id, township_id, community_id
    FROM registry.building b, generate_series(1, 4) n;
    INSERT INTO registry.plate (address_id, text, state, position, district_id, township_id, community_id)
    SELECT id, number_text, 'delivered', position, district_id, township_id, community_id FROM registry.address
    WHERE number % 2 = 1;
    INSERT INTO registry.address_alias (object_kind, object_id, district_id, kind, name, normal_name)
    SELECT 'building', id, district_id, 'historical_name', '旧' || id, '旧' || id FROM registry.building;
    ANALYZE registry.place_name, registry.address, registry.address_alias, registry.building,
      registry.building_address, registry.entrance, registry.housing_unit, registry.plate, registry.division;
"""


DOOR = """
    SELECT b.building_id, b.address_id, a.scope_id, (SELECT id FROM registry.plate LIMIT 1)
    FROM registry.building_address b JOIN registry.address a ON a.id = b.address_id LIMIT 1
"""


class Filled(NamedTuple):
    """A session on the filled register, a viewer of its community, a building, its address and street, a plate."""

    session: Session
    viewer: Viewer
    building: UUID
    address: UUID
    street: UUID
    plate: UUID


@pytest.fixture(scope="module")
def filled(owner_engine: Engine) -> Iterator["Filled"]:
    """Fill a community once for all tests of this file; everything is rolled back behind them."""
    with fill(owner_engine) as found:
        yield found


@contextmanager
def fill(engine: Engine) -> Iterator["Filled"]:
    """Fill a community in a transaction that is rolled back at the end."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            community = make.make_community(session)
            ids = {"district": community.district_id, "township": community.township_id}
            ids["community"] = community.id
            for statement in FILL.split(";\n"):
                if statement.strip():
                    session.execute(text(statement), {k: v for k, v in ids.items() if f":{k}" in statement})
            door = session.execute(text(DOOR)).one()
            yield Filled(session, make.make_viewer(areas=[community.id]), *door)
        outer.rollback()


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes_of(below)


def _explained(session: Session, read: Callable[[], object]) -> list[dict[str, Any]]:
    connection = session.connection()
    found: list[dict[str, Any]] = []
    for statement, values in statements_of(connection, read):
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalars()
        found += nodes_of((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
    return found


READS: dict[str, tuple[int, Callable[[Filled], object]]] = {
    "building": (1, lambda f: housing.building(f.session, f.viewer, f.building)),
    "units of a building": (1, lambda f: housing.units_of_building(f.session, f.viewer, f.building)),
    "plates of a building": (1, lambda f: plates.plates_of_building(f.session, f.viewer, f.building)),
    "path of a building": (2, lambda f: areas.breadcrumb(f.session, f.viewer, building_id=f.building)),
    "address": (1, lambda f: addresses.address(f.session, f.viewer, f.address)),
    "nearest": (1, lambda f: addresses.nearest(f.session, f.viewer, lon=121.35, lat=30.95, radius_m=200)),
    "plates in a box": (1, lambda f: plates.plate_counts(f.session, f.viewer, box=BOX)),
    "buildings in a box": (1, lambda f: housing.buildings(f.session, f.viewer, box=BOX)),
    "list of buildings": (1, lambda f: housing.buildings(f.session, f.viewer, limit=50)),
    "list of units": (1, lambda f: housing.housing_units(f.session, f.viewer, limit=50)),
    "list of plates": (1, lambda f: plates.plates(f.session, f.viewer, limit=50)),
    "list of missing plates": (1, lambda f: plates.missing(f.session, f.viewer, limit=50)),
    "missing plates of a street": (
        1,
        lambda f: plates.missing(f.session, f.viewer, place_name_id=f.street),
    ),
    "plates along a street": (4, lambda f: line.along_street(f.session, f.viewer, f.street)),
    "cancelled plates of a street": (1, lambda f: line.count_ended(f.session, f.viewer, f.street)),
    "plates of a street": (
        1,
        lambda f: plates.plates(f.session, f.viewer, place_name_id=f.street, limit=50),
    ),
    "rate of a street": (1, lambda f: plates.rate_on_wall(f.session, f.viewer, place_name_id=f.street)),
    "plate with its evidence, certification and warnings": (
        5,
        lambda f: plates.plate(f.session, f.viewer, f.plate),
    ),
    "plates to mount nearby": (
        1,
        lambda f: plates.nearest_to_install(f.session, f.viewer, lon=121.35, lat=30.95),
    ),
    "list of addresses": (1, lambda f: addresses.addresses(f.session, f.viewer, limit=50)),
    "list of names": (1, lambda f: addresses.place_names(f.session, f.viewer, limit=50)),
    "history": (1, lambda f: areas.history_of(f.session, f.viewer, kind="building", object_id=f.building)),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("whole", [False, True], ids=["community", "whole"])
def test_no_read_scans_a_large_table(filled: Filled, name: str, *, whole: bool) -> None:
    most, read = READS[name]
    asked = filled._replace(viewer=make.make_viewer()) if whole else filled
    nodes = _explained(asked.session, lambda: read(asked))
    scanned = [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]
    assert not LARGE & set(scanned), scanned
    assert not [
        node for node in nodes if node["Node Type"] == "Function Scan" and "find" in node["Function Name"]
    ]
    assert len(statements_of(asked.session.connection(), lambda: read(asked))) <= most


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("units of a building", {"building_pkey", "housing_unit_unit_key"}),
        ("nearest", {"address_position_idx"}),
        ("plates in a box", {"plate_position_idx"}),
        ("plates to mount nearby", {"plate_position_idx"}),
        ("missing plates of a street", {"address_scope_id_idx"}),
    ],
)
@pytest.mark.promise("P7")
def test_reads_use_their_index(filled: Filled, name: str, indexes: set[str]) -> None:
    nodes = _explained(filled.session, lambda: READS[name][1](filled))
    assert indexes <= {node.get("Index Name") for node in nodes}


@pytest.mark.parametrize("name", ["missing plates of a street", "rate of a street"])
@pytest.mark.promise("P7")
def test_plates_of_an_address_are_reached_by_one_of_their_two_indexes(filled: Filled, name: str) -> None:
    nodes = _explained(filled.session, lambda: READS[name][1](filled))
    assert {"plate_current_key", "plate_address_id_idx"} & {node.get("Index Name") for node in nodes}
