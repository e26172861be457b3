"""What a case may do next, who may do it, and whether the form of a person holds. Pure: nothing here stores.

Errors name the form by its turn (from 1) and the field, never the value: no message carries a person's.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from geo_registry.access.rules import Role
from geo_registry.errors import RegistryError, RuleBroken
from geo_registry.log import holds_number
from geo_registry.person.rules import (
    Document,
    Exclusion,
    IdType,
    check_document,
    exclusion_of,
    sex_disagrees,
)
from geo_registry.registration.forms import Form, Item
from geo_registry.residence.profile import ResidenceProfile
from geo_registry.text import clean

_ENTRY = frozenset({Role.COORDINATOR, Role.ENTRY_CLERK})
_OFFICER = frozenset({Role.OFFICER})
_HEAD = frozenset({Role.STATION_HEAD})
MOVES: Final = (
    ("fill", "draft", "draft", _ENTRY),
    ("fill", "returned", "returned", _ENTRY),
    ("submit", "draft", "submitted", _ENTRY),
    ("submit", "returned", "submitted", _ENTRY),
    ("void", "draft", "void", _ENTRY),
    ("void", "returned", "void", _ENTRY),
    ("take", "submitted", "officer_review", _OFFICER),
    ("take", "officer_review", "officer_review", _OFFICER),
    ("take", "station_review", "station_review", _HEAD),
    ("pass", "officer_review", "station_review", _OFFICER),
    ("pass", "station_review", "active", _HEAD),
    ("return", "officer_review", "returned", _OFFICER),
    ("return", "station_review", "returned", _HEAD),
)
"""Every step of a case: name, state before, state after, roles; the database has the same (`case_moves`)."""
STATUS_TITLES: Final = {
    "draft": "草稿", "submitted": "待民警复核", "officer_review": "民警复核中",
    "station_review": "待站级复核", "returned": "已退回", "active": "已生效", "void": "已作废",
}  # fmt: skip
ON_REVIEW: Final = ("submitted", "officer_review", "station_review")
_OVERSEAS_DOCUMENTS = frozenset({IdType.TRAVEL_PERMIT_HM, IdType.TRAVEL_PERMIT_TW, IdType.FOREIGN_PERMANENT})
_OVERSEAS_SIGNS = frozenset({"passport-foreign-form", "id-residence-permit"})
_WARNINGS = {
    "id-fifteen-digits": "这是 15 位旧号码，已按 18 位登记，请核对原件",
    "id-division-unknown": "证件号码前两位不是现行省级代码，请核对原件",
    "id-residence-permit": "这是港澳台居民居住证号码",
    "passport-foreign-form": "护照号码不是中国护照的格式，请核对证件种类",
    "sex-differs": "所填性别与证件号码不一致，请核对原件",
    "birth-differs": "所填出生年月与证件号码不一致，已按证件号码登记",
}
_EXCLUDED = {
    Exclusion.OVERSEAS: "境外人员（外国人、港澳台居民）不在居住登记范围内，请引导其办理境外人员临时住宿登记",
    Exclusion.SERVING: "现役军人、武警不在居住登记范围内，请从本表删去此人",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as far as its next steps depend on it."""

    status: str
    collected_by: UUID
    entered_by: UUID
    officer_by: UUID | None
    station_by: UUID | None


def may_now(case: Standing, role: Role, account: UUID) -> tuple[str, ...]:
    """Return the steps that an account of a role may take now; the database judges again when it does."""
    steps = (step for step, old, _, roles in MOVES if old == case.status and role in roles)
    return tuple(step for step in steps if _is_free(step, case, account))


def _is_free(step: str, case: Standing, account: UUID) -> bool:
    if step not in {"take", "pass", "return"}:
        return True
    if account in {case.collected_by, case.entered_by}:
        return False
    if case.status == "station_review":
        holder = case.station_by
        is_mine = account != case.officer_by and (step == "take" or holder in {None, account})
    else:
        holder = case.officer_by
        is_mine = step == "take" or holder == account
    return is_mine and not (step == "take" and holder == account)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A checked form: what is stored of it, its document where one was given, doubts that do not block."""

    values: dict[str, Any]
    document: Document | None
    phone: str | None
    warnings: tuple[tuple[str, str], ...]


def check_form(
    form: Form, action: str, given: Mapping[str, Any], *, on: dt.date, profile: ResidenceProfile
) -> Sheet:
    """Check what was entered of one person and return what is stored.

    What is missing may come later: the submission asks for it. What is there has to be right.

    Raises:
        RuleBroken: `field` names the first item that cannot stand.

    """
    given = {name: value for name, value in given.items() if value not in (None, "")}
    if given.get("residence_id") and action != "correct":
        # Who is registered is named by the residence: the register knows the rest.
        given = {name: value for name, value in given.items() if name not in _OF_PERSON}
    values = {name: _value(form, action, name, value) for name, value in given.items()}
    document = _document(values, on)
    warnings = _identity(values, document, needs_all=action == "register")
    _check_days(values, on, document)
    _check_place(values)
    if values.pop("serving", "0") == "1":
        raise RuleBroken("excluded-serving", _EXCLUDED[Exclusion.SERVING], field="serving")
    if action == "register" and form.form != "registered_not_resident":
        _check_eligible(values, document, profile)
    if action in {"register", "renew"} and values.get("stays_until", on) < on:
        raise RuleBroken(
            "day-past", "拟居住至的日期已过；已离开的不必登记，仍住的请改日期", field="stays_until"
        )
    return Sheet(values, document, values.pop("phone", None), warnings)


_OF_PERSON = frozenset({"name", "sex", "birth", "id_type", "id_number"})


def _value(form: Form, action: str, name: str, value: Any) -> Any:  # noqa: ANN401  (any JSON)
    item = form.item(name, action)
    if item is None:
        raise RuleBroken("field-not-in-form", f"《{form.title}》办理此事没有这一项，请删去", field=name)
    if isinstance(value, UUID):
        return value
    text = clean(str(value))
    return _READERS[item.kind](item, text)


def _text(item: Item, text: str) -> str:
    if not text or len(text) > item.most or not text.isprintable():
        raise RuleBroken(
            "text-invalid", f"{item.title}须为 1 至 {item.most} 个可见字符，请重新填写", field=item.name
        )
    if item.name == "name" and "*" in text:
        raise RuleBroken("name-masked", "姓名不能有 * 号，请填写全名；登记簿已有此人的不必填", field="name")
    if holds_number(text):
        raise RuleBroken(
            "text-number", f"{item.title}中不能写证件号码或电话，请填在各自的栏目", field=item.name
        )
    return text


def _choice(item: Item, text: str) -> str:
    if text not in dict(item.options):
        allowed = "、".join(f"{code} {title}" for code, title in item.options)
        raise RuleBroken("choice-invalid", f"{item.title}请从下列选项中选择：{allowed}", field=item.name)
    return text


def _day(item: Item, text: str) -> dt.date | str:
    if item.name == "birth":
        if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])(-\d{2})?", text) and 1880 <= int(text[:4]) <= 2200:
            return text[:7]
        raise RuleBroken("birth-invalid", "出生年月请写成 YYYY-MM，如 1990-06", field="birth")
    try:
        found = dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        found = None
    if found is None or found.year < 1900:
        raise RuleBroken("date-invalid", f"{item.title}请写成 YYYY-MM-DD，如 2026-06-01", field=item.name)
    return found


def _phone(item: Item, text: str) -> str:
    packed = re.sub(r"[\s\-()]", "", text)
    if not re.fullmatch(r"1[3-9]\d{9}|0\d{9,11}|\d{7,8}|\+\d{8,15}", packed):
        raise RuleBroken("phone-invalid", "电话应为 11 位手机号码，或带区号的固定电话", field=item.name)
    return packed


def _division(item: Item, text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{5}(\d{6})?", text):
        raise RuleBroken("division-invalid", f"{item.title}应为 6 位或 12 位数字", field=item.name)
    return text.ljust(12, "0")


def _unit(item: Item, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise RuleBroken("unit-invalid", f"{item.title}请从列表中选择", field=item.name) from None


def _number(item: Item, text: str) -> str:
    if len(text) > item.most:
        raise RuleBroken("id-format", "证件号码过长，请核对", field=item.name)
    return text


_READERS = {
    "text": _text, "choice": _choice, "date": _day, "phone": _phone, "division": _division, "unit": _unit,
    "document": _number,
}  # fmt: skip


def _document(values: dict[str, Any], on: dt.date) -> Document | None:
    if "id_number" not in values:
        if values.pop("id_type", None):
            raise RuleBroken("field-missing", "填了证件种类，还须填写证件号码", field="id_number")
        return None
    document = check_document(values.pop("id_type", IdType.CITIZEN_ID.value), values.pop("id_number"), on=on)
    values["id_type"] = document.id_type.value
    values["id_tail"] = document.normal[-2:]
    return document


def _identity(
    values: dict[str, Any], document: Document | None, *, needs_all: bool
) -> tuple[tuple[str, str], ...]:
    """Complete sex and birth from the document, and demand what nobody can be entered without."""
    if needs_all:
        if "name" not in values:
            raise RuleBroken("field-missing", "请填写姓名", field="name")
        if document is None:
            raise RuleBroken("field-missing", "请填写证件号码；没有身份证的儿童可用户口簿", field="id_number")
        if document.sex is None and "sex" not in values:
            raise RuleBroken("field-missing", "这种证件号码不能判断性别，请填写性别", field="sex")
    codes = list(document.warnings) if document else []
    stated = values.pop("birth", None)
    if document and document.birth_date:
        told = f"{document.birth_date:%Y-%m}"
        codes += ["birth-differs"] if stated not in (None, told) else []
        stated = told
    if stated:
        values["birth_year"], values["birth_month"] = int(stated[:4]), int(stated[5:])
    if document and sex_disagrees(document, values.get("sex")):
        codes.append("sex-differs")
    if document and document.sex:
        values.setdefault("sex", document.sex)
    return tuple((code, _WARNINGS[code]) for code in codes)


def _check_days(values: Mapping[str, Any], on: dt.date, document: Document | None) -> None:
    since, until, ends = (values.get(name) for name in ("since", "stays_until", "ends_on"))
    for name, day in (("since", since), ("ends_on", ends)):
        if day and day > on:
            raise RuleBroken("day-later", "日期不能晚于今天；到了那一天再登记", field=name)
        if day and document and document.birth_date and day < document.birth_date:
            raise RuleBroken("day-before-birth", "日期早于出生日期，请核对", field=name)
    if since and until and until < since:
        raise RuleBroken("day-order", "拟居住至的日期早于起始日期，请核对", field="stays_until")
    if since and ends and ends < since:
        raise RuleBroken("day-order", "终止日期早于起始日期，请核对", field="ends_on")


def _check_place(values: Mapping[str, Any]) -> None:
    if "hukou_unit_id" in values and ("hukou_code" in values or "hukou_address" in values):
        raise RuleBroken("hukou-twice", "户籍户室与户籍区划、地址只填一种", field="hukou_code")
    if ("hukou_code" in values) != ("hukou_address" in values):
        missing = "hukou_address" if "hukou_code" in values else "hukou_code"
        raise RuleBroken("field-missing", "户籍区划代码与户籍地址须一并填写", field=missing)


def _check_eligible(values: Mapping[str, Any], document: Document | None, profile: ResidenceProfile) -> None:
    category = values.get("category")
    signs = set(document.warnings) if document else set()
    is_overseas = category == "overseas" or bool(signs & _OVERSEAS_SIGNS)
    is_overseas = is_overseas or (document is not None and document.id_type in _OVERSEAS_DOCUMENTS)
    since, until = values.get("since"), values.get("stays_until")
    days = (until - since).days + 1 if since and until else 366
    excluded = exclusion_of(
        days=days, is_overseas=is_overseas and not profile.overseas_admitted, is_serving=False,
        presence_days=profile.presence_days, inclusive=profile.inclusive,
    )  # fmt: skip
    if excluded is Exclusion.OVERSEAS:
        raise RuleBroken("excluded-overseas", _EXCLUDED[excluded], field="id_type")
    if excluded is Exclusion.TOO_SHORT:
        limit = "满" if profile.inclusive else "超过"
        told = f"拟居住 {days} 天，{limit} {profile.presence_days} 天（含来住当天）才登记；短住不必填表"
        raise RuleBroken("excluded-stay-too-short", told, field="stays_until")
    if is_overseas and category not in (None, "overseas"):
        raise RuleBroken("category-overseas", "境外证件的人员类别应选“境外人员”", field="category")


def placed(fault: RegistryError, turn: int) -> RegistryError:
    """Return a fault of a form with the form's place in front of its field."""
    facts = {**fault.facts, "field": f"forms.{turn}.{fault.facts.get('field', 'id_number')}"}
    return type(fault)(fault.code, f"第 {turn} 人：{fault.detail}", **facts)
