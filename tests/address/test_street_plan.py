"""A whole street before anything is stored, and the acts that keep numbers of it and let them go."""

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session

from geo_registry.address import writes
from geo_registry.address.near import streets_near
from geo_registry.address.reads import PlannedDoor, StreetPlan, address, plan_street
from geo_registry.address.tables import Address, PlaceName
from geo_registry.address.writes import Wish
from geo_registry.area.tables import Division
from geo_registry.db import today, transaction
from geo_registry.errors import Conflict, NotFound, Refused, RegistryError, RuleBroken, Stale
from geo_registry.housing.tables import Building
from geo_registry.plate.preview import preview_address
from tests import factories as make

CLERK = make.make_viewer()


def refused(code: str, kind: type[RegistryError] = RuleBroken) -> "pytest.RaisesExc[RegistryError]":
    return pytest.raises(kind, match=f"^{code}: ")


def lone_building(session: Session, at: tuple[float, float], street: PlaceName) -> UUID:
    """Store a building that bears no number."""
    building = make.make_building(session, address=make.make_address(session, street=street), at=at)
    session.execute(
        text("DELETE FROM registry.building_address WHERE building_id = :id"), {"id": building.id}
    )
    return building.id


def doors(*places: tuple[float, float]) -> list[PlannedDoor]:
    return [PlannedDoor(*make.metres(*place)) for place in places]


def numbers(plan: StreetPlan, *kinds: str) -> list[str]:
    return [slot.number_text for slot in plan.slots if slot.kind in (kinds or ("door",))]


class TestPreview:
    def test_a_new_street_is_numbered_from_the_profiles_end_on_both_sides(self, session: Session) -> None:
        street = make.make_street(session, "听雨路")
        plan = plan_street(
            session, CLERK, place_name_id=street.id, keeps_free=False,
            doors=doors((100, 12), (900, 12), (500, -12), (930, -12), (600, 14)),
        )  # fmt: skip
        # Shanghai counts from the east, odd numbers on the left: on an east-west street that is the south.
        assert (plan.odd_side, plan.mode, plan.version) == ("south", "order", 1)
        assert plan.length_m == pytest.approx(1000, abs=1)
        assert [(slot.number_text, slot.side, round(slot.distance_m or 0, -1)) for slot in plan.slots] == [
            ("2号", "even", 100), ("4号", "even", 400), ("6号", "even", 900), ("1号", "odd", 70), ("3号", "odd", 500),
        ]  # fmt: skip
        assert all(slot.standard_text.endswith(f"听雨路{slot.number_text}") for slot in plan.slots)
        assert session.execute(select(func.count()).select_from(Address)).scalar_one() == 0

    def test_a_clerk_names_the_end_the_side_and_the_mode(self, session: Session) -> None:
        street = make.make_street(session)
        asked: dict[str, Any] = {
            "place_name_id": street.id,
            "doors": doors((22, 12), (42, 12), (22, -12)),
            "keeps_free": False,
        }
        plan = plan_street(session, CLERK, origin=make.metres(0, 50), side="odd", **asked)
        assert (plan.odd_side, numbers(plan)) == ("north", ["1号", "3号"])
        plan = plan_street(session, CLERK, origin=make.metres(0, 50), mode="distance", **asked)
        # One number for each 4 m and side.
        assert sorted(numbers(plan)) == ["11号", "12号", "21号"]

    def test_numbers_that_are_there_lead_and_are_remarked_on(self, session: Session) -> None:
        street = make.make_street(session)
        for number, at in (
            (1, (10, 10)),
            (3, (50, 10)),
            (5, (30, 10)),
            (7, (70, 10)),
            (2, (10, -10)),
            (4, (40, 9)),
        ):
            make.make_address(session, number, street=street, position=make.point(*at))
        make.make_address(session, 9, street=street, state="retired")
        plan = plan_street(
            session, CLERK, place_name_id=street.id, doors=doors((75, 10), (60, 11)), keeps_free=False
        )
        # The numbers rise from the west with the odd ones in the north, whatever the profile says.
        assert plan.odd_side == "north"
        # 5 before 3 breaks the order: the others lead, and a retired number is nobody's.
        assert numbers(plan) == ["3-1号", "11号"]
        odd = {slot.number: slot.remarks for slot in plan.slots if slot.remarks}
        assert odd["4"] == ("other-side",)
        assert odd["5"] == ("out-of-order",)
        assert plan.counts == {"given": 6, "retired": 1, "door": 2}
        assert plan.remarks == {"other-side": 1, "out-of-order": 1}

    def test_buildings_without_a_number_are_the_doors(self, session: Session) -> None:
        street = make.make_street(session, axis=make.line((0, 0), (1000, 0)))
        other = make.make_street(
            session, axis=make.line((0, 60), (1000, 60)), district_id=street.district_id, scope_id=street.district_id,
            township_id=street.township_id, community_id=street.community_id,
        )  # fmt: skip
        spare = make.make_street(session, axis=None)
        mine = [lone_building(session, at, spare) for at in ((900, 20), (700, 15), (800, -20))]
        lone_building(session, (500, 45), spare)  # nearer to the other street
        lone_building(session, (500, 200), spare)
        make.make_building(session, at=(600, 10))
        plan = plan_street(session, CLERK, place_name_id=street.id, keeps_free=False)
        assert [(slot.number_text, slot.building_id) for slot in plan.slots] == [
            ("2号", mine[0]), ("4号", mine[1]), ("1号", mine[2]),
        ]  # fmt: skip
        beside = plan_street(session, CLERK, place_name_id=other.id, keeps_free=False)
        assert len(beside.slots) == 1
        kept = plan_street(session, CLERK, place_name_id=street.id, side="odd")
        # 800 m of blank land in front of the only building of the side, four metres a number.
        assert kept.counts["free"] == pytest.approx(195 / 4, abs=2)

    def test_lanes_keep_their_numbers_out_of_the_row(self, session: Session) -> None:
        street = make.make_street(session)
        make.make_street(session, "2弄", kind="lane", parent=street)
        plan = plan_street(session, CLERK, place_name_id=street.id, doors=doors((900, 12)), keeps_free=False)
        assert numbers(plan) == ["4号"]
        assert writes.propose(session, CLERK, place_name_id=street.id, side="even").number == 4

    def test_what_cannot_be_numbered_is_refused(self, session: Session) -> None:
        street = make.make_street(session, axis=None)
        with refused("axis-missing"):
            plan_street(session, CLERK, place_name_id=street.id)
        stranger = make.make_viewer(areas=[make.make_community(session).id])
        with refused("place-name-not-found", NotFound):
            plan_street(session, stranger, place_name_id=street.id)

    def test_a_township_numbers_its_doors_on_a_street_of_the_whole_district(self, session: Session) -> None:
        own = make.make_community(session)
        district, township = session.get(Division, own.district_id), own.township_id
        assert township is not None
        far = make.make_division(session, parent=make.make_division(session, parent=district))
        street = make.make_street(session, "听雨路", community=own, township_id=None, community_id=None)
        areas = {"district_id": own.district_id, "township_id": own.township_id, "community_id": own.id}
        beyond = {"district_id": own.district_id, "township_id": far.township_id, "community_id": far.id}
        make.make_address(session, 1, street=street, position=make.point(950, -10), **areas)
        make.make_address(session, 3, street=street, position=make.point(900, -10), **beyond)
        spare = make.make_street(session, axis=None)
        mine, other = (lone_building(session, at, spare) for at in ((500, -15), (600, -15)))
        for building, place in ((mine, areas), (other, beyond)):
            session.execute(update(Building).where(Building.id == building).values(**place))
        officer = make.make_viewer(areas=[township])
        plan = plan_street(session, officer, place_name_id=street.id, keeps_free=False)
        # All doors count, those of the township are shown: 3 and 5 stand beyond it.
        assert numbers(plan, "given", "door") == ["1号", "7号"]
        assert [slot.building_id for slot in plan.slots] == [None, mine]
        assert writes.propose(session, officer, place_name_id=street.id, side="odd").number == 5
        lon, lat = make.metres(500, 5)
        assert [one.id for one in streets_near(session, officer, lon=lon, lat=lat)] == [street.id]
        told = preview_address(session, officer, place_name_id=street.id, lon=lon, lat=lat)
        assert told.place_name == "听雨路"
        # An estate of another township stays unknown, a street of another district too.
        estate = make.make_street(session, "竹海水韵", kind="estate", axis=None, community=far)
        for unknown in (estate, make.make_street(session)):
            with refused("place-name-not-found", NotFound):
                writes.propose(session, officer, place_name_id=unknown.id)


class TestKeeping:
    def test_kept_numbers_are_nobodys_until_they_are_let_go(self, session: Session) -> None:
        street = make.make_street(session, "听雨路")
        lon, lat = make.metres(500, 5)
        wishes = [Wish("3", lon, lat), Wish("5"), Wish("7-1")]
        done = writes.reserve_numbers(
            session,
            CLERK,
            place_name_id=street.id,
            version=1,
            numbers=wishes,
            document_number="民〔2026〕9号",
        )
        assert done == writes.Written(street.id, 2)
        rows = session.execute(select(Address).order_by(Address.number)).scalars().all()
        assert [(row.number_text, row.state, row.accuracy) for row in rows] == [
            ("3号", "reserved", "B"), ("5号", "reserved", "U"), ("7-1号", "reserved", "U"),
        ]  # fmt: skip
        assert rows[0].standard_text.endswith("区听雨路3号")
        with refused("number-reserved", Conflict) as caught:
            writes.number_address(session, CLERK, place_name_id=street.id, number="3")
        assert caught.value.facts["holder_id"] == str(rows[0].id)
        assert writes.propose(session, CLERK, place_name_id=street.id, side="odd").number == 9
        plan = plan_street(session, CLERK, place_name_id=street.id, doors=[])
        # 3 stands in the middle of the street: the blank land before it keeps 1.
        assert (numbers(plan, "reserved"), numbers(plan, "free")) == (["5号", "7-1号", "3号"], ["1号"])
        assert plan.counts == {"reserved": 3, "free": 1}
        writes.approve_address(session, CLERK, address_id=rows[0].id, version=1)
        assert address(session, CLERK, rows[0].id).state == "current"
        freed = writes.release_numbers(session, CLERK, place_name_id=street.id, version=2, numbers=["5"])
        assert writes.number_address(session, CLERK, place_name_id=street.id, number="5").version == 1
        writes.release_numbers(session, CLERK, place_name_id=street.id, version=freed.version)
        with refused("not-reserved"):
            writes.release_numbers(session, CLERK, place_name_id=street.id, version=freed.version + 1)

    def test_a_number_that_another_village_keeps_is_not_let_go(self, session: Session) -> None:
        village = make.make_community(session)
        other = make.make_division(session, parent=session.get_one(Division, village.township_id))
        street = make.make_street(session, community=village)
        for number, area in ((5, village), (7, other)):
            make.make_address(session, number, street=street, state="reserved", community_id=area.id)
        clerk = make.make_viewer("clerk", [village.id])
        with refused("not-allowed", Refused):
            writes.release_numbers(session, clerk, place_name_id=street.id, version=1, numbers=["7"])
        writes.release_numbers(session, clerk, place_name_id=street.id, version=1)
        kept = select(Address.number_text).where(Address.state == "reserved")
        assert session.execute(kept).scalars().all() == ["7号"]

    def test_the_number_of_a_list_that_is_wrong_is_named(self, session: Session) -> None:
        street = make.make_street(session)
        with refused("number-impossible") as caught:
            wishes = [Wish("3"), Wish("x")]
            writes.reserve_numbers(session, CLERK, place_name_id=street.id, version=1, numbers=wishes)
        assert caught.value.facts["field"] == "numbers/1/number"
        with pytest.raises(RuleBroken, match="7 不是预留的号"):
            writes.release_numbers(session, CLERK, place_name_id=street.id, version=1, numbers=["7"])

    def test_a_reservation_that_has_run_out_binds_nobody(self, session: Session) -> None:
        street = make.make_street(session)
        tomorrow = today() + dt.timedelta(1)
        writes.reserve_numbers(
            session, CLERK, place_name_id=street.id, version=1, numbers=[Wish("3")], until=tomorrow
        )
        session.execute(text("UPDATE registry.address SET valid = daterange(CURRENT_DATE - 9, CURRENT_DATE)"))
        session.expire_all()
        assert plan_street(session, CLERK, place_name_id=street.id).slots == ()
        done = writes.number_address(session, CLERK, place_name_id=street.id, number="3")
        states = session.execute(select(Address.id, Address.state).where(Address.number == 3)).all()
        assert {row.state for row in states if row.id != done.id} == {"rejected"}
        assert len(states) == 2

    @pytest.mark.parametrize(
        ("wishes", "code"),
        [(["3", "5", "３号"], "number-twice"), ([], "numbers-missing"), (["3号402室"], "number-has-unit"),
         (["x"], "number-impossible")],
    )  # fmt: skip
    def test_a_list_that_cannot_be_kept_is_refused(
        self, session: Session, wishes: list[str], code: str
    ) -> None:
        street = make.make_street(session)
        with refused(code):
            writes.reserve_numbers(
                session, CLERK, place_name_id=street.id, version=1, numbers=[Wish(one) for one in wishes]
            )

    def test_numbers_ever_given_are_never_kept(self, session: Session) -> None:
        street = make.make_street(session)
        make.make_address(session, 5, street=street, state="retired")
        with refused("number-taken", Conflict) as caught:
            writes.reserve_numbers(
                session, CLERK, place_name_id=street.id, version=1, numbers=[Wish("3"), Wish("5")]
            )
        assert caught.value.facts["holder_state"] == "retired"
        with refused("stale", Stale):
            writes.reserve_numbers(session, CLERK, place_name_id=street.id, version=9, numbers=[Wish("3")])
        with refused("until-past"):
            writes.reserve_numbers(
                session, CLERK, place_name_id=street.id, version=1, numbers=[Wish("3")], until=today()
            )


@pytest.mark.commits
def test_many_hands_on_one_street_never_keep_or_give_a_number_twice(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        street = make.make_street(session).id
        viewer = make.make_viewer(account_id=make.make_account(session).id)

    def work(turn: int) -> str:
        try:
            with transaction(committed) as session:
                if turn % 2:
                    version = session.get_one(PlaceName, street).version
                    wishes = [Wish(str(number)) for number in range(turn % 7 + 1, turn % 7 + 8)]
                    writes.reserve_numbers(
                        session, viewer, place_name_id=street, version=version, numbers=wishes
                    )
                else:
                    writes.number_address(session, viewer, place_name_id=street, number=str(turn % 11 + 1))
        except RegistryError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(work, range(60)))
    assert set(outcomes) <= {"done", "stale", "number-taken", "number-reserved"}, outcomes
    assert outcomes["done"] >= 2
    with Session(committed) as session:
        keys = session.execute(select(Address.number_key).where(Address.scope_id == street)).scalars().all()
        assert len(keys) == len(set(keys)) >= 8
