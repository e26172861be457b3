"""Small lists of door plates for the tests: two villages of one township, one of another."""

from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from geo_registry.address.profile import load_profile
from geo_registry.exchange.areas import import_areas
from geo_registry.exchange.ledger import Request, run_import
from geo_registry.exchange.mapping import Mapping, load_mapping
from geo_registry.exchange.plates import import_plates
from geo_registry.exchange.report import Report
from tests.exchange.samples import LAT, LON, area, run_file, square, write_features

EAST, WEST, FAR = "310199100001", "310199100201", "310199101001"
DOOR_PLATES = load_mapping("door-plates", "plates")
PLAIN: Mapping = DOOR_PLATES.model_copy(update={"scheme": None, "companions": {}})
"""The mapping of door plates over villages that are registered already."""


def register_villages(raw: psycopg.Connection, folder: Path) -> None:
    """Register a district with two townships and three villages, each a hundredth of a degree wide."""
    path = write_features(
        folder / "areas.geojson",
        area("310199000000", "映月縣", "district", None, square(0, 0, 0.04)),
        area("310199100000", "映月鎮", "township", "310199000000", square(0, 0, 0.02)),
        area("310199101000", "清水鄉", "township", "310199000000", square(0.02, 0, 0.02)),
        area(EAST, "東里", "community", "310199100000", square(0, 0, 0.01)),
        area(WEST, "西里", "community", "310199100000", square(0.01, 0, 0.01)),
        area(FAR, "遠村", "community", "310199101000", square(0.02, 0, 0.01)),
    )
    run_file(raw, import_areas, path)


def door(number: str, village: str = EAST, x: float = 0.005, y: float = 0.005, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return one row of a list; x and y are degrees from the corner of the district."""
    row = {
        "county": "", "town": "", "village": village, "neighborhood": "1鄰", "road": "中山路", "section": "",
        "lane": "", "alley": "", "sub_alley": "", "tong": "", "number": number,
        "x_e7": round((LON + x) * 1e7), "y_e7": round((LAT + y) * 1e7),
    }  # fmt: skip
    return {**row, **more}


def write_list(path: Path, *rows: dict[str, Any]) -> Path:
    """Write a list of door plates as parquet."""
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def load_list(raw: psycopg.Connection, path: Path, mapping: Mapping = PLAIN, **options: Any) -> Report:  # noqa: ANN401
    """Import a list of door plates."""
    profile = load_profile(mapping.profile or "shanghai")
    return run_import(raw, Request("plates", path, mapping, profile, **options), import_plates)


def all_of(raw: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    return raw.execute(query.encode()).fetchall()
