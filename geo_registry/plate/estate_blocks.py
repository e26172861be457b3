"""The buildings of an estate's table, and where each stands."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from geo_registry.address.numbering.axis import metres_per_degree
from geo_registry.address.numbering.storing import Flaw
from geo_registry.housing.estate_rows import EstateRow, building_key

MOST_BUILDINGS = 1000
FAR_APART_M = 100.0
"""Rows of one building whose places lie farther apart than this do not tell where it stands."""


@dataclass(frozen=True, slots=True)
class BuildingPlace:
    """Where a building of the table stands (degrees), or which registered building it is."""

    building: str
    lon: float | None = None
    lat: float | None = None
    building_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A building of the table: its key, how it is written, its first row, and its place."""

    key: str
    written: str
    first: int
    lon: float | None
    lat: float | None
    building_id: UUID | None = None


def blocks_of(rows: Sequence[EstateRow], places: Sequence[BuildingPlace]) -> list[Block]:
    """Return the buildings of the table in the order of their first rows."""
    told = {building_key(one.building): one for one in places}
    found: dict[str, Block] = {}
    for number, row in enumerate(rows):
        key = building_key(row.building)
        known, place = found.get(key), told.get(key)
        if known is None:
            lon, lat = (place.lon, place.lat) if place and place.lon is not None else (row.lon, row.lat)
            found[key] = Block(key, row.building, number, lon, lat, place.building_id if place else None)
        elif known.lon is None and known.building_id is None and row.lon is not None:
            found[key] = replace(known, lon=row.lon, lat=row.lat)
    return list(found.values())


def misplaced(
    blocks: Sequence[Block], rows: Sequence[EstateRow], places: Sequence[BuildingPlace]
) -> Iterator[Flaw]:
    """Yield what is wrong with the places of buildings: none, two, or of a building that no row names."""
    if len(blocks) > MOST_BUILDINGS:
        yield Flaw("rows", "rows-too-many", f"一次可登记 {MOST_BUILDINGS} 幢以内")
    for one in blocks:
        if one.building_id is None and (one.lon is None or one.lat is None):
            detail = "没有楼栋位置：请在表中填写经度、纬度，或在图上标出"
            yield Flaw(f"rows/{one.first}/building", "position-missing", detail)
    yield from _misnamed({one.key for one in blocks}, places)
    settled = {building_key(one.building) for one in places if one.lon is not None or one.building_id}
    yield from _scattered([one for one in blocks if one.key not in settled], rows)


def _misnamed(keys: Container[str], places: Sequence[BuildingPlace]) -> Iterator[Flaw]:
    """Yield places of a building that the table does not have or that has one already, and half places."""
    seen = dict[str, BuildingPlace]()
    for number, place in enumerate(places):
        key, pointer = building_key(place.building), f"places/{number}/building"
        if key not in keys:
            yield Flaw(pointer, "building-not-in-table", f"表中没有 {place.building}，请核对楼栋")
        elif not _is_one(seen.setdefault(key, place), place):
            yield Flaw(pointer, "building-twice", f"{place.building} 标了两个位置，请留一个")
        if (place.lon is None) != (place.lat is None):
            yield Flaw(f"places/{number}/lon", "position-invalid", "经度、纬度须同时填写")


def _is_one(left: BuildingPlace, right: BuildingPlace) -> bool:
    """Tell whether two places of a building (marked as 3栋 and as 三栋) may both be its own."""
    if left.building_id != right.building_id or (left.lon is None) != (right.lon is None):
        return False
    return _metres_apart((left.lon, left.lat), (right.lon, right.lat)) <= FAR_APART_M


def _metres_apart(left: tuple[float | None, float | None], right: tuple[float | None, float | None]) -> float:
    """Return the metres between two places, 0 where one is not known."""
    (lon, lat), (other_lon, other_lat) = left, right
    if lon is None or lat is None or other_lon is None or other_lat is None:
        return 0.0
    return float(np.hypot(*((np.array((other_lon, other_lat)) - (lon, lat)) * metres_per_degree((lon, lat)))))


def _scattered(blocks: Sequence[Block], rows: Sequence[EstateRow]) -> Iterator[Flaw]:
    """Yield rows that put a building far from where an earlier row put it."""
    stands = {one.key: (one.lon, one.lat) for one in blocks}
    told = set[str]()
    for number, row in enumerate(rows):
        key = building_key(row.building)
        if key in told or key not in stands:
            continue
        away = _metres_apart(stands[key], (row.lon, row.lat))
        if away > FAR_APART_M:
            told.add(key)
            detail = f"{row.building} 与前面各行的位置相距 {away:.0f} 米，请核对，或在图上标出"
            yield Flaw(f"rows/{number}/lon", "position-differs", detail)
