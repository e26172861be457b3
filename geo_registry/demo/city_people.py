"""Persons of a generated city, drawn many at a time: households, ages, names, documents that nobody holds.

Identity numbers lie in province part 99, telephone numbers begin with 100, passports with XX: nobody has
one. Each piece of the city has division codes of its own, so that no number occurs twice in the city.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo_registry.demo import households, names
from geo_registry.demo.city_plan import USE_SHARES, USES, City, Floats, Ints

Random = np.random.Generator
Flags = NDArray[np.bool_]

OWNED, LET, ROOMS, DORMITORY = (USES.index(use) for use in USES[:4])
_HOUSED: Final = 4
# Shares of households of one to six persons: those of owners follow the census of 2020.
_SIZES: Final = np.array(
    [
        [0.230, 0.297, 0.222, 0.143, 0.064, 0.044],
        [0.360, 0.390, 0.190, 0.050, 0.010, 0.000],
        [0.060, 0.270, 0.310, 0.220, 0.100, 0.040],
        [0.000, 0.120, 0.220, 0.320, 0.220, 0.120],
    ]
)
_MOST: Final = 6
_DIGIT_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECKS: Final = pa.array(list("10X98765432"))
_CODES: Final = np.array([990000 + city * 100 + county for city in range(1, 100) for county in range(1, 100)])
_SEQUENCES: Final = 500
HEAD, SPOUSE, SON, DAUGHTER, PARENT, OTHER = (
    int(one)
    for one in (
        households.HEAD, households.SPOUSE, households.SON, households.DAUGHTER, households.PARENT,
        households.OTHER,
    )
)  # fmt: skip
# Who is who in a family by size and shape: rows are shapes, drawn alike.
_SHAPES: Final = np.array(
    [
        [[HEAD, SPOUSE, SON, SON, PARENT, PARENT]] * 3 + [[HEAD, SPOUSE, PARENT, SON, SON, PARENT]],
        [[HEAD, SPOUSE, SON, PARENT, PARENT, SON]] * 3 + [[HEAD, SON, PARENT, SON, OTHER, OTHER]],
    ]
).reshape(8, _MOST)


@dataclass(frozen=True, slots=True)
class Crowd:
    """The persons of one piece of a city, column by column; days count from 1970.

    `home` is the number of the unit where a person lives or last lived, `household` counts within the piece.
    """

    home: Ints
    household: Ints
    use: Ints
    relation: Ints
    sex: Ints
    birth: Ints
    is_local: Flags
    is_foreign: Flags

    def __len__(self) -> int:
        """Count the persons."""
        return len(self.home)


def draw_uses(rng: Random, styles: Ints) -> Ints:
    """Draw the use of each unit by the style of its building."""
    return np.asarray((rng.random(len(styles))[:, None] > USE_SHARES.cumsum(axis=1)[styles]).sum(axis=1))


def draw_sizes(rng: Random, uses: Ints, wanted: int) -> Ints:
    """Draw how many persons live in each unit, as many as wanted altogether."""
    housed = np.flatnonzero(uses < _HOUSED)
    sizes = np.zeros(len(uses), np.int64)
    if not len(housed):
        return sizes
    shares = _SIZES.cumsum(axis=1)[uses[housed]]
    sizes[housed] = 1 + (rng.random(len(housed))[:, None] > shares).sum(axis=1).clip(0, _MOST - 1)
    # Who is too many leaves a unit empty; where persons are wanting, one more lives in each of some units.
    order = rng.permutation(housed)
    room = np.clip(wanted - (np.cumsum(sizes[order]) - sizes[order]), 0, None)
    sizes[order] = np.minimum(sizes[order], room)
    while wanting := wanted - int(sizes.sum()):
        sizes[rng.permutation(housed)[:wanting]] += 1
    return sizes


def draw_crowd(rng: Random, today: int, units: Ints, uses: Ints, sizes: Ints) -> Crowd:
    """Draw the persons of units: who they are to each other, sex, day of birth, where they come from."""
    rows = np.repeat(np.arange(len(units)), sizes)
    starts = np.cumsum(sizes) - sizes
    turn = np.arange(len(rows)) - starts[rows]
    use = uses[rows]
    is_family = use <= LET
    shape = rng.integers(0, len(_SHAPES), len(units))[rows]
    relation = np.where(is_family, _SHAPES[shape, np.minimum(turn, _MOST - 1)], HEAD)
    household = starts[rows] + np.where(use == ROOMS, turn, 0)
    head_male = (rng.random(len(units)) < 0.66)[rows]
    male = rng.random(len(rows)) < np.where(relation == PARENT, 0.38, 0.52)
    male = np.where(relation == HEAD, head_male, np.where(relation == SPOUSE, ~head_male, male))
    relation = np.where((relation == SON) & ~male, DAUGHTER, relation)
    age = _ages(rng, uses, rows, relation)
    birth = today - (age * 365.25).astype(np.int64) - rng.integers(3, 364, len(rows))
    local = (rng.random(len(units)) < np.array([0.86, 0.2, 0.05, 0.02, 0, 0])[uses])[rows]
    foreign = ((rng.random(len(units)) < 0.006) & (uses == LET))[rows]
    return Crowd(
        units[rows], household, use, relation, np.where(male, 1, 2), birth, local & ~foreign, foreign
    )


def _ages(rng: Random, uses: Ints, rows: Ints, relation: Ints) -> Floats:
    """Return ages: those of a family follow from the age of its head."""
    low, mode, high = np.array(
        [[22, 45, 88], [19, 30, 66], [18, 27, 60], [18, 25, 52], [22, 45, 88], [22, 45, 88]]
    ).T
    heads = rng.triangular(low[uses], mode[uses], high[uses])[rows]
    own = rng.triangular(low[uses[rows]], mode[uses[rows]], high[uses[rows]])
    apart = rng.normal(27, 5, len(rows))
    age = np.where(relation == HEAD, np.where(uses[rows] <= LET, heads, own), heads)
    age = np.where(relation == SPOUSE, heads + rng.normal(0, 3, len(rows)), age)
    age = np.where((relation == SON) | (relation == DAUGHTER), heads - apart, age)
    age = np.where(relation == PARENT, heads + np.abs(apart), age)
    age = np.where(relation == OTHER, heads + rng.normal(0, 9, len(rows)), age)
    adult = (relation == HEAD) | (relation == SPOUSE)
    limited: Floats = np.clip(age, np.where(adult, 18, 0.05), 99)
    return limited


def name_columns(rng: Random, crowd: Crowd) -> pa.Array:
    """Draw names; children bear the name of the head of their household."""
    count = len(crowd)
    weights = 1 / (4 + np.arange(len(names.SURNAMES)))
    drawn = rng.choice(len(names.SURNAMES), count, p=weights / weights.sum())
    is_child = (crowd.relation == SON) | (crowd.relation == DAUGHTER)
    surname = np.where(is_child, drawn[crowd.household], drawn)
    middle = np.where(rng.random(count) < 0.78, rng.integers(0, len(names.MIDDLE), count), len(names.MIDDLE))
    last = np.where(
        crowd.sex == 1, rng.integers(0, len(names.MALE), count),
        len(names.MALE) + rng.integers(0, len(names.FEMALE), count),
    )  # fmt: skip
    chinese = pc.binary_join_element_wise(
        _letters(names.SURNAMES).take(pa.array(surname)),
        pa.array([*names.MIDDLE, ""]).take(pa.array(middle)),
        _letters(names.MALE + names.FEMALE).take(pa.array(last)),
        "",
    )
    if not crowd.is_foreign.any():
        return chinese
    given = [*names.FOREIGN_GIVEN["1"], *names.FOREIGN_GIVEN["2"]]
    men = len(names.FOREIGN_GIVEN["1"])
    first = np.where(crowd.sex == 1, last % men, men + last % (len(given) - men))
    latin = pc.binary_join_element_wise(
        pa.array(names.FOREIGN_SURNAMES).take(pa.array(surname % len(names.FOREIGN_SURNAMES))),
        pa.array(given).take(pa.array(first)),
        " ",
    )
    return pc.if_else(pa.array(crowd.is_foreign), latin, chinese)


def _letters(text: str) -> pa.Array:
    return pa.array(list(text))


def documents(rng: Random, city: City, chunk: int, crowd: Crowd) -> tuple[pa.Array, Ints]:
    """Return identity numbers, and for each person the division (6 digits) it was given by."""
    codes = _CODES[chunk :: city.chunks] if city.chunks < len(_CODES) // 2 else _CODES[chunk : chunk + 2]
    elsewhere = codes[rng.integers(1, len(codes), len(crowd))] if len(codes) > 1 else codes[[0] * len(crowd)]
    code = np.where(crowd.is_local, codes[0], elsewhere)
    group = (code * 80_000 + crowd.birth + 40_000) * 2 + (crowd.sex == 1)
    order = np.argsort(group, kind="stable")
    ranked = group[order]
    first = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    rank = np.empty(len(crowd), np.int64)
    rank[order] = np.arange(len(crowd)) - np.repeat(first, np.diff(np.r_[first, len(crowd)]))
    if rank.max(initial=0) >= _SEQUENCES:
        raise ValueError("too many persons of one day, sex and division")
    body = (code * 10**8 + _calendar(crowd.birth)) * 1000 + rank * 2 + (crowd.sex == 1)
    digits = body[:, None] // 10 ** np.arange(16, -1, -1) % 10
    checks = _CHECKS.take(pa.array((digits * _DIGIT_WEIGHTS).sum(axis=1) % 11))
    numbers = pc.binary_join_element_wise(pa.array(body).cast(pa.string()), checks, "")
    if crowd.is_foreign.any():
        serial = pa.array(10**10 + chunk * 10**6 + np.arange(len(crowd))).cast(pa.string())
        passports = pc.binary_join_element_wise(pa.scalar("XX"), pc.utf8_slice_codeunits(serial, 1), "")
        numbers = pc.if_else(pa.array(crowd.is_foreign), passports, numbers)
    return numbers, code


def _calendar(days: Ints) -> Ints:
    """Return days as whole numbers YYYYMMDD."""
    day = days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = month.astype("datetime64[Y]")
    return np.asarray(
        (year.astype(np.int64) + 1970) * 10_000
        + (month.astype(np.int64) % 12 + 1) * 100
        + (day - month).astype(np.int64)
        + 1
    )


def phones(rng: Random, crowd: Crowd, today: int) -> pa.Array:
    """Draw telephone numbers of those old enough to have one."""
    is_none = (today - crowd.birth < 13 * 365) | (rng.random(len(crowd)) > 0.96)
    return pa.array(10**10 + rng.integers(0, 10**8, len(crowd)), mask=is_none).cast(pa.string())
