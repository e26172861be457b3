"""What the board shows of each block: load against the profile, progress of the cycle, classes."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from geo_registry.address.scheme import Measures
from geo_registry.grid.preview import Move
from geo_registry.grid.rules import CYCLE_DAYS, cycle_of
from geo_registry.measure.loads import FAR, BlockLoad, load_verdict
from web_map import words

# A load bar reaches so far beyond the upper limit; a block that is fuller fills it.
_BAR_SPAN = 1.4
# Blocks that need somebody's hand stand first.
_RANK = {"far_over": 0, "over": 1, "under": 2, "unknown": 3, "fit": 4}
OFF = frozenset({"far_over", "over", "under"})


@dataclass(frozen=True, slots=True)
class Frame:
    """How many a coordinator should have, from and to, and where that lies on the bar."""

    low: int
    high: int

    def percent(self, number: float) -> float:
        """Return where a number lies on the bar."""
        return round(min(number / (self.high * _BAR_SPAN), 1) * 100, 1)

    @property
    def low_percent(self) -> float:
        """Where the frame begins."""
        return self.percent(self.low)

    @property
    def high_percent(self) -> float:
        """Where the frame ends."""
        return self.percent(self.high)


@dataclass(frozen=True, slots=True)
class CycleNow:
    """The self-check cycle of today and the share that should be done by its end of day."""

    days: int
    day_no: int
    start: dt.date
    expected: float


@dataclass(frozen=True, slots=True)
class Card:
    """One block on the board; `persons` is None where they are too few to be told."""

    id: UUID
    code: str
    name: str
    coordinator_id: UUID | None
    coordinator: str | None
    persons: int | None
    rental: int
    units: int
    visited: int
    verdict: str
    rental_verdict: str
    load_percent: float
    share: float
    is_behind: bool
    is_off: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What the blocks of the board make together."""

    coordinators: int
    units: int
    visited: int
    share: float

    @property
    def percent(self) -> str:
        """The share visited, as it is written."""
        return f"{self.share * 100:.1f}"


def cycle_now(day: dt.date) -> CycleNow:
    """Return the cycle around a day."""
    cycle = cycle_of(day)
    return CycleNow(CYCLE_DAYS, cycle.day_no, cycle.start, cycle.day_no / CYCLE_DAYS)


def card_of(load: BlockLoad, frame: Frame, rental_frame: Frame, cycle: CycleNow) -> Card:
    """Return how the board shows a block."""
    share = load.units_visited / load.units if load.units else 1.0
    # Today's part is still being worked on.
    is_behind = share < (cycle.day_no - 1) / cycle.days
    return Card(
        id=load.block_id,
        code=load.code,
        name=load.name,
        coordinator_id=load.coordinator_id,
        coordinator=load.coordinator,
        persons=load.persons,
        rental=load.rental_units,
        units=load.units,
        visited=load.units_visited,
        verdict=load.verdict,
        rental_verdict=class_in(load.rental_units, rental_frame),
        load_percent=0.0 if load.persons is None else frame.percent(load.persons),
        share=share,
        is_behind=is_behind,
        is_off=load.verdict in OFF,
        rank=_RANK[load.verdict],
    )


def class_in(number: int, frame: Frame) -> str:
    """Return the class of a number alone against its frame."""
    if number <= frame.high:
        return "fit" if number >= frame.low else "under"
    return "over" if number <= frame.high * FAR else "far_over"


def totals_of(cards: Sequence[Card]) -> Totals:
    """Add up the board."""
    units, visited = sum(card.units for card in cards), sum(card.visited for card in cards)
    people = {card.coordinator_id for card in cards if card.coordinator_id}
    return Totals(len(people), units, visited, visited / units if units else 0.0)


def filters_of(cards: Sequence[Card]) -> tuple[tuple[str, str, int], ...]:
    """Return the filters of the board, each with how many it keeps."""
    return (
        ("all", "全部", len(cards)),
        ("off", "超出区间", sum(card.is_off for card in cards)),
        ("behind", "进度落后", sum(card.is_behind for card in cards)),
        ("nobody", "无责任人", sum(not card.coordinator for card in cards)),
    )


def legend_of(frame: Frame, *, has_unknown: bool) -> list[tuple[str, str]]:
    """Return class and words of a legend."""
    far = round(frame.high * FAR)
    return [
        ("under", f"▽ 偏少 <{frame.low}"),
        ("fit", f"合适 {frame.low}–{frame.high}"),
        ("over", f"△ 偏多 {frame.high + 1}–{far}"),
        ("far_over", f"▲ 超量 >{far}"),
        *([("unknown", "人数不足 10，不显示")] if has_unknown else []),
    ]


def short_name(name: str) -> str:
    """Return 04 of 石桥-04: beside one another on a map the number tells blocks apart."""
    return name.rpartition("-")[2] or name


def facts_of(cards: Iterable[Card]) -> dict[str, dict[str, object]]:
    """Return what the map's script needs of each block, by id."""
    return {
        str(card.id): {
            "name": card.name,
            "short": short_name(card.name),
            "persons": card.persons,
            "rental": card.rental,
            "units": card.units,
            "visited": card.visited,
            "share": round(card.share, 4),
            "behind": card.is_behind,
            "verdict": card.verdict,
            "rental_verdict": card.rental_verdict,
        }
        for card in cards
    }


@dataclass(frozen=True, slots=True)
class Change:
    """What an act would make of one block; persons are reckoned from the figures that are shown already."""

    name: str
    coordinator: str | None
    persons: str
    old_rental: int
    rental: int
    old_units: int
    units: int
    verdict: str


def changes_of(
    cards: Sequence[Card], measures: Measures, moves: Sequence[Move], own: UUID | None
) -> tuple[Change, ...]:
    """Return the blocks that moves of ground touch, before and after, the chosen one first.

    Persons follow the units in equal parts: the figures of small moved ground are never counted, so that no
    drawing can ask how many live in a house.
    """
    known = {card.id: card for card in cards}
    touched = dict.fromkeys([own, *(one for move in moves for one in (move.source_id, move.target_id))])
    # Without an id a target is the new block, a source is ground that lay in no block.
    is_new = any(move.target_id is None for move in moves)
    shown = [one for one in touched if (is_new if one is None else one in known)]
    shown.sort(key=lambda one: (one != own, one is None))
    return tuple(_change(known.get(one) if one else None, one, moves, known, measures) for one in shown)


def _change(
    card: Card | None, own: UUID | None, moves: Sequence[Move], known: dict[UUID, Card], measures: Measures
) -> Change:
    won = [move for move in moves if move.target_id == own]
    lost = [move for move in moves if own is not None and move.source_id == own]
    units = (card.units if card else 0) + sum(move.units for move in won) - sum(move.units for move in lost)
    rental = (card.rental if card else 0) + _rental(won) - _rental(lost)
    has_ended = card is not None and bool(lost) and not units
    persons = None if has_ended else _reckoned(card, won, lost, known)
    heir = next((known[move.source_id] for move in won if move.source_id in known), None)
    return Change(
        name=card.name if card else "新块",
        coordinator=card.coordinator if card else heir.coordinator if heir else None,
        persons=_persons_text(card, persons),
        old_rental=card.rental if card else 0,
        rental=rental,
        old_units=card.units if card else 0,
        units=units,
        verdict="ended" if has_ended else load_verdict(persons, rental, measures),
    )


def _rental(moves: Sequence[Move]) -> int:
    return sum(move.rental_units for move in moves)


def _reckoned(
    card: Card | None, won: Sequence[Move], lost: Sequence[Move], known: dict[UUID, Card]
) -> float | None:
    """Return about how many persons a block will have, None where a figure it needs is not shown."""
    total = 0.0 if card is None else card.persons
    if total is None:
        return None
    for sign, move in [*((1, move) for move in won), *((-1, move) for move in lost)]:
        source = known.get(move.source_id) if move.source_id else None
        if move.units == 0:
            continue
        if source is None or source.persons is None or not source.units:
            return None
        total += sign * source.persons * move.units / source.units
    return total


def _persons_text(card: Card | None, persons: float | None) -> str:
    old = "" if card is None else "不足 10 → " if card.persons is None else f"{words.count(card.persons)} → "
    return f"{old}约 {words.count(round(persons))}" if persons is not None and persons >= 10 else f"{old}—"
