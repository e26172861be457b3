"""One row of a list of residents: checked, and free of everything the register does not keep.

Nothing here names a value in an error: a row that is refused has a row number and a reason code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from geo_registry.errors import RuleBroken
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.plates_names import DOOR_COLUMNS, PLACE_COLUMNS
from geo_registry.exchange.plates_read import open_table
from geo_registry.person.rules import Document, check_document, last_two, sex_disagrees
from geo_registry.residence.tables import CATEGORIES
from geo_registry.text import clean

Values = dict[str, Any]
UNIT_COLUMNS: Final = ("community_code", *PLACE_COLUMNS, *DOOR_COLUMNS)
Reference = tuple[str, ...]
"""A unit as a list names it: community code, place names and door, in the order of `UNIT_COLUMNS`."""
_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
_TRUE: Final = frozenset({"true", "1", "yes", "是", "t", "y"})


@dataclass(frozen=True, slots=True)
class Known:
    """A person as a row tells it: the checked document and the least fields beside it."""

    document: Document
    name: str
    sex: str
    birth: date | None
    phone: str | None

    @property
    def tail(self) -> str:
        """The last two characters of the number."""
        return last_two(self.document.normal)


@dataclass(frozen=True, slots=True)
class Stay:
    """居住: where a row says that the person lives or lived, since when, and how it is registered."""

    unit: Reference
    category: str
    relation: str | None
    since: date
    until: date | None
    registered_on: date | None
    expires_on: date | None
    status: str | None
    hukou_unit: Reference | None
    hukou_code: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read, or the reason for which it was refused."""

    number: int
    known: Known | None = None
    stay: Stay | None = None
    reason: str | None = None


def read_rows(load: Load, today: date, doubts: "dict[str, int]") -> Iterator[Row]:
    """Yield the rows of the file; `doubts` counts remarks that do not block.

    Columns that the mapping does not name are dropped before anything is read: whatever they hold
    never reaches the registry, and the report tells only how many they were.
    """
    unreadable: list[int] = []
    header, total, tables = open_table(load.request.path, lambda number, _: unreadable.append(number))
    sources = load.request.mapping.sources_in(header)
    ignored = len(header) - len({source.column for source in sources.values()})
    if ignored:
        doubts["columns-ignored"] = doubts.get("columns-ignored", 0) + ignored
    number = 0
    for table in tables:
        columns = {ours: table.column(source.column).to_pylist() for ours, source in sources.items()}
        for place in range(table.num_rows):
            number += 1
            values = {ours: column[place] for ours, column in columns.items()}
            yield _row(number, {**load.request.mapping.constants, **values}, today, doubts)
        load.request.progress("reading and checking", number, total)
    yield from (Row(one, reason="row-unreadable") for one in unreadable)


def _row(number: int, values: Values, today: date, doubts: "dict[str, int]") -> Row:
    try:
        known = _known(values, today, doubts)
        return Row(number, known, _stay(values, today))
    except RuleBroken as error:
        return Row(number, reason=error.code)


def _known(values: Values, today: date, doubts: "dict[str, int]") -> Known:
    name = _text(values.get("name")).replace("\x00", "")
    if not name:
        raise RuleBroken("name-missing", "缺少姓名", field="name")
    document = check_document(_text(values.get("id_type")) or "111", _text(values.get("id_number")), on=today)
    stated, sex = _day(values.get("birth_date")), _text(values.get("sex"))
    if sex not in {"1", "2"}:
        sex = document.sex or (sex if sex in {"0", "9"} else "0")
    for doubt, is_so in (
        ("sex-disagrees", sex_disagrees(document, sex)),
        ("birth-disagrees", None not in {stated, document.birth_date} and stated != document.birth_date),
    ):
        if is_so:
            doubts[doubt] = doubts.get(doubt, 0) + 1
    birth = document.birth_date or stated
    if birth is not None and not date(1880, 1, 1) <= birth <= today:
        raise RuleBroken("birth-impossible", "出生日期超出合理范围", field="birth_date")
    phone = re.sub(r"[\s-]", "", _text(values.get("phone")))
    return Known(document, name, sex, birth, phone[:20] or None)


def _stay(values: Values, today: date) -> Stay:
    category, since, until = _text(values.get("kind")), _day(values.get("since")), _day(values.get("until"))
    if category not in CATEGORIES:
        raise RuleBroken("category-unknown", "人员类别不在五类之内", field="kind")
    if since is None:
        raise RuleBroken("since-missing", "缺少居住起始日期", field="since")
    if until is not None and until <= since:
        raise RuleBroken("period-empty", "居住终止日期不晚于起始日期", field="until")
    registered_on, expires_on = _day(values.get("registered_on")), _day(values.get("registered_until"))
    if registered_on and expires_on and expires_on <= registered_on:
        raise RuleBroken("registration-period", "登记终止日期不晚于登记日期", field="registered_until")
    relation = _text(values.get("relation_to_head"))[:1]
    scope, code = _text(values.get("hukou_scope")), _text(values.get("hukou_division_code")) or None
    unit = _reference(values, "")
    hukou_unit = {"here": unit, "town": _reference(values, "hukou_")}.get(scope)
    return Stay(
        unit, category, relation if relation.isdecimal() else None, since, until, registered_on, expires_on,
        _status(values, registered_on, expires_on, until, today), hukou_unit, None if hukou_unit else code,
    )  # fmt: skip


def _status(
    values: Values, registered_on: date | None, expires_on: date | None, until: date | None, today: date
) -> str | None:
    """Return the status of a registration: active, or how it ended."""
    if registered_on is None:
        return None
    if _text(values.get("registered")).lower() in _TRUE and (expires_on is None or expires_on > today):
        return "active"
    return "cancelled" if until is not None and (expires_on is None or until < expires_on) else "expired"


def _reference(values: Values, prefix: str) -> Reference:
    return tuple(_text(values.get(prefix + name)) for name in UNIT_COLUMNS)


def _text(value: object) -> str:
    return "" if value is None else clean(str(value))


def _day(value: object) -> date | None:
    """Return a day, None for an empty cell.

    Raises:
        RuleBroken: `date-unreadable`.

    """
    if value is None or isinstance(value, date):
        # A moment is a day too, with a time that nobody needs.
        return date(value.year, value.month, value.day) if value is not None else None
    text = _text(value)
    if not text:
        return None
    found = _DAY.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else _unreadable()
    except ValueError:
        return _unreadable()


def _unreadable() -> date:
    raise RuleBroken("date-unreadable", "日期无法识别", field="date")
