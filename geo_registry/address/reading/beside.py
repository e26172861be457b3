"""What stands beside an address: separators, words that help to find a place, words of order forms."""

import re
from collections.abc import Set as AbstractSet
from functools import lru_cache

from geo_registry.address.reading.costs import STATE
from geo_registry.address.reading.lexicon import Words, by_beginning, lexicon, longest_first, words_in
from geo_registry.address.reading.segments import FREE, KEEP, SEPARATOR, Lattice, Rule, rule, segment

_NOTE = Rule("note", "note", FREE, KEEP)
_DISTANCE = Rule("note", "note.distance", FREE, KEEP)
_NOISE = Rule("note", "noise", FREE, KEEP)
_COUNTRY = Rule("country", "country", FREE, STATE["start"])
_CROSSING = rule("note", "crossing", "crossing", "crossing")

_CROSSINGS = re.compile(r"与|和|&|交(?=.{1,5}[路街])")
_COUNTRIES = re.compile(r"中华人民共和国|中国(?=.{2,3}(?:省|市|自治区))")
_DISTANCES = re.compile(r"(?:[往向]?[东西南北]{1,2}[面侧边]?(?:方向)?)?\d+(?:米|公里|KM)(?:处|左右)?")
_BRACKETS = re.compile(r"[(\[](?:近|靠|原|临近|旁|对)[^()\[\]]{1,20}[)\]]")
_MOUTH = 2.5
"""What 路口 costs as one word: before it stands the name of a street."""
_CORNERS = re.compile(r"(?<=[路街巷])口(?![岸服味感])")
"""兴达路口 is the corner of a street."""
_NUMERAL_DASH = re.compile(r"(?<=[0-9A-Z])一(?=[0-9A-Z])")

_WORDS: tuple[tuple[re.Pattern[str], frozenset[str], Rule, float], ...] = (
    (_DISTANCES, frozenset("米里M"), _DISTANCE, 0.5),
    (_BRACKETS, frozenset("(["), _NOTE, 0.5),
    (_CORNERS, frozenset("口"), _NOTE, 0.4),
    (_CROSSINGS, frozenset("与和&交"), _CROSSING, 0.0),
    (_NUMERAL_DASH, frozenset("一"), SEPARATOR, 0.0),
)
"""Expressions, characters of which each of their finds holds one, rule and cost."""


def add_beside(folded: str, chars: AbstractSet[str], lattice: Lattice) -> None:
    """Add what is no part of an address, or only tells how its parts hang together.

    The characters of the text tell what need not be looked for.
    """
    notes, noise = _expressions()
    for start, word in words_in(notes, folded):
        cost = _MOUTH if word == "路口" else 0.5 if len(word) > 1 else 1.2
        lattice[start].append(segment(start + len(word), _NOTE, cost))
    for match in noise.finditer(folded):
        lattice[match.start()].append(segment(match.end(), _NOISE, 0.2))
    if "中" in chars:
        for match in _COUNTRIES.finditer(folded):
            lattice[match.start()].append(segment(match.end(), _COUNTRY, 1.0 if match.start() else 0.0))
    for expression, needed, of, cost in _WORDS:
        if not needed.isdisjoint(chars):
            for match in expression.finditer(folded):
                lattice[match.start()].append(segment(match.end(), of, cost))
    for at, char in enumerate(folded):
        if not char.isalnum():
            lattice[at].append(segment(at + 1, SEPARATOR))


@lru_cache(maxsize=1)
def _expressions() -> tuple[Words, re.Pattern[str]]:
    words = lexicon()
    return by_beginning(words.note), re.compile(f"{longest_first(words.noise)}|(?<=[市县])城区")
