"""门牌编辑, the desk: the street's number line, lists of streets and plates, the table twin, trials."""

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import JSONResponse
from folium.plugins import GeoMan
from pydantic import TypeAdapter, ValidationError

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.reads import PlaceNameDetail, place_name
from geo_registry.area.reads import AreaRow, areas
from geo_registry.area.reads import area as area_detail
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.exchange.report import harmless
from geo_registry.plate import field, line, reads
from geo_registry.plate.rates import OF_VILLAGES
from geo_registry.plate.rules import MOST_AT_ONCE, STEPS, refusal
from geo_registry.text import natural_order, pinyin
from web_map import layers, plate_words, words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import ViewBox, own_areas, start_view
from web_map.render import PageRoute, inside, page, piece
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
NO_STORE = {"Cache-Control": "no-store"}
COLUMNS = ("标准地址", "牌面", "侧", "距起点 m", "种类", "状态", "已认证", "经度", "纬度")
MOST_ROWS = 1000
# Wider than this, marks are not drawn and their legend is not counted (degrees).
WIDEST_LEGEND = 0.1
REASONS = {
    "none": "还没有编牌",
    "numbered": "已编号，尚未下单",
    "ordered": "已下单，尚未制作",
    "stock": "已制作，尚未上墙",
    "damaged": "破损，须补装",
    "missing": "缺失，须补装",
}
# GeoMan drags our own markers; its tool bar would offer shapes that plates do not have.
_NO_TOOLS = dict.fromkeys(
    ("drawMarker", "drawCircleMarker", "drawPolyline", "drawRectangle", "drawPolygon", "drawCircle",
     "drawText", "editMode", "dragMode", "cutPolygon", "removalMode", "rotateMode"), False,
)  # fmt: skip


Editor = Annotated[Viewer, Depends(Opens(Permission.PLATE_EDIT), scope="function")]


@dataclass(frozen=True, slots=True)
class ActButton:
    """One act of a plate as a button: where it goes, what it asks for, or why it waits."""

    verb: str
    title: str
    url: str
    text: str
    fields: str
    why_not: str
    href: str = ""
    is_grave: bool = False
    body: dict[str, str] | None = None


@router.get("/plates")
def editor(request: Request, session: PageSession, viewer: Editor) -> Response:
    """Show the editor with the list and the street that its address asks for; the pane comes by itself."""
    first = _asked_first(request)
    own = own_areas(session, viewer)
    lon, lat, zoom, box = start_view(own)
    map_ = town_map(layers.editor_style(), (lon, lat), zoom)
    GeoMan(**_NO_TOOLS).add_to(map_)  # type: ignore[no-untyped-call]
    nonce = new_nonce()
    return page(
        request, "plates.html", viewer, nonce=nonce, map=take_apart(map_, nonce), own=own,
        switches=layers.SWITCHES, today=dt.datetime.now(words.CHINA), plate_words=plate_words,
        facts={
            "shown": layers.SHOWN_AT_FIRST, "box": box, "marks": layers.PLATE_MARKS,
            "states": words.PLATE_STATES, "plateZoom": layers.PLATE_ZOOM + 1,
            "icons": {by: layers.plate_icons(by) for by in layers.COLOURINGS},
            "street": _first_street(session, viewer, first),
        },
        first=_first_list(session, viewer, first), first_query=first and first.query(),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListView:
    """What the left pane and the table show: one street, or all; one side, mark or kind of list."""

    street: UUID | None = None
    mark: Literal["", "draft", "numbered", "produced", "installed", "fault"] = ""
    side: Literal["", "odd", "even"] = ""
    tab: Literal["plates", "missing", "warned"] = "plates"
    q: Annotated[str, Query(max_length=60)] = ""

    def takes(self, row: line.PlateOnLine) -> bool:
        """Whether a plate belongs to what is shown."""
        is_warned = self.tab != "warned" or row.warnings > 0
        is_marked = not self.mark or layers.PLATE_MARKS[row.state] == self.mark
        return is_warned and is_marked and (not self.side or row.side == self.side)

    def query(self) -> str:
        """Return what the page's script asks for this list."""
        asked = {
            "tab": self.tab,
            "street": self.street,
            "mark": self.mark,
            "side": self.side if self.street else "",
        }
        return urlencode({name: value for name, value in asked.items() if value})


Asked = Annotated[ListView, Depends()]
_LIST_VIEW = TypeAdapter(ListView)
_IN_ADDRESS = {"s": "street", "m": "mark", "d": "side", "t": "tab"}


def in_order(row: Any) -> tuple[tuple[int, str], ...]:  # noqa: ANN401  (rows with `text` and `address`)
    """Return the key that sorts plates as people count: 2号, 10号, 10-1号."""
    return natural_order(f"{row.text} {row.address}")


@router.get("/panels/plates/list")
def listed(session: PageSession, viewer: Editor, asked: Asked) -> Response:
    """List the streets of the viewer's area, the plates of one, or the addresses without a plate."""
    template, values = _list_of(session, viewer, asked)
    return piece(template, **values)


def _list_of(session: Session, viewer: Viewer, asked: ListView) -> tuple[str, dict[str, Any]]:
    """Return the template of a list and what it shows."""
    area = area_of(session, viewer)
    shared: dict[str, Any] = {"area": area, "asked": asked, "reasons": REASONS, "plate_words": plate_words}
    if asked.street is not None:
        return "plate_list.html", shared | _of_street(session, viewer, asked, asked.street)
    if asked.tab == "missing":
        found = reads.missing(session, viewer, area_id=area.id if area else None, limit=100)
        return "plate_streets.html", shared | {"missing": found}
    rows, is_cut = reads.rates_of_streets(session, viewer, area.id, text=asked.q) if area else ((), False)
    streets = sorted(rows, key=lambda row: natural_order(pinyin(row.name)))
    return "plate_streets.html", shared | {"streets": streets, "is_cut": is_cut}


@router.get("/panels/plates/rate")
def rate(session: PageSession, viewer: Editor) -> Response:
    """Show the rate of the whole area; it comes by itself, for it counts every address."""
    area = area_of(session, viewer)
    return piece(
        "plate_rate.html",
        area=area,
        rate=reads.rate_on_wall(session, viewer, area_id=area.id if area else None),
    )


def _of_street(session: Session, viewer: Viewer, asked: ListView, street_id: UUID) -> dict[str, Any]:
    street = place_name(session, viewer, street_id)
    rate = reads.rate_on_wall(session, viewer, place_name_id=street_id)
    found, rows = line.along_street(session, viewer, street_id)
    is_missing = asked.tab == "missing"
    return {
        "street": street, "title": street_title(session, viewer, street), "street_rate": rate,
        "line": found, "scheme": scheme_of(found), "sides": sides_of(found),
        "ends": line.crossings(session, viewer, found, street_id) if found else (None, None),
        "counts": Counter(layers.PLATE_MARKS[row.state] for row in rows),
        "beside": Counter(row.side for row in rows), "total": len(rows),
        "certified": sum(row.is_certified for row in rows), "warned": sum(row.warnings > 0 for row in rows),
        "ended": line.count_ended(session, viewer, street_id),
        "missing": reads.missing(session, viewer, place_name_id=street_id, limit=100) if is_missing else None,
        "missing_count": rate.addresses - rate.on_wall,
        "rows": sorted(filter(asked.takes, rows), key=along),
    }  # fmt: skip


def along(row: line.PlateOnLine) -> tuple[float, Any]:
    """Return the key that sorts plates along their street, those without a place by their numbers."""
    return (-1.0 if row.distance_m is None else row.distance_m, in_order(row))


def scheme_of(found: line.NumberLine | None) -> str:
    """Say how a street is numbered: 自东向西 · 北单南双 · 每 2 m 一号."""
    if found is None:
        return ""
    told = plate_words.COMPASS
    way = f"自{told[plate_words.OPPOSITE[found.heading]]}向{told[found.heading]}"
    every = f"每 {found.step_m:g} m 一号" if found.mode == "distance" else "依次编号"
    return f"{way} · {told[found.odd_side]}单{told[found.even_side]}双 · {every}"


def sides_of(found: line.NumberLine | None) -> dict[str, str]:
    """Return the sides of a street in words: odd and even."""
    if found is None:
        return {"odd": "单号", "even": "双号"}
    told = plate_words.COMPASS
    return {"odd": f"{told[found.odd_side]}侧", "even": f"{told[found.even_side]}侧"}


def area_of(session: Session, viewer: Viewer) -> AreaRow | None:
    """Return the area whose streets are listed: the viewer's own, or the first district."""
    own = own_areas(session, viewer)
    if own and own[0].level in {"district", "township", "community"}:
        return own[0]
    return next(iter(areas(session, viewer, level="district", limit=1).rows), None)


@router.get("/panels/plates/table")
def table(session: PageSession, viewer: Editor, asked: Asked) -> Response:
    """List plates with all their columns: the map's table twin."""
    street = place_name(session, viewer, asked.street) if asked.street else None
    found: line.NumberLine | None = None
    rows: list[line.PlateOnLine] = []
    if street:
        found, rows = line.along_street(session, viewer, street.id)
    elif area := area_of(session, viewer):
        rows = line.plates_in_area(session, viewer, area.id, MOST_ROWS + 1)
    shown = sorted(filter(asked.takes, rows), key=along)
    return piece(
        "plate_table.html", rows=shown[:MOST_ROWS], is_cut=len(rows) > MOST_ROWS and not street,
        street=street, sides=sides_of(found),
    )  # fmt: skip


@router.get("/plates/streets/{street_id}.csv")
def as_csv(session: PageSession, viewer: Editor, street_id: UUID) -> Response:
    """Return the plates of a street as CSV that spreadsheets open in Chinese."""
    street = place_name(session, viewer, street_id)
    found, rows = line.along_street(session, viewer, street_id)
    sides = sides_of(found)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=along):
        state, kind = words.word(words.PLATE_STATES, row.state), words.word(words.PLATE_KINDS, row.kind)
        cells = (
            row.address, row.text, sides[row.side], row.distance_m, kind, state,
            "是" if row.is_certified else "否", row.lon, row.lat,
        )  # fmt: skip
        writer.writerow([harmless(cell) for cell in cells])
    name = quote(f"{street.full_name}门牌.csv", safe="")
    headers = NO_STORE | {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/panels/plates/streets/{street_id}")
def street_line(session: PageSession, viewer: Editor, street_id: UUID) -> Response:
    """Return the number line of a street and its box, of its plates where it has no axis, for the map."""
    return JSONResponse(_line_told(session, viewer, street_id), headers=NO_STORE)


def _asked_first(request: Request) -> ListView | None:
    """Return what the address of the page asks to be listed; None where it asks for what there is not."""
    given = {long: request.query_params.get(short) for short, long in _IN_ADDRESS.items()}
    try:
        return _LIST_VIEW.validate_python({name: value for name, value in given.items() if value})
    except ValidationError:
        return None


def _first_street(session: Session, viewer: Viewer, first: ListView | None) -> dict[str, Any] | None:
    """Return the street that the page opens with; None where the viewer knows no such street."""
    if first is None or first.street is None:
        return None
    try:
        return _line_told(session, viewer, first.street)
    except NotFound:
        return None


def _first_list(session: Session, viewer: Viewer, first: ListView | None) -> str:
    """Return the list that the page opens with; empty where it has to be asked for."""
    if first is None:
        return ""
    try:
        template, values = _list_of(session, viewer, first)
    except NotFound:
        return ""
    return inside(template, **values)


def _line_told(session: Session, viewer: Viewer, street_id: UUID) -> dict[str, Any]:
    street = place_name(session, viewer, street_id)
    found, rows = line.along_street(session, viewer, street_id)
    placed = [(row.lon, row.lat) for row in rows if row.lon is not None and row.lat is not None]
    box = _box(found.axis if found else placed)
    title = street_title(session, viewer, street)
    told: dict[str, Any] = {"id": str(street_id), "name": title, "axis": None, "box": box}
    if found:
        sides = sides_of(found)
        told["axis"] = {"type": "MultiLineString", "coordinates": [found.axis]}
        told["length"] = found.length_m
        odd, even = f"{sides['odd']} · 单号", f"{sides['even']} · 双号"
        told["hands"] = (
            {"left": odd, "right": even} if found.odd_hand == "left" else {"left": even, "right": odd}
        )
    return told


def _box(points: Sequence[tuple[float, float]]) -> tuple[float, ...] | None:
    if not points:
        return None
    lons, lats = [point[0] for point in points], [point[1] for point in points]
    return min(lons), min(lats), max(lons), max(lats)


@router.get("/panels/plates/legend")
def legend(
    session: PageSession,
    viewer: Editor,
    box: ViewBox,
    by: Annotated[Literal["certified", "street"], Query()],
) -> Response:
    """Return the rows of a legend of the view, each with its count."""
    west, south, east, north = box
    if max(east - west, north - south) > WIDEST_LEGEND:
        return JSONResponse([], headers=NO_STORE)
    if by == "certified":
        yes, no = line.count_certified(session, viewer, box)
        rows = [{"mark": "certified", "count": yes}, {"mark": "uncertified", "count": no}]
    else:
        rows = [
            {"mark": f"street-{one.colour}", "title": one.name, "count": one.plates}
            for one in line.count_streets(session, viewer, box)
        ]
    return JSONResponse(rows, headers=NO_STORE)


def street_title(session: Session, viewer: Viewer, street: PlaceNameDetail) -> str:
    """Return a street's full name; hamlets and groups, whose names repeat, with their village before it."""
    if street.kind not in OF_VILLAGES or street.community_id is None:
        return street.full_name
    return area_detail(session, viewer, street.community_id).name + street.full_name


_IN_TASK = "已在一个进行中的任务里"


@router.post("/panels/plates/trial")
def trial(
    session: PageSession,
    viewer: Editor,
    ids: Annotated[str, Form(max_length=40_000)],
    verb: Annotated[Literal["approve", "order", "install"], Form()],
) -> Response:
    """Say which of some plates an act would take, and why it refuses the others; nothing is written."""
    wanted = _ids(ids)
    found = reads.chosen_plates(session, viewer, wanted)
    given = field.given_out(session, viewer, wanted) if verb == "install" else set()
    good = [row for row in found if row.state in STEPS[verb].sources and row.id not in given]
    ready = {row.id for row in good}
    refused = [
        {"text": row.address, "why": _IN_TASK if row.id in given else refusal(verb, row.state)}
        for row in found if row.id not in ready
    ]  # fmt: skip
    kinds = sorted(Counter(row.kind for row in good).items())
    return piece("batch_trial.html", verb=verb, good=good, refused=refused, kinds=kinds)


def _ids(text: str) -> list[UUID]:
    try:
        found = [UUID(one) for one in text.split(",") if one]
    except ValueError as error:
        raise RuleBroken("ids-invalid", "门牌编号不能识别，请刷新后重选", field="ids") from error
    if not 1 <= len(found) <= MOST_AT_ONCE:
        raise RuleBroken("count-invalid", f"一次办理 1 至 {MOST_AT_ONCE} 块门牌", field="ids")
    return found
