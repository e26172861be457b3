"""Free text to parts, for search as one types: deterministic, and every step that assumes something says so.

The types are those of any reading of an address text: a chain of names, a door, hints of divisions, and
what was left over.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, replace
from functools import lru_cache

from geo_registry.address.numbers import Door, parse_door
from geo_registry.address.rules import normal_name, standard_name
from geo_registry.address.scheme import Part, Profile
from geo_registry.address.search.letters import Lettered, read_letters, with_words
from geo_registry.address.units import any_of
from geo_registry.codes import ALPHABET, CODE_LENGTH, CodeKind, parse_code
from geo_registry.errors import RuleBroken
from geo_registry.gazetteer.fold import fold
from geo_registry.text import NUMERAL_CHARACTERS, clean, normal_key, to_int

_GENERIC_START = "路街道巷弄段衖"
_FIGURES = re.compile(r"[\d\s.,/_-]*")
_LAST_FIGURES = re.compile(r"(?:^|(?<=\D))\d{1,6}(?:[\s.,/_-]+\d{1,6})+$")
_CODE = re.compile(rf"[{ALPHABET}]{{4,{CODE_LENGTH + 1}}}")
_NEIGHBORHOOD = re.compile(f"(?P<count>[\\d{NUMERAL_CHARACTERS}]{{1,4}})[鄰邻]")
_PROVINCE = re.compile(r"[一-鿿]{2,8}?(?:省|自治区|自治區)")
_OPEN_NAME = re.compile(r"[一-鿿]{1,12}(?=\d|$)")
_OPEN_UNIT = re.compile(f"(?P<head>.*\\d.*?(?:號|号))(?P<figure>[\\d{NUMERAL_CHARACTERS}]{{1,4}})")


@dataclass(frozen=True, slots=True)
class Assumption:
    """One step of a reading that took something for granted: the rule's name and the piece of text."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class NamePart:
    """One name of the chain: kind, standard form and key; an open one may go on or lacks its generic word."""

    kind: str
    text: str
    key: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A text as search understands it.

    `letters` stand for the first name: its sound as typed, `initials` the same with the characters among them
    shortened, `characters` these characters; `spelled` is the name as typed, `behind` what stood behind it.
    `figures` are numbers without words, each a step further down. `code_beginnings` are what a public code
    may begin with. A key with `..._is_prefix` was not finished: 218弄6 asks for 6, 60 and 6-1 alike. `rest`
    is what nothing understood.
    """

    text: str
    code: tuple[CodeKind | None, str] | None = None
    divisions: tuple[tuple[str, str], ...] = ()
    neighborhood: int | None = None
    names: tuple[NamePart, ...] = ()
    door: Door | None = None
    number_key: str = ""
    number_is_prefix: bool = False
    unit_key: str = ""
    unit_is_prefix: bool = False
    letters: str = ""
    initials: str = ""
    characters: str = ""
    spelled: str = ""
    behind: str = ""
    figures: tuple[int, ...] = ()
    code_beginnings: tuple[str, ...] = ()
    rest: str = ""
    assumptions: tuple[Assumption, ...] = ()


def read_query(profile: Profile, text: str, *, divisions: Container[str] | None = None) -> Query:
    """Read what somebody typed: a public code, letters with figures, or an address as far as it goes.

    `divisions` are the normal keys of the division names that exist; with them, nothing else is taken
    for one.
    """
    cleaned = clean(text)[:200]
    if len(cleaned) >= 13:
        try:
            return Query(text, code=parse_code(cleaned))
        except RuleBroken:
            pass
    reading = _Reading(profile, text, with_words(profile, cleaned).replace(" ", ""), divisions)
    read = replace(reading.query(), code_beginnings=_code_beginnings(cleaned))
    figures = _LAST_FIGURES.search(cleaned) if read.letters or read.names else None
    return replace(read, figures=tuple(map(int, re.findall(r"\d+", figures.group())))) if figures else read


def _code_beginnings(cleaned: str) -> tuple[str, ...]:
    """Return what a public code may begin with: four characters or more, not figures alone."""
    packed = re.sub(r"[\s-]", "", cleaned).upper()
    if not _CODE.fullmatch(packed) or packed.isdecimal():
        return ()
    is_kind = len(packed) > 4 and packed[0] in set(CodeKind)
    return (packed[:CODE_LENGTH], packed[1:]) if is_kind else (packed[:CODE_LENGTH],)


class _Reading:
    """One pass over a text; each step takes its piece from the front."""

    def __init__(self, profile: Profile, text: str, left: str, divisions: Container[str] | None) -> None:
        self._profile = profile
        self._text = text
        self._left = left
        self._known = divisions
        self._assumed: list[Assumption] = []

    def query(self) -> Query:
        """Read the text from left to right: divisions, neighbourhood, names, number, unit."""
        divisions = self._divisions()
        neighborhood = self._neighborhood()
        if (lettered := read_letters(self._left)) is not None:
            return self._of_letters(lettered, divisions)
        names = self._names()
        found = Query(self._text, divisions=divisions, neighborhood=neighborhood, names=tuple(names))
        return replace(self._with_door(found), assumptions=tuple(self._assumed))

    def _of_letters(self, lettered: Lettered, divisions: tuple[tuple[str, str], ...]) -> Query:
        """Read what stands behind a name in letters: bare figures, or names and a door with their words."""
        found = Query(
            self._text, divisions=divisions, letters=lettered.sound, initials=lettered.initials,
            characters=lettered.characters, spelled=lettered.name, behind=lettered.tail,
        )  # fmt: skip
        if _FIGURES.fullmatch(lettered.tail):
            return replace(found, figures=tuple(map(int, re.findall(r"\d{1,6}", lettered.tail))))
        self._left = lettered.tail
        first = next(part for part in self._profile.place_parts if part.may_start and part.named)
        found = replace(found, names=tuple(self._names(first)))
        return replace(self._with_door(found), assumptions=tuple(self._assumed))

    def _take(self, length: int) -> str:
        piece, self._left = self._left[:length], self._left[length:]
        return piece

    def _divisions(self) -> tuple[tuple[str, str], ...]:
        hints: list[tuple[str, str]] = []
        if province := _PROVINCE.match(self._left):
            hints.append(("province", self._take(province.end())))
        for level, pattern in _division_patterns(self._profile):
            found = pattern.match(self._left)
            if found and self._is_division(found.group()):
                hints.append((level, self._take(found.end())))
        self._assumed += [
            Assumption("division-by-its-word", name) for _, name in hints if self._known is None
        ]
        return tuple(hints)

    def _is_division(self, name: str) -> bool:
        if self._known is not None:
            return normal_key(name) in self._known
        if name.endswith(_long_generics(self._profile)):
            return False
        behind = self._left[len(name) :]
        return not behind or behind[0] not in _GENERIC_START

    def _neighborhood(self) -> int | None:
        found = _NEIGHBORHOOD.match(self._left)
        if found is None:
            return None
        self._take(found.end())
        return to_int(found["count"])

    def _names(self, above: Part | None = None) -> list[NamePart]:
        """Read the chain of names, from the start or below a name of a kind."""
        names: list[NamePart] = []
        part = above
        while self._left:
            following, length = self._next_part(part.kind if part else None)
            if following is not None:
                part = following
                names.append(self._name_part(part, self._take(length)))
            elif part is None and (found := _OPEN_NAME.match(self._left)):
                part = next(one for one in self._profile.place_parts if one.may_start and one.named)
                self._assumed.append(Assumption("generic-missing", found.group()))
                names.append(replace(self._name_part(part, self._take(found.end())), is_open=True))
            elif names and part is not None and (found := _part_pattern(part).match(self._left)):
                # A name may hold its generic word twice: 南京路步行街.
                names[-1] = self._name_part(part, names[-1].text + self._take(found.end()))
            else:
                break
        return names

    def _name_part(self, part: Part, piece: str) -> NamePart:
        written = standard_name(self._profile, part.kind, piece)
        return NamePart(part.kind, written, normal_name(self._profile, part.kind, piece))

    def _next_part(self, above: str | None) -> tuple[Part | None, int]:
        """Return the part that begins the text and may stand here, the shortest one, with its length."""
        best: tuple[Part | None, int] = (None, 0)
        for part in self._profile.place_parts:
            if not (part.may_start if above is None else above in part.parents):
                continue
            found = _part_pattern(part).match(self._left)
            if found and (best[0] is None or found.end() < best[1]):
                best = part, found.end()
        return best

    def _with_door(self, query: Query) -> Query:
        left = self._left
        if not left:
            return query
        read = parse_door(self._profile, left)
        if not isinstance(read, Door) and (folded := fold(left)) != left:
            read = parse_door(self._profile, folded)
        if isinstance(read, Door):
            is_prefix = left.isdecimal()
            if is_prefix and query.names:
                self._assumed.append(Assumption("number-without-its-word", left))
            return self._of_door(query, read, is_prefix=is_prefix)
        return self._with_open_unit(query, left)

    def _of_door(self, query: Query, door: Door, *, is_prefix: bool) -> Query:
        inner = tuple(
            NamePart(kind, standard_name(self._profile, kind, name), normal_name(self._profile, kind, name))
            for kind, name in door.names
        )
        return replace(
            query, names=query.names + inner, door=door, number_key=door.number_key,
            number_is_prefix=is_prefix, unit_key=door.unit_key,
        )  # fmt: skip

    def _with_open_unit(self, query: Query, left: str) -> Query:
        """Read a unit that is still being typed, 6号4 or 119號二."""
        found = _OPEN_UNIT.fullmatch(left)
        door = parse_door(self._profile, found["head"]) if found else None
        if found is None or not isinstance(door, Door):
            return replace(query, rest=left)
        figure = to_int(found["figure"])
        has_sub_rooms = self._profile.rooms.pattern == "floor_and_sub"
        self._assumed.append(Assumption("unit-unfinished", found["figure"]))
        unit = f"{'f' if has_sub_rooms else 'r'}{figure}"
        return replace(self._of_door(query, door, is_prefix=False), unit_key=unit, unit_is_prefix=True)


@lru_cache(maxsize=16)
def _long_generics(profile: Profile) -> tuple[str, ...]:
    """Return the generic words that hold a division's word: 小区 is no 区."""
    return tuple(word for part in profile.place_parts for word in part.suffixes if len(word) > 1)


@lru_cache(maxsize=16)
def _division_patterns(profile: Profile) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (area.level, re.compile(f"[一-鿿]{{1,8}}?(?:{_in_any_script(area.titles)})"))
        for area in profile.areas
    )


def _in_any_script(words: tuple[str, ...]) -> str:
    """Return an expression of words as they are and simplified."""
    return any_of({*words, *map(fold, words)})


@lru_cache(maxsize=256)
def _part_pattern(part: Part) -> re.Pattern[str]:
    """Return the expression of one name of a kind at the front of a text."""
    endings = _in_any_script(part.suffixes)
    counted = (
        f"[\\d{NUMERAL_CHARACTERS}]{{1,6}}(?:[之-]\\d{{1,3}})*(?:{endings})" if part.numbered else "(?!)"
    )
    # A name whose end is followed by another generic word is not over: 新村路 is no 新村.
    # Where a part may be a count, figures belong to it: 园街66巷 is no name.
    figures = "" if part.numbered else "\\d{0,4}"
    named = f"[一-鿿]{{1,12}}?{figures}(?:{endings})(?![{_GENERIC_START}])" if part.named else "(?!)"
    return re.compile(f"{counted}|{named}")
