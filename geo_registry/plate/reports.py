"""Acts on reports about plates: told by staff or the public, each settled by one act."""

import datetime as dt
import re
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, cast, func, select, text
from sqlalchemy.dialects.postgresql import INET

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.certifying import check_certified
from geo_registry.address.numbering.numbering import read_door
from geo_registry.address.places import profile_in_force
from geo_registry.address.tables import Address
from geo_registry.area.writes import (
    Areas,
    Paper,
    Written,
    areas_at,
    as_point,
    begin_act,
    finish,
    load_for_change,
    locked,
)  # fmt: skip
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, transaction
from geo_registry.errors import Conflict, NotFound, RegistryError, RuleBroken, TooMany
from geo_registry.plate.door import following
from geo_registry.plate.inbox import STATES, TITLES
from geo_registry.plate.photos import known_photo
from geo_registry.plate.rules import ENDED, check_words
from geo_registry.plate.tables import Plate, PlateReport
from geo_registry.plate.writes import (
    inspect,
    move_plate,
    number_plate,
    replace_plate,
    report_damage,
    report_missing,
)

_OF_PLATE = ("missing", "damaged", "wrong_text", "wrong_place")
_REFUSALS: dict[str, tuple[type[RegistryError], str]] = {
    "throttled": (TooMany, "提交过于频繁，请一小时后再试，或向社区报告"),
    "not-found": (NotFound, "没有这块门牌，请核对门牌上的编码"),
    "ended": (RuleBroken, "这块门牌已停用，无需再报"),
}
PUBLIC_KINDS = {kind: TITLES[kind] for kind in ("damaged", "wrong_text", "wrong_place")}
"""What whoever stands before a plate may tell of it; where it should hang, a person finds out."""
# What was done with the plate since it was told of, and both places.
_SINCE = text("""
    SELECT s.*,
      to_char(coalesce(s.moved_at, s.certified_at) AT TIME ZONE 'Asia/Shanghai', 'MM-DD HH24:MI') AS at
    FROM (
      SELECT ST_X(n.place) AS lon, ST_Y(n.place) AS lat, ST_X(r.position) AS told_lon,
        ST_Y(r.position) AS told_lat, ST_DistanceSphere(r.position, n.place) AS metres,
        (SELECT max(m.at) FROM registry.act m
         WHERE m.object_id = p.id AND m.verb = 'move' AND m.at >= r.reported_at AND m.id > r.id) AS moved_at,
        CASE WHEN a.certified_at >= r.reported_at THEN a.certified_at END AS certified_at
      FROM registry.plate_report r JOIN registry.plate p ON p.id = r.plate_id
        JOIN registry.address a ON a.id = p.address_id
        CROSS JOIN LATERAL (SELECT coalesce(p.position, a.position) AS place) n
      WHERE r.id = :report) s
""")
_NUMBER = re.compile(r"[临附]?\d{1,5}([-之附]\d{1,4})*[甲乙丙丁A-Z]?[号號弄幢栋]?")


def report_plate(
    session: Session,
    viewer: Viewer,
    *,
    kind: str,
    plate_id: UUID | None = None,
    address_id: UUID | None = None,
    lon: float | None = None,
    lat: float | None = None,
    wanted_text: str | None = None,
    photo: str | None = None,
    note: str | None = None,
) -> Written:
    """Tell what is wrong with a plate, or where one is missing.

    Raises:
        RuleBroken: `kind-invalid`, `plate-required`, `plate-there`, `place-required`,
            `number-unreadable`, `text-unreadable`, `photo-unknown`.
        Conflict: `report-pending`, somebody told the same already.
        NotFound, Refused: no such plate or address in the viewer's areas.

    """
    if kind not in TITLES:
        raise RuleBroken("kind-invalid", f"种类应为 {'、'.join(TITLES)} 之一", field="kind")
    if kind in _OF_PLATE and plate_id is None:
        raise RuleBroken("plate-required", "请指明是哪块门牌", field="plate_id")
    if kind == "no_plate" and plate_id is not None:
        raise RuleBroken("plate-there", "缺门牌的线索请指明地址或位置，不要选门牌", field="plate_id")
    check_words(note=note)
    point = None if lon is None or lat is None else as_point(lon, lat)
    if kind == "wrong_place" and point is None:
        raise RuleBroken("place-required", "请标出门牌应在的位置", field="lon")
    address_id, areas = _place(session, plate_id, address_id, lon, lat)
    authorize(viewer, Permission.PLATE_REPORT, areas.district_id, areas.township_id, areas.community_id)
    if wanted_text is not None:
        wanted_text = read_door(profile_in_force(session), wanted_text, field="wanted_text").number_text
    same = select(PlateReport.code).where(
        PlateReport.kind == kind, PlateReport.state == "pending", PlateReport.plate_id == plate_id
    )
    if plate_id is not None and (code := session.execute(same).scalar()):
        raise Conflict("report-pending", f"这块门牌的同一问题已有待处理的线索 {code}")
    shown = None if photo is None else known_photo(session, photo)
    row = PlateReport(
        id=new_id(), code=new_code(), kind=kind, source="staff", plate_id=plate_id, address_id=address_id,
        wanted_text=wanted_text, note=note, photo_sha256=shown,
        state="pending", reported_by=viewer.account_id, district_id=areas.district_id,
        township_id=areas.township_id, community_id=areas.community_id,
    )  # fmt: skip
    if point is not None:
        row.position = point
    begin_act(session, viewer, "report", "plate_report", row, Paper())
    session.add(row)
    return finish(session, row)


def accept_report(
    session: Session,
    viewer: Viewer,
    *,
    report_id: UUID,
    version: int,
    address_id: UUID | None = None,
    confirmed: bool = False,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Accept a report and do what follows from it, in one go; `address_id` where the report names none.

    A plate that was moved or certified since it was told of is moved when that is `confirmed`.

    Raises:
        NotFound: `address-not-found`, no address has the id that was given.
        Stale: `version` is not the current one.
        Conflict: `changed-since`, with the place now and the place that was told.
        RuleBroken: `report-decided`, `address-required`, `renumber-first` when another number is wanted than
            the register has, `reason-required` to move what is certified, or why the plate cannot take the
            act.

    """
    row = _load(session, viewer, report_id, version)
    if address_id is not None and session.get(Address, address_id) is None:
        raise NotFound("address-not-found", "没有这个地址，请重新选择")
    paper = Paper(document_number, reason or f"线索 {row.code}")
    begin_act(session, viewer, "accept", "plate_report", row, paper)
    row.address_id = row.address_id or address_id
    _decide(row, viewer, "accepted", reason)
    written = finish(session, row)
    if row.kind == "wrong_place" and row.position is not None:
        _check_place(session, row, reason, is_confirmed=confirmed)
    _follow(session, viewer, row, {"document_number": paper.document_number, "reason": paper.reason})
    return written


def reject_report(
    session: Session,
    viewer: Viewer,
    *,
    report_id: UUID,
    version: int,
    reason: str | None = None,
    document_number: str | None = None,
) -> Written:
    """Close a report that leads to nothing, with the reason.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `report-decided`, `reason-required`.

    """
    if not (reason or "").strip():
        raise RuleBroken("reason-required", "不采纳须说明原因", field="reason")
    row = _load(session, viewer, report_id, version)
    begin_act(session, viewer, "reject", "plate_report", row, Paper(document_number, reason))
    _decide(row, viewer, "rejected", reason)
    return finish(session, row)


def merge_report(
    session: Session, viewer: Viewer, *, report_id: UUID, version: int, into_id: UUID
) -> Written:
    """Close a report that tells what another one tells already.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `report-decided`, `report-other` when the other one is of another plate, `report-closed`
            when it was declined or merged itself.

    """
    # Both are held, in one order: two reports never end in each other.
    for held in sorted((report_id, into_id)):
        locked(session, PlateReport, held)
    row = _load(session, viewer, report_id, version)
    other = session.get(PlateReport, into_id)
    if other is None or other.id == row.id or not _is_of_one(row, other):
        raise RuleBroken("report-other", "两条线索不是同一门牌或地址，不能合并", field="into_id")
    if other.state not in ("pending", "accepted"):
        detail = f"线索 {other.code} {STATES[other.state]}，不能并入；请选待处理或已采纳的线索"
        raise RuleBroken("report-closed", detail, field="into_id")
    begin_act(session, viewer, "merge", "plate_report", row, Paper(None, f"与线索 {other.code} 重复"))
    _decide(row, viewer, "duplicate", f"与线索 {other.code} 重复")
    return finish(session, row)


def tell_publicly(engine: Engine, code: str, kind: str, address: str | None, *, wanted_text: str = "") -> str:
    """Leave a report of the public about a plate in the inbox, and return its code; told twice it is one.

    Raises:
        TooMany: too many from this network address, or from all.
        NotFound: no such plate.
        RuleBroken: `kind-invalid`, `number-unreadable`, or the plate has ended.

    """
    if kind not in PUBLIC_KINDS:
        raise RuleBroken("kind-invalid", "请选择门牌有什么问题", field="kind")
    wanted = "".join(wanted_text.split())
    if wanted and not _NUMBER.fullmatch(wanted):
        raise RuleBroken("number-unreadable", "只写号码，例如：218号", field="wanted_text")
    asked = func.registry.report_plate(code, kind, wanted or None, cast(address, INET))
    answer = asked.table_valued("outcome", "report").render_derived()
    with transaction(engine) as session:
        outcome, told = session.execute(select(answer.c.outcome, answer.c.report)).one()
    if outcome != "done":
        error, text = _REFUSALS[outcome]
        raise error(outcome, text)
    return str(told)


def _place(
    session: Session, plate_id: UUID | None, address_id: UUID | None, lon: float | None, lat: float | None
) -> tuple[UUID | None, Areas]:
    """Return the address and the areas of what is told of: of the plate, the address or the point."""
    if plate_id is not None:
        plate = session.get(Plate, plate_id)
        if plate is None or plate.state in ENDED:
            raise NotFound("plate-not-found", "没有这块在用的门牌")
        return plate.address_id, Areas(plate.district_id, plate.township_id, plate.community_id)
    if address_id is not None:
        address = session.get(Address, address_id)
        if address is None or address.state != "current":
            raise NotFound("address-not-found", "没有这个现行地址")
        return address.id, Areas(address.district_id, address.township_id, address.community_id)
    if lon is None or lat is None:
        raise RuleBroken("place-required", "请指明门牌、地址或位置", field="lon")
    areas = areas_at(session, lon, lat)
    if areas is None:
        raise RuleBroken("place-outside", "这个位置不在任何区划内", field="lon")
    return None, areas


def _load(session: Session, viewer: Viewer, report_id: UUID, version: int) -> PlateReport:
    row = load_for_change(
        session, viewer, PlateReport, report_id, version=version, permission=Permission.PLATE_EDIT
    )
    if row.state != "pending":
        raise RuleBroken("report-decided", f"线索{STATES[row.state]}，不能再办", field="state")
    return row


def _decide(row: PlateReport, viewer: Viewer, state: str, reason: str | None) -> None:
    row.state, row.decided_by, row.decided_at = state, viewer.account_id, dt.datetime.now(dt.UTC)
    row.reason = reason


def _follow(session: Session, viewer: Viewer, row: PlateReport, paper: dict[str, Any]) -> None:
    """Do what an accepted report asks for."""
    if row.kind == "no_plate":
        if row.address_id is None:
            detail = "这条线索没有指明地址：请先在编辑页编好地址，再采纳"
            raise RuleBroken("address-required", detail, field="address_id")
        number_plate(session, viewer, address_id=row.address_id, state="draft", **paper)
        return
    plate = session.get_one(Plate, row.plate_id)
    if row.kind == "wrong_text" and plate.state in ENDED:
        return  # A new number, or somebody before, has replaced it already.
    at: dict[str, Any] = {"plate_id": plate.id, "version": plate.version, **paper}
    if row.kind == "damaged":
        report_damage(session, viewer, **at, photo=_photo_of(row))
    elif row.kind == "missing":
        report_missing(session, viewer, **at, photo=_photo_of(row))
    elif row.kind == "wrong_text":
        _check_text(session, row)
        replace_plate(session, viewer, **at)
    elif row.position is None:
        inspect(session, viewer, **at, finding="wrong_place")
    else:
        place = select(func.ST_X(PlateReport.position), func.ST_Y(PlateReport.position))
        lon, lat = session.execute(place.where(PlateReport.id == row.id)).one()
        move_plate(session, viewer, **at, lon=lon, lat=lat)


def _check_text(session: Session, row: PlateReport) -> None:
    """Refuse to make a sign anew that would say the same: another number is given to the address first."""
    if row.wanted_text is None:
        return
    held = select(Address.number_text).join(Plate, Plate.address_id == Address.id)
    text = session.execute(held.where(Plate.id == row.plate_id)).scalar_one()
    wanted = read_door(profile_in_force(session), row.wanted_text, field="wanted_text").number_text
    if wanted != text:
        detail = (
            f"登记的号码是 {text}，所报为 {wanted}：确应改号的，请先在编辑页变更号码，再采纳；否则不予采纳"
        )
        raise RuleBroken("renumber-first", detail, field="state")


def _check_place(session: Session, row: PlateReport, reason: str | None, *, is_confirmed: bool) -> None:
    """Ask before a plate is moved that was moved or certified since it was told of, and for a reason then."""
    if not is_confirmed:
        _refuse_changed(session, row)
    follower = following(session, session.get_one(Plate, row.plate_id))
    if follower is not None:
        check_certified(follower, reason, "移动")


def _refuse_changed(session: Session, row: PlateReport) -> None:
    now = session.execute(_SINCE, {"report": row.id}).one()
    if now.at is None:
        return
    words = "移动过" if now.moved_at else "认证过"
    detail = (
        f"这块门牌在报送之后（{now.at}）已{words}：现在 {now.lon:.6f}, {now.lat:.6f}，"
        f"所报 {now.told_lon:.6f}, {now.told_lat:.6f}，相距 {now.metres:.0f} 米；仍要移到所报位置，请勾选确认"
    )
    raise Conflict(
        "changed-since", detail, field="confirmed", now={"lon": now.lon, "lat": now.lat},
        told={"lon": now.told_lon, "lat": now.told_lat},
    )  # fmt: skip


def _photo_of(row: PlateReport) -> str | None:
    return None if row.photo_sha256 is None else row.photo_sha256.hex()


def _is_of_one(row: PlateReport, other: PlateReport) -> bool:
    if row.plate_id is not None or other.plate_id is not None:
        return row.plate_id == other.plate_id
    return row.address_id is not None and row.address_id == other.address_id
