"""Names that are nearly written alike, or sound alike."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from rapidfuzz.distance import OSA

from geo_registry.text import NUMERAL_CHARACTERS, pinyin

# Characters that tell two names of one place apart: 中山东路 is never 中山西路, nor 光明八路 光明九路.
_TELLING: Final = frozenset(
    "东西南北中上下左右前后内外大小新老支甲乙丙丁" + NUMERAL_CHARACTERS + "0123456789"
)
# 柳营路, 柳营街 and 柳营巷 are three places.
_WAYS: Final = frozenset("路街巷弄里道")
# Characters that hands and scanners take for one another, beside those of the same sound.
_SHAPES: Final = (
    "州卅洲", "余佘", "干千于士土", "己已巳", "未末", "日曰目", "天夫大太", "人入", "戊戌戍", "梁粱",
    "坂板阪", "埔浦蒲", "堡保", "清青请", "阜埠", "宣宜", "毫亳", "睢雎", "荥荣", "瓯瓶鸥", "邳邱丘", "稠绸",
    "塘糖", "常堂", "城域", "今令", "田由甲申", "木本", "石右", "王玉主", "泗洒", "沭沐",
    "汶坟", "乌鸟", "平乎", "海每",
)  # fmt: skip
_SHAPE: Final = {char: chars for chars in _SHAPES for char in chars}
_ORDER: Final = {"sound": 0, "edit": 1, "other": 2}


class Similar(NamedTuple):
    """A name that may have been meant: its place, how many characters differ, whether it sounds the same.

    `other` differs in a character that tells two names of one place apart; it is asked for on purpose only.
    """

    place: int
    distance: int
    way: Literal["edit", "sound", "other"]
    spelling: str


class Alike:
    """An index of names by what is left when one character is taken away, and by sound."""

    def __init__(self, names: Iterable[tuple[str, int, str]]) -> None:
        """Take folded names with their place and sound (pinyin without tones or blanks)."""
        self._places = defaultdict[str, list[int]](list)
        self._shorter = defaultdict[str, list[str]](list)
        self._sounds = defaultdict[str, list[str]](list)
        for name, place, sound in names:
            if name not in self._places:
                for rest in _shortened(name):
                    self._shorter[rest].append(name)
                self._sounds[sound].append(name)
            self._places[name].append(place)

    def similar(
        self, name: str, sound: str, limit: int = 8, *, with_others: bool = False
    ) -> tuple[Similar, ...]:
        """Return names of the same sound, or one edit away: a character more, less, other, or two exchanged.

        A name that differs in a numeral, a direction or its last word (路 for 街) is another name, no slip:
        it comes last, and only `with_others`. The name itself is never among them.
        """
        found: dict[str, tuple[int, Literal["edit", "sound", "other"]]] = {}
        for other in self._sounds.get(sound, ()):
            if other != name and not _tells_apart(name, other):
                found[other] = (OSA.distance(name, other), "sound")
        for rest in _shortened(name):
            for other in self._shorter.get(rest, ()):
                if other != name and other not in found and OSA.distance(name, other, score_cutoff=1) == 1:
                    if not _tells_apart(name, other):
                        found[other] = (1, "edit")
                    elif with_others:
                        found[other] = (1, "other")
        ordered = sorted(found.items(), key=lambda one: (_ORDER[one[1][1]], one[1][0], one[0]))
        return tuple(
            Similar(place, distance, way, other)
            for other, (distance, way) in ordered
            for place in self._places[other]
        )[:limit]


def is_slip(name: str, other: str) -> bool:
    """Tell whether two names of one length differ in one character, of the same sound or like shape.

    Numerals and directions that stand for one another are no slip; nor is another last character.
    """
    if len(name) != len(other) or len(name) < 3 or name[-1] != other[-1]:
        return False
    different = [(one, two) for one, two in zip(name, other, strict=True) if one != two]
    if len(different) != 1:
        return False
    one, two = different[0]
    if one in _TELLING and two in _TELLING:
        return False
    return two in _SHAPE.get(one, "") or pinyin(one) == pinyin(two)


def _shortened(name: str) -> set[str]:
    """Return a name and all that is left of it when one character is taken away."""
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)))} if len(name) > 2 else {name}


def _tells_apart(name: str, other: str) -> bool:
    """Tell whether two names differ in what is never a slip: such characters, their order, the last word."""
    if name[-1] != other[-1] and name[-1] in _WAYS and other[-1] in _WAYS:
        return True
    return [c for c in name if c in _TELLING] != [c for c in other if c in _TELLING]
