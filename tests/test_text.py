"""Normal forms of Chinese text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.text import clean, fold_numerals, initials, normal_key, pinyin, to_chinese, to_int


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("８０栋付１０６号", "80栋付106号"),
        ("  映月路　218弄 ", "映月路 218弄"),
        ("9─3", "9-3"),
        ("29―1", "29-1"),
        ("12－3－1001", "12-3-1001"),
        ("上海巿", "上海市"),
        ("地下ㄧ層", "地下一層"),
        ("a\u200bb\x07", "ab"),
        ("\u202e路月映\u2069", "路月映"),
        ("映月\x9b路\u200f", "映月路"),
        ("", ""),
    ],
)
def test_clean_keeps_the_script_and_drops_the_noise(raw: str, wanted: str) -> None:
    assert clean(raw) == wanted


@given(st.text())
def test_clean_and_key_are_stable(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert normal_key(normal_key(text)) == normal_key(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("臺北市", "台北市"),
        ("中央裡", "中央里"),
        ("119號", "119号"),
        ("二 樓", "二楼"),
        ("東區", "東区"),
        ("a棟", "Ａ栋"),
    ],
)
def test_variants_share_one_key(one: str, other: str) -> None:
    assert normal_key(one) == normal_key(other)


def test_a_name_of_its_own_is_not_folded() -> None:
    assert normal_key("東興路") == "東興路"


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("十二", 12),
        ("廿", 20),
        ("廿三", 23),
        ("卅一", 31),
        ("一百零八", 108),
        ("一百八", 108),
        ("一〇二", 102),
        ("○", None),
        ("壹", 1),
        ("九百九十九", 999),
        ("402", 402),
        ("", None),
        ("三三十", None),
        ("十百", None),
        ("三廿", None),
        ("甲", None),
        ("零百", None),
    ],
)
def test_numerals_are_read(numeral: str, value: int | None) -> None:
    assert to_int(numeral) == value


@given(st.integers(0, 9999))
def test_numerals_go_there_and_back(number: int) -> None:
    assert to_int(to_chinese(number)) == number


@pytest.mark.parametrize("number", [-1, 10_000])
def test_numerals_end_somewhere(number: int) -> None:
    with pytest.raises(ValueError, match="no plate numeral"):
        to_chinese(number)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("光明九路", "光明9路"),
        ("三民路", "三民路"),
        ("五一路", "五一路"),
        ("十八路", "18路"),
        ("一〇一路", "101路"),
        ("中山路一段", "中山路1段"),
    ],
)
def test_counts_before_a_generic_word_become_digits(raw: str, wanted: str) -> None:
    assert fold_numerals(raw, "路段") == wanted


def test_sound_and_initials() -> None:
    assert pinyin("映月路") == "yingyuelu"
    assert initials("映月路218弄") == "yyl218l"
