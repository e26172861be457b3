"""牌面: the sign drawn to scale, in millimetres, by the profile's sizes and colours.

The parts of a sign follow GB 17733.1-1999: on a street sign the name above and its sound below, on a building
plate name, sound and post code at the left and the number at the right, on others the name above the number.
One drawing serves the editor, the batch and the maker's sheet.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import segno
from markupsafe import Markup, escape

from geo_registry.address.scheme import PlateLook, PlateSize, Profile
from geo_registry.text import syllables

FONTS: Final = "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, SimHei, sans-serif"
_NUMBER = re.compile(r"(?P<upper>.*?)(?P<lower>[临臨附]?\d+(?:-\d+|[号號]?[附之]\d+)*[A-Z甲乙丙丁]?)[号號]?")
_HAN = re.compile(r"[一-鿿〇]+")
# Widths of the letters of a bold Heiti in parts of its height, rounded up: what fits by them is not clipped.
_WIDE, _CAPITAL, _LETTER = 0.97, 0.79, 0.65
_FILLED: Final = 0.8
"""The part of its band that a line of text fills."""
_MUCH_LARGER: Final = 1.2
"""Two lines are worth it where the letters grow by this much."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What one sign says: the name above, the number, the sound of the name; `url` is its square code."""

    kind: str
    name: str
    number: str
    sound: str = ""
    is_north_south: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the sign in millimetres from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def inset(self, by: float) -> "Box":
        """Return the box without its edge."""
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)

    def rows(self, *shares: float) -> "list[Box]":
        """Return the box cut into rows of these shares."""
        found, top = [], self.y
        for share in shares:
            found.append(Box(self.x, top, self.width, self.height * share / sum(shares)))
            top += found[-1].height
        return found

    def without_right(self, width: float) -> "Box":
        """Return the box without a column at its right."""
        return Box(self.x, self.y, self.width - width, self.height)


def parts_of(text: str, district: str | None = None) -> tuple[str, str]:
    """Return what stands on a plate above and below: the name without its district, the number without 号.

    >>> parts_of("示范区映月路218弄6号", "示范区"), parts_of("彭家湾3组25号附1号")
    (('映月路218弄', '6'), ('彭家湾3组', '25号附1'))
    """
    text = text.removeprefix(district) if district else text
    found = _NUMBER.fullmatch(text)
    return (found["upper"], found["lower"]) if found else ("", text)


def sound_of(name: str, profile: Profile) -> str:
    """Return a name in capital letters, kinds and numbers as words: 映月路218弄 is `YINGYUE LU 218 LONG`."""
    kinds = {word for part in profile.place_parts for word in part.suffixes}
    endings = re.compile("|".join(sorted(map(re.escape, kinds), key=len, reverse=True)) + "$")
    words: list[str] = []
    for piece in re.findall(r"\d+|[^\d\s]+", name):
        ending = endings.search(piece)
        cut = ending.start() if ending and not piece.isdecimal() else len(piece)
        words += [_spelled(piece[:cut]), _spelled(piece[cut:])]
    return " ".join(word for word in words if word).upper()


@cache
def _spelled(text: str) -> str:
    return _HAN.sub(lambda found: "".join(syllables(found[0])), text)


def size_of(profile: Profile, kind: str) -> PlateSize:
    """Return the size of a kind of plate; of one that the profile does not name, that of a small gate."""
    named = {size.kind: size for size in profile.plates}
    smallest = min(profile.plates, key=lambda size: size.width_mm * size.height_mm)
    return named.get(kind) or named.get("gate_small") or smallest  # type: ignore[call-overload]


def drawn(sign: Sign, size: PlateSize, look: PlateLook, *, width: str = "", height: str = "") -> Markup:
    """Draw a sign as SVG, one unit a millimetre; `width` and `height` are lengths of the page.

    The square code is drawn where the size has room for one and the sign has something to say in it.
    """
    whole = Box(0, 0, size.width_mm, size.height_mm)
    rim = min(0.05 * size.height_mm, 10 if size.height_mm <= 100 else 15)
    lines = _lines(sign, whole.inset(max(1.5 * rim, 0.05 * size.height_mm)), size, look.post_code)
    is_green = sign.kind == "street_sign" and sign.is_north_south
    ground = look.ground_north_south if is_green else look.ground
    frame = whole.inset(0.6 * rim)
    measures = Markup(' width="{}" height="{}"').format(width, height) if width else ""
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="face" viewBox="0 0 {} {}"{} role="img" '
        'aria-label="牌面：{}{}"><rect width="{}" height="{}" rx="{:.2f}" fill="{}"/>'
        '<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" rx="{:.2f}" fill="none" stroke="{}" '
        'stroke-width="{:.2f}"/><g fill="{}" font-family="{}" text-anchor="middle">'
    ).format(
        whole.width, whole.height, measures, sign.name, sign.number, whole.width, whole.height, rim, ground,
        frame.x, frame.y, frame.width, frame.height, 0.6 * rim, look.ink, 0.25 * rim, look.ink, FONTS,
    )  # fmt: skip
    return head + Markup("").join(lines) + Markup("</g></svg>")


def _lines(sign: Sign, box: Box, size: PlateSize, post_code: str | None) -> list[Markup]:
    if sign.kind == "street_sign":
        return _street(sign, box, size)
    if sign.kind == "building":
        return _building(sign, box, size, post_code)
    if sign.kind != "gate_large":
        return _stacked(sign, box, size, (2, 3))
    if post_code is None:
        return _stacked(sign, box, size, (1, 3))
    upper, lower = box.rows(4, 1)
    return [*_stacked(sign, upper, size, (1, 3)), _fitted(post_code, lower)]


def _street(sign: Sign, box: Box, size: PlateSize) -> list[Markup]:
    code, room = _code_at_right(sign, box, size, box.height)
    name = sign.name + sign.number
    if not sign.sound:
        return [_fitted(name, room, may_wrap=True), *code]
    upper, lower = room.rows(3, 2)
    return [_fitted(name, upper, may_wrap=True), _fitted(sign.sound, lower, may_wrap=True), *code]


def _building(sign: Sign, box: Box, size: PlateSize, post_code: str | None) -> list[Markup]:
    left = Box(box.x, box.y, 0.57 * box.width, box.height)
    right = Box(box.x + 0.6 * box.width, box.y, 0.4 * box.width, box.height)
    code, room = _code_at_right(sign, right, size, right.height)
    below = [text for text in (sign.sound, post_code) if text]
    bands = left.rows(3, *[1] * len(below))
    small = [_fitted(text, band, may_wrap=True) for text, band in zip(below, bands[1:], strict=True)]
    return [_fitted(sign.name, bands[0], may_wrap=True), *small, _fitted(sign.number, room), *code]


def _stacked(sign: Sign, box: Box, size: PlateSize, shares: tuple[float, float]) -> list[Markup]:
    """Set the name above the number; a square code stands beside the number, a higher one beside both."""
    if not sign.name:
        code, room = _code_at_right(sign, box, size, box.height)
        return [_fitted(sign.number, room), *code]
    upper, lower = box.rows(*shares)
    if sign.url and size.qr_mm and size.qr_mm > lower.height:
        code, room = _code_at_right(sign, box, size, box.height)
        upper, lower = room.rows(*shares)
    else:
        code, lower = _code_at_right(sign, lower, size, lower.height)
    return [_fitted(sign.name, upper, may_wrap=True), _fitted(sign.number, lower), *code]


def _code_at_right(sign: Sign, box: Box, size: PlateSize, most: float) -> tuple[list[Markup], Box]:
    """Draw the square code at the right of a box, and return what is left of it."""
    if not sign.url or not size.qr_mm:
        return [], box
    side = min(size.qr_mm, most, box.width / 2)
    corner = Box(box.x + box.width - side, box.y + (box.height - side) / 2, side, side)
    return [_square(sign.url, corner)], box.without_right(side + 0.04 * box.width)


def _square(url: str, box: Box) -> Markup:
    """Draw a QR code of level Q with its white edge of four modules, as large as the box."""
    rows = [bytes(row) for row in segno.make(url, error="q", micro=False).matrix_iter(border=4)]
    path = "".join(
        f"M{run.start()} {y}.5h{run.end() - run.start()}"
        for y, row in enumerate(rows)
        for run in re.finditer(rb"\x01+", row)
    )
    return Markup(
        '<rect x="{0:.2f}" y="{1:.2f}" width="{2:.2f}" height="{2:.2f}" fill="#ffffff"/>'
        '<path class="square" stroke="#000000" transform="translate({0:.2f} {1:.2f}) scale({3:.5f})" '
        'd="{4}"/>'
    ).format(box.x, box.y, box.width, box.width / len(rows), path)


def _fitted(text: str, box: Box, *, may_wrap: bool = False) -> Markup:
    """Set a text as large as its box allows, never beyond it; a name in two lines where that is larger."""
    lines: tuple[str, ...] = (text,)
    if may_wrap:
        halves = max(_in_two(text), key=lambda two: _evenness(two, box), default=lines)
        lines = halves if _largest(halves, box) > _MUCH_LARGER * _largest(lines, box) else lines
    size = _largest(lines, box)
    height = box.height / len(lines)
    return Markup("").join(
        Markup('<text x="{:.2f}" y="{:.2f}" font-size="{:.2f}" font-weight="700">{}</text>').format(
            box.x + box.width / 2, box.y + (place + 0.5) * height + 0.37 * size, size, escape(line)
        )
        for place, line in enumerate(lines)
        if line
    )


def _in_two(text: str) -> list[tuple[str, str]]:
    """Return a text in two lines, in all ways that tear no number apart; words only between them."""
    places = [found.start() for found in re.finditer(" ", text)] or [
        place for place in range(1, len(text)) if not text[place - 1 : place + 1].isdecimal()
    ]
    return [(text[:place], text[place:].strip()) for place in places]


def _evenness(two: tuple[str, str], box: Box) -> tuple[float, float]:
    return _largest(two, box), -abs(_width(two[0]) - _width(two[1]))


def _largest(lines: tuple[str, ...], box: Box) -> float:
    widest = max(_width(line) for line in lines)
    return min(_FILLED * box.height / len(lines), box.width / widest if widest else box.height)


def _width(text: str) -> float:
    """Return how wide a text is at most, in parts of its height."""
    return sum(
        1.0 if not char.isascii() and not char.islower() else
        _WIDE if char in "MWmw@%" else _CAPITAL if char.isupper() else _LETTER
        for char in text
    )  # fmt: skip
