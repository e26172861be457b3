"""Papers of a case: the slip, the notice for the holder of a permit, the form itself.

Each print is a look, on the record before the first word is read; its number stands on the paper, and the
paper leaves with the reply and is kept nowhere.
"""

import base64
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from geo_registry import printing
from geo_registry.access import cipher
from geo_registry.access.audit import Look, Target, look
from geo_registry.db import TIMEZONE, Engine, transaction
from geo_registry.errors import NotFound
from geo_registry.registration import desk, forms
from geo_registry.registration.slips import slip_check
from geo_registry.residence.profile import residence_profile_in_force

Paper = Literal["slip", "change_notice", "form"]
FOLDER: Final = Path(__file__).with_name("paper")
TITLES: Final = {"slip": "居住登记凭证", "change_notice": "居住证信息变更通知", "form": "登记表"}
ACTIONS: Final = {
    "register": "新登记",
    "change": "变更",
    "cancel": "注销",
    "renew": "续期",
    "correct": "更正",
}
_HOUSEHOLDS: Final = {"family": "家庭户", "collective": "集体户"}
_SEXES: Final = {"0": "未知", "9": "未说明"}
_FILES: Final = {"slip": "slip", "change_notice": "notice", "form": "form"}


@dataclass(frozen=True, slots=True)
class Made:
    """A PDF in memory with its name and the number of its audit row."""

    audit_id: UUID
    name: str
    content: bytes


def make_paper(engine: Engine, request: Look, case_id: UUID, form_id: UUID, paper: Paper) -> Made:
    """Print one paper of one form of a case.

    Raises:
        NotFound: no such form in the viewer's area, or not the coordinator's own.
        Conflict: the case is a draft or void, has no slip, or the person no permit on record.

    """
    audit_id, told = told_of(engine, request, case_id, form_id, paper)
    content = printing.pdf(html_of(paper, told, audit_id))
    return Made(audit_id, f"{_FILES[paper]}-{told['serial']}-{told['turn']}.pdf", content)


def told_of(
    engine: Engine, request: Look, case_id: UUID, form_id: UUID, paper: Paper
) -> tuple[UUID, dict[str, Any]]:
    """Look at what a paper says; the audit names paper and form.

    Raises:
        NotFound, Conflict: as `make_paper` says.

    """
    target = Target("paper", "registration_case", case_id, (paper, str(form_id)))
    audit_id, told = look(engine, request, target)
    if told is None:
        raise NotFound(
            "not-found", "案件中没有这份登记表，或不是您经办的", field="form_id", audit_id=str(audit_id)
        )
    if told["fault"]:
        desk.refuse(told["fault"])
    with transaction(engine) as session:
        term_months = residence_profile_in_force(session).term_months
    return audit_id, {**told, "term_months": term_months}


def html_of(paper: Paper, told: dict[str, Any], audit_id: UUID) -> str:
    """Return a paper as it is laid out; to the holder of a permit the slip brings the notice of change."""
    printed = f"{told['printed_by']} {_moment(told['printed_at'])}"
    values: dict[str, Any] = {
        "title": TITLES[paper],
        "told": told,
        "foot": f"审计号 {audit_id} · {printed}",
        "size": "A4" if paper == "form" else "A5",
        "document": dict(forms.DOCUMENTS).get(told["id_type"], told["id_type"]),
        "masked": masked_number(told["id_type"], told["id_tail"]),
        "action": ACTIONS[told["action"]],
    }
    if paper == "slip":
        is_noticed = told["permit"] is not None and told["action"] in {"register", "change", "correct"}
        values |= {"check": slip_check(told["slip_number"]), "notice": is_noticed}
    if paper == "form":
        is_open = told["status"] in {"draft", "returned"}
        values |= {
            "mark": f"{printed} 打印，仅供{'本人核对签名' if is_open else '存档'}",
            "is_open": is_open,
            "form": forms.form_of(told["form"], told["form_version"]).title,
            "rows": form_rows(told),
            "steps": _steps(told),
        }
    return printing.written(FOLDER, f"{paper}.html", **values, with_slip=paper == "slip")


def masked_number(id_type: str, tail: str) -> str:
    """Return a number of which only the last two characters stand, as long as numbers of its kind are."""
    return "*" * (16 if id_type in {"111", "113"} else 7) + tail


def form_rows(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a form says, line by line; what it does not ask for is left out.

    Numbers that the viewer may not see whole stand masked, as in lists.
    """
    person = UUID(told["person_id"])
    opened = {
        name: cipher.open_("person", name, person, base64.b64decode(told[name]))
        for name in ("id_number", "phone")
        if told[name]
    }
    hidden = {"id_number": masked_number(told["id_type"], told["id_tail"]), "phone": "*" * 11}
    values = {**told, **opened, **{name: hidden[name] for name in told["hidden"]}}
    rows = [("居住地址", told["unit"]), ("户别", _HOUSEHOLDS[told["household_kind"]])]
    for item in forms.form_of(told["form"], told["form_version"]).items:
        value = values.get(item.name)
        if value and item.name != "sheet_number":
            rows.append((item.title, {**_SEXES, **dict(item.options)}.get(value, value)))
    return rows


def _steps(told: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    late = f"（迟录：{told['late_reason']}）" if told["late_reason"] else ""
    return [
        ("采集", told["collected_by"], _moment(told["collected_at"])),
        ("录入", told["entered_by"], _moment(told["entered_at"]) + late),
        ("民警复核", told["officer"], _moment(told["officer_at"])),
        ("站级复核", told["station"], _moment(told["station_at"])),
    ]


def _moment(at: str | None) -> str:
    if at is None:
        return ""
    return dt.datetime.fromisoformat(at).astimezone(ZoneInfo(TIMEZONE)).strftime("%Y-%m-%d %H:%M")
