"""Cut a text into plain and highlighted parts, so that the template can escape each."""

from collections.abc import Sequence


def marked(text: str, ranges: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Return the parts of a text with whether each is highlighted; ranges are half-open and may overlap."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(ranges):
        first, last = max(start, at), min(end, len(text))
        if last <= first:
            continue
        if first > at:
            parts.append((text[at:first], False))
        parts.append((text[first:last], True))
        at = last
    if at < len(text):
        parts.append((text[at:], False))
    return parts
