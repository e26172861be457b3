"""Drawing samples of dwellings: the frame, the strata, and a draw that its seed repeats."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, text

from geo_registry.area.reads import ENDED, outside, within
from geo_registry.area.tables import Division
from geo_registry.area.writes import Areas
from geo_registry.db import Session
from geo_registry.errors import RuleBroken
from geo_registry.grid.tables import BuildingBlock, GridBlock
from geo_registry.housing.tables import HousingUnit

AREA_KINDS = ("division", "block", "zone")
STRATA = ("none", "community", "block")
MOST_UNITS = 5_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """A unit of a sample: its stratum, and of how many units of the frame it speaks."""

    unit_id: UUID
    stratum: str
    weight: float


def draw(frame: Sequence[tuple[UUID, str]], size: int, seed: int) -> list[Drawn]:
    """Return a random sample of a frame of (unit, stratum), in the order of the draw.

    Each stratum gives its share of the size, at least one unit where the size allows it. The same frame, size
    and seed give the same sample, whatever the order of the frame.
    """
    strata: dict[str, list[UUID]] = {}
    for unit_id, stratum in sorted(frame):
        strata.setdefault(stratum, []).append(unit_id)
    chance = random.Random(seed)  # noqa: S311 - a sample must be repeatable from its seed
    shares = allotted([len(units) for _, units in sorted(strata.items())], size)
    drawn = []
    for (stratum, units), share in zip(sorted(strata.items()), shares, strict=True):
        weight = len(units) / share if share else 1.0
        drawn += [Drawn(unit_id, stratum, weight) for unit_id in chance.sample(units, share)]
    return drawn


def allotted(sizes: Sequence[int], total: int) -> list[int]:
    """Return how many of `total` each stratum gives in proportion to its size: largest remainders first.

    Where there is enough for all, none is left out.
    """
    least = 1 if total >= len(sizes) else 0
    free, whole = total - least * len(sizes), sum(sizes) - least * len(sizes)
    exact = [free * (size - least) / whole if whole else 0.0 for size in sizes]
    shares = [least + int(part) for part in exact]
    by_remainder = sorted(range(len(sizes)), key=lambda i: (int(exact[i]) - exact[i], i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def frame_hash(frame: Iterable[tuple[UUID, str]]) -> bytes:
    """Return the hash of a frame: its unit ids in order, one a line."""
    lines = "".join(f"{unit_id}\n" for unit_id, _ in sorted(frame))
    return hashlib.sha256(lines.encode()).digest()


def frame_of(session: Session, kind: str, area_id: UUID, strata: str) -> list[tuple[UUID, str]]:
    """Return the live units of a division, block or zone in order of id, each with its stratum."""
    block = BuildingBlock.block_id
    code: Any = {"none": literal(""), "block": GridBlock.code, "community": Division.code}[strata]
    query = (
        select(HousingUnit.id, func.coalesce(code, ""))
        .outerjoin(BuildingBlock, BuildingBlock.building_id == HousingUnit.building_id)
        .outerjoin(GridBlock, GridBlock.id == block)
        .outerjoin(Division, Division.id == HousingUnit.community_id)
        .where(outside(HousingUnit.state, ENDED["housing_unit"]))
    )
    if kind == "division":
        query = query.where(within(HousingUnit, area_id))
    else:
        query = query.where(block.in_([area_id] if kind == "block" else blocks_of_zone(session, area_id)))
    return [(row[0], row[1]) for row in session.execute(query.order_by(HousingUnit.id))]


def blocks_of_zone(session: Session, zone_id: UUID) -> list[UUID]:
    """Return the blocks of a zone; its noun stands above this one."""
    query = text("SELECT block_id FROM registry.zone_block WHERE zone_id = :zone")
    return list(session.execute(query, {"zone": zone_id}).scalars())


def areas_of_target(session: Session, kind: str, area_id: UUID) -> Areas:
    """Return the areas that the target of a sample lies in, itself included.

    Raises:
        RuleBroken: `area-unknown`.

    """
    found = session.execute(_TARGETS[kind], {"id": area_id}).one_or_none()
    if found is None:
        raise RuleBroken("area-unknown", "没有这个区划、网格或整治区，请重新选择抽样范围", field="area_id")
    return Areas(*found)


_TARGETS = {
    "division": text("""
        SELECT coalesce(d.district_id, d.id), CASE d.level WHEN 'township' THEN d.id ELSE d.township_id END,
          CASE d.level WHEN 'community' THEN d.id END
        FROM registry.division d WHERE d.id = :id AND d.level IN ('district', 'township', 'community')"""),
    "block": text("""
        SELECT district_id, township_id, community_id FROM registry.grid_block
        WHERE id = :id AND state = 'current'"""),
    "zone": text("SELECT district_id, township_id, community_id FROM registry.zone WHERE id = :id"),
}
