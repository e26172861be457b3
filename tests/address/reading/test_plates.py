"""Door plates of real registers, read back from their full strings."""

import os
from pathlib import Path

import pytest

from benchmarks.address_plates import is_broken, standardizer
from benchmarks.plates import counties, faults, plates, read_areas

DATA = os.environ.get("GEO_REGISTRY_DATA")


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="GEO_REGISTRY_DATA names no folder of real data")
def test_plates_of_every_county_come_out_part_by_part_both_ways() -> None:
    areas = read_areas(Path(str(DATA)))
    reader = standardizer(areas)
    rows = short = wrong = 0
    for file in counties(Path(str(DATA))):
        for plate in plates(file, areas, 150):
            full = reader.read_fully(plate.text)
            assert reader.read(plate.text) == full
            rows += 1
            short += reader._quick.read(plate.text) is not None
            wrong += bool(faults(plate, full.parts)) and not is_broken(plate)
    assert rows >= 150 * 18
    assert short > 0.95 * rows
    assert wrong <= 0.002 * rows
