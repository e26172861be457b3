"""Acts at the wall: put a plate up, verify it by another account, report and inspect it."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select

from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address
from geo_registry.area.writes import Paper, Written, as_point, finish
from geo_registry.codes import new_id
from geo_registry.db import Session, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.plate.codes import read_code
from geo_registry.plate.photos import known_photo
from geo_registry.plate.rules import check_accuracy, check_distance, check_moment, check_sign
from geo_registry.plate.signs import old_text_of
from geo_registry.plate.steps import end_evidence, load_step, named, take_step
from geo_registry.plate.tables import Plate, PlateInspection, PlateInstallation

FINDINGS_ON_WALL = ("in_place", "wrong_text", "wrong_place")
"""Findings that leave a plate on the wall; the others are acts of their own."""


def install_plate(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    photo: str,
    lon: float,
    lat: float,
    accuracy_m: float | None = None,
    installed_at: dt.datetime | None = None,
    scanned: str | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record that a plate hangs, with its photo, the place and time, and the viewer as installer.

    What was scanned from the sign, when it was, must be this plate's own signed code.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, `photo-unknown`, `too-far`, `reason-required`, `time-impossible`,
            `plate-code`, `code-other` when the sign in hand is another plate's, `old-sign` when it bears an
            old name and no reason is given.
        Conflict: `photo-used`, the photo proves another plate already.

    """
    row = load_step(session, viewer, "install", plate_id, version=version)
    if scanned is not None and read_code(scanned) != row.code:
        detail = f"扫到的不是 {named(session, row.address_id)} 的门牌，请核对手中的牌"
        raise RuleBroken("code-other", detail, field="scanned")
    moment = _moment(installed_at, "installed_at")
    check_accuracy(accuracy_m)
    point, key = as_point(lon, lat), known_photo(session, photo)
    if session.execute(_proves_another(key, row.id)).first() is not None:
        raise Conflict("photo-used", "这张照片已用于另一块门牌，请为这块门牌另拍一张", field="photo")
    check_distance(_distance(session, row, point), reason)
    if texts := old_text_of(session, row.id):
        check_sign(*texts, reason)
    act_id = take_step(session, viewer, "install", row, Paper(document_number, reason))
    session.add(
        PlateInstallation(
            id=new_id(), plate_id=row.id, photo_sha256=key, installed_at=moment, accuracy_m=accuracy_m,
            account_id=viewer.account_id, position=point, act_id=act_id,
        )
    )  # fmt: skip
    if row.position is None:
        row.position = point
    return finish(session, row)


def verify_plate(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Confirm from its evidence that a plate hangs; never by the account that put it up.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, or `same-account`.

    """
    row = load_step(session, viewer, "verify", plate_id, version=version)
    evidence = _evidence(session, row.id)
    if evidence.account_id == viewer.account_id:
        raise RuleBroken("same-account", "上墙人不能核验自己登记的门牌，请由另一账号核验")
    take_step(session, viewer, "verify", row, Paper(document_number, reason))
    evidence.verified_at, evidence.verified_by = dt.datetime.now(dt.UTC), viewer.account_id
    return finish(session, row)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What somebody saw at a plate."""

    plate_id: UUID
    version: int
    photo: str | None
    inspected_at: dt.datetime | None
    paper: Paper


def report_damage(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    photo: str | None = None,
    inspected_at: dt.datetime | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record that a plate is broken: it counts as on the wall no longer.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, `photo-unknown`, `time-impossible`.

    """
    seen = _Seen(plate_id, version, photo, inspected_at, Paper(document_number, reason))
    return _see(session, viewer, "report_damage", "damaged", seen)


def report_missing(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    photo: str | None = None,
    inspected_at: dt.datetime | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record that a plate is gone: it counts as on the wall no longer.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, `photo-unknown`, `time-impossible`.

    """
    seen = _Seen(plate_id, version, photo, inspected_at, Paper(document_number, reason))
    return _see(session, viewer, "report_missing", "missing", seen)


def inspect(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    finding: str = "in_place",
    photo: str | None = None,
    inspected_at: dt.datetime | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record what was found at a plate that hangs: in place, with a wrong text, or at a wrong place.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `finding-invalid`, `plate-state`, `photo-unknown`, `time-impossible`.

    """
    if finding not in FINDINGS_ON_WALL:
        detail = "巡查结果应为在位、内容有误或位置有误；破损与缺失请分别报损、报失"
        raise RuleBroken("finding-invalid", detail, field="finding")
    seen = _Seen(plate_id, version, photo, inspected_at, Paper(document_number, reason))
    return _see(session, viewer, "inspect", finding, seen)


def _see(session: Session, viewer: Viewer, act: str, finding: str, seen: _Seen) -> Written:
    row = load_step(session, viewer, act, seen.plate_id, version=seen.version)
    moment = _moment(seen.inspected_at, "inspected_at")
    key = None if seen.photo is None else known_photo(session, seen.photo)
    act_id = take_step(session, viewer, act, row, seen.paper)
    session.add(
        PlateInspection(
            id=new_id(), plate_id=row.id, inspected_at=moment, account_id=viewer.account_id, finding=finding,
            photo_sha256=key, act_id=act_id,
        )
    )  # fmt: skip
    if row.state in {"damaged", "missing"}:
        end_evidence(session, viewer, row, act_id)
    return finish(session, row)


def _moment(given: dt.datetime | None, field: str) -> dt.datetime:
    now = dt.datetime.now(dt.UTC)
    if given is None:
        return now
    if given.tzinfo is None:
        raise RuleBroken("time-impossible", "时间须带时区，如 2026-03-01T09:30:00+08:00", field=field)
    check_moment(given, now, field)
    return min(given, now)


def _proves_another(key: bytes, plate_id: UUID) -> Select[UUID]:
    query = select(PlateInstallation.id).where(
        PlateInstallation.photo_sha256 == key, PlateInstallation.plate_id != plate_id
    )
    return query.limit(1)


def _evidence(session: Session, plate_id: UUID) -> PlateInstallation:
    query = select(PlateInstallation).where(
        PlateInstallation.plate_id == plate_id, PlateInstallation.ended_at.is_(None)
    )
    return session.execute(query).scalar_one()


def _distance(session: Session, row: Plate, point: str) -> float | None:
    """Return the metres between a point and where the plate, or else its address, was planned."""
    planned = select(
        func.ST_DistanceSphere(func.coalesce(Plate.position, Address.position), func.ST_GeomFromEWKT(point))
    ).join(Address, Address.id == Plate.address_id)
    with translated(), session.no_autoflush:
        metres: float | None = session.execute(planned.where(Plate.id == row.id)).scalar_one()
    return metres
