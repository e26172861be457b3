"""Door numbers and units: real forms, faults, and the round trip through the standard form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.address.numbers import Door, Fault, door_reader, make_door, natural_key, parse_door
from geo_registry.address.profile import load_profile, shipped_profiles

TABLE = [
    ("road-section", "111號", "111號", "111", ""),
    ("road-section", "１１１号", "111號", "111", ""),
    ("road-section", "119之1號", "119之1號", "119-1", ""),
    ("road-section", "119-1號", "119之1號", "119-1", ""),
    ("road-section", "臨29―1號", "臨29之1號", "T29-1", ""),
    ("road-section", "119號二樓之1", "119號二樓之1", "119", "f2/r1"),
    ("road-section", "119號2樓之一", "119號二樓之1", "119", "f2/r1"),
    ("road-section", "419之3號二樓之2", "419之3號二樓之2", "419-3", "f2/r2"),
    ("road-section", "1之25號", "1之25號", "1-25", ""),
    ("road-section", "1號之25", "1號之25", "1z25", ""),
    ("road-section", "1號之二十五", "1號之25", "1z25", ""),
    ("road-section", "1之2號之3", "1之2號之3", "1-2z3", ""),
    ("road-section", "666號之2四樓", "666號之2四樓", "666z2", "f4"),
    ("road-section", "295號之2七樓之1", "295號之2七樓之1", "295z2", "f7/r1"),
    ("road-section", "13之3之1號", "13之3之1號", "13-3-1", ""),
    ("road-section", "臨8之6號", "臨8之6號", "T8-6", ""),
    ("road-section", "1015之26I-臨", "臨1015之26號", "T1015-26", ""),
    ("road-section", "7號臨二樓", "臨7號二樓", "T7", "f2"),
    ("road-section", "188之6I-四樓(臨)", "臨188之6號四樓", "T188-6", "f4"),
    ("road-section", "375I-", "375號", "375", ""),
    ("road-section", "特137號二樓", "特137號二樓", "X137", "f2"),
    ("road-section", "8號地下一層之10", "8號地下一層之10", "8", "f-1/r10"),
    ("road-section", "36號地下室底一層", None, "", ""),
    ("road-section", "69號底下一層", "69號地下一層", "69", "f-1"),
    ("road-section", "46號地下ㄧ層之2", "46號地下一層之2", "46", "f-1/r2"),
    ("road-section", "165號地下壹層", "165號地下一層", "165", "f-1"),
    ("road-section", "3號地下", "3號地下", "3", "b"),
    ("road-section", "8號地下層", "8號地下", "8", "b"),
    ("road-section", "24號地下室之21", "24號地下之21", "24", "b/r21"),
    ("road-section", "30之2號地下室一樓之43", "30之2號地下一層之43", "30-2", "f-1/r43"),
    ("road-section", "232號六樓之21(查權狀)", "232號六樓之21", "232", "f6/r21"),
    ("road-section", "27號二樓(A棟)", "27號A棟二樓", "27", "f2"),
    ("road-section", "384號九樓之1A室", "384號九樓之1A", "384", "f9/r1A"),
    ("road-section", "36號四樓B室", "36號四樓B室", "36", "f4/rB"),
    ("road-section", "6之1I-南室", "6之1號南室", "6-1", "r南"),
    ("road-section", "27號四樓之3之1", "27號四樓之3之1", "27", "f4/r3-1"),
    ("road-section", "119I-一至二樓", "119號一至二樓", "119", "f1~2"),
    ("road-section", "551I-一、二樓", "551號一至二樓", "551", "f1~2"),
    ("road-section", "9之8甲號", "9之8甲號", "9-8甲", ""),
    ("road-section", "340號A四樓", "340A號四樓", "340A", "f4"),
    ("road-section", "11之2號A", "11之2A號", "11-2A", ""),
    ("road-section", "139之2三樓", "139之2號三樓", "139-2", "f3"),
    ("road-section", "16附2號", "16附2號", "16f2", ""),
    ("road-section", "26號附1五樓", "26附1號五樓", "26f1", "f5"),
    ("road-section", "2號附8之2", "2附8之2號", "2f8-2", ""),
    ("road-section", "65號四樓.", "65號四樓", "65", "f4"),
    ("road-section", "9.", "9號", "9", ""),
    ("road-section", "56號(不供設籍)一樓", "56號一樓", "56", "f1"),
    ("shanghai", "6号402室", "6号402室", "6", "r402"),
    ("shanghai", "6号402", "6号402室", "6", "r402"),
    ("shanghai", "6号4楼402室", "6号402室", "6", "r402"),
    ("shanghai", "6号3楼402室", "6号3层402室", "6", "f3/r402"),
    ("shanghai", "6号2单元402室", "6号2单元402室", "6", "e2/r402"),
    ("shanghai", "６号二单元402室", "6号2单元402室", "6", "e2/r402"),
    ("shanghai", "12-3-1001", "12幢3单元1001室", "b12", "e3/r1001"),
    ("shanghai", "6号楼2单元301", "6幢2单元301室", "b6", "e2/r301"),
    ("shanghai", "6号3幢402室", "6号3幢402室", "6", "r402"),
    ("shanghai", "119之1号", "119-1号", "119-1", ""),
    ("shanghai", "6号负1层", "6号地下1层", "6", "f-1"),
    ("shanghai", "6号B101室", "6号地下101室", "6", "b/r101"),
    ("shanghai", "119号之1", "119-1号", "119-1", ""),
    ("village", "25号附1号", "25号附1号", "25-1", ""),
    ("village", "25号付1号", "25号附1号", "25-1", ""),
    ("village", "25-1", "25号附1号", "25-1", ""),
    ("village", "８０栋付１０６号", "80栋附106号", "b80-106", ""),
    ("village", "12号3单元5号", "12号3单元5室", "12", "e3/r5"),
]


@pytest.mark.parametrize(("code", "text", "written", "number_key", "unit_key"), TABLE)
def test_forms_of_real_registers(
    code: str, text: str, written: str | None, number_key: str, unit_key: str
) -> None:
    door = parse_door(load_profile(code), text)
    if written is None:
        assert door == Fault("number-unreadable", "无法识别的写法")
        return
    assert isinstance(door, Door)
    assert (door.text, door.number_key, door.unit_key) == (written, number_key, unit_key)


@pytest.mark.parametrize(
    ("code", "text", "fault"),
    [
        ("road-section", "", "number-missing"),
        ("road-section", "(不供設籍)", "number-missing"),
        ("road-section", "號", "number-impossible"),
        ("road-section", "0號", "number-impossible"),
        ("road-section", "1之0號", "number-impossible"),
        ("road-section", "5000號", "number-impossible"),
        ("road-section", "36號1", "number-unreadable"),
        ("road-section", "6號三至二樓", "number-unreadable"),
        ("road-section", "26、28號六樓", "number-unreadable"),
        ("road-section", "32號五■", "number-unreadable"),
        ("road-section", "8號二百樓", "number-unreadable"),
        ("road-section", "36?1號", "number-unreadable"),
        ("shanghai", "A栋", "number-impossible"),
        ("shanghai", "A栋402室", "number-unreadable"),
        ("shanghai", "12-1001", "number-unreadable"),
    ],
)
def test_what_is_uncertain_is_a_fault(code: str, text: str, fault: str) -> None:
    found = parse_door(load_profile(code), text)
    assert isinstance(found, Fault)
    assert found.code == fault


@pytest.mark.parametrize(
    ("text", "names", "number_key"),
    [
        ("128衖60號", (("sub_alley", "128衖"),), "60"),
        ("五守新村12號二樓", (("estate", "五守新村"),), "12"),
        ("臨8號", (), "T8"),
    ],
)
def test_names_in_front_of_the_number(text: str, names: tuple[tuple[str, str], ...], number_key: str) -> None:
    door = parse_door(load_profile("road-section"), text)
    assert isinstance(door, Door)
    assert (door.names, door.number_key) == (names, number_key)


@pytest.mark.parametrize("text", ["8號三樓(某某所有", "8號三樓\r乱码", "8號三樓∮0870801", "8號三樓管理員室"])
def test_remarks_leave_the_text(text: str) -> None:
    door = parse_door(load_profile("road-section"), text)
    assert isinstance(door, Door)
    assert door.text == "8號三樓"
    assert door.note is not None


def test_floor_is_known_from_the_room() -> None:
    door = parse_door(load_profile("shanghai"), "6号1201室")
    assert isinstance(door, Door)
    assert (door.floor, door.room, door.unit_text) == (12, "1201", "1201室")


@pytest.mark.parametrize(
    ("room", "floor"), [("402", 4), ("1201A", 12), ("B102", -1), ("B9902", None), ("9902", 99), ("77", None)]
)
def test_floor_of_a_room(room: str, floor: int | None) -> None:
    assert door_reader(load_profile("shanghai")).units.floor_of_room(room) == floor
    assert door_reader(load_profile("road-section")).units.floor_of_room(room) is None


def test_doors_sort_as_people_count() -> None:
    texts = ["2號", "10號", "10號地下", "10號二樓", "10號二樓之2", "10號二樓之10", "10之1號", "11號", "臨1號"]
    doors = [parse_door(load_profile("road-section"), text) for text in texts]
    keys = [natural_key(door) for door in doors if isinstance(door, Door)]
    assert len(keys) == len(texts)
    assert sorted(keys) == keys


def test_a_text_is_read_once() -> None:
    profile = load_profile("shanghai")
    assert parse_door(profile, "77号") is parse_door(profile, "77号")
    assert door_reader(profile) is door_reader(profile)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = door_reader(load_profile("shanghai"))
    monkeypatch.setattr(type(reader), "_LIMIT", 1)
    assert isinstance(reader.read("901号"), Door)
    assert isinstance(reader.read("902号"), Door)
    assert len(reader._known) == 1


@st.composite
def doors(draw: st.DrawFn) -> tuple[str, Door]:
    """Draw a door of one of the shipped profiles."""
    profile = load_profile(draw(st.sampled_from(sorted(shipped_profiles()))))
    has_sub_rooms = profile.rooms.pattern == "floor_and_sub"
    is_building = not has_sub_rooms and draw(st.booleans())
    floor = draw(st.none() | st.integers(1, 60) | st.integers(-3, -1))
    rooms = st.integers(1, 60).map(str) if has_sub_rooms else st.integers(101, 5999).map(str)
    room = draw(st.none() | rooms)
    behind = (draw(st.integers(1, 99)),) if profile.sub_number.behind_differs and draw(st.booleans()) else ()
    return profile.code, make_door(
        profile,
        draw(st.integers(1, profile.numbering.maximum)),
        subs=tuple(draw(st.lists(st.integers(1, 99), max_size=2))),
        behind=behind,
        annex=(draw(st.integers(1, 99)),) if draw(st.booleans()) and profile.sub_number.annex else (),
        letter=draw(st.sampled_from(["", *profile.sub_number.letters])),
        mark=draw(st.sampled_from(["", *(mark.text for mark in profile.marks)])),
        is_building=is_building,
        building=None if is_building or behind else draw(st.none() | st.integers(1, 99).map(str)),
        entrance=None if has_sub_rooms else draw(st.none() | st.integers(1, 9).map(str)),
        floor=floor,
        room=room if floor or not has_sub_rooms else None,
    )


@given(doors())
def test_reading_what_was_written_gives_the_same_door(drawn: tuple[str, Door]) -> None:
    code, door = drawn
    assert parse_door(load_profile(code), door.text) == door


@given(doors(), doors())
def test_keys_tell_doors_apart(one: tuple[str, Door], other: tuple[str, Door]) -> None:
    same_text = one[0] == other[0] and one[1].text == other[1].text
    keys = [(door.number_key, door.building, door.unit_key) for _, door in (one, other)]
    if one[0] == other[0]:
        assert (keys[0] == keys[1]) == same_text


@given(st.sampled_from(["road-section", "shanghai", "village"]), st.text(max_size=30))
def test_any_text_is_a_door_or_a_fault(code: str, text: str) -> None:
    assert isinstance(parse_door(load_profile(code), text), Door | Fault)


@given(
    st.sampled_from(["road-section", "shanghai", "village"]),
    st.text("0123456789之-附號号樓室地下臨临A(一二十", max_size=14),
)
def test_the_standard_form_is_stable(code: str, text: str) -> None:
    profile = load_profile(code)
    door = parse_door(profile, text)
    if isinstance(door, Door):
        again = parse_door(profile, door.text)
        assert isinstance(again, Door)
        assert (again.number_key, again.building, again.unit_key) == (
            door.number_key,
            door.building,
            door.unit_key,
        )
