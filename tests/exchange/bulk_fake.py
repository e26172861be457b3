"""A reader of addresses for tests: known by name to other processes, as slow and as faulty as asked for.

Run as a program it works through a file like the command does, so that a test can kill it.
"""

import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from geo_registry.address.reading.parts import Reading, ReadPart
from geo_registry.errors import RuleBroken
from geo_registry.exchange.bulk import Job, Work, run
from geo_registry.exchange.bulk_lines import standardized
from geo_registry.exchange.bulk_read import open_rows


def reading(text: str) -> Reading:
    part = ReadPart("street", text[:3], text[:3], 0, min(len(text), 3), "fake")
    return Reading(text, text.strip(), 1.0 if "路" in text else 0.6, (part,))


def read_many(texts: Sequence[str], seconds: float = 0.0) -> list[Reading]:
    time.sleep(seconds)
    if any("炸" in text for text in texts):
        raise ZeroDivisionError
    return [reading(text) for text in texts]


def make(seconds: float = 0.0) -> Work:
    return partial(standardized, ask=partial(read_many, seconds=seconds))


def refuse() -> Work:
    raise RuleBroken("profile-missing", "没有方案 x", field="profile")


def end() -> Work:
    os._exit(9)


def main(source: str, output: str, workers: str, seconds: str) -> None:
    path = Path(source)
    job = Job(path, Path(output), open_rows(path), make, (float(seconds),), workers=int(workers))
    summary = run(job)
    # What getrusage tells is never less than the memory of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii").split()
    peak = status[status.index("VmHWM:") + 1]
    sys.stdout.write(f"{summary.rows} {summary.before} {peak}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
