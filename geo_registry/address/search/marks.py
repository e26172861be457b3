"""Which characters of a hit were typed: as characters, or by the letters that spell them."""

import re

from geo_registry.address.search.letters import spelled
from geo_registry.gazetteer.fold import fold

Ranges = tuple[tuple[int, int], ...]
"""Half-open ranges of a text."""


def marks(text: str, typed: str) -> Ranges:
    """Return the ranges of a text that were typed; figures match from their first digit on."""
    folded, asked = fold(text), fold(typed)
    return _joined(_tokens(folded, asked, _longest_run(folded, asked)))


def marks_of_letters(text: str, name: str, behind: str, begins: int = 0) -> Ranges:
    """Return the ranges of a text that were typed as a name in letters and what stood behind it.

    The place name stands from `begins` on. Where the letters spell nothing of it, they found the hit by
    what its text does not show, and only what stood behind them can be marked.
    """
    folded = fold(text)
    found = spelled(folded[begins:], fold(name))
    ranges = [] if found is None else [(begins + found[0], begins + found[1])]
    start = ranges[0][1] if ranges else begins
    return _joined(ranges + _tokens(folded, fold(behind), start))


def _tokens(text: str, typed: str, start: int) -> list[tuple[int, int]]:
    ranges = []
    for token in re.findall(r"\d+|[^\d\s]", typed):
        found = _find(text, token, start)
        if found is not None:
            start = found + len(token)
            ranges.append((found, start))
    return ranges


def _longest_run(text: str, typed: str) -> int:
    """Return where the longest beginning of what was typed stands, so that 映月路 is not begun in 映山区."""
    packed = "".join(typed.split())
    found = (text.find(packed[:length]) for length in range(len(packed), 0, -1))
    return next((at for at in found if at >= 0), 0)


def _find(text: str, token: str, start: int) -> int | None:
    at = text.find(token, start)
    while at > 0 and token.isdecimal() and text[at - 1].isdecimal():
        at = text.find(token, at + 1)
    return at if at >= 0 else None


def _joined(ranges: list[tuple[int, int]]) -> Ranges:
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return tuple(joined)
