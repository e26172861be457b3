"""Rates of areas: pooled over weeks, told or hidden, the same for every viewer."""

import datetime as dt
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.area.tables import Division
from geo_registry.db import today
from geo_registry.measure.reads import (
    area_rates,
)
from geo_registry.measure.rules import monday
from tests.factories import make_block, make_division, make_viewer, square

NOW = monday(today())
WEEK = dt.timedelta(days=7)
LEADER = make_viewer(Role.LEADER)


@pytest.fixture
def township(session: Session) -> Division:
    return make_division(session, parent=make_division(session))


def count(
    session: Session,
    leaf: UUID,
    areas: Division,
    *,
    is_block: bool = True,
    week: dt.date = NOW,
    **counts: int,
) -> None:
    """Add counts of a week to a leaf, as the triggers would keep them."""
    community = areas.id if areas.level == "community" else None
    state = {
        name: counts.get(name, 0)
        for name in ("units", "rental_units", "persons", "registered", "addresses", "plated")
    }
    session.execute(
        text("""
            INSERT INTO registry.tally AS t (leaf_id, block_id, district_id, township_id, community_id, units,
              rental_units, persons, registered, addresses, plated)
            VALUES (:leaf, :block, :d, :t, :c, :units, :rental_units, :persons, :registered, :addresses, :plated)
            ON CONFLICT (leaf_id) DO UPDATE SET units = t.units + excluded.units,
              rental_units = t.rental_units + excluded.rental_units, persons = t.persons + excluded.persons,
              registered = t.registered + excluded.registered, addresses = t.addresses + excluded.addresses,
              plated = t.plated + excluded.plated"""),
        {"leaf": leaf, "block": leaf if is_block else None, "d": areas.district_id, "t": areas.township_id, "c": community, **state},
    )  # fmt: skip
    names = ", ".join(counts)
    values = ", ".join(f":{name}" for name in counts)
    sums = ", ".join(f"{name} = w.{name} + excluded.{name}" for name in counts)
    session.execute(
        text(f"""
            INSERT INTO registry.tally_week AS w (leaf_id, week, {names}) VALUES (:leaf, :week, {values})
            ON CONFLICT (leaf_id, week) DO UPDATE SET {sums}"""),
        {"leaf": leaf, "week": week, **counts},
    )


def community_of(
    session: Session, township: Division, *met: tuple[int, int], **more: int
) -> tuple[Division, list[UUID]]:
    """Store a community with a block for each (met, registered), 100 persons in 40 units each."""
    community = make_division(session, parent=township)
    blocks = []
    for index, (n, k) in enumerate(met):
        # Side by side: blocks do not overlap.
        block = make_block(
            session, community, boundary=square(len(blocks) * 40 + 400 * int(community.code), index, 20)
        )
        count(
            session, block.id, community, units=40, persons=100, persons_met=n, persons_registered=k, **more
        )
        blocks.append(block.id)
    return community, blocks


def test_a_rate_is_pooled_over_eight_weeks_up_to_the_asked_one(session: Session, township: Division) -> None:
    community, (block, *_) = community_of(session, township, (100, 80), (100, 60))
    count(session, block, community, week=NOW - 7 * WEEK, persons_met=50, persons_registered=20)
    count(session, block, community, week=NOW - 8 * WEEK, persons_met=900, persons_registered=900)
    rate = area_rates(session, LEADER, area_id=community.id).rates["registration_rate"]
    assert (rate.shown, rate.n, rate.k, rate.percent) == ("value", 250, 160, 64.0)
    assert rate.low == pytest.approx(57.88, abs=0.01)
    assert rate.high == pytest.approx(69.70, abs=0.01)
    assert (rate.target, rate.verdict, rate.class_no, rate.is_full) == (91.0, "missed", 0, False)
    before = area_rates(session, LEADER, area_id=community.id, week=NOW - WEEK).rates["registration_rate"]
    assert (before.n, before.k) == (950, 920)
    assert rate.change == pytest.approx(64.0 - 100 * 920 / 950, abs=0.01)
