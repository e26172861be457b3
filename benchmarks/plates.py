"""Door plates as texts: the full string of each row, composed of its columns, and what the columns say it is made of."""

import csv
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from geo_registry.address.reading.parts import ReadPart
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import (
    COMMUNITY,
    DISTRICT,
    FULL,
    TOWNSHIP,
    Gazetteer,
    Node,
    Spelled,
    columns,
    index_of,
)

COLUMNS = (
    "county",
    "town",
    "village",
    "neighborhood",
    "road",
    "section",
    "lane",
    "alley",
    "sub_alley",
    "tong",
    "number",
)
KINDS: dict[str, frozenset[str]] = {
    "county": frozenset(["city", "district"]),
    "town": frozenset(["township"]),
    "village": frozenset(["community"]),
    "neighborhood": frozenset(["neighborhood"]),
    "road": frozenset(["street", "sub_street", "estate", "hamlet", "lane", "development_zone"]),
    "section": frozenset(["section"]),
    "lane": frozenset(["lane"]),
    "alley": frozenset(["alley"]),
    "sub_alley": frozenset(["sub_alley"]),
    # Registers write the 衖 in front of the number, or a lane and the name of a market or block, into its column.
    "number": frozenset([
        "street", "lane", "alley", "sub_alley", "hamlet", "estate", "sub_estate",
        "street_number", "building", "entrance", "floor", "room", "note",
    ]),
}  # fmt: skip
"""What a column may be read as: a register has one column for all that stands where a road does."""


class Plate(NamedTuple):
    """A row: its full string and its columns, divisions by name."""

    text: str
    columns: tuple[str, ...]


class Areas(NamedTuple):
    """Names of areas by code, and the same as the registry would know them."""

    names: dict[str, str]
    gazetteer: Gazetteer


def read_areas(data: Path) -> Areas:
    """Read `areas.csv`: it lists each village under several towns, of which its code names the right one."""
    listed: dict[str, set[str]] = {}
    with (data / "door-plates" / "areas.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            listed.setdefault(row["dgbas_id"], set()).add(row["name"].replace("　", ""))
    names: dict[str, list[str]] = {}
    for code in sorted(listed, key=len):
        above = [name for one in _above(code) for name in names[one]]
        own = {_without(name, above) for name in listed[code]}
        names[code] = sorted(own, key=lambda name: (len(name), "台" in name, name))
    return Areas({code: spelled[0] for code, spelled in names.items()}, _gazetteer(names))


def _above(code: str) -> list[str]:
    """Return the codes of county and town above a code."""
    county = code[:5] if code[0] in "01" else code[:2]
    return [] if code == county else [county, code[:7]] if "-" in code else [county]


def _without(name: str, above: Sequence[str]) -> str:
    for one in above:
        if name.startswith(one) and len(name) > len(one) + 1:
            name = name[len(one) :]
    return name


def _gazetteer(names: dict[str, list[str]]) -> Gazetteer:
    nodes, spelled, place = list[Node](), list[Spelled](), dict[str, int]()
    for code in sorted(names):
        above = _above(code)
        level = (DISTRICT, TOWNSHIP, COMMUNITY)[len(above)]
        place[code] = len(nodes)
        nodes.append(Node(names[code][0], level, place[above[-1]] if above else -1, code))
        spelled += [(fold(name), place[code], level, FULL) for name in names[code]]
    return Gazetteer(columns(nodes), index_of(spelled))


def counties(data: Path) -> list[Path]:
    """Return the files of door plates, one a county."""
    return sorted((data / "door-plates" / "2026").glob("*.parquet"))


def plates(file: Path, areas: Areas, sample: int = 0) -> Iterator[Plate]:
    """Yield the plates of a county in the order of the register, or so many drawn at random."""
    table = pq.read_table(file, columns=list(COLUMNS))
    if sample and sample < table.num_rows:
        table = table.take(sorted(random.Random(20261122).sample(range(table.num_rows), sample)))
    for batch in table.to_batches(max_chunksize=50_000):
        for county, town, village, *rest in zip(
            *(column.to_pylist() for column in batch.columns), strict=True
        ):
            row = (
                areas.names[county],
                areas.names[town],
                _village(areas, village),
                *(value or "" for value in rest),
            )
            yield Plate("".join(row), row)


def _village(areas: Areas, village: str | None) -> str:
    """Return a name for a code; a village numbered 000 was not recorded, one county writes names."""
    return "" if not village or village.endswith("-000") else areas.names.get(village, village)


def faults(plate: Plate, parts: Sequence[ReadPart]) -> list[str]:
    """Return the columns that are no exact parts; a number is exact when its parts fill it without a gap.

    A bracketed remark and spaces belong to no part of a number.
    """
    found: list[str] = []
    at = 0
    bounds = {(part.start, part.end): part.kind for part in parts}
    for name, value in zip(COLUMNS, plate.columns, strict=True):
        if not value:
            continue
        start, at = at, at + len(value)
        if name == "number":
            is_right = _is_filled(value, start, [part for part in parts if part.end > start])
        elif name == "road":
            # Some registers write what lies at the road into this column (臨海路民有巷, 光復路二段清大東院).
            own = [part for part in parts if start <= part.start and part.end <= at]
            is_right = (
                bool(own)
                and {part.kind for part in own} <= KINDS["road"] | {"section"}
                and own[0].start == start
                and own[-1].end == at
            )
        else:
            is_right = bounds.get((start, at)) in KINDS.get(name, frozenset())
        if not is_right:
            found.append(name)
    return found


_BESIDE = re.compile(r"[(（〔][^)）〕]*[)）〕]?|\s+")


def _is_filled(value: str, start: int, parts: Sequence[ReadPart]) -> bool:
    beside = {start + place for found in _BESIDE.finditer(value) for place in range(*found.span())}
    own = [part for part in parts if not beside.issuperset(range(part.start, part.end))]
    if not own or own[0].start < start or any(part.kind not in KINDS["number"] for part in own):
        return False
    covered = beside.union(*(range(part.start, part.end) for part in own))
    return covered >= set(range(start, start + len(value)))
