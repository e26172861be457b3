"""How much the full reading does: no more than so much for each character, whatever the text.

Counted in segments and steps rather than in time, which other work on the machine would change.
"""

import pytest

from benchmarks.address_speed import hostile
from geo_registry.address.reading import lattice
from geo_registry.address.reading.grammar import Grammar
from geo_registry.address.reading.standardizer import Standardizer
from tests.address.reading.test_standardizer import READERS

_SEGMENTS, _STEPS = 8, 20
"""For each character; the worst texts known need 6 and 14."""


class _Effort:
    """Counts the segments that are offered and those that are tried behind each state."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.segments, self.steps = 0, 0
        offered, extend = Grammar.segments, lattice._extend

        def count_offered(grammar: Grammar, *text: str) -> object:
            found = offered(grammar, *text)
            self.segments += sum(map(len, found[0]))
            return found

        def count_steps(table: object, lowest: object, segments: list[object], *rest: object) -> None:
            self.steps += len(segments)
            extend(table, lowest, segments, *rest)  # type: ignore[arg-type]

        patch.setattr(Grammar, "segments", count_offered)
        patch.setattr(lattice, "_extend", count_steps)

    def of(self, reader: Standardizer, text: str) -> tuple[int, int]:
        """Return what reading a text takes."""
        self.segments, self.steps = 0, 0
        reader.read_fully(text)
        return self.segments, self.steps


@pytest.mark.parametrize("code", READERS)
def test_effort_grows_with_the_length_alone(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    effort = _Effort(monkeypatch)
    texts = hostile()
    for text in texts[:: 1 if code == "national" else 6]:
        for length in (50, 500):
            segments, steps = effort.of(READERS[code], text[:length])
            assert segments <= _SEGMENTS * length, text[:length]
            assert steps <= _STEPS * length, text[:length]
    assert effort.segments > 0
    assert effort.steps > 0
