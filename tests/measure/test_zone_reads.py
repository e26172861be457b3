"""Rates of zones: told as one area of their week, and their blocks below them (R57)."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.measure.reads import (
    AreaRates,
    Rate,
    area_rates,
    ranking,
    rates_of_blocks,
    rates_of_zone,
    rates_of_zones,
    series_of_zone,
)
from tests.factories import square
from tests.measure.counted import LEADER, NOW, WEEK, community_of, count


def zone_of(
    session: Session, community: Division, blocks: Sequence[UUID], *, since: dt.date, **more: object
) -> UUID:
    """Store a zone of some blocks that was proposed on a day."""
    values = {
        "id": new_id(),
        "d": community.district_id,
        "since": since,
        "shape": square(0, 0, 50),
        "state": "notified",
    }
    session.execute(
        text("""INSERT INTO registry.zone (id, name, ground, state, proposed_on, boundary, district_id, changed_at)
                VALUES (:id, '片区', 'low_registration', :state, :since, ST_Multi(CAST(:shape AS geometry)), :d, :changed)"""),
        {"changed": today(), **values, **more},
    )  # fmt: skip
    for block in blocks:
        session.execute(
            text("INSERT INTO registry.zone_block (zone_id, block_id) VALUES (:zone, :block)"),
            {"zone": values["id"], "block": block},
        )
    own: UUID = values["id"]  # type: ignore[assignment]
    return own


def registration(found: AreaRates) -> Rate:
    """Return the registration rate."""
    return found.rates["registration_rate"]


def test_a_zone_is_told_where_its_blocks_are_not(session: Session, township: Division) -> None:
    community, blocks = community_of(session, township, (25, 12), (28, 14), (20, 10), (300, 250), (200, 150))
    zone = zone_of(session, community, blocks[:3], since=NOW - WEEK)
    rate = registration(rates_of_zone(session, zone))
    assert (rate.shown, rate.n, rate.k, rate.verdict) == ("value", 73, 36, "missed")
    found = rates_of_zone(session, zone)
    assert (found.level, found.id, found.persons, found.units, found.left_out) == ("zone", zone, 300, 120, 0)
    assert {registration(area_rates(session, LEADER, area_id=one)).shown for one in blocks[:3]} == {"hidden"}
    # Larger sets add up what is told; sets that cut the zone leave it out.
    assert registration(rates_of_blocks(session, blocks[:4])).n == 373
    cut = rates_of_blocks(session, [*blocks[:2], blocks[3]])
    assert (registration(cut).n, cut.left_out) == (300, 2)
    assert rates_of_zones(session, [zone, new_id()])[0] == found


def test_a_small_zone_is_hidden_and_what_lies_beside_it_too(session: Session, township: Division) -> None:
    community, blocks = community_of(session, township, (12, 8), (9, 5), (90, 60), (300, 250))
    zone = zone_of(session, community, blocks[:2], since=NOW - WEEK)
    found = rates_of_zone(session, zone)
    assert (registration(found).shown, registration(found).verdict, found.left_out) == (
        "hidden",
        "too_few",
        2,
    )
    shown = [registration(area_rates(session, LEADER, area_id=one)).shown for one in blocks]
    assert shown == ["hidden", "hidden", "class", "value"]


def test_a_zone_across_communities_is_told_when_all_its_parts_are(
    session: Session, township: Division
) -> None:
    one, left = community_of(session, township, (60, 30), (90, 60), (90, 60))
    two, right = community_of(session, township, (60, 30), (90, 60), (90, 60), (12, 6), (15, 5))
    whole = zone_of(session, one, [*left[:1], *right[:1]], since=NOW - WEEK)
    assert (registration(rates_of_zone(session, whole)).n, rates_of_zone(session, whole).persons) == (
        120,
        200,
    )
    half = zone_of(session, two, [left[1], right[3]], since=NOW - WEEK)
    assert registration(rates_of_zone(session, half)).shown == "hidden"


def test_a_week_keeps_the_zones_that_it_began_with(session: Session, township: Division) -> None:
    """Zones proposed and ended later draw no new lines through a week: nothing told of it changes."""
    community, blocks = community_of(session, township, (25, 12), (28, 14), (300, 250), (200, 150))
    before = ranking(session, LEADER, area_id=community.id, level="block")
    fresh = zone_of(session, community, blocks[:2], since=NOW)
    assert registration(rates_of_zone(session, fresh)).shown == "hidden"
    assert ranking(session, LEADER, area_id=community.id, level="block") == before
    session.execute(text("DELETE FROM registry.zone_block"))
    ended = zone_of(session, community, blocks[:2], since=NOW - WEEK, state="failed", changed=NOW)
    assert registration(rates_of_zone(session, ended)).n == 53
    session.execute(text("DELETE FROM registry.zone_block"))
    over = zone_of(
        session,
        community,
        blocks[:2],
        since=NOW - 2 * WEEK,
        state="failed",
        changed=NOW - dt.timedelta(days=1),
    )
    assert registration(rates_of_zone(session, over)).shown == "hidden"


def test_a_zone_week_by_week(session: Session, township: Division) -> None:
    community, blocks = community_of(session, township, (50, 40), (50, 30), (200, 100))
    for block, met in zip(blocks, (25, 25, 100), strict=True):
        count(
            session, block, community, week=NOW - 3 * WEEK, persons_met=met, persons_registered=met * 3 // 5
        )
    zone = zone_of(session, community, blocks[:2], since=NOW - 2 * WEEK)
    series = series_of_zone(session, zone, weeks=5)
    assert [week for week, _ in series] == [NOW - step * WEEK for step in (4, 3, 2, 1, 0)]
    assert [(rate.shown, rate.n) for _, rate in series] == [
        ("none", None), ("hidden", None), ("hidden", None), ("value", 50), ("value", 150)
    ]  # fmt: skip
    assert series[-1][1] == registration(rates_of_zone(session, zone))
    # A change is told between two weeks of the same zone alone.
    assert [rate.change for _, rate in series] == [
        None,
        None,
        None,
        None,
        pytest.approx(66.67 - 60, abs=0.01),
    ]
