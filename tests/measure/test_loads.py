"""Loads of blocks and coordinators against the frame of the profile (R18, R83)."""

import pytest
from sqlalchemy.orm import Session

from geo_registry.address.profile import load_profile
from geo_registry.grid import writes
from geo_registry.measure.loads import block_loads, coordinator_loads, load_verdict
from tests.factories import live_at, make_person
from tests.grid.conftest import Quarter, build_quarter

MEASURES = load_profile("shanghai").measures


@pytest.mark.parametrize(
    ("persons", "rental_units", "verdict"),
    [
        (299, 199, "under"), (300, 0, "fit"), (0, 200, "fit"), (500, 300, "fit"), (501, 0, "over"),
        (0, 301, "over"), (600, 0, "over"), (601, 0, "far_over"), (0, 361, "far_over"), (None, 0, "unknown"),
        (None, 250, "fit"), (None, 301, "over"),
    ],
)  # fmt: skip
def test_both_bounds_of_both_frames_judge(persons: int | None, rental_units: int, verdict: str) -> None:
    assert load_verdict(persons, rental_units, MEASURES) == verdict


@pytest.fixture
def quarter(session: Session) -> Quarter:
    """Give three blocks; twelve persons live in A, fifteen in B and three in C."""
    quarter = build_quarter(session)
    for (unit, _), count in zip(quarter.units, (12, 15, 3), strict=True):
        for _ in range(count):
            live_at(session, make_person(session), unit)
    session.flush()
    return quarter


def test_blocks_tell_no_small_count_and_coordinators_leave_it_out(quarter: Quarter) -> None:
    viewer, who = quarter.viewer(), quarter.coordinator(name="何某")
    for block in quarter.blocks[1:]:
        writes.assign_block(
            quarter.session, viewer, block_id=block.id, version=1, account_id=who.id, document_number="1号"
        )
    quarter.session.flush()
    loads = block_loads(quarter.session, viewer, area_id=quarter.community.id)
    assert [load.code for load in loads] == ["A", "B", "C"]
    assert [(load.units, load.rental_units, load.coordinator) for load in loads] == [
        (2, 2, None), (2, 2, "何某"), (2, 2, "何某")
    ]  # fmt: skip
    assert loads[2].persons is None
    # Of one small block in a told community a second one is hidden too.
    assert [load.persons for load in loads].count(None) >= 2
    (own,) = coordinator_loads(quarter.session, viewer, area_id=quarter.community.id)
    told = [load.persons for load in loads[1:] if load.persons is not None]
    assert (own.blocks, own.units, own.rental_units) == (2, 4, 4)
    assert (own.persons, own.left_out) == (sum(told) if told else None, 2 - len(told))
