"""门牌编号: a whole street numbered before anything is stored, and numbers changed on a street."""

import datetime as dt
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.reads import (
    EstatePlan,
    EstateSlot,
    PlaceNameDetail,
    PlaceNameRow,
    PlannedDoor,
    Slot,
    StreetPlan,
    place_name,
    place_names,
    plan_estate,
    plan_street,
    profile_in_force,
)
from geo_registry.db import Session
from geo_registry.errors import RuleBroken
from geo_registry.text import initials, natural_order, pinyin
from web_map import layers, plate_words
from web_map import numbering_words as own_words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas, start_view
from web_map.render import PageRoute, page, piece
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_NAMES = 300
# Doors put by hand; whole rows of houses are registered as buildings first.
MOST_DOORS = 500
# Lines of the layers that are shown at first: plates lie under the marks of the plan.
SHOWN = "b"
# Numbered row by row from a gate, not along an axis.
IN_ROWS = ("estate", "hamlet", "group")
Numberer = Annotated[Viewer, Depends(Opens(Permission.ADDRESS_NUMBER), scope="function")]


@router.get("/plates/numbering")
def numbering(request: Request, session: PageSession, viewer: Numberer) -> Response:
    """Show the page; streets, plan and numbers are asked for by it."""
    own = own_areas(session, viewer)
    lon, lat, zoom, box = start_view(own)
    nonce = new_nonce()
    return page(
        request, "numbering.html", viewer, nonce=nonce, own=own, switches=layers.SWITCHES,
        map=take_apart(town_map(layers.style(), (lon, lat), zoom), nonce), numbering_words=own_words,
        plate_words=plate_words, scheme=own_words.scheme_text(profile_in_force(session).numbering),
        facts={
            "shown": SHOWN, "box": box, "marks": layers.PLATE_MARKS, "plateZoom": layers.PLATE_ZOOM + 1,
            "font": layers.FONT,
        },
    )  # fmt: skip


@router.get("/panels/numbering/streets")
def streets(
    session: PageSession, viewer: Numberer, text: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """List the place names that bear numbers, at most 300; `text` begins a name, its sound or initials."""
    found: list[PlaceNameRow] = []
    after = None
    while len(found) < MOST_NAMES:
        part = place_names(session, viewer, text=text.strip() or None, after=after, limit=100)
        found += [row for row in part.rows if row.state in ("current", "proposed")]
        after = part.next
        if after is None:
            break
    rows = sorted(found, key=lambda row: natural_order(pinyin(row.full_name)))
    return piece(
        "numbering_streets.html", rows=rows, is_cut=after is not None, text=text, initials=initials,
        numbering_words=own_words,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a street is to be numbered, and the doors put by hand (degrees)."""

    side: Literal["odd", "even"] | None
    mode: Literal["order", "distance"] | None
    start: tuple[float, float] | None
    keeps_free: bool
    doors: tuple[tuple[float, float], ...]


def wanted_of(
    side: Annotated[Literal["", "odd", "even"], Form()] = "",
    mode: Annotated[Literal["", "order", "distance"], Form()] = "",
    lon: Annotated[float | None, Form(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Form(ge=-90, le=90)] = None,
    keep: Annotated[Literal["", "true"], Form()] = "",
    doors: Annotated[str, Form(max_length=40_000)] = "",
) -> Wanted:
    """Return what the options ask for; an empty choice leaves it to the profile."""
    start = None if lon is None or lat is None else (lon, lat)
    return Wanted(side or None, mode or None, start, bool(keep), _points(doors))


@router.post("/panels/numbering/preview")
def preview(
    session: PageSession,
    viewer: Numberer,
    street: Annotated[UUID, Form()],
    wanted: Annotated[Wanted, Depends(wanted_of)],
    task: Annotated[Literal["number", "renumber"], Form()] = "number",
) -> Response:
    """Show the numbers of a place name and those that its doors would get; nothing is stored."""
    told = place_name(session, viewer, street)
    try:
        plan = planned(session, viewer, told, wanted)
    except RuleBroken as fault:
        return piece(
            "numbering_preview.html", street=told, fault=fault, task=task, numbering_words=own_words,
            is_estate=told.kind in IN_ROWS,
        )  # fmt: skip
    # A change of numbers is a matter of those that are there.
    slots = [_row(one) for one in plan.slots if task == "number" or one.kind not in ("door", "free")]
    return piece(
        "numbering_preview.html", street=told, fault=None, task=task, plan=plan, slots=slots,
        numbering_words=own_words, facts=_on_map(told, plan), is_estate=told.kind in IN_ROWS,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One number of the table: of a street with side and metres, of an estate with its row."""

    kind: str
    number: str
    number_text: str
    standard_text: str
    side: str
    metres: float | None
    row: int | None
    lon: float | None
    lat: float | None
    address_id: UUID | None
    version: int | None
    building_id: UUID | None
    until: dt.date | None
    remarks: str


def _row(slot: Slot | EstateSlot) -> Row:
    side, metres, row, until, remarks = "", None, None, None, ""
    if isinstance(slot, Slot):
        side, metres, until = slot.side, slot.distance_m, slot.until
        remarks = "，".join(own_words.REMARKS.get(one, one) for one in slot.remarks)
    else:
        row = slot.row
    return Row(
        slot.kind, slot.number, slot.number_text, slot.standard_text, side, metres, row, slot.lon, slot.lat,
        slot.address_id, slot.version, slot.building_id, until, remarks,
    )  # fmt: skip


def planned(
    session: Session, viewer: Viewer, street: PlaceNameDetail, wanted: Wanted
) -> StreetPlan | EstatePlan:
    """Return the plan of a place name as it is asked for, with the doors put by hand among the others."""
    if street.kind in IN_ROWS:
        return plan_estate(session, viewer, place_name_id=street.id, gate=wanted.start)
    asked: dict[str, Any] = {
        "place_name_id": street.id, "side": wanted.side, "mode": wanted.mode, "origin": wanted.start,
        "keeps_free": wanted.keeps_free,
    }  # fmt: skip
    plan = plan_street(session, viewer, **asked)
    if not wanted.doors:
        return plan
    doors = [
        PlannedDoor(one.lon or 0, one.lat or 0, one.building_id) for one in plan.slots if one.kind == "door"
    ]
    doors += [PlannedDoor(*point) for point in wanted.doors]
    return plan_street(session, viewer, **asked, doors=doors)


def _on_map(street: PlaceNameDetail, plan: StreetPlan | EstatePlan) -> dict[str, Any]:
    """Return the axis from where it is counted, its other end, and the box of all that is shown."""
    lines: Sequence[Sequence[Sequence[float]]] = (street.axis or {}).get("coordinates", ())
    points = [(point[0], point[1]) for line in lines for point in line]
    if points and _apart(points[0], plan) > _apart(points[-1], plan):
        lines = [line[::-1] for line in lines[::-1]]
        points.reverse()
    places = points + [
        (one.lon, one.lat) for one in plan.slots if one.lon is not None and one.lat is not None
    ]
    box = None
    if places:
        lons, lats = [one[0] for one in places], [one[1] for one in places]
        box = [min(lons), min(lats), max(lons), max(lats)]
    told: dict[str, Any] = {"lines": lines, "ends": points[-1:], "box": box}
    if isinstance(plan, StreetPlan) and len(points) > 1:
        told |= {"length": plan.length_m, "hands": _hands(points, plan.odd_side)}
    return told


def _hands(points: Sequence[tuple[float, float]], odd_side: str) -> dict[str, str]:
    """Return what stands on either hand of the axis: 北侧 · 单号."""
    (west, south), (east, north) = points[0], points[-1]
    ahead = (east - west) * math.cos(math.radians(south)), north - south
    quarter = 0 if abs(ahead[0]) < abs(ahead[1]) else 1
    turn = ("north", "east", "south", "west")
    left = turn[(quarter + (0 if ahead[1 - quarter] > 0 else 2) - 1) % 4]
    right = turn[(turn.index(left) + 2) % 4]
    words = {side: "单号" if side == odd_side else "双号" for side in turn}
    return {
        hand: f"{own_words.COMPASS[side]}侧 · {words[side]}"
        for hand, side in (("left", left), ("right", right))
    }


def _apart(point: tuple[float, float], plan: StreetPlan | EstatePlan) -> float:
    if isinstance(plan, EstatePlan):
        return 0.0
    return math.hypot(point[0] - plan.begins_lon, point[1] - plan.begins_lat)


def _points(text: str) -> tuple[tuple[float, float], ...]:
    """Return the doors put by hand.

    Raises:
        RuleBroken: `doors-invalid`.

    """
    try:
        found = tuple((float(lon), float(lat)) for lon, lat in json.loads(text or "[]"))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise RuleBroken("doors-invalid", "加上的门不能识别，请重新在图上点选", field="doors") from error
    if len(found) > MOST_DOORS or not all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in found):
        raise RuleBroken("doors-invalid", f"一次最多在图上加 {MOST_DOORS} 处门", field="doors")
    return found
