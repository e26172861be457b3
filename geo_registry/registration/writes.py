"""Acts on cases of registration: opened, filled, submitted, judged.

The rules that look at the register are the database's (geo_registry/sql/330_cases.sql): it answers why it
refuses. Numbers are sealed here, for the id of the person, before they go there.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, LargeBinary, Uuid, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from geo_registry.access import acts, cipher
from geo_registry.access.audit import legible
from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.area.tables import Jurisdiction
from geo_registry.area.writes import Written
from geo_registry.codes import new_id
from geo_registry.db import Session, today
from geo_registry.errors import NotFound, RegistryError, RuleBroken, Stale
from geo_registry.registration import refusals
from geo_registry.registration.forms import Form, form_of
from geo_registry.registration.rules import Sheet, check_form, placed
from geo_registry.registration.tables import RegistrationCase
from geo_registry.residence.calendar import add_working_days
from geo_registry.residence.profile import GENERAL, ResidenceProfile, residence_profile

MOST_FORMS = 30
Judgement = Literal["take", "pass", "return", "void"]
_KIND = "registration_case"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a case is opened with; times with an offset, ids of a unit and of the account that collected."""

    action: str
    form: str
    unit_id: UUID
    household_kind: str = "family"
    collected_at: dt.datetime | None = None
    collected_by: UUID | None = None
    late_reason: str | None = None
    source: str = "desk"
    source_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Opened(Written):
    """A new case with its number for people."""

    serial: str


@dataclass(frozen=True, slots=True)
class Filled(Written):
    """The forms as kept, in their turn, with doubts that do not block."""

    forms: list[dict[str, Any]]
    warnings: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Head:
    """What the next step of a case depends on here: its form, and the rules of the place."""

    form: Form
    action: str
    profile: ResidenceProfile


def open_case(session: Session, viewer: Viewer, token: str, entry: Entry) -> Opened:
    """Open a case for a dwelling; the forms of its persons follow.

    Raises:
        RuleBroken: form and action do not go together, or an entry that came late gives no reason.
        Refused: the dwelling lies outside the viewer's area or blocks.

    """
    form = form_of(entry.form)
    if entry.action not in form.actions:
        fitting = "《居住登记变更、注销表》" if entry.action != "register" else "三种登记表之一"
        raise RuleBroken("form-action", f"《{form.title}》不能办理此事，请选{fitting}", field="form")
    reason = _legible(entry.late_reason, "late_reason")
    profile = residence_profile(session.execute(select(Jurisdiction.profile)).scalar_one_or_none() or GENERAL)
    case_id = new_id()
    told = {
        "action": entry.action, "form": form.form, "form_version": form.version, "unit_id": entry.unit_id,
        "household_kind": entry.household_kind, "collected_at": entry.collected_at,
        "collected_by": entry.collected_by, "late_reason": reason, "source": entry.source,
        "source_id": entry.source_id, "same_day": profile.same_day_entry,
    }  # fmt: skip
    current, answer = _act(session, viewer, token, "keep_case", "open", case_id, 0, told)
    return Opened(case_id, current, answer["serial"])


def fill_case(
    session: Session,
    viewer: Viewer,
    token: str,
    case_id: UUID,
    forms: Sequence[Mapping[str, Any]],
    *,
    version: int,
) -> Filled:
    """Replace all forms of a draft or returned case: a whole household in one go.

    Raises:
        RuleBroken: an item cannot stand; `field` is `forms.<turn>.<item>`.
        Conflict: a document has an open form in another case.
        Stale: `version` is not the current one.

    """
    head = _head(session, viewer, case_id)
    if not 1 <= len(forms) <= MOST_FORMS:
        raise RuleBroken("forms-count", f"每案 1 至 {MOST_FORMS} 人，超过的请另开一案", field="forms")
    sheets = [_checked(head, form, turn) for turn, form in enumerate(forms, 1)]
    rows = _sealed(session, token, forms, sheets)
    current, answer = _act(session, viewer, token, "keep_case", "fill", case_id, version, {"forms": rows})
    warnings = [
        {"turn": turn, "code": code, "detail": detail}
        for turn, sheet in enumerate(sheets, 1)
        for code, detail in sheet.warnings
    ]
    if answer["others"]:
        told = f"本户另有未办结的案件 {'、'.join(answer['others'])}，请先核对，以免重复采集"
        warnings.append({"turn": 0, "code": "unit-has-open-case", "detail": told})
    return Filled(case_id, current, answer["forms"], warnings)


def submit_case(
    session: Session,
    viewer: Viewer,
    token: str,
    case_id: UUID,
    *,
    version: int,
    late_reason: str | None = None,
) -> Written:
    """Hand a case to the officer: complete, not registered twice, in time or with a reason.

    Raises:
        RuleBroken, Conflict: the first thing that stands against it; the sentence says what to do.
        Stale: `version` is not the current one.

    """
    head = _head(session, viewer, case_id)
    told = {
        "required": head.form.required(head.action), "same_day": head.profile.same_day_entry,
        "late_reason": _legible(late_reason, "late_reason"), "renewal_days": head.profile.renewal_days,
        "due_on": add_working_days(head.profile.calendar, today(), head.profile.review_days),
    }  # fmt: skip
    current, _ = _act(session, viewer, token, "keep_case", "submit", case_id, version, told)
    return Written(case_id, current)


def judge_case(
    session: Session,
    viewer: Viewer,
    token: str,
    case_id: UUID,
    step: Judgement,
    *,
    version: int,
    reason: str | None = None,
) -> Written:
    """Take, pass or return a case as a reviewer, or void one's own draft; the second pass registers.

    Raises:
        Refused: the viewer collected, keyed or already passed it, or has another role.
        Conflict: its state does not allow the step, or the register has changed since.
        Stale: `version` is not the current one.

    """
    profile = residence_profile(session.execute(select(Jurisdiction.profile)).scalar_one_or_none() or GENERAL)
    told = {"reason": _legible(reason, "reason"), "months": profile.term_months}
    current, _ = _act(session, viewer, token, "judge_case", step, case_id, version, told)
    return Written(case_id, current)


def _legible(written: str | None, field: str) -> str | None:
    if written is None:
        return None
    if plain := legible(written):
        return plain
    raise RuleBroken("text-unreadable", "文字中有看不见的字符、证件号码或电话，请重新填写", field=field)


def _head(session: Session, viewer: Viewer, case_id: UUID) -> _Head:
    place = select(Jurisdiction.profile).scalar_subquery()
    query = select(
        RegistrationCase.form, RegistrationCase.form_version, RegistrationCase.action, place
    ).where(RegistrationCase.id == case_id, in_scope(viewer, RegistrationCase))
    if found := session.execute(query).one_or_none():
        return _Head(form_of(found[0], found[1]), found[2], residence_profile(found[3] or GENERAL))
    raise NotFound("not-found", "没有这个案件，或不在您的区域内")


def _checked(head: _Head, given: Mapping[str, Any], turn: int) -> Sheet:
    items = {name: value for name, value in given.items() if name != "id"}
    try:
        return check_form(head.form, head.action, items, on=today(), profile=head.profile)
    except RegistryError as fault:
        raise placed(fault, turn) from None


def _sealed(
    session: Session, token: str, forms: Sequence[Mapping[str, Any]], sheets: Sequence[Sheet]
) -> list[dict[str, Any]]:
    """Return the rows to keep, each sealed for the id of its person: the one who is known, or a new one."""
    indexes = [
        cipher.blind_index(sheet.document.id_type.value, sheet.document.normal) if sheet.document else None
        for sheet in sheets
    ]
    persons = _persons(session, token, indexes, [sheet.values.get("residence_id") for sheet in sheets])
    rows, seen = [], dict[bytes, int]()
    for turn, (form, sheet, index) in enumerate(zip(forms, sheets, indexes, strict=True), 1):
        if index and seen.setdefault(index, turn) != turn:
            detail = f"与第 {seen[index]} 人的证件相同，请删去一人"
            raise placed(RuleBroken("document-twice", detail, field="id_number"), turn)
        person = persons.get(sheet.values.get("residence_id")) or persons.get(index) or new_id()
        row = {
            **sheet.values,
            "id": form.get("id"),
            "turn": turn,
            "person_id": person,
            "id_index": _hex(index),
        }
        if sheet.document:
            row["id_number"] = _hex(cipher.seal("person", "id_number", person, sheet.document.normal))
        if sheet.phone:
            row["phone"] = _hex(cipher.seal("person", "phone", person, sheet.phone))
        rows.append(row)
    return rows


def _persons(
    session: Session, token: str, indexes: Sequence[bytes | None], residences: Sequence[UUID | None]
) -> dict[bytes | UUID | None, UUID]:
    asked = func.registry.persons_of_documents(
        hash_token(token),
        literal([one for one in indexes if one], ARRAY(LargeBinary)),
        literal([one for one in residences if one], ARRAY(Uuid)),
    ).table_valued("id_index", "residence_id", "person_id")
    rows = session.execute(select(asked.c.id_index, asked.c.residence_id, asked.c.person_id))
    return {(row[1] or bytes(row[0])): row[2] for row in rows}


def _hex(value: bytes | None) -> str | None:
    return None if value is None else f"\\x{value.hex()}"


def _act(
    session: Session, viewer: Viewer, token: str, call: str, step: str, case_id: UUID, version: int,
    told: Mapping[str, Any],
) -> tuple[int, dict[str, Any]]:  # fmt: skip
    """Log the act, let the database judge and do it, and return the version now and what else it tells."""
    act_id = acts.record(session, viewer, step, _KIND, case_id)
    packed = cast(literal(orjson.dumps(told).decode()), JSONB)
    asked = getattr(func.registry, call)(hash_token(token), step, case_id, version, packed, act_id)
    row = asked.table_valued("outcome", "current", "answer").c
    outcome, current, answer = session.execute(select(row.outcome, row.current, row.answer)).one()
    if outcome != "done":
        _refuse(outcome, step, current, answer or {})
    return current, answer or {}


def _refuse(outcome: str, step: str, current: int | None, answer: Mapping[str, Any]) -> NoReturn:
    if outcome == "stale":
        raise Stale("stale", f"数据已被更新（现为第 {current} 版），请重新读取", current=current)
    raise refusals.refusal(outcome, step, answer)
