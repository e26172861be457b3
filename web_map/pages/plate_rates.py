"""上墙率: addresses with a plate on the wall, by area on the map, by street and by batch; what is missing."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from geo_registry import books
from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.reads import place_name, profile_in_force
from geo_registry.area.reads import Crumb, breadcrumb
from geo_registry.db import Session, today
from geo_registry.errors import NotFound
from geo_registry.measure.reads import shapes
from geo_registry.plate import reads
from geo_registry.plate.rates import Grouping
from web_map import board, choropleth, words
from web_map.csp import new_nonce
from web_map.deps import Opens, PageSession
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas
from web_map.pages.plates import REASONS
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
# A campaign begins near nothing and ends at all: wider classes than those of registration, in their colours.
BREAKS = (40.0, 60.0, 80.0, 95.0)
_RANGES = ("<40", "40–60", "60–80", "80–95", "≥95")
CLASSES = [(colour, text) for (colour, _), text in zip(choropleth.CLASSES, _RANGES, strict=True)]
BELOW: dict[str, tuple[Grouping, ...]] = {
    "city": ("district",), "district": ("community", "township", "street"),
    "township": ("community", "street"), "community": ("street",),
}  # fmt: skip
"""Level of an area -> the parts that its rate is taken apart into; the first is shown unless asked."""
PARTS = {
    "district": "按区",
    "township": "按镇街",
    "community": "按居村",
    "street": "按道路",
    "batch": "按批次",
}
_HEADINGS = ("名称", "现行地址", "已上墙", "其中已核验", "上墙率 %")
ROWS_MISSING = 100

Reader = Annotated[Viewer, Depends(Opens(Permission.MEASURE_READ), scope="function")]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for; `street` opens the addresses of one street without a plate."""

    area: UUID | None = None
    by: Literal["district", "township", "community", "street", "batch"] | None = None
    street: UUID | None = None
    after: Annotated[str | None, Query(max_length=200)] = None


@dataclass(frozen=True, slots=True)
class Part:
    """One row of the ranking: a rate, its class on the map, and where a click leads."""

    rate: reads.WallRate
    class_no: int | None
    href: str


Wanted = Annotated[Asked, Depends()]


@router.get("/plates/rates")
def rates(request: Request, session: PageSession, viewer: Reader, asked: Wanted) -> Response:
    """Show the rate of an area and of its parts on the map and as a ranking, the lowest first."""
    steps, by = _place(session, viewer, asked)
    area = steps[-1]
    parts = _parts(session, viewer, area.id, by)
    drawing = _drawing(session, viewer, area, by, parts)
    nonce = new_nonce()
    map_ = choropleth.figure_map(drawing, board.start_of(drawing.box), 14)
    street = place_name(session, viewer, asked.street) if asked.street else None
    narrowed: dict[str, Any] = {"place_name_id": street.id} if street else {"area_id": area.id}
    return page(
        request, "plate_rates.html", viewer, nonce=nonce, map=take_apart(map_, nonce),
        own=own_areas(session, viewer), steps=steps, area=area, by=by, parts=parts, titles=PARTS,
        open_steps=_open_steps(viewer, steps), choices=(*BELOW.get(area.kind, ()), "batch"),
        street=street, classes=CLASSES,
        not_shown=choropleth.NOT_SHOWN, box=drawing.box, target=_target(session),
        rate=reads.rate_on_wall(session, viewer, area_id=area.id),
        street_rate=reads.rate_on_wall(session, viewer, place_name_id=street.id) if street else None,
        missing=reads.missing(session, viewer, **narrowed, after=asked.after, limit=ROWS_MISSING)
        if street or by == "street" else None,
        reasons=REASONS, may_edit=viewer.may(Permission.PLATE_EDIT), asked=asked, today=today(),
    )  # fmt: skip


@router.get("/plates/rates.xlsx")
def as_book(session: PageSession, viewer: Reader, asked: Wanted) -> Response:
    """Return the ranking as a spreadsheet."""
    steps, by = _place(session, viewer, asked)
    rows = (
        (one.rate.name, one.rate.addresses, one.rate.on_wall, one.rate.verified, _rounded(one.rate))
        for one in _parts(session, viewer, steps[-1].id, by)
    )
    file = books.book("上墙率", _HEADINGS, rows, widths=(32, 12, 12, 12, 12))
    headers = {
        "Content-Disposition": f'attachment; filename="plates-on-wall-{today()}.xlsx"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(books.pieces(file), media_type=books.XLSX, headers=headers)


def class_of(rate: reads.WallRate) -> int | None:
    """Return the class of a rate, 0 below 40 % to 4 from 95 % on; None where there are no addresses."""
    return None if rate.percent is None else sum(rate.percent >= one for one in BREAKS)


def _rounded(rate: reads.WallRate) -> float | None:
    return None if rate.percent is None else round(rate.percent, 1)


def _place(session: Session, viewer: Viewer, asked: Asked) -> tuple[list[Crumb], Any]:
    """Return the way to the area that is asked for, else to the viewer's own, and how it is taken apart."""
    area_id = asked.area
    if area_id is None:
        own = own_areas(session, viewer)
        if not own:
            raise NotFound("no-areas-yet", "还没有区划数据；请先导入区划，再看上墙率")
        area_id = own[0].id
    steps = list(breadcrumb(session, viewer, community_id=area_id))
    ways = (*BELOW.get(steps[-1].kind, ()), "batch")
    return steps, asked.by if asked.by in ways else ways[0]


def _open_steps(viewer: Viewer, steps: list[Crumb]) -> set[UUID]:
    """Return the areas on the way that the viewer may open: the own ones and what lies below."""
    if viewer.areas is None:
        return {step.id for step in steps if step.kind in BELOW}
    first = next((place for place, step in enumerate(steps) if step.id in viewer.areas), len(steps))
    return {step.id for step in steps[first:]}


def _parts(session: Session, viewer: Viewer, area_id: UUID, by: Any) -> list[Part]:  # noqa: ANN401  (a way)
    if by == "batch":
        found = reads.rates_of_batches(session, viewer, area_id=area_id)
        return [Part(one, class_of(one), f"/plates/batches/{one.id}") for one in found]
    found = reads.rates_on_wall(session, viewer, by=by, area_id=area_id)
    shown = sorted(
        found, key=lambda one: (one.percent is None, one.percent or 0.0, one.on_wall - one.addresses)
    )
    return [Part(one, class_of(one), _way(one, by, area_id)) for one in shown]


def _way(rate: reads.WallRate, by: Grouping, area_id: UUID) -> str:
    if rate.id is None:
        return ""
    if by == "street":
        return f"/plates/rates?area={area_id}&by=street&street={rate.id}"
    return f"/plates/rates?area={rate.id}"


def _target(session: Session) -> float | None:
    found = profile_in_force(session).target("plate_on_wall_rate", today())
    return found.target_permille / 10 if found else None


def _drawing(session: Session, viewer: Viewer, area: Crumb, by: str, parts: list[Part]) -> choropleth.Drawing:
    """Compose the map: the areas by their class, or the outline of the area whose streets are listed."""
    is_areas = by in {"district", "township", "community"}
    empty: dict[str, Any] = {"type": "FeatureCollection", "features": []}
    level = by if is_areas else area.kind
    drawn = shapes(session, viewer, area_id=area.id, level=level) if level != "city" else empty
    styles = {str(one.rate.id): _style(one) for one in parts if one.rate.id} if is_areas else {}
    areas = choropleth.styled(drawn, {key: {} for key in styles})
    edge = {"style": choropleth.outline_style()}
    outlines = [] if is_areas else choropleth.styled(drawn, {str(area.id): edge})
    box = choropleth.box_of([*areas, *outlines])
    return choropleth.Drawing(
        key=f"{area.id}:{by}", box=box, areas=areas, styles=styles, outlines=outlines, heat=[], zones=[],
        places=[], buildings=[],
    )  # fmt: skip


def _style(part: Part) -> dict[str, Any]:
    rate = part.rate
    fill = choropleth.NOT_SHOWN if part.class_no is None else CLASSES[part.class_no][0]
    value = "—" if rate.percent is None else f"{rate.percent:.1f}"
    return {
        "name": rate.name, "value": value, "go": part.href, "isChosen": False,
        "lines": [f"{value} %", f"{words.count(rate.on_wall)} / {words.count(rate.addresses)} 个地址"],
        "style": {
            "color": choropleth.EDGE, "weight": 1.5, "opacity": 1, "fillColor": fill, "fillOpacity": 0.82,
        },
    }  # fmt: skip
