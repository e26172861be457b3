"""The steps from what was written to what was found, row by row: pure rules."""

from collections.abc import Iterator
from functools import lru_cache
from uuid import UUID

from geo_registry.address.matching.chains import MOST_BELOW, Met
from geo_registry.address.matching.keys import Ask, Asked, Correction
from geo_registry.address.matching.lookup import DoorKey, Row


def door_keys(ask: Ask, scope: UUID) -> list[DoorKey]:
    """Return the keys of a door below a scope; the number of a building may stand at any door there."""
    door = ask.door
    if door is None:
        return []
    exact = DoorKey(scope, "exact", door.number, door.building, door.unit)
    if not door.is_building:
        return [exact] if door.number else []
    return [exact, DoorKey(scope, "building", "", door.text, door.unit)]


def place_steps(met: Met, count: int) -> Iterator[Correction]:
    """Tell how a place name was met, one of `count`."""
    name = met.place.full_name
    if met.via:
        yield Correction(f"“{met.via}”是曾用名，今为“{name}”", 0.08)
    if met.is_below:
        yield Correction(f"未写上级地名，按“{name}”理解", 0.1, is_certain=count < MOST_BELOW)
    if met.skipped:
        yield Correction(f"未写“{met.skipped}”，按“{name}”理解", 0.1)


def way_steps(key: DoorKey, row: Row, ask: Ask) -> Iterator[Correction]:
    """Tell how a door was met (a row of match_doors)."""
    if key.way == "within":
        yield Correction(f"未写路名，按“{row.via}”理解", 0.1)
    if key.way == "inside":
        # A number that is not registered is likelier new than one in a lane that was left out.
        yield Correction(f"未写弄、巷，按“{row.via}”理解", 0.1, is_certain=False)
    if key.way == "near" and ask.door is not None:
        yield Correction(f"没有登记 {ask.door.text}，门牌相近而不同", 0.45, is_certain=False)
    if key.way == "building" and ask.door is not None:
        yield Correction(f"未写门牌号，按楼栋号 {ask.door.text} 理解", 0.1)


def is_neighborhood(asked: Asked, row: Row) -> bool:
    """Tell whether the written neighbourhood is that of a door."""
    return asked.neighborhood is not None and asked.neighborhood == _figure(row.neighborhood or "")


def neighborhood_steps(asked: Asked, row: Row) -> Iterator[Correction]:
    """Tell of a written neighbourhood that is another one in the registry."""
    if asked.neighborhood is not None:
        own = _figure(row.neighborhood or "")
        if own is not None and own != asked.neighborhood:
            yield Correction(f"写的是 {asked.neighborhood} 邻，登记在 {own} 邻", 0.1, is_weak=True)


@lru_cache(maxsize=4096)
def _figure(neighborhood: str) -> int | None:
    figures = "".join(char for char in neighborhood if char.isdecimal())
    return int(figures) if figures else None
