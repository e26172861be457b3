"""Known places along a way: which meanings of a name fit the places read before it."""

from collections.abc import Sequence

from geo_registry.address.reading import costs
from geo_registry.address.reading.segments import Known
from geo_registry.gazetteer.table import COMMUNITY, MANY, Gazetteer

Place = tuple[int, int]
"""Number of the gazetteer and of the place in it."""
Context = tuple[Place, ...]
"""The deepest known places of a way: one, or several while a name is ambiguous."""
Fit = tuple[float, Context, bool]
"""What a known name costs in a context, the context behind it, whether it repeats what was read."""


class Contexts:
    """Answers how names fit; remembers it, because the same places come again and again."""

    _LIMIT = 60_000

    def __init__(self, gazetteers: Sequence[Gazetteer]) -> None:
        self.gazetteers = tuple(gazetteers)
        self._known: dict[tuple[Context, str, int, int], Fit] = {}

    def fit(self, context: Context, known: Known) -> Fit:
        """Return how a known name goes with the places read before it."""
        key = (context, known.word, known.level, known.gazetteer)
        fit = self._known.get(key)
        if fit is None:
            if len(self._known) >= self._LIMIT:
                self._known.clear()
            fit = self._known[key] = self._fit(context, known)
        return fit

    def _fit(self, context: Context, known: Known) -> Fit:
        level, is_short = known.level, known.is_short
        places = [place for which, place in context if which == known.gazetteer]
        if not places:
            alone = costs.ALONE_SHORT if is_short else costs.ALONE
            return alone[level] if level <= COMMUNITY else 0.0, _alone(known) or context, False
        within = self._within(places, known)
        if within:
            inside = costs.WITHIN_SHORT if is_short else costs.WITHIN
            cost = inside[level] if level <= COMMUNITY else costs.WITHIN_NAME
            return cost, tuple((known.gazetteer, place) for place in within), False
        if self._repeats(places, known):
            return costs.REPEATED_SHORT if is_short else costs.REPEATED, context, True
        if is_short:
            return costs.OUTSIDE_SHORT, context, False
        outside = costs.BESIDE if self._is_beside(places, known) else costs.OUTSIDE[min(level, COMMUNITY)]
        return outside, _alone(known) or context, False

    def _within(self, places: Sequence[int], known: Known) -> list[int]:
        gazetteer = self.gazetteers[known.gazetteer]
        if any(name.place == MANY for name in known.meanings):
            inside = (name for place in places for name in gazetteer.inside(known.word, place))
            return list(dict.fromkeys(name.place for name in inside if name.level == known.level))
        return [
            name.place
            for name in known.meanings
            if any(gazetteer.is_within(name.place, place) for place in places)
        ]

    def _is_beside(self, places: Sequence[int], known: Known) -> bool:
        """Tell whether a name is a division beside the places read before it, in the same one above."""
        gazetteer = self.gazetteers[known.gazetteer]
        above = {gazetteer.parent(place) for place in places} - {-1}
        return any(name.place != MANY and gazetteer.parent(name.place) in above for name in known.meanings)

    def _repeats(self, places: Sequence[int], known: Known) -> bool:
        gazetteer = self.gazetteers[known.gazetteer]
        above = {*places, *(one for place in places for one in gazetteer.ancestors(place))}
        return any(name.place in above for name in known.meanings)


def _alone(known: Known) -> Context:
    return tuple((known.gazetteer, name.place) for name in known.meanings if name.place != MANY)
