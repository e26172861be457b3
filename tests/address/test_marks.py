"""Which characters of a hit are marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.address.search.marks import marks, marks_of_letters
from geo_registry.text import initials, pinyin

# The dictionaries of sounds are read once, on first use.
pinyin("映月路")


def shown(text: str, ranges: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in ranges]


@pytest.mark.parametrize(
    ("text", "name", "behind", "begins", "marked"),
    [
        ("映月路218弄6号402室", "yyl", "218-6-402", 0, ["映月路218", "6", "402"]),
        ("映月路218弄6号402室", "yyl", "218弄6号402", 0, ["映月路218弄6号402"]),
        ("映月路218弄", "yingyuel", "", 0, ["映月路"]),
        ("映月路218弄", "yingy", "", 0, ["映月"]),
        ("映月路218弄", "y", "", 0, ["映"]),
        ("上海路6号", "sh", "6", 0, ["上海", "6"]),
        ("上海路6号", "sha", "", 0, ["上"]),
        ("映月路218弄6号", "映y路", "218", 0, ["映月路218"]),
        ("映月路6号", "yingyueL", "6", 0, ["映月路6"]),
        # A division that begins alike is no part of what was asked for.
        ("盐源龙区望澜街道映月路6号", "yyl", "6", 8, ["映月路6"]),
        # What lies in the middle of a name is marked there.
        ("映月路翠湖苑", "chy", "", 0, ["翠湖苑"]),
        ("新竹市東區民生東路五段33號", "msdlwd", "33", 5, ["民生東路五段33"]),
        ("民生东路5段33号", "minshengdongluwuduan", "33", 0, ["民生东路5段33"]),
        ("重庆路3号", "chongqinglu", "3", 0, ["重庆路3"]),
        # The letters led there by another name: nothing of the text is claimed for them.
        ("映月路218弄6号", "wcl", "6", 0, ["6"]),
    ],
)
def test_letters_mark_the_characters_that_they_spell(
    text: str, name: str, behind: str, begins: int, marked: list[str]
) -> None:
    assert shown(text, marks_of_letters(text, name, behind, begins)) == marked


def test_characters_are_marked_where_they_stand() -> None:
    assert shown("映山区映月路218弄6号", marks("映山区映月路218弄6号", "映月路6")) == ["映月路", "6"]
    assert shown("民生東路16號", marks("民生東路16號", "民生东路1")) == ["民生東路1"]


@given(
    st.text("映月路观星新村竹海水韵东西南北一二", min_size=1, max_size=8),
    st.sampled_from((pinyin, initials)),
    st.text("山区街道", max_size=4),
)
def test_a_whole_name_in_letters_is_marked_whole(name: str, read: object, before: str) -> None:
    assert callable(read)
    text = f"{before}{name}6号"
    assert marks_of_letters(text, read(name), "6", len(before)) == ((len(before), len(text) - 1),)
