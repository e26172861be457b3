"""The grammar of one profile: from a folded text to the segments that may stand at each place."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from geo_registry.address.reading import costs
from geo_registry.address.reading.lexicon import lexicon
from geo_registry.address.reading.parts import ReadKind
from geo_registry.address.scheme import Profile
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import COMMUNITY, LEVELS, SHORT, Found, Name
from geo_registry.text import NUMERAL_CHARACTERS

_COLUMN, _STATE = costs.COLUMN, costs.STATE
KEEP = -1
"""The state behind a segment that leaves the state as it was: a separator, a note, a repetition."""


class Rule(NamedTuple):
    """What a segment becomes, why, which column it pays and in which state it leaves."""

    kind: ReadKind
    name: str
    column: int
    state: int


class Known(NamedTuple):
    """A known name at one level: its spelling and meanings, in the gazetteer of that number."""

    word: str
    level: int
    gazetteer: int
    meanings: tuple[Name, ...]


Segment = tuple[int, int, int, float, Known | None, Rule]
"""End, column, state behind, own cost, known name, rule."""
Lattice = list[list[Segment]]


def rule(kind: ReadKind, name: str, column: str, state: str | None = None) -> Rule:
    """Return a rule by the names of its column and state."""
    return Rule(kind, name, _COLUMN[column], _STATE[state or kind] if state != "" else KEEP)


_SEPARATOR = Rule("repetition", "separator", -1, KEEP)
_NOTE = Rule("note", "note", -1, KEEP)
_NOISE = Rule("repetition", "noise", -1, KEEP)

_COUNTRY = Rule("country", "country", -1, _STATE["start"])
_COUNTRIES = re.compile("中华人民共和国|中国(?=.{2,3}(?:省|市|自治区))")
_GROUP_NAMED = rule("group", "group.suffix", "group")
_GROUPS = re.compile("组(?![团长织合])")
_STREET = rule("street", "street.suffix", "street")
_TOWNSHIP = rule("township", "township.suffix", "township")
_DISTRICT = rule("district", "district.suffix", "district")
_COMMUNITY = rule("community", "community.suffix", "community")
_ZONE = rule("development_zone", "zone.suffix", "zone", "zone")
_GROUP = rule("group", "group.count", "group")
_SECTION = rule("section", "section.count", "section")
_SECTION_NAMED = rule("section", "section.side", "section")
_LANE = rule("lane", "lane.count", "lane")
_SUB_LANE = rule("sub_lane", "lane.count", "lane", "lane")
_NUMBER = rule("street_number", "number.door", "number_word", "number")
_NUMBER_PAIR = rule("street_number", "number.pair", "number_pair", "number")
_NUMBER_BARE = rule("street_number", "number.bare", "number_bare", "number_open")
_BUILDING = rule("building", "building.suffix", "building_word", "building")
_BUILDING_DOOR = rule("building", "building.door", "building_door", "building")
_BUILDING_BARE = rule("building", "building.bare", "building_bare", "building")
_BUILDING_LETTER = rule("building", "building.letter", "building_letter", "building")
_ENTRANCE = rule("entrance", "entrance.suffix", "entrance_word", "entrance")
_ENTRANCE_DOOR = rule("entrance", "entrance.door", "entrance_door", "entrance")
_ENTRANCE_BARE = rule("entrance", "entrance.bare", "entrance_bare", "entrance")
_FLOOR = rule("floor", "floor.suffix", "floor_word", "floor")
_ROOM = rule("room", "room.suffix", "room_word", "room")
_ROOM_DOOR = rule("room", "room.door", "room_door", "room")
_ROOM_BARE = rule("room", "room.bare", "room_bare", "room")
TEXT_RULE = rule("estate", "text", "text", "text")

_LEVEL_RULES: dict[int, Rule] = {
    LEVELS.index(level): rule(kind, f"{level}.known", column, state)
    for level, kind, column, state in (
        ("province", "province", "province", "province"), ("city", "city", "city", "city"),
        ("district", "district", "district", "district"),
        ("development_zone", "development_zone", "zone", "zone"),
        ("township", "township", "township", "township"), ("community", "community", "community", "community"),
        ("street", "street", "street", "street"), ("lane", "lane", "lane", "lane"),
        ("alley", "alley", "lane", "lane"), ("estate", "estate", "text", "text_estate"),
        ("hamlet", "hamlet", "hamlet", "hamlet"), ("group", "group", "group", "group"),
    )
}  # fmt: skip

_NUMERALS = "".join(sorted(set(fold(NUMERAL_CHARACTERS))))
_RUN = re.compile(f"[0-9A-Z]+|[{_NUMERALS}]+")
_PIECE = re.compile(r"\d+|[A-Z]+")
_PAIR = re.compile(
    r"(?<![-\dA-Z])(?:(\d{1,4})[-之](\d{1,4})(?:号|(?![-\dA-Z幢栋座室楼层单]))|\d{1,4}号[附之]\d{1,4}号?|\d{1,4}附\d{1,4}号)"
)
_CROSSING = rule("note", "crossing", "crossing", "crossing")
_CROSSINGS = re.compile(r"与|和|&|交(?=.{1,5}[路街])")
_TORN = frozenset("区县镇乡市村路街号道")
_SWALLOWED = re.compile(r".[区县镇乡市]|街道|[路街]|社区|村")
_BASEMENT = re.compile(
    r"(?:地下室?|负|B)[一二三123](?:层|楼|F)|B\dF?(?![0-9A-Z])|负[一二三123](?![0-9A-Z])|地下室|地下层|架空层|夹层|顶层|底层|首层|一楼"
)
_STREETS = re.compile(r"(?:大道|公路|大街|胡同|国道|省道|县道|路|街(?!道(?!口))|巷|弄|(?<!街)道(?!口)|线)")
_STREET_WORDS = re.compile(r"[东西南北中]?(?:大道|公路|大街|路|街(?!道)|巷|弄)|[东西南北中]区")
_BUILDING_SIDES = re.compile("[东西南北中前后左右][幢栋座]|[A-Z]馆")
_SIDES = re.compile(r"[东西南北中]段")
_TOWNSHIPS = re.compile(r"街道办事处|街道办|街道|镇(?!政府)|乡(?!政府)")
_DISTRICTS = re.compile(
    r"自治县|县|市(?!场|政|民)|(?<![新业园发社景校小矿厂舍活务品流假护税山东西南北中一二三四五六七八九十0-9A-Z])区"
)
_COMMUNITIES = re.compile(r"社区居委会|社区|村委会|(?<!新)村|居委会")
_TRIPLE = re.compile(r"(?<![-\dA-Z])(?=\d+[-一]\d+[-一]\d+)")
_MARKET_STREET = re.compile(rf"(?:\d+|[{_NUMERALS}]+)街(?=_?\d{{3,5}}(?!号|\d))")
_ENTRANCE_STREET = rule("entrance", "entrance.street", "entrance_street", "entrance")
_DISTANCE = re.compile(r"\d+(?:米|公里|KM)")


def _longest_first(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


class Grammar:
    """The compiled expressions of one profile."""

    def __init__(self, profile: Profile) -> None:
        words = lexicon()
        self._ending_class = {
            word: _STATE[f"text_{name}"] - costs.TEXT for word, name in words.endings.items()
        }
        self._brand = words.brand
        # A lookahead finds overlapping endings; each end keeps the class of the longest word.
        self._endings = re.compile(f"(?=({_longest_first(words.endings)}))")
        self._notes = re.compile(f"(?=({_longest_first(words.note)}))")
        self._noise = re.compile(_longest_first(words.noise))
        self._zones = re.compile(_longest_first(words.zone))
        self._suffixes = _suffix_rules(profile)
        self._suffix = re.compile(_longest_first(self._suffixes))

    def segments(self, folded: str, found: Sequence[Sequence[Found]]) -> tuple[Lattice, list[int]]:
        """Return the segments by start, and the class of a text that ends at each place."""
        lattice: Lattice = [[] for _ in range(len(folded) + 1)]
        closing, generic = self._endings_in(folded)
        for number, of_one in enumerate(found):
            self._add_known(folded, of_one, number, generic, lattice)
        self._add_numbers(folded, lattice)
        self._add_names(folded, lattice)
        self._add_beside(folded, lattice)
        return lattice, closing

    def _endings_in(self, folded: str) -> tuple[list[int], dict[int, str]]:
        """Return the class of a text that ends at each place, and where words begin that end a name."""
        closing = [0] * (len(folded) + 1)
        starts = [len(folded)] * (len(folded) + 1)
        generic = {match.start(): "street" for match in _STREET_WORDS.finditer(folded)}
        for match in self._endings.finditer(folded):
            start, word = match.start(), match[1]
            end = start + len(word)
            if start < starts[end]:
                closing[end], starts[end] = self._ending_class[word], start
            if len(word) > 1 and word not in self._brand:
                generic.setdefault(start, "ending")
        return closing, generic

    def _add_known(
        self, folded: str, found: Sequence[Found], gazetteer: int, generic: dict[int, str], lattice: Lattice
    ) -> None:
        for start, end, meanings in found:
            word = folded[start:end]
            for known in by_level(word, gazetteer, meanings):
                level_rule = _LEVEL_RULES.get(known.level)
                if level_rule is None:
                    continue
                way = min(name.way for name in known.meanings)
                cost = costs.WAYS[way] + (_before(known.level, generic.get(end, "")) if way == SHORT else 0.0)
                lattice[start].append((end, level_rule.column, level_rule.state, cost, known, level_rule))

    def _add_numbers(self, folded: str, lattice: Lattice) -> None:
        for run in _RUN.finditer(folded):
            start, end = run.span()
            if folded[start] > "Z":
                self._add_chinese(folded, start, end, lattice)
                continue
            bounds = [piece.start() for piece in _PIECE.finditer(folded, start, end)]
            for split, at in enumerate(bounds):
                self._add_run(folded, at, end, _split_cost(end - at) if split else 0.0, lattice)
            for bound in bounds[1:]:
                self._add_bare(folded, start, bound, 0.0, lattice)
        for pair in _PAIR.finditer(folded):
            first, second = pair[1], pair[2]
            cost = 1.0
            if first and second:
                is_range = len(first) == len(second) and first <= second
                is_sub = len(first) < 3 and len(second) < 3 and len(first) + len(second) < 4
                cost = 0.0 if is_range or is_sub else 5.0
            else:
                cost = 0.0
            lattice[pair.start()].append(
                _segment(pair.end(), _NUMBER_PAIR, cost + 0.5 * (not pair[0].endswith("号")))
            )
        for match in _MARKET_STREET.finditer(folded):
            lattice[match.start()].append(_segment(match.end(), _ENTRANCE_STREET, 0.0))
        for match in _TRIPLE.finditer(folded):
            lattice[match.start()] = [_in_triple(one) for one in lattice[match.start()]]
        for match in _BASEMENT.finditer(folded):
            lattice[match.start()].append(_segment(match.end(), _FLOOR, 0.0))
        for match in _DISTANCE.finditer(folded):
            lattice[match.start()].append(_segment(match.end(), _NOTE, 0.5))

    def _add_chinese(self, folded: str, start: int, end: int, lattice: Lattice) -> None:
        suffix = self._suffix.match(folded, end)
        if suffix:
            for known_rule, cost in self._suffixes[suffix[0]]:
                lattice[start].append(_segment(suffix.end(), known_rule, cost + 0.3))
        elif end - start >= 3:
            lattice[start].append(_segment(end, _ROOM_BARE, 1.5))

    def _add_run(self, folded: str, start: int, end: int, cost: float, lattice: Lattice) -> None:
        suffix = self._suffix.match(folded, end)
        if suffix:
            begin = start - 1 if start and folded[start - 1] in "第附临" else start
            for known_rule, own in self._suffixes[suffix[0]]:
                own = own + _door_cost(known_rule, end - start)
                lattice[start].append(_segment(suffix.end(), known_rule, cost + own))
                if begin < start:
                    lattice[begin].append(_segment(suffix.end(), known_rule, cost + own))
        self._add_bare(folded, start, end, cost + (1.5 if suffix else 0.0), lattice)

    @staticmethod
    def _add_bare(folded: str, start: int, end: int, cost: float, lattice: Lattice) -> None:
        here, digits = lattice[start], sum("0" <= char <= "9" for char in folded[start:end])
        if not digits:
            here.append(_segment(end, _BUILDING_LETTER, cost + end - start - 1 - 2.5 * (folded[end : end + 1] == "-")))
            return
        is_mixed = 0.5 if digits < end - start else 0.0
        here += [
            _segment(end, _NUMBER_BARE, cost + is_mixed + (3.0 if digits > 4 else 0.0)),
            _segment(end, _BUILDING_BARE, cost + (2.5 if digits > 3 else 0.0)),
            _segment(end, _ROOM_BARE, cost + is_mixed + (1.2, 0.7, 0.0, 0.0, 0.5)[min(digits, 5) - 1]),
        ]
        if digits < 4:
            here.append(_segment(end, _ENTRANCE_BARE, cost + is_mixed + (3.0 if digits > 2 else 0.0)))

    def _add_names(self, folded: str, lattice: Lattice) -> None:
        _add_backwards(folded, _STREETS, _STREET, costs.STREET_LENGTH, lattice)
        _add_backwards(folded, _TOWNSHIPS, _TOWNSHIP, costs.TOWNSHIP_LENGTH, lattice)
        _add_backwards(folded, _DISTRICTS, _DISTRICT, costs.DISTRICT_LENGTH, lattice)
        _add_backwards(folded, _COMMUNITIES, _COMMUNITY, costs.COMMUNITY_LENGTH, lattice)
        _add_backwards(folded, self._zones, _ZONE, costs.ZONE_LENGTH, lattice)
        _add_backwards(folded, _GROUPS, _GROUP_NAMED, costs.GROUP_LENGTH, lattice)
        for match in _COUNTRIES.finditer(folded):
            lattice[match.start()].append(_segment(match.end(), _COUNTRY, 1.0 if match.start() else 0.0))
        for match in _BUILDING_SIDES.finditer(folded):
            lattice[match.start()].append(_segment(match.end(), _BUILDING, 0.8))
        for match in _CROSSINGS.finditer(folded):
            lattice[match.start()].append(_segment(match.end(), _CROSSING, 0.0))
        for match in _SIDES.finditer(folded):
            lattice[match.start()].append(_segment(match.end(), _SECTION_NAMED, 0.0))

    def _add_beside(self, folded: str, lattice: Lattice) -> None:
        for match in self._notes.finditer(folded):
            word = match[1]
            end = match.start() + len(word)
            lattice[match.start()].append(_segment(end, _NOTE, 0.5 if len(word) > 1 else 1.2))
        for match in self._noise.finditer(folded):
            lattice[match.start()].append(_segment(match.end(), _NOISE, 0.2))
        for at, char in enumerate(folded):
            if not char.isalnum():
                lattice[at].append(_segment(at + 1, _SEPARATOR, 0.0))
            elif (
                char == "一"
                and 0 < at < len(folded) - 1
                and folded[at - 1].isascii()
                and folded[at + 1].isascii()
            ):
                if folded[at - 1].isalnum() and folded[at + 1].isalnum():
                    lattice[at].append(_segment(at + 1, _SEPARATOR, 0.0))


def _segment(end: int, of: Rule, cost: float) -> Segment:
    return (end, of.column, of.state, cost, None, of)


@lru_cache(maxsize=100_000)
def by_level(word: str, gazetteer: int, meanings: tuple[Name, ...]) -> tuple[Known, ...]:
    """Return the meanings of a word as one known name a level."""
    levels = sorted({name.level for name in meanings})
    return tuple(
        Known(word, level, gazetteer, tuple(name for name in meanings if name.level == level))
        for level in levels
    )


def _add_backwards(
    folded: str, expression: re.Pattern[str], of: Rule, lengths: tuple[float, ...], lattice: Lattice
) -> None:
    """Add the names that end with a generic word, one for each number of characters before it."""
    for match in expression.finditer(folded):
        at, end = match.span()
        swallowed = 0.0
        for length, cost in enumerate(lengths):
            start = at - length
            if start < 0 or (length and not folded[start].isalnum()):
                break
            if length > 1 and not swallowed and _SWALLOWED.match(folded, start, at):
                swallowed = costs.SWALLOWED
            torn = costs.TORN if length and start and folded[start] in _TORN and folded[start - 1] not in _TORN else 0.0
            lattice[start].append((end, of.column, of.state, cost + swallowed + torn, None, of))


def _suffix_rules(profile: Profile) -> dict[str, list[tuple[Rule, float]]]:
    """Return what a number with a suffix may be, by the suffix."""
    by_kind: dict[str, tuple[Rule, ...]] = {
        "number": (_NUMBER, _BUILDING_DOOR, _ENTRANCE_DOOR, _ROOM_DOOR),
        "building": (_BUILDING,), "entrance": (_ENTRANCE,), "floor": (_FLOOR,), "room": (_ROOM,),
        "lane": (_LANE,), "sub_lane": (_SUB_LANE,), "group": (_GROUP,), "section": (_SECTION,),
    }  # fmt: skip
    rules: dict[str, list[tuple[Rule, float]]] = {}
    for part in profile.parts:
        if not is_counted(part.kind, numbered=part.numbered):
            continue
        for suffix in part.suffixes:
            rules.setdefault(fold(suffix), []).extend((one, 0.0) for one in by_kind.get(part.kind, ()))
    # Words that begin like a suffix and are none.
    return {**dict.fromkeys(("组团", "号线", "层楼", "楼盘"), []), **rules}


def is_counted(kind: str, *, numbered: bool) -> bool:
    """Tell whether parts of a kind are a count with a suffix."""
    return numbered or kind in {"number", "building", "entrance", "floor", "room"}


def _door_cost(of: Rule, digits: int) -> float:
    """Return what the length of a number costs where 号 may end an entrance or a room."""
    if of is _ENTRANCE_DOOR:
        return 0.0 if digits < 3 else 2.0
    if of is _ROOM_DOOR:
        return 0.0 if digits > 2 else 0.8
    return 0.0


def _before(level: int, word: str) -> float:
    """Return what a name in short costs before the generic word of another name: 长河 in 长河路."""
    if not word:
        return 0.0
    return costs.BEFORE_STREET if word == "street" or level > COMMUNITY else costs.BEFORE_ENDING[level]


def _in_triple(segment: Segment) -> Segment:
    """Return the first number of 12-3-1001, which is a building rather than a door."""
    end, column, state, cost, known, of = segment
    if of is _NUMBER_BARE:
        return (end, column, state, cost + 3.0, known, of)
    return (end, column, state, cost - 1.5, known, of) if of is _BUILDING_BARE else segment


def _split_cost(digits: int) -> float:
    """Return what it costs to part letter and figures (A1931): less, the more the figures are a room."""
    return 0.3 if digits > 2 else 1.8
