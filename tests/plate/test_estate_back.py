"""An intake taken back: all that it made is a mistake, while nothing of it was used."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geo_registry.access import rules
from geo_registry.access.tables import Act
from geo_registry.access.viewer import Viewer
from geo_registry.address.numbering.storing import DoorWish
from geo_registry.address.tables import Address, PlaceName
from geo_registry.codes import new_id
from geo_registry.db import transaction
from geo_registry.errors import NotFound, Refused, RegistryError, RuleBroken, Stale
from geo_registry.housing.estate_rows import EstateRow
from geo_registry.housing.tables import Building, BuildingAddress, Entrance, HousingUnit
from geo_registry.plate import bin as plate_bin
from geo_registry.plate.estate_back import IntakeTakenBack, take_back_intake
from geo_registry.plate.estate_blocks import BuildingPlace
from geo_registry.plate.estates import EstateTaken, take_in_estate
from geo_registry.plate.street_numbers import number_street
from geo_registry.plate.tables import Plate
from geo_registry.residence.tables import Residence
from tests import factories as make
from tests.plate.test_estates import table

WHY = "选错了表"
THINGS: tuple[Any, ...] = (Address, Building, Entrance, HousingUnit, Plate)


@pytest.fixture
def clerk(session: Session) -> Viewer:
    return make.make_viewer(account_id=make.make_account(session).id)


@pytest.fixture
def estate(session: Session) -> PlaceName:
    return make.make_street(session, "清源小区", kind="estate")


def taken_in(
    session: Session,
    clerk: Viewer,
    estate: PlaceName,
    rows: list[EstateRow],
    **over: Any,  # noqa: ANN401
) -> EstateTaken:
    session.refresh(estate)
    asked: dict[str, Any] = {"place_name_id": estate.id, "version": estate.version, "plates": "draft"} | over
    return take_in_estate(session, clerk, rows=rows, **asked)


def back(
    session: Session,
    clerk: Viewer,
    estate: PlaceName,
    **over: Any,  # noqa: ANN401
) -> IntakeTakenBack:
    session.refresh(estate)
    asked: dict[str, Any] = {"place_name_id": estate.id, "version": estate.version, "reason": WHY} | over
    return take_back_intake(session, clerk, **asked)


def plain(told: object) -> str:
    """Return a text without the areas that stand before the estate."""
    return re.sub(r"第\d+区", "", str(told))


def states(session: Session) -> list[dict[str, int]]:
    """Return how many addresses, buildings, entrances, units and plates there are in each state."""
    found = []
    for model in THINGS:
        rows = session.execute(select(model.state)).scalars().all()
        found.append({state: rows.count(state) for state in set(rows)})
    return found


@pytest.mark.requirement("R76")
def test_an_intake_is_taken_back_and_may_be_made_again(
    session: Session, clerk: Viewer, estate: PlaceName
) -> None:
    done = taken_in(session, clerk, estate, table(3))
    before = states(session)
    tried = back(session, clerk, estate, reason=None, dry_run=True)
    assert states(session) == before
    assert (tried.act_id, tried.undone_act_id, tried.version) == (None, done.act_id, done.version)
    assert (tried.addresses, tried.buildings, tried.entrances, tried.units, tried.plates) == (3, 3, 3, 12, 3)
    assert [(plain(one.standard_text), one.entrances, one.units) for one in tried.rows] == [
        (f"清源小区{number}幢", 1, 4) for number in (1, 2, 3)
    ]
    with pytest.raises(RuleBroken, match="reason-required"):
        back(session, clerk, estate, reason=" ")
    with pytest.raises(Stale):
        back(session, clerk, estate, version=done.version - 1)
    undone = back(session, clerk, estate)
    assert (undone.rows, undone.version) == (tried.rows, done.version + 1)
    assert states(session) == [
        {"removed": 3},
        {"removed": 3},
        {"removed": 3},
        {"removed": 12},
        {"cancelled": 3},
    ]
    session.refresh(estate)
    assert (estate.state, estate.version) == ("current", undone.version)
    told = session.execute(select(Act).where(Act.id == undone.act_id)).scalar_one()
    assert (told.verb, told.reason, told.cause_act_id) == ("take_back", WHY, done.act_id)
    linked = text("SELECT count(*) FROM registry.building_address WHERE valid @> CURRENT_DATE")
    assert session.execute(linked).scalar_one() == 0
    kept = text(
        "SELECT count(*) FROM registry.place_history WHERE act_id = :act AND row ->> 'state' <> 'removed'"
    )
    assert session.execute(kept, {"act": done.act_id}).scalar_one() == 3 + 3 + 3 + 12 + 3 + 1
    with pytest.raises(RuleBroken, match="nothing-to-take-back"):
        back(session, clerk, estate)
    again = taken_in(session, clerk, estate, table(3))
    assert [one.standard_text for one in again.plan] == [one.standard_text for one in done.plan]
    assert states(session)[3] == {"removed": 12, "realized": 12}
    back(session, clerk, estate)
    assert states(session)[3] == {"removed": 24}
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def test_an_estate_taken_in_by_parts_is_taken_back_part_by_part(
    session: Session, clerk: Viewer, estate: PlaceName
) -> None:
    rows = table(2)
    first = taken_in(session, clerk, estate, [one for one in rows if one.building == "1"])
    second = taken_in(session, clerk, estate, [one for one in rows if one.building == "2"], plates="none")
    # A number given out by itself is no intake.
    session.refresh(estate)
    gate = make.metres(70, 9)
    number_street(
        session, clerk, place_name_id=estate.id, version=estate.version, slots=[DoorWish("9", *gate)]
    )
    undone = back(session, clerk, estate)
    assert (undone.undone_act_id, undone.addresses, undone.plates) == (second.act_id, 1, 0)
    undone = back(session, clerk, estate)
    assert (undone.undone_act_id, undone.addresses, undone.plates) == (first.act_id, 1, 1)
    assert states(session)[:2] == [{"removed": 2, "current": 1}, {"removed": 2}]
    with pytest.raises(RuleBroken, match="nothing-to-take-back"):
        back(session, clerk, estate)


def test_a_registered_building_stays_with_what_it_had(
    session: Session, clerk: Viewer, estate: PlaceName
) -> None:
    address = make.make_address(session)
    building = make.make_building(session, address=address, district_id=estate.district_id)
    own = make.make_unit(session, building, "901", entrance=make.make_entrance(session, building, 1))
    session.execute(text("UPDATE registry.building_address SET valid = '[2020-01-01,2020-02-01)'"))
    rows = [EstateRow(2, "1", "1", 1, "101"), EstateRow(3, "1", "2", 1, "101")]
    place = [BuildingPlace("1", building_id=building.id)]
    for _ in range(2):
        taken_in(session, clerk, estate, rows, places=place)
        # What was done with the building before and beside the intake is no use of the intake.
        make.live_at(session, make.make_person(session), own)
        undone = back(session, clerk, estate)
        assert (undone.buildings, undone.entrances, undone.units) == (0, 1, 2)
        session.refresh(building)
        assert (building.state, building.version) == ("realized", 1)
        query = select(HousingUnit.unit_text).where(HousingUnit.state == "realized")
        assert session.execute(query).scalars().all() == ["1单元901室"]
        query = select(Entrance.label_key).where(Entrance.state == "realized")
        assert session.execute(query).scalars().all() == ["e1"]
        links = select(BuildingAddress.valid).where(BuildingAddress.building_id == building.id)
        assert all(one.isempty or one.upper is not None for one in session.execute(links).scalars())


def test_what_was_taken_back_is_not_restored_piece_by_piece(
    session: Session, clerk: Viewer, estate: PlaceName
) -> None:
    taken_in(session, clerk, estate, table(1))
    address = session.execute(select(Address.id)).scalar_one()
    back(session, clerk, estate)
    (binned,) = plate_bin.binned(session, clerk, kind="address").rows
    assert (binned.id, binned.can_restore) == (address, False)
    with pytest.raises(RegistryError, match="taken-back"):
        plate_bin.restore_addresses(session, clerk, address_ids=[address])


def test_only_in_the_own_areas_and_by_who_may_end_what_is_registered(
    session: Session, clerk: Viewer, estate: PlaceName, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_in(session, clerk, estate, table(1))
    with pytest.raises(NotFound):
        back(session, make.make_viewer(areas=[new_id()]), estate)
    with pytest.raises(Refused):
        back(session, make.make_viewer("steward"), estate)
    kept = rules.ALLOWED[rules.Role.CLERK] - {rules.Permission.UNIT_RETIRE}
    monkeypatch.setitem(rules.ALLOWED, rules.Role.CLERK, kept)
    with pytest.raises(Refused):
        back(session, clerk, estate)


@pytest.mark.commits
def test_who_comes_meanwhile_is_before_or_after(committed: Engine) -> None:
    """A residence on its way is waited for and stands in the way; one that comes later finds no unit."""
    with Session(committed) as session, session.begin():
        clerk = make.make_viewer(account_id=make.make_account(session).id)
        place = make.make_street(session, "清源小区", kind="estate")
        estate, person = place.id, make.make_person(session).id
        done = take_in_estate(session, clerk, place_name_id=estate, version=place.version, rows=table(1))

    def take_back(waiting: threading.Event | None = None) -> str:
        try:
            with transaction(committed) as session:
                if waiting is not None:
                    waiting.set()
                take_back_intake(session, clerk, place_name_id=estate, version=done.version, reason=WHY)
        except RegistryError as error:
            return error.code
        return "done"

    def move_in(session: Session) -> None:
        unit = session.execute(select(HousingUnit).order_by(HousingUnit.id).limit(1)).scalar_one()
        session.add(
            Residence(person_id=person, unit_id=unit.id, building_id=unit.building_id, category="incomer",
                      district_id=unit.district_id)
        )  # fmt: skip
        session.flush()

    with ThreadPoolExecutor(1) as threads:
        with Session(committed) as early:
            move_in(early)
            later = threads.submit(take_back)
            _wait_for_lock(committed)
            early.commit()
        assert later.result(timeout=30) == "intake-used"
        with Session(committed) as session, session.begin():
            session.execute(text("DELETE FROM registry.residence"))
        refused: list[str] = []

        def come_late() -> None:
            try:
                with transaction(committed) as session:
                    move_in(session)
            except RegistryError as error:
                refused.append(error.code)

        with transaction(committed) as session:
            take_back_intake(session, clerk, place_name_id=estate, version=done.version, reason=WHY)
            late = threads.submit(come_late)
            _wait_for_lock(committed)
        late.result(timeout=30)
    assert refused == ["unit-removed"]
    with Session(committed) as session:
        assert session.execute(select(Residence)).all() == []
        assert set(session.execute(select(HousingUnit.state)).scalars()) == {"removed"}


def _wait_for_lock(engine: Engine) -> None:
    """Return when somebody waits for a row that another transaction holds."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                 " AND datname = current_database()")  # fmt: skip
    until = time.monotonic() + 30
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while time.monotonic() < until:
            if connection.execute(query).scalar_one():
                return
            time.sleep(0.02)
    raise AssertionError("nobody waited")
