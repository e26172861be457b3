"""Known places along a way: which meanings of a name fit the places read before it."""

from collections.abc import Mapping, Sequence

from geo_registry.address.reading import costs
from geo_registry.address.reading.segments import (
    Fit,
    Known,
    Near,
    Place,
    Plain,
    context_of,
    known_of,
    near,
)
from geo_registry.gazetteer.memory import Memory
from geo_registry.gazetteer.table import COMMUNITY, MANY, Gazetteer

_LINES, _FITS = 2_048, 32_768


class Contexts:
    """Answers how names fit; remembers it, because the same places come again and again."""

    def __init__(self, gazetteers: Sequence[Gazetteer]) -> None:
        self.gazetteers = tuple(gazetteers)
        self._lines = Memory[Place, tuple[Place, ...]](_LINES)
        self._fits = Memory[tuple[str, int, int, Near], Fit](_FITS)
        self.remembered: Mapping[tuple[str, int, int, Near], Fit] = self._fits.settled
        """Most of what `fit` returns, by spelling, level and gazetteer of the name, and the context."""

    def fit(self, context: Near, known: Plain) -> Fit:
        """Return how a known name goes with the places read before it."""
        key = (known[0], known[1], known[2], context)
        fit = self._fits.get(key)
        return fit or self._fits.keep(key, self._fit(context, known_of(known)))

    def line(self, place: Place) -> tuple[Place, ...]:
        """Return a place and those above it."""
        line = self._lines.get(place)
        if line is None:
            which, number = place
            above = self.gazetteers[which].ancestors(number)
            line = self._lines.keep(place, (place, *((which, one) for one in above)))
        return line

    def _fit(self, context: Near, known: Known) -> Fit:
        level, is_short = known.level, known.is_short
        places = [place for which, place in context_of(context) if which == known.gazetteer]
        if not places:
            alone = costs.ALONE_SHORT if is_short else costs.ALONE
            return alone[level] if level <= COMMUNITY else costs.ALONE_NAME, _alone(known) or context, False
        within = self._within(places, known)
        if within:
            inside = costs.WITHIN_SHORT if is_short else costs.WITHIN
            cost = inside[level] if level <= COMMUNITY else costs.WITHIN_NAME
            return cost, near((known.gazetteer, place) for place in within), False
        if known.stem:
            return costs.OUTSIDE_SHORT, context, False
        if self._repeats(places, known):
            return costs.REPEATED_SHORT if is_short else costs.REPEATED, context, True
        if is_short:
            return costs.OUTSIDE_SHORT, context, False
        outside = costs.BESIDE if self._is_beside(places, known) else costs.OUTSIDE[min(level, COMMUNITY)]
        return outside, _alone(known) or context, False

    def _within(self, places: Sequence[int], known: Known) -> list[int]:
        gazetteer = self.gazetteers[known.gazetteer]
        if MANY not in known.places and len(places) == 1:
            within, above = gazetteer.is_within, places[0]
            return [one for one in known.places if within(one, above)]
        if MANY in known.places:
            inside = (name for place in places for name in gazetteer.inside(known.word, place))
            return list(dict.fromkeys(name.place for name in inside if name.level == known.level))
        within = gazetteer.is_within
        return [one for one in known.places if any(within(one, place) for place in places)]

    def _is_beside(self, places: Sequence[int], known: Known) -> bool:
        """Tell whether a name is a division beside the places read before it, in the same one above."""
        gazetteer = self.gazetteers[known.gazetteer]
        above = {gazetteer.parent(place) for place in places} - {-1}
        return any(place != MANY and gazetteer.parent(place) in above for place in known.places)

    def _repeats(self, places: Sequence[int], known: Known) -> bool:
        which = known.gazetteer
        above = {one for place in places for one in self.line((which, place))}
        return any((which, place) in above for place in known.places)


def _alone(known: Known) -> Near:
    return near((known.gazetteer, place) for place in known.places if place != MANY)
