"""A batch of texts on its way through the registry; a step asks the database once for all that need it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from geo_registry.access.viewer import Viewer
from geo_registry.address.known import KnownPlaces
from geo_registry.address.known_places import PlaceRow
from geo_registry.address.matching.areas import AreaBook
from geo_registry.address.matching.chains import Chain, Chains, Met
from geo_registry.address.matching.findings import Finding, match_of, of_door, of_place
from geo_registry.address.matching.keys import ORDER, Ask, Asked, Correction, asked_of
from geo_registry.address.matching.lookup import DoorKey, Followed, Lookup, Row
from geo_registry.address.matching.match import Match
from geo_registry.address.matching.order import reordered
from geo_registry.address.matching.steps import (
    door_keys,
    is_neighborhood,
    neighborhood_steps,
    place_steps,
    way_steps,
)
from geo_registry.address.matching.variants import variants_of, whole_names
from geo_registry.address.reading.parts import Reading
from geo_registry.address.scheme import Profile
from geo_registry.address.standardize import standardizer_with
from geo_registry.area.tables import LEVELS
from geo_registry.db import Session

_STREET_COST = 0.5
_MOST_PLACES = 20
_LOCAL = frozenset({"section", "lane", "sub_lane", "alley", "sub_alley", "hamlet", "group"})


@dataclass(slots=True)
class _Text:
    """One text of a batch with what has been found for it so far."""

    reading: Reading
    asked: Asked
    findings: list[Finding] = field(default_factory=list)
    met: list[tuple[Ask, list[Met]]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether nothing agrees exactly, and no single object by one certain correction that is not weak."""
        if not self.findings:
            return True
        least = min(one.cost for one in self.findings) if len(self.findings) > 1 else self.findings[0].cost
        best = [one for one in self.findings if one.cost < least + 0.001]
        if not best[0].corrections:
            return False
        is_sole = len({(one.kind, one.id) for one in best}) == 1
        return not (is_sole and best[0].is_certain and not any(step.is_weak for step in best[0].corrections))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A door to look up for a text: below one of the places that its names lead to, or below a community."""

    text: _Text
    ask: Ask
    key: DoorKey
    place: Met | None = None
    places: Sequence[Met] = ()


_Question = tuple[_Text, Ask]


class Batch:
    """Texts that are answered together, by one profile, within the areas of one viewer."""

    def __init__(self, session: Session, viewer: Viewer, profile: Profile, places: KnownPlaces) -> None:
        self._session = session
        self._viewer = viewer
        self._profile = profile
        self._lookup = Lookup(session, viewer)
        self._places = places
        self._chains = Chains(places, viewer)
        self._areas = AreaBook(profile, places)

    def matches(self, readings: Sequence[Reading], limit: int) -> list[Match]:
        """Return the match of each reading."""
        texts = [self._text(reading) for reading in readings]
        self._look((text, ask) for text in texts for ask in text.asked.asks)
        steps = (self._by_other_names, self._by_variants, self._in_order, self._anywhere, self._around)
        left = texts
        for step in steps:
            if left := [text for text in left if text.is_open]:
                step(left)
        followed = self._followed(texts)
        return [match_of(text.reading, text.findings, followed, limit) for text in texts]

    def _text(self, reading: Reading) -> _Text:
        return _Text(reading, asked_of(self._profile, reading, tuple(self._areas.readings(reading))))

    def _look(self, questions: Iterable[_Question], *, may_skip: bool = False, is_wide: bool = False) -> None:
        """Look up ways of asking, in the written areas or anywhere: their names, then the doors below."""
        wanted: list[_Wanted] = []
        for text, ask in questions:
            chain = Chain(ask.names, may_skip=may_skip) if is_wide else self._chain(text, ask, may_skip)
            rows = self._chains.places(chain)
            full = [row for row in rows if row.depth == len(ask.names)]
            text.met.append((ask, rows))
            if ask.door is None:
                self._add_places(text, ask, full)
            elif ask.names:
                wanted += [
                    _Wanted(text, ask, key, row, full) for row in full for key in door_keys(ask, row.place.id)
                ]
            else:
                wanted += [_Wanted(text, ask, key) for key in self._local_keys(text, ask, may_skip=may_skip)]
        self._add_doors(wanted)

    def _local_keys(self, text: _Text, ask: Ask, *, may_skip: bool) -> list[DoorKey]:
        """Return the keys of a number that stands in a community itself, or on a street not written."""
        keys = [key for scope in self._areas.scopes_of(text.asked) for key in door_keys(ask, scope)]
        if may_skip:
            keys += [key._replace(way="within") for key in keys if key.way == "exact"]
        return keys

    def _chain(self, text: _Text, ask: Ask, may_skip: bool) -> Chain:  # noqa: FBT001  (its only switch)
        if ask.names and ask.names[0].kind in _LOCAL and text.asked.has_community and not may_skip:
            return Chain(ask.names, scopes=self._areas.scopes_of(text.asked))
        return Chain(ask.names, within=self._areas.around(text.asked), may_skip=may_skip)

    def _add_places(self, text: _Text, ask: Ask, rows: Sequence[Met], *steps: Correction) -> None:
        for row in rows:
            if self._is_visible(row.place):
                found = self._areas.judge(text.asked, row.place, self._scope_level(ask), ask.strays)
                own = (*ask.corrections, *place_steps(row, len(rows)), *found.corrections, *steps)
                text.findings.append(of_place(row.place, found.agreeing, own))

    def _is_visible(self, row: PlaceRow) -> bool:
        areas = self._viewer.areas
        return areas is None or not {row.district_id, row.township_id, row.community_id}.isdisjoint(areas)

    def _scope_level(self, ask: Ask) -> str:
        """Return the level of division in which the first name is unique."""
        return self._profile.street_unique_in if ask.names and ask.names[0].kind == "street" else "community"

    def _add_doors(self, wanted: Sequence[_Wanted]) -> None:
        doors = self._lookup.doors(one.key for one in wanted)
        for one in wanted:
            for row in doors[one.key]:
                one.text.findings.append(self._door_finding(one, row, doors))

    def _door_finding(self, one: _Wanted, row: Row, doors: dict[DoorKey, list[Row]]) -> Finding:
        ask, asked, level = one.ask, one.text.asked, self._scope_level(one.ask)
        found = self._areas.judge(asked, row, level, ask.strays)
        steps = [
            *ask.corrections,
            *(place_steps(one.place, len(one.places)) if one.place is not None else ()),
        ]
        steps += [*found.corrections, *way_steps(one.key, row, ask), *neighborhood_steps(asked, row)]
        if one.place is not None and len(one.places) > 1 and found.lowest < LEVELS.index(level):
            steps += self._namesakes(one, one.place, doors)
        return of_door(row, ask, found.agreeing + is_neighborhood(asked, row), steps)

    def _namesakes(self, one: _Wanted, place: Met, doors: dict[DoorKey, list[Row]]) -> Iterator[Correction]:
        """Tell of other places of the same name that the text does not rule out and that lack the number."""
        ask, level = one.ask, self._scope_level(one.ask)
        others = [
            row
            for row in one.places
            if row.place.id != place.place.id
            and row.is_below == place.is_below
            and (row.via is None) == (place.via is None)
            and not self._areas.judge(one.text.asked, row.place, level, ask.strays).corrections
            and not any(doors.get(key) for key in door_keys(ask, row.place.id))
        ]
        if others and one.key.way in {"exact", "building"}:
            # Of a street of the district some doors may lie beyond the viewer's areas.
            where = "" if self._viewer.areas is None else "您的辖区内"
            yield Correction(f"另有 {len(others)} 处同名的{place.place.full_name}，{where}均无此号", 0.1)

    def _by_other_names(self, texts: Sequence[_Text]) -> None:
        """Look up doors and buildings that were called what the text says."""
        keys = [(text, key, ask) for text in texts for key, ask in whole_names(text.asked)]
        found = self._lookup.aliases([key for _, key, _ in keys])
        wanted: list[_Wanted] = []
        for text, name, ask in keys:
            for row in found[name]:
                step = Correction(f"“{row.name}”是曾用名或俗称", 0.08)
                unit = ask.door.unit if ask.door else ""
                own = DoorKey(row.address_id, "own", "", row.building_no, unit)
                wanted.append(_Wanted(text, ask.but(ask.names, step), own))
        self._add_doors(wanted)

    def _by_variants(self, texts: Sequence[_Text]) -> None:
        """Look up names by other spellings or with one between them left out, numbers without a street."""
        questions = [
            (text, ask)
            for text in texts
            for ask in variants_of(self._places, self._profile, text.asked, self._existing(text))
        ]
        self._look(questions, may_skip=True)

    def _existing(self, text: _Text) -> set[str]:
        """Return the keys of names that exist as written where the text says."""
        found = set[str]()
        for ask, rows in text.met:
            level = self._scope_level(ask)
            for row in rows:
                judged = self._areas.judge(text.asked, row.place, level, ask.strays)
                if row.via is None and not judged.corrections:
                    found.update(name.key for name in ask.names[: row.depth])
        return found

    def _in_order(self, texts: Sequence[_Text]) -> None:
        """Read texts anew with the names they hold in their usual order."""
        reader = standardizer_with(self._places, self._profile)
        again: list[tuple[_Text, _Text]] = []
        for text in texts:
            if (other := reordered(self._places, text.reading.input)) is not None:
                reading = reader.read(other)
                again.append((text, self._text(reading)))
        for may_skip in (False, True):
            self._look(
                ((new, _in_other_order(ask)) for _, new in again if new.is_open for ask in new.asked.asks),
                may_skip=may_skip,
            )
        for text, new in again:
            text.findings += new.findings

    def _anywhere(self, texts: Sequence[_Text]) -> None:
        """Look up what is not found in the written areas beyond them."""
        lost = [
            text for text in texts if text.asked.areas and all(one.kind == "street" for one in text.findings)
        ]
        self._look(((text, ask) for text in lost for ask in text.asked.asks), may_skip=True, is_wide=True)

    def _around(self, texts: Sequence[_Text]) -> None:
        """Look for what lies near: doors in the lanes of a street, other numbers of a figure, the street."""
        wanted: list[_Wanted] = []
        for text in texts:
            for ask, full in self._full(text):
                if ask.door is not None and ask.door.number:
                    number, unit = ask.door.number, ask.door.unit
                    wanted += [
                        _Wanted(text, ask, DoorKey(row.place.id, way, number, "", unit), row, full)
                        for row in full for way in ("inside", "near")
                    ]  # fmt: skip
        self._add_doors(wanted)
        for text in texts:
            if all(one.kind == "street" or one.cost >= _STREET_COST for one in text.findings):
                self._add_streets(text)

    def _full(self, text: _Text) -> Iterator[tuple[Ask, list[Met]]]:
        for ask, rows in text.met:
            full = [row for row in rows[:_MOST_PLACES] if row.depth == len(ask.names)]
            if full:
                yield ask, full

    def _add_streets(self, text: _Text) -> None:
        """Offer the places that the names lead to, where what stands behind them is not registered."""
        for ask, rows in text.met[: len(text.asked.asks)]:
            for row in rows[:_MOST_PLACES]:
                names = "".join(name.text for name in ask.names[row.depth :])
                if missing := names + (ask.door.text if ask.door else ""):
                    said = f"{row.place.full_name} 没有登记 {missing}"
                    step = Correction(said, _STREET_COST, is_certain=False)
                    self._add_places(text, ask, [row], step)

    def _followed(self, texts: Sequence[_Text]) -> dict[UUID, Followed]:
        retired = {
            one
            for text in texts
            for finding in text.findings
            if finding.is_retired
            for one in (finding.id, finding.address_id)
            if one is not None
        }
        return self._lookup.successors(retired)


def _in_other_order(ask: Ask) -> Ask:
    return ask if ORDER in ask.corrections else replace(ask, corrections=(*ask.corrections, ORDER))
