"""Names that no table holds, told by the generic word at their end."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from geo_registry.address.reading import costs
from geo_registry.address.reading.lexicon import lexicon, longest_first
from geo_registry.address.reading.segments import Lattice, Rule, rule, segment
from geo_registry.address.scheme import Profile
from geo_registry.gazetteer.fold import fold

_STREET = rule("street", "street.suffix", "street")
_SIDE = rule("section", "section.side", "section")
_GROUP = rule("group", "group.suffix", "group")
_TOWNSHIP = rule("township", "township.suffix", "township")
_DISTRICT = rule("district", "district.suffix", "district")
_CITY = rule("city", "city.suffix", "city")
_CITIES = re.compile(r"市(?!场|政|民)|自治州|地区")
_AREAS: dict[str, tuple[Rule, tuple[float, ...]]] = {
    "city": (_CITY, (9.0, 9.0, 0.5, 1.5, 4.0)),
    "district": (rule("district", "district.suffix", "district"), costs.DISTRICT_LENGTH),
    "township": (_TOWNSHIP, (9.0, 0.8, 0.3, 1.0, 3.2)),
    "community": (rule("community", "community.suffix", "community"), (9.0, 2.0, 0.5, 1.0, 2.2, 3.6)),
}
"""Divisions of a scheme of its own, told by the titles the scheme gives to each level."""
_COMMUNITY = rule("community", "community.suffix", "community")
_ZONE = rule("development_zone", "zone.suffix", "zone", "zone")
_BUILDING = rule("building", "building.side", "building_word", "building")

# What a generic word is not part of.
_NOT_BEFORE = {"街": "(?!道(?!口))", "道": "(?!口)"}
_NOT_BEHIND = {"道": "(?<!街)"}
_TOWNSHIPS = re.compile(r"街道办事处|街道办|街道|镇(?!政府)|乡(?!政府)")
_DISTRICTS = re.compile(
    r"自治县|县|市(?!场|政|民)|"
    r"(?<![新业园发社景校小矿厂舍活务品流假护税山东西南北中一二三四五六七八九十0-9A-Z])区"
)
_COMMUNITIES = re.compile(r"社区居(?:民委员|委)会|社区|村村民委员会|村委会|(?<!新)村|居委会|嘎查")
_GROUPS = re.compile(r"(?<![0-9A-Z一二三四五六七八九十])组(?![团长织合])")
_SIDES = re.compile(r"[东西南北中][一二三四]?段")
_BUILDING_SIDES = re.compile(r"[东西南北中前后左右][幢栋座]|[A-Z]馆")
_SIDE_COUNT = re.compile(r"[东西南北中][一二三四五六七八九十]")
_TORN = frozenset("区县镇乡市村路街号道")
_SWALLOWED, _SWALLOWED_BEHIND = frozenset("路街村"), frozenset("省区县镇乡市")
"""What ends another name: these at once, these behind one character."""


_End = tuple[re.Pattern[str], frozenset[str], Rule, tuple[float, ...]]
"""The expression of generic words, characters of which each of them holds one, the rule, cost by length."""


_GENERAL_DIVISIONS: tuple[_End, ...] = (
    (_CITIES, frozenset("市州地"), _CITY, costs.CITY_LENGTH),
    (_TOWNSHIPS, frozenset("街镇乡"), _TOWNSHIP, costs.TOWNSHIP_LENGTH),
    (_DISTRICTS, frozenset("县市区"), _DISTRICT, costs.DISTRICT_LENGTH),
    (_COMMUNITIES, frozenset("社村居嘎"), _COMMUNITY, costs.COMMUNITY_LENGTH),
)
_IN_SIDES, _IN_BUILDING_SIDES = frozenset("段"), frozenset("幢栋座馆")


class NameGrammar:
    """Finds the generic words and offers every name that may stand before one."""

    def __init__(self, profile: Profile) -> None:
        streets, zones = _streets(profile), lexicon().zone
        divisions = _own_divisions(profile) if profile.script == "hant" else _GENERAL_DIVISIONS
        self._ends: tuple[_End, ...] = (
            (
                re.compile(_street_words(streets)),
                _beginnings(streets),
                _STREET,
                costs.STREET_LENGTH,
            ),
            *divisions,
            (re.compile(longest_first(zones)), _beginnings(zones), _ZONE, costs.ZONE_LENGTH),
            (_GROUPS, frozenset("组"), _GROUP, costs.GROUP_LENGTH),
        )

    def add(self, folded: str, chars: AbstractSet[str], lattice: Lattice) -> None:
        """Add the names of a text, one for each number of characters before the generic word.

        The characters of the text tell what need not be looked for.
        """
        for expression, needed, of, lengths in self._ends:
            if not needed.isdisjoint(chars):
                for match in expression.finditer(folded):
                    _add_backwards(folded, match.span(), of, lengths, lattice)
        if not _IN_SIDES.isdisjoint(chars):
            for match in _SIDES.finditer(folded):
                lattice[match.start()].append(segment(match.end(), _SIDE))
        if not _IN_BUILDING_SIDES.isdisjoint(chars):
            for match in _BUILDING_SIDES.finditer(folded):
                lattice[match.start()].append(segment(match.end(), _BUILDING, 0.8))


def _own_divisions(profile: Profile) -> tuple[_End, ...]:
    return tuple(
        (re.compile(longest_first(titles)), _beginnings(titles), *_AREAS[area.level])
        for area in profile.areas
        for titles in [tuple(map(fold, area.titles))]
        if area.level in _AREAS
    )


def _beginnings(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[0] for word in words)


def _streets(profile: Profile) -> list[str]:
    part = profile.part("street")
    return sorted({fold(word) for word in part.suffixes} if part else (), key=len, reverse=True)


def _street_words(words: Iterable[str]) -> str:
    return "|".join(
        f"{_NOT_BEHIND.get(word, '')}{re.escape(word)}{_NOT_BEFORE.get(word, '')}" for word in words
    )


def _add_backwards(
    folded: str, word: tuple[int, int], of: Rule, lengths: tuple[float, ...], lattice: Lattice
) -> None:
    """Add the names that end with a generic word; dearer when they begin or hold what ends another name."""
    (at, end), swallowed = word, 0.0
    # A side and a count before the generic word make a name no stranger: 中山东一路.
    extra = 2 if of is _STREET and at > 1 and _SIDE_COUNT.match(folded, at - 2) else 0
    for length, plain in enumerate(lengths):
        start = at - length
        if start < 0:
            return
        char = folded[start]
        if length and not char.isalnum():
            return
        if length > 1 and not swallowed and (char in _SWALLOWED or folded[start + 1] in _SWALLOWED_BEHIND):
            swallowed = costs.SWALLOWED
        is_torn = length and start and char in _TORN and folded[start - 1] not in _TORN
        torn = costs.TORN if is_torn else costs.NEAR if char == "近" else 0.0
        cost = lengths[length - extra] if extra and length > extra + 1 else plain
        total = cost + swallowed + torn
        if total < costs.HOPELESS:
            lattice[start].append((end, of.column, of.state, total, None, of))
