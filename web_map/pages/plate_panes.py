"""门牌编辑, the pane: one plate, a new one with its preview, an address without a plate."""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.near import streets_near
from geo_registry.address.positions import positions
from geo_registry.address.reads import Version, address, history_of, place_name, profile_in_force
from geo_registry.area.reads import areas_containing
from geo_registry.db import Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate import reads
from geo_registry.plate.faces import parts_of
from geo_registry.plate.line import number_line
from geo_registry.plate.preview import Preview, preview_address
from geo_registry.plate.rules import STEPS, refusal
from geo_registry.plate.selection import Snap, snap
from geo_registry.text import pinyin
from web_map import plate_words, words
from web_map.deps import PageSession
from web_map.pages.plates import ActButton, Editor, sides_of, street_title
from web_map.render import PageRoute, piece

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FINDINGS = {
    "in_place": "在位",
    "damaged": "破损",
    "missing": "缺失",
    "wrong_text": "内容有误",
    "wrong_place": "位置有误",
}
_NO_STREET = RuleBroken("street-missing", "300 米内没有道路，请移近道路，或先为道路命名", field="street")
SNAP_M, AT_IT_M = 15.0, 0.3
Lon = Annotated[float, Query(ge=-180, le=180)]
Lat = Annotated[float, Query(ge=-90, le=90)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plate as the reader wants it: where, on which street, with which number; empty ones are proposed."""

    lon: Lon
    lat: Lat
    street: UUID | None = None
    number: Annotated[str, Query(max_length=20)] = ""
    kind: Annotated[str, Query(max_length=20)] = ""


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
_LAPSES = "凭上墙照片所作的认证随之失效。"
_OFF_WALL = ("replace", "supersede", "remove", "report_damage", "report_missing")
# Ordering, making and delivering are acts on whole batches.
_OF_BATCHES = ("order", "produce", "deliver")
_GRAVE = ("cancel", "remove", "scrap", "supersede", "report_damage", "report_missing")


def buttons(viewer: Viewer, plate: reads.PlateDetail) -> list[ActButton]:
    """Return the acts that the viewer's role may do on a plate; those not possible now say why."""
    found = []
    by_photo = plate.certified is not None and plate.certified.basis == "photo"
    for verb, step in STEPS.items():
        if verb in _OF_BATCHES or not viewer.may(step.permission):
            continue
        why = "" if plate.state in step.sources else refusal(verb, plate.state)
        needs_reason = "reason" in step.needs or verb.startswith("report")
        path = verb.replace("_", "-")
        text = _TEXTS.get(verb, "") + (_LAPSES if by_photo and verb in _OFF_WALL else "")
        found.append(
            ActButton(
                path, step.title, f"/v1/plates/{plate.id}/actions/{path}", text,
                f"reason{'*' if needs_reason else ''} document_number", why,
                href=f"/plates/{plate.id}/install" if verb == "install" else "", is_grave=verb in _GRAVE,
            )
        )  # fmt: skip
    return found


@router.get("/panels/plates/new")
def new(session: PageSession, viewer: Editor, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Show the form of a new plate at a point, with what the registry proposes."""
    streets = streets_near(session, viewer, lon=wanted.lon, lat=wanted.lat)
    named = {one.id: one.name for one in streets}
    chosen = wanted.street or (streets[0].id if streets else None)
    if wanted.street and wanted.street not in named:
        named[wanted.street] = street_title(session, viewer, place_name(session, viewer, wanted.street))
    profile = profile_in_force(session)
    kinds = [(size.kind, size.title) for size in profile.plates]
    told = previewed(session, viewer, wanted, chosen)
    return piece(
        "plate_new.html", streets=named, chosen=chosen, kinds=kinds, plate_words=plate_words,
        joint=profile.sub_number.style, may_certify=viewer.may(Permission.ADDRESS_CERTIFY), **told,
    )  # fmt: skip


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
    upper, lower = parts_of(found.standard_text, names.get("district"))
    side_text, how = beside(session, street_id, found)
    return {
        "fault": None, "found": found, "street_id": street_id, "upper": upper, "lower": lower,
        "whole": whole_text(found.standard_text, names), "profile": profile_in_force(session),
        "pinyin": pinyin(found.place_name), "is_typed": bool(wanted.number),
        "side_text": side_text, "how": how, "snap": near_building(session, viewer, wanted),
        "errors": [one for one in found.remarks if one.level == "error"],
        "warnings": [one for one in found.remarks if one.level == "warning"],
    }  # fmt: skip


def beside(session: Session, street_id: UUID, found: Preview) -> tuple[str, str]:
    """Return the side of a street in words, 北侧（单号）, and how a number by distance was reckoned."""
    if found.side is None:
        return "—", ""
    along = number_line(session, street_id)
    side = f"{sides_of(along)[found.side]}（{plate_words.PARITY[found.side]}号）"
    if along is None or along.mode != "distance" or found.distance_m is None:
        return side, ""
    every = f"{found.distance_m:.1f}÷{along.step_m:g}"
    if found.side == "odd":
        number, how = 2 * math.floor(found.distance_m / along.step_m) + 1, f"2×⌊{every}⌋+1"
    else:
        number, how = 2 * max(1, math.ceil(found.distance_m / along.step_m)), f"2×⌈{every}⌉"
    return side, f"{how} = {number}" if str(number) == found.number else ""


def near_building(session: Session, viewer: Viewer, wanted: Wanted) -> Snap | None:
    """Return the entrance a new plate could be drawn to, else the wall, unless it stands there already."""
    found = snap(session, viewer, lon=wanted.lon, lat=wanted.lat, reach_m=SNAP_M)
    for kind in ("entrance", "outline"):
        one = next((one for one in found if one.kind == kind), None)
        if one is not None:
            return one if one.distance_m >= AT_IT_M else None
    return None


def divisions_at(session: Session, viewer: Viewer, lon: float | None, lat: float | None) -> dict[str, str]:
    """Return the names of the divisions around a point by level; none without a point."""
    if lon is None or lat is None:
        return {}
    return {row.level: row.name for row in areas_containing(session, viewer, lon=lon, lat=lat)}


def whole_text(text: str, names: dict[str, str]) -> str:
    """Return a standard address with city, district and township before it, each once.

    Who sees a part of a district alone is not told its name by the point; the text says it then.
    """
    if "district" not in names:
        return text
    before = "".join(names.get(level, "") for level in ("city", "district", "township"))
    return before + words.local(text, names.get("district"))


@router.get("/panels/plates/holes/{address_id}")
def hole(session: PageSession, viewer: Editor, address_id: UUID) -> Response:
    """Show an address without any plate, with the act that gives it one."""
    found = address(session, viewer, address_id)
    upper, lower = parts_of(found.standard_text, found.district)
    return piece("plate_hole.html", address=found, upper=upper, lower=lower)


@router.get("/panels/plates/{plate_id}")
def shown(session: PageSession, viewer: Editor, plate_id: UUID) -> Response:
    """Show a plate: face, certification, places, warnings, evidence, acts, history."""
    plate = reads.plate(session, viewer, plate_id)
    where = address(session, viewer, plate.address_id)
    upper, lower = parts_of(plate.made_text) if plate.made_text else parts_of(plate.address, where.district)
    acts = buttons(viewer, plate)
    why_not_move = next((one.why_not for one in acts if one.verb == "move"), "")
    versions = history_of(session, viewer, kind="plate", object_id=plate_id)
    return piece(
        "plate_pane.html", plate=plate, upper=upper, lower=lower, evidence=plate.installation,
        profile=profile_in_force(session), now_text=now_text(plate, where.district),
        street_id=where.place_name_id, accuracy=where.accuracy, plate_words=plate_words,
        whole=whole_text(plate.address, divisions_at(session, viewer, plate.lon, plate.lat)),
        acts=[one for one in acts if not one.why_not], not_now=[one for one in acts if one.why_not],
        may_move=not why_not_move, why_not_move=why_not_move, findings=FINDINGS,
        may_certify=viewer.may(Permission.ADDRESS_CERTIFY), why_not=why_not_certify(plate),
        places=positions(session, viewer, plate.address_id),
        warnings=[one for one in plate.warnings if one.accepted_at is None],
        accepted=[one for one in plate.warnings if one.accepted_at is not None],
        versions=in_words(versions), ways=ways_back(versions),
    )  # fmt: skip


def now_text(plate: reads.PlateDetail, district: str | None) -> str:
    """Return what would be written on a sign now when it says something else, else nothing."""
    should_say = plate.address.removeprefix(district or "")
    is_old = plate.made_text not in {None, should_say} and plate.phase != "ended"
    return should_say if is_old else ""


def why_not_certify(plate: reads.PlateDetail) -> str:
    """Return why the address of a plate cannot be certified now, empty when it can."""
    if plate.address_state != "current":
        return "地址还不是现行地址"
    if plate.lon is None:
        return "地址还没有定位"
    errors = [one for one in plate.warnings if one.level == "error" and one.accepted_at is None]
    return f"请先处理提示：{words.word(plate_words.WARNINGS, errors[0].kind)}" if errors else ""


def ways_back(versions: tuple[Version, ...]) -> dict[int, tuple[float, float]]:
    """Return the place before each move of a plate by its version: a move is reverted by one back there."""
    found = {}
    for one in versions:
        old = next((change.old for change in one.changes if change.field == "position"), None)
        place = old.get("coordinates") if isinstance(old, dict) else None
        if one.verb == "move" and one.version is not None and place:
            lon, lat = place[:2]
            found[one.version] = (float(lon), float(lat))
    return found


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
