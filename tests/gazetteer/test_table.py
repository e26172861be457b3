"""The table of divisions: names in a text, what lies in what, former divisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.gazetteer.compiling import division_gazetteer
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.former import Former, read_former
from geo_registry.gazetteer.table import (
    CITY,
    COMMUNITY,
    DEVELOPMENT_ZONE,
    DISTRICT,
    FORMER,
    FULL,
    LEVELS,
    MANY,
    PROVINCE,
    SHORT,
    TOWNSHIP,
    Gazetteer,
    Name,
)  # fmt: skip

NAMES = {
    "11": "北京市", "1101": "市辖区", "110105": "朝阳区", "110105001": "建外街道",
    "33": "浙江省", "3301": "杭州市", "330102": "上城区", "330102012": "九堡街道", "330105": "拱墅区",
    "330106": "西湖区", "330110": "余杭区", "330110005": "五常街道", "330110005001": "顾家桥社区居民委员会",
    "330110005498": "虚拟社区", "330114": "钱塘区", "330114001": "白杨街道",
    "3306": "绍兴市", "330602": "越城区", "330603": "柯桥区",
    "42": "湖北省", "4206": "襄阳市", "4290": "省直辖县级行政区划", "429004": "仙桃市", "429004001": "沙嘴街道",
    "44": "广东省", "4419": "东莞市", "441900": "东莞市", "441900003": "东城街道",
    "13": "河北省", "1309": "沧州市", "130982": "任丘市", "130982400": "河北任丘经济开发区",
    "34": "安徽省", "3401": "合肥市", "340181": "巢湖市", "340124": "庐江县",
    "3402": "芜湖市", "340281": "无为市", "3405": "马鞍山市", "340522": "含山县", "340523": "和县",
    "51": "四川省", "5101": "成都市", "510185": "简阳市", "5120": "资阳市",
}  # fmt: skip


@pytest.fixture(scope="module")
def table() -> Gazetteer:
    return division_gazetteer(NAMES, read_former())


def _one(table: Gazetteer, name: str, level: int | None = None) -> int:
    found = [one for one in table.meanings(fold(name)) if level in {None, one.level}]
    assert found, name
    return min(found, key=lambda one: one.way).place


def test_half_a_surrogate_pair_is_no_name(table: Gazetteer) -> None:
    folded = fold("浙江\ud800省杭州市\udfff")
    assert [folded[start:end] for start, end, _ in table.find(folded)] == ["浙江", "杭州", "杭州市"]
    assert table.meanings(fold("\ud800")) == table.inside(fold("\udc00"), 0) == ()


def test_names_are_found_where_they_stand(table: Gazetteer) -> None:
    text = fold("浙江省杭州市余杭區五常街道顾家桥社区1号")
    found = {text[start:end]: names for start, end, names in table.find(text)}
    assert [one.level for one in found["杭州市"]] == [CITY]
    assert found["余杭区"] == (Name(_one(table, "余杭区"), DISTRICT, FULL),)
    assert found["余杭"][0].way == SHORT
    assert found["顾家桥社区"][0].level == COMMUNITY
    community = found["顾家桥社区"][0].place
    assert table.name(community) == "顾家桥社区"
    assert table.code(community) == "330110005001"
    assert [table.name(one) for one in table.ancestors(community)] == [
        "五常街道",
        "余杭区",
        "杭州市",
        "浙江省",
    ]
    assert "虚拟社区" not in {table.name(one) for one in range(len(table))}


def test_a_municipality_is_province_and_city(table: Gazetteer) -> None:
    assert {one.level for one in table.meanings("北京市")} == {PROVINCE, CITY}
    assert table.parent(_one(table, "朝阳区")) == _one(table, "北京市")


def test_what_stands_between_without_a_name_is_left_out(table: Gazetteer) -> None:
    assert table.name(table.parent(_one(table, "仙桃市"))) == "湖北省"
    town = _one(table, "东城街道")
    assert table.name(table.parent(town)) == "东莞市"
    assert table.level(table.parent(town)) == CITY
    assert {one.level for one in table.meanings("东莞市") if one.way == FULL} == {CITY}


def test_a_development_zone_is_known_without_its_parents(table: Gazetteer) -> None:
    zone = _one(table, "河北任丘经济开发区")
    assert table.level(zone) == DEVELOPMENT_ZONE
    assert {_one(table, name) for name in ("任丘经济开发区", "任丘开发区", "经济开发区")} == {zone}


def test_what_lies_in_what(table: Gazetteer) -> None:
    city, district, town = (_one(table, name) for name in ("杭州市", "余杭区", "五常街道"))
    assert table.is_within(town, district)
    assert table.is_within(town, city)
    assert not table.is_within(district, town)
    assert not table.is_within(district, district)
    assert not table.is_within(town, _one(table, "绍兴市"))


def test_a_renamed_division_is_a_name_of_what_it_became(table: Gazetteer) -> None:
    assert Name(_one(table, "襄阳市"), CITY, FORMER) in table.meanings("襄樊市")
    assert Name(_one(table, "襄阳市"), CITY, FORMER) in table.meanings("襄樊")
    assert Name(_one(table, "拱墅区"), DISTRICT, FORMER) in table.meanings("下城区")


def test_a_divided_division_holds_what_lay_in_it(table: Gazetteer) -> None:
    former = _one(table, "江干区")
    assert [table.name(one) for one in table.successors(former)] == ["上城区", "钱塘区"]
    assert table.name(table.parent(former)) == "杭州市"
    assert table.is_within(former, _one(table, "浙江省"))
    assert table.is_within(_one(table, "九堡街道"), former)
    assert table.is_within(_one(table, "白杨街道"), former)
    assert not table.is_within(_one(table, "五常街道"), former)
    assert table.successors(_one(table, "上城区")) == ()
    assert table.code(former) == ""
    assert table.inside("九堡街道", former) == (Name(_one(table, "九堡街道"), TOWNSHIP, FULL),)


def test_a_division_lies_in_its_former_parents_too(table: Gazetteer) -> None:
    assert table.is_within(_one(table, "简阳市"), _one(table, "资阳市"))
    former = _one(table, "巢湖市", CITY)
    assert len(table.successors(former)) == 5
    assert table.is_within(_one(table, "无为市"), former)
    assert Name(_one(table, "巢湖市", DISTRICT), DISTRICT, FORMER) in table.meanings("居巢区")
    assert table.is_within(_one(table, "居巢区"), former)


def test_a_spelling_of_many_places_is_one_meaning() -> None:
    names = {"33": "浙江省", "3301": "杭州市", "330106": "西湖区"}
    towns = {f"330106{number:03d}": f"第{number}街道" for number in range(1, 31)}
    villages = {f"{code}201": "和平村委会" for code in towns}
    table = division_gazetteer({**names, **towns, **villages})
    assert table.find("和平村")[-1] == (0, 3, (Name(MANY, COMMUNITY, FULL),))
    for code, name in towns.items():
        town = _one(table, name)
        assert [table.code(one.place)[:9] for one in table.inside("和平村", town)] == [code]
    assert len(table.inside("和平村", _one(table, "杭州市"), limit=12)) == 12
    assert len(table.meanings("和平村")) == 30
    assert table.inside("没有村", 0) == ()
    assert table.meanings("没有村") == ()


@given(st.text(alphabet="浙江省杭州市余杭区五常街道顾家桥社区北京东莞巢湖1号路", max_size=40))
def test_every_finding_is_a_spelling_at_its_place(text: str) -> None:
    table = division_gazetteer(NAMES)
    for start, end, names in table.find(text):
        assert 0 <= start < end <= len(text)
        assert names
        assert set(names) <= {
            *table.meanings(text[start:end]),
            *(Name(MANY, n, w) for n in range(6) for w in range(5)),
        }


@given(st.data())
def test_lying_in_a_place_agrees_with_the_line_above(data: st.DataObject) -> None:
    table = division_gazetteer(NAMES)
    place = data.draw(st.integers(0, len(table) - 1))
    above = data.draw(st.integers(0, len(table) - 1))
    assert table.is_within(place, above) == (above in table.ancestors(place))


def test_the_shipped_former_divisions_are_sound() -> None:
    rows = read_former()
    assert len(rows) > 1200
    assert all(row.level in {CITY, DISTRICT, DEVELOPMENT_ZONE, TOWNSHIP} for row in rows)
    assert all(1975 <= row.year <= 2024 and row.name and row.successors and all(row.within) for row in rows)
    keys = [(row.name, row.level, row.within) for row in rows]
    assert len(keys) == len(set(keys))
    assert not [row for row in rows if len(row.successors) != len(set(row.successors))]


def test_a_name_that_was_passed_on_upwards_means_what_it_means_today() -> None:
    names = {"14": "山西省", "1410": "临汾市", "141002": "尧都区", "1404": "长治市", "140403": "潞州区"}
    rows = [
        Former("临汾市", DISTRICT, ("山西省", "临汾市"), (("尧都区",),), 2000),
        Former("长治县", DISTRICT, ("山西省", "长治市"), (("潞州区",),), 2018),
    ]
    table = division_gazetteer(names, rows)
    assert [one.level for one in table.meanings("临汾市")] == [CITY]
    assert [one.level for one in table.meanings("长治县")] == [DISTRICT]
    assert [one.level for one in table.meanings("长治")] == [CITY]


def test_a_former_division_of_unknown_place_is_left_out() -> None:
    row = Former("旧县", DISTRICT, ("浙江省", "杭州市"), (("没有区",),), 1999)
    table = division_gazetteer({"33": "浙江省", "3301": "杭州市"}, [row])
    assert table.meanings("旧县") == ()


def test_levels_begin_with_divisions() -> None:
    assert LEVELS[:6] == ("province", "city", "district", "development_zone", "township", "community")
