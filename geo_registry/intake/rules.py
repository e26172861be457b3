"""What a declaration must hold. Pure: nothing here stores or logs a value, and no fault quotes one."""

import datetime as dt
import re
from dataclasses import dataclass

from geo_registry.errors import RuleBroken
from geo_registry.log import holds_number
from geo_registry.person.rules import Document, age_on, check_document
from geo_registry.text import clean

ADULT = 18
KINDS = {"arrival": "新到居住", "change": "搬到本市另一处", "departure": "离开"}
STATES = {
    "pending": "等待核对",
    "in_review": "已受理，正在审核",
    "registered": "已办结",
    "dropped": "未办理，请到社区登记点办理",
    "rejected": "未通过",
    "expired": "已过期，请重新申报",
}
"""What is told of a declaration by its receipt."""
_NAME = re.compile(r"[^\W\d_]([^\W\d_]|[·・. '-]){0,58}[^\W\d_]")
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\+\d{6,15}")
EARLIEST, LATEST = 366, 31


@dataclass(frozen=True, slots=True)
class Declared:
    """What somebody says of himself, checked."""

    kind: str
    address: str
    name: str
    document: Document
    phone: str
    on_day: dt.date


def check_declared(
    *,
    kind: str,
    address: str,
    name: str,
    id_type: str,
    id_number: str,
    phone: str,
    on_day: dt.date,
    is_adult: bool,
    agrees: bool,
    today: dt.date,
) -> Declared:
    """Return a declaration in its normal form.

    Raises:
        RuleBroken: a field does not hold what it must; `field` names it.

    """
    if kind not in KINDS:
        raise RuleBroken("kind-unknown", "请选择新到、搬家或离开", field="kind")
    document = check_document(id_type, id_number, on=today)
    _check_adult(document, today, is_adult=is_adult)
    place, person = clean(address).replace(" ", ""), clean(name)
    if not 4 <= len(place) <= 200 or holds_number(place):
        raise RuleBroken(
            "address-format", "请填写完整地址（4 至 200 个字），不要写证件号码或电话", field="address"
        )
    if not _NAME.fullmatch(person):
        raise RuleBroken("name-format", "请按证件填写姓名", field="name")
    packed = re.sub(r"[\s-]", "", clean(phone))
    if not _PHONE.fullmatch(packed):
        raise RuleBroken("phone-format", "请填写手机号码或带区号的电话", field="phone")
    if not today - dt.timedelta(EARLIEST) <= on_day <= today + dt.timedelta(LATEST):
        raise RuleBroken("day-invalid", "日期应在过去一年内，或今后 31 天内", field="on_day")
    if not agrees:
        raise RuleBroken("consent-missing", "须阅读并同意个人信息处理说明后才能提交", field="agrees")
    return Declared(kind, place, person, document, packed, on_day)


def _check_adult(document: Document, today: dt.date, *, is_adult: bool) -> None:
    born = document.birth_date
    if not (is_adult if born is None else age_on(born, today) >= ADULT):
        raise RuleBroken(
            "adults-only", "网上申报只限年满 18 周岁的本人；未成年人请由监护人到登记点办理", field="id_number"
        )
