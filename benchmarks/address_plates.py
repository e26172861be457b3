"""Door plates read back: the full string of each row of a register, and whether every column comes out as a part.

`python -m benchmarks.address_plates --sample 20000` reads so many rows of each county drawn at random, `--sample 0` all of
them; `--full` leaves out the short way. What the file itself breaks is counted apart: a column of sections, lanes or alleys
that holds something else (衛道 + 路, 172巷臨91號), a mark in place of a lost character.
"""

import argparse
import os
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.plates import COLUMNS, Areas, Plate, counties, faults, plates, read_areas
from geo_registry.address.profile import load_profile
from geo_registry.address.reading.standardizer import Standardizer

_LOST = re.compile(r"[?？■□{}\[\]]|[(（].[)）](?=.*[路街巷])")
_WORDS = {"section": ("段",), "lane": ("巷", "G-"), "alley": ("弄", "衖", "衕", "H-", "巷")}
"""What a column ends with when it holds what it should."""
_SAMPLE = 20_000


@dataclass(slots=True)
class Tally:
    """What came of the rows of one or of all counties."""

    rows: int = 0
    exact: int = 0
    broken: int = 0
    seconds: float = 0.0
    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def line(self) -> str:
        """The figures as one line."""
        share, sound = self.exact / max(1, self.rows), self.exact / max(1, self.rows - self.broken)
        rate = self.rows / max(1e-9, self.seconds)
        beside = f"{self.broken:6} others broken in the file, without them {sound:.5f}"
        return f"{self.rows:9} rows, {share:.5f} exact; {beside}; {rate:7.0f}/s"

    def add(self, other: "Tally") -> None:
        """Take in the figures of a county."""
        self.rows, self.exact, self.broken = (
            self.rows + other.rows,
            self.exact + other.exact,
            self.broken + other.broken,
        )
        self.seconds += other.seconds
        self.counts += other.counts
        for kind, shown in other.wrong.items():
            self.wrong[kind] += shown[: max(0, 5 - len(self.wrong[kind]))]


def standardizer(areas: Areas) -> Standardizer:
    """Return the product's reader with the areas of the register."""
    return Standardizer(load_profile("road-section"), [areas.gazetteer])


def is_broken(plate: Plate) -> bool:
    """Tell a row that the file itself breaks."""
    row = dict(zip(COLUMNS, plate.columns, strict=True))
    return bool(_LOST.search(plate.text)) or any(
        row[column] and (not row[column].endswith(words) or row[column] in words)
        for column, words in _WORDS.items()
    )


def county(file: Path, areas: Areas, sample: int, *, full: bool) -> Tally:
    """Read the plates of one county."""
    reader, tally = standardizer(areas), Tally()
    read = reader.read_fully if full else reader.read
    for plate in plates(file, areas, sample):
        began = time.process_time()
        reading = read(plate.text)
        tally.seconds += time.process_time() - began
        tally.rows += 1
        found = faults(plate, reading.parts)
        if found and is_broken(plate):
            tally.broken += 1
        elif found:
            kind = " ".join(found)
            tally.counts[kind] += 1
            if len(tally.wrong[kind]) < 5:
                tally.wrong[kind].append(
                    f"{plate.text} -> " + " ".join(f"{part.text}/{part.kind}" for part in reading.parts)
                )
        else:
            tally.exact += 1
    return tally


def measure(data: Path, sample: int, *, full: bool = False) -> Tally:
    """Read the plates of all counties, printing a line each."""
    areas, whole = read_areas(data), Tally()
    for file in counties(data):
        tally = county(file, areas, sample, full=full)
        print(f"{file.stem:6} {tally.line}", flush=True)
        whole.add(tally)
    print(f"{'all':6} {whole.line}")
    for kind, count in whole.counts.most_common():
        print(f"{count:7}  {kind}", *whole.wrong[kind][:3], sep="\n         ")
    return whole


def run(data: Path) -> None:
    """Print what share of a sample of each county comes out exactly."""
    measure(data, _SAMPLE)


def main() -> None:
    """Measure as the options say."""
    parser = argparse.ArgumentParser(description=run.__doc__)
    parser.add_argument("--sample", type=int, default=_SAMPLE, help="rows of each county, 0 for all")
    parser.add_argument("--full", action="store_true", help="leave out the short way")
    chosen = parser.parse_args()
    measure(Path(os.environ["GEO_REGISTRY_DATA"]), chosen.sample, full=chosen.full)


if __name__ == "__main__":
    main()
