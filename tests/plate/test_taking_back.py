"""A renumbering taken back: numbers, plates and certifications as they were, while nothing of it was used."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo_registry.access.tables import Act
from geo_registry.access.viewer import Viewer
from geo_registry.address.certifying import certify
from geo_registry.address.changes import changes
from geo_registry.address.naming import rename_street
from geo_registry.address.tables import Address, AddressPosition, PlaceName
from geo_registry.address.writes import renumber_address
from geo_registry.area.tables import Succession
from geo_registry.codes import new_id
from geo_registry.errors import Conflict, NotFound, RegistryError, RuleBroken, Stale
from geo_registry.housing.tables import BuildingAddress
from geo_registry.plate import bin as plate_bin
from geo_registry.plate import reports, writes
from geo_registry.plate.certificates import issue_certificate
from geo_registry.plate.renumbering import NewNumber, StreetRenumbered, renumber_street
from geo_registry.plate.tables import Plate, PlateInstallation
from geo_registry.plate.taking_back import RenumberingTakenBack, take_back_renumbering
from tests import factories as make
from tests.plate.conftest import Street

WHY = "录错了起点"


@pytest.fixture
def clerk(session: Session) -> Viewer:
    return make.make_viewer(account_id=make.make_account(session).id)


@pytest.fixture
def street(session: Session) -> PlaceName:
    return make.make_street(session, "听雨路")


def shifted(
    session: Session, clerk: Viewer, street: PlaceName, *rows: Address, by: int = 2
) -> StreetRenumbered:
    """Shift doors by one number each: 1 to 3, 3 to 5."""
    moves = [NewNumber(one.id, str(one.number + by)) for one in rows]
    return renumber_street(
        session, clerk, place_name_id=street.id, version=street.version, changes=moves, reason="整街改编"
    )


def back(
    session: Session,
    clerk: Viewer,
    street: PlaceName,
    version: int | None = None,
    **over: Any,  # noqa: ANN401
) -> RenumberingTakenBack:
    session.refresh(street)
    asked: dict[str, Any] = {
        "place_name_id": street.id,
        "version": version or street.version,
        "reason": WHY,
    } | over
    return take_back_renumbering(session, clerk, **asked)


def numbers(session: Session, state: str = "current") -> dict[Any, str]:
    query = select(Address.id, Address.number_key).where(Address.state == state)
    return {row.id: row.number_key for row in session.execute(query)}


@pytest.mark.requirement("R90")
def test_a_shift_is_taken_back_and_may_be_made_anew(
    session: Session, clerk: Viewer, street: PlaceName
) -> None:
    rows = [make.make_address(session, number, street=street) for number in (1, 3, 5)]
    was = numbers(session)
    done = shifted(session, clerk, street, *rows)
    news = set(numbers(session))
    tried = back(session, clerk, street, reason=None, dry_run=True)
    assert (tried.act_id, tried.undone_act_id, tried.addresses) == (None, done.act_id, 3)
    assert numbers(session) != was
    with pytest.raises(RuleBroken, match="reason-required"):
        back(session, clerk, street, reason=" ")
    with pytest.raises(Stale):
        back(session, clerk, street, version=street.version - 1)
    undone = back(session, clerk, street)
    assert undone.rows == tried.rows
    assert {(one.given_back, one.again) for one in undone.rows} == {
        ("听雨路3号", "听雨路1号"), ("听雨路5号", "听雨路3号"), ("听雨路7号", "听雨路5号"),
    }  # fmt: skip
    assert numbers(session) == was
    assert set(numbers(session, "removed")) == news
    told = session.execute(select(Act).where(Act.id == undone.act_id)).scalar_one()
    assert (told.verb, told.reason, told.cause_act_id) == ("take_back", WHY, done.act_id)
    # Both texts stay on record, and whoever kept a new address is led to the old one.
    chain = changes(session, clerk, address_id=rows[0].id).rows
    assert [(one.kind, one.old_text, one.new_text, one.now_text) for one in chain] == [
        ("renumber", "听雨路1号", "听雨路3号", "听雨路1号"), ("take_back", "听雨路3号", "听雨路1号", "听雨路1号"),
    ]  # fmt: skip
    follows = session.execute(select(Succession.old_id, Succession.new_id)).all()
    assert {(row.old_id in news, row.new_id in was) for row in follows} == {(True, True)}
    with pytest.raises(RuleBroken, match="nothing-to-take-back"):
        back(session, clerk, street)
    # The numbers that it gave were given to nobody: the renumbering can be made again, and taken back again.
    session.refresh(street)
    rows = [session.get_one(Address, one, populate_existing=True) for one in was]
    shifted(session, clerk, street, *rows)
    back(session, clerk, street)
    assert numbers(session) == was


def test_all_that_hung_on_the_old_numbers_comes_back(
    session: Session, clerk: Viewer, street: PlaceName
) -> None:
    old = make.make_address(session, 8, street=street, position_kind="gate", accuracy="A")
    building = make.make_building(session, address=old)
    hung = make.make_plate(session, old, state="verified")
    drafted = make.make_plate(session, old, kind="gate_large", state="approved")
    session.add(AddressPosition(id=new_id(), address_id=old.id, kind="stairway", position=make.point(40, 9)))
    session.flush()
    certify(session, clerk, address_ids=[old.id], basis="visit")
    old = session.get_one(Address, old.id, populate_existing=True)
    before = old.certified_at, old.certified_by, old.certified_basis
    swap = make.make_address(session, 6, street=street)
    moves = [NewNumber(old.id, "6"), NewNumber(swap.id, "8")]
    renumber_street(session, clerk, place_name_id=street.id, version=1, changes=moves, reason="对调")
    assert back(session, clerk, street).plates == 2
    old = session.get_one(Address, old.id, populate_existing=True)
    assert (old.certified_at, old.certified_by, old.certified_basis) == before
    assert (old.state, old.number_key, old.valid.upper, old.position_kind) == ("current", "8", None, "gate")
    states = session.execute(select(Plate.address_id, Plate.id, Plate.state)).all()
    assert {row.id: row.state for row in states if row.address_id == old.id} == {
        hung.id: "verified", drafted.id: "approved",
    }  # fmt: skip
    assert {row.state for row in states if row.address_id != old.id} == {"cancelled"}
    evidence = (
        session.execute(
            select(PlateInstallation)
            .where(PlateInstallation.plate_id == hung.id)
            .order_by(PlateInstallation.id)
        )
        .scalars()
        .all()
    )
    assert [one.ended_at is None for one in evidence] == [False, True]
    assert len({(one.photo_sha256, one.installed_at, one.verified_by) for one in evidence}) == 1
    carried = select(BuildingAddress.building_id).where(
        BuildingAddress.address_id == old.id, BuildingAddress.valid.contains(func.current_date())
    )
    assert session.execute(carried).scalars().all() == [building.id]
    spots = select(AddressPosition.address_id).where(AddressPosition.ended_at.is_(None))
    assert session.execute(spots).scalars().all() == [old.id]
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def test_a_plate_in_production_comes_back_unless_its_batch_went_on(street_of: Callable[..., Street]) -> None:
    lane = street_of(3)
    session = lane.session
    writes.order_batch(session, lane.clerk, plate_ids=lane.plates, number="试7批", maker="映月标牌厂")
    batch_id = lane.plate().batch_id
    assert batch_id is not None
    rows = [session.get_one(Address, lane.plate(index).address_id) for index in range(2)]

    def batch() -> tuple[int, int, int]:
        row = session.execute(
            text("SELECT made, stock, scrapped FROM registry.plate_batch WHERE id = :id"), {"id": batch_id}
        ).one()
        return row.made, row.stock, row.scrapped

    shifted(session, lane.clerk, lane.place, rows[0], by=20)
    assert lane.plate().state == "cancelled"
    assert back(session, lane.clerk, lane.place).plates == 1
    assert (lane.plate().state, lane.plate().batch_id) == ("ordered", batch_id)
    session.refresh(lane.place)
    shifted(session, lane.clerk, lane.place, rows[1], by=20)
    version = session.execute(text("SELECT version FROM registry.plate_batch")).scalar_one()
    writes.produce_batch(session, lane.clerk, batch_id=batch_id, version=version)
    assert batch() == (2, 2, 0)
    assert back(session, lane.clerk, lane.place).plates == 0
    again = select(Plate.state).where(Plate.address_id == rows[1].id).order_by(Plate.id)
    assert session.execute(again).scalars().all() == ["cancelled", "draft"]
    # What lay in stock was scrapped by the renumbering, and is in stock again.
    session.refresh(lane.place)
    shifted(session, lane.clerk, lane.place, rows[0], by=20)
    assert batch() == (2, 1, 1)
    back(session, lane.clerk, lane.place)
    assert batch() == (2, 2, 0)
    lane.check()


def _certificate(session: Session, clerk: Viewer, street: PlaceName, new: Address) -> None:
    (change,) = changes(session, clerk, address_id=new.id).rows
    issue_certificate(session, clerk, change_id=change.id)


def _certify(session: Session, clerk: Viewer, street: PlaceName, new: Address) -> None:
    certify(session, clerk, address_ids=[new.id], basis="visit")


def _approve(session: Session, clerk: Viewer, street: PlaceName, new: Address) -> None:
    plate = session.execute(select(Plate).where(Plate.address_id == new.id)).scalar_one()
    writes.approve_plate(session, clerk, plate_id=plate.id, version=plate.version)


def _build(session: Session, clerk: Viewer, street: PlaceName, new: Address) -> None:
    make.make_building(session, address=new)


def _rename(session: Session, clerk: Viewer, street: PlaceName, new: Address) -> None:
    session.refresh(street)
    rename_street(
        session, clerk, place_name_id=street.id, name="听风路", version=street.version, document_number="1号"
    )


def _report(session: Session, clerk: Viewer, street: PlaceName, new: Address) -> None:
    reports.report_plate(session, clerk, kind="no_plate", address_id=new.id)


def _take_down(session: Session, clerk: Viewer, street: PlaceName, new: Address) -> None:
    plate = session.execute(select(Plate).where(Plate.state == "superseded")).scalar_one()
    writes.remove(session, clerk, plate_id=plate.id, version=plate.version, reason="旧牌拆下")


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (_certificate, "已开具变更证明（听雨路3号 址证-"),
        (_certify, "号码已另行办理（听雨路3号）"),
        (_approve, "新门牌已批准或下单（听雨路3号）"),
        (_build, "楼栋关联已改（听雨路3号）"),
        (_rename, "号码已另行办理（听风路3号）"),
        (_report, "有待处理的门牌线索（听雨路3号）"),
        (_take_down, "旧门牌已另行处理（听雨路1号）"),
    ],
)
def test_what_was_used_since_stands_in_the_way(
    session: Session, clerk: Viewer, street: PlaceName, use: Callable[..., None], words: str
) -> None:
    old = make.make_address(session, 1, street=street)
    make.make_plate(session, old)
    shifted(session, clerk, street, old)
    new = session.execute(select(Address).where(Address.state == "current")).scalar_one()
    use(session, clerk, street, new)
    for is_trial in (True, False):
        with pytest.raises(Conflict) as caught:
            back(session, clerk, street, dry_run=is_trial)
        assert caught.value.code == "renumbering-used"
        assert words in str(caught.value.detail)
        told: Any = caught.value.facts["errors"]
        assert told[0]["pointer"] in {f"#/addresses/{new.id}", f"#/addresses/{old.id}"}


def test_only_the_latest_renumbering_and_only_in_the_own_areas(
    session: Session, clerk: Viewer, street: PlaceName
) -> None:
    with pytest.raises(RuleBroken, match="nothing-to-take-back"):
        back(session, clerk, street)
    one = make.make_address(session, 1, street=street)
    nine = make.make_address(session, 9, street=street)
    shifted(session, clerk, street, one)
    new = renumber_address(session, clerk, address_id=nine.id, number="11", version=nine.version)
    assert back(session, clerk, street).rows[0].again == "听雨路9号"
    assert sorted(numbers(session).values()) == ["3", "9"]
    with pytest.raises(NotFound):
        back(session, make.make_viewer(areas=[new_id()]), street)
    # The number of a taken-back renumbering is no mistake to be restored from the bin.
    (binned,) = plate_bin.binned(session, clerk, kind="address").rows
    assert (binned.id, binned.can_restore) == (new.id, False)
    with pytest.raises(RegistryError, match="taken-back"):
        plate_bin.restore_addresses(session, clerk, address_ids=[new.id])
