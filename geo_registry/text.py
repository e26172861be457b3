"""Normal forms of Chinese text: widths, variants, numerals, sound.

Two forms are kept apart. *Clean* text is what a registry shows: one width, one kind of dash, no stray spaces,
the script left as it was written. A *normal key* is what a registry compares: capital letters, no spaces,
variants and the traditional forms of address words folded. A key is never shown.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from geo_registry import collector

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−─━﹘﹣－"), "-")
# Bopomofo I and a circle stand for the numerals one and zero in hand-typed registers.
_LOOKALIKES = {ord("ㄧ"): "一", ord("○"): "〇", ord("巿"): "市"}
# Besides what has no width, what turns the direction: with it one name could be shown as another.
_INVISIBLE = dict.fromkeys(
    map(
        ord,
        "\u200b\u200c\u200d\u2060\ufeff\u00ad"
        "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    ),
    "",
)
_CLEAN = {**_DASHES, **_LOOKALIKES, **_INVISIBLE}

# Only the words that close an address part, and the variants that registers mix freely. A street's own name
# (東, 興, 華 ...) stays as it is, because two scripts never meet inside one register.
_KEY_FOLDS = str.maketrans(
    "臺檯號楼樓區縣鄉鎮鄰裡裏棟座幢層室門牌組灣莊庄單間衖衕",
    "台台号楼楼区县乡镇邻里里栋座幢层室门牌组湾庄庄单间衖衕",
)
_SPACES = re.compile(r"\s+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")

_DIGITS = {
    **{c: i for i, c in enumerate("零一二三四五六七八九")},
    **{c: i for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    **dict(zip("貳參陸两兩弌", (2, 3, 6, 2, 2, 1), strict=True)),
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_TENS = {"廿": 20, "卅": 30, "卌": 40}
NUMERAL_CHARACTERS = "".join([*_DIGITS, *_UNITS, *_TENS])
"""Every character that may stand in a Chinese numeral read by `to_int`."""


def clean(text: str) -> str:
    """Return text in one width, with one dash, without control or invisible characters.

    NFKC turns full-width letters, digits and compatibility ideographs into plain ones. Runs of white space
    become one space, and none stays at either end.
    """
    if text.isascii() and text.isalnum():
        return text
    folded = unicodedata.normalize("NFKC", text.translate(_CLEAN)).translate(_CLEAN)
    return _SPACES.sub(" ", _CONTROLS.sub("", folded)).strip()


def normal_key(text: str) -> str:
    """Return the form of a text that is compared: clean, without spaces, capitals, variants folded."""
    packed = _SPACES.sub("", clean(text)).upper().translate(_KEY_FOLDS)
    # Without its space a mark may join the letter before it.
    return packed if packed.isascii() else unicodedata.normalize("NFKC", packed)


# Nothing that is counted here has more.
_MOST_DIGITS = 18


def to_int(numeral: str) -> int | None:
    """Return the value of an Arabic or Chinese numeral below 10 000, None when it is not one.

    Both ways of writing are read: by place (一〇二, 二三) and with units (一百零二, 二十三, 廿三).
    """
    if not numeral:
        return None
    if numeral.isdecimal():
        return int(numeral) if len(numeral) <= _MOST_DIGITS else None
    return _chinese_int(numeral)


@lru_cache(maxsize=4096)
def _chinese_int(numeral: str) -> int | None:
    if all(c in _DIGITS for c in numeral):
        return int("".join(str(_DIGITS[c]) for c in numeral)) if len(numeral) <= 4 else None
    total, digit, last_unit = 0, -1, 10_000
    for char in numeral:
        if char in _DIGITS:
            if digit > 0:
                return None
            digit = _DIGITS[char]
            continue
        unit = 10 if char in _TENS else _UNITS.get(char, 0)
        if not unit or unit >= last_unit or (digit == 0 and unit != 10):
            return None
        if char in _TENS:
            if digit > 0:
                return None
            total += _TENS[char]
        else:
            total += unit * (digit if digit > 0 else 1)
        digit, last_unit = -1, unit
    return total + max(digit, 0)


def to_chinese(number: int) -> str:
    """Return the Chinese numeral of 0 to 9999 as plates write it: 十, 十二, 一百一十."""
    if not 0 <= number <= 9999:
        msg = f"no plate numeral for {number}"
        raise ValueError(msg)
    digits = "〇一二三四五六七八九"
    if number < 10:
        return digits[number]
    written, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            written += ("零" if gap else "") + digits[digit] + name
            gap = False
        elif written and number:
            gap = True
    return written[1:] if written.startswith("一十") else written


def fold_numerals(text: str, before: str) -> str:
    """Write each Chinese numeral that stands directly before one of the characters `before` in Arabic digits.

    光明九路 and 光明9路 are one street; 三民路 keeps its 三, and so does 五一路, because
    a numeral without units and with more than one figure is a name rather than a count.
    """

    def arabic(match: re.Match[str]) -> str:
        numeral = match.group(1)
        plain_name = (
            len(numeral) > 1 and all(c in _DIGITS for c in numeral) and not set(numeral) & set("〇零")
        )
        value = None if plain_name else to_int(numeral)
        return numeral if value is None else str(value)

    return re.sub(f"([{NUMERAL_CHARACTERS}]+)(?=[{re.escape(before)}])", arabic, text)


@lru_cache(maxsize=65536)
def pinyin(text: str) -> str:
    """Return the sound of a text without tones or spaces: 映月路 is `yingyuelu`; digits and letters stay."""
    return "".join(run for run, _ in _runs(text))


@lru_cache(maxsize=65536)
def initials(text: str) -> str:
    """Return the first letter of each syllable: 映月路 is `yyl`; digits and letters stay."""
    return "".join(run[:1] if is_syllable else run for run, is_syllable in _runs(text))


def syllables(characters: str) -> list[str]:
    """Return the sound of each of some Chinese characters, as they are read side by side."""
    return [syllable.lower() for syllable in _reader()(characters)]


def natural_order(text: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key by which 2 stands before 10."""
    pieces = re.findall(r"\d+|\D+", text)
    return tuple(
        (int(piece), "") if piece.isdecimal() and len(piece) <= _MOST_DIGITS else (-1, piece)
        for piece in pieces
    )


def _runs(text: str) -> list[tuple[str, bool]]:
    """Return the syllables of a text and what stands between them, each with whether it is a syllable."""
    runs: list[tuple[str, bool]] = []
    for piece in re.split(r"([一-鿿〇]+)", clean(text).replace(" ", "")):
        if piece and not piece.isascii() and "一" <= piece[0] <= "鿿":
            runs += [(syllable, True) for syllable in syllables(piece)]
        elif piece:
            runs.append((piece.lower(), False))
    return runs


@lru_cache(maxsize=1)
def _reader() -> Callable[[str], list[str]]:
    # Loaded on first use: its dictionaries take a tenth of a second, and stay for good.
    with collector.paused():
        from pypinyin import lazy_pinyin, load_single_dict

        load_single_dict({ord("弄"): "lòng"})  # a lane is lòng; nòng is the verb
        collector.spare()

    def read(text: str) -> list[str]:
        return list(lazy_pinyin(text))

    return read


# Spreadsheets in Chinese take the full-width signs as well; some skip spaces before them.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


def inert(cell: str) -> str:
    """Return a cell that no spreadsheet runs: what would be a formula gets an apostrophe in front.

    >>> inert("=1+1"), inert("402室")
    ("'=1+1", '402室')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell
