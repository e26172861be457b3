"""Writes a town as the files the importer reads."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from geo_registry.demo.records import Building, Street, Town

FILES: Final = (
    "areas.geojson",
    "blocks.geojson",
    "streets.geojson",
    "buildings.geojson",
    "basemap.geojson",
    "plates.parquet",
    "residents.parquet",
)
Feature = tuple[dict[str, Any], BaseGeometry | None]


def write_files(town: Town, folder: Path) -> list[Path]:
    """Write the seven files of a town; the same town gives the same bytes. GeoJSON: EPSG:4490, x first."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_features(folder / "areas.geojson", _areas(town))
    _write_features(folder / "blocks.geojson", _blocks(town))
    _write_features(folder / "streets.geojson", (_street(street) for street in town.streets))
    _write_features(folder / "buildings.geojson", (_building(building) for building in town.buildings))
    _write_features(folder / "basemap.geojson", (({"kind": s.kind}, s.geometry) for s in town.surfaces))
    _write_table(folder / "plates.parquet", town.plates)
    _write_table(folder / "residents.parquet", town.residents)
    return [folder / name for name in FILES]


def _areas(town: Town) -> Iterator[Feature]:
    for area in town.areas:
        yield (
            {
                "code": area.code,
                "name": area.name,
                "level": area.level,
                "kind": area.kind,
                "parent_code": area.parent_code,
            },
            area.geometry,
        )


def _blocks(town: Town) -> Iterator[Feature]:
    for block in town.blocks:
        yield {"code": block.code, "name": block.name, "community_code": block.community_code}, block.geometry


def _street(street: Street) -> Feature:
    return {
        "external_id": street.external_id,
        "kind": street.kind,
        "name": street.name,
        "parent_external_id": street.parent_external_id,
        "district_code": street.district_code,
        "community_code": street.community_code,
    }, street.geometry


def _building(building: Building) -> Feature:
    address = building.address
    return {
        "external_id": building.external_id,
        "name": building.name,
        "street": address.street or None,
        "lane": address.lane or None,
        "sub_lane": address.sub_lane or None,
        "hamlet": address.hamlet or None,
        "group": address.group or None,
        "number": address.number,
        "building_no": address.building_no or None,
        "community_code": address.community_code,
        "floors": building.floors,
        "floors_below": building.floors_below,
        "built_year": building.built_year,
        "use": building.use,
    }, building.geometry


def _write_features(path: Path, features: Iterable[Feature]) -> None:
    # One feature a line: large files can be read, compared and cut line by line.
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type": "FeatureCollection", "features": [\n')
        for count, (properties, geometry) in enumerate(features):
            shape = None if geometry is None else mapping(geometry)
            feature = {"type": "Feature", "properties": properties, "geometry": shape}
            file.write(
                (",\n" if count else "") + json.dumps(feature, ensure_ascii=False, separators=(",", ":"))
            )
        file.write("\n]}\n")


def _write_table(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd", row_group_size=262_144)
