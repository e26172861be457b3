"""The reader of address texts: one profile, some gazetteers, any text."""

from collections.abc import Iterable, Iterator, Sequence

from geo_registry.address.reading.compose import compose
from geo_registry.address.reading.context import Contexts
from geo_registry.address.reading.explain import confidence, notes
from geo_registry.address.reading.grammar import Grammar
from geo_registry.address.reading.labels import parts_of, told_by_a_firm
from geo_registry.address.reading.lattice import Step, best_way
from geo_registry.address.reading.parts import Reading, ReadPart
from geo_registry.address.reading.quick import QuickReader
from geo_registry.address.reading.resolution import Resolution
from geo_registry.address.scheme import Profile
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import Gazetteer
from geo_registry.text import pinyin


class Standardizer:
    """Reads addresses by one profile with the names of some gazetteers; may be shared by threads.

    Of gazetteers that know the same name the first counts.
    """

    def __init__(self, profile: Profile, gazetteers: Sequence[Gazetteer]) -> None:
        self.profile = profile
        self._gazetteers = tuple(gazetteers)
        self._quick = QuickReader(profile, self._gazetteers)
        self._grammar = Grammar(profile, self._gazetteers)
        self._contexts = Contexts(self._gazetteers)
        # Sounds tell slips in names; their tables are loaded now rather than while some text waits.
        pinyin("路")

    def read(self, text: str) -> Reading:
        """Return the parts of a text, its standard form, what was inferred and how certain all that is."""
        return self._quick.read(text) or self.read_fully(text)

    def read_fully(self, text: str) -> Reading:
        """Return what `read` returns, by the search through all segments."""
        steps, resolution, parts = self._taken_apart(text)
        if end := told_by_a_firm(parts):
            left_out = [part for part in parts if part.start >= end]
            steps, resolution, parts = self._taken_apart(text[:end])
            parts = (*parts, *left_out)
        inferred = resolution.inferred(parts, steps)
        return Reading(
            input=text,
            standard=compose(self.profile, parts, inferred),
            confidence=confidence(parts, resolution, inferred),
            parts=parts,
            inferred=inferred,
            notes=notes(parts, resolution, inferred),
        )

    def _taken_apart(self, text: str) -> tuple[list[Step], Resolution, tuple[ReadPart, ...]]:
        """Return the cheapest way through a text, the places along it and its parts."""
        folded = fold(text)
        lattice, endings = self._grammar.segments(text, folded)
        steps, _ = best_way(folded, lattice, endings.classes, self._contexts)
        resolution = Resolution(self._contexts, steps)
        return steps, resolution, parts_of(self.profile, text, folded, steps, endings, resolution)

    def read_many(self, texts: Iterable[str]) -> Iterator[Reading]:
        """Yield the reading of each text, in order."""
        return map(self.read, texts)
