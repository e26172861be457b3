"""Keyset pages: cursors and limits."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.codes import new_id
from geo_registry.errors import RuleBroken
from geo_registry.pages import checked_limit, cut, read_cursor, write_cursor


def test_a_cursor_gives_back_its_key() -> None:
    last = new_id()
    assert read_cursor(write_cursor(119, last), int, UUID) == (119, last)
    assert read_cursor(write_cursor("映山区", last), str, UUID) == ("映山区", last)


@given(st.text(max_size=60))
def test_a_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(RuleBroken, match=r"^cursor-invalid: "):
        read_cursor(text, int, UUID)


@pytest.mark.parametrize("limit", [0, -1, 101, 10**9])
def test_a_page_has_1_to_100_rows(limit: int) -> None:
    with pytest.raises(RuleBroken, match=r"^limit-invalid: "):
        checked_limit(limit)


def test_the_last_page_has_no_cursor() -> None:
    assert cut([1, 2, 3], 2, lambda row: (row,)).next == write_cursor(2)
    assert cut([1, 2], 2, lambda row: (row,)).next is None
    assert cut([], 2, lambda row: (row,)).rows == ()
