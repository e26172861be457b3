"""Requests for lists of persons as their requester and those who approve see them; nothing of a person."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from geo_registry.access.rules import Permission
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account, Purpose
from geo_registry.access.viewer import Viewer
from geo_registry.db import Session
from geo_registry.disclosure.tables import Disclosure, DisclosureApproval, DisclosureFile
from geo_registry.errors import NotFound
from geo_registry.pages import Page, checked_limit, cut, read_cursor


@dataclass(frozen=True, slots=True)
class DisclosureRow:
    """One request with its approvals and files; `estimated_rows` in full tens, None for an area in a list.

    `may_approve`, `may_make` and `may_withdraw` tell what the viewer may do with it now.
    """

    id: UUID
    number: str
    state: str
    requested_by_name: str
    requested_at: dt.datetime
    expires_at: dt.datetime
    purpose: str
    purpose_title: str
    case_number: str
    recipient: str
    reason: str
    object_kind: str
    object_id: UUID
    object_title: str
    with_numbers: bool
    estimated_rows: int | None
    approvals: tuple[dict[str, Any], ...]
    files: tuple[dict[str, Any], ...]
    may_approve: bool
    may_make: bool
    may_withdraw: bool
    version: int


def disclosures(
    session: Session, viewer: Viewer, *, state: str | None = None, after: str | None = None, limit: int = 50
) -> Page[DisclosureRow]:
    """Return the viewer's own requests and those the viewer may judge, newest first.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    is_small = Disclosure.object_kind != "division"
    query = _query(viewer, case((is_small, func.registry.rows_about(Disclosure.id))))
    if state:
        query = query.where(Disclosure.state == state)
    if after:
        at, last = read_cursor(after, dt.datetime.fromisoformat, UUID)
        query = query.where(tuple_(Disclosure.requested_at, Disclosure.id) < (at, last))
    order = query.order_by(Disclosure.requested_at.desc(), Disclosure.id.desc())
    found = session.execute(order.limit(checked_limit(limit) + 1)).all()
    return cut(
        [_row(viewer, one) for one in found], limit, lambda one: (one.requested_at.isoformat(), one.id)
    )


def disclosure(session: Session, viewer: Viewer, disclosure_id: UUID) -> DisclosureRow:
    """Return one request.

    Raises:
        NotFound: there is none, or the viewer has nothing to do with it.

    """
    query = _query(viewer, func.registry.rows_about(Disclosure.id)).where(Disclosure.id == disclosure_id)
    if found := session.execute(query).one_or_none():
        return _row(viewer, found)
    raise NotFound("not-found", "没有找到，或不在您的区域内")


def _query(viewer: Viewer, rows: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    judge = select(Account.name).where(Account.id == DisclosureApproval.account_id).scalar_subquery()
    approval = func.jsonb_build_object(
        "account_id", DisclosureApproval.account_id, "name", judge, "verdict", DisclosureApproval.verdict,
        "note", DisclosureApproval.note, "at", DisclosureApproval.at,
    )  # fmt: skip
    approvals = select(func.jsonb_agg(aggregate_order_by(approval, DisclosureApproval.at))).where(
        DisclosureApproval.disclosure_id == Disclosure.id
    )
    file = func.jsonb_build_object(
        "made_at", DisclosureFile.made_at, "form", DisclosureFile.form, "row_count", DisclosureFile.row_count,
        "sha256", func.encode(DisclosureFile.sha256, "hex"),
    )  # fmt: skip
    files = select(func.jsonb_agg(aggregate_order_by(file, DisclosureFile.made_at))).where(
        DisclosureFile.disclosure_id == Disclosure.id
    )
    judged = and_(in_scope(viewer, Disclosure), literal(viewer.may(Permission.DISCLOSURE_APPROVE)))
    shown = (
        select(
            Disclosure.id, Disclosure.number, Disclosure.state, Account.name.label("requested_by_name"),
            Disclosure.requested_by, Disclosure.requested_at, Disclosure.expires_at, Disclosure.purpose,
            Purpose.title.label("purpose_title"), Disclosure.case_number, Disclosure.recipient,
            Disclosure.reason, Disclosure.object_kind, Disclosure.object_id,
            func.registry.title_of(Disclosure.object_kind, Disclosure.object_id).label("object_title"),
            Disclosure.with_numbers, rows.label("estimated_rows"), Disclosure.version,
            approvals.scalar_subquery().label("approvals"), files.scalar_subquery().label("files"),
            judged.label("may_judge"), (Disclosure.expires_at > func.now()).label("is_live"),
        )
        .join(Account, Account.id == Disclosure.requested_by)
        .join(Purpose, Purpose.code == Disclosure.purpose)
    )  # fmt: skip
    return shown.where(or_(Disclosure.requested_by == viewer.account_id, judged))


def _row(viewer: Viewer, row: Row[Any]) -> DisclosureRow:
    values = dict(row._mapping)  # noqa: SLF001  (the public way to a row's names)
    requester, may_judge, is_live = (values.pop(name) for name in ("requested_by", "may_judge", "is_live"))
    approvals, files = (tuple(values.pop(name) or ()) for name in ("approvals", "files"))
    is_own = requester == viewer.account_id
    has_judged = str(viewer.account_id) in {one.pop("account_id") for one in approvals}
    return DisclosureRow(
        **{**values, "object_title": values["object_title"] or ""}, approvals=approvals, files=files,
        may_approve=is_live and may_judge and not is_own and not has_judged and row.state == "requested",
        may_make=is_live and is_own and row.state in {"approved", "made"},
        may_withdraw=is_live and is_own and row.state in {"requested", "approved", "made"},
    )  # fmt: skip
