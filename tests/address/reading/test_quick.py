"""The short way through well-formed addresses: what it answers, what it leaves alone, how long it takes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.address.profile import load_profile
from geo_registry.address.reading import quick
from geo_registry.address.reading.quick import QuickReader
from tests.address.reading.forms import DIVISIONS, KNOWN, Pieces, addresses

ROAD = load_profile("road-section")
READERS = {code: QuickReader(load_profile(code), [KNOWN]) for code in DIVISIONS}


def _pieces(code: str, text: str) -> Pieces | None:
    reading = READERS[code].read(text)
    return None if reading is None else [(part.kind, part.text) for part in reading.parts]


def test_a_door_plate_of_a_street_with_sections() -> None:
    text = "甲子縣東乙鎮中山里12鄰中山路2段24巷3弄419之3號二樓之2"
    reading = READERS["road-section"].read(text)
    assert reading is not None
    assert [(part.kind, part.value) for part in reading.parts] == [
        ("city", "甲子縣"), ("township", "東乙鎮"), ("community", "中山里"), ("neighborhood", "12鄰"),
        ("street", "中山路"), ("section", "二段"), ("lane", "24巷"), ("alley", "3弄"),
        ("street_number", "419之3號"), ("floor", "二樓"), ("room", "之2"),
    ]  # fmt: skip
    assert "".join(part.text for part in reading.parts) == text
    assert all(text[part.start : part.end] == part.text for part in reading.parts)
    assert reading.parts[2].code == "9001-001"
    assert reading.standard == "甲子縣東乙鎮中山里中山路二段24巷3弄419之3號二樓之2"


@pytest.mark.parametrize(
    ("code", "text", "pieces"),
    [
        ("shanghai", "甲丑市南丙区柳营路669弄14号1102室",
         [("city", "甲丑市"), ("district", "南丙区"), ("street", "柳营路"), ("lane", "669弄"), ("street_number", "14号"), ("room", "1102室")]),
        ("village", "甲丑市南丙区北丁镇沿山村5组6号附2号",
         [("city", "甲丑市"), ("district", "南丙区"), ("township", "北丁镇"), ("community", "沿山村"), ("group", "5组"), ("street_number", "6号附2号")]),
        ("road-section", "甲子縣東乙鎮中山里3號", [("city", "甲子縣"), ("township", "東乙鎮"), ("community", "中山里"), ("street_number", "3號")]),
        ("road-section", "甲子縣東乙鎮1鄰市場街臨3號之1五樓",
         [("city", "甲子縣"), ("township", "東乙鎮"), ("neighborhood", "1鄰"), ("street", "市場街"), ("street_number", "臨3號之1"), ("floor", "五樓")]),
        ("road-section", "甲子縣東乙鎮中山里1鄰中正路文昌巷3號",
         [("city", "甲子縣"), ("township", "東乙鎮"), ("community", "中山里"), ("neighborhood", "1鄰"), ("street", "中正路"), ("lane", "文昌巷"), ("street_number", "3號")]),
    ],
)  # fmt: skip
def test_what_is_well_formed_is_answered(code: str, text: str, pieces: Pieces) -> None:
    assert _pieces(code, text) == pieces


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("shanghai", ""),
        ("shanghai", "柳营路"),
        ("shanghai", "甲丑市 南丙区柳营路669弄14号"),
        ("shanghai", "甲丑南丙区柳营路669弄14号"),  # a short name
        ("shanghai", "南丙区柳营路669弄14号"),  # the city is not written
        ("shanghai", "甲丑市北丁镇柳营路669弄14号"),  # a level left out
        ("shanghai", "甲丑市南丙区柳营路13号14号"),
        ("shanghai", "甲丑市南丙区柳营路14号旁边"),
        ("shanghai", "甲丑市南丙区南京路步行街14号"),  # one street or two
        ("shanghai", "甲丑市南丙区东新村路14号"),  # a village or a street
        ("shanghai", "甲丑市南丙区春晖花园6幢402室"),
        ("road-section", "甲子縣東乙鎮中山里3號12"),
        ("road-section", "甲子縣東乙鎮二段3號"),
        ("road-section", "甲子縣東乙鎮中山里12鄰中山路\n3號"),
    ],
)
def test_what_is_doubtful_is_left_alone(code: str, text: str) -> None:
    assert READERS[code].read(text) is None


@pytest.mark.parametrize("code", DIVISIONS)
def test_parts_written_in_order_are_read_again(code: str) -> None:
    answered = 0

    @given(addresses(load_profile(code), DIVISIONS[code]))
    def check(pieces: Pieces) -> None:
        nonlocal answered
        read = _pieces(code, "".join(text for _, text in pieces))
        assert read is None or read == pieces
        answered += read is not None

    check()
    assert answered > 20


@pytest.mark.parametrize("code", DIVISIONS)
def test_a_standard_text_is_its_own_standard(code: str) -> None:
    @given(addresses(load_profile(code), DIVISIONS[code]))
    def check(pieces: Pieces) -> None:
        first = READERS[code].read("".join(text for _, text in pieces))
        again = READERS[code].read(first.standard) if first else None
        assert again is None or again.standard == first.standard  # type: ignore[union-attr]

    check()


@given(st.text(st.sampled_from("甲子縣東乙鎮中山里市12鄰路街巷弄號号樓之-臨室 一二\n"), max_size=500))
def test_no_text_is_too_much(text: str) -> None:
    for reader in READERS.values():
        began = time.process_time()
        reading = reader.read(text)
        assert time.process_time() - began < 0.02
        assert reading is None or reading.input == text


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "_KEPT", 10)
    monkeypatch.setattr(quick, "_NEAR", 10)
    reader = QuickReader(ROAD, [KNOWN])
    for count in range(1, 60):
        assert reader.read(f"甲子縣東乙鎮中山里{count}鄰中山路{count}巷{count}號") is not None
    sizes = len(reader._begins), len(reader._ends), len(reader._near), len(reader._divisions)
    assert max(sizes) <= 10
