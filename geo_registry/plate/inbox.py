"""门牌线索: what citizens and staff tell of plates, as an inbox with what stands there now beside it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import aliased

from geo_registry.access.rules import Permission
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address
from geo_registry.area.reads import within
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.plate.tables import Plate, PlateReport

TITLES = {
    "no_plate": "缺门牌", "missing": "门牌丢失", "damaged": "门牌破损", "wrong_text": "牌面有误",
    "wrong_place": "位置有误",
}  # fmt: skip
STATES = {"pending": "待处理", "accepted": "已采纳", "rejected": "未采纳", "duplicate": "重复"}
FOLLOWS = {
    "no_plate": "为该地址编一块门牌（草拟）", "missing": "登记报失", "damaged": "登记报损",
    "wrong_text": "更换门牌：旧牌结束，按登记的号码另编新牌",
    "wrong_place": "把计划位置移到所报之处；没有报位置的，登记一次巡查",
}  # fmt: skip
"""What accepting a report does."""
_Reporter, _Decider = aliased(Account), aliased(Account)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report: what is wrong, with which plate or address, what stands there now and what should."""

    id: UUID
    code: str
    kind: str
    source: str
    state: str
    plate_id: UUID | None
    plate_code: str | None
    plate_state: str | None
    address_id: UUID | None
    address: str | None
    wanted_text: str | None
    note: str | None
    photo: str | None
    reported_at: dt.datetime
    reporter: str | None
    decided_at: dt.datetime | None
    decider: str | None
    reason: str | None
    planned_lon: float | None
    planned_lat: float | None
    lon: float | None
    lat: float | None
    distance_m: float | None
    version: int

    @property
    def title(self) -> str:
        """What is wrong, in words."""
        return TITLES[self.kind]

    @property
    def follows(self) -> str:
        """What accepting does, in words."""
        return FOLLOWS[self.kind]


def reports(
    session: Session,
    viewer: Viewer,
    *,
    state: str | None = None,
    kind: str | None = None,
    area_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[ReportRow]:
    """Return reports, the oldest first; who does not edit plates sees the own ones."""
    query = _rows().where(_is_shown(viewer))
    if state is not None:
        query = query.where(PlateReport.state == state)
    if kind is not None:
        query = query.where(PlateReport.kind == kind)
    if area_id is not None:
        query = query.where(within(PlateReport, area_id))
    if after is not None:
        query = query.where(PlateReport.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(PlateReport.id).limit(checked_limit(limit) + 1)).all()
    return cut([_row(row) for row in found], limit, lambda row: (row.id,))


def report(session: Session, viewer: Viewer, report_id: UUID) -> ReportRow:
    """Return one report.

    Raises:
        NotFound: it does not exist, lies outside the viewer's areas, or is another's and none of the viewer's
            work.

    """
    query = _rows().where(PlateReport.id == report_id, _is_shown(viewer))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("report-not-found", "没有这条线索，或不在您的辖区内")
    return _row(row)


def report_counts(session: Session, viewer: Viewer) -> dict[str, int]:
    """Return how many pending reports of each kind the viewer may see."""
    query = (
        select(PlateReport.kind, func.count())
        .where(PlateReport.state == "pending", _is_shown(viewer))
        .group_by(PlateReport.kind)
    )
    found = {kind: int(count) for kind, count in session.execute(query)}
    return {kind: found.get(kind, 0) for kind in TITLES}


def _is_shown(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition that a viewer sees a report: in the own areas, the own ones where others edit."""
    inside = in_scope(viewer, PlateReport)
    return (
        inside
        if viewer.may(Permission.PLATE_EDIT)
        else inside & (PlateReport.reported_by == viewer.account_id)
    )


def _rows() -> Any:  # noqa: ANN401  (a select of many columns)
    planned = func.coalesce(Plate.position, Address.position)
    return (
        select(
            PlateReport.id, PlateReport.code, PlateReport.kind, PlateReport.source, PlateReport.state,
            PlateReport.plate_id, Plate.code, Plate.state, PlateReport.address_id, Address.standard_text,
            PlateReport.wanted_text, PlateReport.note, PlateReport.photo_sha256, PlateReport.reported_at,
            _Reporter.name, PlateReport.decided_at, _Decider.name, PlateReport.reason,
            func.ST_X(planned), func.ST_Y(planned), func.ST_X(PlateReport.position),
            func.ST_Y(PlateReport.position),
            case((PlateReport.position.is_not(None), func.ST_DistanceSphere(PlateReport.position, planned))),
            PlateReport.version,
        )
        .outerjoin(Plate, Plate.id == PlateReport.plate_id)
        .outerjoin(Address, Address.id == PlateReport.address_id)
        .outerjoin(_Reporter, _Reporter.id == PlateReport.reported_by)
        .outerjoin(_Decider, _Decider.id == PlateReport.decided_by)
    )  # fmt: skip


def _row(row: Any) -> ReportRow:  # noqa: ANN401  (one row of `_rows`)
    return ReportRow(*[*row[:12], None if row[12] is None else row[12].hex(), *row[13:]])
