"""Which places the names along a way mean, once the whole text is known; and their unwritten parents."""

from collections.abc import Iterator, Sequence
from typing import cast

from geo_registry.address.reading.context import Contexts
from geo_registry.address.reading.lattice import Step
from geo_registry.address.reading.parts import Inferred, ReadKind, ReadPart
from geo_registry.address.reading.segments import Context, Place
from geo_registry.gazetteer.alike import is_slip
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import COMMUNITY, DEVELOPMENT_ZONE, LEVELS


class Resolution:
    """The places of one reading: the deepest one decides what the names above it mean."""

    def __init__(self, contexts: Contexts, steps: Sequence[Step]) -> None:
        self._gazetteers, self._line = contexts.gazetteers, contexts.line
        self.deepest: Context = self._told_apart(steps)
        known = [step for step in steps if step.known]
        self.is_sure = len(known) > 1 or any(step.known and not step.known.is_short for step in known)
        self.known = [step for step in known if not step.repeats]
        """The steps with a known name that is not read again."""
        strange = [step for step in self.known if not self._agrees(step)]
        self._early = dict(self._read_early(strange)) if strange else {}
        if self._early:
            deepest = max((*self.deepest, *self._early.values()), key=lambda place: len(self._line(place)))
            self.deepest = (deepest,)
        lines = [self._line(place) for place in self.deepest]
        first, *others = lines or [()]
        self._line_of_all = [place for place in first if all(place in line for line in others)]
        self.is_consistent = all(step.start in self._early for step in strange)

    def _told_apart(self, steps: Sequence[Step]) -> Context:
        """Return the deepest places; of several those that lie in what is written again behind them."""
        deepest = steps[-1].context if steps else ()
        for step in steps if len(deepest) > 1 else ():
            if step.repeats and step.known:
                again = {(step.known.gazetteer, name.place) for name in step.known.meanings}
                deepest = tuple(place for place in deepest if again & {*self._line(place)}) or deepest
        return deepest

    def _agrees(self, step: Step) -> bool:
        """Tell whether a deepest place is, lies in or once lay in a place that a name may mean.

        Other tables do not contradict.
        """
        # Loops: a generator would cost more than what it asks.
        for place in step.context:
            which, above = place
            for deepest in self.deepest:
                if which != deepest[0] or place == deepest:
                    return True
                if self._gazetteers[which].is_within(deepest[1], above):
                    return True
        return False

    def _read_early(self, strange: Sequence[Step]) -> Iterator[tuple[int, Place]]:
        """Yield where names stand before what they lie in, and what they mean: 新华街道 广州市 花都区."""
        if len(self.deepest) != 1:
            return
        which, gazetteer = self.deepest[0][0], self._gazetteers[self.deepest[0][0]]
        line = [place for _, place in self._line(self.deepest[0])]
        for known, start in ((step.known, step.start) for step in strange):
            if known is None or known.gazetteer != which:
                continue
            above = next((place for place in line if gazetteer.level(place) < known.level), -1)
            inside = gazetteer.inside(known.word, above) if above >= 0 else ()
            meant = {name.place for name in inside if name.level == known.level}
            if len(meant) == 1:
                yield start, (which, meant.pop())

    def place(self, step: Step) -> Place | None:
        """Return the place a segment means, None while it may mean several, or for a short name alone."""
        if step.start in self._early:
            return self._early[step.start]
        if step.known is None or not step.context or not self.is_sure:
            return None
        if step.repeats:
            near = [place for place in step.context if place in self.deepest] or step.context
            above = {place for one in near for place in self._line(one)}
            again = [(step.known.gazetteer, name.place) for name in step.known.meanings]
            return next((place for place in again if place in above), None)
        if len(step.context) == 1:
            return step.context[0]
        meant = [place for place in step.context if place in self._line_of_all]
        return meant[0] if len(meant) == 1 else None

    def named(self, folded: str) -> Place | None:
        """Return the place among those the text leads to that is called so in full."""
        return next((place for place in self._line_of_all if fold(self.name(place)) == folded), None)

    def level(self, place: Place) -> ReadKind:
        """Return the kind of a place."""
        return cast("ReadKind", LEVELS[self._gazetteers[place[0]].level(place[1])])

    def nearly(self, step: Step, folded: str, above: Place | None) -> Place | None:
        """Return the division a name that no table knows is a slip of, if one alone comes near.

        It is the one of its level among those the text leads to, or a child of the nearest one above; `above`
        is a slip before it.
        """
        if not self.is_sure or not self._line_of_all or step.rule.kind not in LEVELS[: COMMUNITY + 1]:
            return None
        which, level = self._line_of_all[0][0], LEVELS.index(step.rule.kind)
        gazetteer, line = self._gazetteers[which], [place for _, place in self._line_of_all]
        if gazetteer.meanings(folded, 1):
            return None
        near = [place for place in line if gazetteer.level(place) == level]
        if not near:
            lowest = next((place for place in line if gazetteer.level(place) < level), -1)
            if above and above[0] == which and lowest in gazetteer.ancestors(above[1]):
                lowest = above[1]
            below = gazetteer.below(lowest) if lowest >= 0 else ()
            near = [place for place in below if gazetteer.level(place) == level]
        near = [place for place in near if is_slip(folded, fold(gazetteer.name(place)))]
        return (which, near[0]) if len(near) == 1 else None

    def _agree(self, kept: Sequence[Step]) -> bool:
        """Tell whether the names that are written into the standard text lie in one another."""
        return self.is_consistent or all(
            step.start in self._early or self._agrees(step) for step in kept if step in self.known
        )

    def _is_zone(self) -> bool:
        return any(self._gazetteers[which].level(place) == DEVELOPMENT_ZONE for which, place in self.deepest)

    def is_city(self, step: Step) -> bool:
        """Tell whether one of the places a name may mean is called a city."""
        return any(self.name(place).endswith("市") for place in step.context)

    def name(self, place: Place) -> str:
        """Return the usual name of a place."""
        return self._gazetteers[place[0]].name(place[1])

    def bears(self, place: Place, kind: ReadKind) -> bool:
        """Tell whether a place is a division of a kind: a town that became a district is none any more."""
        level = LEVELS[self._gazetteers[place[0]].level(place[1])]
        return kind in {level, "city" if level == "province" else level}

    def code(self, place: Place) -> str:
        """Return the code of a place."""
        return self._gazetteers[place[0]].code(place[1])

    def successors(self, place: Place) -> list[str]:
        """Return the names of what followed an abolished division."""
        gazetteer = self._gazetteers[place[0]]
        return [gazetteer.name(one) for one in gazetteer.successors(place[1])]

    def inferred(self, parts: Sequence[ReadPart], steps: Sequence[Step]) -> tuple[Inferred, ...]:
        """Return the divisions that were not written and follow from those that were."""
        starts = {part.start for part in parts if part.kind != "repetition"}
        kept = [step for step in steps if step.start in starts]
        if not self.is_sure or self._is_zone() or not self._agree(kept):
            return ()
        written = {part.kind for part in parts if part.kind != "repetition"}
        read = {place for step in kept if (place := self.place(step)) is not None}
        found: list[Inferred] = []
        for place in reversed(self._line_of_all):
            level = self._gazetteers[place[0]].level(place[1])
            if place in read or level > COMMUNITY or level == DEVELOPMENT_ZONE:
                continue
            kind = cast("ReadKind", LEVELS[level])
            if kind not in written:
                found.append(Inferred(kind, self.name(place), self.code(place), f"{kind}.parent"))
        return tuple(found)
