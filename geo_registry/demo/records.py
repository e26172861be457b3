"""What a generated town consists of: plain values, no database."""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a standard address down to the building; an empty text is an absent part."""

    community_code: str
    street: str = ""
    lane: str = ""
    sub_lane: str = ""
    hamlet: str = ""
    group: str = ""
    number: str = ""
    building_no: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """An administrative division: 12-digit code, level and outline in EPSG:4490."""

    code: str
    name: str
    level: str
    kind: str | None
    parent_code: str | None
    geometry: MultiPolygon


@dataclass(frozen=True, slots=True)
class Block:
    """责任块: a block of one coordinator; 15-digit code (12 of the community, 3 of the sequence)."""

    code: str
    name: str
    community_code: str
    geometry: Polygon


@dataclass(frozen=True, slots=True)
class Street:
    """A street, lane, sub-lane, estate, hamlet or group; estates, hamlets and groups have no axis."""

    external_id: str
    kind: str
    name: str
    parent_external_id: str | None
    district_code: str
    community_code: str | None
    geometry: LineString | MultiLineString | None


@dataclass(frozen=True, slots=True)
class Building:
    """A building with its address and outline in EPSG:4490; `name` is the estate it belongs to."""

    external_id: str
    name: str | None
    address: Address
    floors: int
    floors_below: int
    built_year: int
    use: str
    geometry: Polygon


@dataclass(frozen=True, slots=True)
class Surface:
    """A polygon of the base map: water, green, residential or commercial."""

    kind: str
    geometry: Polygon


@dataclass(frozen=True, slots=True, repr=False)
class Town:
    """A generated town; `plates` and `residents` are columnar, in the importer's columns."""

    today: date
    seed: int
    areas: tuple[Area, ...]
    blocks: tuple[Block, ...]
    streets: tuple[Street, ...]
    buildings: tuple[Building, ...]
    surfaces: tuple[Surface, ...]
    plates: pa.Table
    residents: pa.Table
