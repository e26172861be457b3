"""What is written by a profile is read back part by part, by the short way and by the full one alike."""

import pytest
from hypothesis import given

from geo_registry.address.profile import load_profile, shipped_profiles
from geo_registry.address.reading.compose import compose
from geo_registry.address.reading.standardizer import Standardizer
from tests.address.reading.forms import DIVISIONS, KNOWN, Pieces, addresses, parts_of

READERS = {code: Standardizer(load_profile(code), [KNOWN]) for code in shipped_profiles()}
_PLATES = (
    "甲子縣東乙鎮中山里12鄰光明六路東二段657號六樓", "甲子縣東乙鎮中山里12鄰祥和三路西段191號二樓之28",
    "甲子縣東乙鎮中山里1鄰嘉應路北三巷34弄55號", "甲子縣東乙鎮中山里1鄰大新路1巷二橫巷2號之2",
    "甲子縣東乙鎮中山里7鄰光興路890南巷5弄2號", "甲子縣東乙鎮中山里7鄰過路子478號",
    "甲子縣東乙鎮中山里7鄰縣政八街29G-3H-32I-十樓", "甲子縣東乙鎮中山里7鄰玉清街坡塘巷39號",
    "甲子縣東乙鎮中山里7鄰北興路二段81巷7號一、二樓", "甲子縣東乙鎮中山里7鄰工專路121巷1號五樓之四",
    "甲子縣東乙鎮7鄰南京街218號地下一層", "甲子縣東乙鎮中山里7鄰福山一路2巷106弄148衖30號",
)  # fmt: skip


@pytest.mark.parametrize("code", shipped_profiles())
def test_what_is_composed_is_read_again(code: str) -> None:
    profile, reader = load_profile(code), READERS[code]

    @given(addresses(profile, DIVISIONS[code]))
    def check(pieces: Pieces) -> None:
        text = compose(profile, parts_of(pieces), every_level=True)
        read = [(part.kind, part.text) for part in reader.read_fully(text).parts]
        assert read == [piece for piece in pieces if piece[0] != "neighborhood"]

    check()


@pytest.mark.parametrize("code", shipped_profiles())
def test_the_short_way_and_the_full_one_agree_in_every_field(code: str) -> None:
    reader = READERS[code]

    @given(addresses(load_profile(code), DIVISIONS[code]))
    def check(pieces: Pieces) -> None:
        text = "".join(text for _, text in pieces)
        full = reader.read_fully(text)
        assert [(part.kind, part.text) for part in full.parts] == pieces
        assert reader.read(text) == full

    check()


@pytest.mark.parametrize("code", shipped_profiles())
def test_standardizing_twice_changes_nothing(code: str) -> None:
    reader = READERS[code]

    @given(addresses(load_profile(code), DIVISIONS[code]))
    def check(pieces: Pieces) -> None:
        standard = reader.read("".join(text for _, text in pieces)).standard
        assert reader.read(standard).standard == standard

    check()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (_PLATES[0], ["光明六路東/street", "二段/section", "657號/street_number", "六樓/floor"]),
        (_PLATES[1], ["祥和三路西段/street", "191號/street_number", "二樓/floor", "之28/room"]),
        (_PLATES[2], ["嘉應路/street", "北三巷/lane", "34弄/alley", "55號/street_number"]),
        (_PLATES[3], ["大新路/street", "1巷二橫巷/lane", "2號之2/street_number"]),
        (_PLATES[4], ["光興路/street", "890南巷/lane", "5弄/alley", "2號/street_number"]),
        (_PLATES[5], ["過路子/hamlet", "478號/street_number"]),
        (_PLATES[6], ["縣政八街/street", "29G-/lane", "3H-/alley", "32I-/street_number", "十樓/floor"]),
        (_PLATES[7], ["玉清街/street", "坡塘巷/lane", "39號/street_number"]),
        (_PLATES[8], ["北興路/street", "二段/section", "81巷/lane", "7號/street_number", "一、二樓/floor"]),
        (_PLATES[9], ["工專路/street", "121巷/lane", "1號/street_number", "五樓/floor", "之四/room"]),
        (_PLATES[10], ["南京街/street", "218號/street_number", "地下一層/floor"]),
        (
            _PLATES[11],
            ["福山一路/street", "2巷/lane", "106弄/alley", "148衖/sub_alley", "30號/street_number"],
        ),
    ],
)
def test_plates_of_real_registers(text: str, parts: list[str]) -> None:
    read = [f"{part.text}/{part.kind}" for part in READERS["road-section"].read_fully(text).parts]
    assert read[-len(parts) :] == parts
    assert [one.rpartition("/")[2] for one in read[: -len(parts)]] in (
        ["city", "township", "community", "neighborhood"],
        ["city", "township", "neighborhood"],
    )
