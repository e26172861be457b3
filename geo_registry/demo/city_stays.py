"""Where the persons of a generated city live and lived: moves over the years, hukou, registrations."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo_registry.demo.city_people import DORMITORY, OWNED, PARENT, Crowd, Flags, Random
from geo_registry.demo.city_plan import City, Ints

NEVER: Final = 2**31 - 1
_YEAR: Final = 365
# Mean years in a home by use, and in the homes before it by local or not.
_YEARS_IN: Final = np.array([9.0, 2.2, 1.1, 1.3, 1, 1])
_YEARS_BEFORE: Final = (1.8, 5.0)
_MOVES: Final = 6
_MOVED_BEFORE: Final = 0.62
KINDS: Final = ("local_hukou", "incomer", "lodger", "unsettled", "overseas")
LOCAL, INCOMER, LODGER, UNSETTLED, OVERSEAS = range(5)
STATUSES: Final = ("active", "expired", "cancelled", "changed")
ACTIVE, EXPIRED, CANCELLED, CHANGED = range(4)
END_REASONS: Final = ("left_area", "deceased", "settled_abroad", "military_service", "moved_within_city")
_END_SHARES: Final = (0.84, 0.12, 0.025, 0.015)
_MOVED: Final = 4
REASONS: Final = ("work", "study", "family", "housing", "abroad", "other")
INFORMANTS: Final = ("self", "family", "neighbour", "committee", "landlord")
# Only a country or province and its code are told of where somebody went.
WHEREABOUTS: Final = (("990200", "外市"), ("990300", "外省"), ("", "去向不明"))


@dataclass(frozen=True, slots=True)
class Persons:
    """What belongs to a person and not to a stay: category, hukou, absence; -1 is none."""

    kind: Ints
    hukou_unit: Ints
    division: Ints
    left_on: Ints
    end_reason: Ints
    away_since: Ints

    def __len__(self) -> int:
        """Count the persons."""
        return len(self.kind)


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays of persons in units, each person's in the order of time; `until` NEVER is open."""

    person: Ints
    unit: Ints
    since: Ints
    until: Ints
    is_last: Flags

    def __len__(self) -> int:
        """Count the stays."""
        return len(self.person)


def draw_persons(rng: Random, city: City, today: int, crowd: Crowd, division: Ints, gone: int) -> Persons:
    """Draw category, hukou and absence; the last `gone` persons have left within the years of the city."""
    count = len(crowd)
    draw = rng.random(count)
    elsewhere = rng.integers(0, city.units, count)
    is_owner = crowd.use == OWNED
    is_here = rng.random(count) < np.where(is_owner, 0.86, 0.08)
    kind = np.where(crowd.is_local, LOCAL, INCOMER)
    lodges = crowd.is_local & is_owner & (crowd.relation == PARENT) & (draw < 0.25)
    kind = np.where(lodges, LODGER, kind)
    kind = np.where((draw > 0.997) | ((today - crowd.birth < _YEAR) & (draw < 0.2)), UNSETTLED, kind)
    kind = np.where(crowd.is_foreign, OVERSEAS, kind)
    hukou = np.where(is_here & ~lodges, crowd.home, elsewhere)
    hukou = np.where((kind == LOCAL) | (kind == LODGER), hukou, -1)
    has_left = np.arange(count) >= count - gone
    span = city.years * _YEAR
    # A household leaves on one day; who was born later is still there for a day.
    left = (today - 1 - (rng.random(count) * (span - 60)).astype(np.int64))[crowd.household]
    left = np.where(has_left, np.maximum(left, crowd.birth + 2), NEVER)
    reason = rng.choice(len(_END_SHARES), count, p=_END_SHARES)
    away = (left < NEVER) & (kind == LOCAL) & (reason == 0) & (rng.random(count) < 0.45)
    return Persons(
        kind, hukou, np.where(kind == INCOMER, division, -1), left, reason, np.where(away, left, -1)
    )


def draw_stays(rng: Random, city: City, today: int, crowd: Crowd, persons: Persons) -> Stays:
    """Draw the present home and those before it, each until the next begins."""
    count = len(crowd)
    everybody = np.arange(count)
    years = rng.exponential(_YEARS_IN[crowd.use])[crowd.household]
    # Whoever shares a home left it at one time; a person alone is a household of one.
    ends = np.where(persons.left_on < NEVER, persons.left_on, today)
    since = ends[crowd.household] - 3 - np.minimum(years * _YEAR, 45 * _YEAR).astype(np.int64)
    parts = [_part(everybody, crowd, crowd.home, since, persons.left_on)]
    first = today - city.years * _YEAR
    moving = np.ones(count, bool)
    for _ in range(_MOVES):
        moving &= (rng.random(count) < _MOVED_BEFORE)[crowd.household] & (since > first + 60)
        if not moving.any():
            break
        unit = rng.integers(0, city.units, count)[crowd.household]
        mean = np.where(crowd.is_local, _YEARS_BEFORE[1], _YEARS_BEFORE[0])[crowd.household]
        before = np.maximum(since - 20 - (rng.exponential(1, count)[crowd.household] * mean * _YEAR), first)
        before = before.astype(np.int64)
        parts.append(_part(np.flatnonzero(moving), crowd, unit, before, since))
        since = np.where(moving, before, since)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return _ordered(*columns)


def _part(chosen: Ints, crowd: Crowd, unit: Ints, since: Ints, until: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    begins = np.maximum(since, crowd.birth)[chosen]
    kept = begins < until[chosen]
    chosen = chosen[kept]
    return chosen, unit[chosen], begins[kept], until[chosen]


def _ordered(person: Ints, unit: Ints, since: Ints, until: Ints) -> Stays:
    order = np.lexsort((since, person))
    person, unit, since, until = person[order], unit[order], since[order], until[order]
    # Two homes of one person in one unit one after the other are no move.
    is_last = np.r_[person[1:] != person[:-1], True]
    return Stays(person, unit, since, until, is_last)


def registration_columns(rng: Random, today: int, stays: Stays) -> dict[str, pa.Array]:
    """Draw how each stay is registered: live ones, lapsed ones, those that ended or went on elsewhere."""
    count = len(stays)
    is_open = stays.until == NEVER
    ends = np.minimum(stays.until, today + 1)
    is_known = rng.random(count) < np.where(is_open, 0.95, 0.9)
    lapsed = rng.random(count) < 0.07
    first = np.minimum(stays.since + rng.integers(0, 7, count), ends - 1)
    renewed = np.maximum(first, ends - 1 - rng.integers(0, _YEAR - 1, count))
    begins = np.where(lapsed, np.minimum(first, ends - 1), renewed)
    expires = begins + _YEAR
    status = np.where(is_open, ACTIVE, np.where(stays.is_last, CANCELLED, CHANGED))
    status = np.where(expires <= np.minimum(ends, today), EXPIRED, status)
    is_none = ~is_known
    has_ended = ~is_none & ((status == CANCELLED) | (status == CHANGED))
    return {
        "registered": pa.array(~is_none & (status == ACTIVE)),
        "registered_on": days(begins, is_none),
        "registered_until": days(expires, is_none),
        "registration_status": chosen(STATUSES, status, is_none),
        "registration_ended_on": days(stays.until, ~has_ended),
    }


def stay_columns(
    rng: Random, today: int, chunk: int, crowd: Crowd, persons: Persons, stays: Stays
) -> dict[str, pa.Array]:
    """Return what belongs to a stay beside its unit: dates, household, when it was last seen to be so."""
    person, is_open = stays.person, stays.until == NEVER
    seen = np.maximum(today - rng.integers(0, 400, len(stays)), stays.since)
    reason = np.where(stays.is_last, persons.end_reason[person], _MOVED)
    keys = pa.array(10**7 + crowd.household).cast(pa.string()).take(pa.array(person))
    return {
        "since": days(stays.since),
        "until": days(stays.until, is_open),
        "relation_to_head": chosen(tuple("012345678"), crowd.relation[person], np.zeros(len(stays), bool)),
        "household_key": pc.binary_join_element_wise(pa.scalar(f"H{chunk}"), keys, "-"),
        "household_kind": chosen(
            ("family", "collective"),
            (crowd.use[person] == DORMITORY).astype(np.int64),
            np.zeros(len(stays), bool),
        ),
        "verified_on": days(seen, ~is_open | (rng.random(len(stays)) > 0.85)),
        "end_reason": chosen(END_REASONS, reason, is_open),
    }


def hukou_columns(rng: Random, city: City, persons: Persons, stays: Stays) -> dict[str, pa.Array]:
    """Return hukou and absence, told in the last row of a person."""
    person = stays.person
    unit = np.where(stays.is_last, persons.hukou_unit[person], -1)
    code = np.where(stays.is_last, persons.division[person], -1)
    is_here = unit == stays.unit
    scope = np.where(unit >= 0, np.where(is_here, 0, 1), 2)
    away = np.where(stays.is_last, persons.away_since[person], -1)
    is_away, count = away >= 0, len(stays)
    whither = rng.integers(0, len(WHEREABOUTS), count)
    found = {
        "hukou_scope": chosen(("here", "town", "elsewhere"), scope, (unit < 0) & (code < 0)),
        "hukou_division_code": pc.binary_join_element_wise(
            pa.array(code, mask=code < 0).cast(pa.string()), pa.scalar("000000"), ""
        ),
        "hukou_address": _addresses(rng, code),
        "away_since": days(away, ~is_away),
        "away_reason": chosen(REASONS, rng.integers(0, len(REASONS), count), ~is_away),
        "informant": chosen(INFORMANTS, rng.integers(0, len(INFORMANTS), count), ~is_away),
        "whereabouts_code": chosen(
            tuple(code for code, _ in WHEREABOUTS), whither, ~is_away | (whither == len(WHEREABOUTS) - 1)
        ),
        "whereabouts": chosen(tuple(text for _, text in WHEREABOUTS), whither, ~is_away),
    }
    named = city.reference(np.where(is_here, -1, unit))
    return found | {f"hukou_{name}": column for name, column in named.items()}


def _addresses(rng: Random, code: Ints) -> pa.Array:
    """Return invented addresses of hukou elsewhere, as far as a card tells them."""
    towns = pa.array(
        [f"{head}{tail}" for head in "青白柳荷东西南北" for tail in ("山镇", "河乡", "塘村", "桥街道")]
    )
    mask = (code < 0) | (rng.random(len(code)) > 0.8)
    number = pa.array(rng.integers(1, 400, len(code)), mask=mask).cast(pa.string())
    town = towns.take(pa.array(rng.integers(0, len(towns), len(code))))
    return pc.binary_join_element_wise(town, number, pa.scalar("号"), "")


def days(values: Ints, is_none: Flags | None = None) -> pa.Array:
    """Return days since 1970 as a date column."""
    return pa.array(values.astype(np.int32), mask=is_none).cast(pa.date32())


def chosen(texts: tuple[str, ...], places: Ints, is_none: Flags) -> pa.Array:
    """Return one of a few texts for each row."""
    indices = pa.array(np.where(is_none, 0, places).astype(np.int8), mask=is_none)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts))
