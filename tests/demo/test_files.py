"""The files of a town: the importer's columns, the same bytes each time."""

import hashlib
import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from geo_registry.demo import generate, write_files
from geo_registry.demo.records import Town


def _digests(paths: list[Path]) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second, other = (
        _digests(write_files(generate(seed=seed, scale=0.2), tmp_path / str(count)))
        for count, seed in enumerate((5, 5, 6))
    )
    assert first == second
    assert all(other[name] != digest for name, digest in first.items())


def test_files_have_the_importers_columns(town: Town, tmp_path: Path) -> None:
    write_files(town, tmp_path)
    wanted = {
        "areas": {"code", "name", "level", "kind", "parent_code"},
        "blocks": {"code", "name", "community_code"},
        "streets": {"external_id", "kind", "name", "parent_external_id", "district_code", "community_code"},
        "buildings": {
            "external_id", "name", "street", "lane", "sub_lane", "hamlet", "group", "number", "building_no",
            "community_code", "floors", "floors_below", "built_year", "use",
        },
        "basemap": {"kind"},
    }  # fmt: skip
    for name, properties in wanted.items():
        features = json.loads((tmp_path / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
        assert features
        assert all(feature["properties"].keys() == properties for feature in features)
        points = [f["geometry"] for f in features if f["geometry"] is not None]
        assert len({point["type"] for point in points}) <= 2
    assert pq.read_table(tmp_path / "plates.parquet").equals(town.plates)
    assert pq.read_table(tmp_path / "residents.parquet").equals(town.residents)


def test_scale_sets_the_size() -> None:
    small, double = generate(scale=0.2), generate(scale=2)
    assert small.plates.num_rows < 6_000
    assert double.plates.num_rows > 36_000
    assert sum(area.level == "district" for area in double.areas) == 2
    keys = double.residents["id_number"].to_pylist()
    people = double.residents["person_key"].to_pylist()
    assert len(set(keys)) == len(set(people))
    assert len({street.external_id for street in double.streets}) == len(double.streets)
    with pytest.raises(ValueError, match="scale"):
        generate(scale=0)


def test_another_day_gives_a_town_of_that_day() -> None:
    town = generate(today=date(2028, 2, 29), scale=0.2)
    assert max(town.residents["since"].to_pylist()) <= date(2028, 2, 29)
