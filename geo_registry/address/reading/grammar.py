"""The grammar of one profile: from a folded text to the segments that may stand at each place."""

import re
from array import array
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, cast

from geo_registry.address.reading import costs
from geo_registry.address.reading.beside import add_beside
from geo_registry.address.reading.counts import CountGrammar
from geo_registry.address.reading.lexicon import by_beginning, lexicon, words_in
from geo_registry.address.reading.names import NameGrammar
from geo_registry.address.reading.parts import ReadKind
from geo_registry.address.reading.scheme_rules import SchemeRules
from geo_registry.address.reading.segments import Lattice, Plain, Rule, rule
from geo_registry.address.scheme import Profile
from geo_registry.gazetteer.memory import Memory
from geo_registry.gazetteer.table import COMMUNITY, FORMER, LEVELS, SHORT, TOWNSHIP, Gazetteer, Name

_RULES: dict[int, Rule] = {
    LEVELS.index(level): rule(cast("ReadKind", level), f"{level}.known", column, state)
    for level, column, state in (
        ("province", "province", "province"), ("city", "city", "city"), ("district", "district", "district"),
        ("development_zone", "zone", "zone"), ("township", "township", "township"),
        ("community", "community", "community"), ("street", "street", "street"),
        ("section", "section", "section"), ("lane", "lane", "lane"), ("sub_lane", "lane", "lane"),
        ("alley", "lane", "lane"), ("sub_alley", "lane", "lane"), ("estate", "text", "text_estate"),
        ("hamlet", "hamlet", "hamlet"), ("group", "group", "group"),
    )
}  # fmt: skip
_STEMS = {TOWNSHIP: 1, COMMUNITY: 2}
_KEPT = 32_768
_PARKS = re.compile("工业|园区|产业|开发区|科技园")
_TITLES = frozenset("省市区县镇乡")
_STREET_WORDS = re.compile(
    r"(?:[东西南北中][一二三四五六七八九十]?)?(?:大道|公路|大街|路|街(?!道)|巷|弄)|[东西南北中]区"
)
_NOTHING, _TITLE, _ENDING, _PARK, _STREET = range(5)
"""What may begin behind a known name: the word of a division, of a name, of a park, of a street."""


class Endings(NamedTuple):
    """At each place of a text: the class of a text that ends there, and where its last word begins."""

    classes: list[int]
    starts: list[int]


class Grammar:
    """What may stand where: known names, names by their generic word, counts, words beside an address."""

    def __init__(self, profile: Profile, gazetteers: Sequence[Gazetteer]) -> None:
        words = lexicon()
        self._gazetteers = tuple(gazetteers)
        self._known = [Memory[str, tuple[Plain, ...]](_KEPT) for _ in self._gazetteers]
        self._classes = {word: costs.CLASSES.index(name) for word, name in words.endings.items()}
        # A word of one character, or of a brand, does not tell that a name goes on.
        self._begins = {
            word: _PARK if _PARKS.match(word) else _ENDING
            for word in words.endings
            if len(word) > 1 and word not in words.brand
        }
        self._endings = by_beginning(words.endings)
        self._names = NameGrammar(profile)
        self._counts = CountGrammar(profile)
        self._scheme = SchemeRules(profile)

    def segments(self, text: str, folded: str) -> tuple[Lattice, Endings]:
        """Return the segments by start, and what a running text ends with at each place."""
        lattice: Lattice = [[] for _ in range(len(folded) + 1)]
        endings, begins = self._endings_in(folded)
        for number in range(len(self._gazetteers)):
            self._add_known(folded, number, begins, lattice)
        chars = set(folded)
        self._counts.add(folded, chars, lattice)
        self._names.add(folded, chars, lattice)
        self._scheme.add(text, lattice)
        add_beside(folded, chars, lattice)
        return lattice, endings

    def _add_known(self, folded: str, number: int, begins: list[int], lattice: Lattice) -> None:
        """Add the names that the gazetteer of a number knows."""
        settled = self._known[number].settled
        for start, words in self._gazetteers[number].words(folded):
            here = lattice[start]
            for word in words:
                end = start + len(word)
                for known in settled.get(word) or self._recall(number, word):
                    of = _RULES[known[1]]
                    cost = _costs(known[1], known[4], number)[begins[end]]
                    here.append((end, of.column, of.state, cost, known, of))

    def _recall(self, number: int, word: str) -> tuple[Plain, ...]:
        known = self._known[number].get(word)
        if known is not None:
            return known
        return self._known[number].keep(word, _by_level(word, number, self._gazetteers[number].few(word)))

    def _endings_in(self, folded: str) -> tuple[Endings, list[int]]:
        """Return what a text ends with at each place, and what begins there."""
        closing = [0] * (len(folded) + 1)
        starts = [len(folded)] * (len(folded) + 1)
        begins = [_TITLE if char in _TITLES else _NOTHING for char in folded]
        begins.append(_NOTHING)
        for start, word in words_in(self._endings, folded):
            end = start + len(word)
            if start < starts[end]:
                closing[end], starts[end] = self._classes[word], start
            if word in self._begins:
                begins[start] = self._begins[word]
        for match in _STREET_WORDS.finditer(folded):
            begins[match.start()] = _STREET
        return Endings(closing, starts), begins


def _by_level(word: str, gazetteer: int, meanings: tuple[Name, ...]) -> tuple[Plain, ...]:
    """Return the meanings of a word, those of a level as one name."""
    by_level: defaultdict[int, list[Name]] = defaultdict(list)
    for name in meanings:
        by_level[name.level].append(name)
    found = []
    for level, names in sorted(by_level.items()):
        way = min(name.way for name in names)
        is_former = all(name.way == FORMER for name in names)
        stem = _STEMS.get(level, 0) if way == SHORT else 0
        places = array("i", [name.place for name in names]).tobytes()
        found.append((word, level, gazetteer, places, way, is_former, stem))
    return tuple(found)


@cache
def _costs(level: int, way: int, gazetteer: int) -> tuple[float, ...]:
    """Return what a name costs by what begins behind it: 长河 in 长河路, 仁和镇 in 仁和镇工业区."""
    before = [0.0, 0.0, 0.0, 0.0, 0.0]
    if way == SHORT:
        ending = costs.BEFORE_ENDING[level] if level <= COMMUNITY else costs.BEFORE_STREET
        before = [0.0, costs.BEFORE_TITLE, ending, ending, costs.BEFORE_STREET]
    elif level == TOWNSHIP:
        before[_PARK] = costs.BEFORE_ENDING_FULL
    own = costs.WAYS[way] + costs.LATER_TABLE * gazetteer
    return tuple(own + one for one in before)
