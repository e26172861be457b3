"""From parts to the standard text, by every profile that is shipped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.address.profile import load_profile, shipped_profiles
from geo_registry.address.reading.compose import compose, part_value
from geo_registry.address.reading.parts import Inferred, ReadKind
from geo_registry.address.scheme import Profile
from tests.address.reading.forms import Pieces, addresses, parts_of

ROAD = load_profile("road-section")
SHANGHAI = load_profile("shanghai")
VILLAGE = load_profile("village")


@pytest.mark.parametrize(
    ("profile", "kind", "written", "value"),
    [
        (ROAD, "section", "2段", "二段"),
        (ROAD, "neighborhood", "十二鄰", "12鄰"),
        (ROAD, "street_number", "臨八-6號", "臨8之6號"),
        (ROAD, "floor", "2樓", "二樓"),
        (ROAD, "floor", "地下室", "地下"),
        (ROAD, "room", "之2", "之2"),
        (ROAD, "room", "-2", "之2"),
        (ROAD, "room", "301室", "301室"),
        (SHANGHAI, "street_number", "14", "14号"),
        (SHANGHAI, "street_number", "臨14之3号", "临14-3号"),
        (SHANGHAI, "building", "12", "12幢"),
        (SHANGHAI, "building", "12号楼", "12幢"),
        (SHANGHAI, "entrance", "二单元", "2单元"),
        (SHANGHAI, "entrance", "3", "3单元"),
        (SHANGHAI, "floor", "负1楼", "地下1层"),
        (SHANGHAI, "floor", "B1", "地下1层"),
        (SHANGHAI, "room", "1102", "1102室"),
        (SHANGHAI, "estate", "竹海 水韵", "竹海水韵"),
        (SHANGHAI, "estate", "望京 SOHO T3", "望京SOHO T3"),
        (VILLAGE, "group", "第五村民小组", "5组"),
        (VILLAGE, "street_number", "6号付106号", "6号附106号"),
    ],
)
def test_the_value_of_a_part(profile: Profile, kind: ReadKind, written: str, value: str) -> None:
    assert part_value(profile, kind, written) == value
    assert part_value(profile, kind, value) == value


@pytest.mark.parametrize(
    ("profile", "pieces", "standard"),
    [
        (
            SHANGHAI,
            [("city", "上海市"), ("district", "静安区"), ("township", "共和新路街道"), ("street", "柳营路"),
             ("lane", "669弄"), ("street_number", "14号"), ("floor", "11楼"), ("room", "1102")],
            "上海市静安区柳营路669弄14号1102室",
        ),
        (
            SHANGHAI,
            [("estate", "竹海水韵"), ("sub_estate", "春风里"), ("building", "12"), ("entrance", "3"), ("room", "1001")],
            "竹海水韵春风里12幢3单元1001室",
        ),
        (SHANGHAI, [("street_number", "14号"), ("street", "柳营路"), ("note", "旁边")], "柳营路14号"),
        (
            SHANGHAI,
            [("street", "文一西路"), ("street_number", "969"), ("estate", "西溪园区"), ("building", "6号楼")],
            "文一西路969号西溪园区6幢",
        ),
        (
            ROAD,
            [("city", "新竹市"), ("township", "北區"), ("community", "中央里"), ("neighborhood", "10鄰"),
             ("street", "中山路"), ("section", "2段"), ("lane", "十二巷"), ("street_number", "111-1號"), ("floor", "2樓"), ("room", "之1")],
            "新竹市北區中央里中山路二段12巷111之1號二樓之1",
        ),
        (VILLAGE, [("community", "沿山村"), ("group", "五组"), ("street_number", "6号付2号")], "沿山村5组6号附2号"),
        (
            SHANGHAI,
            [("district", "静安区"), ("community", "沿山村"), ("group", "五组"), ("street_number", "六号付二号")],
            "静安区沿山村五组6附2号",
        ),
        (SHANGHAI, [("city", "杭州市"), ("township", "五常街道"), ("street", "文一路"), ("street_number", "9号")], "杭州市文一路9号"),
        (SHANGHAI, [("estate", "望京SOHO"), ("sub_estate", "T3"), ("building", "B座")], "望京SOHO T3 B幢"),
        (VILLAGE, [("unread", "？？")], ""),
    ],
)  # fmt: skip
def test_the_standard_text(profile: Profile, pieces: Pieces, standard: str) -> None:
    assert compose(profile, parts_of(pieces)) == standard


def test_a_parent_that_was_not_written_is_added_where_the_profile_writes_it() -> None:
    parts = parts_of([("district", "静安区"), ("street", "柳营路")])
    inferred = [
        Inferred("province", "上海市", "310000000000", "parent"),
        Inferred("city", "澜江市", "", "parent"),
        Inferred("district", "松江区", "", "parent"),
    ]
    assert compose(SHANGHAI, parts, inferred) == "上海市静安区柳营路"


def test_every_level_on_request() -> None:
    parts = parts_of([("district", "静安区"), ("township", "共和新路街道"), ("street", "柳营路")])
    assert compose(SHANGHAI, parts) == "静安区柳营路"
    assert compose(SHANGHAI, parts, every_level=True) == "静安区共和新路街道柳营路"


@pytest.mark.parametrize("code", shipped_profiles())
def test_what_is_well_formed_stays_as_it_is(code: str) -> None:
    profile = load_profile(code)

    @given(addresses(profile, []))
    def check(pieces: Pieces) -> None:
        assert compose(profile, parts_of(pieces)) == "".join(text for _, text in pieces)

    check()


_ALPHABET = "0123456789一二十百路弄号號樓层单元室之附-临臨B座幢 组段ＡＢ映月"


@given(
    st.sampled_from([ROAD, SHANGHAI, VILLAGE]),
    st.sampled_from(["street", "section", "lane", "street_number", "building", "entrance", "floor", "room"]),
    st.text(st.sampled_from(_ALPHABET), max_size=12),
)
def test_a_value_is_its_own_value(profile: Profile, kind: ReadKind, text: str) -> None:
    value = part_value(profile, kind, text)
    assert part_value(profile, kind, value) == value
