"""空白登记表: numbered sheets from being handed out to being keyed; issued = returned + void + out."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, select, text, tuple_

from geo_registry import printing
from geo_registry.access import acts
from geo_registry.access.audit import legible
from geo_registry.access.rules import Permission, Role
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account, AreaGrant
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.area.reads import division_in_scope
from geo_registry.area.tables import Division
from geo_registry.area.writes import Written
from geo_registry.codes import new_id
from geo_registry.db import TIMEZONE, Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.registration import desk, forms
from geo_registry.registration.papers import FOLDER
from geo_registry.registration.tables import FormSheet

Step = Literal["returned", "verified", "void"]
MOST: Final = 200
# What is found out later, or stands on the sheet already.
_NOT_BY_HAND: Final = {"residence_id", "hukou_unit_id", "sheet_number"}
_VERBS: Final[dict[Step, str]] = {"returned": "return", "verified": "verify", "void": "void"}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One numbered sheet: who has it, and how far it is."""

    id: UUID
    number: str
    form: str
    form_version: int
    status: str
    issued_to: UUID
    issued_to_name: str
    issued_at: dt.datetime
    returned_at: dt.datetime | None
    void_reason: str | None
    issue_id: UUID | None
    version: int


@dataclass(frozen=True, slots=True)
class SheetTotals:
    """The sheets of one coordinator: `issued` is `returned` + `void` + `out`; entered ones were returned."""

    account_id: UUID
    name: str
    issued: int
    out: int
    returned: int
    verified: int
    entered: int
    void: int


def issue_sheets(
    session: Session, viewer: Viewer, token: str, *, form: str, count: int, issued_to: UUID, area_id: UUID
) -> Written:
    """Hand numbered sheets of one form to a coordinator; answers the issue, and how many sheets it has.

    Raises:
        NotFound: no such community or township in the viewer's area.
        RuleBroken: the receiver is no coordinator of that area, or the number is not 1 to 200.

    """
    if not 1 <= count <= MOST:
        raise RuleBroken("count-invalid", f"一次发放 1 至 {MOST} 张", field="count")
    issue = acts.record(session, viewer, "issue", "form_sheet", issued_to, division_id=area_id)
    told = {
        "form": form, "form_version": forms.form_of(form).version, "count": count,
        "issued_to": str(issued_to),
        "area_id": str(area_id), "act_id": str(issue),
    }  # fmt: skip
    desk.done(session, func.registry.issue_sheets(hash_token(token), desk.jsonb(**told)))
    return Written(issue, count)


def move_sheets(
    session: Session,
    viewer: Viewer,
    token: str,
    *,
    step: Step,
    first: str,
    last: str | None = None,
    reason: str | None = None,
) -> Written:
    """Take sheets back, verify or void them, from one number to another; answers the act and how many.

    Raises:
        NotFound: there is no such sheet in the viewer's area.
        Conflict: the first sheet that is not in a state for the step.
        RuleBroken: the reason cannot be read, or holds a number of a person.

    """
    why = legible(reason) if reason else None
    if step == "void" and not why:
        raise RuleBroken("reason-missing", "作废须写明原因，不能写证件号码或电话，请重新填写", field="reason")
    last = last or first
    if last < first or last[:3] != first[:3] or len(last) != len(first):
        raise RuleBroken("numbers-invalid", "止号须与起号同类同年，且不小于起号，请改号码", field="last")
    act_id = acts.record(session, viewer, _VERBS[step], "form_sheet", new_id(), reason=why)
    told = {"step": step, "first": first, "last": last, "reason": why, "act_id": str(act_id)}
    call = func.registry.move_sheets(hash_token(token), desk.jsonb(**told))
    (sheets,) = desk.done(session, call, "sheets")
    return Written(act_id, sheets)


def sheets(
    session: Session,
    viewer: Viewer,
    *,
    status: str | None = None,
    issued_to: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[SheetRow]:
    """Return the sheets of the viewer's areas, newest numbers first; a coordinator sees the own ones.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    query = _sheets(viewer)
    if status:
        query = query.where(FormSheet.status == status)
    if issued_to:
        query = query.where(FormSheet.issued_to == issued_to)
    if after:
        at, last = read_cursor(after, dt.datetime.fromisoformat, str)
        query = query.where(tuple_(FormSheet.issued_at, FormSheet.number) < (at, last))
    order = query.order_by(FormSheet.issued_at.desc(), FormSheet.number.desc())
    found = session.execute(order.limit(checked_limit(limit) + 1)).all()
    return cut([SheetRow(*row) for row in found], limit, lambda row: (row.issued_at.isoformat(), row.number))


def totals(session: Session, viewer: Viewer) -> list[SheetTotals]:
    """Return the sheets of each coordinator in the viewer's areas, counted by what became of them."""

    def of(*states: str) -> Any:  # noqa: ANN401  (a counted column)
        return func.count().filter(FormSheet.status.in_(states))

    query = (
        select(
            FormSheet.issued_to, Account.name, func.count(), of("issued", "filled"),
            of("returned", "verified", "entered"), of("verified"), of("entered"), of("void"),
        )
        .join(Account, Account.id == FormSheet.issued_to)
        .where(_own(viewer))
        .group_by(FormSheet.issued_to, Account.name)
        .order_by(Account.name, FormSheet.issued_to)
    )  # fmt: skip
    return [SheetTotals(*row) for row in session.execute(query)]


def coordinators(session: Session, viewer: Viewer) -> list[tuple[UUID, str]]:
    """Return the coordinators whom sheets of the viewer's areas may be handed to, by name."""
    granted = (
        select(AreaGrant.account_id)
        .join(Division, Division.id == AreaGrant.division_id)
        .where(division_in_scope(viewer), text("area_grant.valid @> CURRENT_DATE"))
    )
    query = (
        select(Account.id, Account.name)
        .where(Account.role == Role.COORDINATOR, Account.is_active, Account.id.in_(granted))
        .order_by(Account.name, Account.id)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def issued(session: Session, viewer: Viewer, issue_id: UUID) -> list[SheetRow]:
    """Return the sheets of one issue that nobody has used yet, in order.

    Raises:
        NotFound: there are none of that issue in the viewer's area.

    """
    query = _sheets(viewer).where(FormSheet.act_id == issue_id, FormSheet.status == "issued")
    rows = [SheetRow(*row) for row in session.execute(query.order_by(FormSheet.number))]
    if not rows:
        raise NotFound("not-found", "没有找到可打印的登记表，或不在您的区域内")
    return rows


def sheets_pdf(session: Session, viewer: Viewer, issue_id: UUID) -> bytes:
    """Print the sheets of one issue that nobody has used yet, one a page.

    Raises:
        NotFound: there are none of that issue in the viewer's area.

    """
    return printing.pdf(sheets_html(issued(session, viewer, issue_id)))


def sheets_html(rows: Sequence[SheetRow]) -> str:
    """Return numbered sheets as they are laid out."""
    one = rows[0]
    form = forms.form_of(one.form, one.form_version)
    fields = [
        (item.title, [title for _, title in item.options])
        for item in form.items
        if item.name not in _NOT_BY_HAND
    ]
    return printing.written(
        FOLDER, "sheets.html", title=form.title, form=form.title, size="A4", fields=fields,
        foot=f"{one.issued_at.astimezone(ZoneInfo(TIMEZONE)):%Y-%m-%d} 发放 {len(rows)} 张",
        numbers=[row.number for row in rows], issued_to=one.issued_to_name,
    )  # fmt: skip


def _sheets(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(
            FormSheet.id, FormSheet.number, FormSheet.form, FormSheet.form_version,
            FormSheet.status, FormSheet.issued_to,
            Account.name, FormSheet.issued_at, FormSheet.returned_at, FormSheet.void_reason,
            FormSheet.act_id, FormSheet.version,
        )
        .join(Account, Account.id == FormSheet.issued_to)
        .where(_own(viewer))
    )  # fmt: skip


def _own(viewer: Viewer) -> ColumnElement[bool]:
    within = in_scope(viewer, FormSheet)
    if viewer.may(Permission.PAPER_KEEP):
        return within
    return and_(within, FormSheet.issued_to == viewer.account_id)
