"""Parts exactly as a profile writes them: 12鄰, 24巷3弄, 彭家湾3组, 临8-6号, 25号附1号, 二樓之1.

The words and marks are the profile's. They are looked for in the text as it is written, because folding makes
衖 and 弄 one. Schemes whose lanes hold alleys are read closely; of the others only what general practice
leaves open is added.
"""

import re

from geo_registry.address.reading.segments import Lattice, Rule, rule
from geo_registry.address.scheme import Profile
from geo_registry.address.units import any_of
from geo_registry.text import NUMERAL_CHARACTERS

_CERTAIN = -4.0
"""What such a part pays: written in figures and with its own word it is hardly ever anything else."""
# Registers hold a mark where a conversion lost a character.
_HAN = "[㐀-鿿豈-﫿𠀀-𱍏?？■□]"
_PLAIN = f"(?:(?![路街道巷弄段]){_HAN})"
_SIDE = "[東西南北中上下前後橫东]"
_NUMERAL = f"[{NUMERAL_CHARACTERS}]"
_COUNT = f"(?:\\d{{1,4}}(?:[之-]\\d{{1,3}}){{0,2}}|{_NUMERAL}{{1,3}})"
_LANE = rule("lane", "lane.count", "lane")
_ALLEY = rule("alley", "lane.count", "lane", "lane")
_COUNTED: tuple[Rule, ...] = (
    rule("section", "section.count", "section"),
    _LANE,
    _ALLEY,
    rule("sub_alley", "lane.count", "lane", "lane"),
)
_NEIGHBORHOOD = rule("neighborhood", "neighborhood.count", "neighborhood")
_STREET = rule("street", "street.suffix", "street")
_HAMLET = rule("hamlet", "hamlet.plain", "hamlet")
_ESTATE = rule("estate", "estate.suffix", "text", "text_estate")
_HAMLET_NAMED = rule("hamlet", "hamlet.suffix", "hamlet")
_NUMBER = rule("street_number", "number.door", "number_word", "number")
_FLOOR = rule("floor", "floor.suffix", "floor_word", "floor")
_ROOM = rule("room", "room.suffix", "room_word", "room")


class SchemeRules:
    """The expressions of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._rules: list[tuple[re.Pattern[str], Rule, float]] = []
        words: dict[str, str] = {part.kind: any_of(part.suffixes) for part in profile.parts}
        if "alley" in words:
            self._add_places(profile, words)
            self._add(_number(profile), _NUMBER)
            self._add_units(profile, words["floor"])
        else:
            self._add_rural(profile, words)
            self._add(_number(profile, is_plain=False), _NUMBER)

    def add(self, text: str, lattice: Lattice) -> None:
        """Add the segments of a text to those known already."""
        for pattern, of, cost in self._rules:
            for found in pattern.finditer(text):
                lattice[found.start()].append((found.end(), of.column, of.state, cost, None, of))

    def _add(self, expression: str, of: Rule, cost: float = _CERTAIN) -> None:
        self._rules.append((re.compile(expression), of, cost))

    def _add_rural(self, profile: Profile, words: dict[str, str]) -> None:
        behind = f"(?:{_marks(profile)})?\\d"
        if "hamlet" in words:
            self._add(
                f"(?:(?<=[村区镇乡道会])|^){_PLAIN}{{1,4}}(?:{words['hamlet']})(?={behind})", _HAMLET_NAMED
            )
        if "section" in words and "lane" in words:
            self._add(f"(?<=[路街道]){_NUMERAL}(?:{words['section']})(?={behind})", _COUNTED[0])
            self._add(f"(?<=[路街道段])\\d{{1,4}}(?:{words['lane']})(?={behind})", _LANE)

    def _add_places(self, profile: Profile, words: dict[str, str]) -> None:
        for counted in _COUNTED:
            if counted.kind in words:
                self._add(f"(?<!\\d){_COUNT}(?:{words[counted.kind]})", counted)
        # Beside 24巷: 24南巷, 24巷三橫巷, 南一巷.
        numbered = f"\\d{{1,4}}{_SIDE}{_NUMERAL}{{0,2}}|{_SIDE}{_NUMERAL}{{1,2}}"
        self._add(f"(?<!\\d)(?:{numbered})(?:{words['lane']})", _LANE)
        self._add(f"(?<!\\d)\\d{{1,4}}巷{_NUMERAL}{{0,2}}橫巷", _LANE, 2 * _CERTAIN)
        self._add(f"(?<!\\d)\\d{{1,4}}[前後](?:{words['alley']})", _ALLEY)
        self._add("(?<!\\d)\\d{1,3}[鄰邻]", _NEIGHBORHOOD)
        self._add_names(f"(?:{_marks(profile)})?\\d(?!\\d?\\d?[鄰邻])", words)

    def _add_names(self, behind: str, words: dict[str, str]) -> None:
        """Add names behind a neighborhood or, if they hold no word of a division, behind a division."""
        count = f"{_NUMERAL}{{1,3}}(?:{words['section']})"
        lane = f"{_PLAIN}{{1,5}}(?:{words['lane']})(?={behind})"
        # What stands between a street and its section (芳漢路漢 一段), or names a section, is of the name.
        side = f"(?!{_PLAIN}{{0,3}}{count}){_PLAIN}{{1,4}}(?:{words['section']})(?={behind})"
        ends = (
            f"(?={behind}|{count}|{lane}|{_PLAIN}{{2,6}}{behind})|{_SIDE}(?={behind})|"
            f"{_PLAIN}{{1,3}}(?={count})|{side}"
        )
        for before, char in (
            ("[鄰邻]", _HAN),
            ("[里村區鄉鎮市区乡镇]", f"(?:(?![鄰邻里村區鄉鎮市縣区乡镇县]){_PLAIN})"),
        ):
            own = char if char != _HAN else _PLAIN
            self._add(f"(?<={before}){char}{{1,8}}?(?:路|街|道)(?:{ends})", _STREET)
            self._add(f"(?<={before}){own}{{1,6}}(?:{words['estate']})(?={behind})", _ESTATE, 1.5 * _CERTAIN)
            for kind, of in (("lane", _LANE), ("alley", _ALLEY)):
                self._add(f"(?<={before}){own}{{1,5}}(?:{words[kind]})(?={behind})", of)
        for kind, of in (("lane", _LANE), ("alley", _ALLEY)):
            self._add(f"(?<=[弄巷路街段道]){_PLAIN}{{1,5}}(?:{words[kind]})(?={behind})", of)
        # Names with a figure (館前1巷) or with the word of a street of their own (後路巷).
        more = f"(?<=[鄰邻路街段道])(?:{_PLAIN}{{1,2}}\\d{{1,2}}|{_PLAIN}?[路街]{_PLAIN}{{0,2}})"
        self._add(f"(?:{more})(?:{words['lane']})(?={behind})", _LANE, 1.5 * _CERTAIN)
        # A place of another kind, or one whose word is lost, takes the number itself (大湖12號, 過路子478號).
        plain = f"(?:{_PLAIN}|(?<=[鄰邻].)路){{2,8}}(?<!臨)(?<!临)"
        self._add(f"(?<=[鄰邻]){plain}(?<![路街道里村])(?=\\d)", _HAMLET)

    def _add_units(self, profile: Profile, floor: str) -> None:
        rooms = profile.rooms
        basement = any_of((rooms.basement_written, *rooms.basement_accepts))
        counter = f"(?:{floor}|{rooms.basement_counter})"
        count = f"(?:\\d{{1,3}}|{_NUMERAL}{{1,3}})"
        self._add(f"(?<=[號号\\d-])(?:{count}(?:{floor})?[至、,，﹐~及-]){{0,3}}{count}(?:{floor})", _FLOOR)
        self._add(f"(?<=[號号\\d-])(?:{basement})(?:第?(?:\\d|{_NUMERAL})?{counter})?", _FLOOR)
        self._add("(?<=[樓楼層层下室])之(?:\\d{1,4}(?:之\\d{1,4})?號?|" + f"{_NUMERAL}{{1,3}})", _ROOM)
        self._add(f"(?<=[樓楼層层]){_NUMERAL}$|(?<=[號号樓楼層层-])[東西南北东甲乙丙丁]室", _ROOM)


def _marks(profile: Profile) -> str:
    return any_of(word for mark in profile.marks for word in (mark.text, *mark.accepts))


def _number(profile: Profile, *, is_plain: bool = True) -> str:
    """Return the expression of a door number with its mark and all below it; unless plain, it has such."""
    sub, floor = profile.sub_number, any_of(profile.by_kind["floor"].suffixes)
    mark, link = f"(?:{_marks(profile)})", f"(?:{any_of((sub.style, *sub.accepts))})"
    annex = f"(?:{sub.annex}\\d{{1,4}})" if sub.annex else "(?!)"
    word = f"(?:{any_of(profile.by_kind['number'].suffixes)})"
    closing = f"{word}?" if sub.position == "behind" else ""
    count = f"(?:\\d{{1,4}}(?!\\d)|{_NUMERAL}{{1,3}}(?!{_NUMERAL}))"
    behind = f"(?:{link}{count}(?!(?:{floor})){closing})"
    body = f"\\d{{1,4}}(?:{link}\\d{{1,4}})*{annex}?{word}{behind}*{annex}*"
    if is_plain:
        return f"(?<!\\d)(?:{mark}|\\({mark}\\))?{body}(?:{mark}|\\({mark}\\))?"
    below = f"(?=\\d{{1,4}}{word}?(?:{link}|{sub.annex or link})\\d)"
    return f"(?<![\\d-])(?:{mark}|{below}){body}"
