"""制作批次: the list with its balance, one batch with its acts, the maker's sheet and CSV; scanned plates."""

import csv
import datetime as dt
import io
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from geo_registry.access.viewer import Permission, Viewer
from geo_registry.address.reads import profile_in_force
from geo_registry.books import attached
from geo_registry.db import Session
from geo_registry.exchange.report import harmless
from geo_registry.plate import orders, papers, reads, signs
from geo_registry.plate.codes import plate_url
from geo_registry.plate.faces import size_of
from geo_registry.plate.field import find_plate
from geo_registry.plate.rules import MOST_AT_ONCE
from web_map import words
from web_map.deps import Opens, PageSession, PlaceViewer
from web_map.pages.home import own_areas
from web_map.pages.plates import ActButton, in_order
from web_map.render import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
STATES = {
    "ordered": "已下单",
    "produced": "已制作",
    "delivered": "已送达",
    "closed": "已结清",
    "cancelled": "已取消",
}


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
    return page(
        request, "batches.html", viewer, batches=found.rows, next=found.next, states=STATES, own=own,
        profile=profile_in_force(session),
    )  # fmt: skip


@router.get("/plates/batches/{batch_id}.csv")
def as_csv(session: PageSession, viewer: Producer, batch_id: UUID) -> Response:
    """Return the plates of a batch for the maker, as CSV that spreadsheets open in Chinese."""
    batch, profile = reads.batch(session, viewer, batch_id), profile_in_force(session)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(orders.HEADINGS)
    for row in orders.ordered(session, viewer, batch_id):
        writer.writerow([harmless(cell) for cell in orders.cells_of(row, size_of(profile, row.kind))])
    headers = attached(f"{batch.number}.csv")
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


@router.get("/plates/batches/{batch_id}")
def shown(request: Request, session: PageSession, viewer: Producer, batch_id: UUID) -> Response:
    """Show a batch: balance, acts, plates."""
    batch, plates = reads.batch(session, viewer, batch_id), plates_of_batch(session, viewer, batch_id)
    old = signs.old_signs(session, viewer, batch_id=batch_id, limit=MOST_AT_ONCE).rows
    return page(
        request, "batch.html", viewer, batch=batch, states=STATES, plates=plates,
        acts=acts_of(batch, sum(row.state == "produced" for row in old)),
        own=own_areas(session, viewer), pages=tuple(papers.PAGES), parts=papers.parts(len(plates)),
        old_signs={row.id: row.made_text for row in old},
    )  # fmt: skip


def acts_of(batch: reads.BatchDetail, old_signs: int = 0) -> list[ActButton]:
    """Return the acts on a batch; those not possible now say why; delivery tells of old names."""
    warned = f"其中 {old_signs} 块是旧名牌，不要挂出。" if old_signs else ""
    state = STATES[batch.state]
    ready, made = batch.by_state.get("ordered", 0), batch.by_state.get("produced", 0)
    given = (
        ("produce", "登记制作", f"本批待制作的 {ready} 块全部制成；不合格的，制成后勾选报废。",
         "document_number",
         "" if ready and batch.state == "ordered" else f"批次{state}，没有待制作的门牌"),
        ("deliver", "登记送达", f"本批已制作的 {made} 块全部送达，可以上墙。{warned}",
         "delivered_on document_number",
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


@router.get("/plates/batches/{batch_id}/sheet")
def sheet(
    request: Request,
    session: PageSession,
    viewer: Producer,
    batch_id: UUID,
    part: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """Show the maker's sheet: sizes, numbers, and each face; A4, with date and who printed it."""
    first = (part - 1) * papers.MOST_SIGNS + 1
    rows = orders.ordered(session, viewer, batch_id, first=first, most=papers.MOST_SIGNS)
    counts, profile = orders.count_ordered(session, viewer, batch_id), profile_in_force(session)
    return page(
        request, "batch_sheet.html", viewer, batch=reads.batch(session, viewer, batch_id), profile=profile,
        plates=[(row, plate_url(row.code)) for row in rows], part=part,
        parts=papers.parts(sum(counts.values())),
        totals=[(kind, size_of(profile, kind), count) for kind, count in counts.items()],
        now=dt.datetime.now(words.CHINA),
    )  # fmt: skip


@router.get("/p/{signed}")
def scanned(session: PageSession, viewer: PlaceViewer, signed: str) -> Response:
    """Lead who scans a plate and is signed in to the page on which his role works on it."""
    plate = find_plate(session, viewer, signed)
    if viewer.may(Permission.PLATE_EDIT):
        return RedirectResponse(f"/plates?p={plate.id}", 303)
    if viewer.may(Permission.PLATE_INSTALL):
        return RedirectResponse(f"/plates/{plate.id}/install", 303)
    view = {"lon": plate.lon, "lat": plate.lat, "z": 19} if plate.lon is not None else {}
    return RedirectResponse(f"/?{urlencode(view)}", 303)
