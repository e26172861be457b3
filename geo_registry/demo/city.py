"""A city of any size for tests and measurements: the files that the importers read, drawn piece by piece.

Each piece (ten communities, some 50 000 persons) is drawn from the seed and its own number alone, so that
memory does not grow with the city, and the same seed gives the same bytes.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from geo_registry.demo import city_people as people
from geo_registry.demo import city_stays as stays
from geo_registry.demo.city_plan import COMMUNITY_UNITS, STYLE_OF, City, features

FILES: Final = ("areas.geojson", "blocks.geojson", "plates.parquet", "residents.parquet")
LEFT_SHARE: Final = 0.1
"""Share of the persons who have left the city."""
Progress = Callable[[int, int], None]
_EPOCH: Final = date(1970, 1, 1)


def _silent(done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: units, persons, and rows of stays."""

    units: int
    persons: int
    stays: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The units and stays of one piece of a city."""

    persons: int
    plates: pa.Table
    residents: pa.Table


def draw_piece(city: City, chunk: int) -> Piece:
    """Draw one piece of a city."""
    rng = np.random.default_rng([city.seed, chunk])
    today = (city.today - _EPOCH).days
    units = np.array(city.units_of(chunk), np.int64)
    styles = STYLE_OF[units % COMMUNITY_UNITS]
    uses = people.draw_uses(rng, styles)
    wanted = city.persons * (int(units[-1]) + 1) // city.units - city.persons * int(units[0]) // city.units
    left = int(wanted * LEFT_SHARE)
    present = people.draw_crowd(rng, today, units, uses, people.draw_sizes(rng, uses, wanted - left))
    past = people.draw_crowd(rng, today, units, uses, people.draw_sizes(rng, uses, left))
    crowd = _together(present, past)
    numbers, division = people.documents(rng, city, chunk, crowd)
    persons = stays.draw_persons(rng, city, today, crowd, division, len(past))
    lived = stays.draw_stays(rng, city, today, crowd, persons)
    own = {
        "name": people.name_columns(rng, crowd),
        "sex": stays.chosen(("1", "2"), crowd.sex - 1, np.zeros(len(crowd), bool)),
        "birth_date": stays.days(crowd.birth),
        "id_type": stays.chosen(
            ("111", "414"), crowd.is_foreign.astype(np.int64), np.zeros(len(crowd), bool)
        ),
        "id_number": numbers,
        "phone": people.phones(rng, crowd, today),
        "kind": stays.chosen(stays.KINDS, persons.kind, np.zeros(len(crowd), bool)),
    }
    at = pa.array(lived.person)
    columns = {name: column.take(at) for name, column in own.items()}
    columns |= city.reference(lived.unit)
    columns |= stays.stay_columns(rng, today, chunk, crowd, persons, lived)
    columns |= stays.registration_columns(rng, today, lived)
    columns |= stays.hukou_columns(rng, city, persons, lived)
    areas = np.round(rng.normal(82, 22, len(units)).clip(18, 240), 1)
    return Piece(len(crowd), pa.table(city.plates(chunk, uses, areas)), pa.table(columns))


def _together(present: people.Crowd, past: people.Crowd) -> people.Crowd:
    """Return two crowds as one, the second behind the first."""
    both = [np.concatenate([getattr(present, name), getattr(past, name)]) for name in people.Crowd.__slots__]
    crowd = people.Crowd(*both)
    crowd.household[len(present) :] += len(present)
    return crowd


def write_city(city: City, folder: Path, progress: Progress = _silent) -> Written:
    """Write the four files of a city; the same city gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in zip(FILES[:2], features(city), strict=True):
        _write_features(folder / name, found)
    persons = rows = 0
    write = partial(pq.ParquetWriter, compression="zstd", compression_level=1)
    with ExitStack() as open_files:
        writers: list[Any] = []
        for chunk in range(city.chunks):
            piece = draw_piece(city, chunk)
            tables = (piece.plates, piece.residents)
            if not writers:
                paths = [folder / name for name in FILES[2:]]
                writers = [
                    open_files.enter_context(write(path, table.schema))
                    for path, table in zip(paths, tables, strict=True)
                ]
            for writer, table in zip(writers, tables, strict=True):
                writer.write_table(table)
            persons, rows = persons + piece.persons, rows + piece.residents.num_rows
            progress(chunk + 1, city.chunks)
    return Written(city.units, persons, rows)


def _write_features(path: Path, found: list[Any]) -> None:
    lines = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in found)
    text = '{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")
