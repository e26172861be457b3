"""Questions about rates: of an area, the areas in it, zones, sets of blocks; small counts are hidden."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access.viewer import Viewer
from geo_registry.address.profile import Profile, load_profile
from geo_registry.area.tables import Jurisdiction
from geo_registry.db import Session, today
from geo_registry.errors import RuleBroken
from geo_registry.grid.tables import GridBlock
from geo_registry.measure.figures import (
    NOTHING,
    PARTS,
    PERSONS,
    RENTAL_UNITS,
    UNITS,
    Counts,
    Key,
    Rate,
    Tree,
    added,
    no_rates,
    rates_of,
    trees,
)
from geo_registry.measure.places import (
    LEVELS_SHOWN,
    SET_OF_BLOCKS,
    Place,
    find_place,
    places_in,
    places_of_zones,
)
from geo_registry.measure.rules import CLASSES, RATES, monday
from geo_registry.measure.shapes import BuildingCount, building_counts, heat_cells, shapes
from geo_registry.measure.tables import Tally, TallyWeek

__all__ = [
    "LEVELS_SHOWN", "AreaRates", "BuildingCount", "Rate", "RateReport", "RateRow", "area_rates",
    "building_counts", "heat_cells", "ranking", "rate_report", "rates_of_blocks", "rates_of_sets",
    "rates_of_zone", "rates_of_zones", "series_of_zone", "shapes", "week_of", "weeks",
]  # fmt: skip
WEEK = dt.timedelta(days=7)
MOST_WEEKS = 53
EARLIEST = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class AreaRates:
    """The rates of one area in a week; level is a division's, `block`, `rest` (in none), `zone` or `blocks`.

    `persons` is None where it may not be told. `left_out` is how many areas a sum of told figures leaves out,
    of a zone or a set of blocks how many blocks.
    """

    id: UUID
    level: str
    name: str
    code: str
    parent_id: UUID | None
    rates: dict[str, Rate]
    persons: int | None
    units: int
    rental_units: int
    left_out: int


@dataclass(frozen=True, slots=True)
class RateRow:
    """One rate of one area."""

    id: UUID
    level: str
    name: str
    code: str
    parent_id: UUID | None
    left_out: int
    rate: Rate


@dataclass(frozen=True, slots=True)
class RateReport:
    """One rate of an area and of the areas in it, at the end of a week; `is_current` while that goes on.

    `method` is how a sampled rate is judged.
    """

    name: str
    week: dt.date
    is_current: bool
    method: str
    area: RateRow
    rows: tuple[RateRow, ...]


def weeks(session: Session) -> tuple[dt.date, ...]:
    """Return the Mondays of the weeks that have figures, oldest first, the current week last; at most 53."""
    last = monday(today())
    query = select(select(func.min(TallyWeek.week)).scalar_subquery(), select(Tally.leaf_id).exists())
    found: Any = session.execute(query).one()
    first, has_figures = found
    if not has_figures:
        return ()
    start = max(last if first is None else min(first, last), last - (MOST_WEEKS - 1) * WEEK)
    return tuple(start + step * WEEK for step in range((last - start).days // 7 + 1))


def week_of(as_of: dt.date | None) -> dt.date:
    """Return the Monday of the week of a day; of today's week when none is given.

    Raises:
        RuleBroken: `as-of-future`, `as-of-too-early`.

    """
    day = today() if as_of is None else as_of
    if day > today():
        raise RuleBroken("as-of-future", "统计日期不能晚于今天", field="as_of")
    if day < EARLIEST:
        raise RuleBroken("as-of-too-early", f"统计日期不能早于 {EARLIEST}", field="as_of")
    return monday(day)


def area_rates(session: Session, viewer: Viewer, *, area_id: UUID, week: dt.date | None = None) -> AreaRates:
    """Return the rates of a division or a current block in the week of a day.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    place = find_place(session, viewer, area_id)
    return _board_at(session, place, week_of(week), place.level).of(place)


def ranking(
    session: Session, viewer: Viewer, *, area_id: UUID, level: str, week: dt.date | None = None
) -> tuple[AreaRates, ...]:
    """Return the rates of the areas of a level in an area: lowest registration first, untold ones last.

    What lies in no area of that level comes as `rest`.

    Raises:
        NotFound: the area does not exist or lies outside the viewer's areas.
        RuleBroken: `level-unknown`.

    """
    place = find_place(session, viewer, area_id)
    found = _ranked(session, viewer, place, level, _board_at(session, place, week_of(week), level))
    return tuple(sorted(found, key=lambda row: _lowest_first(row.rates["registration_rate"], row.code)))


def rate_report(
    session: Session,
    viewer: Viewer,
    *,
    rate: str,
    area_id: UUID,
    level: str | None = None,
    as_of: dt.date | None = None,
) -> RateReport:
    """Return one rate of an area and, where a level is asked for, of the areas in it, lowest first.

    Raises:
        NotFound: the area does not exist or lies outside the viewer's areas.
        RuleBroken: `rate-unknown`, `level-unknown`, `as-of-future`.

    """
    if rate not in RATES:
        raise RuleBroken("rate-unknown", f"指标应为 {'、'.join(RATES)} 之一", field="rate")
    week, place = week_of(as_of), find_place(session, viewer, area_id)
    board = _board_at(session, place, week, level or place.level)
    rows = [_row(one, rate) for one in _ranked(session, viewer, place, level, board)] if level else []
    rows.sort(key=lambda row: _lowest_first(row.rate, row.code))
    method = board.profile.measures.verdict_method
    return RateReport(rate, week, week == monday(today()), method, _row(board.of(place), rate), tuple(rows))


def _row(area: AreaRates, rate: str) -> RateRow:
    return RateRow(area.id, area.level, area.name, area.code, area.parent_id, area.left_out, area.rates[rate])


def rates_of_blocks(session: Session, block_ids: Sequence[UUID], *, week: dt.date | None = None) -> AreaRates:
    """Return the rates of a set of blocks: the sums over its parts that are told by themselves.

    Its parts are those of the week's zones that lie wholly in it, and the blocks outside of these.
    """
    return rates_of_sets(session, [block_ids], week=week)[0]


def rates_of_sets(
    session: Session, sets: Sequence[Sequence[UUID]], *, week: dt.date | None = None
) -> tuple[AreaRates, ...]:
    """Return the rates of several sets of blocks, in order: the figures around all of them are read once."""
    places = [Place(SET_OF_BLOCKS, "blocks", blocks=tuple(dict.fromkeys(one))) for one in sets]
    return _rates_of(session, places, week)


def rates_of_zone(session: Session, zone_id: UUID, *, week: dt.date | None = None) -> AreaRates:
    """Return the rates of a zone; of a zone across communities only what all its parts tell.

    In weeks that began before its proposal or after its end they are those of a set of blocks.
    """
    return rates_of_zones(session, [zone_id], week=week)[0]


def rates_of_zones(
    session: Session, zone_ids: Sequence[UUID], *, week: dt.date | None = None
) -> tuple[AreaRates, ...]:
    """Return the rates of several zones, in order: the figures around all of them are read once."""
    return _rates_of(session, places_of_zones(session, zone_ids), week)


def series_of_zone(session: Session, zone_id: UUID, *, weeks: int = 12) -> tuple[tuple[dt.date, Rate], ...]:
    """Return the registration rate of a zone for each of the last weeks, oldest first."""
    last = monday(today())
    asked = [last - step * WEEK for step in reversed(range(weeks))]
    (place,) = places_of_zones(session, [zone_id])
    board = _board_of_blocks(session, place.blocks, asked)
    return tuple((week, board.of(place, week).rates["registration_rate"]) for week in asked)


def _rates_of(session: Session, places: Sequence[Place], week: dt.date | None) -> tuple[AreaRates, ...]:
    blocks = {block for place in places for block in place.blocks}
    board = _board_of_blocks(session, sorted(blocks), [week_of(week)])
    return tuple(board.of(place) for place in places)


@dataclass(frozen=True, slots=True)
class _Board:
    """The trees of some districts for the asked weeks and the week before each."""

    profile: Profile
    first: dt.date
    week: dt.date
    trees: dict[dt.date, Tree]

    def of(self, place: Place, week: dt.date | None = None) -> AreaRates:
        """Return the rates of a place as they may be told."""
        week = week or self.week
        tree, earlier = self.trees[week], self.trees[week - WEEK]
        now, before = _told(tree, place), _told(earlier, place)
        both = {
            name: (now.shown[name], before.shown[name] if now.keys[name] == before.keys[name] else "hidden")
            for name in RATES
        }
        is_known, keys = week >= self.first, place.keys(tree)
        rates = rates_of(self.profile, week, now.counts, before.counts, both) if is_known else None
        whole = added(tree.counts(key) for key in keys)
        untold = sum(tree.blocks_in(key) for key in keys if tree.shown("registration_rate", key) != "value")
        return AreaRates(
            place.id, place.level, place.name, place.code, place.parent_id,
            rates or no_rates(self.profile, week), _persons(tree, place) if is_known else None,
            whole[UNITS], whole[RENTAL_UNITS], untold if place.is_sum else 0,
        )  # fmt: skip

    @property
    def rests(self) -> list[UUID]:
        """The divisions of which a part with dwellings lies in no block."""
        found = [node for node in self.trees[self.week].nodes.values() if node.counts[UNITS]]
        return [node.key[1] for node in found if node.parent == ("area", node.key[1])]


@dataclass(frozen=True, slots=True)
class _Told:
    """The sums of a place, of each rate over the nodes that are told, how each is told, and these nodes."""

    counts: Counts
    shown: dict[str, str]
    keys: dict[str, tuple[Key, ...]]


def _told(tree: Tree, place: Place) -> _Told:
    keys = place.keys(tree)
    if len(keys) == 1:
        shown = {name: tree.shown(name, keys[0]) for name in RATES}
        return _Told(tree.counts(keys[0]), dict(shown), dict.fromkeys(RATES, keys))
    sums, found = list(NOTHING), {name: _told_nodes(tree, name, keys) for name in RATES}
    for name in RATES:
        for at in PARTS[name]:
            sums[at] = sum(tree.counts(key)[at] for key in found[name])
    return _Told(tuple(sums), {name: "value" if found[name] else "hidden" for name in RATES}, found)


def _told_nodes(tree: Tree, measure: str, keys: Sequence[Key]) -> tuple[Key, ...]:
    """Return the nodes of a place that are told; of the parts of one zone all that hold anything, or none."""
    told = tuple(key for key in keys if tree.shown(measure, key) == "value")
    is_one_zone = len({key[:2] for key in keys}) == 1
    if is_one_zone and not all(key in told or tree.is_empty(measure, key) for key in keys):
        return ()
    return told


def _persons(tree: Tree, place: Place) -> int | None:
    told = _told_nodes(tree, "persons", place.keys(tree))
    return sum(tree.counts(key)[PERSONS] for key in told) if told else None


def _lowest_first(rate: Rate, code: str) -> tuple[bool, float, str]:
    """Return the place of an area in a ranking by a rate: told ones first, then the lowest."""
    if rate.percent is None and rate.class_no is None:
        return True, 0.0, code
    # Of a class its lower end: the order must not tell more than the class does.
    lower_end = (0.0, *CLASSES)[rate.class_no or 0]
    return False, lower_end if rate.percent is None else rate.percent, code


def _ranked(session: Session, viewer: Viewer, place: Place, level: str, board: _Board) -> list[AreaRates]:
    return [board.of(one) for one in places_in(session, viewer, place, level, board.rests)]


def _board_at(session: Session, place: Place, week: dt.date, level: str) -> _Board:
    """Return the figures around a place; of the leaves only those that the level asks for."""
    expand: Sequence[UUID] | None = ()
    if level == "block":
        expand = (place.community_id,) if place.community_id else None
    return _board(session, place.districts, [week], expand)


def _board(
    session: Session, districts: Sequence[UUID], asked: Sequence[dt.date], expand: Sequence[UUID] | None
) -> _Board:
    """Return the figures of some districts for the asked weeks, in order."""
    query = select(Jurisdiction.profile, select(func.min(TallyWeek.week)).scalar_subquery())
    row: Any = session.execute(query).one()
    profile, first = load_profile(row[0]), row[1]
    found = trees(
        session, districts=districts, expand=expand, floor=profile.measures.disclosure_floor,
        weeks=sorted({*asked, *(week - WEEK for week in asked)}),
    )  # fmt: skip
    return _Board(profile, first or monday(today()), asked[-1], found)


def _board_of_blocks(session: Session, block_ids: Sequence[UUID], asked: Sequence[dt.date]) -> _Board:
    """Return the figures around a set of blocks for the asked weeks, in order."""
    query = (
        select(GridBlock.district_id, GridBlock.community_id).where(GridBlock.id.in_(block_ids)).distinct()
    )
    around = session.execute(query).all()
    communities = {row.community_id for row in around if row.community_id}
    return _board(session, sorted({row.district_id for row in around}), asked, sorted(communities))
