"""The short way through a well-formed address: one compiled expression, and memory of what repeats.

Addresses of a register repeat their beginnings (divisions, street, lane) and their ends (6号402室). Both are
read once and remembered; of each further text only the place where they meet is looked for. Whatever is
doubtful is left to the full reading, and what is answered here the full reading answers alike.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal, NamedTuple, cast

from geo_registry.address.reading.compose import compose, divisions_text, part_value
from geo_registry.address.reading.parts import Reading, ReadKind, ReadPart
from geo_registry.address.rules import unique_in
from geo_registry.address.scheme import Part, Profile
from geo_registry.address.units import any_of
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.memory import Memory
from geo_registry.gazetteer.table import COMMUNITY, FULL, LEVELS, MANY, Gazetteer, Name
from geo_registry.text import to_chinese

_NEIGHBORHOOD, _HAN = "鄰邻", "[一-鿿]"
_GENERIC = "[路街巷弄段]|大道|新村|近(?=[一-鿿]{2,}路)"
_DIVISION = "[省市县縣区區乡鄉镇鎮村里社]"
"""What a name holds that may end another one; divisions end with the neighborhood at the latest."""
_RULES: dict[str, tuple[ReadKind, str]] = {
    "street": ("street", "street.suffix"), "section": ("section", "section.count"),
    "lane": ("lane", "lane.count"), "sub_lane": ("sub_lane", "lane.count"), "alley": ("alley", "lane.count"),
    "sub_alley": ("sub_alley", "lane.count"), "group": ("group", "group.count"),
    "number": ("street_number", "number.door"), "building": ("building", "building.suffix"),
    "entrance": ("entrance", "entrance.suffix"), "floor": ("floor", "floor.suffix"),
    "room": ("room", "room.suffix"),
}  # fmt: skip
_LANES = frozenset(["lane", "alley"])
_KEPT, _NEAR, _REACH = 16_384, 512, 30


_Piece = tuple[ReadKind, str, str, int, int, str]
"""Kind, text, value, start and end in a piece of text, rule."""


_Pieces = tuple[str, *tuple[_Piece, ...]]
"""The standard text of a piece of text, and its parts."""


_Divisions = tuple[str, str, *tuple[tuple[ReadKind, str, str, int, int, str, str], ...]]
"""The standard text of divisions that begin a text before a street, that of them alone, their parts."""


_Division = tuple[()] | tuple[int, int, int]
"""Length, place and level of the division that is read next: nothing where none begins, length 0 in doubt."""
_DOUBTFUL = (0, -1, -1)


class _Begin(NamedTuple):
    """The parts of the beginning of a text, and its standard text."""

    parts: tuple[ReadPart, ...]
    standard: str


class _Remembered:
    """What became of texts."""

    def __init__(self, work: Callable[[str], _Pieces | None]) -> None:
        self._work = work
        self._memory = Memory[str, _Pieces | Literal[False]](_KEPT)

    def __len__(self) -> int:
        return len(self._memory)

    def __getitem__(self, text: str) -> _Pieces | Literal[False]:
        found = self._memory.get(text)
        return self._memory.keep(text, self._work(text) or False) if found is None else found


class QuickReader:
    """Reads well-formed addresses of one profile; may be shared by threads."""

    def __init__(self, profile: Profile, gazetteers: Sequence[Gazetteer]) -> None:
        self._profile = profile
        self._gazetteers = tuple(gazetteers)
        self._whole = re.compile(f"({_beginning(profile)})({_ending(profile)})").fullmatch
        self._neighborhood = re.compile(f"[0-9]{{1,3}}[{_NEIGHBORHOOD}]").match
        near = re.compile(_chain(profile, _GENERIC, 6))
        far = re.compile(_chain(profile, f"{_GENERIC}|{_DIVISION}", 3))
        end = re.compile(_ending(profile, named=True))
        # No functions of its own: a reader that is replaced goes at once, without a collection of garbage.
        self._near = _Remembered(partial(_chain_pieces, profile, near))
        self._far = _Remembered(partial(_chain_pieces, profile, far))
        self._ends = _Remembered(partial(_pieces, profile, end))
        # A register names the same street for a while: few beginnings are enough.
        self._begins: dict[str, _Begin | None] = {}
        self._divisions = Memory[str, _Divisions](_KEPT)
        self._below = [Memory[tuple[int, str], _Division](_KEPT) for _ in self._gazetteers]
        self._lengths: tuple[int, ...] = ()

    def read(self, text: str) -> Reading | None:
        """Return the reading of a well-formed text, None for any other."""
        found = self._whole(text)
        if found is None:
            return None
        head, tail = found.groups()
        begin = self._begins[head] if head in self._begins else self._read_begin(head)
        end = self._ends[tail] if begin else None
        if begin is None or not end:
            return None
        parts = (*begin.parts, *_placed(end, len(head)))
        return Reading(text, begin.standard + end[0], 1.0, parts)

    def _read_begin(self, head: str) -> _Begin | None:
        if len(self._begins) >= _NEAR:
            self._begins.clear()
        self._begins[head] = begin = self._begin(head)
        return begin

    def _begin(self, head: str) -> _Begin | None:
        for length in self._lengths:
            divisions = self._divisions.get(head[:length])
            if divisions and (begin := self._behind(divisions, length, head)):
                return begin
        line = self._find_divisions(head)
        return self._behind(line, line[-1][4] if len(line) > 2 else 0, head) if line else None

    def _behind(self, divisions: _Divisions, at: int, head: str) -> _Begin | None:
        """Return divisions with the places behind them."""
        standard, alone, *pieces = divisions
        found = self._neighborhood(head, at)
        below = found.end() if found else at
        chain = (self._near if found else self._far)[head[below:]]
        if not chain or (found is None and self._holds_place(head[below:])):
            return None
        parts = [ReadPart(*piece) for piece in pieces]
        if found:
            word = found.group()
            parts.append(ReadPart("neighborhood", word, word, at, below, "neighborhood.count"))
        above = standard if len(chain) > 1 and chain[1][0] == "street" else alone
        return _Begin((*parts, *_placed(chain, below)), above + chain[0])

    def _holds_place(self, chain: str) -> bool:
        """Tell whether places below no neighborhood begin with the name of a division, though in short."""
        folded = fold(chain)
        return any(
            name.level <= COMMUNITY
            for gazetteer in self._gazetteers
            for word in gazetteer.words_at(folded, 0)
            for name in gazetteer.few(word)
        )

    def _find_divisions(self, head: str) -> _Divisions | None:
        """Return the divisions a text begins with, each directly below the one before; None when in doubt."""
        folded = fold(head[:_REACH])
        for number in range(len(self._gazetteers)):
            parts = self._line(number, head, folded)
            if parts is None:
                return None
            if parts:
                return self._keep(head[: parts[-1].end], parts)
        return "", ""

    def _line(self, number: int, head: str, folded: str) -> tuple[ReadPart, ...] | None:
        """Return the line of divisions from the start of a text down; None when in doubt."""
        gazetteer, below = self._gazetteers[number], self._below[number]
        parts, at, above = list[ReadPart](), 0, -1
        while words := gazetteer.words_at(folded, at):
            # The longest name tells the shorter ones: they are its beginnings.
            key = (above, words[-1])
            division = below.get(key)
            if division is None:
                division = below.keep(key, _division(gazetteer, words, above))
            if not division:
                break
            length, place, level = division
            if length == 0:
                return None
            kind = cast("ReadKind", LEVELS[level])
            name, code = gazetteer.name(place), gazetteer.code(place)
            parts.append(ReadPart(kind, head[at : at + length], name, at, at + length, f"{kind}.known", code))
            at, above = at + length, place
        return tuple(parts)

    def _keep(self, text: str, parts: tuple[ReadPart, ...]) -> _Divisions:
        levels = (unique_in(self._profile, kind) for kind in ("street", None))
        standard, alone = (divisions_text(self._profile, parts, before=level) for level in levels)
        if len(text) not in self._lengths:
            self._lengths = tuple(sorted({*self._lengths, len(text)}, reverse=True))
        pieces = [(one.kind, one.text, one.value, one.start, one.end, one.rule, one.code) for one in parts]
        return self._divisions.keep(text, (standard, alone, *pieces))


def _chain_pieces(profile: Profile, pattern: re.Pattern[str], text: str) -> _Pieces | None:
    """Return the places of a text, None unless each may stand below the one before."""
    pieces = _pieces(profile, pattern, text)
    parts = [profile.by_kind[kind] for kind, *_ in pieces[1:]] if pieces else []
    if parts and not parts[0].may_start:
        return None
    return None if any(above.kind not in below.parents for above, below in pairwise(parts)) else pieces


def _pieces(profile: Profile, pattern: re.Pattern[str], text: str) -> _Pieces | None:
    found = pattern.fullmatch(text)
    if found is None:
        return None
    parts: list[_Piece] = []
    for name, word in found.groupdict().items():
        if word:
            kind, rule = _RULES[name]
            start, end = found.span(name)
            parts.append((kind, word, part_value(profile, kind, word), start, end, rule))
    return _standard(profile, parts), *parts


def _standard(profile: Profile, parts: Sequence[_Piece]) -> str:
    """Return the values side by side, the standard text unless a room tells the floor before it."""
    if len(parts) > 1 and parts[-1][0] == "room" and profile.rooms.pattern == "floor_and_two_digits":
        return compose(profile, [ReadPart(*piece) for piece in parts])
    return "".join([piece[2] for piece in parts])


def _placed(pieces: _Pieces, at: int) -> list[ReadPart]:
    return [
        ReadPart(kind, word, value, at + start, at + end, rule)
        for kind, word, value, start, end, rule in pieces[1:]
    ]


def _division(gazetteer: Gazetteer, words: Sequence[str], above: int) -> _Division:
    """Return the one division among known names that lies directly below a place."""
    meanings = ((word, gazetteer.few(word)) for word in words)
    known = [one for one in meanings if any(name.level <= COMMUNITY for name in one[1])]
    # A municipality is a province and a city: the last of its levels counts.
    found = {
        (len(word), name.place): name.level
        for word, names in known
        for name in _below(gazetteer, word, names, above)
    }
    if found:
        ((length, place), level), *others = found.items()
        return _DOUBTFUL if others else (length, place, level)
    # A division that does not lie directly below the one before is for the full reading.
    is_other = any(name.way == FULL for _, names in known for name in names)
    return _DOUBTFUL if is_other else ()


def _below(gazetteer: Gazetteer, word: str, meanings: Sequence[Name], above: int) -> list[Name]:
    """Return what a word may mean below a place: one full name of a direct child, or else nothing certain."""
    if above >= 0:
        if any(name.place == MANY for name in meanings):
            meanings = gazetteer.inside(word, above)
        meanings = [name for name in meanings if gazetteer.is_within(name.place, above)]
    found = [name for name in meanings if name.level <= COMMUNITY]
    certain = found and all(name.way == FULL and name.place == found[0].place for name in found)
    return found if certain and gazetteer.parent(found[0].place) == above else []


def _beginning(profile: Profile) -> str:
    """Return the expression of what stands before a door: anything that ends with the word of a place."""
    words = {word for area in profile.areas for word in area.titles}
    words |= {word for part in profile.place_parts for word in part.suffixes}
    return f".*(?:{any_of([*words, *_NEIGHBORHOOD])})"


def _chain(profile: Profile, doubtful: str, longest: int) -> str:
    """Return the expression of places below the divisions, each at most once, in the order of the profile.

    A name holds nothing doubtful before its own word. Lanes have names where alleys lie in them; elsewhere
    such a name may be a street.
    """
    own = [word for part in profile.place_parts if part.named for word in part.suffixes]
    char = f"(?:(?!{doubtful}){_HAN})"
    has_alleys = "alley" in profile.by_kind
    pieces = list[str]()
    for part in profile.place_parts:
        if part.kind == "street":
            # A word that ends other places too is in doubt.
            words = [word for word in part.suffixes if own.count(word) == 1 and word[-1] in "路街道"]
            pieces.append(f"(?P<street>{char}{{1,{longest}}}(?:{any_of(words)}))?")
        elif part.numbered and part.kind in _RULES:
            named = (
                f"|{char}{{1,5}}(?:{any_of(part.suffixes)})"
                if part.named and has_alleys and part.kind in _LANES
                else ""
            )
            pieces.append(f"(?P<{part.kind}>{_count(part)}(?:{any_of(part.suffixes)}){named})?")
    return "".join(pieces)


def _count(part: Part) -> str:
    if part.numerals == "chinese":
        return f"(?:{any_of(to_chinese(count) for count in range(1, 21))}|[1-9][0-9]?)"
    return "[1-9][0-9]{0,3}(?:之[0-9]{1,3})?"


def _ending(profile: Profile, *, named: bool = False) -> str:
    """Return the expression of a door with its unit as the profile writes them."""
    sub, name = profile.sub_number, "?P<{}>" if named else "?:"
    link, word = re.escape(sub.style), any_of(profile.by_kind["number"].suffixes)
    mark = any_of(mark.text for mark in profile.marks if mark.temporary)
    annex = f"(?:{sub.annex}[0-9]{{1,3}})?" if sub.annex else ""
    inner = f"(?:{link}[0-9]{{1,3}}){{0,2}}{annex}(?:{word})" if sub.position == "inside" else f"(?:{word})"
    outer = f"(?:{link}[0-9]{{1,4}}(?![0-9]*(?:{_words(profile, 'floor')}))(?:{word})?)?"
    if sub.position == "inside" and not sub.behind_differs:
        outer = ""
    pieces = [f"({name.format('number')}(?:{mark})?[1-9][0-9]{{0,3}}{inner}{outer}(?:{mark})?)"]
    counts = {
        "building": "(?:[1-9][0-9]{0,2}|[A-Z])",
        "entrance": "[1-9][0-9]?",
        "floor": _floor(profile),
        "room": "",
    }
    for kind, count in counts.items():
        if kind in profile.by_kind:
            body = _room(profile) if kind == "room" else f"{count}(?:{_words(profile, kind)})"
            pieces.append(f"({name.format(kind)}{body})?")
    return "".join(pieces)


def _words(profile: Profile, kind: str) -> str:
    part = profile.part(kind)
    return any_of(word for word in part.suffixes if word != "之") if part else "(?!)"


def _floor(profile: Profile) -> str:
    rooms, part = profile.rooms, profile.by_kind["floor"]
    last = min(rooms.max_floor, 99)
    chinese = f"{any_of(to_chinese(count) for count in range(1, last + 1))}|"
    return f"(?:{chinese if part.numerals == 'chinese' else ''}[1-9][0-9]?)"


def _room(profile: Profile) -> str:
    """Return the expression of a room: behind its floor (之2), or with its own word (402室)."""
    plain = f"[1-9][0-9]{{0,4}}(?:{_words(profile, 'room')})"
    if profile.rooms.pattern != "floor_and_sub":
        return plain
    floors = profile.by_kind["floor"].suffixes[0]
    return f"(?<={floors})之[0-9]{{1,3}}|{plain}"
