"""The numbers of one side of a street: which number each new door gets between those that are there."""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from geo_registry.address.numbers import Door, make_door
from geo_registry.address.rules import propose_number
from geo_registry.address.scheme import Profile
from geo_registry.errors import RuleBroken

Parity = Literal["odd", "even"]
Mode = Literal["order", "distance"]

# A door this close in front of a given number counts as behind it: two measurements of one gate.
SAME_GATE_M = 0.5
# How far the ground of a door without an outline reaches along the street, to either side.
HALF_FRONT_M = 8.0


@dataclass(frozen=True, slots=True)
class Front:
    """A door along the street: metres to the door, and from where to where its ground reaches."""

    metres: float
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Held:
    """A number that is given, at its metres along the street."""

    metres: float
    number: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What nobody gets: whole numbers of the street, and below them sub-numbers and letters."""

    numbers: frozenset[int]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Step:
    """One number of a plan: for a new door (its place in what was asked), or kept free on blank land."""

    door: int | None
    metres: float
    number: Door


def front(metres: float) -> Front:
    """Return the ground of a door of which only the place is known."""
    return Front(metres, metres - HALF_FRONT_M, metres + HALF_FRONT_M)


def rising(held: Sequence[Held]) -> list[Held]:
    """Return the longest run of numbers that rise with the metres; what breaks the order is left out."""
    ordered = sorted(held, key=lambda one: (one.metres, one.number))
    tails: list[int] = []
    places: list[int] = []
    before = [-1] * len(ordered)
    for place, one in enumerate(ordered):
        length = bisect_left(tails, one.number)
        if length == len(tails):
            tails.append(one.number)
            places.append(place)
        else:
            tails[length], places[length] = one.number, place
        before[place] = places[length - 1] if length else -1
    run: list[Held] = []
    place = places[-1] if places else -1
    while place >= 0:
        run.append(ordered[place])
        place = before[place]
    return run[::-1]


def plan_side(
    profile: Profile,
    side: Parity | None,
    doors: Sequence[Front],
    held: Sequence[Held],
    taken: Taken,
    *,
    mode: Mode | None = None,
    keeps_free: bool = False,
) -> list[Step]:
    """Return numbers for new doors of one side, rising along the street, none of them given before.

    In order the free numbers between two neighbours are spread over the doors between them; where they do not
    suffice, a door takes a sub-number or letter of the number before it, as the profile inserts. By distance
    the metres tell the number. With `keeps_free` blank land up to the last door keeps one number for each
    `reserve_step_m`, as far as numbers are free there. Without a side all numbers are one row.

    Raises:
        RuleBroken: `numbers-exhausted`.

    """
    plan = _Plan(profile, side, taken, mode or profile.numbering.mode, keeps_free=keeps_free)
    anchors = rising(held)
    queue = sorted(enumerate(doors), key=lambda one: (one[1].metres, one[0]))
    reached = 0
    for number in range(len(anchors) + 1):
        low = anchors[number - 1] if number else None
        high = anchors[number] if number < len(anchors) else None
        start = reached
        while reached < len(queue) and (high is None or queue[reached][1].metres < high.metres - SAME_GATE_M):
            reached += 1
        plan.fill(queue[start:reached], low, high)
    return plan.steps


class _Plan:
    """A plan under way: the steps so far, and what they have taken."""

    def __init__(
        self, profile: Profile, side: Parity | None, taken: Taken, mode: Mode, *, keeps_free: bool
    ) -> None:
        self.steps: list[Step] = []
        self._profile, self._side, self._mode, self._keeps_free = profile, side, mode, keeps_free
        self._barred = taken.numbers | set(profile.numbering.skip)
        self._keys = set(taken.keys)
        self._step = 1 if side is None else 2

    def fill(self, doors: Sequence[tuple[int, Front]], low: Held | None, high: Held | None) -> None:
        """Number the doors between two given numbers."""
        if not doors and (high is None or not self._keeps_free):
            return
        if self._mode == "distance" and self._side is not None:
            self._by_distance(doors, low, high, self._side)
        elif high is None:
            self._behind(doors, low)
        else:
            before = len(self.steps)
            self._between(doors, low, high)
            if self._keeps_free:
                self._keep_between(doors, self.steps[before:], low, high)

    def _by_distance(
        self, doors: Sequence[tuple[int, Front]], low: Held | None, high: Held | None, side: Parity
    ) -> None:
        last = low.number if low else None
        for index, door in doors:
            number = propose_number(self._profile, max(door.metres, 0.0), side)
            while number in self._barred and (last is None or number > last):
                number += self._step
            if (last is not None and number <= last) or (high is not None and number >= high.number):
                self._insert(index, door, last or (high.number if high else number))
            else:
                self._give(index, door.metres, number)
                last = number

    def _behind(self, doors: Sequence[tuple[int, Front]], low: Held | None) -> None:
        """Count on behind the last given number; blank land between doors keeps its numbers free."""
        numbers = self._from(low.number + self._step if low else _first_of(self._profile, self._side))
        reached = low.metres + HALF_FRONT_M if low else 0.0
        for index, door in doors:
            blank = door.begins - reached
            if self._keeps_free and blank > 0:
                for turn in range(math.floor(blank / self._profile.numbering.reserve_step_m)):
                    step = self._profile.numbering.reserve_step_m
                    self._give(None, reached + (turn + 0.5) * step, next(numbers))
            self._give(index, door.metres, next(numbers))
            reached = max(reached, door.ends)

    def _between(self, doors: Sequence[tuple[int, Front]], low: Held | None, high: Held) -> None:
        free = self._until(low.number if low else 0, high.number)
        if not free:
            for index, door in doors:
                self._insert(index, door, low.number if low else high.number)
        elif len(doors) <= len(free):
            self._spread(doors, free, low.metres if low else 0.0, high.metres)
        else:
            given = -1
            for turn, (index, door) in enumerate(doors):
                group = turn * len(free) // len(doors)
                if group != given:
                    self._give(index, door.metres, free[group])
                    given = group
                else:
                    self._insert(index, door, free[group])

    def _keep_between(
        self, doors: Sequence[tuple[int, Front]], steps: Sequence[Step], low: Held | None, high: Held
    ) -> None:
        """Keep numbers for the blank land between two given numbers and the new doors between them."""
        grounds = dict(doors)
        given = [(grounds[step.door], step.number.number) for step in steps if step.door is not None]
        reached, last = (low.metres + HALF_FRONT_M, low.number) if low else (0.0, 0)
        for ground, number in [*given, (front(high.metres), high.number)]:
            free = [n for n in self._until(last, number) if str(n) not in self._keys]
            blank = ground.begins - reached
            count = min(math.floor(max(blank, 0.0) / self._profile.numbering.reserve_step_m), len(free))
            for turn in range(count):
                place = reached + (turn + 0.5) * blank / count
                self._give(None, place, free[turn * len(free) // count])
            reached, last = max(reached, ground.ends), number

    def _until(self, last: int, end: int) -> list[int]:
        """Return the numbers of the side behind one number and before another that nobody has."""
        start = last + self._step if last else _first_of(self._profile, self._side)
        return [number for number in range(start, end, self._step) if number not in self._barred]

    def _spread(
        self, doors: Sequence[tuple[int, Front]], free: Sequence[int], low_m: float, high_m: float
    ) -> None:
        """Give each door the free number that lies where it lies, leaving enough for those behind it."""
        last, width = -1, max(high_m - low_m, 1e-9)
        for turn, (index, door) in enumerate(doors):
            wished = round((door.metres - low_m) / width * (len(free) + 1)) - 1
            last = max(last + 1, min(wished, len(free) - len(doors) + turn))
            self._give(index, door.metres, free[last])

    def _from(self, number: int) -> Iterator[int]:
        while True:
            if number not in self._barred:
                yield number
            number += self._step

    def _give(self, door: int | None, metres: float, number: int) -> None:
        if number > self._profile.numbering.maximum:
            raise RuleBroken(
                "numbers-exhausted", f"号码已用到上限 {self._profile.numbering.maximum}", field="number"
            )
        self._keys.add(str(number))
        self.steps.append(Step(door, metres, make_door(self._profile, number)))

    def _insert(self, index: int, door: Front, number: int) -> None:
        for form in _forms_below(self._profile, number):
            if form.number_key not in self._keys:
                self._keys.add(form.number_key)
                self.steps.append(Step(index, door.metres, form))
                return


def _forms_below(profile: Profile, number: int) -> Iterator[Door]:
    """Yield the numbers that may stand between a number and the next one: 12甲 or 12-1, 12-2 and so on."""
    if profile.numbering.insertion == "letter":
        for letter in profile.sub_number.letters:
            yield make_door(profile, number, letter=letter)
    for sub in range(1, 10_000):
        yield make_door(profile, number, subs=(sub,))


def _first_of(profile: Profile, side: Parity | None) -> int:
    first = profile.numbering.first
    return first if side is None or (first % 2 == 1) == (side == "odd") else first + 1


def lane_numbers(profile: Profile, lanes: Iterable[tuple[str, str]]) -> frozenset[int]:
    """Return the numbers that lanes, by kind and name, take in the row of their street: 218弄 takes 218."""
    counted = {part.kind for part in profile.parts if part.numbered and "street" in part.parents}
    found = (re.match(r"\d+", name) for kind, name in lanes if kind in counted)
    return frozenset(int(one.group()) for one in found if one)
