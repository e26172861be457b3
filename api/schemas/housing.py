"""Acts on buildings and housing units."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.act import Paper
from api.schemas.place import Lat, Lon, Outline, Text, one_of
from geo_registry.housing.tables import BUILDING_STATES, UNIT_STATES, UNIT_USES

Floors = Annotated[int, Field(ge=1, le=200)]
FloorsBelow = Annotated[int, Field(ge=0, le=20)]
Year = Annotated[int, Field(ge=1000, le=2200)]
Floor = Annotated[int, Field(ge=-20, le=200)]
AreaM2 = Annotated[float, Field(gt=0, lt=100_000)]
Use = Annotated[str, Field(min_length=1, max_length=40)]
Method = Annotated[str, one_of(("measured", "outlined", "derived"))]
BuildingState = Annotated[str, one_of(BUILDING_STATES)]
UnitState = Annotated[str, one_of(UNIT_STATES)]
UnitUse = Annotated[str, one_of(UNIT_USES)]


class BuildingCorrection(Paper):
    """What is to be corrected of a building; what is left out stays."""

    outline: Outline | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    name: Text | None = None
    label: Text | None = None
    method: Method | None = None
    floors: Floors | None = None
    floors_below: FloorsBelow | None = None
    built_year: Year | None = None
    use: Use | None = None
    state: BuildingState | None = None


class NewBuilding(BuildingCorrection):
    """A building at an address, with its outline or a point."""

    address_id: UUID
    building_no: Annotated[str, Field(max_length=20, description="幢号，如 3幢")] = ""
    unauthorised: bool = False


class UnitChange(Paper):
    """What is to change of a unit; what is left out stays."""

    use: UnitUse | None = None
    area_m2: AreaM2 | None = None
    floor: Floor | None = None
    state: UnitState | None = None


class NewUnit(UnitChange):
    """A unit of a building as it is written, such as 2单元402室."""

    building_id: UUID
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    lon: Lon | None = None
    lat: Lat | None = None
