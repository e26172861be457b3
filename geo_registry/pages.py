"""Keyset pages: a cursor in, rows and the next cursor out.

A cursor is the sort key of the last row, as opaque text. Rows that arrive or leave between two pages neither
repeat nor hide others, and page 1 000 costs what page 1 costs.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from geo_registry.errors import RuleBroken

Row = TypeVar("Row")
MAX_LIMIT = 100
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows; `next` is the cursor of the page behind it, None on the last one."""

    rows: tuple[Row, ...]
    next: str | None


def write_cursor(*key: str | int | UUID) -> str:
    """Return the cursor of a sort key."""
    packed = _SEPARATOR.join(str(value) for value in key).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(cursor: str, *types: Callable[[str], Any]) -> tuple[Any, ...]:
    """Return the sort key of a cursor, each value made by its type.

    Raises:
        RuleBroken: `cursor-invalid` when the text was not made by `write_cursor` for the same list.

    """
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = packed.decode().split(_SEPARATOR)
        return tuple(make(value) for make, value in zip(types, values, strict=True))
    except (ValueError, binascii.Error) as error:
        raise RuleBroken("cursor-invalid", "翻页标记无效，请从第一页重新查询", field="after") from error


def checked_limit(limit: int) -> int:
    """Return the number of rows of a page when it lies in 1 to 100.

    Raises:
        RuleBroken: `limit-invalid` otherwise.

    """
    if not 1 <= limit <= MAX_LIMIT:
        raise RuleBroken("limit-invalid", f"每页条数应为 1 至 {MAX_LIMIT}", field="limit")
    return limit


def cut(rows: Sequence[Row], limit: int, key: Callable[[Row], tuple[str | int | UUID, ...]]) -> Page[Row]:
    """Return the page of at most `limit` rows from a query that asked for one row more."""
    shown = tuple(rows[:limit])
    return Page(shown, write_cursor(*key(shown[-1])) if len(rows) > limit else None)
