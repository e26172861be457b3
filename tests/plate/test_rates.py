"""The wall in figures: rates by area, street and batch, and which addresses wait for a plate (R63)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate import reads, writes
from geo_registry.plate.rates import REASONS, Grouping
from geo_registry.plate.tables import PLATE_STATES
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]
STATES = (None, "draft", "numbered", "approved", "ordered", "produced", "delivered", "installed", "verified",
          "damaged", "missing", "cancelled")  # fmt: skip


def lay_states(session: Session, street: Street) -> None:
    """Give each address of the street a plate in another state; the first has none."""
    for number, state in enumerate(STATES, 1):
        address = make.make_address(session, number, street=street.place)
        if state:
            make.make_plate(session, address, state=state)


def test_every_state_that_counts_has_one_reason() -> None:
    named = [state for states in REASONS.values() for state in states]
    assert len(named) == len(set(named))
    ended = {"replaced", "superseded", "removed", "cancelled", "verified"}
    assert set(PLATE_STATES) - set(named) == ended


@pytest.mark.requirement("R63")
def test_only_what_hangs_with_evidence_counts(session: Session, street_of: Lay) -> None:
    street = street_of(0)
    lay_states(session, street)
    retired = make.make_address(session, 90, street=street.place, state="retired")
    make.make_plate(session, retired)
    both = make.make_address(session, 91, street=street.place)
    make.make_plate(session, both)
    make.make_plate(session, both, kind="building", state="verified")
    rate = reads.rate_on_wall(session, street.clerk, place_name_id=street.place.id)
    assert (rate.addresses, rate.on_wall, rate.verified) == (13, 3, 2)
    assert rate.percent == pytest.approx(300 / 13)
    for by in get_args(Grouping):
        (found,) = reads.rates_on_wall(session, street.clerk, by=by, area_id=street.place.district_id)
        assert (found.addresses, found.on_wall, found.verified) == (13, 3, 2)
        assert found.name
    assert reads.rate_on_wall(session, make.make_viewer("leader", [new_id()])).percent is None
    with pytest.raises(RuleBroken, match="按道路"):
        reads.rates_on_wall(session, street.clerk, by="street")


@pytest.mark.requirement("R63")
def test_streets_are_listed_by_sound_and_found_by_any_writing(session: Session, street_of: Lay) -> None:
    street = street_of(0)
    lay_states(session, street)
    district = street.place.district_id
    community = session.get_one(Division, street.place.community_id)
    for name in ("甘泉路", "安平路", "甜水巷"):
        make.make_street(session, name, community=community)
    rows, is_cut = reads.rates_of_streets(session, street.clerk, district)
    assert [row.name for row in rows if row.id != street.place.id] == ["安平路", "甘泉路", "甜水巷"]
    assert not is_cut
    (own,) = [row for row in rows if row.id == street.place.id]
    assert own == replace(
        reads.rate_on_wall(session, street.clerk, place_name_id=street.place.id), name=own.name, code=own.code
    )
    assert {row.addresses for row in rows if row.id != own.id} == {0}
    written = {"泉": "甘泉路", "gan": "甘泉路", "gq": "甘泉路", "甜水": "甜水巷", "TSX": "甜水巷"}
    for typed, found in written.items():
        listed, _ = reads.rates_of_streets(session, street.clerk, district, text=typed)
        assert [row.name for row in listed] == [found]
    assert reads.rates_of_streets(session, street.clerk, district, text="100%_")[0] == ()
    first, is_cut = reads.rates_of_streets(session, street.clerk, district, limit=2)
    assert (first, is_cut) == (rows[:2], True)
    assert reads.rates_of_streets(session, make.make_viewer("clerk", [new_id()]), district) == ((), False)


def test_the_rate_of_a_batch_is_that_of_its_addresses(street_of: Lay) -> None:
    street = street_of(3)
    act = street.session, street.clerk
    batch = writes.order_batch(*act, plate_ids=street.plates, number="甲", maker="厂")
    batch = writes.produce_batch(*act, batch_id=batch.id, version=batch.version)
    writes.deliver_batch(*act, batch_id=batch.id, version=batch.version)
    street.install(1)
    rate = reads.rate_on_wall(*act, batch_id=batch.id)
    assert (rate.addresses, rate.on_wall) == (3, 1)
    street.install(0)
    writes.replace_plate(*act, plate_id=street.plates[0], version=street.plate(0).version, reason="褪色")
    address = street.plate(1).address_id
    street.session.execute(
        text("UPDATE registry.address SET state = 'retired' WHERE id = :id"), {"id": address}
    )
    one = reads.rate_on_wall(*act, batch_id=batch.id)
    (listed,) = reads.rates_of_batches(*act)
    assert (one.addresses, one.on_wall) == (2, 0)
    assert (listed.addresses, listed.on_wall, listed.percent) == (2, 0, one.percent)


def test_each_address_without_a_plate_tells_why(session: Session, street_of: Lay) -> None:
    street = street_of(0)
    lay_states(session, street)
    rows = reads.missing(session, street.clerk, place_name_id=street.place.id).rows
    assert [(row.number, row.reason) for row in rows] == [
        (1, "none"), (2, "numbered"), (3, "numbered"), (4, "numbered"), (5, "ordered"), (6, "stock"), (7, "stock"),
        (10, "damaged"), (11, "missing"), (12, "none"),
    ]  # fmt: skip
    by_reason = {
        reason: [row.number for row in reads.missing(session, street.clerk, reason=reason).rows]
        for reason in REASONS
    }
    assert by_reason == {
        "none": [1, 12], "numbered": [2, 3, 4], "ordered": [5], "stock": [6, 7], "damaged": [10], "missing": [11],
        "unverified": [8],
    }  # fmt: skip
    assert (rows[4].plate_state, rows[0].plate_id) == ("ordered", None)
    with pytest.raises(RuleBroken):
        reads.missing(session, street.clerk, reason="elsewhere")


def test_pages_of_what_is_missing_neither_repeat_nor_skip(session: Session, street_of: Lay) -> None:
    street = street_of(7, "numbered")
    place = street.place
    asked: list[dict[str, Any]] = [{"place_name_id": place.id}, {"area_id": place.district_id}, {}]
    for filters in asked:
        seen: list[UUID] = []
        after: str | None = None
        while True:
            page = reads.missing(session, street.clerk, after=after, limit=3, **filters)
            seen += [row.address_id for row in page.rows]
            after = page.next
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 7


def test_one_of_several_plates_stands_for_an_address(session: Session, street_of: Lay) -> None:
    street = street_of(0)
    address = make.make_address(session, 5, street=street.place)
    make.make_plate(session, address, state="numbered")
    make.make_plate(session, address, state="delivered", kind="building")
    (row,) = reads.missing(session, street.clerk).rows
    assert (row.reason, row.plate_state) == ("stock", "delivered")
    make.make_plate(session, address, kind="unit")
    assert reads.missing(session, street.clerk).rows == ()


def test_batches_tell_their_age_and_what_is_left(street_of: Lay) -> None:
    street = street_of(5)
    act = street.session, street.clerk
    first = writes.order_batch(*act, plate_ids=street.plates[:4], number="甲", maker="厂")
    second = writes.order_batch(*act, plate_ids=street.plates[4:], number="乙", maker="厂")
    rows = reads.batches(*act).rows
    assert [row.id for row in rows] == [second.id, first.id]
    page = reads.batches(*act, limit=1)
    assert [row.id for row in reads.batches(*act, limit=1, after=page.next).rows] == [first.id]
    writes.produce_batch(
        *act, batch_id=first.id, version=1, plate_ids=street.plates[:2], scrapped_ids=street.plates[1:2]
    )
    found = reads.batch(*act, first.id)
    assert (found.ordered, found.made, found.stock, found.scrapped, found.waiting) == (4, 2, 1, 1, 2)
    assert (found.by_state, found.age_days, found.is_late) == ({"ordered": 2, "produced": 1}, 0, False)
    assert [row.id for row in reads.plates(*act, batch_id=second.id).rows] == street.plates[4:]
    assert reads.batches(*act, state="closed").rows == ()
    assert len(reads.batches(*act, area_id=street.place.community_id).rows) == 2
    with pytest.raises(NotFound):
        reads.batch(street.session, make.make_viewer("clerk", [new_id()]), first.id)


def test_a_plate_shows_its_evidence_and_what_can_be_done(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    photo = street.photo()
    plate = street.install(photo=photo, accuracy_m=3.5, **street.spot(0, 30))
    done = writes.verify_plate(street.session, street.other, plate_id=plate.id, version=plate.version)
    writes.inspect(street.session, street.other, plate_id=plate.id, version=done.version)
    found = reads.plate(street.session, street.clerk, plate.id)
    assert found.installation is not None
    assert (found.installation.photo, found.installation.accuracy_m) == (photo, 3.5)
    assert found.installation.distance_m == pytest.approx(30, abs=0.3)
    assert found.installation.installer.startswith("账号")
    assert found.installation.verifier not in {None, found.installation.installer}
    assert [one.finding for one in found.inspections] == ["in_place"]
    assert {"report_damage", "replace", "move"} <= set(found.acts)
    assert "verify" not in found.acts
    assert reads.plate(street.session, make.make_viewer("leader"), plate.id).acts == ()


def test_a_phone_is_told_what_to_mount_nearby(session: Session, street_of: Lay) -> None:
    street = street_of(3, "delivered")
    make.make_plate(session, make.make_address(session, 4, street=street.place), state="ordered")
    lost = make.make_plate(session, make.make_address(session, 9, street=street.place), state="missing")
    lon, lat = make.metres(16, 12)
    near = reads.nearest_to_install(session, street.clerk, lon=lon, lat=lat)
    assert [row.id for row in near] == [*reversed(street.plates), lost.id]
    assert near[0].distance_m == pytest.approx(1, abs=0.2)
    assert len(reads.nearest_to_install(session, street.clerk, lon=lon, lat=lat, radius_m=10)) == 2


def test_a_village_sees_the_streets_that_run_through_it(session: Session) -> None:
    """Their names belong to the district; the addresses of other villages are not counted."""
    village = make.make_community(session)
    other = make.make_division(session, parent=session.get_one(Division, village.township_id))
    through, beside = (
        make.make_street(session, name, community=village, township_id=None, community_id=None)
        for name in ("穿村路", "绕村路")
    )
    for place, area in ((through, village), (through, other), (beside, other)):
        make.make_address(
            session, street=place, district_id=area.district_id, township_id=area.township_id,
            community_id=area.id,
        )  # fmt: skip
    viewer = make.make_viewer("coordinator", [village.id])
    for area_id in (village.id, through.district_id):
        rows, is_cut = reads.rates_of_streets(session, viewer, area_id)
        assert ([(row.name, row.addresses) for row in rows], is_cut) == ([("穿村路", 1)], False)
