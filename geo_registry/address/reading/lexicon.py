"""The word lists of the reading: endings of names, words beside an address, noise."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import yaml

from geo_registry.gazetteer.fold import fold


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Folded word lists; `endings` maps the ending of a name to its class, the longer word counts."""

    endings: dict[str, str]
    brand: frozenset[str]
    zone: tuple[str, ...]
    note: tuple[str, ...]
    noise: tuple[str, ...]


_CLASSES = ("estate", "market", "tower", "firm", "village", "area")


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the shipped word lists."""
    path = resources.files("geo_registry.address.reading") / "lexicon.yaml"
    lists = yaml.safe_load(path.read_text(encoding="utf-8"))
    endings: dict[str, str] = {}
    for name in _CLASSES:
        for word in lists[name]:
            endings.setdefault(fold(str(word)), name)
    for word in lists["brand"]:
        endings.setdefault(fold(word), "estate")
    rest = {name: tuple(fold(str(word)) for word in lists[name]) for name in ("zone", "note", "noise")}
    return Lexicon(endings=endings, brand=frozenset(map(fold, lists["brand"])), **rest)


Words = dict[str, tuple[str, ...]]
"""Words by their first character, the longest first."""


def by_beginning(words: Iterable[str]) -> Words:
    """Return words in the form in which `words_in` looks for them."""
    found: dict[str, tuple[str, ...]] = {}
    for word in sorted(words, key=len, reverse=True):
        found[word[0]] = (*found.get(word[0], ()), word)
    return found


def words_in(words: Words, folded: str) -> Iterator[tuple[int, str]]:
    """Yield each place where words begin, with the longest of them."""
    for start, char in enumerate(folded):
        if char in words and folded.startswith(words[char], start):
            yield start, next(word for word in words[char] if folded.startswith(word, start))


def longest_first(words: Iterable[str]) -> str:
    """Return the expression of any of some words, the longest that fits."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
