"""The grammar of one profile: from a folded text to the segments that may stand at each place."""

import re
from collections.abc import Sequence
from functools import lru_cache
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
from geo_registry.gazetteer.table import COMMUNITY, LEVELS, SHORT, TOWNSHIP, Found, Name

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
_LOCAL = frozenset([TOWNSHIP])
_TITLES = frozenset("省市区县镇乡")
_STREET_WORDS = re.compile(r"[东西南北中]?(?:大道|公路|大街|路|街(?!道)|巷|弄)|[东西南北中]区")


class Endings(NamedTuple):
    """At each place of a text: the class of a running text that ends there, and where its last word begins."""

    classes: list[int]
    starts: list[int]


class Grammar:
    """What may stand where: known names, names by their generic word, counts, words beside an address."""

    def __init__(self, profile: Profile) -> None:
        words = lexicon()
        self._classes = {word: costs.CLASSES.index(name) for word, name in words.endings.items()}
        self._brand = words.brand
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
            _add_known(folded, of_one, number, generic, lattice)
        self._counts.add(folded, lattice)
        self._names.add(folded, lattice)
        self._scheme.add(text, lattice)
        add_beside(folded, lattice)
        return lattice, endings

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
                generic.setdefault(start, "ending")
        return Endings(closing, starts), generic


def _add_known(
    folded: str, found: Sequence[Found], gazetteer: int, generic: dict[int, str], lattice: Lattice
) -> None:
    for start, end, meanings in found:
        for known, way, of in _by_level(folded[start:end], gazetteer, meanings):
            cost = costs.WAYS[way] + costs.LATER_TABLE * gazetteer
            if way == SHORT and end in generic:
                cost += _before(known.level, generic[end])
            elif end in generic and known.level in _LOCAL and generic[end] == "ending":
                cost += costs.BEFORE_ENDING_FULL
            elif way == SHORT and folded[end : end + 1] in _TITLES:
                cost += costs.BEFORE_TITLE
            lattice[start].append((end, of.column, of.state, cost, known, of))


@lru_cache(maxsize=20_000)
def _by_level(word: str, gazetteer: int, meanings: tuple[Name, ...]) -> tuple[tuple[Known, int, Rule], ...]:
    """Return the meanings of a word by level, each with its best way and its rule."""
    return tuple(
        (Known(word, level, gazetteer, of_level), min(name.way for name in of_level), _RULES[level])
        for level in sorted({name.level for name in meanings})
        for of_level in [tuple(name for name in meanings if name.level == level)]
    )


def _before(level: int, word: str) -> float:
    """Return what a name in short costs before the generic word of another name: 长河 in 长河路."""
    if word == "street" or level > COMMUNITY:
        return costs.BEFORE_STREET
    return costs.BEFORE_ENDING[level]
