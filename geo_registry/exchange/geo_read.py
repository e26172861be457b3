"""Features of GeoJSON, TopoJSON and GeoPackage files, one after the other, sound and in EPSG:4490.

Every feature of a file comes out once and in order, with a `fault` instead of a geometry where that cannot be
used: `geometry-missing` (none, or empty), `geometry-type` (a kind that GeoJSON does not know),
`geometry-invalid` (not finite, outside the world, or crossing itself). A shape that touches itself is
repaired where that changes its area by less than one part in a thousand; a bow-tie is not.
"""

import gzip
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry

from geo_registry import crs
from geo_registry.errors import RuleBroken
from geo_registry.exchange.topojson import Topology

GEOGRAPHIC: Final = frozenset({"4490", "4326", "CRS84", "CRS84H", "CGCS2000"})
"""Reference systems that are stored as they are: CGCS2000 and WGS 84 differ by decimetres at most."""
_REPAIR: Final = 0.001
_CHUNK: Final = 1 << 20

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: row number from 1, properties, and a sound 2D geometry in EPSG:4490 or a fault."""

    row: int
    properties: Json
    geometry: BaseGeometry | None
    fault: str | None = None


def features(path: Path, *, layer: str | None = None, source_crs: str | None = None) -> Iterator[Feature]:
    """Yield the features of a file; `layer` names one of several, `source_crs` overrules what the file says.

    `source_crs` is an EPSG code, any text that PROJ knows, or `gcj02` or `bd09`.

    Raises:
        RuleBroken: `file-format` when the file is none of the three formats or breaks off, `layer-missing`,
            `crs-unknown`.

    """
    if path.suffix == ".gpkg":
        yield from _geopackage(path, layer, source_crs)
        return
    with _open(path) as file:
        head = file.read(4096)
    if re.search(r'"type"\s*:\s*"Topology"', head):
        with _open(path) as file:
            topology = Topology(_parsed(file))
        yield from _sound(topology.features(layer or topology.names[0]), _move(source_crs))
    else:
        yield from _geojson(path, source_crs)


def topology(path: Path) -> Topology:
    """Return a TopoJSON file decoded, for callers that want several of its objects."""
    with _open(path) as file:
        return Topology(_parsed(file))


def topology_features(source: Topology, name: str, source_crs: str | None = None) -> Iterator[Feature]:
    """Yield the features of one object of a decoded TopoJSON file."""
    yield from _sound(source.features(name), _move(source_crs))


def multi_polygon(geometry: BaseGeometry) -> MultiPolygon | None:
    """Return a polygonal geometry as multi-polygon, None for any other kind."""
    if isinstance(geometry, Polygon):
        return MultiPolygon([geometry])
    return geometry if isinstance(geometry, MultiPolygon) else None


Move = Callable[[BaseGeometry], BaseGeometry]


def _sound(raw: Iterable[Json], move: Move | None) -> Iterator[Feature]:
    for row, feature in zip(count(1), raw):
        properties = feature.get("properties") or {}
        if "id" in feature:
            properties.setdefault("id", feature["id"])
        geometry, fault = _geometry(feature.get("geometry"))
        yield _checked(row, properties, geometry, fault, move)


def _geometry(raw: Json | None) -> tuple[BaseGeometry | None, str | None]:
    if not raw:
        return None, "geometry-missing"
    try:
        # shapely warns of NaN in a line before the bounds tell it.
        with np.errstate(invalid="ignore"):
            return shape(raw), None
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        kinds = {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"}
        return None, "geometry-invalid" if raw.get("type") in kinds else "geometry-type"


def _checked(
    row: int, properties: Json, geometry: BaseGeometry | None, fault: str | None, move: Move | None
) -> Feature:
    if geometry is not None and geometry.is_empty:
        geometry, fault = None, "geometry-missing"
    if geometry is not None:
        geometry = _finite(shapely.force_2d(geometry), move)
        geometry = None if geometry is None else _valid(geometry)
        fault = "geometry-invalid" if geometry is None else None
    return Feature(row, properties, geometry, fault)


def _finite(geometry: BaseGeometry, move: Move | None) -> BaseGeometry | None:
    """Return the geometry in EPSG:4490, None when a coordinate is no place on earth."""
    if not all(map(math.isfinite, geometry.bounds)):
        return None
    placed = move(geometry) if move else geometry
    west, south, east, north = placed.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return None
    # A single NaN among finite corners does not reach the bounds.
    return placed if np.isfinite(shapely.get_coordinates(placed)).all() else None


def _valid(geometry: BaseGeometry) -> BaseGeometry | None:
    """Return the geometry, repaired where the repair is harmless, None where it would change the shape."""
    if geometry.is_valid:
        return geometry
    if not isinstance(geometry, Polygon | MultiPolygon):
        return None
    parts = shapely.get_parts(shapely.make_valid(geometry))
    flat = [piece for part in parts for piece in shapely.get_parts(part) if isinstance(piece, Polygon)]
    repaired = flat[0] if len(flat) == 1 else MultiPolygon(flat)
    if not flat or abs(repaired.area - geometry.area) > _REPAIR * repaired.area or not repaired.is_valid:
        return None
    return repaired


def _move(source_crs: str | None) -> Move | None:
    """Return how a source's geometries come to EPSG:4490, None when they are there already."""
    if source_crs is None or source_crs.rpartition(":")[2].upper() in GEOGRAPHIC:
        return None
    if source_crs in {"gcj02", "bd09"}:
        return lambda geometry: shapely.transform(
            geometry, partial(_from_offset, cast("crs.Datum", source_crs))
        )
    return _projected(source_crs)


def _from_offset(datum: crs.Datum, points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([crs.to_stored((lon, lat), datum) for lon, lat in points.tolist()]).reshape(-1, 2)


def _projected(source_crs: str) -> Move:
    from pyproj import Transformer
    from pyproj.exceptions import CRSError

    try:
        # Longitude first on both sides, whatever order the codes declare.
        transformer = Transformer.from_crs(source_crs, crs.STORED_SRID, always_xy=True)
    except CRSError as error:
        raise RuleBroken("crs-unknown", f"坐标系 {source_crs} 无法识别") from error

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    return lambda geometry: shapely.transform(geometry, move)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def _parsed(file: IO[str]) -> Json:
    try:
        document = json.load(file)
    except ValueError as error:
        raise RuleBroken("file-format", "文件不是完整的 JSON") from error
    return document if isinstance(document, dict) else {}


def _geojson(path: Path, source_crs: str | None) -> Iterator[Feature]:
    with _open(path) as file:
        reader = _JsonReader(file)
        header = reader.members_until("features")
        yield from _sound(reader.items(), _move(source_crs or _named_crs(header)))


def _named_crs(header: Json) -> str | None:
    """Return the reference system a GeoJSON file names (the member `crs` of the 2008 draft)."""
    named = (header.get("crs") or {}).get("properties", {}).get("name")
    return re.sub(r"^urn:ogc:def:crs:([A-Z]+):[^:]*:", r"\1:", named) if isinstance(named, str) else None


class _JsonReader:
    """Reads the members of one large JSON object, and the items of its last array, piece by piece."""

    _SPACE = re.compile(r"[\s,]*")

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text = ""
        self._place = 0
        self._decoder = json.JSONDecoder()
        self._wanted = _CHUNK

    def members_until(self, wanted: str) -> Json:
        """Return the members before the array `wanted`, and stop inside it."""
        if self._next() != "{":
            raise RuleBroken("file-format", "不是 GeoJSON 文件")
        self._place += 1
        members: Json = {}
        while self._next() == '"':
            key = self._value()
            if self._next() != ":":
                break
            self._place += 1
            if key == wanted and self._next() == "[":
                self._place += 1
                return members
            members[key] = self._value()
        raise RuleBroken("file-format", f"GeoJSON 中没有 {wanted}")

    def items(self) -> Iterator[Json]:
        """Yield the items of the array up to its end."""
        while self._next() == "{":
            yield self._value()
        if self._next() != "]":
            raise RuleBroken("file-format", "文件不完整或不是合法的 JSON")

    def _next(self) -> str:
        """Return the next character that matters, '' at the end of the file."""
        while True:
            found = self._SPACE.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def _value(self) -> Any:  # noqa: ANN401  (any JSON value)
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except ValueError as error:
                # Cut by the end of the chunk, or broken for good.
                if not self._more():
                    raise RuleBroken("file-format", "文件不完整或不是合法的 JSON") from error
                continue
            # A number at the very end of what was read may go on.
            if end == len(self._text) and self._more():
                continue
            self._place, self._wanted = end, _CHUNK
            return value

    def _more(self) -> bool:
        """Read on; a value larger than a chunk is read in ever larger steps."""
        fresh = self._file.read(self._wanted)
        if fresh:
            self._wanted *= 2
            self._text, self._place = self._text[self._place :] + fresh, 0
        return bool(fresh)


def _geopackage(path: Path, layer: str | None, source_crs: str | None) -> Iterator[Feature]:
    from pyogrio.errors import DataLayerError, DataSourceError
    from pyogrio.raw import open_arrow

    rows = count(1)
    try:
        with open_arrow(path, layer=layer, use_pyarrow=True) as (meta, reader):
            move = _move(source_crs or meta["crs"])
            shape_column = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                for properties in batch.to_pylist():
                    raw = properties.pop(shape_column, None)
                    geometry = None if raw is None else shapely.from_wkb(raw, on_invalid="ignore")
                    fault = (
                        ("geometry-missing" if raw is None else "geometry-invalid")
                        if geometry is None
                        else None
                    )
                    yield _checked(next(rows), properties, geometry, fault, move)
    except (DataLayerError, DataSourceError) as error:
        code = "layer-missing" if isinstance(error, DataLayerError) else "file-format"
        raise RuleBroken(code, "GeoPackage 无法读取，或没有所要的图层") from error


def _from_wkb(raw: bytes | None) -> tuple[BaseGeometry | None, str | None]:
    if raw is None:
        return None, "geometry-missing"
    geometry = shapely.from_wkb(raw, on_invalid="ignore")
    return geometry, None if geometry is not None else "geometry-invalid"
