"""What lists and searches of the place registers may be asked, and how a place is given."""

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from api.deps import PageQuery, Strict
from geo_registry.errors import RuleBroken

Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, description="经度，EPSG:4490")]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, description="纬度，EPSG:4490")]
Text = Annotated[str, Field(min_length=1, max_length=100)]


def one_of(values: Iterable[str]) -> Any:  # noqa: ANN401  (pydantic's own type of a field)
    """Return the constraint that a text is one of a closed list."""
    return Field(pattern=f"^({'|'.join(values)})$", max_length=40)


class PlaceQuery(PageQuery):
    """One page of the things in an area."""

    area_id: Annotated[UUID | None, Field(description="区、镇街或居村的 id")] = None

    def asked(self) -> dict[str, Any]:
        """Return the filters that were given, as a read takes them."""
        return self.model_dump(exclude_none=True)


class BoxQuery(PlaceQuery):
    """One page of the things in an area or a box."""

    box: Annotated[str | None, Field(max_length=100, description="west,south,east,north")] = None

    def asked(self) -> dict[str, Any]:
        """Return the filters that were given; the box as four numbers."""
        found = super().asked()
        if self.box is not None:
            found["box"] = parse_box(self.box)
        return found


def parse_box(text: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a box in degrees.

    Raises:
        RuleBroken: `box-invalid` when the text is not four numbers in order.

    """
    try:
        west, south, east, north = (float(side) for side in text.split(","))
    except ValueError:
        west = south = east = north = math.nan
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise RuleBroken("box-invalid", "box 应为 west,south,east,north（度）", field="box")
    return west, south, east, north


def parse_point(text: str, field: str = "near") -> tuple[float, float]:
    """Return longitude and latitude of a point in degrees.

    Raises:
        RuleBroken: `point-invalid` when the text is not two numbers in range.

    """
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        lon = lat = math.nan
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise RuleBroken("point-invalid", f"{field} 应为 lon,lat（度）", field=field)
    return lon, lat


class PointQuery(Strict):
    """A point on the ground."""

    lon: Lon
    lat: Lat


def _on_earth(position: list[float]) -> list[float]:
    if not (abs(position[0]) <= 180 and abs(position[1]) <= 90):
        raise RuleBroken("position-invalid", "坐标应为经度、纬度（度）", field="coordinates")
    return position


Degrees = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Position = Annotated[list[Degrees], Field(min_length=2, max_length=2), AfterValidator(_on_earth)]


def _closed(ring: list[list[float]]) -> list[list[float]]:
    if ring[0] != ring[-1]:
        raise RuleBroken("geometry-open", "边界须首尾相接", field="outline")
    return ring


Ring = Annotated[list[Position], Field(min_length=4, max_length=10_000), AfterValidator(_closed)]
Rings = Annotated[list[Ring], Field(min_length=1, max_length=100)]


class Polygon(Strict):
    """A GeoJSON polygon in EPSG:4490; its rings are closed."""

    type: Literal["Polygon"]
    coordinates: Rings


class MultiPolygon(Strict):
    """A GeoJSON multipolygon in EPSG:4490; its rings are closed."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(min_length=1, max_length=100)]


Outline = Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


Line = Annotated[list[Position], Field(min_length=2, max_length=10_000)]


class LineString(Strict):
    """A GeoJSON line in EPSG:4490."""

    type: Literal["LineString"]
    coordinates: Line


class MultiLineString(Strict):
    """A GeoJSON multiline in EPSG:4490."""

    type: Literal["MultiLineString"]
    coordinates: Annotated[list[Line], Field(min_length=1, max_length=100)]
