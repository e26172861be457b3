"""Spellings of divisions: in full, in short, without peoples, with other generic words."""

import pytest

from geo_registry.gazetteer.spellings import short_name, spellings, usual_name
from geo_registry.gazetteer.table import (
    CITY,
    COMMUNITY,
    DEVELOPMENT_ZONE,
    DISTRICT,
    PROVINCE,
    TOWNSHIP,
)  # fmt: skip

CASES = [
    ("浙江省", PROVINCE, {"浙江"}),
    ("内蒙古自治区", PROVINCE, {"内蒙古"}),
    ("新疆维吾尔自治区", PROVINCE, {"新疆", "新疆自治区", "新疆省"}),
    ("广西壮族自治区", PROVINCE, {"广西", "广西省"}),
    ("宁夏回族自治区", PROVINCE, {"宁夏"}),
    ("西藏自治区", PROVINCE, {"西藏"}),
    ("杭州市", CITY, {"杭州"}),
    ("延边朝鲜族自治州", CITY, {"延边", "延边州"}),
    ("克孜勒苏柯尔克孜自治州", CITY, {"克孜勒苏", "克孜勒苏州"}),
    ("黔西南布依族苗族自治州", CITY, {"黔西南", "黔西南州"}),
    ("大兴安岭地区", CITY, {"大兴安岭"}),
    ("余杭区", DISTRICT, {"余杭", "余杭市", "余杭县"}),
    ("景宁畲族自治县", DISTRICT, {"景宁", "景宁县", "景宁自治县"}),
    ("东乡族自治县", DISTRICT, {"东乡", "东乡县"}),
    ("积石山保安族东乡族撒拉族自治县", DISTRICT, {"积石山", "积石山县"}),
    ("和布克赛尔蒙古自治县", DISTRICT, {"和布克赛尔", "和布克赛尔县"}),
    ("龙胜各族自治县", DISTRICT, {"龙胜", "龙胜县"}),
    ("鄂温克族自治旗", DISTRICT, {"鄂温克", "鄂温克旗"}),
    ("科尔沁左翼中旗", DISTRICT, {"科左中旗"}),
    ("土默特左旗", DISTRICT, {"土左旗"}),
    ("五常街道", TOWNSHIP, {"五常", "五常街道办事处", "五常街办", "五常镇"}),
    ("江口街道办事处", TOWNSHIP, {"江口", "江口街道"}),
    ("龙港镇", TOWNSHIP, {"龙港", "龙港街道"}),
    ("于家务回族乡", TOWNSHIP, {"于家务", "于家务乡", "于家务镇"}),
    ("高碑店地区", TOWNSHIP, {"高碑店", "高碑店乡", "高碑店地区办事处"}),
    ("石家庄经济技术开发区", DEVELOPMENT_ZONE, {"石家庄经济开发区", "石家庄开发区"}),
    ("顾家桥社区居委会", COMMUNITY, {"顾家桥社区", "顾家桥", "顾家桥村", "顾家桥居委会"}),
    ("沿山村村民委员会", COMMUNITY, {"沿山村", "沿山村委会", "沿山社区", "沿山"}),
    ("巴音乌拉嘎查委员会", COMMUNITY, {"巴音乌拉嘎查", "巴音乌拉"}),
]


@pytest.mark.parametrize(("name", "level", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_a_division_is_known_by_its_spellings(name: str, level: int, wanted: set[str]) -> None:
    found = [text for text, _ in spellings(name, level)]
    assert found[0] == name
    assert wanted <= set(found)


@pytest.mark.parametrize(("name", "level"), [("祁县", DISTRICT), ("杨镇", TOWNSHIP), ("肖村", COMMUNITY)])
def test_one_character_is_no_name(name: str, level: int) -> None:
    assert all(len(text) > 1 for text, _ in spellings(name, level))


@pytest.mark.parametrize("name", ["大街居委会", "新村社区居委会", "南路社区居委会", "街道社区居委会"])
def test_a_generic_word_alone_is_no_community(name: str) -> None:
    shortest = min((text for text, _ in spellings(name, COMMUNITY)), key=len)
    assert shortest.endswith(("社区", "居委会", "村"))
    assert len(shortest) > 2


@pytest.mark.parametrize(
    ("name", "usual"),
    [
        ("顾家桥社区居民委员会", "顾家桥社区"),
        ("沿山村委会", "沿山村"),
        ("沿山村村委会", "沿山村"),
        ("官庄大队村民委员会", "官庄大队"),
        ("云南中路居委会", "云南中路居委会"),
        ("名居花园（万科）社区居委会", "名居花园社区"),
        ("巴音乌拉嘎查委员会", "巴音乌拉嘎查"),
        ("第一管理区", "第一管理区"),
    ],
)
def test_a_community_is_called_without_its_committee(name: str, usual: str) -> None:
    assert usual_name(name, COMMUNITY) == usual


def test_a_short_name_is_the_name_when_nothing_else_is_left() -> None:
    assert short_name("杭州市", CITY) == "杭州"
    assert short_name("祁县", DISTRICT) == "祁县"
