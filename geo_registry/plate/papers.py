"""The maker's sheets: the order as a list, and every sign drawn to scale between cut marks.

Each kind has pages of a size that holds it: the page that is asked for where it is large enough, otherwise
the next larger one, and beyond A0 a page of its own measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from uuid import UUID

from markupsafe import Markup

from geo_registry import printing
from geo_registry.access.viewer import Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import PlateSize, Profile
from geo_registry.codes import format_code
from geo_registry.db import Session, today
from geo_registry.errors import RuleBroken
from geo_registry.plate.faces import drawn, size_of
from geo_registry.plate.orders import Ordered, count_ordered, measures_of, ordered, sign_of
from geo_registry.plate.rules import KIND_TITLES
from geo_registry.plate.stock import BatchDetail, batch

PageSize = Literal["A4", "A3", "A2", "A1", "A0"]
FOLDER: Final = Path(__file__).with_name("paper")
MOST_SIGNS: Final = 120
"""Signs in one file; a larger batch has several."""
PAGES: Final[dict[PageSize, tuple[int, int]]] = {
    "A4": (210, 297), "A3": (297, 420), "A2": (420, 594), "A1": (594, 841), "A0": (841, 1189),
}  # fmt: skip
_EDGE, _FOOT, _GAP = 12, 12, 9
"""Millimetres: the edge of a page, the room of its foot, and what lies between two signs."""
_MARK = (1.5, 4.5)
"""Millimetres: cut marks begin and end so far outside the corner of a sign."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A page of millimetres and how many signs of one size it holds, side by side and below each other."""

    width: int
    height: int
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A sign on its page: its upper left corner in millimetres, the drawing, and what is written below it."""

    x: float
    y: float
    caption: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of signs of one kind, drawn 1:1."""

    layout: Layout
    size: PlateSize
    title: str
    signs: tuple[Placed, ...]
    marks: Markup


def parts(plates: int) -> int:
    """Return in how many files the sheets of so many plates lie."""
    return -(-plates // MOST_SIGNS)


def sheets_pdf(
    session: Session, viewer: Viewer, batch_id: UUID, *, page: PageSize = "A4", part: int = 1
) -> tuple[str, bytes]:
    """Return the name and the content of a batch's sheets as PDF: the list, then the signs 1:1.

    Raises:
        NotFound: no such batch in the viewer's areas.
        RuleBroken: `batch-empty`, `part-unknown`.

    """
    of_batch = batch(session, viewer, batch_id)
    counts = count_ordered(session, viewer, batch_id)
    whole = parts(sum(counts.values()))
    if not whole:
        raise RuleBroken("batch-empty", f"批次 {of_batch.number} 已没有门牌，无可打印", field="part")
    if not 1 <= part <= whole:
        raise RuleBroken("part-unknown", f"本批共 {whole} 份，请选第 1 至第 {whole} 份", field="part")
    rows = list(ordered(session, viewer, batch_id, first=(part - 1) * MOST_SIGNS + 1, most=MOST_SIGNS))
    profile = profile_in_force(session)
    html = html_of(of_batch, counts, rows, profile, page=page, part=part)
    name = of_batch.number if whole == 1 else f"{of_batch.number}-{part}"
    return f"{name}.pdf", printing.pdf(html)


def html_of(
    of_batch: BatchDetail,
    counts: dict[str, int],
    rows: Sequence[Ordered],
    profile: Profile,
    *,
    page: PageSize,
    part: int = 1,
) -> str:
    """Return the sheets as a page that prints."""
    sheets = [
        sheet
        for kind in dict.fromkeys(row.kind for row in rows)
        for sheet in sheets_of([row for row in rows if row.kind == kind], profile, page)
    ]
    totals = [
        (KIND_TITLES[kind], size_of(profile, kind), measures_of(size_of(profile, kind)), count)
        for kind, count in counts.items()
    ]
    return printing.written(
        FOLDER, "order.html", batch=of_batch, totals=totals, rows=rows, titles=KIND_TITLES, sheets=sheets,
        layouts=list(dict.fromkeys(sheet.layout for sheet in sheets)), part=part, today=today(),
        parts=parts(sum(counts.values())), code_text=format_code, total=sum(counts.values()),
    )  # fmt: skip


def sheets_of(rows: Sequence[Ordered], profile: Profile, page: PageSize) -> list[Sheet]:
    """Return the pages on which signs of one kind stand."""
    size = size_of(profile, rows[0].kind)
    layout = layout_of(size, page)
    title = f"{KIND_TITLES[rows[0].kind]}　{measures_of(size)} mm"
    most = layout.columns * layout.rows
    found = []
    for start in range(0, len(rows), most):
        some = enumerate(rows[start : start + most])
        signs = tuple(_placed(row, turn, layout, size, profile) for turn, row in some)
        found.append(Sheet(layout, size, title, signs, _marks(signs, size)))
    return found


def layout_of(size: PlateSize, page: PageSize) -> Layout:
    """Return how signs of a size stand on a page: as many as it holds, upright or lying."""
    larger = list(PAGES)[list(PAGES).index(page) :]
    for width, height in (PAGES[one] for one in larger):
        fits = [_filled(size, *turned) for turned in ((width, height), (height, width))]
        best = max(fits, key=lambda layout: layout.columns * layout.rows)
        if best.columns * best.rows:
            return best
    return Layout(size.width_mm + 2 * _EDGE, size.height_mm + 2 * _EDGE + _FOOT, 1, 1)


def _filled(size: PlateSize, width: int, height: int) -> Layout:
    columns = (width - 2 * _EDGE + _GAP) // (size.width_mm + _GAP)
    rows = (height - 2 * _EDGE - _FOOT + _GAP) // (size.height_mm + _GAP)
    return Layout(width, height, max(columns, 0), max(rows, 0))


def _placed(row: Ordered, turn: int, layout: Layout, size: PlateSize, profile: Profile) -> Placed:
    down, across = divmod(turn, layout.columns)
    block = layout.columns * (size.width_mm + _GAP) - _GAP
    drawing = drawn(
        sign_of(row, profile), size, profile.look, width=f"{size.width_mm}mm", height=f"{size.height_mm}mm"
    )
    return Placed(
        (layout.width - block) / 2 + across * (size.width_mm + _GAP),
        _EDGE + down * (size.height_mm + _GAP),
        f"{row.serial}　{row.address}　{format_code('P', row.code)}",
        drawing,
    )


def _marks(signs: Sequence[Placed], size: PlateSize) -> Markup:
    """Draw the cut marks at the corners of the signs of a page."""
    begin, end = _MARK
    path = "".join(
        f"M{x + side * begin} {y}H{x + side * end}M{x} {y + up * begin}V{y + up * end}"
        for sign in signs
        for x, side in ((sign.x, -1), (sign.x + size.width_mm, 1))
        for y, up in ((sign.y, -1), (sign.y + size.height_mm, 1))
    )
    return Markup('<path d="{}" fill="none" stroke="#000000" stroke-width="0.2"/>').format(path)
