"""Names, composition and the next number of a street."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.address.numbers import make_door
from geo_registry.address.profile import load_profile, read_profile, shipped_profiles
from geo_registry.address.rules import (
    check_chain,
    compose,
    compose_full,
    divisions_before,
    normal_name,
    propose_number,
    standard_name,
    unique_in,
)
from geo_registry.address.scheme import Profile
from geo_registry.address.search.query import read_query
from geo_registry.errors import RuleBroken

ROAD = load_profile("road-section")
SHANGHAI = load_profile("shanghai")
VILLAGE = load_profile("village")


@pytest.mark.parametrize(
    ("profile", "kind", "variants", "written"),
    [
        (ROAD, "section", ["一段", "1段", "１段", " 一 段", "第一段"], "一段"),
        (ROAD, "section", ["十二段", "12段"], "十二段"),
        (ROAD, "lane", ["24巷", "２４巷", "二十四巷", "廿四巷"], "24巷"),
        (ROAD, "lane", ["24之1巷", "24-1巷"], "24之1巷"),
        (SHANGHAI, "lane", ["218弄", "２１８弄"], "218弄"),
        (VILLAGE, "group", ["3组", "三组", "第三村民小组", "3社"], "3组"),
    ],
)
def test_counted_names(profile: Profile, kind: str, variants: list[str], written: str) -> None:
    assert len({normal_name(profile, kind, text) for text in variants}) == 1
    assert {standard_name(profile, kind, text).replace("-", "之") for text in variants} == {written}


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        ("street", "光明九路", "光明9路", True),
        ("street", "東興路", "东兴路", False),
        ("street", "臺北路", "台北路", True),
        ("street", "中 山 路", "中山路", True),
        ("street", "中山路", "中山街", False),
        ("street", "五一路", "51路", False),
        ("lane", "十百巷", "10巷", False),
        ("lane", "中正巷", "中正巷", True),
        ("lane", "24巷", "24之1巷", False),
    ],
)
def test_proper_names(kind: str, one: str, other: str, same: bool) -> None:  # noqa: FBT001  (a table)
    assert (normal_name(ROAD, kind, one) == normal_name(ROAD, kind, other)) is same


def test_a_written_name_keeps_its_script() -> None:
    assert standard_name(ROAD, "street", "臺北　路") == "臺北路"


@pytest.mark.parametrize(
    ("profile", "kind", "text", "code"),
    [(SHANGHAI, "section", "一段", "part-unknown"), (SHANGHAI, "room", "402室", "part-unknown"),
     (SHANGHAI, "street", "　", "name-missing")],
)  # fmt: skip
def test_names_that_cannot_be(profile: Profile, kind: str, text: str, code: str) -> None:
    for rule in (normal_name, standard_name):
        with pytest.raises(RuleBroken) as caught:
            rule(profile, kind, text)
        assert caught.value.code == code


def test_addresses_are_composed() -> None:
    lane = [("street", "映月路"), ("lane", "二一八弄")]
    door = make_door(SHANGHAI, 6, room="402")
    assert compose(SHANGHAI, lane, door) == "映月路218弄6号402室"
    assert compose(SHANGHAI, lane) == "映月路218弄"
    section = [("street", "中山路"), ("section", "1段"), ("lane", "24巷")]
    assert compose(ROAD, section, make_door(ROAD, 119, subs=(1,), floor=2, room="1")) == (
        "中山路一段24巷119之1號二樓之1"
    )
    assert compose(VILLAGE, [("hamlet", "彭家湾"), ("group", "三组")], make_door(VILLAGE, 25, subs=(1,))) == (
        "彭家湾3组25号附1号"
    )


def test_divisions_are_written_as_the_profile_says() -> None:
    divisions = [("province", "上海市"), ("district", "松江区"), ("township", "方松街道")]
    names = [("street", "映月路")]
    door = make_door(SHANGHAI, 6)
    assert compose_full(SHANGHAI, divisions, names, door) == "上海市松江区映月路6号"  # type: ignore[arg-type]
    assert (
        compose_full(SHANGHAI, divisions, names, door, every_level=True)  # type: ignore[arg-type]
        == "上海市松江区方松街道映月路6号"
    )


def test_a_name_is_written_with_the_divisions_in_which_it_is_unique() -> None:
    divisions = {"district": "映山区", "township": "望澜镇", "community": "沿山村"}
    assert divisions_before(SHANGHAI, divisions, unique_in(SHANGHAI, "street")) == "映山区"
    assert divisions_before(SHANGHAI, divisions, unique_in(SHANGHAI, "group")) == "映山区望澜镇沿山村"
    assert divisions_before(SHANGHAI, divisions, unique_in(SHANGHAI, None)) == "映山区望澜镇沿山村"
    assert divisions_before(VILLAGE, divisions, unique_in(VILLAGE, "street")) == "望澜镇沿山村"
    full = compose_full(VILLAGE, list(divisions.items()), [("group", "4组")], make_door(VILLAGE, 18))  # type: ignore[arg-type]
    assert full == "望澜镇沿山村4组18号"


@pytest.mark.parametrize(
    ("kinds", "code"),
    [(["lane"], "part-order"), (["street", "street"], "part-order"), (["street", "hamlet"], "part-unknown")],
)
def test_impossible_orders_are_refused(kinds: list[str], code: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        check_chain(SHANGHAI, kinds)
    assert caught.value.code == code


@pytest.mark.parametrize("code", sorted(shipped_profiles()))
@given(data=st.data())
def test_what_is_composed_is_read_again(code: str, data: st.DataObject) -> None:
    profile = load_profile(code)
    names: list[tuple[str, str]] = []
    above: str | None = None
    for part in profile.place_parts:
        fits = part.may_start if above is None else above in part.parents
        if fits and data.draw(st.booleans()):
            counted = part.numbered and data.draw(st.booleans() if part.named else st.just(value=True))
            figure = str(data.draw(st.integers(1, 99)))
            word = figure if counted else data.draw(st.sampled_from(["映月", "青松", "白鹤"]))
            names.append((part.kind, standard_name(profile, part.kind, word + part.suffixes[0])))
            above = part.kind
    door = make_door(profile, data.draw(st.integers(1, 999)), subs=(data.draw(st.integers(1, 9)),))
    query = read_query(profile, compose(profile, names, door))
    assert [name.text for name in query.names] == [text for _, text in names]
    assert query.number_key == door.number_key


def _with(**changes: str) -> Profile:
    text = shipped_profiles()["village"].read_text(encoding="utf-8")
    for key, value in changes.items():
        line = next(line for line in text.splitlines() if line.startswith(f"  {key}:"))
        text = text.replace(line, f"  {key}: {value}", 1)
    text = text.replace("  first:", "  skip: [4, 13, 14]\n  first:", 1)
    profile, faults = read_profile(text)
    assert profile is not None, faults
    return profile


TWO_METRES = _with(step_m="2", maximum="90000")


@pytest.mark.parametrize(
    ("distance", "side", "number"),
    [(0, "odd", 1), (0, "even", 2), (15, "odd", 15), (35, "odd", 35), (16, "even", 16), (25.9, "odd", 25)],
)
def test_numbers_by_distance(distance: float, side: str, number: int) -> None:
    assert propose_number(TWO_METRES, distance, side) == number  # type: ignore[arg-type]


def test_skipped_numbers_give_way() -> None:
    assert propose_number(TWO_METRES, 13, "odd") == 15
    assert propose_number(TWO_METRES, 3, "even") == 6


@given(st.floats(0, 5000), st.floats(0, 5000), st.sampled_from(["odd", "even"]))
def test_numbers_keep_their_side_and_never_fall(one: float, other: float, side: str) -> None:
    near, far = sorted((one, other))
    numbers = [propose_number(TWO_METRES, at, side) for at in (near, far)]  # type: ignore[arg-type]
    assert numbers[0] <= numbers[1]
    assert {number % 2 for number in numbers} == {1 if side == "odd" else 0}


def test_the_first_number_moves_all() -> None:
    profile = _with(step_m="2", first="101")
    assert propose_number(profile, 0, "odd") == 101
    assert propose_number(profile, 0, "even") == 102


@pytest.mark.parametrize("distance", [-1.0, float("nan"), float("inf"), 999_999.0])
def test_impossible_distances(distance: float) -> None:
    with pytest.raises(RuleBroken):
        propose_number(TWO_METRES, distance, "odd")
