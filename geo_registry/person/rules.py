"""Identity documents and what a list may show of a person. Pure: nothing here stores or logs a value.

Errors name the fault and the field, never the number itself, so that no message carries a person's value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from geo_registry.errors import RuleBroken
from geo_registry.text import clean


class IdType(StrEnum):
    """证件种类: the kinds of identity document, by their codes in GA/T 517.

    The residence permit of Hong Kong, Macao and Taiwan residents has the form of a citizen card and is
    read as one; a warning tells it.
    """

    CITIZEN_ID = "111"
    HOUSEHOLD_BOOK = "113"
    PASSPORT = "414"
    TRAVEL_PERMIT_TW = "511"
    TRAVEL_PERMIT_HM = "516"
    FOREIGN_PERMANENT = "553"
    OTHER = "990"


@dataclass(frozen=True, slots=True)
class Document:
    """证件: a checked number in its normal form and what it tells by itself.

    `sex` is "1" male or "2" female (GB/T 2261.1), None when the number does not tell. `warnings` are codes
    of doubts that do not block.
    """

    id_type: IdType
    normal: str
    birth_date: date | None = None
    sex: str | None = None
    warnings: tuple[str, ...] = ()


_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_HMT_PREFIXES = {"810000", "820000", "830000"}
# The provinces of GB/T 2260; an unknown one warns only, because old cards carry abolished codes.
_PROVINCE_RANGES = (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66))
_PROVINCES = frozenset({"71", *(str(code) for codes in _PROVINCE_RANGES for code in codes)})


def id_check_character(body: str) -> str:
    """Return the check character of the first 17 digits of a citizen number (GB 11643, ISO 7064 MOD 11-2)."""
    return _ID_CHECKS[sum(w * int(d) for w, d in zip(_ID_WEIGHTS, body, strict=True)) % 11]


def credit_check_character(body: str) -> str:
    """Return the check character of the first 17 characters of a unified credit code (GB 32100)."""
    total = sum(_CREDIT_ALPHABET.index(char) * pow(3, i, 31) for i, char in enumerate(body))
    return _CREDIT_ALPHABET[-total % 31]


def check_credit_code(text: str) -> str:
    """Return a unified credit code in its normal form.

    Raises:
        RuleBroken: `credit-format` or `credit-check`.

    """
    code = _packed(text)
    if len(code) != 18 or any(char not in _CREDIT_ALPHABET for char in code):
        raise RuleBroken(
            "credit-format", "统一社会信用代码应为 18 位数字或大写字母（不用 I O S V Z）", field="code"
        )
    if credit_check_character(code[:-1]) != code[-1]:
        raise RuleBroken("credit-check", "统一社会信用代码校验位不符", field="code")
    return code


def check_document(id_type: IdType | str, number: str, *, on: date) -> Document:
    """Check an identity number of a kind on a day and return its normal form with what it tells.

    A wrong check character, form or date blocks; an unknown division code or a 15-digit number only warns.

    Raises:
        RuleBroken: `id-type`, `id-format`, `id-check` or `id-birth`; `field` is `id_number` or `id_type`.

    """
    try:
        kind = IdType(id_type)
    except ValueError:
        raise RuleBroken("id-type", "未知的证件种类", field="id_type") from None
    packed = _packed(number)
    return _CHECKS[kind](kind, packed, on)


def sex_disagrees(document: Document, stated: str | None) -> bool:
    """Tell whether a stated sex ("1", "2") contradicts the number; legacy rows do, so this only warns."""
    return document.sex is not None and stated in {"1", "2"} and stated != document.sex


def _packed(number: str) -> str:
    return re.sub(r"[\s\-]", "", clean(number)).upper()


def _refuse(code: str, detail: str) -> RuleBroken:
    return RuleBroken(code, detail, field="id_number")


def _birth(figures: str, on: date) -> date:
    try:
        born = date(int(figures[:4]), int(figures[4:6]), int(figures[6:8]))
    except ValueError:
        raise _refuse("id-birth", "证件号码中的出生日期不存在") from None
    if not date(1850, 1, 1) <= born <= on:
        raise _refuse("id-birth", "证件号码中的出生日期超出合理范围")
    return born


def _check_eighteen(number: str) -> None:
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise _refuse("id-format", f"证件号码应为 17 位数字加 1 位校验码，实为 {len(number)} 位")
    if id_check_character(number[:17]) != number[17]:
        raise _refuse("id-check", "证件号码校验位不符，请核对是否抄错")


def _citizen(kind: IdType, number: str, on: date) -> Document:
    warnings: list[str] = []
    if re.fullmatch(r"\d{15}", number):
        body = f"{number[:6]}19{number[6:]}"
        number = body + id_check_character(body)
        warnings.append("id-fifteen-digits")
    _check_eighteen(number)
    if number[:6] in _HMT_PREFIXES:
        warnings.append("id-residence-permit")
    elif number[:2] not in _PROVINCES:
        warnings.append("id-division-unknown")
    return _told_by(kind, number, on, warnings)


def _told_by(kind: IdType, number: str, on: date, warnings: list[str]) -> Document:
    sex = "1" if int(number[16]) % 2 else "2"
    return Document(kind, number, _birth(number[6:14], on), sex, tuple(warnings))


def _foreign_permanent(kind: IdType, number: str, on: date) -> Document:
    # The layout of the 2023 card: 9, place (2), nationality (3), birth (8), sequence (3), check (1).
    if re.fullmatch(r"[A-Z]{3}\d{12}", number):
        return Document(kind, number)
    _check_eighteen(number)
    if number[0] != "9":
        raise _refuse("id-format", "外国人永久居留身份证号码应以 9 开头")
    return _told_by(kind, number, on, [])


def _by_form(pattern: str, wanted: str) -> Callable[[IdType, str, date], Document]:
    form = re.compile(pattern)

    def check(kind: IdType, number: str, on: date) -> Document:  # noqa: ARG001  (one signature for all kinds)
        if not form.fullmatch(number):
            raise _refuse("id-format", wanted)
        return Document(kind, number)

    return check


_CHINESE_PASSPORT = re.compile(r"E\d{8}|E[A-HJ-NP-Z]\d{7}|G\d{8}|[PSD]E?\d{7,8}|1[45]\d{7}")


def _passport(kind: IdType, number: str, on: date) -> Document:  # noqa: ARG001  (one signature for all kinds)
    if not re.fullmatch(r"[A-Z0-9]{5,15}", number):
        raise _refuse("id-format", "护照号码应为 5 至 15 位字母或数字")
    warnings = () if _CHINESE_PASSPORT.fullmatch(number) else ("passport-foreign-form",)
    return Document(kind, number, warnings=warnings)


_CHECKS: dict[IdType, Callable[[IdType, str, date], Document]] = {
    IdType.CITIZEN_ID: _citizen,
    IdType.FOREIGN_PERMANENT: _foreign_permanent,
    IdType.TRAVEL_PERMIT_HM: _by_form(r"[HM]\d{8}(\d{2})?", "港澳居民来往内地通行证应为 H 或 M 加 8 位数字"),
    IdType.TRAVEL_PERMIT_TW: _by_form(r"\d{8}|\d{10}[A-Z]?|\d{10}\([A-Z]\)", "台胞证号码应为 8 位数字"),
    IdType.PASSPORT: _passport,
    IdType.HOUSEHOLD_BOOK: _by_form(r"[A-Z0-9]{6,20}", "户口簿编号应为 6 至 20 位字母或数字"),
    IdType.OTHER: _by_form(r"[A-Z0-9]{4,30}", "证件号码应为 4 至 30 位字母或数字"),
}


def month_of(document: Document) -> tuple[int | None, int | None]:
    """Return year and month of birth, all that is stored of it, None where the number does not tell."""
    born = document.birth_date
    return (born.year, born.month) if born else (None, None)


def last_two(number: str) -> str:
    """Return the last two characters of a number, all that a list may show of it."""
    return _packed(number)[-2:]


def age_on(birth_date: date, on: date) -> int:
    """Return the age in full years; a year is full on the birthday, for 29 February on 1 March."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def is_minor_under_14(birth_date: date, on: date) -> bool:
    """Tell whether a person is under 14, whose record has a stricter scope (PIPL art. 28 and 31)."""
    return age_on(birth_date, on) < 14


_BANDS = ((0, 5), (6, 13), (14, 17), (18, 59), (60, 200))


def age_band(birth_date: date, on: date) -> str:
    """Return the band a list shows instead of an age: 0-5, 6-13, 14-17, 18-59 or 60+."""
    age = max(age_on(birth_date, on), 0)
    low, high = next((low, high) for low, high in _BANDS if low <= age <= high)
    return f"{low}+" if high == 200 else f"{low}-{high}"


class Exclusion(StrEnum):
    """Why a person is not registered as an incomer (R2)."""

    OVERSEAS = "overseas"
    SERVING = "serving"
    TOO_SHORT = "stay-too-short"


def exclusion_of(
    *, days: int, is_overseas: bool, is_serving: bool, presence_days: int = 3, inclusive: bool = True
) -> Exclusion | None:
    """Return why a stay is not one to register, None when it is (R2: 3 days or more by default).

    `days` counts the day of arrival. Limit and inclusiveness come from the profile.
    """
    if is_overseas:
        return Exclusion.OVERSEAS
    if is_serving:
        return Exclusion.SERVING
    is_long_enough = days >= presence_days if inclusive else days > presence_days
    return None if is_long_enough else Exclusion.TOO_SHORT
