"""Certifying addresses: somebody vouches for number and place, and on what ground; a change ends it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer
from geo_registry.address.bulk import (
    Many,
    Refusal,
    Trial,
    begin_acts,
    check_reason,
    finish_many,
    judged,
    lock_addresses,
    refuse_any,
)
from geo_registry.address.tables import CERTIFIED_BY, Address
from geo_registry.area.writes import Paper
from geo_registry.db import Session, today
from geo_registry.errors import RuleBroken

ERRORS = ("duplicate", "outside_area")
"""Kinds of warnings that bar a certification until they are cured, or accepted with a reason."""
_FACTS = text("""
    SELECT a.id,
      EXISTS (SELECT FROM registry.address_warning w
              WHERE w.address_id = a.id AND w.kind = ANY (:errors) AND w.accepted_at IS NULL) AS is_warned,
      EXISTS (SELECT FROM registry.plate p
              WHERE p.address_id = a.id AND p.state IN ('installed', 'verified')) AS hangs
    FROM registry.address a WHERE a.id = ANY (:ids)
""")


def try_certify(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    basis: str,
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    until: dt.date | None = None,
    reason: str | None = None,
) -> Trial:
    """Return which addresses may be certified, and what is missing at the others; nothing is stored.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.
        RuleBroken: `basis-invalid`, `document-required`, `until-past`.

    """
    del reason
    _check_ground(basis, document_number, until)
    rows = lock_addresses(session, viewer, Permission.ADDRESS_CERTIFY, address_ids, versions)
    return _judge(session, rows, basis)


def certify(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    basis: str,
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    until: dt.date | None = None,
    reason: str | None = None,
) -> Many:
    """Certify up to 1000 addresses, all or none: by a decree, a photo of the plate on its wall, or a visit.

    Certifying again renews it on the new ground.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.
        RuleBroken: `basis-invalid`, `document-required`, `until-past`, or the code of the first address that
            cannot be certified: `not-in-force`, `position-missing`, `accuracy-unknown`, `warning-open`,
            `photo-missing`.

    """
    _check_ground(basis, document_number, until)
    rows = lock_addresses(session, viewer, Permission.ADDRESS_CERTIFY, address_ids, versions)
    refuse_any(_judge(session, rows, basis))
    moment = session.execute(select(func.now())).scalar_one()
    logged = begin_acts(session, viewer, "certify", rows, Paper(document_number, reason))
    for row in rows:
        row.certified_at, row.certified_by = moment, viewer.account_id
        row.certified_basis, row.certified_until = basis, until
    return finish_many(session, rows, logged)


def try_uncertify(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Trial:
    """Return which addresses are certified; nothing is stored.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.

    """
    del document_number, reason
    rows = lock_addresses(session, viewer, Permission.ADDRESS_CERTIFY, address_ids, versions)
    return judged([row.id for row in rows], list(_not_certified(rows)))


def uncertify(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Many:
    """Withdraw the certification of up to 1000 addresses, all or none.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.
        RuleBroken: `reason-required`, or `not-certified` names the first that is not.

    """
    check_reason(reason, "取消认证")
    rows = lock_addresses(session, viewer, Permission.ADDRESS_CERTIFY, address_ids, versions)
    refuse_any(judged([row.id for row in rows], list(_not_certified(rows))))
    logged = begin_acts(session, viewer, "uncertify", rows, Paper(document_number, reason))
    for row in rows:
        forget(row)
    return finish_many(session, rows, logged)


def certified_today() -> ColumnElement[bool]:
    """Return the condition that an address is certified today: it was, and its term has not run out."""
    until = Address.certified_until
    return Address.certified_at.is_not(None) & (until.is_(None) | (until >= today()))


def drop_certified(row: Address, reason: str | None, doing: str) -> None:
    """End the certification of an address by an act that changes its number or its place.

    Raises:
        RuleBroken: `reason-required` for an address that is certified.

    """
    check_certified(row, reason, doing)
    forget(row)


def check_certified(row: Address, reason: str | None, doing: str) -> None:
    """Demand a reason for what ends the certification of an address.

    Raises:
        RuleBroken: `reason-required` for an address that is certified.

    """
    until = row.certified_until
    if row.certified_at is not None and (until is None or until >= today()):
        check_reason(reason, f"{row.standard_text} 已认证，{doing}会取消认证，")


def lapse_photos(session: Session, viewer: Viewer, address_ids: Sequence[UUID], cause: UUID) -> None:
    """End certifications that rest on the photo of a plate where none hangs any more, as the act's effect.

    The addresses are locked whatever they rest on, so that none is certified by a photo while its plate goes.
    """
    locked = select(Address).where(Address.id.in_(address_ids)).order_by(Address.id)
    locked = locked.with_for_update(key_share=True).execution_options(populate_existing=True)
    rows = [row for row in session.execute(locked).scalars() if row.certified_basis == "photo"]
    if not rows:
        return
    asked = {"ids": [row.id for row in rows], "errors": list(ERRORS)}
    hanging = {row.id for row in session.execute(_FACTS, asked) if row.hangs}
    lapsed = [row for row in rows if row.id not in hanging]
    begin_acts(session, viewer, "uncertify", lapsed, Paper(reason="门牌已不在墙上", cause=cause))
    for row in lapsed:
        forget(row)
    session.flush()


def forget(row: Address) -> None:
    """Leave an address without certification."""
    row.certified_at = row.certified_by = row.certified_basis = row.certified_until = None


def _check_ground(basis: str, document_number: str | None, until: dt.date | None) -> None:
    if basis not in CERTIFIED_BY:
        raise RuleBroken(
            "basis-invalid", "认证依据应为 decree（文件）、photo（照片）或 visit（实地核对）", field="basis"
        )
    if basis == "decree" and not (document_number or "").strip():
        raise RuleBroken("document-required", "依据文件认证须填写文号", field="document_number")
    if until is not None and until <= today():
        raise RuleBroken("until-past", "认证的有效期须晚于今天", field="until")


def _judge(session: Session, rows: Sequence[Address], basis: str) -> Trial:
    asked = {"ids": [row.id for row in rows], "errors": list(ERRORS)}
    facts = {row.id: row for row in session.execute(_FACTS, asked)}
    refused = [
        Refusal(row.id, row.standard_text, code, detail)
        for row in rows
        for code, detail in _against(row, basis, is_warned=facts[row.id].is_warned, hangs=facts[row.id].hangs)
    ]
    return judged([row.id for row in rows], refused)


def _against(row: Address, basis: str, *, is_warned: bool, hangs: bool) -> Iterable[tuple[str, str]]:
    """Yield what is missing for a certification, as code and the end of a sentence."""
    if row.state != "current":
        yield "not-in-force", "不是现行地址，请先批准"
    if row.position is None:
        yield "position-missing", "还没有位置，请先在地图上定位"
    elif row.accuracy == "U":
        yield "accuracy-unknown", "位置精度不明，请先移到实处或登记精度"
    if is_warned:
        yield "warning-open", "有未处理的错误提示，请先改正，或说明理由后接受"
    if basis == "photo" and not hangs:
        yield "photo-missing", "没有上墙照片，请先登记上墙，或改用其他依据"


def _not_certified(rows: Sequence[Address]) -> Iterable[Refusal]:
    for row in rows:
        if row.certified_at is None:
            yield Refusal(row.id, row.standard_text, "not-certified", "尚未认证，不必取消")
