"""A certification that rests on the photo of a plate lasts as long as a plate hangs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from geo_registry.access.tables import Act
from geo_registry.address.certifying import certify
from geo_registry.address.tables import Address
from geo_registry.errors import RuleBroken
from geo_registry.plate import signs, writes
from geo_registry.plate.tables import Plate
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]
WAYS: dict[str, Callable[..., Any]] = {
    "report-damage": writes.report_damage,
    "report-missing": writes.report_missing,
    "replace": writes.replace_plate,
    "supersede": writes.supersede,
    "remove": writes.remove,
}


def certified(street: Street, index: int = 0, basis: str = "photo") -> UUID:
    """Certify the address of a plate, and answer its id."""
    address_id = street.plate(index).address_id
    certify(street.session, street.clerk, address_ids=[address_id], basis=basis)
    return address_id


def address(street: Street, address_id: UUID) -> Address:
    """Return an address as the database has it."""
    return street.session.get_one(Address, address_id, populate_existing=True)


@pytest.mark.parametrize("verb", WAYS)
def test_it_ends_with_the_act_that_takes_the_plate_off_the_wall(street_of: Lay, verb: str) -> None:
    street = street_of(1, "verified")
    address_id = certified(street)
    WAYS[verb](
        street.session, street.clerk, plate_id=street.plates[0], version=street.plate().version, reason="风损"
    )
    street.check()
    found = address(street, address_id)
    assert (found.certified_at, found.certified_by, found.certified_basis) == (None, None, None)
    told = street.session.execute(select(Act).where(Act.id == found.act_id)).scalar_one()
    cause = street.session.execute(select(Act).where(Act.id == told.cause_act_id)).scalar_one()
    assert (told.verb, told.object_kind, told.reason) == ("uncertify", "address", "门牌已不在墙上")
    assert (cause.verb, cause.object_id) == (verb, street.plates[0])
    with pytest.raises(RuleBroken) as raised:
        certified(street)
    assert raised.value.code == "photo-missing"


@pytest.mark.parametrize("basis", ["decree", "visit"])
def test_what_rests_on_other_grounds_stays(street_of: Lay, basis: str) -> None:
    street = street_of(1, "installed")
    address_id = street.plate().address_id
    certify(
        street.session, street.clerk, address_ids=[address_id], basis=basis, document_number="东民〔2026〕5号"
    )
    writes.report_missing(
        street.session, street.clerk, plate_id=street.plates[0], version=street.plate().version
    )
    assert address(street, address_id).certified_basis == basis


def test_another_plate_on_the_wall_bears_it_on(street_of: Lay) -> None:
    street = street_of(1, "installed")
    address_id = certified(street)
    other = make.make_plate(street.session, address(street, address_id), kind="building")
    version = address(street, address_id).version
    writes.remove(
        street.session, street.clerk, plate_id=street.plates[0], version=street.plate().version, reason="重复"
    )
    found = address(street, address_id)
    assert (found.certified_basis, found.version) == ("photo", version)
    writes.remove(
        street.session, street.clerk, plate_id=other.id, reason="拆除",
        version=street.session.get_one(Plate, other.id, populate_existing=True).version,
    )  # fmt: skip
    assert address(street, address_id).certified_basis is None


def test_a_wrong_text_seen_on_the_wall_is_for_people_to_judge(street_of: Lay) -> None:
    street = street_of(1, "installed")
    address_id = certified(street)
    writes.inspect(
        street.session, street.clerk, plate_id=street.plates[0], version=street.plate().version,
        finding="wrong_text",
    )  # fmt: skip
    assert address(street, address_id).certified_basis == "photo"


def test_it_ends_where_old_signs_are_made_anew(street_of: Lay) -> None:
    street = street_of(2, "installed", made_text="旧路0号")
    kept, gone = certified(street, 1, "visit"), certified(street, 0)
    done = signs.renew(street.session, street.clerk, plate_ids=street.plates, reason="道路更名")
    street.check()
    assert (address(street, gone).certified_basis, address(street, kept).certified_basis) == (None, "visit")
    told = street.session.execute(
        select(Act.cause_act_id).where(Act.verb == "uncertify", Act.object_id == gone)
    )
    assert told.scalars().all() == [done.id]
