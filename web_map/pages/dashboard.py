"""领导看板: rates on the map, in a ranking and against their targets, with the zones under rectification."""

import csv
import datetime as dt
import io
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.area.reads import AreaRow, breadcrumb
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.exchange.report import harmless
from geo_registry.grid.rules import cycle_of
from geo_registry.measure.reads import (
    AreaRates,
    Rate,
    area_rates,
    building_counts,
    heat_cells,
    ranking,
    rates_of_zones,
    shapes,
    weeks,
)
from geo_registry.measure.rules import SAMPLED
from geo_registry.zone.reads import ZoneRow, zone, zones
from geo_registry.zone.shapes import places
from web_map import board as board_words
from web_map import choropleth, words
from web_map.board import BELOW, RATES, TILES, VIEWS, Board, Closed, View, ZoneCard, Zones
from web_map.charts import Axis, axis_of, progress, strip
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas
from web_map.render import PageRoute, page, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_ZONES = 100
_OPEN = ("listed", "plan_approved", "in_rectification", "submitted", "returned")
_COLUMNS = ("名称", "指标", "周", "比率 %", "区间下限", "区间上限", "n（按 5 取整）", "目标 %", "判定")
_NOTHING: dict[str, Any] = {"type": "FeatureCollection", "features": []}


FigureViewer = Annotated[Viewer, Depends(Opens(Permission.MEASURE_READ), scope="function")]


def asked_view(
    session: PageSession,
    viewer: FigureViewer,
    area: Annotated[UUID | None, Query()] = None,
    level: Annotated[str | None, Query(max_length=20)] = None,
    rate: Annotated[str, Query(max_length=40)] = TILES[0],
    week: Annotated[dt.date | None, Query()] = None,
    view: Annotated[str, Query(max_length=20)] = VIEWS[0],
    focus: Annotated[UUID | None, Query()] = None,
) -> View:
    """Return the state that the address asks for; without an area the viewer's own.

    Raises:
        RuleBroken: `rate-unknown`, `view-unknown`.

    """
    if rate not in RATES:
        raise RuleBroken("rate-unknown", f"指标应为 {'、'.join(RATES)} 之一", field="rate")
    if view not in VIEWS:
        raise RuleBroken("view-unknown", f"视图应为 {'、'.join(VIEWS)} 之一", field="view")
    if area is None:
        own = own_areas(session, viewer)
        if not own:
            raise NotFound("no-areas-yet", "还没有区划数据；请先导入区划，再打开看板")
        area = own[0].id
    return View(area, level, rate, week, view, focus)


AskedView = Annotated[View, Depends(asked_view)]


@router.get("/dashboard")
def dashboard(request: Request, session: PageSession, viewer: FigureViewer, asked: AskedView) -> Response:
    """Show the leader's page in the state that its address asks for."""
    nonce = new_nonce()
    board = board_of(session, viewer, asked)
    map_ = choropleth.figure_map(board.drawing, board_words.start_of(board.drawing.box), 14)
    return page(
        request,
        "dashboard.html",
        viewer,
        nonce=nonce,
        map=take_apart(map_, nonce),
        now=dt.datetime.now(words.CHINA),
        **values_of(session, viewer, board),
    )


@router.get("/panels/dashboard")
def parts(
    session: PageSession,
    viewer: FigureViewer,
    asked: AskedView,
    drawn: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Return the parts of the page for another state; `drawn` names the shapes that the map has already."""
    board = board_of(session, viewer, asked, drawn=drawn)
    return piece("_dashboard.html", **values_of(session, viewer, board))


@router.get("/dashboard/ranking.csv")
def ranking_file(session: PageSession, viewer: FigureViewer, asked: AskedView) -> Response:
    """Return the ranking as a file; counts of persons are rounded to five, for it leaves the house."""
    board = board_of(session, viewer, replace(asked, view="table"))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for row in board.rows:
        rate = row.rates[board.view.rate]
        cells = (row.name, words.RATES[rate.name], str(board.week), *_figures(rate))
        writer.writerow([harmless(cell) for cell in cells])
    name = f"ranking-{board.view.rate}-{board.week}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _figures(rate: Rate) -> tuple[object, ...]:
    is_shown = rate.shown == "value"
    return (
        board_words.value_text(rate),
        rate.low if is_shown else None,
        rate.high if is_shown else None,
        board_words.rounded(rate.n) if is_shown and rate.n is not None else None,
        rate.target,
        words.VERDICTS[rate.verdict],
    )


def board_of(session: Session, viewer: Viewer, asked: View, *, drawn: str = "") -> Board:
    """Ask the registry for all that one state of the page shows."""
    known = weeks(session)
    week = asked.week if asked.week in known else None
    place = area_rates(session, viewer, area_id=asked.area, week=week)
    levels = BELOW.get(place.level, ())
    view = board_words.settled(asked, levels, known)
    rows = _rows(session, viewer, view)
    is_unasked = place.level == "district" and asked.level not in levels
    if is_unasked and sum(row.level == "community" for row in rows) > board_words.MOST_COMMUNITIES:
        view = replace(view, level="township")
        rows = _rows(session, viewer, view)
    is_block = view.level == "building"
    buildings = building_counts(session, viewer, block_id=view.area) if is_block else ()
    found = zones_of(session, viewer, view) if viewer.may(Permission.ZONE_READ) else Zones()
    is_drawn = drawn == board_words.key_of(view)
    drawing = board_words.drawing_of(
        view,
        rows=rows,
        shapes=_NOTHING if is_drawn or view.level is None else _shapes(session, viewer, view),
        heat=heat_cells(session, viewer, area_id=view.area, week=view.week) if view.view == "heat" else None,
        buildings=buildings,
        zones=found,
        places=places(session, viewer) if viewer.may(Permission.ZONE_READ) else _NOTHING,
        has_shapes=is_drawn,
    )
    return Board(view, place, levels, rows, buildings, found, known, words.today(), drawing)


def _rows(session: Session, viewer: Viewer, view: View) -> tuple[AreaRates, ...]:
    """Return the areas of the level in the order of the page; a block has none."""
    if view.level is None or view.level == "building":
        return ()
    found = ranking(session, viewer, area_id=view.area, level=view.level, week=view.week)
    return board_words.ordered(found, view.rate)


def _shapes(session: Session, viewer: Viewer, view: View) -> dict[str, Any]:
    """Return the shapes of the areas of a level, or of the block whose buildings are shown."""
    level = "block" if view.level == "building" else str(view.level)
    return shapes(session, viewer, area_id=view.area, level=level)


def zones_of(session: Session, viewer: Viewer, view: View) -> Zones:
    """Return the zones of the page's area, and those of what is chosen."""
    listed = zones(session, viewer, area_id=view.area, limit=MOST_ZONES).rows
    open_rows = [row for row in listed if row.state in _OPEN]
    rated = rates_of_zones(session, [row.id for row in open_rows], week=view.week) if open_rows else ()
    cards = tuple(
        _card(row, number, rates.rates[view.rate])
        for number, (row, rates) in enumerate(zip(open_rows, rated, strict=True), start=1)
    )
    closed = tuple(Closed(row.id, row.name, row.accepted_on) for row in listed if row.accepted_on)
    closed = tuple(sorted(closed, key=lambda one: one.accepted_on, reverse=True))
    today = words.today()
    chosen = next((row for row in listed if row.id == view.focus), None)
    inside = {row.id for row in zones(session, viewer, area_id=view.focus).rows} if view.focus else None
    return Zones(
        open=cards,
        near=tuple(card for card in cards if _is_near(card, listed, view, inside)),
        around=_around(session, viewer, chosen) if chosen else frozenset(),
        closed=closed,
        accepted_this_year=sum(one.accepted_on.year == today.year for one in closed),
        change=_change(listed, today - dt.timedelta(days=7)),
    )


def _card(row: ZoneRow, number: int, rate: Rate) -> ZoneCard:
    return ZoneCard(
        row.id, number, row.name, row.state, row.state_title, row.due_on, row.days_left,
        100 * (row.share_used or 0.0), rate, row.lon, row.lat,
    )  # fmt: skip


def _is_near(card: ZoneCard, listed: tuple[ZoneRow, ...], view: View, inside: set[UUID] | None) -> bool:
    if inside is None or card.id == view.focus or card.id in inside:
        return True
    return any(row.id == card.id and view.focus in row.block_ids for row in listed)


def _around(session: Session, viewer: Viewer, row: ZoneRow) -> frozenset[UUID]:
    """Return the blocks of a zone and the areas around it, for the ranking to mark them."""
    detail = zone(session, viewer, row.id)
    areas = (detail.district_id, detail.township_id, detail.community_id)
    return frozenset((*row.block_ids, *(area for area in areas if area is not None)))


def _change(listed: tuple[ZoneRow, ...], before: dt.date) -> int:
    """Return by how many the open zones have become more since a day."""
    now = sum(row.state in _OPEN for row in listed)
    then = sum(
        row.listed_on is not None
        and row.listed_on <= before
        and (row.state in _OPEN or (row.accepted_on is not None and row.accepted_on > before))
        for row in listed
    )
    return now - then


def values_of(session: Session, viewer: Viewer, board: Board) -> dict[str, Any]:
    """Return what the templates of the page need."""
    own = own_areas(session, viewer)
    rate = board.view.rate
    return {
        "board": board,
        "board_words": board_words,
        "may_zones": viewer.may(Permission.ZONE_READ),
        "own": own,
        "has_focus_areas": any(one["properties"]["kind"] == "focus" for one in board.drawing.places),
        "steps": steps_of(session, viewer, board.place, own),
        "below": BELOW,
        "tile_rates": TILES if rate in TILES else (*TILES[:-1], rate),
        "all_rates": RATES,
        "is_sampled": rate in SAMPLED,
        "rank_axis": axis_of(row.rates[rate].percent for row in board.rows),
        "tile_axis": tile_axis,
        "classes": choropleth.CLASSES,
        "heat": choropleth.HEAT,
        "not_shown": choropleth.NOT_SHOWN,
        "cycle_day": cycle_of(board.until).day_no,
        "strip": strip,
        "progress": progress,
    }


def tile_axis(rate: Rate) -> Axis:
    """Return the axis of one key figure; a bar begins at nought unless it is nearly full."""
    if rate.is_full and rate.percent is not None and rate.percent < Axis().low:
        return Axis(0.0)
    return axis_of((rate.percent,))


def steps_of(
    session: Session, viewer: Viewer, place: AreaRates, own: tuple[AreaRow, ...]
) -> tuple[dict[str, Any], ...]:
    """Return the path from the city to the shown area; from the viewer's own area on, a step leads back."""
    division = place.parent_id if place.level == "block" else place.id
    path = breadcrumb(session, viewer, community_id=division) if division else ()
    first = next((at for at, step in enumerate(path) if step.id in {area.id for area in own}), len(path))
    steps = [
        {"id": step.id, "name": step.name, "level": step.kind, "is_open": at >= first}
        for at, step in enumerate(path)
    ]
    if place.level == "block":
        steps.append({"id": place.id, "name": place.name, "level": "block", "is_open": True})
    return tuple(steps)
