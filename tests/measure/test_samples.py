"""Samples: drawn reproducibly, checked once a unit, judged with the dwellings they were drawn as.

Requirements: R28, R69.
"""

import datetime as dt
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import Conflict, NotFound, Refused, RuleBroken
from geo_registry.housing.tables import Building, HousingUnit
from geo_registry.measure.drawing import allotted, draw, frame_hash, frame_of
from geo_registry.measure.reads import area_rates
from geo_registry.measure.samples import plan_result, sample_plan, sample_plans, sample_rate, sample_units
from geo_registry.measure.tables import SamplePlan, SampleUnit
from geo_registry.measure.writes import close_plan, draw_sample, record_building_check, record_check
from tests.factories import (
    make_account,
    make_address,
    make_block,
    make_building,
    make_community,
    make_street,
    make_unit,
    make_viewer,
)


@pytest.fixture
def community(session: Session) -> Division:
    return make_community(session)


@pytest.fixture
def steward(session: Session) -> Viewer:
    return make_viewer(Role.STEWARD, account_id=make_account(session, role="steward").id)


@pytest.fixture
def building(session: Session, community: Division) -> Building:
    """Give a building of 60 units in a block."""
    make_block(session, community)
    building = make_building(
        session, address=make_address(session, 8, street=make_street(session, community=community))
    )
    for number in range(60):
        make_unit(session, building, f"{1 + number // 10}{number % 10:02d}")
    return building


def drawn(session: Session, viewer: Viewer, area: Division, **more: Any) -> UUID:  # noqa: ANN401  (any argument)
    values = {
        "name": "抽查",
        "direction": "field_to_register",
        "area_kind": "division",
        "area_id": area.id,
        "sample_size": 30,
    }
    return draw_sample(session, viewer, **{**values, **more}).id


def units_of(session: Session, plan_id: UUID) -> list[UUID]:
    query = select(SampleUnit.unit_id).where(SampleUnit.plan_id == plan_id).order_by(SampleUnit.turn)
    return list(session.execute(query).scalars())


FRAME = st.lists(
    st.tuples(st.uuids(), st.sampled_from(["", "a", "b", "c"])),
    min_size=1,
    max_size=60,
    unique_by=lambda one: one[0],
)


@given(FRAME, st.data())
def test_a_draw_is_repeated_by_its_seed_and_adds_up_to_its_frame(
    frame: list[tuple[UUID, str]], data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(frame)))
    seed = data.draw(st.integers(0, 2**40))
    one = draw(frame, size, seed)
    assert one == draw(frame[::-1], size, seed)
    assert frame_hash(frame) == frame_hash(frame[::-1])
    assert len({drawn.unit_id for drawn in one}) == len(one) == size
    assert {(drawn.unit_id, drawn.stratum) for drawn in one} <= set(frame)
    strata = Counter(stratum for _, stratum in frame)
    if size >= len(strata):
        # What is drawn speaks for all of its stratum.
        assert sum(drawn.weight for drawn in one) == pytest.approx(len(frame))
        for stratum, whole in strata.items():
            share = sum(drawn.stratum == stratum for drawn in one)
            assert 1 <= share <= whole
            assert abs(share - size * whole / len(frame)) < len(strata) + 1


@given(st.lists(st.integers(1, 500), min_size=1, max_size=20), st.data())
def test_strata_give_in_proportion(sizes: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(sizes)))
    shares = allotted(sizes, total)
    assert sum(shares) == total
    assert all(0 <= share <= size for share, size in zip(shares, sizes, strict=True))


def test_every_unit_has_the_same_chance() -> None:
    frame = [(UUID(int=number), "") for number in range(20)]
    often = Counter(one.unit_id for seed in range(2_000) for one in draw(frame, 5, seed))
    # 500 expected, standard deviation 19.4.
    assert all(420 < count < 580 for count in often.values())


def test_a_sample_keeps_what_repeats_it(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    plan_id = drawn(session, steward, community, seed=7)
    again = drawn(session, steward, community, seed=7)
    assert units_of(session, plan_id) == units_of(session, again)
    row = session.get_one(SamplePlan, plan_id)
    frame = frame_of(session, "division", community.id, "none")
    assert (row.seed, row.frame_size, row.sample_size, row.state) == (7, 60, 30, "drawn")
    assert row.frame_sha256 == frame_hash(frame)
    assert [one.unit_id for one in draw(frame, 30, 7)] == units_of(session, plan_id)
    other = drawn(session, steward, community)
    assert units_of(session, other) != units_of(session, plan_id)


def test_a_sample_has_no_units_that_have_ended(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    gone = make_unit(session, building, "999", state="retired")
    plan_id = drawn(session, steward, community, sample_size=60)
    assert gone.id not in units_of(session, plan_id)


def test_a_sample_of_a_block(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    block_id = session.execute(text("SELECT block_id FROM registry.building_block")).scalar_one()
    plan_id = drawn(session, steward, community, area_kind="block", area_id=block_id, strata="block")
    assert len(units_of(session, plan_id)) == 30
    assert {row.stratum for row in sample_units(session, steward, plan_id).rows} != {""}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"sample_size": 61}, "sample-too-large"),
        ({"sample_size": 0}, "sample-too-large"),
        ({"area_id": new_id()}, "area-unknown"),
        ({"area_kind": "zone", "area_id": new_id()}, "area-unknown"),
        ({"direction": "sideways"}, "direction-unknown"),
        ({"strata": "street"}, "strata-unknown"),
        ({"name": "  "}, "name-missing"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused_in_words(
    session: Session,
    steward: Viewer,
    community: Division,
    building: Building,
    more: dict[str, Any],
    code: str,
) -> None:
    with pytest.raises(RuleBroken) as caught:
        drawn(session, steward, community, **more)
    assert caught.value.code == code


def test_only_a_steward_draws_and_no_coordinator_checks(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    with pytest.raises(Refused):
        drawn(session, make_viewer(Role.OFFICER), community)
    plan_id = drawn(session, steward, community)
    for viewer in (make_viewer(Role.COORDINATOR), make_viewer(Role.OFFICER, areas=[new_id()])):
        with pytest.raises(Refused):
            record_check(
                session,
                viewer,
                plan_id=plan_id,
                unit_id=units_of(session, plan_id)[0],
                persons_met=1,
                persons_registered=1,
            )


def test_a_unit_is_checked_once_in_a_sample(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    plan_id = drawn(session, steward, community)
    unit_id, *_ = units_of(session, plan_id)
    values = {"plan_id": plan_id, "unit_id": unit_id, "persons_met": 3, "persons_registered": 2}
    record_check(session, steward, **values)  # type: ignore[arg-type]
    with pytest.raises(Conflict) as caught, session.begin_nested():
        record_check(session, steward, **values)  # type: ignore[arg-type]
    assert caught.value.code == "check-exists"
    assert [row.is_checked for row in sample_units(session, steward, plan_id, limit=2).rows] == [True, False]


def test_a_check_outside_the_sample_or_after_its_end_is_refused(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    plan_id = drawn(session, steward, community)
    inside = units_of(session, plan_id)
    outside = next(
        unit for unit, _ in frame_of(session, "division", community.id, "none") if unit not in inside
    )
    with pytest.raises(RuleBroken) as caught:
        record_check(session, steward, plan_id=plan_id, unit_id=outside, persons_met=1, persons_registered=1)
    assert caught.value.code == "unit-not-sampled"
    close_plan(session, steward, plan_id=plan_id, version=1)
    with pytest.raises(Conflict) as closed:
        record_check(
            session, steward, plan_id=plan_id, unit_id=inside[0], persons_met=1, persons_registered=1
        )
    assert closed.value.code == "sample-closed"
    with pytest.raises(Conflict):
        close_plan(session, steward, plan_id=plan_id, version=2)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"persons_met": 2, "persons_registered": 3}, "persons_registered"),
        ({"persons_met": -1}, "persons_met"),
        ({"persons_met": 201}, "persons_met"),
        ({"records_checked": 1, "records_right": 2}, "records_right"),
        ({"checked_on": today() + dt.timedelta(days=1)}, "checked_on"),
        ({"checked_on": today() - dt.timedelta(days=90)}, "checked_on"),
        ({"unit_id": new_id()}, "unit_id"),
        ({"plan_id": new_id()}, "plan_id"),
    ],
)
def test_a_check_that_cannot_be_is_refused_with_its_field(
    session: Session, steward: Viewer, building: Building, more: dict[str, Any], field: str
) -> None:
    unit_id = session.execute(select(HousingUnit.id).limit(1)).scalar_one()
    with pytest.raises(RuleBroken) as caught:
        record_check(
            session, steward, **{"unit_id": unit_id, "persons_met": 0, "persons_registered": 0, **more}
        )
    assert caught.value.facts["field"] == field


def test_checks_make_the_rates_of_the_area(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    plan_id = drawn(session, steward, community, sample_size=40)
    for turn, unit_id in enumerate(units_of(session, plan_id)):
        hits = 0 if turn % 4 == 0 else 3
        record_check(
            session,
            steward,
            plan_id=plan_id,
            unit_id=unit_id,
            persons_met=3,
            persons_registered=hits,
            records_checked=3,
            records_right=2,
        )
    rates = area_rates(session, steward, area_id=community.id).rates
    assert (rates["registration_rate"].n, rates["registration_rate"].k) == (120, 90)
    assert (rates["accuracy_rate"].n, rates["accuracy_rate"].k) == (120, 80)
    sampled = sample_rate(session, steward, plan_id)
    assert (sampled.shown, sampled.n, sampled.k, sampled.percent, sampled.verdict) == (
        "value",
        120,
        90,
        75.0,
        "missed",
    )
    pooled = rates["registration_rate"]
    assert sampled.low is not None
    assert pooled.low is not None
    # The three persons of a dwelling were alike: forty draws, not a hundred and twenty.
    assert sampled.low == pytest.approx(59.7, abs=0.7)
    assert pooled.low == pytest.approx(66.6, abs=0.1)
    detail = sample_plan(session, steward, plan_id)
    assert (detail.checked, detail.rates["registration_rate"]) == (40, sampled)


def test_the_result_of_a_small_sample_is_not_told(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    plan_id = drawn(session, steward, community)
    assert sample_rate(session, steward, plan_id).verdict == "no_data"
    for unit_id in units_of(session, plan_id)[:9]:
        record_check(session, steward, plan_id=plan_id, unit_id=unit_id, persons_met=3, persons_registered=3)
    for rate in plan_result(session, steward, plan_id).values():
        assert (rate.n, rate.k, rate.percent, rate.low) == (None, None, None, None)
    assert sample_rate(session, steward, plan_id).shown == "hidden"


def test_units_found_in_a_building(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    record_building_check(session, steward, building_id=building.id, units_found=61, units_listed=60)
    rate = area_rates(session, steward, area_id=community.id).rates["unit_capture_rate"]
    assert (rate.n, rate.k, rate.verdict, rate.is_full, rate.low) == (61, 60, "missed", True, None)
    with pytest.raises(RuleBroken) as caught:
        record_building_check(session, steward, building_id=building.id, units_found=5, units_listed=6)
    assert caught.value.facts["field"] == "units_listed"
    with pytest.raises(RuleBroken):
        record_building_check(session, steward, building_id=new_id(), units_found=5, units_listed=5)


def test_a_building_is_checked_for_a_sample_of_its_own_area(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    plan_id = drawn(session, steward, community)
    found: dict[str, Any] = {"plan_id": plan_id, "units_found": 5, "units_listed": 5}
    assert record_building_check(session, steward, building_id=building.id, **found).version == 1
    beyond = make_community(session)
    there = make_building(
        session, address=make_address(session, street=make_street(session, community=beyond))
    )
    with pytest.raises(RuleBroken, match="building-not-sampled"):
        record_building_check(session, make_viewer(Role.STEWARD), building_id=there.id, **found)


def test_samples_elsewhere_are_not_seen(
    session: Session, steward: Viewer, community: Division, building: Building
) -> None:
    plan_id = drawn(session, steward, community)
    stranger = make_viewer(Role.STEWARD, areas=[new_id()])
    assert sample_plans(session, stranger).rows == ()
    assert [row.id for row in sample_plans(session, steward, area_id=community.id, state="drawn").rows] == [
        plan_id
    ]
    for read in (sample_plan, sample_units, plan_result):
        with pytest.raises(NotFound):
            read(session, stranger, plan_id)
    page = sample_units(session, steward, plan_id, limit=20)
    rest = sample_units(session, steward, plan_id, limit=20, after=page.next)
    assert [row.turn for row in (*page.rows, *rest.rows)] == list(range(1, 31))
