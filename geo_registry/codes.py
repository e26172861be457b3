"""Identifiers: time-ordered ids, public codes for paper and phone, and the codes other registers use.

An id is opaque and never shown. A public code is 12 characters and a check character of an alphabet without
0, O, I, L and U, so that it survives handwriting and the telephone; a letter for the class of
the object may stand before it, for people only.
"""

import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from geo_registry.errors import RuleBroken
from geo_registry.text import clean

ALPHABET: Final = "123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""The 31 characters of a public code. 31 is prime, which is what makes the check below complete."""
CODE_LENGTH: Final = 13
_VALUE: Final = {char: value for value, char in enumerate(ALPHABET)}


class CodeKind(StrEnum):
    """The class letter written before a public code."""

    STREET = "S"
    LANE = "L"
    ESTATE = "C"
    BUILDING = "B"
    ENTRANCE = "E"
    DWELLING = "D"
    PLATE = "P"
    ADDRESS = "A"
    GRID_BLOCK = "G"
    ZONE = "Z"


_KINDS: Final = frozenset(kind.value for kind in CodeKind)


class _Clock:
    """Strictly rising UUIDv7 values: 48 bits of milliseconds, a 42-bit counter, 32 random bits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def take(self, count: int) -> int:
        """Return the first of `count` consecutive 90-bit values (milliseconds and counter)."""
        with self._lock:
            # Each millisecond starts at a random count with its top bit clear: room for 2^41 ids.
            fresh = (time.time_ns() // 1_000_000 << 42) | secrets.randbits(41)
            first = fresh if fresh >> 42 > self._last >> 42 else self._last + 1
            self._last = first + count - 1
            return first


_clock = _Clock()


def _uuid7(value: int, tail: int) -> UUID:
    stamp, counter = value >> 42, value & (1 << 42) - 1
    high = stamp << 16 | 0x7000 | counter >> 30
    low = 0b10 << 62 | (counter & (1 << 30) - 1) << 32 | tail
    return UUID(int=high << 64 | low)


def new_id() -> UUID:
    """Return a new UUIDv7 (RFC 9562), larger than every one this process made before."""
    return _uuid7(_clock.take(1), secrets.randbits(32))


def new_ids(count: int) -> list[UUID]:
    """Return `count` rising UUIDv7 values; one clock reading and one draw of randomness for all of them."""
    first = _clock.take(count) if count else 0
    noise = secrets.token_bytes(4 * count)
    return [_uuid7(first + i, int.from_bytes(noise[4 * i : 4 * i + 4])) for i in range(count)]


def check_character(body: str) -> str:
    """Return the check character of the first 12 characters of a public code.

    The weights 2 to 13 differ and none is 0 or 1 modulo the prime 31, so each single substitution and each
    exchange of two characters, the check character (weight 1) included, changes the sum.
    """
    total = sum((i + 2) * _VALUE[char] for i, char in enumerate(body))
    return ALPHABET[-total % 31]


def _codes(count: int) -> Iterator[str]:
    seen: set[str] = set()
    while len(seen) < count:
        # 72 random bits over 31^12 values (59.4 bits): the unevenness is below one part in 6 000.
        raw = secrets.randbits(72)
        body = ""
        for _ in range(CODE_LENGTH - 1):
            raw, digit = divmod(raw, 31)
            body += ALPHABET[digit]
        code = body + check_character(body)
        if code not in seen:
            seen.add(code)
            yield code


def new_code() -> str:
    """Return a new random public code of 13 characters; the register's constraint keeps it unique."""
    return next(_codes(1))


def new_codes(count: int) -> list[str]:
    """Return `count` different public codes."""
    return list(_codes(count))


def format_code(kind: CodeKind | str | None, code: str) -> str:
    """Return a code as people read it: class letter, then blocks of four, `B 7KQ4-M2XP-9RTC-5`."""
    blocks = "-".join(code[i : i + 4] for i in range(0, len(code), 4))
    return f"{CodeKind(kind).value} {blocks}" if kind else blocks


def parse_code(text: str) -> tuple[CodeKind | None, str]:
    """Read a public code however it was typed: spaces, hyphens, width and case do not matter.

    Raises:
        RuleBroken: `code-length`, `code-character`, `code-kind` or `code-check`, each saying what is wrong.

    """
    packed = re.sub(r"[\s\-.·_/]", "", clean(text)).upper()
    kind: CodeKind | None = None
    if len(packed) == CODE_LENGTH + 1:
        if packed[0] not in _KINDS:
            raise RuleBroken(
                "code-kind", f"编码的类别字母 {packed[0]} 不存在，应为 {' '.join(CodeKind)} 之一"
            )
        kind, packed = CodeKind(packed[0]), packed[1:]
    if len(packed) != CODE_LENGTH:
        raise RuleBroken("code-length", f"编码应为 {CODE_LENGTH} 位，实为 {len(packed)} 位")
    strange = [char for char in packed if char not in _VALUE]
    if strange:
        raise RuleBroken("code-character", f"编码中不会出现字符 {' '.join(strange)}（不用 0 O I L U）")
    if check_character(packed[:-1]) != packed[-1]:
        raise RuleBroken("code-check", "校验位不符，请核对编码是否抄错")
    return kind, packed


def is_public_code(text: str) -> bool:
    """Tell whether a text is a well-formed public code."""
    try:
        parse_code(text)
    except RuleBroken:
        return False
    return True


class DivisionLevel(StrEnum):
    """The five levels of administrative division, from the whole to the part."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    TOWNSHIP = "township"
    COMMUNITY = "community"


_LEVEL_LENGTHS: Final = dict(zip((2, 4, 6, 9, 12), DivisionLevel, strict=True))
_LEVEL_ENDS: Final = {level: length for length, level in _LEVEL_LENGTHS.items()}


@dataclass(frozen=True, slots=True)
class DivisionCode:
    """An administrative division code, padded to 12 digits (GB/T 2260 and GB/T 10114)."""

    digits: str
    level: DivisionLevel

    @property
    def short(self) -> str:
        """The significant digits: 2, 4, 6, 9 or 12 of them."""
        return self.digits[: _LEVEL_ENDS[self.level]]

    @property
    def parent(self) -> "DivisionCode | None":
        """The division one level above, None above a province."""
        levels = list(DivisionLevel)
        place = levels.index(self.level)
        if place == 0:
            return None
        above = levels[place - 1]
        return DivisionCode(self.digits[: _LEVEL_ENDS[above]].ljust(12, "0"), above)


def parse_division_code(text: str) -> DivisionCode:
    """Read a division code of 2, 4, 6, 9 or 12 digits; trailing zero groups set the level.

    Which codes exist is a question for the register's own dated list: ranges inside the code differ between
    editions of the norm and are not judged here.

    Raises:
        RuleBroken: `division-code` when the text is not such a code or its levels have a gap.

    """
    packed = re.sub(r"\s", "", clean(text))
    if not (packed.isascii() and packed.isdecimal()) or len(packed) not in _LEVEL_LENGTHS:
        raise RuleBroken("division-code", f"行政区划代码应为 2、4、6、9 或 12 位数字：{packed[:20]}")
    digits = packed.ljust(12, "0")
    groups = (digits[:2], digits[2:4], digits[4:6], digits[6:9], digits[9:12])
    filled = [bool(int(group)) for group in groups]
    # Cities without districts (Dongguan, Danzhou) have townships below an empty district group.
    if not filled[0] or (any(filled[2:]) and not filled[1]) or (filled[4] and not filled[3]):
        raise RuleBroken("division-code", f"行政区划代码的层级有空缺：{digits}")
    last = max(i for i, is_filled in enumerate(filled) if is_filled)
    return DivisionCode(digits, list(DivisionLevel)[last])


@dataclass(frozen=True, slots=True)
class GridCode:
    """A 15-digit code of a unit grid (GB/T 30428.1): 12 digits of the community and 3 of the sequence."""

    community: DivisionCode
    sequence: int

    def __str__(self) -> str:
        """Return the 15 digits."""
        return f"{self.community.digits}{self.sequence:03d}"


def parse_grid_code(text: str) -> GridCode:
    """Read a 15-digit grid code.

    Raises:
        RuleBroken: `grid-code` when it is not 15 digits below a community, or its sequence is 000.

    """
    packed = re.sub(r"\s", "", clean(text))
    if not (packed.isascii() and packed.isdecimal() and len(packed) == 15):
        raise RuleBroken("grid-code", f"单元网格代码应为 15 位数字：{packed[:20]}")
    community = parse_division_code(packed[:12])
    if community.level is not DivisionLevel.COMMUNITY or packed[12:] == "000":
        raise RuleBroken("grid-code", "单元网格代码应由 12 位社区代码与 001 起的 3 位顺序号组成")
    return GridCode(community, int(packed[12:]))
