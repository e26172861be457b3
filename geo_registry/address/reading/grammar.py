"""The grammar of one profile: from a folded text to the segments that may stand at each place."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple, cast

from geo_registry.address.reading import costs
from geo_registry.address.reading.beside import add_beside
from geo_registry.address.reading.counts import CountGrammar
from geo_registry.address.reading.lexicon import lexicon, longest_first
from geo_registry.address.reading.names import NameGrammar
from geo_registry.address.reading.parts import ReadKind
from geo_registry.address.reading.scheme_rules import SchemeRules
from geo_registry.address.reading.segments import Known, Lattice, Rule, rule
from geo_registry.address.scheme import Profile
from geo_registry.gazetteer.table import COMMUNITY, FORMER, LEVELS, SHORT, TOWNSHIP, Found, Name

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
_KEPT = 20_000
_PARKS = re.compile("工业|园区|产业|开发区|科技园")
_TITLES = frozenset("省市区县镇乡")
_STREET_WORDS = re.compile(
    r"(?:[东西南北中][一二三四五六七八九十]?)?(?:大道|公路|大街|路|街(?!道)|巷|弄)|[东西南北中]区"
)


class Endings(NamedTuple):
    """At each place of a text: the class of a text that ends there, and where its last word begins."""

    classes: list[int]
    starts: list[int]


class Grammar:
    """What may stand where: known names, names by their generic word, counts, words beside an address."""

    def __init__(self, profile: Profile) -> None:
        words = lexicon()
        self._known: defaultdict[int, dict[str, tuple[tuple[Known, float, Rule], ...]]] = defaultdict(dict)
        self._classes = {word: costs.CLASSES.index(name) for word, name in words.endings.items()}
        self._brand = words.brand
        self._parks = {word for word in words.endings if _PARKS.match(word)}
        # A lookahead finds overlapping endings; each end keeps the class of the longest word.
        self._endings = re.compile(f"(?=({longest_first(words.endings)}))")
        self._names = NameGrammar(profile)
        self._counts = CountGrammar(profile)
        self._scheme = SchemeRules(profile)

    def segments(self, text: str, folded: str, found: Sequence[Sequence[Found]]) -> tuple[Lattice, Endings]:
        """Return the segments by start, and what a running text ends with at each place."""
        lattice: Lattice = [[] for _ in range(len(folded) + 1)]
        endings, generic = self._endings_in(folded)
        for number, of_one in enumerate(found):
            self._add_known(folded, of_one, number, generic, lattice)
        self._counts.add(folded, lattice)
        self._names.add(folded, lattice)
        self._scheme.add(text, lattice)
        add_beside(folded, lattice)
        return lattice, endings

    def _add_known(
        self, folded: str, found: Sequence[Found], gazetteer: int, generic: dict[int, str], lattice: Lattice
    ) -> None:
        known_by_word = self._known[gazetteer]
        for start, end, meanings in found:
            word = folded[start:end]
            by_level = known_by_word.get(word)
            if by_level is None:
                if len(known_by_word) >= _KEPT:
                    known_by_word.clear()
                by_level = known_by_word[word] = _by_level(word, gazetteer, meanings)
            here, following = lattice[start], generic.get(end, "")
            is_titled = folded[end : end + 1] in _TITLES
            for known, cost, of in by_level:
                before = _before(known, following, is_titled=is_titled) if following or is_titled else 0.0
                here.append((end, of.column, of.state, cost + before, known, of))

    def _endings_in(self, folded: str) -> tuple[Endings, dict[int, str]]:
        """Return what a text ends with at each place, and where words begin that end a name."""
        closing = [0] * (len(folded) + 1)
        starts = [len(folded)] * (len(folded) + 1)
        generic = {match.start(): "street" for match in _STREET_WORDS.finditer(folded)}
        for match in self._endings.finditer(folded):
            start, word = match.start(), match[1]
            end = start + len(word)
            if start < starts[end]:
                closing[end], starts[end] = self._classes[word], start
            if len(word) > 1 and word not in self._brand:
                generic.setdefault(start, "park" if word in self._parks else "ending")
        return Endings(closing, starts), generic


def _by_level(word: str, gazetteer: int, meanings: tuple[Name, ...]) -> tuple[tuple[Known, float, Rule], ...]:
    """Return the meanings of a word by level, each with its cost and its rule."""
    by_level: defaultdict[int, list[Name]] = defaultdict(list)
    for name in meanings:
        by_level[name.level].append(name)
    found = []
    for level, names in sorted(by_level.items()):
        of_level = tuple(names)
        way = min(name.way for name in of_level)
        is_former = all(name.way == FORMER for name in of_level)
        stem = _STEMS.get(level, 0) if way == SHORT else 0
        cost = costs.WAYS[way] + costs.LATER_TABLE * gazetteer
        found.append(
            (Known(word, level, gazetteer, of_level, {}, way == SHORT, is_former, stem), cost, _RULES[level])
        )
    return tuple(found)


def _before(known: Known, following: str, *, is_titled: bool) -> float:
    """Return what a name costs before the word of another one: 长河 in 长河路, 仁和镇 in 仁和镇工业区."""
    if not known.is_short:
        return costs.BEFORE_ENDING_FULL if following == "park" and known.level == TOWNSHIP else 0.0
    if not following:
        return costs.BEFORE_TITLE if is_titled else 0.0
    if following == "street" or known.level > COMMUNITY:
        return costs.BEFORE_STREET
    return costs.BEFORE_ENDING[known.level]
