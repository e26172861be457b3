"""Counted parts: numbers with a suffix (12幢, 三单元), bare ones (12-3-1001), door numbers, floors."""

import re
from collections.abc import Set as AbstractSet

from geo_registry.address.profile import load_profile
from geo_registry.address.reading.segments import Lattice, Rule, Segment, rule, segment
from geo_registry.address.scheme import Part, Profile
from geo_registry.gazetteer.fold import fold
from geo_registry.text import NUMERAL_CHARACTERS

_NUMBER = rule("street_number", "number.door", "number_word", "number")
_NUMBER_PAIR = rule("street_number", "number.pair", "number_pair", "number")
_NUMBER_BARE = rule("street_number", "number.bare", "number_bare", "number_open")
_BUILDING = rule("building", "building.suffix", "building_word")
_BUILDING_DOOR = rule("building", "building.door", "building_door")
_BUILDING_BARE = rule("building", "building.bare", "building_bare")
_BUILDING_LETTER = rule("building", "building.letter", "building_letter")
_ENTRANCE = rule("entrance", "entrance.suffix", "entrance_word")
_ENTRANCE_DOOR = rule("entrance", "entrance.door", "entrance_door")
_ENTRANCE_BARE = rule("entrance", "entrance.bare", "entrance_bare")
_ENTRANCE_STREET = rule("entrance", "entrance.street", "entrance_street")
_FLOOR = rule("floor", "floor.suffix", "floor_word")
_FLOOR_BELOW = rule("floor", "floor.named", "floor_word")
_ROOM = rule("room", "room.suffix", "room_word")
_ROOM_DOOR = rule("room", "room.door", "room_door")
_ROOM_BARE = rule("room", "room.bare", "room_bare")
_SUFFIXED: dict[str, tuple[Rule, ...]] = {
    "number": (_NUMBER, _BUILDING_DOOR, _ENTRANCE_DOOR, _ROOM_DOOR),
    "building": (_BUILDING,), "entrance": (_ENTRANCE,), "floor": (_FLOOR,), "room": (_ROOM,),
    "lane": (rule("lane", "lane.count", "lane"),),
    "sub_lane": (rule("sub_lane", "lane.count", "lane", "lane"),),
    "group": (rule("group", "group.count", "group"),),
    "section": (rule("section", "section.count", "section"),),
}  # fmt: skip
# Words that begin like a suffix and are none.
_NO_SUFFIX = ("组团", "号线", "层楼", "楼盘")
_NOT_BEFORE = {"房": "(?![管产地])", "室": "(?![内外])", "户": "(?![外籍])"}

_NUMERALS = "".join(sorted(set(fold(NUMERAL_CHARACTERS))))
_RUN = re.compile(f"[0-9A-Z]+|[{_NUMERALS}]+")
_ROOM_FIGURES = re.compile(r"\d{3,4}")
_PIECE = re.compile(r"\d+|[A-Z]+")
_COUNT = rf"(?:\d{{1,4}}|[{_NUMERALS}]{{1,4}})"
_PAIR = re.compile(
    rf"(?<![-\dA-Z{_NUMERALS}])(?:(\d{{1,4}})-(\d{{1,4}})(?:号|(?![-\dA-Z幢栋座室楼层单]))|"
    rf"{_COUNT}号[附付之]{_COUNT}号?|{_COUNT}号[甲乙丙丁戊己庚辛临半A-Z](?![一-鿿0-9A-Z-])|{_COUNT}[附付之]{_COUNT}号|"
    rf"{_COUNT}[甲乙丙丁]号)"
)
_OUTER_PAIR = re.compile(r"(?<![-\dA-Z])\d{1,4}号-\d{1,3}(?![-\dA-Z幢栋座室楼层单号])")
_ROOM_LETTER = re.compile(r"\d{1,4}室[甲乙丙丁A-Z](?![一-鿿0-9A-Z])")
_TRIPLE = re.compile(r"(?<![-\dA-Z])(?=\d+[-一]\d+[-一]\d+)")
_NAMED_FLOOR = re.compile(
    r"(?:地下室?|负|B)[一二三123](?:层|楼|F)|B[123]F?(?![-0-9A-Z座幢栋])|负[一二三123](?![0-9A-Z])|"
    r"地下室|地下层|地下(?=\d{3}|(?![一-鿿0-9]))|架空层|夹层|顶层|底层|首层"
)
_FLOOR_LETTER = re.compile(r"(?<![-\dA-Z])\d{1,2}F(?![-0-9A-Z])")
_ROOM_PAIRS = re.compile(r"(?<![-\dA-Z])(?:\d{1,2}|[A-Z]\d{1,2})-\d{1,2}室?(?![-\dA-Z幢栋座楼层单号])")
_ROOM_PAIR = rule("room", "room.pair", "room_pair")
_MARKET_STREET = re.compile(rf"(?:\d+|[{_NUMERALS}]+)街(?=_?\d{{3,5}}(?!号|\d))")
_QUARTER = re.compile(r"(?<![-\dA-Z])\d{2,3}区(?![域间县政])")
_QUARTER_AREA = rule("estate", "estate.count", "text", "text_area")
_NEIGHBORHOOD = rule("neighborhood", "neighborhood.count", "neighborhood")
_LONGEST = 6
"""Runs of more pieces of figures and letters are codes, not numbers."""
_GENERAL = "national"
"""The profile whose words are read beside those of each profile of the mainland."""

_AS_THEY_ARE = (
    (_QUARTER, _QUARTER_AREA, frozenset("区")),
    (_ROOM_LETTER, _ROOM, frozenset("室")),
    (_ROOM_PAIRS, _ROOM_PAIR, frozenset("-")),
    (_MARKET_STREET, _ENTRANCE_STREET, frozenset("街")),
    (_NAMED_FLOOR, _FLOOR_BELOW, frozenset("地负B架夹顶底首")),
    (_FLOOR_LETTER, _FLOOR, frozenset("F")),
)
"""Expressions, what they find, and the characters of which a text holds one where they find something."""
_IN_PAIRS, _IN_TRIPLES = frozenset("-号"), frozenset("-一")


class CountGrammar:
    """Finds numbers and says what each may be by its suffix and its length."""

    def __init__(self, profile: Profile) -> None:
        self._suffixes = _suffixes(profile)
        words = sorted(self._suffixes, key=len, reverse=True)
        self._suffix = re.compile("|".join(re.escape(word) + _NOT_BEFORE.get(word[-1], "") for word in words))
        marks = {word for mark in profile.marks for word in (mark.text, *mark.accepts)}
        self._marks = frozenset({"第", "附", "付", *(fold(mark) for mark in marks)})
        sub = profile.sub_number
        self._keeps_pairs = "-" in {sub.style, *sub.accepts}

    def add(self, folded: str, chars: AbstractSet[str], lattice: Lattice) -> None:
        """Add the counted parts of a text; its characters tell what need not be looked for."""
        for run in _RUN.finditer(folded):
            start, end = run.span()
            if folded[start] > "Z":
                self._add_chinese(folded, start, end, lattice)
            else:
                self._add_figures(folded, start, end, lattice)
        if not _IN_PAIRS.isdisjoint(chars):
            self._add_pairs(folded, lattice)
        for expression, of, needed in _AS_THEY_ARE:
            if not needed.isdisjoint(chars):
                for match in expression.finditer(folded):
                    lattice[match.start()].append(segment(match.end(), of))
        if not _IN_TRIPLES.isdisjoint(chars):
            for match in _TRIPLE.finditer(folded):
                lattice[match.start()] = [_in_triple(one) for one in lattice[match.start()]]

    def _add_pairs(self, folded: str, lattice: Lattice) -> None:
        """Add numbers below or behind a number."""
        for pair in _PAIR.finditer(folded):
            cost = 0.0 if self._keeps_pairs else _pair_cost(pair[1], pair[2])
            closed = 0.0 if pair[0].endswith("号") else 0.5
            lattice[pair.start()].append(segment(pair.end(), _NUMBER_PAIR, cost + closed))
        if self._keeps_pairs:
            for match in _OUTER_PAIR.finditer(folded):
                lattice[match.start()].append(segment(match.end(), _NUMBER_PAIR))

    def _add_chinese(self, folded: str, start: int, end: int, lattice: Lattice) -> None:
        suffix = self._suffix.match(folded, end)
        if suffix:
            for of in self._suffixes[suffix[0]]:
                one = segment(suffix.end(), of, 0.3)
                lattice[start].append(one)
                if start and folded[start - 1] == "第":
                    lattice[start - 1].append(one)
        elif end - start >= 3:
            lattice[start].append(segment(end, _ROOM_BARE, 1.5))

    def _add_figures(self, folded: str, start: int, end: int, lattice: Lattice) -> None:
        """Add a run of figures and letters as a whole and parted between them (A1931)."""
        bounds = [piece.start() for piece in _PIECE.finditer(folded, start, end)]
        suffix = self._suffix.match(folded, end + 1 if folded.startswith(" ", end) else end)
        if len(bounds) > _LONGEST:
            bounds = bounds[:1]
        for split, at in enumerate(bounds):
            # The more figures, the likelier they are a room of their own.
            cost = 0.0 if not split else 0.3 if end - at > 2 else 1.8
            if suffix:
                self._add_suffixed(folded, (at, end), suffix, cost, lattice)
            _add_bare(folded, at, end, cost + (1.5 if suffix else 0.0), lattice)
        for bound in bounds[1:]:
            _add_bare(folded, start, bound, 0.0, lattice)

    def _add_suffixed(
        self, folded: str, span: tuple[int, int], suffix: re.Match[str], cost: float, lattice: Lattice
    ) -> None:
        start, end = span
        for of in self._suffixes[suffix[0]]:
            one = segment(suffix.end(), of, cost + _door_cost(of, end - start))
            lattice[start].append(one)
            if start and folded[start - 1] in self._marks:
                lattice[start - 1].append(one)


def _suffixes(profile: Profile) -> dict[str, tuple[Rule, ...]]:
    """Return what a number may be by its suffix; on the mainland general words are read by every profile."""
    found: dict[str, tuple[Rule, ...]] = {**dict.fromkeys(_NO_SUFFIX, ()), "邻": (_NEIGHBORHOOD,)}
    parts = list(profile.parts)
    if profile.script == "hans":
        found["巷"] = _SUFFIXED["lane"]
        own = {fold(suffix) for part in parts for suffix in part.suffixes if _is_counted(part)}
        general = [part for part in load_profile(_GENERAL).parts if _is_counted(part)]
        for part in general:
            for suffix in map(fold, part.suffixes):
                if suffix not in own:
                    found[suffix] = _SUFFIXED.get(part.kind, ())
    for part in filter(_is_counted, parts):
        for suffix in map(fold, part.suffixes):
            rules = found.get(suffix, ())
            found[suffix] = tuple(dict.fromkeys((*rules, *_SUFFIXED.get(part.kind, ()))))
    return found


def _is_counted(part: Part) -> bool:
    return part.numbered or part.kind in {"number", "building", "entrance", "floor", "room"}


def _add_bare(folded: str, start: int, end: int, cost: float, lattice: Lattice) -> None:
    """Add a number without suffix: what it is follows from what stands before it, and from its length."""
    here, digits = lattice[start], end - start
    if not folded[start:end].isdecimal():
        digits = sum("0" <= char <= "9" for char in folded[start:end])
    if not digits:
        dashed = 2.5 if folded[end : end + 1] == "-" else 2.0 if _ROOM_FIGURES.match(folded, end) else 0.0
        here.append(segment(end, _BUILDING_LETTER, cost + end - start - 1 - dashed))
        return
    mixed = 0.5 if digits < end - start else 0.0
    here += [
        segment(end, _NUMBER_BARE, cost + mixed + (3.0 if digits > 4 else 0.0)),
        segment(end, _BUILDING_BARE, cost + (2.5 if digits > 3 else 0.0)),
        segment(end, _ROOM_BARE, cost + mixed + (1.2, 0.7, 0.0, 0.0, 0.5)[min(digits, 5) - 1]),
    ]
    if digits < 4:
        here.append(segment(end, _ENTRANCE_BARE, cost + mixed + (3.0 if digits > 2 else 0.0)))


def _door_cost(of: Rule, digits: int) -> float:
    """Return what the length of a number costs where 号 may end an entrance or a room."""
    if of is _ENTRANCE_DOOR:
        return 0.0 if digits < 3 else 2.0
    if of is _ROOM_DOOR:
        return 0.0 if digits > 2 else 0.8
    return 0.0


def _pair_cost(first: str | None, second: str | None) -> float:
    """Return what it costs to keep a-b号 whole: little for a range (212-220) or a sub-number (40-1)."""
    if not first or not second:
        return 0.0
    is_range = len(first) == len(second) and first <= second
    is_sub = len(first) < 3 and len(second) < 3 and len(first) + len(second) < 4
    return 0.0 if is_range or is_sub else 5.0


def _in_triple(one: Segment) -> Segment:
    """Return the first number of 12-3-1001, which is a building rather than a door."""
    end, column, state, cost, known, of = one
    if of is _NUMBER_BARE:
        return (end, column, state, cost + 3.0, known, of)
    return (end, column, state, cost - 1.5, known, of) if of is _BUILDING_BARE else one
