"""The search: the cheapest way through a text, from segment to segment, with running text between them."""

from typing import NamedTuple, Optional

from geo_registry.address.reading import costs
from geo_registry.address.reading.context import Contexts
from geo_registry.address.reading.segments import KEEP, TEXT, Context, Known, Lattice, Rule, Segment

_ROWS = costs.ROWS
_TEXT = costs.TEXT
_TEXT_ROWS = costs.TEXT_ROWS
_TEXT_BEHIND = costs.TEXT_BEHIND
_TEXT_COLUMN = costs.COLUMN["text"]
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


Entry = tuple[float, Optional["Entry"], Segment | None, Context, int, bool]
"""Cost so far, entry before, segment (None: a character of running text), context, end, repeats."""
States = dict[int, Entry]


def best_way(
    folded: str, lattice: Lattice, closing: list[int], contexts: Contexts
) -> tuple[list[Step], float]:
    """Return the cheapest way through a text and what it costs.

    For each place the cheapest way to each state is kept, as far as it is near the cheapest of all.
    """
    length = len(folded)
    table: list[States] = [{} for _ in range(length + 1)]
    table[0][0] = (0.0, None, None, (), 0, False)
    lowest = [_FAR] * (length + 1)
    for at in range(length):
        here = table[at]
        if not here:
            continue
        # Who is dearer here than another is further on will hardly catch up.
        ahead = min(lowest[at + 1 :])
        bound = min(min([entry[0] for entry in here.values()]) + _BEAM, ahead + _LEAD)
        char, text_class, following = folded[at], closing[at], table[at + 1]
        character = costs.TEXT_CHARACTERS.get(char, costs.TEXT_CHARACTER) if char.isalnum() else None
        for state, entry in here.items():
            if entry[0] > bound:
                continue
            texts = _TEXT_ROWS.get(state)
            row = texts[text_class] if texts else _ROWS[state]
            _extend(table, lowest, lattice[at], state, entry, row, bound, contexts)
            if character is None:
                continue
            total, behind = entry[0] + character, state
            if not texts:
                total += row[_TEXT_COLUMN]
                behind = _TEXT_BEHIND.get(state, _TEXT)
            old = following.get(behind)
            if old is None or total < old[0]:
                following[behind] = (total, entry, None, entry[3], at + 1, False)
    return _steps(table[length], closing[length])


def _extend(
    table: list[States],
    lowest: list[float],
    segments: list[Segment],
    state: int,
    entry: Entry,
    row: list[float],
    bound: float,
    contexts: Contexts,
) -> None:
    """Go on from a state by each segment."""
    so_far, context = entry[0], entry[3]
    for segment in segments:
        end, column, behind, cost, known, _ = segment
        total, after, repeats = so_far + cost, context, False
        if known is not None:
            stem = known[7]
            if stem and (state >= _TEXT or (stem > 1 and not context) or total + row[column] > bound):
                continue
            extra, after, repeats = known[4].get(context) or contexts.fit(context, known)
            total += extra
            if repeats:
                column, behind = KEEP, KEEP
        if column >= 0:
            total += row[column]
        if behind == KEEP:
            behind = state
        target = table[end]
        old = target.get(behind)
        if old is None or total < old[0]:
            target[behind] = (total, entry, segment, after, end, repeats)
            lowest[end] = min(lowest[end], total)


def _steps(last: States, text_class: int) -> tuple[list[Step], float]:
    if not last:
        return [], 0.0
    total, _, state = min(
        (entry[0] + _row(state, text_class)[_END_COLUMN], order, state)
        for order, (state, entry) in enumerate(last.items())
    )
    steps: list[Step] = []
    entry = last[state]
    while (before := entry[1]) is not None:
        cost, _, segment, context, end, repeats = entry
        if segment is not None:
            rule, known = segment[5], segment[4]
        else:
            rule, known = TEXT, None
            while before[1] is not None and before[2] is None:
                before = before[1]
        steps.append(Step(before[4], end, rule, cost - before[0], context, known, repeats))
        entry = before
    steps.reverse()
    return steps, total


def _row(state: int, text_class: int) -> list[float]:
    texts = _TEXT_ROWS.get(state)
    return texts[text_class] if texts else _ROWS[state]
