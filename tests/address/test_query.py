"""Free text to parts, as one types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.address.profile import load_profile
from geo_registry.address.search.query import Query, read_query
from geo_registry.codes import CodeKind, format_code, new_code

CHAINS = [
    ("shanghai", "映月路218弄6号402室", ["映月路", "218弄"], "6", "r402"),
    ("shanghai", "映月路 218弄 ６号 ４０２", ["映月路", "218弄"], "6", "r402"),
    ("shanghai", "新村路5号", ["新村路"], "5", ""),
    ("shanghai", "花园路1号", ["花园路"], "1", ""),
    ("shanghai", "南京路步行街3号", ["南京路步行街"], "3", ""),
    ("shanghai", "幸福小区12幢3单元1001室", ["幸福小区"], "b12", "e3/r1001"),
    ("shanghai", "映月路218弄幸福小区12-3-1001", ["映月路", "218弄", "幸福小区"], "b12", "e3/r1001"),
    ("road-section", "中山路119號二樓", ["中山路"], "119", "f2"),
    ("road-section", "中山路一段24巷3弄119之1號", ["中山路", "一段", "24巷", "3弄"], "119-1", ""),
    ("road-section", "中山路1段臨8之6號", ["中山路", "一段"], "T8-6", ""),
    ("road-section", "市府路1號", ["市府路"], "1", ""),
    ("road-section", "新市街3號", ["新市街"], "3", ""),
    ("road-section", "中正路128衖60號", ["中正路", "128衖"], "60", ""),
    ("village", "彭家湾三组25号附1号", ["彭家湾", "3组"], "25-1", ""),
]


@pytest.mark.parametrize(("code", "text", "names", "number_key", "unit_key"), CHAINS)
def test_complete_addresses(code: str, text: str, names: list[str], number_key: str, unit_key: str) -> None:
    query = read_query(load_profile(code), text)
    assert [name.text for name in query.names] == names
    assert (query.number_key, query.unit_key, query.rest) == (number_key, unit_key, "")
    assert not query.number_is_prefix
    assert not query.unit_is_prefix


@pytest.mark.parametrize(
    ("code", "text", "number_key", "unit_key", "rule"),
    [
        ("shanghai", "映月路218弄6", "6", "", "number-without-its-word"),
        ("shanghai", "映月路218", "218", "", "number-without-its-word"),
        ("shanghai", "映月路6号4", "6", "r4", "unit-unfinished"),
        ("road-section", "中山路119號二", "119", "f2", "unit-unfinished"),
    ],
)
def test_unfinished_addresses(code: str, text: str, number_key: str, unit_key: str, rule: str) -> None:
    query = read_query(load_profile(code), text)
    assert (query.number_key, query.unit_key) == (number_key, unit_key)
    assert query.number_is_prefix is (rule == "number-without-its-word")
    assert query.unit_is_prefix is (rule == "unit-unfinished")
    assert [one.rule for one in query.assumptions] == [rule]


def test_a_name_without_its_generic_word_is_open() -> None:
    query = read_query(load_profile("shanghai"), "映月218弄6号")
    assert [(name.text, name.is_open) for name in query.names] == [("映月", True), ("218弄", False)]
    assert [one.rule for one in query.assumptions] == ["generic-missing"]


def test_divisions_in_front() -> None:
    query = read_query(load_profile("road-section"), "新竹市北區中央里10鄰中山路111號")
    assert query.divisions == (("city", "新竹市"), ("township", "北區"), ("community", "中央里"))
    assert query.neighborhood == 10
    assert [name.text for name in query.names] == ["中山路"]
    assert {one.rule for one in query.assumptions} == {"division-by-its-word"}


def test_known_divisions_decide() -> None:
    profile = load_profile("road-section")
    text = "東里五街3號"
    guessed, known = read_query(profile, text), read_query(profile, text, divisions=frozenset({"北区"}))
    assert guessed.divisions == (("community", "東里"),)
    assert known.divisions == ()
    assert [name.text for name in known.names] == ["東里五街"]
    assert read_query(profile, "北區中山路1號", divisions=frozenset({"北区"})).divisions == (
        ("township", "北區"),
    )


def test_a_province_in_front() -> None:
    query = read_query(load_profile("village"), "四川省乐山市沙湾镇彭家村彭家湾3组25号")
    assert [name for _, name in query.divisions] == ["四川省", "乐山市", "沙湾镇", "彭家村"]


@pytest.mark.parametrize(
    ("text", "letters", "figures"),
    [("yyl218", "yyl", (218,)), ("YYL 218-6", "yyl", (218, 6)), ("yingyuelu", "yingyuelu", ())],
)
def test_letters(text: str, letters: str, figures: tuple[int, ...]) -> None:
    query = read_query(load_profile("shanghai"), text)
    assert (query.letters, query.figures, query.names) == (letters, figures, ())


def test_public_codes() -> None:
    code = new_code()
    assert read_query(load_profile("shanghai"), format_code("B", code).lower()).code == (
        CodeKind.BUILDING,
        code,
    )


def test_what_is_not_understood_is_left_over() -> None:
    query = read_query(load_profile("shanghai"), "映月路6号楼梯口")
    assert query.rest == "6号楼梯口"
    assert read_query(load_profile("shanghai"), "").names == ()


@given(st.sampled_from(["road-section", "shanghai", "village"]), st.text(max_size=40))
def test_any_text_is_read(code: str, text: str) -> None:
    assert isinstance(read_query(load_profile(code), text), Query)
