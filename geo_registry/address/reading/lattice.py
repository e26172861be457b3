"""The search: the cheapest way through a text, from segment to segment, with running text between them."""

from typing import NamedTuple

from geo_registry.address.reading import costs
from geo_registry.address.reading.context import Context, Contexts
from geo_registry.address.reading.grammar import KEEP, TEXT_RULE, Lattice, Rule, Segment

_ROWS = costs.ROWS
_TEXT = costs.TEXT
_TEXT_COLUMN = costs.COLUMN["text"]
_END_COLUMN = costs.COLUMN["end"]
_TEXT_ROWS = costs.TEXT_ROWS
_TEXT_BEHIND = costs.TEXT_BEHIND
_BEAM = 7.0



class Step(NamedTuple):
    """One segment of the way: where it stands, what it is, the known places behind it."""

    start: int
    end: int
    rule: Rule
    cost: float
    context: Context
    is_known: bool
    repeats: bool


# cost, entry before, segment (None: a character of running text), context, end, repeats
Entry = tuple[float, "Entry | None", Segment | None, Context, int, bool]


def best_way(
    folded: str, lattice: Lattice, closing: list[int], contexts: Contexts
) -> tuple[list[Step], float]:
    """Return the cheapest way through a text and what it costs."""
    length = len(folded)
    table: list[dict[int, Entry]] = [{} for _ in range(length + 1)]
    table[0][0] = (0.0, None, None, (), 0, False)
    for at in range(length):
        here = table[at]
        if not here:
            continue
        bound = min([entry[0] for entry in here.values()]) + _BEAM
        segments, text_class = lattice[at], closing[at]
        character = costs.TEXT_CHARACTERS.get(folded[at], costs.TEXT_CHARACTER)
        following = table[at + 1]
        for state, entry in here.items():
            cost = entry[0]
            if cost > bound:
                continue
            texts = _TEXT_ROWS.get(state)
            row = texts[text_class] if texts else _ROWS[state]
            context = entry[3]
            for segment in segments:
                end, column, behind, own, known, _ = segment
                total, after, repeats = cost + own, context, False
                if column >= 0:
                    total += row[column]
                if known is not None:
                    extra, after, repeats = contexts.fit(context, known)
                    total += extra
                    if repeats:
                        total, behind = cost + own + extra, state
                if behind == KEEP:
                    behind = state
                target = table[end]
                old = target.get(behind)
                if old is None or total < old[0]:
                    target[behind] = (total, entry, segment, after, end, repeats)
            if texts:
                total, behind = cost + character, state
            else:
                total = cost + character + row[_TEXT_COLUMN]
                behind = _TEXT_BEHIND.get(state, _TEXT)
            old = following.get(behind)
            if old is None or total < old[0]:
                following[behind] = (total, entry, None, context, at + 1, False)
    return _steps(table[length], closing[length])


def _steps(last: dict[int, Entry], text_class: int) -> tuple[list[Step], float]:
    if not last:
        return [], 0.0
    total, entry = min(
        (
            (one[0] + _row(state, text_class)[_END_COLUMN], one)
            for state, one in last.items()
        ),
        key=lambda pair: pair[0],
    )
    steps: list[Step] = []
    while entry[1] is not None:
        cost, before, segment, context, end, repeats = entry
        start = before[4]
        if segment is None:
            steps.append(Step(start, end, TEXT_RULE, cost - before[0], context, False, False))
        else:
            steps.append(
                Step(start, end, segment[5], cost - before[0], context, segment[4] is not None, repeats)
            )
        entry = before
    steps.reverse()
    return steps, total


def _row(state: int, text_class: int) -> list[float]:
    texts = _TEXT_ROWS.get(state)
    return texts[text_class] if texts else _ROWS[state]
