"""Texts whose parts stand in another order than addresses do, put in order by the names they hold."""

import re

from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import COMMUNITY, Gazetteer
from geo_registry.text import NUMERAL_CHARACTERS

_NEIGHBORHOOD = re.compile(r"\d{1,3}[邻鄰]")
_SEPARATORS = re.compile(r"[\s,，、;；()（）]+")
_NUMERALS = frozenset("0123456789-之" + NUMERAL_CHARACTERS)


def reordered(known: Gazetteer, text: str) -> str | None:
    """Return a text with areas first, then its names from street to lane, then the rest; None when it is so.

    Only names of the registry are moved; the rest has to stand in one place.
    """
    folded = fold(text)
    spans = _spans(known, folded)
    areas: list[tuple[int, int, str]] = []
    names: list[tuple[int, int, str]] = []
    rest, near, at = list[str](), list[str](), 0
    for number, (start, end, level) in enumerate([*spans, (len(text), len(text), -1)]):
        between = text[at:start]
        if found := _NEIGHBORHOOD.search(fold(between)):
            near.append(between[found.start() : found.end()])
            between = between[: found.start()] + between[found.end() :]
        if between := _SEPARATORS.sub("", between):
            rest.append(between)
        at = end
        if level >= 0:
            (areas if level <= COMMUNITY else names).append((level, number, text[start:end]))
    ordered = "".join(name for *_, name in sorted(areas)) + "".join(near)
    ordered += "".join(name for *_, name in sorted(names)) + "".join(rest)
    # Two pieces put together could make a number that nobody wrote.
    is_whole = len(spans) > 1 and len(rest) < 2
    return ordered if is_whole and ordered != _SEPARATORS.sub("", text) else None


def _spans(known: Gazetteer, folded: str) -> list[tuple[int, int, int]]:
    """Return the longest names without overlap as (start, end, level), in the order of the text."""
    taken: list[tuple[int, int, int]] = []
    found = sorted(known.find(folded), key=lambda one: (one[0] - one[1], one[0]))
    for start, end, meanings in found:
        is_cut = folded[start] in _NUMERALS and start > 0 and folded[start - 1] in _NUMERALS
        if not is_cut and end - start > 1 and all(end <= a or start >= b for a, b, _ in taken):
            taken.append((start, end, min(one.level for one in meanings)))
    return sorted(taken)
