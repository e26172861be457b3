"""Known places along a path: which meanings of a name fit the places read before it."""

from collections.abc import Sequence
from typing import NamedTuple

from geo_registry.address.reading import costs
from geo_registry.address.reading.grammar import Known
from geo_registry.gazetteer.table import COMMUNITY, MANY, SHORT, Gazetteer

Place = tuple[int, int]
"""Number of the gazetteer and of the place in it."""
Context = tuple[Place, ...]
"""The deepest known places of a path: one, or several while a name is ambiguous."""


class Fit(NamedTuple):
    """How a known name goes with a context: what it costs more, the context behind it, whether it repeats."""

    cost: float
    context: Context
    repeats: bool


class Contexts:
    """Answers how names fit; remembers it, because the same places come again and again."""

    _LIMIT = 200_000

    def __init__(self, gazetteers: Sequence[Gazetteer]) -> None:
        self._gazetteers = gazetteers
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

    def code(self, context: Context) -> str:
        """Return the code of the known place of a context, empty while it is ambiguous."""
        return self._gazetteers[context[0][0]].code(context[0][1]) if len(context) == 1 else ""

    def _fit(self, context: Context, known: Known) -> Fit:
        number = known.gazetteer
        is_short = all(name.way == SHORT for name in known.meanings)
        places = [place for which, place in context if which == number]
        if not places:
            alone = costs.ALONE_SHORT if is_short else costs.ALONE
            cost = alone[known.level] if known.level <= COMMUNITY else 0.0
            return Fit(cost, self._alone(known), repeats=False)
        within = self._within(places, known)
        if within:
            inside = costs.WITHIN_SHORT if is_short else costs.WITHIN
            cost = inside[known.level] if known.level <= COMMUNITY else -1.0
            return Fit(cost, tuple((number, place) for place in within), repeats=False)
        if self._repeats(places, known):
            return Fit(costs.REPEATED_SHORT if is_short else costs.REPEATED, context, repeats=True)
        cost = costs.OUTSIDE["short" if is_short else "full"]
        return Fit(cost, context if is_short else self._alone(known), repeats=False)

    @staticmethod
    def _alone(known: Known) -> Context:
        return tuple((known.gazetteer, name.place) for name in known.meanings if name.place != MANY)

    def _within(self, places: Sequence[int], known: Known) -> list[int]:
        gazetteer = self._gazetteers[known.gazetteer]
        if any(name.place == MANY for name in known.meanings):
            inside = (name for place in places for name in gazetteer.inside(known.word, place))
            return list(dict.fromkeys(name.place for name in inside if name.level == known.level))
        return [
            name.place
            for name in known.meanings
            if any(gazetteer.is_within(name.place, place) for place in places)
        ]

    def _repeats(self, places: Sequence[int], known: Known) -> bool:
        gazetteer = self._gazetteers[known.gazetteer]
        above = {*places, *(one for place in places for one in gazetteer.ancestors(place))}
        return any(name.place in above for name in known.meanings)
