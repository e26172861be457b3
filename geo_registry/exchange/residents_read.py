"""Rows of a list of residents, some thousand at a time: checked, and free of all the register does not keep.

Nothing here names a value in an error: a row that is refused has a row number and a reason code. Columns
that the mapping does not name are never read; those that nobody may keep are refused even when it does.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

import pyarrow as pa

from geo_registry.address.reading.standardizer import Standardizer
from geo_registry.address.standardize import standardizer_with
from geo_registry.errors import RuleBroken
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.mapping import Source
from geo_registry.exchange.plates_names import DOOR_COLUMNS, PLACE_COLUMNS
from geo_registry.exchange.plates_read import combined, open_table, texts
from geo_registry.exchange.streets import profile_of
from geo_registry.person.rules import Document, check_document, last_two, sex_disagrees
from geo_registry.residence.tables import ABSENCE_REASONS, CATEGORIES, END_REASONS, INFORMANTS
from geo_registry.text import clean

UNIT_COLUMNS: Final = ("community_code", *PLACE_COLUMNS, *DOOR_COLUMNS)
Reference = tuple[str, ...]
"""A unit as a list names it: community code, place names and door, in the order of `UNIT_COLUMNS`."""
ROWS: Final = 16_384
NEVER_KEPT: Final = frozenset(
    {
        "民族", "宗教", "宗教信仰", "政治面貌", "婚姻状况", "文化程度", "学历", "健康状况", "血型", "指纹",
        "籍贯", "兵役状况", "mz", "mzdm", "zjxy", "zzmm", "hyzk", "whcd", "jkzk", "xx", "jg", "byzk",
        "ethnicity", "religion", "party", "marital_status", "education", "health",
    }
)  # fmt: skip
"""Headings of columns that many lists have and nobody may keep; they are counted and left unread."""
_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
_TRUE: Final = frozenset({"true", "1", "yes", "是", "t", "y"})
_STATUSES: Final = frozenset({"active", "expired", "cancelled", "changed"})
_TEXT_COLUMNS: Final = (
    "name", "sex", "id_type", "id_number", "phone", "kind", "relation_to_head", "household_key",
    "household_kind", "registered", "registration_status", "end_reason", "hukou_scope",
    "hukou_division_code", "hukou_address", "away_reason", "informant", "whereabouts_code", "whereabouts",
)  # fmt: skip
_DAY_COLUMNS: Final = (
    "birth_date", "since", "until", "registered_on", "registered_until", "registration_ended_on",
    "verified_on", "away_since",
)  # fmt: skip
_NUMBER: Final = UNIT_COLUMNS.index("number")
_PART_COLUMNS: Final = {"street_number": "number", "building": "building_no"}
# One cell a column, whatever the file holds there.
_Cells = Any
_cells_of = namedtuple("_cells_of", (*_TEXT_COLUMNS, *_DAY_COLUMNS))  # type: ignore[misc]  # noqa: PYI024
_UNREADABLE: Final = object()


class Known(NamedTuple):
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


class Stay(NamedTuple):
    """居住: where a row says that the person lives or lived, since when, and how it is registered.

    Without `since` the row tells only that somebody whose hukou is here is away.
    """

    category: str
    relation: str | None
    since: date | None
    until: date | None
    registered_on: date | None
    expires_on: date | None
    status: str | None
    ended_on: date | None
    end_reason: str | None
    verified_on: date | None
    household: str | None
    household_kind: str
    hukou_code: str | None
    hukou_address: str | None
    away_since: date | None
    away_reason: str | None
    informant: str | None
    whereabouts_code: str | None
    whereabouts: str | None


class Row(NamedTuple):
    """A row that was read, or the reason for which it was refused; units by their place in the batch."""

    number: int
    known: Known | None = None
    stay: Stay | None = None
    unit: int | None = None
    hukou_unit: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some thousand rows with the units they name, each unit once."""

    rows: list[Row]
    units: list[Reference]


def read_batches(load: Load, today: date, doubts: dict[str, int]) -> Iterator[Batch]:
    """Yield the rows of the file; `doubts` counts remarks that do not block.

    Raises:
        RuleBroken: `column-never-kept` when a mapping names what nobody may keep.

    """
    unreadable: list[int] = []
    header, total, tables = open_table(load.request.path, lambda number, _: unreadable.append(number))
    sources = load.request.mapping.sources_in(header)
    _note_columns(header, sources, doubts)
    number = 0
    for whole in tables:
        for start in range(0, whole.num_rows, ROWS):
            table = whole.slice(start, ROWS)
            yield _batch(load, sources, table, number, today, doubts)
            number += table.num_rows
            load.request.progress("reading and checking", number, total)
    if unreadable:
        yield Batch([Row(one, reason="row-unreadable") for one in unreadable], [])


def _note_columns(header: Sequence[str], sources: dict[str, Source], doubts: dict[str, int]) -> None:
    read = {source.column for source in sources.values()}
    if any(name.casefold() in NEVER_KEPT for name in read):
        raise RuleBroken(
            "column-never-kept", "映射读取了登记系统不得保存的列；请从映射文件中删去该列", field="mapping"
        )
    left = [name for name in header if name not in read]
    banned = sum(name.strip().casefold() in NEVER_KEPT for name in left)
    for doubt, count in (("columns-ignored", len(left) - banned), ("columns-never-kept", banned)):
        if count:
            doubts[doubt] = doubts.get(doubt, 0) + count


def _batch(
    load: Load, sources: dict[str, Source], table: pa.Table, number: int, today: date, doubts: dict[str, int]
) -> Batch:
    constants = load.request.mapping.constants

    def column(name: str) -> tuple[Any, list[str]]:
        return texts(table, sources.get(name), constants.get(name, ""))

    places, units = combined([column(name) for name in (*UNIT_COLUMNS, "address")])
    hukou_places, hukou_units = combined([column(f"hukou_{name}") for name in UNIT_COLUMNS])
    found = [_cleaned(column(name), str) for name in _TEXT_COLUMNS]
    found += [_cleaned(column(name), _day_cell) for name in _DAY_COLUMNS]
    rows = [
        _row(turn, _cells_of(*cells), place, len(units) + hukou_place, today, doubts)
        for turn, (place, hukou_place, *cells) in enumerate(
            zip(places.tolist(), hukou_places.tolist(), *found, strict=True), start=number + 1
        )
    ]
    reader = standardizer_with(None, profile_of(load)) if "address" in sources else None
    named = [_unit(reader, *map(clean, one)) for one in units]
    return Batch(rows, [*named, *(tuple(map(clean, one)) for one in hukou_units)])


def _unit(reader: Standardizer | None, *cells: str) -> Reference:
    """Return the columns that name a unit; where they give no number, the text of the address tells them."""
    *columns, address = cells
    if columns[_NUMBER] or not address or reader is None:
        return tuple(columns)
    told = {_PART_COLUMNS.get(part.kind, part.kind): part.text for part in reader.read(address).parts}
    return (columns[0], *(told.get(name, "") for name in UNIT_COLUMNS[1:]))


def _cleaned(column: tuple[Any, list[str]], form: Callable[[str], Any]) -> list[Any]:
    """Return a column row by row, each distinct text cleaned once."""
    codes, values = column
    forms = [form(clean(value)) for value in values]
    return [forms[code] for code in codes.tolist()]


def _row(number: int, cells: _Cells, unit: int, hukou_unit: int, today: date, doubts: dict[str, int]) -> Row:
    try:
        known, stay = _known(cells, today, doubts), _stay(cells, today)
    except RuleBroken as error:
        return Row(number, reason=error.code)
    hukou = {"here": unit, "town": hukou_unit}.get(cells.hukou_scope)
    if hukou is not None:
        stay = stay._replace(hukou_code=None, hukou_address=None)
    return Row(number, known, stay, unit if stay.since else None, hukou)


def _known(cells: _Cells, today: date, doubts: dict[str, int]) -> Known:
    name = cells.name.replace("\x00", "")
    if not name:
        raise RuleBroken("name-missing", "缺少姓名", field="name")
    document = check_document(cells.id_type or "111", cells.id_number, on=today)
    stated, sex = _day(cells.birth_date), cells.sex
    if sex not in {"1", "2"}:
        sex = document.sex or (sex if sex in {"0", "9"} else "0")
    if sex_disagrees(document, sex):
        doubts["sex-disagrees"] = doubts.get("sex-disagrees", 0) + 1
    if stated and document.birth_date and stated != document.birth_date:
        doubts["birth-disagrees"] = doubts.get("birth-disagrees", 0) + 1
    birth = document.birth_date or stated
    if birth is not None and not date(1880, 1, 1) <= birth <= today:
        raise RuleBroken("birth-impossible", "出生日期超出合理范围", field="birth_date")
    phone = cells.phone.replace(" ", "").replace("-", "")
    return Known(document, name, sex, birth, phone[:20] or None)


def _stay(cells: _Cells, today: date) -> Stay:
    since, until, away_since = _day(cells.since), _day(cells.until), _day(cells.away_since)
    if cells.kind not in CATEGORIES:
        raise RuleBroken("category-unknown", "人员类别不在五类之内", field="kind")
    if since is None and away_since is None:
        raise RuleBroken("since-missing", "缺少居住起始日期", field="since")
    if until is not None and since is not None and until <= since:
        raise RuleBroken("period-empty", "居住终止日期不晚于起始日期", field="until")
    registered_on, expires_on = _day(cells.registered_on), _day(cells.registered_until)
    ended_on, verified_on = _day(cells.registration_ended_on), _day(cells.verified_on)
    if any(
        day is not None and day > today for day in (since, away_since, registered_on, ended_on, verified_on)
    ):
        raise RuleBroken("day-later", "日期晚于今天，请核对年份", field="since")
    if registered_on and expires_on and expires_on <= registered_on:
        raise RuleBroken("registration-period", "登记终止日期不晚于登记日期", field="registered_until")
    relation = cells.relation_to_head[:1]
    return Stay(
        category=cells.kind, relation=relation if relation.isdecimal() else None, since=since, until=until,
        registered_on=registered_on, expires_on=expires_on,
        status=_status(cells, registered_on, expires_on, until, today),
        ended_on=ended_on,
        end_reason=_one_of(cells.end_reason, END_REASONS, "end-reason-unknown") if until else None,
        verified_on=verified_on, household=cells.household_key or None,
        household_kind="collective" if cells.household_kind == "collective" else "family",
        hukou_code=cells.hukou_division_code or None,
        hukou_address=cells.hukou_address[:120] or None if cells.hukou_division_code else None,
        away_since=away_since,
        away_reason=_one_of(cells.away_reason or "other", ABSENCE_REASONS, "away-reason-unknown"),
        informant=_one_of(cells.informant or "committee", INFORMANTS, "informant-unknown"),
        whereabouts_code=cells.whereabouts_code or None, whereabouts=cells.whereabouts[:120] or None,
    )  # fmt: skip


def _one_of(text: str, values: Sequence[str], reason: str) -> str | None:
    if text and text not in values:
        raise RuleBroken(reason, "该列的值不在规定的范围之内")
    return text or None


def _status(
    cells: _Cells, registered_on: date | None, expires_on: date | None, until: date | None, today: date
) -> str | None:
    """Return the status of a registration: as the list says, else active, or how it ended."""
    if registered_on is None:
        return None
    if cells.registration_status == "active" and expires_on is not None and expires_on <= today:
        return "expired"
    if cells.registration_status:
        return _one_of(cells.registration_status, sorted(_STATUSES), "status-unknown")
    if cells.registered.lower() in _TRUE and (expires_on is None or expires_on > today):
        return "active"
    return "cancelled" if until is not None and (expires_on is None or until < expires_on) else "expired"


def _day(cell: object) -> date | None:
    """Return a day, None for an empty cell.

    Raises:
        RuleBroken: `date-unreadable`.

    """
    if cell is _UNREADABLE:
        raise RuleBroken("date-unreadable", "日期无法识别", field="date")
    return cell  # type: ignore[return-value]


def _day_cell(text: str) -> object:
    if not text:
        return None
    found = _DAY.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else _UNREADABLE
    except ValueError:
        return _UNREADABLE
