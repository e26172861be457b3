"""Run the benchmarks: `python -m benchmarks [audit|city|grid|imports|looks|numbering|plate_papers|plates_edit|registrations|search|tally|address_...] ...`; all of them by default.

Those of reading address texts (`address_quality`, `address_pairs`, `address_plates`, `address_speed`, `address_peers`) need no database.
All but `audit`, `city`, `looks`, `plates_edit`, `registrations` and `tally` need real door plates (`GEO_REGISTRY_DATA`) and say so when these are absent. Every figure is a ratio of
two things measured in turn within one run; absolute times are printed beside it for orientation only.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("GEO_REGISTRY_HOME", str(Path(__file__).parents[1] / "var" / "bench"))

from benchmarks import (
    address_match,
    address_pairs,
    address_peers,
    address_plates,
    address_quality,
    address_speed,
    audit,
    city,
    grid,
    imports,
    looks,
    numbering,
    plate_papers,
    plates_edit,
    registrations,
    search,
    tally,
)
from geo_registry import cluster

STORED = {
    "address_match": address_match.run,
    "audit": audit.run,
    "city": city.run,
    "grid": grid.run,
    "imports": imports.run,
    "looks": looks.run,
    "numbering": numbering.run,
    "plate_papers": plate_papers.run,
    "plates_edit": plates_edit.run,
    "registrations": registrations.run,
    "search": search.run,
    "tally": tally.run,
}
TEXTS = {
    "address_quality": address_quality.run, "address_plates": address_plates.run, "address_speed": address_speed.run,
    "address_pairs": address_pairs.run, "address_peers": address_peers.run,
}  # fmt: skip
ALL = STORED | TEXTS
GENERATED = frozenset({"audit", "city", "looks", "plate_papers", "plates_edit", "registrations", "tally"})


def main(names: list[str]) -> int:
    """Run the benchmarks named, in the order given."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    data = os.environ.get("GEO_REGISTRY_DATA", "")
    if not data and not (names and GENERATED.issuperset(names)):
        print("GEO_REGISTRY_DATA names no folder of real door plates; nothing to measure", file=sys.stderr)
        return 1
    chosen = names or list(ALL)
    needs_database = not STORED.keys().isdisjoint(chosen)
    if needs_database:
        cluster.start()
        cluster.upgrade()
    try:
        for name in chosen:
            print(f"\n== {name}")
            ALL[name](Path(data))
    finally:
        if needs_database:
            cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
