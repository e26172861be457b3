"""制作批次: the list with its balance, one batch with its acts, the maker's sheet and its CSV."""

import csv
import datetime as dt
import io
from collections import Counter
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.reads import address, profile_in_force
from geo_registry.address.scheme import PlateSize
from geo_registry.codes import format_code
from geo_registry.db import Session
from geo_registry.exchange.report import harmless
from geo_registry.plate import reads
from web_map import words
from web_map.deps import Opens, PageSession
from web_map.pages.home import own_areas
from web_map.pages.plates import ActButton, face, in_order
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
STATES = {
    "ordered": "已下单",
    "produced": "已制作",
    "delivered": "已送达",
    "closed": "已结清",
    "cancelled": "已取消",
}
COLUMNS = (
    "序", "上行文字", "号", "标准地址", "规格", "宽 mm", "高 mm", "厚 mm", "二维码 mm", "门牌码", "状态",
)  # fmt: skip


Producer = Annotated[Viewer, Depends(Opens(Permission.PLATE_PRODUCE), scope="function")]


@router.get("/plates/batches")
def listed(
    request: Request,
    session: PageSession,
    viewer: Producer,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List batches, the latest first, each with made = installed + stock + scrapped."""
    found = reads.batches(session, viewer, after=after)
    own = own_areas(session, viewer)
    return page(request, "batches.html", viewer, batches=found.rows, next=found.next, states=STATES, own=own)


@router.get("/plates/batches/{batch_id}.csv")
def as_csv(session: PageSession, viewer: Producer, batch_id: UUID) -> Response:
    """Return the plates of a batch for the maker, as CSV that spreadsheets open in Chinese."""
    batch = reads.batch(session, viewer, batch_id)
    sizes: dict[str, PlateSize] = {size.kind: size for size in profile_in_force(session).plates}
    rows = plates_of_batch(session, viewer, batch_id)
    district = district_of(session, viewer, rows)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, 1):
        size = sizes.get(row.kind)
        measures = (size.width_mm, size.height_mm, size.thickness_mm, size.qr_mm) if size else (None,) * 4
        kind, state = words.word(words.PLATE_KINDS, row.kind), words.word(words.PLATE_STATES, row.state)
        cells = (
            number,
            *face(row.address, district),
            row.address,
            kind,
            *measures,
            format_code("P", row.code),
            state,
        )
        writer.writerow([harmless(cell) for cell in cells])
    name = quote(f"{batch.number}.csv", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def plates_of_batch(session: Session, viewer: Viewer, batch_id: UUID) -> list[reads.PlateRow]:
    """Return all plates of a batch as people count their numbers."""
    rows: list[reads.PlateRow] = []
    after = None
    while True:
        found = reads.plates(session, viewer, batch_id=batch_id, after=after, limit=100)
        rows += found.rows
        after = found.next
        if after is None:
            return sorted(rows, key=in_order)


def district_of(session: Session, viewer: Viewer, rows: list[reads.PlateRow]) -> str | None:
    """Return the name of the one district that the plates of a batch lie in; no sign bears it."""
    return address(session, viewer, rows[0].address_id).district if rows else None


@router.get("/plates/batches/{batch_id}")
def shown(request: Request, session: PageSession, viewer: Producer, batch_id: UUID) -> Response:
    """Show a batch: balance, acts, plates."""
    batch = reads.batch(session, viewer, batch_id)
    return page(
        request, "batch.html", viewer, batch=batch, states=STATES, acts=acts_of(batch),
        plates=plates_of_batch(session, viewer, batch_id), own=own_areas(session, viewer),
    )  # fmt: skip


def acts_of(batch: reads.BatchDetail) -> list[ActButton]:
    """Return the acts on a batch; those not possible now say why."""
    state = STATES[batch.state]
    ready, made = batch.by_state.get("ordered", 0), batch.by_state.get("produced", 0)
    given = (
        ("produce", "登记制作", f"本批待制作的 {ready} 块全部制成；不合格的，制成后勾选报废。",
         "document_number",
         "" if ready and batch.state == "ordered" else f"批次{state}，没有待制作的门牌"),
        ("deliver", "登记送达", f"本批已制作的 {made} 块全部送达，可以上墙。", "delivered_on document_number",
         "" if made and batch.state in {"ordered", "produced"} else "没有已制作、待送达的门牌，请先登记制作"),
        ("close", "结清", "全部上墙或报废后结清本批。", "document_number",
         f"批次{state}，送达后才能结清" if batch.state != "delivered"
         else f"还有 {batch.stock} 块未上墙，请先登记上墙或报废" if batch.stock else ""),
        ("cancel", "取消批次", "尚未制作的批次可以取消，门牌回到“已批准”。", "reason* document_number",
         f"批次{state}，已经不能取消" if batch.state != "ordered"
         else f"已制作 {batch.made} 块，不能取消" if batch.made else ""),
    )  # fmt: skip
    return [
        ActButton(
            verb, title, f"/v1/plate-batches/{batch.id}/actions/{verb}", text, fields, why,
            is_grave=verb == "cancel",
        )
        for verb, title, text, fields, why in given
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One plate on the maker's sheet."""

    upper: str
    lower: str
    kind: str
    code: str


@router.get("/plates/batches/{batch_id}/sheet")
def sheet(request: Request, session: PageSession, viewer: Producer, batch_id: UUID) -> Response:
    """Show the maker's sheet: sizes, numbers, and each face; A4, with date and who printed it."""
    rows = plates_of_batch(session, viewer, batch_id)
    sizes: dict[str, PlateSize] = {size.kind: size for size in profile_in_force(session).plates}
    counts = sorted(Counter(row.kind for row in rows).items())
    district = district_of(session, viewer, rows)
    return page(
        request, "batch_sheet.html", viewer, batch=reads.batch(session, viewer, batch_id),
        plates=[SheetRow(*face(row.address, district), row.kind, row.code) for row in rows],
        totals=[(kind, sizes.get(kind), count) for kind, count in counts], now=dt.datetime.now(words.CHINA),
    )  # fmt: skip
