"""Questions about cases: lists of work without a person, and looks at the forms of one case."""

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text, true, tuple_
from sqlalchemy.orm import aliased

from geo_registry.access import cipher
from geo_registry.access.audit import Look, Target, look
from geo_registry.access.rules import Role
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer, enter
from geo_registry.address.tables import Address
from geo_registry.area.tables import Division
from geo_registry.db import Engine, Session, today, transaction
from geo_registry.errors import NotFound
from geo_registry.housing.tables import BuildingAddress, HousingUnit
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.person.rules import Document, age_on, check_document, is_minor_under_14
from geo_registry.registration.rules import ON_REVIEW, Standing, may_now
from geo_registry.registration.tables import RegistrationCase as Case

CASE_FIELDS = ("name", "sex", "birth", "id_number", "phone", "category", "relation_to_head", "hukou", "since")
CHECK_FIELDS = ("registration", "since")
_COLLECTOR, _KEYER, _OFFICER, _STATION, _RETURNER = (aliased(Account) for _ in range(5))
# A coordinator sees what lies in the own blocks, and what he or she has entered.
_OWN = text(
    "(registration_case.collected_by = :own OR registration_case.entered_by = :own"
    " OR registry.holds_building(:own, registration_case.building_id))"
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case as work: its dwelling, its state, who worked on it, and what the viewer may do now."""

    id: UUID
    serial: str
    action: str
    form: str
    form_version: int
    status: str
    unit_id: UUID
    building_id: UUID
    unit_text: str
    community_name: str | None
    household_kind: str
    forms: int
    collected_by: UUID
    collected_by_name: str
    collected_at: dt.datetime
    entered_by: UUID
    entered_by_name: str
    entered_at: dt.datetime
    late_reason: str | None
    submitted_at: dt.datetime | None
    due_on: dt.date | None
    overdue: bool
    officer_name: str | None
    officer_at: dt.datetime | None
    station_name: str | None
    station_at: dt.datetime | None
    returned_by_name: str | None
    returned_at: dt.datetime | None
    return_reason: str | None
    source: str
    may: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases the viewer has in each state, and how many of those on review are overdue."""

    counts: dict[str, int]
    overdue: int


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case with its forms in full, and the number of the look."""

    audit_id: UUID
    case: CaseRow
    forms: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether the person of a document is registered already, and what the number itself tells."""

    audit_id: UUID
    document: dict[str, Any]
    known: bool
    has_open: bool
    open_serial: str | None
    here: dict[str, Any] | None
    elsewhere: str | None
    address: str | None
    last_registration: dict[str, Any] | None


def cases(
    session: Session,
    viewer: Viewer,
    *,
    status: str | None = None,
    unit_id: UUID | None = None,
    mine: bool = False,
    overdue: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[CaseRow]:
    """Return cases in the viewer's area, newest first; those of a coordinator are of the own blocks.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    query = _query(viewer)
    if status:
        query = query.where(Case.status == status)
    if unit_id:
        query = query.where(Case.unit_id == unit_id)
    if mine:
        workers = (Case.collected_by, Case.entered_by, Case.officer_by, Case.station_by)
        query = query.where(or_(*(worker == viewer.account_id for worker in workers)))
    if overdue:
        query = query.where(_is_overdue())
    if after:
        at, last = read_cursor(after, dt.datetime.fromisoformat, UUID)
        query = query.where(tuple_(Case.entered_at, Case.id) < (at, last))
    order = query.order_by(Case.entered_at.desc(), Case.id.desc()).limit(checked_limit(limit) + 1)
    rows = [_row(viewer, found) for found in session.execute(order)]
    return cut(rows, limit, lambda one: (one.entered_at.isoformat(), one.id))


def case(session: Session, viewer: Viewer, case_id: UUID) -> CaseRow:
    """Return one case.

    Raises:
        NotFound: there is none in the viewer's area or blocks.

    """
    if found := session.execute(_query(viewer).where(Case.id == case_id)).one_or_none():
        return _row(viewer, found)
    raise NotFound("not-found", "没有这个案件，或不在您的区域内")


def counts(session: Session, viewer: Viewer) -> Counts:
    """Return how many cases of the viewer's area or blocks are in each state."""
    query = (
        select(Case.status, func.count(), func.count().filter(_is_overdue()))
        .where(in_scope(viewer, Case), _is_own(viewer))
        .group_by(Case.status)
    )
    rows = session.execute(query).all()
    return Counts({status: total for status, total, _ in rows}, sum(late for _, _, late in rows))


def open_forms(engine: Engine, request: Look, case_id: UUID) -> OpenedCase:
    """Show the forms of a case in full to who enters or judges it: one look on the record.

    Must not be called inside an open transaction: the look commits itself.

    Raises:
        NotFound: no such case in the viewer's area.

    """
    audit_id, told = look(engine, request, Target("case", "registration_case", case_id, CASE_FIELDS))
    if told is None:
        raise _nothing(audit_id)
    with transaction(engine) as session:
        row = case(session, enter(session, request.token), case_id)
    return OpenedCase(audit_id, row, [_opened(form) for form in told["forms"]])


def check_person(engine: Engine, request: Look, case_id: UUID, id_type: str, id_number: str) -> Checked:
    """Tell before a form is filled whether its person is registered already: one look on the record.

    Raises:
        RuleBroken: the number is not one of its kind.
        NotFound: no such case in the viewer's area.

    """
    document = check_document(id_type, id_number, on=today())
    subject = cipher.blind_index(document.id_type.value, document.normal)
    target = Target("check", "registration_case", case_id, CHECK_FIELDS, subject=subject)
    audit_id, told = look(engine, request, target)
    if told is None:
        raise _nothing(audit_id)
    tells = _told_by(document)
    shown = {**tells, "birth": tells["birth"] and tells["birth"][:7]}
    return Checked(
        audit_id=audit_id, document=shown, known=told["known"], has_open=bool(told["open"]),
        open_serial=told["open"] and told["open"]["serial"], here=told["here"], elsewhere=told["elsewhere"],
        address=told["address"], last_registration=told["last_registration"],
    )  # fmt: skip


def _nothing(audit_id: UUID) -> NotFound:
    return NotFound("not-found", "没有这个案件，或不在您的区域、网格内", audit_id=str(audit_id))


def _query(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    main = and_(
        BuildingAddress.building_id == Case.building_id,
        BuildingAddress.is_main,
        BuildingAddress.valid.contains(func.current_date()),
    )
    dwelling = func.concat(Address.standard_text, BuildingAddress.building_no, HousingUnit.unit_text)
    return (
        select(
            Case.id, Case.serial, Case.action, Case.form, Case.form_version, Case.status, Case.unit_id,
            Case.building_id, dwelling.label("unit_text"), Division.name.label("community_name"),
            Case.household_kind, Case.forms, Case.collected_by, _COLLECTOR.name.label("collected_by_name"),
            Case.collected_at, Case.entered_by, _KEYER.name.label("entered_by_name"), Case.entered_at,
            Case.late_reason, Case.submitted_at, Case.due_on, _OFFICER.name.label("officer_name"),
            Case.officer_at, _STATION.name.label("station_name"), Case.station_at,
            _RETURNER.name.label("returned_by_name"), Case.returned_at, Case.return_reason, Case.source,
            Case.version, Case.officer_by, Case.station_by,
        )
        .join(HousingUnit, HousingUnit.id == Case.unit_id)
        .join(_COLLECTOR, _COLLECTOR.id == Case.collected_by)
        .join(_KEYER, _KEYER.id == Case.entered_by)
        .outerjoin(_OFFICER, _OFFICER.id == Case.officer_by)
        .outerjoin(_STATION, _STATION.id == Case.station_by)
        .outerjoin(_RETURNER, _RETURNER.id == Case.returned_by)
        .outerjoin(BuildingAddress, main)
        .outerjoin(Address, Address.id == BuildingAddress.address_id)
        .outerjoin(Division, Division.id == Case.community_id)
        .where(in_scope(viewer, Case), _is_own(viewer))
    )  # fmt: skip


def _is_own(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.role is not Role.COORDINATOR:
        return true()
    return _OWN.bindparams(own=viewer.account_id)  # type: ignore[return-value]


def _is_overdue() -> ColumnElement[bool]:
    return and_(Case.status.in_(ON_REVIEW), Case.due_on < func.current_date())


def _row(viewer: Viewer, found: Row[Any]) -> CaseRow:
    values = dict(found._mapping)  # noqa: SLF001  (the public way to a row's names)
    officer, station = values.pop("officer_by"), values.pop("station_by")
    standing = Standing(found.status, found.collected_by, found.entered_by, officer, station)
    is_late = found.status in ON_REVIEW and found.due_on is not None and found.due_on < today()
    may = may_now(standing, viewer.role, viewer.account_id)
    return CaseRow(**values, overdue=is_late, may=may)


def _opened(form: dict[str, Any]) -> dict[str, Any]:
    """Return a form with its ciphers opened, and what age and document tell; no number, no more of it."""
    person = UUID(form["person_id"])
    phone = form["phone"] and cipher.open_("person", "phone", person, base64.b64decode(form["phone"]))
    year, month = form.pop("birth_year"), form.pop("birth_month")
    birth = f"{year}-{month:02}" if year and month else None
    if form["id_number"] is None:
        known = form["register"] or {}
        shown: dict[str, Any] = {"age": known.get("age"), "minor": known.get("minor"), "warnings": []}
        return {**form, "phone": phone, "birth": birth, **shown}
    number = cipher.open_("person", "id_number", person, base64.b64decode(form["id_number"]))
    told = _told_by(check_document(form["id_type"], number, on=today()))
    if not form["copied"]:
        birth = told["birth"] or birth
    return {
        **form, "id_number": number, "phone": phone, "birth": birth, "age": told["age"],
        "minor": told["minor"], "warnings": told["warnings"],
    }  # fmt: skip


def _told_by(document: Document) -> dict[str, Any]:
    born = document.birth_date
    return {
        "normal_tail": document.normal[-2:], "sex": document.sex, "birth": born and born.isoformat(),
        "age": born and age_on(born, today()), "minor": born and is_minor_under_14(born, today()),
        "warnings": list(document.warnings),
    }  # fmt: skip
