"""What speaks against the numbers of a street: found from the whole row of numbers, kept until it is cured.

Scopes (a place name, or a community without names) are checked, one or many together; whoever changes a
number or a place checks its scope in the same transaction, so that the list is never older than the numbers.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import text

from geo_registry.address.numbering.axis import metres_per_degree
from geo_registry.address.numbering.numbered import Numbered, Series, series_of_many
from geo_registry.address.numbering.series import Held, Parity, rising
from geo_registry.address.numbering.street_plan import FAR_FROM_AXIS_M, remarks_of
from geo_registry.address.places import profile_in_force
from geo_registry.db import Session, translated
from geo_registry.text import normal_key

ONE_PLACE_M = 1.0
"""Two different numbers closer together than this are one door."""
LONG_JUMP = 20
"""A jump of more than this on one side, with buildings without a number between, is a gap."""
_SIDES: dict[Parity, int] = {"odd": 1, "even": 0}
_IN_USE = frozenset({"proposed", "current"})
_KIND_OF = {
    "other-side": "other_side", "out-of-order": "out_of_order", "far-from-street": "far_from_street",
    "lane-number": "duplicate",
}  # fmt: skip
_SPELLINGS = re.compile("[附付之支副号號-]+")
# Two acts on one street must not both write what they found; the key is that of the street.
_ALONE = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('address_warning/' || scope, 0))
    FROM unnest(CAST(:scopes AS text[])) scope
""")
_AREAS = text("""
    SELECT m.ids, ST_AsBinary(d.boundary) AS shape
    FROM (SELECT coalesce(a.community_id, a.township_id, a.district_id) AS division_id, array_agg(a.id) AS ids
          FROM registry.address a
          WHERE a.scope_id = ANY (CAST(:scopes AS uuid[])) AND a.position IS NOT NULL
            AND a.state IN ('proposed', 'current')
          GROUP BY 1) m
      JOIN registry.division d ON d.id = m.division_id
    WHERE d.boundary IS NOT NULL
""")
_OLD_SIGNS = text("""
    SELECT DISTINCT s.address_id FROM registry.address a JOIN registry.old_signs() s ON s.address_id = a.id
    WHERE a.scope_id = ANY (CAST(:scopes AS uuid[])) AND a.state IN ('proposed', 'current')
""")
_BUILDINGS = text("SELECT lon, lat FROM registry.unnumbered_buildings(:scope, :reach)")
# Dwellings behind an address and signs made for it: so many would stand wrong on paper or on the wall.
_WEIGHTS = text("""
    SELECT a.id,
      (SELECT count(*) FROM registry.building_address m
         JOIN registry.housing_unit u ON u.building_id = m.building_id
       WHERE m.address_id = a.id AND m.valid @> CURRENT_DATE
         AND u.state NOT IN ('retired', 'not_realized', 'removed', 'rejected'))
      + (SELECT count(*) FROM registry.plate p
         WHERE p.address_id = a.id AND p.state IN
           ('ordered', 'produced', 'delivered', 'installed', 'verified', 'damaged', 'missing')) AS weight
    FROM registry.address a WHERE a.id = ANY (:ids)
""")
_SCOPES = text("""
    SELECT DISTINCT s.scope_id FROM (
      SELECT a.scope_id, a.district_id, a.township_id, a.community_id FROM registry.address a
      WHERE a.state IN ('proposed', 'current')
      UNION ALL
      SELECT w.scope_id, w.district_id, w.township_id, w.community_id FROM registry.address_warning w) s
    WHERE registry.covers(CAST(:areas AS uuid[]), s.district_id, s.township_id, s.community_id)
    ORDER BY s.scope_id
""")
_STORE = text("""
    WITH found AS (
      SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:effects AS int[]))
        f (address_id, kind, effect)
    ), cured AS (
      DELETE FROM registry.address_warning w WHERE w.scope_id = ANY (CAST(:scopes AS uuid[]))
        AND NOT EXISTS (SELECT FROM found f WHERE f.address_id = w.address_id AND f.kind = w.kind)
    ), stored AS (
      INSERT INTO registry.address_warning AS w
        (address_id, kind, scope_id, effect, district_id, township_id, community_id)
      SELECT f.address_id, f.kind, a.scope_id, f.effect, a.district_id, a.township_id, a.community_id
      FROM found f JOIN registry.address a ON a.id = f.address_id
      ON CONFLICT (address_id, kind) DO UPDATE SET effect = excluded.effect, scope_id = excluded.scope_id,
        district_id = excluded.district_id, township_id = excluded.township_id,
        community_id = excluded.community_id
      WHERE (w.effect, w.scope_id, w.district_id, w.township_id, w.community_id) IS DISTINCT FROM
        (excluded.effect, excluded.scope_id, excluded.district_id, excluded.township_id,
         excluded.community_id)
    )
    SELECT count(*) FROM found f
    WHERE NOT EXISTS (SELECT FROM registry.address_warning w
                      WHERE w.address_id = f.address_id AND w.kind = f.kind AND w.accepted_at IS NOT NULL)
""")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that speaks against an address, and how many neighbours it concerns."""

    address_id: UUID
    kind: str
    neighbours: int = 0


def check_scope(session: Session, scope_id: UUID) -> int:
    """Find anew what speaks against the numbers of a street; answer how many open warnings it has.

    What was cured goes, what was accepted stays accepted, and what is new is added.
    """
    return check_scopes(session, [scope_id])


def check_scopes(session: Session, scope_ids: Iterable[UUID]) -> int:
    """Check several streets in the same order everywhere; answer how many open warnings they have."""
    asked = {"scopes": sorted(set(scope_ids))}
    if not asked["scopes"]:
        return 0
    with translated():
        session.flush()
        session.execute(_ALONE, {"scopes": [str(one) for one in asked["scopes"]]})
    streets = series_of_many(session, profile_in_force(session), asked["scopes"])
    found = [Found(one, "old_sign") for one in session.execute(_OLD_SIGNS, asked).scalars()]
    found += _outside(session, asked, streets.values())
    for scope_id, series in streets.items():
        used = [one for one in series.given if one.state in _IN_USE]
        found += [*_missing(used), *_doubled(used)]
        if series.axis is not None:
            held = series.held(None)
            runs = {
                side: rising([one for one in held if one.number % 2 == odd]) for side, odd in _SIDES.items()
            }
            found += _beside(series, runs)
            found += _gaps(session, series, runs, scope_id) if series.has_sides else ()
    return _store(session, asked, found)


def scopes_of(session: Session, area_ids: Sequence[UUID] | None = None) -> list[UUID]:
    """Return the streets that have numbers or warnings in some areas, or everywhere."""
    asked = {"areas": None if area_ids is None else list(area_ids)}
    return list(session.execute(_SCOPES, asked).scalars())


def _missing(used: Sequence[Numbered]) -> Iterator[Found]:
    for one in used:
        if one.lon is None and one.state == "current":
            yield Found(one.id, "no_position")


def _beside(series: Series, runs: dict[Parity, list[Held]]) -> Iterator[Found]:
    """Yield numbers on the wrong side, out of order, far from the street, or of a lane's own."""
    leading = {one.number for run in runs.values() for one in run}
    along, beside = series.along
    numbers = np.array([one.number for one in series.given])
    is_odd = (beside >= 0) == (series.odd_hand == "left")
    settled = [*leading.difference(series.lanes)]
    # Most numbers are right: only what any remark could be about is looked at one by one.
    is_right = (is_odd == (numbers % 2 == 1)) & (abs(beside) <= FAR_FROM_AXIS_M) & np.isin(numbers, settled)
    for place in np.flatnonzero(~np.isnan(along) & ~is_right).tolist():
        one = series.given[place]
        if one.state in _IN_USE:
            for remark in remarks_of(series, one, float(beside[place]), leading):
                yield Found(one.id, _KIND_OF[remark])


def _doubled(used: Sequence[Numbered]) -> Iterator[Found]:
    """Yield numbers that read alike but for their spelling, and different numbers at one place."""
    spelt = [_spelt(one.number_text) for one in used]
    times = Counter(spelt)
    if len(times) < len(used):
        for one, written in zip(used, spelt, strict=True):
            if times[written] > 1:
                yield Found(one.id, "duplicate", times[written] - 1)
    placed = [one for one in used if one.lon is not None and one.lat is not None and one.state == "current"]
    if len(placed) < 2:
        return
    places = np.array([[one.lon, one.lat] for one in placed], dtype=np.float64)
    spots = (places - places[0]) * metres_per_degree((float(places[0, 0]), float(places[0, 1])))
    points = shapely.points(spots)
    left, right = shapely.STRtree(points).query(points, predicate="dwithin", distance=ONE_PLACE_M)
    near = defaultdict[UUID, int](int)
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        # A number and its sub-numbers (12, 12-1) often share one door.
        if placed[a].number != placed[b].number:
            near[placed[a].id] += 1
    yield from (Found(one, "duplicate", count) for one, count in near.items())


@lru_cache(maxsize=65_536)
def _spelt(number_text: str) -> str:
    """Return a number without the marks that are written in more than one way."""
    return _SPELLINGS.sub("-", normal_key(number_text)).strip("-")


def _outside(session: Session, asked: dict[str, list[UUID]], streets: Iterable[Series]) -> Iterator[Found]:
    """Yield numbers whose place lies outside of the community or township that they belong to."""
    places = {
        one.id: (one.lon, one.lat)
        for series in streets
        for one in series.given
        if one.lon is not None and one.state in _IN_USE
    }
    for area in session.execute(_AREAS, asked):
        own = [one for one in area.ids if one in places]
        spots = np.array([places[one] for one in own], dtype=np.float64).reshape(-1, 2)
        inside = shapely.intersects_xy(_ground(bytes(area.shape)), spots[:, 0], spots[:, 1])
        yield from (
            Found(one, "outside_area") for one, is_in in zip(own, inside.tolist(), strict=True) if not is_in
        )


@lru_cache(maxsize=64)
def _ground(shape: bytes) -> shapely.Geometry:
    ground = shapely.from_wkb(shape)
    shapely.prepare(ground)
    return ground


def _gaps(
    session: Session, series: Series, runs: dict[Parity, list[Held]], scope_id: UUID
) -> Iterator[Found]:
    """Yield numbers after a long jump over buildings that have none."""
    jumps = [
        (low, high, side)
        for side, run in runs.items()
        for low, high in pairwise(run)
        if high.number - low.number > LONG_JUMP
    ]
    if not jumps or series.axis is None:
        return
    doors = session.execute(_BUILDINGS, {"scope": scope_id, "reach": FAR_FROM_AXIS_M}).all()
    if not doors:
        return
    along, beside = series.axis.feet(np.array([[one.lon, one.lat] for one in doors], dtype=np.float64))
    odd = (beside >= 0) == (series.odd_hand == "left")
    bearer = {one.number: one.id for one in series.given if one.number_key == str(one.number)}
    for low, high, side in jumps:
        is_between = (along > low.metres) & (along < high.metres) & (odd == (side == "odd"))
        if between := int(is_between.sum()):
            yield Found(bearer[high.number], "gap", between)


def _store(session: Session, scopes: dict[str, list[UUID]], found: Iterable[Found]) -> int:
    neighbours = defaultdict[tuple[UUID, str], int](int)
    for one in found:
        key = one.address_id, one.kind
        neighbours[key] = max(neighbours[key], one.neighbours)
    ids = list({address_id for address_id, _ in neighbours})
    weights = {row.id: int(row.weight) for row in session.execute(_WEIGHTS, {"ids": ids})} if ids else {}
    asked: dict[str, Any] = {
        **scopes,
        "ids": [address_id for address_id, _ in neighbours],
        "kinds": [kind for _, kind in neighbours],
        "effects": [1 + weights[address_id] + more for (address_id, _), more in neighbours.items()],
    }
    with translated():
        return int(session.execute(_STORE, asked).scalar_one())
