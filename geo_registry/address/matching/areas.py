"""Whether the areas a text names are those of what was found: agreement, silence, contradiction."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from rapidfuzz.distance import OSA

from geo_registry.address.known import KnownPlaces, gazetteer_of
from geo_registry.address.matching.keys import AREA_KINDS, Asked, Correction
from geo_registry.address.reading.parts import Reading, ReadPart
from geo_registry.address.scheme import Profile
from geo_registry.area.tables import LEVELS
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import COMMUNITY, FORMER, FULL, SHORT, TOWNSHIP, VARIANT
from geo_registry.gazetteer.table import LEVELS as KNOWN_LEVELS
from geo_registry.text import NUMERAL_CHARACTERS, normal_key

_MOST_NAMED = 200
# Words that one and the same area is called by.
_COMMUNITY = re.compile(r"(?:社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|社区|村|里)$")
_OFFICE = re.compile(r"(?:办事处|街道办)$")
_TITLE = re.compile(r"(?:特别行政区|自治区|自治州|自治县|地区|街道|省|市|县|区|镇|乡|里|村|社区)$")
# What tells areas apart on purpose is never taken for an error of typing; words are compared folded.
_TELLING = frozenset("东西南北中前后上下左右内外大小新老旧0123456789" + NUMERAL_CHARACTERS)
_TITLES = frozenset("省市县区镇乡村里道")


@dataclass(frozen=True, slots=True)
class Division:
    """A division as far as comparing needs it."""

    place: int
    level: str
    name: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many of the written areas agree, the lowest level that does (-1: none), and what contradicts."""

    agreeing: int
    lowest: int
    corrections: tuple[Correction, ...]


class AreaBook:
    """The divisions that a batch of matches meets, and how what was written agrees with them."""

    def __init__(self, profile: Profile, places: KnownPlaces) -> None:
        self._places, self._country = places, gazetteer_of(profile)
        self._titles: dict[str, tuple[str, ...]] = {
            area.level: tuple(map(normal_key, area.titles)) for area in profile.areas
        }
        self._scoped: dict[tuple[tuple[str, str], ...], tuple[tuple[UUID, ...], tuple[UUID, ...]]] = {}
        self._judged: dict[tuple[object, ...], Agreement] = {}

    def readings(self, reading: Reading) -> Iterator[Correction]:
        """Tell of the divisions that were read by a name that is not their own."""
        for part in reading.parts:
            if part.text == part.value or part.kind not in AREA_KINDS:
                continue
            if part.rule.endswith(".alike"):
                yield Correction(f"没有“{part.text}”，按“{part.value}”理解", 0.12)
            elif part.rule.endswith(".known"):
                if not is_same_area(part.text, part.value):
                    yield from _other_name(part.text, part.value, *self._way(part))
                elif any(self._is_another(part.text, place) for place in self._places_of(part)):
                    # What stands behind it decided how it was read.
                    yield Correction(f"写的是“{part.text}”，按“{part.value}”理解", 0.12)

    def _places_of(self, part: ReadPart) -> Iterator[int]:
        known = self._places
        for one in known.meanings(fold(part.value)):
            if one.way == FULL and known.code(one.place) == part.code:
                yield one.place

    def _way(self, part: ReadPart) -> tuple[int, int]:
        """Return by which way a division was read that bears another name than the text, and its level."""
        known = self._places
        for one in known.meanings(fold(part.text), _MOST_NAMED):
            if one.level <= COMMUNITY and one.place >= 0 and known.name(one.place) == part.value:
                return one.way, one.level
        # The table of all divisions: 昆山县 for 昆山市 is another word, 绍兴县 for 柯桥区 a former name.
        level = KNOWN_LEVELS.index(part.kind)
        stem, own = (_TITLE.sub("", fold(normal_key(text))) for text in (part.text, part.value))
        return (VARIANT if stem == own else SHORT if own.startswith(stem) else FORMER), level

    def above(self, *ids: UUID | None) -> list[Division]:
        """Return divisions with all above them, the lowest first."""
        known = self._places
        met = dict.fromkeys(
            place
            for lowest in ids
            if lowest is not None and (own := known.place_of(lowest)) is not None
            for place in (own, *known.ancestors(own))
        )
        found = [self._division(place) for place in met]
        return sorted(found, key=lambda division: -LEVELS.index(division.level))

    def _division(self, place: int) -> Division:
        return Division(place, KNOWN_LEVELS[self._places.level(place)], self._places.name(place))

    def scopes_of(self, asked: Asked) -> tuple[UUID, ...]:
        """Return the lowest written divisions that exist, each within those written above it."""
        return self._scopes(asked.areas)[0]

    def around(self, asked: Asked) -> tuple[UUID, ...]:
        """Return the townships or districts written: names below a street belong to no community."""
        return self._scopes(asked.areas)[1]

    def _scopes(self, areas: tuple[tuple[str, str], ...]) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
        found = self._scoped.get(areas)
        if found is None:
            places = self._written(areas) if areas else []
            known = self._places
            wider = [known.parent(place) if known.level(place) == COMMUNITY else place for place in places]
            found = self._scoped[areas] = (self._keys(places), self._keys(wider))
        return found

    def _keys(self, places: Iterable[int]) -> tuple[UUID, ...]:
        keys = (self._places.key(place) for place in places if place >= 0)
        return tuple(dict.fromkeys(key for key in keys if key is not None))

    def _written(self, areas: Sequence[tuple[str, str]]) -> list[int]:
        """Return the places of the lowest written area that is known, within those written above it."""
        known = self._places
        within: list[int] = []
        for _, text in areas:
            named = [
                one.place
                for one in known.meanings(fold(text), _MOST_NAMED)
                if one.level <= COMMUNITY and one.way != VARIANT
            ]
            inside = [place for place in named if any(known.is_within(place, above) for above in within)]
            within = inside if within and inside else within or named
        return within

    def judge(
        self,
        asked: Asked,
        row: Any,  # noqa: ANN401  (a row with area ids)
        scope_level: str,
        strays: tuple[str, ...] = (),
    ) -> Agreement:
        """Compare what was written with the areas of a row; below `scope_level` an error does no harm.

        `strays` are names that are no place names here and may be areas.
        """
        areas = (*asked.areas, *(("", text) for text in strays)) if strays else asked.areas
        key = (areas, row.community_id or row.township_id or row.district_id, scope_level)
        found = self._judged.get(key)
        if found is None:
            own = self.above(row.community_id, row.township_id, row.district_id)
            found = self._judged[key] = self._compare(areas, own, LEVELS.index(scope_level))
        return found

    def _compare(self, areas: Sequence[tuple[str, str]], own: Sequence[Division], scope: int) -> Agreement:
        agreeing = {text: next((one for one in own if self._is_named(text, one)), None) for _, text in areas}
        corrections: list[Correction] = []
        for text in [text for text, one in agreeing.items() if one is None]:
            agreeing[text], steps = self._by_other_name(text, own)
            corrections += steps
        met = [one for one in agreeing.values() if one is not None]
        lowest = max((LEVELS.index(one.level) for one in met), default=-1)
        for level, text in areas:
            if not level:
                corrections += self._stray(text, agreeing[text], own, met)
            elif agreeing[text] is None and (other := self._rival(level, text, own, met)) is not None:
                is_below = LEVELS.index(other.level) > scope and lowest >= scope
                corrections.append(self._contradiction(text, other, is_below=is_below, is_met=bool(met)))
        return Agreement(len(met), lowest, tuple(corrections))

    def _is_named(self, text: str, division: Division) -> bool:
        return is_same_area(text, division.name) and not self._is_another(text, division.place)

    def _is_another(self, text: str, place: int) -> bool:
        """Tell whether a text is the full name of a division beside one: 友谊村 beside 友谊社区."""
        known = self._places
        named = known.meanings(_OFFICE.sub("", fold(text)))
        full = [one.place for one in named if one.level <= COMMUNITY and one.way == FULL]
        return place not in full and any(known.parent(one) == known.parent(place) for one in full)

    def _by_other_name(
        self, text: str, own: Sequence[Division]
    ) -> tuple[Division | None, tuple[Correction, ...]]:
        """Return the area that a short or former name means, with what that assumes."""
        known = self._places
        places = {division.place: division for division in own}
        for one in known.meanings(fold(text)):
            division = places.get(one.place) if one.level <= COMMUNITY else None
            if division is not None and not (one.way == VARIANT and self._is_another(text, one.place)):
                return division, _other_name(text, division.name, one.way, one.level)
        for one in known.meanings(fold(text)):
            within = [
                division
                for place, division in places.items()
                if one.level <= COMMUNITY and known.is_within(place, one.place)
            ]
            if within:
                return within[-1], _other_name(text, within[-1].name, FORMER, one.level)
        return None, ()

    def _stray(
        self, text: str, area: Division | None, own: Sequence[Division], met: Sequence[Division]
    ) -> tuple[Correction, ...]:
        if area is not None:
            return ()
        folded = fold(normal_key(text))
        near = next((one for one in own if is_one_edit(folded, fold(normal_key(one.name)))), None)
        if near is not None and near not in met:
            return (Correction(f"没有“{text}”，按“{near.name}”理解", 0.12),)
        return (Correction(f"“{text}”没有登记，未用于匹配", 0.25, is_certain=False),)

    def _rival(
        self, level: str, text: str, own: Sequence[Division], met: Sequence[Division]
    ) -> Division | None:
        """Return the area that stands where another one was written; None where the registry has none."""
        same = next((one for one in own if one.level == level and one not in met), None)
        if same is not None or level not in self._titles or any(one.level == level for one in own):
            return same
        key = normal_key(text)
        for one in own:
            # A registry may keep a 縣 as its topmost district, where the profile has it as a city.
            fits = normal_key(one.name).endswith(self._titles[level])
            if (
                one not in met
                and one.level not in self._titles
                and fits
                and key.endswith(self._titles[level])
            ):
                return one
        return None

    def _is_known(self, text: str) -> bool:
        """Tell whether a text names a division, of the registry or, down to districts, of the country."""
        folded = fold(text)
        if any(one.level <= COMMUNITY for one in self._places.meanings(folded)):
            return True
        elsewhere = self._country.meanings(folded) if self._country is not None else ()
        return any(one.level < TOWNSHIP and one.way != VARIANT for one in elsewhere)

    def _contradiction(self, text: str, other: Division, *, is_below: bool, is_met: bool) -> Correction:
        sentence = f"写的是“{text}”，登记在“{other.name}”"
        if not self._is_known(text) and is_one_edit(fold(normal_key(text)), fold(normal_key(other.name))):
            return Correction(f"没有“{text}”，按“{other.name}”理解", 0.12, is_certain=is_met or is_below)
        # A figure belongs to a number that was read amiss rather than to the name of an area.
        is_harmless = is_below and not any(char.isdecimal() for char in normal_key(text))
        return Correction(sentence, 0.15 if is_harmless else 0.35, is_harmless, is_weak=True)


def _other_name(text: str, name: str, way: int, level: int) -> tuple[Correction, ...]:
    if way == FORMER:
        return (Correction(f"“{text}”是“{name}”的旧称", 0.05),)
    if way == VARIANT and level < COMMUNITY:
        # A county and a city of one name may be one behind the other, or neighbours.
        return (Correction(f"写的是“{text}”，登记为“{name}”", 0.2, is_certain=False),)
    return ()


@lru_cache(maxsize=65_536)
def is_same_area(text: str, name: str) -> bool:
    """Tell whether a text names an area: its name, without its title, or with another word of its kind."""
    asked, own = _OFFICE.sub("", fold(normal_key(text))), _OFFICE.sub("", fold(normal_key(name)))
    if asked == own or (len(asked) >= 2 and _TITLE.sub("", own) == asked):
        return True
    core = _COMMUNITY.sub("", own)
    return bool(core) and core != own and _COMMUNITY.sub("", asked) == core and core != asked


def is_one_edit(asked: str, own: str) -> bool:
    """Tell whether two folded names differ by one error of typing, in nothing that tells places apart."""
    if min(len(asked), len(own)) < 2 or OSA.distance(asked, own, score_cutoff=1) != 1:
        return False
    # In their order: 一三社区 and 三一社区 are two.
    if [char for char in asked if char in _TELLING] != [char for char in own if char in _TELLING]:
        return False
    changed = set(asked) ^ set(own)
    return not (len(changed) > 1 and changed <= _TITLES)
