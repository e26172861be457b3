"""Small files and a loaded register for the tests of imports: plain functions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from geo_registry.address.profile import load_profile
from geo_registry.exchange.ledger import Load, Request, run_import
from geo_registry.exchange.mapping import load_mapping, standard_mapping
from geo_registry.exchange.report import Report

Values = dict[str, Any]
LON, LAT = 121.3, 31.0


def square(west: float, south: float, size: float = 0.001) -> Values:
    """Return an upright square whose south-west corner lies at LON + west, LAT + south (degrees)."""
    x, y = LON + west, LAT + south
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def line(*points: tuple[float, float]) -> Values:
    """Return a line through points given relative to LON and LAT."""
    return {"type": "LineString", "coordinates": [[LON + x, LAT + y] for x, y in points]}


def point(x: float, y: float) -> Values:
    """Return a point given relative to LON and LAT."""
    return {"type": "Point", "coordinates": [LON + x, LAT + y]}


def feature(geometry: Values | None, **properties: object) -> Values:
    """Return one feature."""
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write_features(path: Path, *features: Values) -> Path:
    """Write a GeoJSON file."""
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}, ensure_ascii=False))
    return path


def area(code: str, name: str, level: str, parent: str | None, geometry: Values | None = None) -> Values:
    """Return the feature of one area with the standard columns."""
    return feature(geometry, code=code, name=name, level=level, kind=None, parent_code=parent)


def town(path: Path) -> Path:
    """Write one district, one township and two communities side by side."""
    return write_features(
        path,
        area("310199000000", "映月区", "district", None, square(0, 0, 0.02)),
        area("310199100000", "映月镇", "township", "310199000000", square(0, 0, 0.02)),
        area("310199100001", "东居委会", "community", "310199100000", square(0, 0, 0.01)),
        area("310199100201", "西村委会", "community", "310199100000", square(0.01, 0, 0.01)),
    )


def run_file(
    connection: psycopg.Connection, importer: Callable[[Load], None], path: Path, mapping: str | None = None,
    **options: Any,  # noqa: ANN401  (the fields of a request)
) -> Report:  # fmt: skip
    """Import one file by the importer of a module `geo_registry.exchange.<kind>`, profile `shanghai`."""
    kind: Any = importer.__name__.removeprefix("import_")
    chosen = load_mapping(mapping, kind) if mapping else standard_mapping(kind)
    profile = load_profile(chosen.profile or "shanghai")
    return run_import(connection, Request(kind, path, chosen, profile, **options), importer)


def counts(report: Report) -> tuple[int, int, int, int, int, int]:
    """Return rows, stored, changed, unchanged, quarantined and refused."""
    return (
        report.rows, report.stored, report.changed, report.unchanged, report.quarantined, report.refused,
    )  # fmt: skip
