"""门牌编辑: streets and their plates, one plate, a new one with its preview, addresses without a plate."""

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import JSONResponse
from folium.plugins import GeoMan

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.near import streets_near
from geo_registry.address.reads import (
    PlaceNameDetail,
    Version,
    address,
    history_of,
    place_name,
    profile_in_force,
)
from geo_registry.area.reads import AreaRow, areas, areas_containing
from geo_registry.area.reads import area as area_detail
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate import reads
from geo_registry.plate.preview import preview_address
from geo_registry.plate.rates import OF_VILLAGES
from geo_registry.plate.rules import MOST_AT_ONCE, STEPS, refusal
from geo_registry.text import initials, natural_order, pinyin
from web_map import layers, words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas, start_view
from web_map.render import PageRoute, page, piece
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
NO_STORE = {"Cache-Control": "no-store"}
MOST_ROWS = 1000
REASONS = {
    "none": "还没有编牌",
    "numbered": "已编号，尚未下单",
    "ordered": "已下单，尚未制作",
    "stock": "已制作，尚未上墙",
    "damaged": "破损，须补装",
    "missing": "缺失，须补装",
}
FINDINGS = {
    "in_place": "在位",
    "damaged": "破损",
    "missing": "缺失",
    "wrong_text": "内容有误",
    "wrong_place": "位置有误",
}
# GeoMan drags our own markers; its tool bar would offer shapes that plates do not have.
_NO_TOOLS = dict.fromkeys(
    ("drawMarker", "drawCircleMarker", "drawPolyline", "drawRectangle", "drawPolygon", "drawCircle",
     "drawText", "editMode", "dragMode", "cutPolygon", "removalMode", "rotateMode"), False,
)  # fmt: skip
_NO_STREET = RuleBroken("street-missing", "300 米内没有道路，请移近道路，或先为道路命名", field="street")
_NUMBER = re.compile(r"(?P<upper>.*?)(?P<lower>[临附]?\d+(?:[-之附]\d+)*[A-Z]?)[号號]?")


Editor = Annotated[Viewer, Depends(Opens(Permission.PLATE_EDIT), scope="function")]
Lon = Annotated[float, Query(ge=-180, le=180)]
Lat = Annotated[float, Query(ge=-90, le=90)]


def face(text: str, district: str | None = None) -> tuple[str, str]:
    """Return what stands on a plate above and below: the name without its district, the number without 号."""
    text = words.local(text, district)
    found = _NUMBER.fullmatch(text)
    return (found["upper"], found["lower"]) if found else ("", text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plate as the reader wants it: where, on which street, with which number; empty ones are proposed."""

    lon: Lon
    lat: Lat
    street: UUID | None = None
    number: Annotated[str, Query(max_length=20)] = ""
    kind: Annotated[str, Query(max_length=20)] = ""


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


_TEXTS = {
    "approve": "批准后可以下单制作。",
    "scrap": "退出所在批次，计入报废，回到“已批准”。",
    "verify": "照片与牌面、位置相符，门牌确在墙上。",
    "report_damage": "登记破损后不再计入上墙率，可补装或更换。",
    "report_missing": "登记缺失后不再计入上墙率，须补装。",
    "inspect": "巡查时门牌在位、完好。",
    "replace": "旧牌转为“已更换”，同一地址另编一块新牌。",
    "supersede": "旧牌转为“已替代”，由另一块门牌代替。",
    "remove": "门牌已从墙上取下。",
    "cancel": "门牌取消，地址仍在，会列入缺牌清单。",
}
# Ordering, making and delivering are acts on whole batches.
_OF_BATCHES = ("order", "produce", "deliver")
_GRAVE = ("cancel", "remove", "scrap", "supersede", "report_damage", "report_missing")


def buttons(viewer: Viewer, plate: reads.PlateDetail) -> list[ActButton]:
    """Return the acts that the viewer's role may do on a plate; those not possible now say why."""
    found = []
    for verb, step in STEPS.items():
        if verb in _OF_BATCHES or not viewer.may(step.permission):
            continue
        why = "" if plate.state in step.sources else refusal(verb, plate.state)
        needs_reason = "reason" in step.needs or verb.startswith("report")
        path = verb.replace("_", "-")
        found.append(
            ActButton(
                path, step.title, f"/v1/plates/{plate.id}/actions/{path}", _TEXTS.get(verb, ""),
                f"reason{'*' if needs_reason else ''} document_number", why,
                href=f"/plates/{plate.id}/install" if verb == "install" else "", is_grave=verb in _GRAVE,
            )
        )  # fmt: skip
    return found


@router.get("/plates")
def editor(request: Request, session: PageSession, viewer: Editor) -> Response:
    """Show the editor; list and pane are asked for by the page."""
    own = own_areas(session, viewer)
    lon, lat, zoom, box = start_view(own)
    map_ = town_map(layers.style(), (lon, lat), zoom)
    GeoMan(**_NO_TOOLS).add_to(map_)  # type: ignore[no-untyped-call]
    nonce = new_nonce()
    return page(
        request, "plates.html", viewer, nonce=nonce, map=take_apart(map_, nonce), own=own,
        switches=layers.SWITCHES, today=dt.datetime.now(words.CHINA),
        facts={
            "shown": layers.SHOWN_AT_FIRST, "box": box, "marks": layers.PLATE_MARKS,
            "plateZoom": layers.PLATE_ZOOM + 1,
        },
    )  # fmt: skip


def plates_of(
    session: Session, viewer: Viewer, *, street: UUID | None, area: UUID | None
) -> tuple[tuple[reads.PlateRow, ...], bool]:
    """Return plates in use as people count their numbers, at most 1000, and whether there are more."""
    rows: list[reads.PlateRow] = []
    after = None
    while len(rows) < MOST_ROWS:
        found = reads.plates(
            session, viewer, place_name_id=street, area_id=None if street else area, after=after, limit=100
        )
        rows += [row for row in found.rows if row.state in layers.PLATE_MARKS]
        after = found.next
        if after is None:
            break
    return tuple(sorted(rows, key=in_order)), after is not None


def in_order(row: reads.PlateRow) -> tuple[tuple[int, str], ...]:
    """Return the key that sorts plates as people count: 2号, 10号, 10-1号."""
    return natural_order(f"{row.text} {row.address}")


@dataclass(frozen=True, slots=True)
class ListView:
    """What the left pane and the table show: one street, or all; plates of one mark, or missing ones."""

    street: UUID | None = None
    mark: Literal["", "draft", "numbered", "produced", "installed", "fault"] = ""
    tab: Literal["plates", "missing"] = "plates"


Asked = Annotated[ListView, Depends()]


@router.get("/panels/plates/list")
def listed(session: PageSession, viewer: Editor, asked: Asked) -> Response:
    """List the streets of the viewer's area, the plates of one, or the addresses without a plate."""
    area = area_of(session, viewer)
    within = {"place_name_id": asked.street} if asked.street else {"area_id": area.id if area else None}
    street = place_name(session, viewer, asked.street) if asked.street else None
    area_rate = reads.rate_on_wall(session, viewer, area_id=area.id if area else None)
    rate = reads.rate_on_wall(session, viewer, place_name_id=asked.street) if street else area_rate
    rows: tuple[reads.PlateRow, ...] = ()
    if street and asked.tab == "plates":
        rows, _ = plates_of(session, viewer, street=street.id, area=None)
    streets: tuple[reads.WallRate, ...] = ()
    if street is None and asked.tab == "plates" and area:
        streets = reads.rates_on_wall(session, viewer, by="street", area_id=area.id)
    missing = reads.missing(session, viewer, **within, limit=100) if asked.tab == "missing" else None
    return piece(
        "plate_list.html", street=street, title=street_title(session, viewer, street) if street else "",
        area=area, tab=asked.tab, street_rate=rate if street else None, area_rate=area_rate,
        missing_count=rate.addresses - rate.on_wall, missing=missing, pressed=asked.mark,
        reasons=REASONS, initials=initials, counts=Counter(layers.PLATE_MARKS[row.state] for row in rows),
        streets=sorted((row for row in streets if row.id), key=lambda row: natural_order(pinyin(row.name))),
        rows=[row for row in rows if not asked.mark or layers.PLATE_MARKS[row.state] == asked.mark],
    )  # fmt: skip


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
    area = area_of(session, viewer)
    rows, is_cut = plates_of(session, viewer, street=asked.street, area=area.id if area else None)
    shown = [row for row in rows if not asked.mark or layers.PLATE_MARKS[row.state] == asked.mark]
    return piece("plate_table.html", rows=shown, is_cut=is_cut, street=street)


@router.get("/panels/plates/streets/{street_id}")
def street_line(session: PageSession, viewer: Editor, street_id: UUID) -> Response:
    """Return the axis of a street and its box, of its plates where it has no axis, for the map."""
    street = place_name(session, viewer, street_id)
    points = [point for line in (street.axis or {}).get("coordinates", ()) for point in line]
    if not points:
        rows, _ = plates_of(session, viewer, street=street_id, area=None)
        points = [(row.lon, row.lat) for row in rows if row.lon is not None]
    box = None
    if points:
        lons, lats = [point[0] for point in points], [point[1] for point in points]
        box = [min(lons), min(lats), max(lons), max(lats)]
    told = {"name": street_title(session, viewer, street), "axis": street.axis, "box": box}
    return JSONResponse(told, headers=NO_STORE)


def street_title(session: Session, viewer: Viewer, street: PlaceNameDetail) -> str:
    """Return a street's full name; hamlets and groups, whose names repeat, with their village before it."""
    if street.kind not in OF_VILLAGES or street.community_id is None:
        return street.full_name
    return area_detail(session, viewer, street.community_id).name + street.full_name


@router.post("/panels/plates/trial")
def trial(
    session: PageSession,
    viewer: Editor,
    ids: Annotated[str, Form(max_length=40_000)],
    verb: Annotated[Literal["approve", "order"], Form()],
) -> Response:
    """Say which of some plates an act would take, and why it refuses the others; nothing is written."""
    wanted = _ids(ids)
    found = [reads.plate(session, viewer, one) for one in wanted]
    good = [row for row in found if row.state in STEPS[verb].sources]
    refused = [
        {"text": row.address, "why": refusal(verb, row.state)}
        for row in found if row.state not in STEPS[verb].sources
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


@router.get("/panels/plates/new")
def new(session: PageSession, viewer: Editor, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Show the form of a new plate at a point, with what the registry proposes."""
    streets = streets_near(session, viewer, lon=wanted.lon, lat=wanted.lat)
    named = {one.id: one.name for one in streets}
    chosen = wanted.street or (streets[0].id if streets else None)
    if wanted.street and wanted.street not in named:
        named[wanted.street] = street_title(session, viewer, place_name(session, viewer, wanted.street))
    kinds = [(size.kind, size.title) for size in profile_in_force(session).plates]
    told = previewed(session, viewer, wanted, chosen)
    return piece("plate_new.html", streets=named, chosen=chosen, kinds=kinds, **told)


@router.get("/panels/plates/preview")
def preview(session: PageSession, viewer: Editor, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Show what a new plate would read with what is typed, and what speaks against it."""
    return piece("plate_preview.html", **previewed(session, viewer, wanted, wanted.street))


def previewed(session: Session, viewer: Viewer, wanted: Wanted, street_id: UUID | None) -> dict[str, Any]:
    """Return what the preview shows; what cannot be read is shown as an error in words."""
    if street_id is None:
        return {"fault": _NO_STREET, "found": None}
    try:
        found = preview_address(
            session, viewer, place_name_id=street_id, number=wanted.number or None, lon=wanted.lon,
            lat=wanted.lat, kind=wanted.kind or None,
        )  # fmt: skip
    except (RuleBroken, NotFound) as fault:
        return {"fault": fault, "found": None}
    names = divisions_at(session, viewer, wanted.lon, wanted.lat)
    upper, lower = face(found.standard_text, names.get("district"))
    return {
        "fault": None, "found": found, "street_id": street_id, "upper": upper, "lower": lower,
        "whole": whole_text(found.standard_text, names),
        "pinyin": pinyin(found.place_name), "is_typed": bool(wanted.number),
        "errors": [one for one in found.remarks if one.level == "error"],
        "warnings": [one for one in found.remarks if one.level == "warning"],
    }  # fmt: skip


def divisions_at(session: Session, viewer: Viewer, lon: float | None, lat: float | None) -> dict[str, str]:
    """Return the names of the divisions around a point by level; none without a point."""
    if lon is None or lat is None:
        return {}
    return {row.level: row.name for row in areas_containing(session, viewer, lon=lon, lat=lat)}


def whole_text(text: str, names: dict[str, str]) -> str:
    """Return a standard address with city, district and township before it, each once."""
    before = "".join(names.get(level, "") for level in ("city", "district", "township"))
    return before + words.local(text, names.get("district"))


@router.get("/panels/plates/holes/{address_id}")
def hole(session: PageSession, viewer: Editor, address_id: UUID) -> Response:
    """Show an address without any plate, with the act that gives it one."""
    found = address(session, viewer, address_id)
    upper, lower = face(found.standard_text, found.district)
    return piece("plate_hole.html", address=found, upper=upper, lower=lower)


@router.get("/panels/plates/{plate_id}")
def shown(session: PageSession, viewer: Editor, plate_id: UUID) -> Response:
    """Show a plate: face, evidence, acts, history."""
    plate = reads.plate(session, viewer, plate_id)
    where = address(session, viewer, plate.address_id)
    upper, lower = face(plate.address, where.district)
    acts = buttons(viewer, plate)
    why_not_move = next((one.why_not for one in acts if one.verb == "move"), "")
    return piece(
        "plate_pane.html", plate=plate, upper=upper, lower=lower, evidence=plate.installation,
        street_id=where.place_name_id,
        whole=whole_text(plate.address, divisions_at(session, viewer, plate.lon, plate.lat)),
        acts=[one for one in acts if not one.why_not], not_now=[one for one in acts if one.why_not],
        may_move=not why_not_move, why_not_move=why_not_move, findings=FINDINGS,
        versions=in_words(history_of(session, viewer, kind="plate", object_id=plate_id)),
    )  # fmt: skip


def in_words(versions: tuple[Version, ...]) -> list[Version]:
    """Return the versions of a plate with states and kinds in words, and batches without their ids."""
    tables = {"state": words.PLATE_STATES, "kind": words.PLATE_KINDS}

    def told(field: str, value: Any) -> Any:  # noqa: ANN401  (what a version holds)
        if field == "batch_id":
            return "已列入" if value else None
        return words.word(tables[field], value) if field in tables else value

    return [
        replace(one, changes=tuple(
            replace(change, old=told(change.field, change.old), new=told(change.field, change.new))
            for change in one.changes
        ))
        for one in versions
    ]  # fmt: skip
