"""The order of a run in several processes: what drives a browser goes in few large parts between the other files.

Two browsers at once make each other wait. Beside one, the other process has a processor of its own.
"""

from collections.abc import Iterable

import pytest
from xdist.scheduler import LoadScopeScheduling

PAGES, PARTS = "tests/map/", 4


def parts_of(files: Iterable[str]) -> dict[str, tuple[float, str]]:
    """Return for each file when its turn comes, from 0 to 1, and the name of the part that it runs in."""
    pages: list[str] = []
    others: list[str] = []
    for file in dict.fromkeys(files):
        (pages if file.startswith(PAGES) else others).append(file)
    # The long ones lie at the top; a short one should be the last.
    others.sort(key=lambda file: file.count("/"))
    found = {file: ((at + 1) / (len(others) + 1), file) for at, file in enumerate(others)}
    for at, file in enumerate(pages):
        part = at * PARTS // len(pages)
        found[file] = (part / PARTS, f"{PAGES}{part}")
    return found


def in_turn(items: list[pytest.Item]) -> None:
    """Put the tests of a process into the order of their parts."""
    parts = parts_of(_file(item.nodeid) for item in items)
    items.sort(key=lambda item: parts[_file(item.nodeid)])


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


class Parts(LoadScopeScheduling):  # type: ignore[misc]  # xdist publishes no types
    """Give each process one part after the other."""

    def _split_scope(self, nodeid: str) -> str:
        if not hasattr(self, "_parts"):
            self._parts = parts_of(map(_file, self.collection or ()))
        return self._parts[_file(nodeid)][1]
