"""Faces of signs: what stands on them, to scale, whole, in the colours of the profile."""

import re
import xml.etree.ElementTree as ET

import pytest
import segno

from geo_registry.address.profile import load_profile
from geo_registry.plate.faces import Sign, drawn, parts_of, size_of, sound_of
from geo_registry.plate.tables import PLATE_KINDS

SHANGHAI = load_profile("shanghai")
URL = "http://127.0.0.1:8100/p/7KQ4M2XP9RTC5.ABCDEFGH"
NAMES = ("映月路", "映月路218弄", "龘" * 30, "W" * 30, "巷", "")


def svg(sign: Sign, **look: str) -> ET.Element:
    size = size_of(SHANGHAI, sign.kind)
    return ET.fromstring(str(drawn(sign, size, SHANGHAI.look.model_copy(update=look))))  # noqa: S314  (our own drawing)


def texts(root: ET.Element) -> list[ET.Element]:
    return [one for one in root.iter() if one.tag.endswith("text")]


def reach(text: ET.Element) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a line in the font it is printed in: 1 em a character at most."""
    size = float(text.attrib["font-size"])
    ascii_width = {"M": 0.85, "W": 0.92} | dict.fromkeys("0123456789", 0.59)
    wide = sum(ascii_width.get(one, 0.77) if one.isascii() else 1.0 for one in text.text or "")
    x, y = float(text.attrib["x"]), float(text.attrib["y"])
    return x - wide * size / 2, y - 0.88 * size, x + wide * size / 2, y + 0.12 * size


@pytest.mark.parametrize("kind", PLATE_KINDS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", ["1", "25号附1", "12345-12", "临8"])
def test_every_line_lies_on_the_sign_and_none_on_another(kind: str, name: str, number: str) -> None:
    sign = Sign(kind, name, number, sound_of(name, SHANGHAI), url=URL)
    root = svg(sign, post_code="200233")
    size = size_of(SHANGHAI, kind)
    assert root.attrib["viewBox"] == f"0 0 {size.width_mm} {size.height_mm}"
    lines = [reach(one) for one in texts(root)]
    assert lines
    for left, top, right, bottom in lines:
        assert 0 < left < right < size.width_mm
        assert 0 < top < bottom < size.height_mm
    for place, one in enumerate(lines):
        for other in lines[place + 1 :]:
            apart = one[2] <= other[0] + 0.5 or other[2] <= one[0] + 0.5
            assert apart or one[3] <= other[1] + 0.5 or other[3] <= one[1] + 0.5


@pytest.mark.requirement("R70")
def test_a_long_name_keeps_all_its_characters() -> None:
    name = "龘" * 29 + "路"
    written = "".join(one.text or "" for one in texts(svg(Sign("gate_small", name, "6"))))
    assert written == name + "6"


def test_no_number_is_torn_apart() -> None:
    lines = [one.text for one in texts(svg(Sign("building", "映月路218弄", "6")))]
    assert lines == ["映月路", "218弄", "6"]


@pytest.mark.parametrize(("kind", "side"), [("gate_large", 120), ("gate_medium", 75), ("gate_small", 40)])
def test_the_square_code_has_its_size_and_its_white_edge(kind: str, side: int) -> None:
    root = svg(Sign(kind, "映月路", "218", url=URL))
    path = next(one for one in root.iter() if one.attrib.get("class") == "square")
    x, y, scale = (float(one) for one in re.findall(r"[\d.]+", path.attrib["transform"]))
    code = segno.make(URL, error="q", micro=False)
    assert code.error in {"Q", "H"}
    assert scale * (code.symbol_size(border=4)[0]) == pytest.approx(side, abs=0.05)
    size = size_of(SHANGHAI, kind)
    assert 0 < x < size.width_mm - side
    assert 0 < y < size.height_mm - side
    dark = set()
    for start, row, width in re.findall(r"M(\d+) (\d+)\.5h(\d+)", path.attrib["d"]):
        dark |= {(int(start) + step, int(row)) for step in range(int(width))}
    rows = [bytes(row) for row in code.matrix_iter(border=4)]
    assert dark == {(i, j) for j, row in enumerate(rows) for i, module in enumerate(row) if module}
    assert min(min(spot) for spot in dark) == 4


def test_a_kind_without_room_for_it_has_no_square_code() -> None:
    assert "square" not in str(
        drawn(Sign("unit", "映月路", "2", url=URL), size_of(SHANGHAI, "unit"), SHANGHAI.look)
    )


def test_a_street_sign_is_blue_or_green_and_bears_the_sound() -> None:
    for is_north_south, ground in ((False, "#0b4da2"), (True, "#00704a")):
        root = svg(Sign("street_sign", "映月路", "", "YINGYUE LU", is_north_south=is_north_south))
        assert next(one for one in root.iter() if one.tag.endswith("rect")).attrib["fill"] == ground
        assert [one.text for one in texts(root)] == ["映月路", "YINGYUE LU"]
    assert 'fill="#112233"' in str(
        drawn(Sign("gate_small", "映月路", "6"), size_of(SHANGHAI, "gate_small"), SHANGHAI.look.model_copy(update={"ground": "#112233"}))
    )  # fmt: skip


def test_what_is_written_is_no_markup() -> None:
    root = svg(Sign("gate_small", '<script>alert("1")</script>', "&6"))
    assert "<script" not in ET.tostring(root, encoding="unicode")


def test_the_parts_of_an_address() -> None:
    assert parts_of("示范区映月路218弄6号", "示范区") == ("映月路218弄", "6")
    assert parts_of("彭家湾3组25号附1号") == ("彭家湾3组", "25号附1")
    assert parts_of("三新路119-1号") == ("三新路", "119-1")
    assert parts_of("沫水街临8号") == ("沫水街", "临8")
    assert parts_of("中山路8號之2") == ("中山路", "8號之2")
    assert parts_of("经国路二段临8之6號") == ("经国路二段", "临8之6")
    assert parts_of("映月路") == ("", "映月路")


def test_the_sound_of_a_name() -> None:
    assert sound_of("映月路", SHANGHAI) == "YINGYUE LU"
    assert sound_of("映月路218弄", SHANGHAI) == "YINGYUE LU 218 LONG"
    assert sound_of("世纪大道", SHANGHAI) == "SHIJI DADAO"
    assert sound_of("", SHANGHAI) == ""
