"""What becomes of a chunk of rows: each text standardized or matched, one line of the result a row.

A row that cannot be read has its line too, with a note that says why.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import orjson

from geo_registry.address.reading.parts import Reading
from geo_registry.errors import Unavailable
from geo_registry.exchange.bulk import Done
from geo_registry.exchange.bulk_read import Row
from geo_registry.exchange.report import harmless

if TYPE_CHECKING:
    from geo_registry.address.matching import Match

LONGEST: Final = 500
CANDIDATES: Final = 3
CLASSES: Final = {"1.00": 1.0, "0.90-0.99": 0.9, "0.70-0.89": 0.7, "0.50-0.69": 0.5, "below 0.50": 0.0}
"""Classes of confidence, and the lowest confidence of each."""
UNREAD: Final = ("empty", "too long", "broken", "failed")
"""Classes of rows that were not read."""
COLUMNS: Final = (
    "row", "input", "grade", "code", "standard", "kind", "score", "lon", "lat", "reasons", "read_as",
    *(f"candidate_{n}{part}" for n in range(1, CANDIDATES + 1) for part in ("", "_code", "_score")),
)  # fmt: skip
"""Columns of a list of matches; those kept of the input follow."""
UNDECODED: Final = "有无法解码的字节，以 \ufffd 代替"

_Answer = TypeVar("_Answer")


class Unread(NamedTuple):
    """A row that was not read: its class, and why as a sentence."""

    name: str
    note: str


def standardized(rows: Sequence[Row], *, ask: Callable[[Sequence[str]], Sequence[Reading]]) -> Done:
    """Return the readings of a chunk as lines of JSON."""
    lines, counts = bytearray(), Counter[str]()
    for row, answer in _answered(rows, ask):
        if isinstance(answer, Unread):
            counts[answer.name] += 1
            reading = Reading(row.text, "", 0.0, (), (), (answer.note,))
        else:
            counts[next(name for name, least in CLASSES.items() if answer.confidence >= least)] += 1
            reading = answer
        if "\ufffd" in row.text:
            reading = replace(reading, notes=(*reading.notes, UNDECODED))
        lines += orjson.dumps(reading.as_json(), option=orjson.OPT_APPEND_NEWLINE)
    return Done(bytes(lines), counts)


def matched(rows: Sequence[Row], *, ask: "Callable[[Sequence[str]], Sequence[Match]]") -> Done:
    """Return the matches of a chunk as lines of CSV; no cell is a formula."""
    out, counts = io.StringIO(), Counter[str]()
    writer = csv.writer(out)
    for row, answer in _answered(rows, ask):
        if isinstance(answer, Unread):
            counts[answer.name] += 1
            cells: list[object] = [row.number, row.text, "none", *[""] * 6, answer.note]
        else:
            counts[answer.grade] += 1
            cells = [row.number, row.text, answer.grade, *_match_cells(answer)]
        if "\ufffd" in row.text:
            cells[COLUMNS.index("reasons")] = f"{cells[COLUMNS.index('reasons')]}；{UNDECODED}".lstrip("；")
        cells += [""] * (len(COLUMNS) - len(cells))
        writer.writerow(map(harmless, (*cells, *row.kept)))
    return Done(out.getvalue().encode(), counts)


def match_head(kept: Sequence[str]) -> bytes:
    """Return the head of a list of matches; by its first bytes a spreadsheet knows that it is UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerow(map(harmless, (*COLUMNS, *kept)))
    return out.getvalue().encode("utf-8-sig")


def _match_cells(match: "Match") -> Iterator[object]:
    best = match.best
    if best:
        yield from (best.code, best.text, best.kind, round(best.score, 3), best.lon, best.lat)
    else:
        yield from [""] * 6
    yield "；".join(dict.fromkeys((*match.reasons, *(best.reasons if best else ()))))
    yield match.reading.standard
    for candidate in match.candidates[:CANDIDATES]:
        yield from (candidate.text, candidate.code, round(candidate.score, 3))


def _answered(
    rows: Sequence[Row], ask: Callable[[Sequence[str]], Sequence[_Answer]]
) -> Iterator[tuple[Row, _Answer | Unread]]:
    """Yield each row with its answer, or why it has none."""
    unfit = [_unfit(row) for row in rows]
    answers = iter(_asked([row.text for row, why in zip(rows, unfit, strict=True) if not why], ask))
    for row, why in zip(rows, unfit, strict=True):
        yield row, why or next(answers)


def _unfit(row: Row) -> Unread | None:
    if row.fault:
        return Unread("broken", f"不是表格中的一行，未读：{row.fault}")
    if not row.text.strip():
        return Unread("empty", "这一格是空的")
    if len(row.text) > LONGEST:
        return Unread("too long", f"超过 {LONGEST} 个字符，未读")
    return None


def _asked(texts: list[str], ask: Callable[[Sequence[str]], Sequence[_Answer]]) -> Sequence[_Answer | Unread]:
    """Ask for all texts at once; where one of them makes that fail, for each alone."""
    if not texts:
        return []
    try:
        return ask(texts)
    except Exception as error:  # whatever it is, one row must not stop a file of millions
        if len(texts) == 1:
            if isinstance(error, Unavailable):
                raise
            return [Unread("failed", f"处理这一行时出错（{type(error).__name__}）")]
        return [answer for text in texts for answer in _asked([text], ask)]
