"""Plans of what a clerk writes all day: no statement of the plate editor reads a large table whole."""

import json
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from geo_registry.address.certifying import certify
from geo_registry.address.tables import Address
from geo_registry.address.writes import correct_address, renumber_address, retire_address
from geo_registry.plate.bin import remove_addresses
from geo_registry.plate.tables import Plate
from geo_registry.plate.writes import move_plate, scrap_plate
from tests import factories as make
from tests.plans.test_plans import LARGE, Filled, fill, nodes_of
from tests.statements import statements_of

CLERK = make.make_viewer()
LON, LAT = 121.3501, 30.9501


@pytest.fixture(scope="module")
def filled(owner_engine: Engine) -> Iterator[Filled]:
    """Fill a community once for all tests of this file; everything is rolled back behind them."""
    with fill(owner_engine) as found:
        yield found


def _plate(filled: Filled) -> Plate:
    return filled.session.get_one(Plate, filled.plate)


def _door(filled: Filled) -> Address:
    return filled.session.get_one(Address, _plate(filled).address_id)


def _certified(filled: Filled) -> object:
    _door(filled).accuracy = "A"
    return certify(filled.session, CLERK, address_ids=[_door(filled).id], basis="visit")


def _to_bin(filled: Filled) -> object:
    _plate(filled).state = "draft"
    return remove_addresses(filled.session, CLERK, address_ids=[_door(filled).id], reason="误登")


WRITES: dict[str, Callable[[Filled], object]] = {
    "a plate is dragged": lambda f: move_plate(
        f.session, CLERK, plate_id=f.plate, version=1, lon=LON, lat=LAT
    ),
    "an address is moved": lambda f: correct_address(
        f.session, CLERK, address_id=_door(f).id, version=1, lon=LON, lat=LAT
    ),
    "a door is certified": _certified,
    "a door gets another number": lambda f: renumber_address(
        f.session, CLERK, address_id=_door(f).id, number="999", version=1
    ),
    "a door is retired": lambda f: retire_address(f.session, CLERK, address_id=_door(f).id, version=1),
    "a door goes to the bin": _to_bin,
    "a plate is scrapped": lambda f: scrap_plate(
        f.session, CLERK, plate_id=f.plate, version=1, reason="字迹错误"
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_no_write_scans_a_large_table(filled: Filled, name: str) -> None:
    connection = filled.session.connection()
    with filled.session.begin_nested() as kept:
        sent = statements_of(connection, lambda: WRITES[name](filled))
        kept.rollback()
    planned = [one for one in sent if one[0].lstrip()[:6].upper() in {"SELECT", "INSERT", "UPDATE", "WITH R"}]
    scanned = list[tuple[str, str]]()
    for statement, values in planned:
        (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalars()
        nodes = nodes_of((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
        scanned += [(node["Relation Name"], statement) for node in nodes if node["Node Type"] == "Seq Scan"]
    assert any(statement.startswith(("UPDATE", "INSERT")) for statement, _ in planned)
    assert [one for one in scanned if one[0] in LARGE] == []
