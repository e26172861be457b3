"""The search: the cheapest way through a text, from segment to segment, with running text between them."""

from typing import NamedTuple, Optional

from geo_registry.address.reading import costs
from geo_registry.address.reading.context import Contexts
from geo_registry.address.reading.segments import (
    KEEP,
    TEXT,
    Context,
    Known,
    Lattice,
    Near,
    Rule,
    Segment,
    context_of,
    known_of,
)  # fmt: skip

_TEXT = costs.TEXT
_TEXT_CHARACTER, _TEXT_CHARACTERS = costs.TEXT_CHARACTER, costs.TEXT_CHARACTERS
_STATES = range(len(costs.STATES))
_ROWS = [
    [costs.TEXT_ROWS[state][of] if state in costs.TEXT_ROWS else costs.ROWS[state] for state in _STATES]
    for of in range(len(costs.CLASSES))
]
"""What comes next costs `_ROWS[class of the text that ends here][state][column]`."""
_TEXT_BEGINS = [
    0.0 if state in costs.TEXT_ROWS else costs.ROWS[state][costs.COLUMN["text"]] for state in _STATES
]
"""What a running text costs to begin behind each state: nothing where one goes on."""
_TEXT_BEHIND = [
    state if state in costs.TEXT_ROWS else costs.TEXT_BEHIND.get(state, _TEXT) for state in _STATES
]
_END_COLUMN = costs.COLUMN["end"]
_BEAM = 4.5
_LEAD = 4.0
_FAR = 1e9


class Step(NamedTuple):
    """One segment of the way: where it stands, what it is, the known places behind it."""

    start: int
    end: int
    rule: Rule
    cost: float
    context: Context
    known: Known | None
    repeats: bool

    @property
    def is_known(self) -> bool:
        """Tell whether a table knows the name."""
        return self.known is not None


Entry = tuple[float, Optional["Entry"], Segment | None, Near, int, bool]
"""Cost so far, entry before, segment (None: a character of running text), context, end, repeats."""
States = dict[int, Entry]


def best_way(  # noqa: C901, PLR0912  (one loop: calls from within would cost as much as it does)
    folded: str, lattice: Lattice, closing: list[int], contexts: Contexts
) -> tuple[list[Step], float]:
    """Return the cheapest way through a text and what it costs.

    For each place the cheapest way to each state is kept, as far as it is near the cheapest of all.
    """
    length, remembered = len(folded), contexts.remembered
    table: list[States] = [{} for _ in range(length + 1)]
    table[0][0] = (0.0, None, None, (), 0, False)
    # The cheapest to each place, the cheapest that ends there with a segment, the cheapest of these ahead.
    least, lowest, ahead, ahead_at = [0.0] + [_FAR] * length, [_FAR] * (length + 1), _FAR, length
    for at, char in enumerate(folded):
        here, following = table[at], table[at + 1]
        if not here:
            continue
        if ahead_at <= at:
            ahead = min(lowest[at + 1 :])
            ahead_at = lowest.index(ahead, at + 1)
        # Who is dearer here than another is further on will hardly catch up.
        bound = min(least[at] + _BEAM, ahead + _LEAD)
        rows, segments = _ROWS[closing[at]], lattice[at]
        character = _TEXT_CHARACTERS.get(char, _TEXT_CHARACTER) if char.isalnum() else _FAR
        for state, entry in here.items():
            so_far, _, _, context, _, _ = entry
            if so_far > bound:
                continue
            row = rows[state]
            for segment in segments:
                end, column, behind, cost, known, _ = segment
                total, after, repeats = so_far + cost, context, False
                if known is not None:
                    stem = known[6]
                    if stem and (state >= _TEXT or (stem > 1 and not context) or total + row[column] > bound):
                        continue
                    key = (known[0], known[1], known[2], context)
                    extra, after, repeats = remembered.get(key) or contexts.fit(context, known)
                    total += extra
                    if repeats:
                        column = behind = KEEP
                if column >= 0:
                    total += row[column]
                if behind < 0:
                    behind = state
                target = table[end]
                if behind not in target or total < target[behind][0]:
                    target[behind] = (total, entry, segment, after, end, repeats)
                    if total < lowest[end]:
                        lowest[end], least[end] = total, min(total, least[end])
                        if total < ahead:
                            ahead, ahead_at = total, end
            if character < _FAR:
                total, behind = so_far + character + _TEXT_BEGINS[state], _TEXT_BEHIND[state]
                if behind not in following or total < following[behind][0]:
                    following[behind] = (total, entry, None, context, at + 1, False)
                    if total < least[at + 1]:  # noqa: PLR1730  (too often for a call)
                        least[at + 1] = total
    return _steps(table[length], closing[length])


def _steps(last: States, text_class: int) -> tuple[list[Step], float]:
    if not last:
        return [], 0.0
    rows = _ROWS[text_class]
    total, _, state = min(
        (entry[0] + rows[state][_END_COLUMN], order, state)
        for order, (state, entry) in enumerate(last.items())
    )
    steps: list[Step] = []
    entry = last[state]
    # Most steps leave the context as it was: it is unpacked once.
    packed, places = entry[3], context_of(entry[3])
    while (before := entry[1]) is not None:
        cost, _, segment, context, end, repeats = entry
        if segment is not None:
            rule, known = segment[5], known_of(segment[4]) if segment[4] else None
        else:
            rule, known = TEXT, None
            while before[1] is not None and before[2] is None:
                before = before[1]
        if context is not packed:
            packed, places = context, context_of(context)
        steps.append(Step(before[4], end, rule, cost - before[0], places, known, repeats))
        entry = before
    steps.reverse()
    return steps, total
