"""Run the benchmarks: `python -m benchmarks [grid|imports|looks|search|tally] ...`; all of them by default.

All but `tally` need real door plates (`GEO_REGISTRY_DATA`) and say so when these are absent. Every figure is a ratio of
two things measured in turn within one run; absolute times are printed beside it for orientation only.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("GEO_REGISTRY_HOME", str(Path(__file__).parents[1] / "var" / "bench"))

from benchmarks import grid, imports, looks, search, tally
from geo_registry import cluster

ALL = {"grid": grid.run, "imports": imports.run, "looks": looks.run, "search": search.run, "tally": tally.run}


def main(names: list[str]) -> int:
    """Run the benchmarks named, in the order given."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    data = os.environ.get("GEO_REGISTRY_DATA", "")
    if not data and names != ["tally"]:
        print("GEO_REGISTRY_DATA names no folder of real door plates; nothing to measure", file=sys.stderr)
        return 1
    cluster.start()
    cluster.upgrade()
    try:
        for name in names or ALL:
            print(f"\n== {name}")
            ALL[name](Path(data))
    finally:
        cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
