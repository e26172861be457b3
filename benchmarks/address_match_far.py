"""Doors of class A far from where their plates hung ten years before: another door, or a point that was moved."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text as sql

from geo_registry.address.matching import Match
from geo_registry.db import Session

FAR_M = 100.0
METRES = 100_900, 110_800
"""A degree of longitude and of latitude at the county."""
OTHER, RENAMED, KEPT, MOVED = (
    "another door than the plate's",
    "the same door, in another village or neighbourhood by now",
    "the same parts, the plate of 2026 hangs where it hung, the registry's point lies elsewhere",
    "the same parts down to village and neighbourhood, the plate of 2026 hangs elsewhere",
)
Key = tuple[str, ...]
_OUTSIDE = sql("""
    SELECT p.n
    FROM unnest(CAST(:ids AS uuid[]), CAST(:lons AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY p (id, lon, lat, n)
      JOIN registry.address a ON a.id = p.id JOIN registry.division c ON c.id = a.community_id
    WHERE NOT ST_Covers(c.boundary, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4490))
""")


class Plate(NamedTuple):
    """A plate: its text, what it is in normal form, its village and neighbourhood, and where it hung."""

    text: str
    key: Key | None
    within: tuple[str, str]
    lon: float | None
    lat: float | None


def metres(plate: Plate, lon: float | None, lat: float | None) -> float:
    """Return how far a plate hung from a point; 0 where one of them is not known."""
    if lon is None or lat is None or plate.lon is None or plate.lat is None:
        return 0.0
    return math.hypot((lon - plate.lon) * METRES[0], (lat - plate.lat) * METRES[1])


def report(
    session: Session,
    certain: Sequence[tuple[Plate, Match]],
    listed: Mapping[Key | None, Sequence[Plate]],
    today: Mapping[Key, AbstractSet[tuple[UUID, UUID]]],
) -> None:
    """Print of all plates of class A how many lie far away, and why, each compared by its parts."""
    counts = Counter(_reason(plate, found, listed, today) for plate, found in certain)
    print(f"of {len(certain)} of class A, near and far: {counts[OTHER]} {OTHER}, {counts[RENAMED]} {RENAMED}")
    outside = _outside(session, certain)
    far = [
        (at, plate, found)
        for at, (plate, found) in enumerate(certain)
        if found.best and metres(plate, found.best.lon, found.best.lat) > FAR_M
    ]
    left = sum(at not in outside for at, *_ in far)
    print(
        f"A beyond {FAR_M:.0f} m: {len(far)} of {len(certain)} ({len(far) / len(certain):.5f}); without the {len(outside)} "
        f"plates outside their village in 2016: {left} ({left / (len(certain) - len(outside)):.5f})"
    )
    reasons = defaultdict[str, list[tuple[float, str]]](list)
    for _, plate, found in far:
        if found.best:
            distance = metres(plate, found.best.lon, found.best.lat)
            line = f"{plate.text} -> {found.best.text} {distance:.0f} m"
            reasons[_reason(plate, found, listed, today)].append((distance, line))
    for reason, lines in sorted(reasons.items()):
        cuts = statistics.quantiles([distance for distance, _ in lines] * 2, n=4)
        print(f"  {len(lines)}: {reason}; quartiles {'/'.join(f'{cut:.0f}' for cut in cuts)} m")
        for _, line in lines[: 4 if reason == MOVED else 20]:
            print(f"    {line}")


def _reason(
    plate: Plate,
    found: Match,
    listed: Mapping[Key | None, Sequence[Plate]],
    today: Mapping[Key, AbstractSet[tuple[UUID, UUID]]],
) -> str:
    best = found.best
    held = today[plate.key] if plate.key else frozenset[tuple[UUID, UUID]]()
    if best is None or not any(
        best.address_id == address and best.unit_id in {None, unit} for address, unit in held
    ):
        return OTHER
    same = [one for one in listed[plate.key] if one.within == plate.within]
    if not same:
        return RENAMED
    return MOVED if min(metres(plate, one.lon, one.lat) for one in same) > FAR_M else KEPT


def _outside(session: Session, certain: Sequence[tuple[Plate, Match]]) -> frozenset[int]:
    """Return which plates hung outside the village of their door."""
    rows = session.execute(_OUTSIDE, {
        "ids": [found.best.address_id if found.best else None for _, found in certain],
        "lons": [plate.lon for plate, _ in certain], "lats": [plate.lat for plate, _ in certain],
    })  # fmt: skip
    return frozenset(row.n - 1 for row in rows)
