"""An estate that is taken in from a developer's table."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.deps import Strict
from api.schemas.act import Paper
from api.schemas.place import Lat, Lon, Text
from geo_registry.exchange.estate_table import TableFault
from geo_registry.housing.estate_rows import MOST_ROWS
from geo_registry.housing.tables import UNIT_USES
from geo_registry.plate.estate_blocks import MOST_BUILDINGS
from geo_registry.plate.estates import PlannedBuilding

Word = Annotated[str, Field(min_length=1, max_length=20)]
Use = Annotated[str, Field(json_schema_extra={"enum": [*UNIT_USES]}, max_length=40)]
Floor = Annotated[int, Field(ge=-20, le=200)]
Area = Annotated[float, Field(gt=0, lt=100_000)]
Row = tuple[
    Annotated[int, Field(ge=1, le=1_000_000)], Word, Word | None, Floor | None, Word | None, Use | None,
    Area | None, Lon | None, Lat | None,
]  # fmt: skip
"""Line, building, entrance, floor, room, use, area in m2, longitude and latitude of the building."""


class Spot(Strict):
    """A point in degrees."""

    lon: Lon
    lat: Lat


class Place(Strict):
    """Where a building of the table stands, or which registered building it is."""

    building: Word
    lon: Lon | None = None
    lat: Lat | None = None
    building_id: UUID | None = None


class Named(Strict):
    """The estate that is named with the table."""

    name: Text
    area_id: UUID | None = None
    parent_id: UUID | None = None


class EstateIntake(Paper):
    """The rows of a table, the estate that they belong to, and how its buildings are numbered."""

    rows: Annotated[list[Row], Field(min_length=1, max_length=MOST_ROWS)]
    place_name_id: UUID | None = None
    version: Annotated[int | None, Field(ge=1, description="小区的版本")] = None
    estate: Named | None = None
    places: Annotated[tuple[Place, ...], Field(max_length=MOST_BUILDINGS)] = ()
    gate: Spot | None = None
    numbers: Literal["table", "s_shape"] = "table"
    plates: Literal["none", "draft"] = "none"
    dry_run: bool = False


class EstateTakenOut(Strict):
    """The estate with its version now, and what the act made; with `dry_run` what it would make."""

    id: UUID | None
    version: int
    act_id: UUID | None
    buildings: int
    entrances: int
    units: int
    plates: int
    plan: tuple[PlannedBuilding, ...] | None = None


class EstateTableOut(Strict):
    """A table that was read: its rows, what is wrong with each other line, and the sheets that were joined.

    Each sheet has its name and how many of the rows are its own; they follow each other.
    """

    rows: list[Row]
    faults: tuple[TableFault, ...]
    ignored: tuple[str, ...]
    counts: dict[str, int]
    sheets: tuple[tuple[str, int], ...] = ()
