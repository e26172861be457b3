"""Which places the names along a way mean, once the whole text is known; and their unwritten parents."""

from collections.abc import Sequence
from typing import cast

from geo_registry.address.reading.context import Contexts
from geo_registry.address.reading.lattice import Step
from geo_registry.address.reading.parts import Inferred, ReadKind, ReadPart
from geo_registry.address.reading.segments import Context, Place
from geo_registry.gazetteer.table import COMMUNITY, DEVELOPMENT_ZONE, LEVELS


class Resolution:
    """The places of one reading: the deepest one decides what the names above it mean."""

    def __init__(self, contexts: Contexts, steps: Sequence[Step]) -> None:
        self._gazetteers, self._line = contexts.gazetteers, contexts.line
        self.deepest: Context = steps[-1].context if steps else ()
        lines = [self._line(place) for place in self.deepest]
        self._line_of_all = [
            place for place in (lines[0] if lines else ()) if all(place in line for line in lines)
        ]
        known = [step for step in steps if step.known]
        self.is_sure = len(known) > 1 or any(step.known and not step.known.is_short for step in known)
        self.known = [step for step in known if not step.repeats]
        """The steps with a known name that is not read again."""
        self.is_consistent = all(
            any(self._leads_to(place, lines) for place in step.context) for step in self.known
        )

    def _leads_to(self, place: Place, lines: Sequence[Sequence[Place]]) -> bool:
        """Tell whether a deepest place is, lies in or once lay in a place; other tables do not contradict."""
        which, above = place
        within = self._gazetteers[which].is_within
        return any(place in line or line[0][0] != which or within(line[0][1], above) for line in lines)

    def place(self, step: Step) -> Place | None:
        """Return the place a segment means, None while it may mean several, or for a short name alone."""
        if step.known is None or not step.context or not self.is_sure:
            return None
        if step.repeats:
            above = {place for one in step.context for place in self._line(one)}
            again = [(step.known.gazetteer, name.place) for name in step.known.meanings]
            return next((place for place in again if place in above), None)
        if len(step.context) == 1:
            return step.context[0]
        meant = [place for place in step.context if place in self._line_of_all]
        return meant[0] if len(meant) == 1 else None

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
        if not self.is_consistent or not self.is_sure or self._is_zone():
            return ()
        written = {part.kind for part in parts}
        starts = {part.start for part in parts if part.kind != "repetition"}
        read = {place for step in steps if step.start in starts and (place := self.place(step)) is not None}
        found: list[Inferred] = []
        for place in reversed(self._line_of_all):
            level = self._gazetteers[place[0]].level(place[1])
            if place in read or level > COMMUNITY or level == DEVELOPMENT_ZONE:
                continue
            kind = cast("ReadKind", LEVELS[level])
            if kind not in written:
                found.append(Inferred(kind, self.name(place), self.code(place), f"{kind}.parent"))
        return tuple(found)
