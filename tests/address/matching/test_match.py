"""Matching texts to the registry: a lane in Shanghai's manner, a village, a street of sections."""

from collections.abc import Callable

import pytest
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from geo_registry.address.matching import Match, match, match_many
from geo_registry.address.profile import load_profile
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.tables import Division, Succession
from geo_registry.errors import RuleBroken
from tests import factories as make

Find = Callable[[str], Match]


def _brief(found: Match) -> tuple[str, str | None]:
    return found.grade, found.best.text if found.best else None


def _community(session: Session, district: str, township: str, community: str) -> Division:
    above = make.make_division(session, name=district)
    return make.make_division(
        session, parent=make.make_division(session, parent=above, name=township), name=community
    )


@pytest.fixture
def lane(session: Session) -> Find:
    """Build 映月路 with 218弄, houses, an estate's former name, and the same street in another district."""
    community = _community(session, "映山区", "望澜街道", "映月居委会")
    street = make.make_street(session, "映月路", community=community)
    lane = make.make_street(session, "218弄", kind="lane", parent=street)
    for number in (1, 6, 16):
        building = make.make_building(session, address=make.make_address(session, number, street=lane))
        for room in ("101", "402"):
            make.make_unit(session, building, room)
    make.make_alias(session, building, "映月大厦")
    make.make_address(session, 6, street=make.make_street(session, "300弄", kind="lane", parent=street))
    shops = make.make_address(session, 218, street=street)
    make.make_building(session, address=shops, building_no="3幢")
    make.make_building(session, address=shops, building_no="5幢")
    make.make_address(session, 12, street=street)
    make.make_address(session, 12, street=street, number_key="12-1", number_text="12-1号")
    other = _community(session, "青浦区", "盈浦街道", "盈中居委会")
    namesake = make.make_street(session, "映月路", community=other)
    make.make_address(session, 12, street=namesake)
    make.make_address(session, 90, street=namesake)
    old = make.make_street(session, "文昌路", community=community)
    make.make_alias(session, old, "学前街")
    make.make_address(session, 3, street=old)
    _renumbered(session, old)
    entrance = make.make_building(session, address=make.make_address(session, 9, street=old))
    make.make_unit(session, entrance, "402", entrance=make.make_entrance(session, entrance, 2))
    return lambda text: match(session, make.make_viewer(), text)


def _renumbered(session: Session, street: PlaceName) -> None:
    old = make.make_address(session, 20, street=street, state="retired")
    new = make.make_address(session, 22, street=street)
    make.make_address(session, 24, street=street, state="retired")
    session.add(Succession(old_id=old.id, new_id=new.id, object_kind="address", kind="renumber"))
    session.flush()


@pytest.mark.parametrize(
    ("text", "grade", "best"),
    [
        ("映山区映月路218弄6号402室", "A", "映月路218弄6号402室"),
        ("映山区望澜街道映月居委会映月路218弄6号402室", "A", "映月路218弄6号402室"),
        ("映山区映月社区映月路218弄6号402室", "A", "映月路218弄6号402室"),
        ("映月路218弄6号402室", "A", "映月路218弄6号402室"),
        ("映月路２１８弄６号４０２室", "A", "映月路218弄6号402室"),
        ("映月路二百一十八弄六号402室", "A", "映月路218弄6号402室"),
        ("映山區映月路218弄6號402室", "A", "映月路218弄6号402室"),
        ("映山区映月路218号3幢", "A", "映月路218号3幢"),
        ("映山区映月路218号3号楼", "A", "映月路218号3幢"),
        ("映山区映月路12号", "A", "映月路12号"),
        ("青浦区映月路12号", "A", "映月路12号"),
        ("映山区映月路12-1号", "A", "映月路12-1号"),
        ("映山区映月路12之1号", "A", "映月路12-1号"),
        ("映月路90号", "B", "映月路90号"),
        ("映山区映月路218弄6-402", "B", "映月路218弄6号402室"),
        ("映月路218弄６－４０２", "B", "映月路218弄6号402室"),
        ("映月路218弄6-402号", "C", None),
        ("映月路218弄6-403", "C", None),
        ("映月路218弄7-402", "C", None),
        ("学前街3号", "B", "文昌路3号"),
        ("文昌路20号", "B", "文昌路22号"),
        ("文昌路24号", "B", "文昌路24号"),
        ("文昌路9号402室", "B", "文昌路9号2单元402室"),
        ("文仓路3号", "B", "文昌路3号"),
        ("文菖路3号", "B", "文昌路3号"),
        ("映月大厦", "B", "映月路218弄16号"),
        ("映月路16号", "C", None),
        ("映月路12号", "C", None),
        ("映月路6号", "C", None),
        ("映山区映月路13号", "C", None),
        ("映山区映月路12-2号", "C", None),
        ("映山区映月路218号4幢", "C", None),
        ("映月路218弄6号403室", "C", None),
        ("映月路218弄60号402室", "C", None),
        ("映山区映月路12号对面", "C", None),
        ("徐汇区文昌路3号", "C", None),
        ("月亮大街7号", "none", None),
        ("", "none", None),
    ],
)
def test_a_text_gets_its_class(lane: Find, text: str, grade: str, best: str | None) -> None:
    found = lane(text)
    assert _brief(found) == (grade, best), found.reasons
    assert all(found.reasons)
    assert all(reason for one in found.candidates for reason in one.reasons)


def test_a_pair_of_figures_may_be_a_door_or_a_room(session: Session, lane: Find) -> None:
    text = "映月路218弄6-402"
    found = lane(text)
    assert found.reasons == ("“6-402”按“6号402室”理解",)
    best = found.best
    assert best is not None
    assert best.kind == "unit"
    door = session.get_one(Address, best.address_id)
    inside = session.get_one(PlaceName, door.place_name_id)
    make.make_address(session, 6, street=inside, number_key="6-402", number_text="6-402号")
    found = lane(text)
    assert (found.grade, {one.text for one in found.candidates[:2]}) == (
        "C", {"映月路218弄6-402号", "映月路218弄6号402室"},
    )  # fmt: skip
    assert _brief(lane(f"{text}号")) == ("A", "映月路218弄6-402号")


def test_two_figures_behind_a_street_may_be_a_lane_and_its_number(session: Session, lane: Find) -> None:
    street = make.make_street(session, "文华路")
    building = make.make_building(session, address=make.make_address(session, 6, street=street))
    make.make_unit(session, building, "402")
    assert _brief(lane("文华路6-402")) == ("B", "文华路6号402室")
    inside = make.make_street(session, "6弄", kind="lane", parent=street)
    make.make_address(session, 402, street=inside)
    found = lane("文华路6-402")
    assert (found.grade, {one.text for one in found.candidates[:2]}) == (
        "C", {"文华路6号402室", "文华路6弄402号"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "piece",
    ["甲室", "丙室", "之甲", "A单元", "A区", "号甲", "甲户", "半层", "甲号楼", "一带", "周边", "外侧"],
)
def test_a_piece_of_a_number_is_no_name(lane: Find, piece: str) -> None:
    assert lane(f"映山区映月路12号{piece}").grade in {"C", "none"}
    assert lane(f"映山区映月路218弄6号402{piece}").grade in {"C", "none"}


def test_two_numbers_of_a_row_are_no_room(session: Session, lane: Find) -> None:
    street = make.make_street(session, "文萃路")
    make.make_unit(
        session, make.make_building(session, address=make.make_address(session, 244, street=street)), "246"
    )
    assert lane("文萃路244-246").grade == "C"


def test_namesakes_are_both_shown(lane: Find) -> None:
    found = lane("映月路12号")
    assert [one.text for one in found.candidates] == ["映月路12号", "映月路12号"]
    assert found.reasons == ("有 2 个同样可能的结果，请选择",)


def test_a_missing_lane_that_is_not_alone_is_a_choice(lane: Find) -> None:
    assert [one.text for one in lane("映月路6号").candidates][:2] == ["映月路218弄6号", "映月路300弄6号"]


def test_what_followed_a_retired_door_is_told(lane: Find) -> None:
    found = lane("文昌路20号")
    assert found.reasons == ("原址 文昌路20号 已注销，今为 文昌路22号",)
    assert [(one.text, one.state) for one in found.candidates[:2]] == [
        ("文昌路22号", "current"), ("文昌路20号", "retired"),
    ]  # fmt: skip
    assert [one.text for one in found.candidates[1].successors] == ["文昌路22号"]


def test_a_unit_knows_its_building_and_door(lane: Find, session: Session) -> None:
    best = lane("映月路218弄6号402室").best
    assert best is not None
    assert (best.kind, best.unit_id) == ("unit", best.id)
    assert best.building_id is not None
    door = session.get_one(Address, best.address_id)
    assert door.number_key == "6"


def test_street_and_lane_alone_are_places(lane: Find) -> None:
    best = lane("映月路218弄").best
    assert best is not None
    assert (best.kind, best.text) == ("street", "映月路218弄")


def test_many_are_answered_in_order(session: Session, lane: Find) -> None:
    texts = ["文昌路3号", "不存在的地方", "映月路218弄6号402室", "文昌路3号"]
    found = match_many(session, make.make_viewer(), texts)
    assert [one.reading.input for one in found] == texts
    assert [one.grade for one in found] == ["A", "none", "A", "A"]
    assert found == [lane(text) for text in texts]


def test_an_outsider_sees_nothing(session: Session, lane: Find) -> None:
    elsewhere = make.make_viewer(areas=[make.make_division(session, name="别区").id])
    for text in (
        "文昌路3号",
        "学前街3号",
        "文昌路20号",
        "映月大厦",
        "文仓路3号",
        "映月路",
        "映月路218弄6号402室",
    ):
        found = match(session, elsewhere, text)
        assert (found.grade, found.candidates) == ("none", ()), text
        assert lane(text).candidates


def test_a_limit_holds(session: Session, lane: Find) -> None:
    assert len(match(session, make.make_viewer(), "映月路12号", limit=1).candidates) == 1
    with pytest.raises(RuleBroken):
        match(session, make.make_viewer(), "文昌路3号", limit=0)


def _named(session: Session, profile: str, name: str, kind: str, **over: object) -> PlaceName:
    return make.make_street(session, name, kind=kind, profile=load_profile(profile), **over)


@pytest.fixture
def village(session: Session) -> Find:
    """Build 沿山村 with doors in groups and one without a group."""
    session.execute(sql("UPDATE registry.jurisdiction SET profile = 'village'"))
    community = _community(session, "沐川县", "沐溪镇", "沿山村")
    for group, keys in (("5组", ("6", "6-2")), ("6组", ("6",))):
        place = _named(session, "village", group, "group", community=community, scope_id=community.id)
        for key in keys:
            text = key.replace("-", "号附") + "号"
            make.make_address(session, 6, street=place, number_key=key, number_text=text)
    make.make_address(
        session, 8, place_name_id=None, scope_id=community.id, standard_text="沐溪镇沿山村8号",
        street=place,
    )  # fmt: skip
    return lambda text: match(session, make.make_viewer(), text)


@pytest.mark.parametrize(
    ("text", "grade", "best"),
    [
        ("沐溪镇沿山村5组6号附2号", "A", "5组6号附2号"),
        ("沐溪镇沿山村5组6号付2号", "A", "5组6号附2号"),
        ("沐溪镇沿山村五组6号", "A", "5组6号"),
        ("沐川县沐溪镇沿山村6组6号", "A", "6组6号"),
        ("沐溪镇沿山村8号", "A", "沐溪镇沿山村8号"),
        ("沐溪镇沿山村5组6号附3号", "C", None),
        ("沐溪镇沿山村6组6号附2号", "C", None),
        ("沐溪镇沿山村7组6号", "none", None),
    ],
)
def test_doors_of_a_village(village: Find, text: str, grade: str, best: str | None) -> None:
    found = village(text)
    assert _brief(found) == (grade, best), found.reasons


@pytest.fixture
def sections(session: Session) -> Find:
    """Build 中山路 with two sections, a lane and an alley."""
    session.execute(sql("UPDATE registry.jurisdiction SET profile = 'road-section'"))
    community = _community(session, "新竹市", "東區", "綠水里")
    street = _named(
        session, "road-section", "中山路", "street", community=community, scope_id=community.township_id
    )
    for name in ("一段", "二段"):
        section = _named(session, "road-section", name, "section", parent=street)
        make.make_address(session, 7, street=section, number_text="7號", neighborhood="3鄰")
    lane = _named(session, "road-section", "24巷", "lane", parent=section)
    alley = _named(session, "road-section", "3弄", "alley", parent=lane)
    make.make_address(session, 119, street=alley, number_key="119-1", number_text="119之1號")
    return lambda text: match(session, make.make_viewer(), text)


@pytest.mark.parametrize(
    ("text", "grade", "best"),
    [
        ("新竹市東區綠水里3鄰中山路一段7號", "A", "中山路一段7號"),
        ("東區中山路1段7號", "A", "中山路一段7號"),
        ("东区中山路一段7号", "A", "中山路一段7號"),
        ("東區綠水里4鄰中山路一段7號", "B", "中山路一段7號"),
        ("東區中山路二段24巷3弄119之1號", "A", "中山路二段24巷3弄119之1號"),
        ("東區中山路二段24巷3弄119-1號", "A", "中山路二段24巷3弄119之1號"),
        ("東區中山路24巷3弄119之1號", "B", "中山路二段24巷3弄119之1號"),
        ("東區24巷3弄119之1號", "B", "中山路二段24巷3弄119之1號"),
        ("東區中山路二段24巷119之1號", "C", None),
        ("東區中山路7號", "C", None),
        ("東區中山路三段7號", "C", None),
        ("東區中山路二段24巷3弄119號", "C", None),
    ],
)
def test_doors_of_sections(sections: Find, text: str, grade: str, best: str | None) -> None:
    found = sections(text)
    assert _brief(found) == (grade, best), found.reasons
