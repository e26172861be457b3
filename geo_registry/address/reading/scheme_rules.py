"""Parts of schemes in which lanes hold alleys: 鄰, 巷, 弄, 衖, numbers with 之, floors and what lies there.

The words are the profile's; a profile without alleys adds nothing. They are looked for in the text as it is
written, because folding makes 衖 and 弄 one.
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
_NUMERAL = f"[{NUMERAL_CHARACTERS}]"
_COUNT = f"(?:\\d{{1,4}}(?:[之-]\\d{{1,3}}){{0,2}}|{_NUMERAL}{{1,3}})"
_LANE = rule("lane", "lane.count", "lane")
_COUNTED: tuple[Rule, ...] = (
    rule("section", "section.count", "section"),
    _LANE,
    rule("alley", "lane.count", "lane", "lane"),
    rule("sub_alley", "lane.count", "lane", "lane"),
)
_NEIGHBORHOOD = rule("neighborhood", "neighborhood.count", "neighborhood")
_STREET = rule("street", "street.suffix", "street")
_HAMLET = rule("hamlet", "hamlet.plain", "hamlet")
_NUMBER = rule("street_number", "number.door", "number_word", "number")
_FLOOR = rule("floor", "floor.suffix", "floor_word", "floor")
_ROOM = rule("room", "room.suffix", "room_word", "room")


class SchemeRules:
    """The expressions of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._rules: list[tuple[re.Pattern[str], Rule, float]] = []
        if "alley" in profile.by_kind:
            words: dict[str, str] = {part.kind: any_of(part.suffixes) for part in profile.parts}
            self._add_places(words)
            self._add(_number(profile), _NUMBER)
            self._add_units(profile, words["floor"])

    def add(self, text: str, lattice: Lattice) -> None:
        """Add the segments of a text to those known already."""
        for pattern, of, cost in self._rules:
            for found in pattern.finditer(text):
                lattice[found.start()].append((found.end(), of.column, of.state, cost, None, of))

    def _add(self, expression: str, of: Rule, cost: float = _CERTAIN) -> None:
        self._rules.append((re.compile(expression), of, cost))

    def _add_places(self, words: dict[str, str]) -> None:
        section, side = words["section"], "[東西南北中上下前後橫东]"
        for counted in _COUNTED:
            if counted.kind in words:
                self._add(f"(?<!\\d){_COUNT}(?:{words[counted.kind]})", counted)
        # Beside 24巷: 24南巷, 24巷三橫巷, 南一巷.
        numbered = f"\\d{{1,4}}{side}{_NUMERAL}{{0,2}}|{side}{_NUMERAL}{{1,2}}"
        self._add(f"(?<!\\d)(?:{numbered})(?:{words['lane']})", _LANE)
        self._add(f"(?<!\\d)\\d{{1,4}}巷{_NUMERAL}{{0,2}}橫巷", _LANE, 2 * _CERTAIN)
        self._add("(?<!\\d)\\d{1,3}[鄰邻]", _NEIGHBORHOOD)
        lane = f"{_PLAIN}{{1,5}}(?:{words['lane']})(?=\\d)"
        self._add(f"(?<=[鄰邻弄巷路街段道]){lane}", _LANE)
        count = f"{_NUMERAL}{{1,3}}(?:{section})"
        # What stands between a street and its section (芳漢路漢 一段), or names a section, is of the name.
        named = f"{_PLAIN}{{1,3}}(?={count})|(?!{_PLAIN}{{0,3}}{count}){_PLAIN}{{1,4}}(?:{section})(?=\\d)"
        ends = f"(?=\\d|{count}|{lane})|{side}(?=\\d)|{named}"
        self._add(f"(?<=[鄰邻]){_HAN}{{1,8}}?(?:路|街|道)(?:{ends})", _STREET)
        # A place of another kind, or one whose word is lost, takes the number itself (過路子478號).
        self._add(f"(?<=[鄰邻]){_HAN}{{2,8}}(?<![路街道巷弄段里村臨临])(?=\\d)", _HAMLET)

    def _add_units(self, profile: Profile, floor: str) -> None:
        rooms = profile.rooms
        basement = any_of((rooms.basement_written, *rooms.basement_accepts))
        counter = f"(?:{floor}|{rooms.basement_counter})"
        count = f"(?:\\d{{1,3}}|{_NUMERAL}{{1,3}})"
        self._add(f"(?<=[號号\\d-])(?:{count}[至、,，﹐~及-]){{0,3}}{count}(?:{floor})", _FLOOR)
        self._add(f"(?<=[號号\\d-])(?:{basement})(?:(?:\\d|{_NUMERAL})?{counter})?", _FLOOR)
        self._add("(?<=[樓楼層层下室])之(?:\\d{1,4}(?:之\\d{1,4})?|" + f"{_NUMERAL}{{1,3}})", _ROOM)


def _number(profile: Profile) -> str:
    """Return the expression of a door number with its mark and everything below it."""
    sub, floor = profile.sub_number, any_of(profile.by_kind["floor"].suffixes)
    mark = f"(?:{any_of(word for mark in profile.marks for word in (mark.text, *mark.accepts))})"
    link = f"(?:{any_of((sub.style, *sub.accepts))})"
    annex = f"(?:{sub.annex}\\d{{1,4}})" if sub.annex else "(?!)"
    word = f"(?:{any_of(profile.by_kind['number'].suffixes)})"
    behind = f"(?:{link}\\d{{1,4}}(?!\\d*(?:{floor}))(?!\\d))"
    before = f"(?<!\\d)(?:{mark})?\\d{{1,4}}(?:{link}\\d{{1,4}})*{annex}?"
    return f"{before}{word}{behind}*{annex}*(?:{mark}|\\({mark}\\))?"
