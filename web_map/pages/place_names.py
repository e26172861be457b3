"""地名: naming cases with their steps, the names they are about, proposals checked while they are typed."""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from folium.plugins import GeoMan

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.naming_alike import Alike, check_name
from geo_registry.address.naming_papers import READY, romanized
from geo_registry.address.naming_reads import NamingDetail, counts_by_state, naming_case, naming_cases
from geo_registry.address.naming_rules import ACTION_TITLES, LEVEL_TITLES, OPEN, STATE_TITLES, STEP_TITLES
from geo_registry.address.reads import names_like, place_name, place_names, profile_in_force
from geo_registry.area.reads import AreaRow, areas
from geo_registry.db import Session, today
from geo_registry.errors import RegistryError
from geo_registry.plate.signs import count_old_signs
from web_map import layers, plate_words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.grid_drawing import LONGEST_SHAPE
from web_map.pages.home import own_areas, start_view
from web_map.render import PageRoute, page, piece
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ROWS = 60
# Axes are drawn by buttons of our own, which have names and say what they do.
_NO_BAR = dict.fromkeys(
    ("drawMarker", "drawCircle", "drawCircleMarker", "drawPolyline", "drawRectangle", "drawPolygon",
     "drawText", "editMode", "dragMode", "cutPolygon", "removalMode", "rotateMode"), False,
)  # fmt: skip
_WORDS = {"states": STATE_TITLES, "steps": STEP_TITLES, "actions": ACTION_TITLES, "levels": LEVEL_TITLES}
Namer = Annotated[Viewer, Depends(Opens(Permission.STREET_NAME), scope="function")]
Text = Annotated[str, Query(max_length=60)]


@router.get("/place-names")
def shown(request: Request, session: PageSession, viewer: Namer) -> Response:
    """Show the page; list and pane are asked for by it."""
    own = own_areas(session, viewer)
    lon, lat, zoom, box = start_view(own)
    map_ = town_map(layers.style(), (lon, lat), zoom)
    GeoMan(position="topleft", **_NO_BAR).add_to(map_)  # type: ignore[no-untyped-call]
    nonce = new_nonce()
    return page(
        request, "place_names.html", viewer, nonce=nonce, map=take_apart(map_, nonce), own=own,
        switches=layers.SWITCHES, today=dt.datetime.now(dt.UTC),
        facts={
            "shown": "bg", "box": box, "marks": layers.PLATE_MARKS, "plateZoom": layers.PLATE_ZOOM + 1,
        },
    )  # fmt: skip


@router.get("/panels/place-names/list")
def listed(
    session: PageSession,
    viewer: Namer,
    text: Text = "",
    state: Annotated[str, Query(pattern="^[a-z_]{0,20}$")] = "",
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List naming cases, those of one state or all, with how many stand in each."""
    known = state if state in STATE_TITLES else None
    found = naming_cases(session, viewer, state=known, text=text.strip() or None, after=after, limit=ROWS)
    return piece(
        "place_names_list.html", rows=found.rows, next=found.next, state=known, text=text,
        counts=counts_by_state(session, viewer), is_first=after is None, naming=_WORDS,
        kinds=_kinds(session),
    )  # fmt: skip


@router.get("/panels/place-names/places")
def places(session: PageSession, viewer: Namer, text: Text = "") -> Response:
    """List place names in use by the beginning of a name, or of its sound or its initials."""
    words = text.strip()
    rows = names_like(session, viewer, words, limit=ROWS) if words else None
    if rows is None:
        rows = tuple(one for one in place_names(session, viewer, limit=ROWS).rows if one.state != "retired")
    return piece(
        "place_names_places.html", rows=rows, text=text, kinds=_kinds(session), plate_words=plate_words
    )


@router.get("/panels/place-names/cases/{naming_id}")
def case_pane(session: PageSession, viewer: Namer, naming_id: UUID) -> Response:
    """Show one case: its steps, its facts, who did what, and what may be done now."""
    case = naming_case(session, viewer, naming_id)
    profile = profile_in_force(session)
    return piece(
        "place_names_case.html", case=case, stages=stages_of(case), kinds=_kinds(session), naming=_WORDS,
        latin=romanized(profile, case.kind, case.name), has_decree=case.state in READY, today=today(),
        old_signs=_old_signs(session, viewer, case.place_name_id) if case.state == "in_force" else 0,
    )  # fmt: skip


@router.get("/panels/place-names/places/{street_id}")
def place_pane(session: PageSession, viewer: Namer, street_id: UUID) -> Response:
    """Show one place name with what may be asked for it."""
    place = place_name(session, viewer, street_id)
    cases = naming_cases(session, viewer, place_name_id=street_id, limit=20).rows
    return piece(
        "place_names_place.html", place=place, cases=cases, kinds=_kinds(session), naming=_WORDS,
        latin=romanized(profile_in_force(session), place.kind, place.name), plate_words=plate_words,
        may_rename=viewer.may(Permission.STREET_RENAME), may_number=viewer.may(Permission.ADDRESS_NUMBER),
        may_retire=viewer.may(Permission.STREET_RETIRE),
        is_busy=any(one.state in OPEN and not one.lapsed for one in cases),
        old_signs=_old_signs(session, viewer, street_id),
    )  # fmt: skip


@router.get("/panels/place-names/form")
def form(
    session: PageSession,
    viewer: Namer,
    action: Literal["name", "rename", "retire", "amend"] = "name",
    place: UUID | None = None,
    case: UUID | None = None,
) -> Response:
    """Show the fields of a proposal: a new name, a change or end of one, or a returned case put right."""
    found = naming_case(session, viewer, case) if case else None
    own = own_areas(session, viewer)
    return piece(
        "place_names_form.html", action=action, case=found, own=own, below=_below(session, viewer, own),
        place=place_name(session, viewer, place) if place else None, kinds=_kinds(session),
        parents=_parents(session), levels=_levels(session), naming=_WORDS, today=today(),
    )  # fmt: skip


@router.post("/panels/place-names/check")
def checked(
    session: PageSession,
    viewer: Namer,
    kind: Annotated[str, Form(max_length=40)] = "",
    name: Annotated[str, Form(max_length=100)] = "",
    area_id: Annotated[str, Form(max_length=36)] = "",
    parent_id: Annotated[str, Form(max_length=36)] = "",
    except_id: Annotated[str, Form(max_length=36)] = "",
    axis: Annotated[str, Form(max_length=LONGEST_SHAPE)] = "",
) -> Response:
    """Tell which names of the county are the same as the one that is being typed, or sound alike."""
    fault: str = ""
    found: tuple[Alike, ...] = ()
    if name.strip():
        try:
            found = check_name(
                session, viewer, kind=kind, name=name, area_id=_id(area_id), parent_id=_id(parent_id),
                except_id=_id(except_id), axis=_line(axis),
            )  # fmt: skip
        except RegistryError as error:
            fault = error.detail
    marks = [
        {"lon": one.lon, "lat": one.lat, "name": one.full_name, "blocks": one.blocks}
        for one in found if one.lon is not None
    ]  # fmt: skip
    return piece(
        "place_names_check.html", found=found, fault=fault, asked=name.strip(), marks=json.dumps(marks),
        kinds=_kinds(session), is_taken=any(one.blocks for one in found), plate_words=plate_words,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage on the way of a case: done, now, to come, or stopped here."""

    title: str
    state: Literal["done", "now", "todo", "stopped"]
    by: str = ""
    at: dt.datetime | None = None


def stages_of(case: NamingDetail) -> tuple[Stage, ...]:
    """Return the way of a case from the proposal into force, with where it stands."""
    turns = [turn for turn, step in enumerate(case.steps) if step.step == "submit"]
    latest = case.steps[turns[-1] :] if turns else case.steps
    done: dict[str, Any] = {step.level or step.step: step for step in latest if step.step != "return"}
    is_stopped = case.state in {"rejected", "withdrawn", "returned"}
    wanted = [("reserve", "预留")] if case.state == "reserved" else []
    wanted += [("submit", "提出"), *((level, f"{LEVEL_TITLES[level]}审批") for level in case.levels)]
    wanted += [("publish", "公布"), ("enforce", "生效")]
    stages: list[Stage] = []
    is_next = True
    for name, title in wanted:
        step = done.get(name)
        if step is not None and step.step != "reject":
            stages.append(Stage(title, "done", step.by, step.at))
            continue
        stages.append(Stage(title, ("stopped" if is_stopped else "now") if is_next else "todo"))
        is_next = False
    return tuple(stages)


def _kinds(session: Session) -> dict[str, str]:
    """Return the kinds of place names of the profile with their titles, in its order."""
    return {part.kind: part.title for part in profile_in_force(session).place_parts}


def _parents(session: Session) -> dict[str, str]:
    """Return for each kind whether it stands below an area, below another name, or either."""
    return {
        part.kind: ("area " if part.may_start else "") + " ".join(part.parents)
        for part in profile_in_force(session).place_parts
    }


def _old_signs(session: Session, viewer: Viewer, street_id: UUID) -> int:
    """Return how many signs of a name and of those below it bear an old name, for who may make them anew."""
    if not viewer.may(Permission.PLATE_EDIT):
        return 0
    return count_old_signs(session, viewer, place_name_id=street_id).total


def _levels(session: Session) -> dict[str, str]:
    """Return for each kind who approves it, in words."""
    profile = profile_in_force(session)
    return {
        part.kind: "、".join(LEVEL_TITLES[level] for level in profile.naming_levels(part.kind))
        for part in profile.place_parts
    }


def _below(session: Session, viewer: Viewer, own: tuple[AreaRow, ...]) -> tuple[AreaRow, ...]:
    """Return the areas in which a name may be proposed, beside the viewer's own."""
    rows: list[AreaRow] = []
    for one in own:
        rows += areas(session, viewer, parent_id=one.id, limit=100).rows
    if own and own[0].level in {"city", "district"}:
        for one in tuple(rows[:40]):
            rows += areas(session, viewer, parent_id=one.id, limit=100).rows
    return tuple(one for one in rows if one.level in {"district", "township", "community"})


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _line(text: str) -> dict[str, Any] | None:
    try:
        # Whole numbers of any length, and brackets of any depth, come to nothing.
        found = json.loads(text or "null", parse_int=float)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
