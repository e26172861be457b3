"""How much the full reading does: no more than so much for each character, whatever the text.

Counted in segments and steps rather than in time, which other work on the machine would change.
"""

from collections.abc import Iterator

import pytest

from benchmarks.address_speed import hostile
from geo_registry.address.reading.grammar import Endings, Grammar
from geo_registry.address.reading.segments import Lattice, Segment
from geo_registry.address.reading.standardizer import Standardizer
from tests.address.reading.test_standardizer import READERS

_SEGMENTS, _STEPS = 8, 20
"""For each character; the worst texts known need 6 and 14."""


class _Tried(list[Segment]):
    """Segments of one place that count how many of them are tried, over all states."""

    tried = 0

    def __iter__(self) -> Iterator[Segment]:
        _Tried.tried += len(self)
        return super().__iter__()


class _Effort:
    """Counts the segments that are offered and those that are tried behind each state."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.segments = 0
        offered = Grammar.segments

        def counted(grammar: Grammar, *text: str) -> tuple[Lattice, Endings]:
            lattice, endings = offered(grammar, *text)
            self.segments = sum(map(len, lattice))
            _Tried.tried = 0
            return [_Tried(segments) for segments in lattice], endings

        patch.setattr(Grammar, "segments", counted)

    def of(self, reader: Standardizer, text: str) -> tuple[int, int]:
        """Return what reading a text takes."""
        reader.read_fully(text)
        return self.segments, _Tried.tried


@pytest.mark.parametrize("code", READERS)
def test_effort_grows_with_the_length_alone(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    effort = _Effort(monkeypatch)
    texts = hostile()
    for text in texts[:: 1 if code == "national" else 6]:
        for length in (50, 500):
            segments, steps = effort.of(READERS[code], text[:length])
            assert segments <= _SEGMENTS * length, text[:length]
            assert steps <= _STEPS * length, text[:length]
            assert (segments > 0) == (steps > 0)
