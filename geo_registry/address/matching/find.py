"""Matching address texts to the registry: exactly, then by one certain correction, then as candidates.

Texts are answered in batches: every step asks the database once for all texts that need it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from uuid import UUID

from geo_registry.access.viewer import Viewer
from geo_registry.address.known import KnownPlaces, registry_gazetteer
from geo_registry.address.matching.areas import AreaBook
from geo_registry.address.matching.findings import Finding, match_of, of_door, of_place
from geo_registry.address.matching.keys import Ask, Asked, Correction, asked_of
from geo_registry.address.matching.lookup import Chain, DoorKey, Lookup, Row
from geo_registry.address.matching.match import Match, Successor
from geo_registry.address.matching.variants import variants_of, whole_names
from geo_registry.address.places import profile_in_force
from geo_registry.address.reading.parts import Reading
from geo_registry.address.scheme import Profile
from geo_registry.address.standardize import standardizer_for
from geo_registry.area.tables import LEVELS
from geo_registry.db import Session
from geo_registry.pages import checked_limit

BATCH = 1000
MOST_BELOW = 300
"""As many names without their parents `match_places` answers at most."""
_STREET_COST = 0.5
_LOCAL = frozenset({"section", "lane", "sub_lane", "alley", "sub_alley", "hamlet", "group"})


def match(session: Session, viewer: Viewer, text: str, limit: int = 5) -> Match:
    """Return what an address text means in the registry, graded, within the viewer's areas.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    return match_many(session, viewer, [text], limit=limit)[0]


def match_many(session: Session, viewer: Viewer, texts: Sequence[str], *, limit: int = 5) -> list[Match]:
    """Return the match of each text, in order; much cheaper for many at once than one by one.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    reader = standardizer_for(session, profile_in_force(session))
    return list(match_readings(session, viewer, reader.profile, reader.read_many(texts), limit=limit))


def match_readings(
    session: Session, viewer: Viewer, profile: Profile, readings: Iterable[Reading], *, limit: int = 5
) -> Iterator[Match]:
    """Yield the match of each reading by the profile, in order, within the viewer's areas.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    checked_limit(limit)
    waiting = iter(readings)
    while batch := list(islice(waiting, BATCH)):
        yield from _Batch(session, viewer, profile, batch, limit).matches()


@dataclass(slots=True)
class _Text:
    """One text of a batch with what has been found for it so far."""

    reading: Reading
    asked: Asked
    findings: list[Finding] = field(default_factory=list)
    existing: set[str] = field(default_factory=set)

    @property
    def is_settled(self) -> bool:
        """Whether one object was found with no more than one certain correction, and none that is weak."""
        if not self.findings:
            return False
        least = min(one.cost for one in self.findings)
        best = [one for one in self.findings if one.cost < least + 0.001]
        is_sole = len({(one.kind, one.id) for one in best}) == 1
        return is_sole and best[0].is_certain and not any(step.is_weak for step in best[0].corrections)


_Question = tuple[_Text, Ask]


class _Batch:
    """The texts that are answered together."""

    def __init__(
        self, session: Session, viewer: Viewer, profile: Profile, readings: Sequence[Reading], limit: int
    ) -> None:
        self._session = session
        self._viewer = viewer
        self._profile = profile
        self._limit = limit
        self._lookup = Lookup(session, viewer)
        self._known: KnownPlaces | None = None
        self._areas = AreaBook(session, profile, self._places)
        self._texts = [_Text(reading, asked_of(profile, reading)) for reading in readings]

    def _places(self) -> KnownPlaces:
        if self._known is None:
            self._known = registry_gazetteer(self._session)
        return self._known

    def matches(self) -> list[Match]:
        """Return the match of each text."""
        self._areas.load_named(name for text in self._texts for _, name in text.asked.areas)
        self._look((text, ask) for text in self._texts for ask in text.asked.asks)
        if open_ones := self._open():
            self._look_at_aliases(open_ones)
        if open_ones := self._open():
            self._look(self._variants(open_ones), may_skip=True)
        if open_ones := self._open():
            self._look_around(open_ones)
        followed = self._followed()
        return [match_of(text.reading, text.findings, followed, self._limit) for text in self._texts]

    def _variants(self, texts: Sequence[_Text]) -> Iterator[_Question]:
        for text in texts:
            for ask in variants_of(self._places(), self._profile, text.asked, text.existing):
                yield text, ask

    def _open(self) -> list[_Text]:
        return [text for text in self._texts if not text.is_settled]

    def _look(self, questions: Iterable[_Question], *, may_skip: bool = False) -> None:
        """Look up ways of asking: their names, then the doors below these."""
        asked = [(text, ask, self._chain(text, ask, may_skip=may_skip)) for text, ask in questions]
        places = self._lookup.places(chain for _, _, chain in asked)
        self._areas.load(
            one
            for rows in places.values()
            for row in rows
            for one in (row.district_id, row.township_id, row.community_id)
        )
        wanted: list[tuple[_Text, Ask, Row | None, list[Row], DoorKey]] = []
        for text, ask, chain in asked:
            rows = places.get(chain, [])
            full = [row for row in rows if row.depth == len(ask.names)]
            text.existing |= self._existing(text, ask, rows)
            if ask.door is None:
                self._add_places(text, ask, full)
                continue
            wanted += [(text, ask, row, full, key) for row in full for key in _door_keys(ask, row.id)]
            if not ask.names:
                scopes = self._areas.scopes_of(text.asked)
                keys = [key for scope in scopes for key in _door_keys(ask, scope)]
                if may_skip:
                    keys += [replace(key, way="within") for key in keys if key.way == "exact"]
                wanted += [(text, ask, None, [], key) for key in keys]
        self._add_doors(wanted)

    def _existing(self, text: _Text, ask: Ask, rows: Sequence[Row]) -> set[str]:
        """Return the keys of names that exist as written where the text says."""
        level = self._scope_level(ask)
        fitting = (
            row
            for row in rows
            if row.via is None and not self._areas.judge(text.asked, row, level, ask.strays).corrections
        )
        return {name.key for row in fitting for name in ask.names[: row.depth]}

    def _chain(self, text: _Text, ask: Ask, *, may_skip: bool) -> Chain:
        if not ask.names or ask.names[0].kind not in _LOCAL or not text.asked.areas:
            return Chain(ask.names, may_skip=may_skip)
        scopes = self._areas.scopes_of(text.asked)
        if not may_skip and text.asked.areas[-1][0] == "community":
            return Chain(ask.names, scopes=tuple(scopes))
        return Chain(ask.names, within=self._areas.widened(scopes), may_skip=may_skip)

    def _add_places(self, text: _Text, ask: Ask, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._is_visible(row):
                found = self._areas.judge(text.asked, row, self._scope_level(ask), ask.strays)
                steps = (*ask.corrections, *_place_steps(row, len(rows)), *found.corrections)
                text.findings.append(of_place(row, found.agreeing, steps))

    def _is_visible(self, row: Row) -> bool:
        areas = self._viewer.areas
        return areas is None or bool({row.district_id, row.township_id, row.community_id} & set(areas))

    def _scope_level(self, ask: Ask) -> str:
        return self._profile.street_unique_in if ask.names and ask.names[0].kind == "street" else "community"

    def _add_doors(self, wanted: Sequence[tuple[_Text, Ask, Row | None, list[Row], DoorKey]]) -> None:
        doors = self._lookup.doors(key for *_, key in wanted)
        self._areas.load(
            one
            for rows in doors.values()
            for row in rows
            for one in (row.district_id, row.township_id, row.community_id)
        )
        for text, ask, place, full, key in wanted:
            for row in doors[key]:
                text.findings.append(self._door_finding(text, ask, place, full, key, row, doors))

    def _door_finding(
        self, text: _Text, ask: Ask, place: Row | None, full: Sequence[Row], key: DoorKey, row: Row,
        doors: dict[DoorKey, list[Row]],
    ) -> Finding:  # fmt: skip
        level = self._scope_level(ask)
        found = self._areas.judge(text.asked, row, level, ask.strays)
        steps = [*ask.corrections, *(_place_steps(place, len(full)) if place is not None else ())]
        steps += [*found.corrections, *_way_steps(key, row, ask), *_neighborhood_steps(text.asked, row)]
        if place is not None and found.lowest < LEVELS.index(level):
            steps += self._namesakes(text, ask, place, full, key, doors)
        return of_door(row, ask, found.agreeing + _is_neighborhood(text.asked, row), steps)

    def _namesakes(
        self,
        text: _Text,
        ask: Ask,
        place: Row,
        full: Sequence[Row],
        key: DoorKey,
        doors: dict[DoorKey, list[Row]],
    ) -> Iterator[Correction]:
        """Tell of other places of the same name that the text does not rule out and that lack the number."""
        level = self._scope_level(ask)
        others = [
            row
            for row in full
            if row.id != place.id
            and row.is_below == place.is_below
            and (row.via is None) == (place.via is None)
            and not self._areas.judge(text.asked, row, level, ask.strays).corrections
            and not any(doors.get(one) for one in _door_keys(ask, row.id))
        ]
        if others and key.way in {"exact", "building"}:
            yield Correction(f"另有 {len(others)} 处同名的{place.full_name}，均无此号", 0.1)

    def _look_at_aliases(self, texts: Sequence[_Text]) -> None:
        """Look up doors and buildings that were called what the text says."""
        keys = {id(text): whole_names(text.asked) for text in texts}
        found = self._lookup.aliases([key for several in keys.values() for key, _ in several])
        wanted: list[tuple[_Text, Ask, Row | None, list[Row], DoorKey]] = []
        for text in texts:
            for key, ask in keys[id(text)]:
                for row in found[key]:
                    step = Correction(f"“{row.name}”是曾用名或俗称", 0.08)
                    own = DoorKey(
                        row.address_id, "own", "", row.building_no, ask.door.unit if ask.door else ""
                    )
                    wanted.append((text, ask.but(ask.names, step), None, [], own))
        self._add_doors(wanted)

    def _look_around(self, texts: Sequence[_Text]) -> None:
        """Look for what lies near: doors in the lanes of a street, other numbers of a figure, the street."""
        chains = {
            id(ask): self._chain(text, ask, may_skip=False) for text in texts for ask in text.asked.asks
        }
        places = self._lookup.places(chains.values())
        wanted: list[tuple[_Text, Ask, Row | None, list[Row], DoorKey]] = []
        for text in texts:
            for ask in text.asked.asks:
                rows = places.get(chains[id(ask)], [])[:20]
                full = [row for row in rows if row.depth == len(ask.names)]
                if ask.door is not None:
                    number, unit = ask.door.number, ask.door.unit
                    wanted += [
                        (text, ask, row, full, DoorKey(row.id, way, number, "", unit))
                        for row in full for way in ("inside", "near")
                    ]  # fmt: skip
        self._add_doors(wanted)
        for text in texts:
            if any(one.kind != "street" and one.cost < _STREET_COST for one in text.findings):
                continue
            for ask in text.asked.asks:
                self._add_streets(text, ask, places.get(chains[id(ask)], [])[:20])

    def _add_streets(self, text: _Text, ask: Ask, rows: Sequence[Row]) -> None:
        for row in rows:
            missing = "".join(name.text for name in ask.names[row.depth :]) + (
                ask.door.text if ask.door else ""
            )
            if missing and self._is_visible(row):
                found = self._areas.judge(text.asked, row, self._scope_level(ask), ask.strays)
                step = Correction(f"{row.full_name} 没有登记 {missing}", _STREET_COST, is_certain=False)
                text.findings.append(
                    of_place(row, found.agreeing, (*ask.corrections, *found.corrections, step))
                )

    def _followed(self) -> dict[UUID, tuple[Successor, ...]]:
        retired = {
            one
            for text in self._texts
            for finding in text.findings
            if any("已注销" in step.sentence for step in finding.corrections)
            for one in (finding.id, finding.address_id)
            if one is not None
        }
        return self._lookup.successors(retired)


def _door_keys(ask: Ask, scope: UUID) -> list[DoorKey]:
    """Return the keys of a door below a scope; the number of a building may stand at any door there."""
    door = ask.door
    if door is None:
        return []
    exact = DoorKey(scope, "exact", door.number, door.building, door.unit)
    if not door.is_building:
        return [exact] if door.number else []
    return [exact, DoorKey(scope, "building", "", door.text, door.unit)]


def _place_steps(row: Row, met: int) -> Iterator[Correction]:
    if row.via:
        yield Correction(f"“{row.via}”是曾用名，今为“{row.full_name}”", 0.08)
    if row.is_below:
        yield Correction(f"未写上级地名，按“{row.full_name}”理解", 0.1, is_certain=met < MOST_BELOW)
    if row.skipped:
        yield Correction(f"未写“{row.skipped}”，按“{row.full_name}”理解", 0.1)


def _way_steps(key: DoorKey, row: Row, ask: Ask) -> Iterator[Correction]:
    if key.way in {"inside", "within"}:
        missing = "路名" if key.way == "within" else "弄、巷"
        yield Correction(f"未写{missing}，按“{row.via}”理解", 0.1)
    if key.way == "near" and ask.door is not None:
        yield Correction(f"没有登记 {ask.door.text}，门牌相近而不同", 0.45, is_certain=False)
    if key.way == "building" and ask.door is not None:
        yield Correction(f"未写门牌号，按楼栋号 {ask.door.text} 理解", 0.1)


def _own_neighborhood(row: Row) -> int | None:
    figures = "".join(char for char in row.neighborhood or "" if char.isdecimal())
    return int(figures) if figures else None


def _is_neighborhood(asked: Asked, row: Row) -> bool:
    return asked.neighborhood is not None and asked.neighborhood == _own_neighborhood(row)


def _neighborhood_steps(asked: Asked, row: Row) -> Iterator[Correction]:
    own = _own_neighborhood(row)
    if asked.neighborhood is not None and own is not None and own != asked.neighborhood:
        yield Correction(f"写的是 {asked.neighborhood} 邻，登记在 {own} 邻", 0.1, is_weak=True)
