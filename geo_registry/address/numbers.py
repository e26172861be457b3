"""Door numbers and units: reading what registers hold, writing the one standard form.

The text behind the last place name (`419之3號二樓之2`, `6号2单元402室`) is taken apart by expressions
built from the profile. What cannot be read for certain is a fault, never a guess.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from geo_registry.address.scheme import NumberMark, Profile, is_place
from geo_registry.address.units import Unit, UnitReader, any_of
from geo_registry.text import NUMERAL_CHARACTERS, clean, natural_order, to_int

_CHINESE_RUN = re.compile(f"[{NUMERAL_CHARACTERS}]+")
_BRACKETED = re.compile(r"[(〔〈【\[][^)〕〉】\]]*[)〕〉】\]]?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f].*", re.DOTALL)
_TRAILING_NOISE = re.compile(r"[.。;:、,·+*#?!︶)]+$")


@dataclass(frozen=True, slots=True)
class Door:
    """门牌号: a door number with the unit behind it, taken apart and in the standard form.

    `number_key` and `unit_key` are unique forms for comparing; an empty `unit_key` is the whole
    building. `is_building` tells the number of a building (80栋) from that of a door (80号).
    `names` are place names found in front of the number; they belong behind those the caller knows.
    `note` is a remark taken out of the text: it may hold a person's name and is never stored.
    `behind` is the sub-number behind the word (1號之25) where the profile takes it for another door
    than the one before it (1之25號).
    """

    number: int
    subs: tuple[int, ...]
    annex: tuple[int, ...]
    letter: str
    mark: str
    temporary: bool
    is_building: bool
    building: str | None
    entrance: str | None
    floor: int | None
    room: str | None
    number_text: str
    number_key: str
    building_text: str
    unit_text: str
    unit_key: str
    names: tuple[tuple[str, str], ...] = ()
    note: str | None = None
    behind: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The standard text of number, building and unit, without names."""
        return self.number_text + self.building_text + self.unit_text


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text is no door number: `number-missing`, `number-impossible` or `number-unreadable`."""

    code: str
    detail: str


def parse_door(profile: Profile, text: str) -> Door | Fault:
    """Read a door number with its unit; the same text is taken apart once per process."""
    return door_reader(profile).read(text)


def make_door(
    profile: Profile, number: int, *, subs: tuple[int, ...] = (), annex: tuple[int, ...] = (),
    letter: str = "", mark: str = "", is_building: bool = False, building: str | None = None,
    entrance: str | None = None, floor: int | None = None, room: str | None = None,
    behind: tuple[int, ...] = (),
) -> Door:  # fmt: skip
    """Return the door of given parts, in the standard form of the profile."""
    reader = door_reader(profile)
    unit = reader.units.make(building=building, entrance=entrance, floor=floor, room=room)
    known = next((one for one in profile.marks if one.text == mark), None)
    return reader.make(number, subs, annex, letter, known, unit, is_building=is_building, behind=behind)


@lru_cache(maxsize=16)
def door_reader(profile: Profile) -> "DoorReader":
    """Return the reader of a profile; bulk work calls its `read` directly."""
    return DoorReader(profile)


def natural_key(door: Door) -> tuple[object, ...]:
    """Return a key that sorts doors as people count: 2, 10, 10-1, each before its units."""
    return (
        door.is_building,
        door.mark,
        door.number,
        door.subs,
        door.behind,
        door.annex,
        door.letter,
        natural_order(door.building or ""),
        natural_order(door.entrance or ""),
        -1000 if door.floor is None else door.floor,
        natural_order(door.room or ""),
    )


class DoorReader:
    """Reads door numbers by one profile; remembers what it has read, because few texts are distinct."""

    _LIMIT = 400_000

    def __init__(self, profile: Profile) -> None:
        self.units = UnitReader(profile)
        self._profile = profile
        self._sub = profile.sub_number
        self._marks = {word: mark for mark in profile.marks for word in (mark.text, *mark.accepts)}
        self._number_suffix = profile.by_kind["number"].suffixes[0]
        building = profile.part("building")
        self._building_suffixes = building.suffixes if building else ()
        self._head = re.compile(_head_pattern(profile, tuple(self._marks), self._building_suffixes))
        self._name = re.compile(_name_pattern(profile))
        self._remark = re.compile(f"(?:{any_of(profile.remarks)}).*")
        self._known: dict[str, Door | Fault] = {}

    def read(self, text: str) -> Door | Fault:
        """Read one text, from memory when it was read before."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= self._LIMIT:
                self._known.clear()
            found = self._known[text] = self.parse(text)
        return found

    def make(
        self, number: int, subs: tuple[int, ...], annex: tuple[int, ...], letter: str,
        mark: NumberMark | None, unit: Unit, *, is_building: bool,
        names: tuple[tuple[str, str], ...] = (), note: str | None = None, behind: tuple[int, ...] = (),
    ) -> Door:  # fmt: skip
        """Return a door with its standard text and key."""
        below, beside = "".join(f"-{sub}" for sub in subs), "f" + "-".join(map(str, annex)) if annex else ""
        last = "z" + "-".join(map(str, behind)) if behind else ""
        key = f"{'b' if is_building else ''}{mark.key if mark else ''}{number}{below}{beside}{letter}{last}"
        text = self._written(
            f"{mark.text if mark else ''}{number}", subs, annex, letter, is_building=is_building
        ) + "".join(f"{self._sub.style}{sub}" for sub in behind)
        return Door(
            number=number, subs=subs, annex=annex, letter=letter, mark=mark.text if mark else "",
            temporary=bool(mark and mark.temporary), is_building=is_building,
            building=unit.building, entrance=unit.entrance, floor=unit.floor, room=unit.room,
            number_text=text, number_key=key, building_text=unit.building_text,
            unit_text=unit.text, unit_key=unit.key, names=names, note=note, behind=behind,
        )  # fmt: skip

    def _written(
        self, number: str, subs: tuple[int, ...], annex: tuple[int, ...], letter: str, *, is_building: bool
    ) -> str:
        style = self._sub.style
        suffix = self._building_suffixes[0] if is_building else self._number_suffix
        below = "".join(f"{style}{sub}" for sub in subs)
        beside = f"{self._sub.annex}{style.join(map(str, annex))}" if annex else ""
        if self._sub.position == "inside":
            return f"{number}{below}{beside}{letter}{suffix}"
        return f"{number}{letter}{suffix}{below}{beside}{self._number_suffix if subs else ''}"

    def parse(self, text: str) -> Door | Fault:
        """Read one text anew, and do not remember it."""
        bare, notes = self._without_remarks(text)
        if not bare:
            return Fault("number-missing", "没有门牌号")
        names, rest = self._leading_names(bare)
        folded = _CHINESE_RUN.sub(_arabic, rest)
        head = self._head.match(folded)
        if head is None:
            return _unreadable(folded)
        if head["dashed_room"]:
            unit = self.units.make(
                building=None, entrance=head["dashed_entrance"], floor=None, room=head["dashed_room"]
            )
        else:
            tail = folded[head.end() :]
            is_split = bool(head["suffix"]) or tail.startswith("/")
            read = self.units.read(tail.removeprefix("/")) if is_split or not tail else None
            if read is None:
                return _unreadable(folded)
            unit = self._in_remarked_building(read, notes)
        return self._door(head, unit, names, notes)

    def _without_remarks(self, text: str) -> tuple[str, list[str]]:
        """Return a text without spaces, remarks and noise, and the remarks."""
        cut = clean(_CONTROL.sub("", text)).replace(" ", "").upper()
        notes = _BRACKETED.findall(cut)
        bare = _BRACKETED.sub("", cut)
        if found := self._remark.search(bare):
            notes.append(found.group())
            bare = bare[: found.start()]
        if _CONTROL.search(text.rstrip()):
            notes.append("")
        return _TRAILING_NOISE.sub("", bare), notes

    def _in_remarked_building(self, unit: Unit, notes: list[str]) -> Unit:
        """Return the unit in the building a remark names, `27號二樓(A棟)`."""
        for note in notes:
            named = self.units.read(note.strip("()〔〕[]"))
            if named and named.building and not named.text and not unit.building:
                return replace(unit, building=named.building, building_text=named.building_text)
        return unit

    def _leading_names(self, bare: str) -> tuple[tuple[tuple[str, str], ...], str]:
        names: list[tuple[str, str]] = []
        while found := self._name.match(bare):
            kind = str(found.lastgroup)
            names.append((kind, found[kind]))
            bare = bare[found.end() :]
        return tuple(names), bare

    def _door(
        self, head: re.Match[str], unit: Unit, names: tuple[tuple[str, str], ...], notes: list[str]
    ) -> Door | Fault:
        number, maximum = int(head["dashed_number"] or head["number"]), self._profile.numbering.maximum
        subs, behind = _ints(head["inner"]), _ints(head["outer"])
        if not self._sub.behind_differs:
            subs, behind = subs + behind, ()
        if not 0 < number <= maximum or 0 in subs + behind:
            return Fault("number-impossible", f"门牌号应在 1 至 {maximum} 之间")
        is_building = head["suffix"] in self._building_suffixes or bool(head["dashed_room"])
        if not head["suffix"] and any(sub > 99 for sub in subs) and "-" in head["inner"]:
            return Fault("number-unreadable", "横线后是附号还是室号，无法判断")
        words = [head["mark"], head["mark_behind"], unit.mark, *(note.strip("()〔〕[]") for note in notes)]
        mark = next((self._marks[word] for word in words if word and word in self._marks), None)
        annex = _ints(head["annex"]) + _ints(head["annex_behind"])
        letter = head["letter"] or head["letter_behind"] or ""
        note = "; ".join(notes) if notes else None
        return self.make(
            number, subs, annex, letter, mark, unit, is_building=is_building, names=names, note=note,
            behind=behind,
        )  # fmt: skip


def _unreadable(text: str) -> Fault:
    if not any(char.isdecimal() for char in text):
        return Fault("number-impossible", "没有数字")
    return Fault("number-unreadable", "无法识别的写法")


def _arabic(run: re.Match[str]) -> str:
    """Write a Chinese numeral in digits; a stroke parts it from a figure before it (之2四樓)."""
    value = to_int(run.group())
    if value is None:
        return run.group()
    before = run.string[run.start() - 1 : run.start()]
    return f"/{value}" if before.isascii() and before.isalnum() else str(value)


def _ints(text: str | None) -> tuple[int, ...]:
    return tuple(int(figure) for figure in re.findall(r"\d+", text or ""))


def _head_pattern(profile: Profile, marks: tuple[str, ...], buildings: tuple[str, ...]) -> str:
    """Return the expression of the number itself, up to where the unit begins."""
    sub = profile.sub_number
    suffixes = profile.by_kind["number"].suffixes
    link = f"(?:{any_of((sub.style, *sub.accepts))})"
    mark, closing, letters = any_of(marks), f"(?:{any_of(suffixes)})?", f"[A-HJ-Z]|{any_of(sub.letters)}"
    annex = f"{sub.annex}\\d{{1,4}}(?:{link}\\d{{1,4}})?" if sub.annex else "(?!)"
    # 12-3-1001 is building, entrance and room, but only where rooms are numbered by floor.
    has_floor_rooms = profile.rooms.pattern == "floor_and_two_digits"
    dashed = r"(?=\d+-\d{1,2}-\d{3,4}室?$)" if has_floor_rooms else "(?!)"
    return (
        f"(?P<mark>{mark})?第?(?:{dashed}"
        f"(?P<dashed_number>\\d+)-(?P<dashed_entrance>\\d+)-(?P<dashed_room>\\d+)室?|"
        f"(?P<number>\\d{{1,9}})(?P<inner>(?:{link}\\d{{1,4}})*)(?P<annex>{annex})?(?P<letter>{letters})?"
        f"(?:(?P<suffix>{any_of(suffixes + buildings)})(?P<mark_behind>{mark})?"
        f"(?P<outer>(?:{link}\\d{{1,4}}(?!\\d*[樓楼层層]){closing})+)?"
        f"(?:(?P<annex_behind>{annex}){closing})?(?P<letter_behind>(?:{letters})(?![室棟栋幢座\\d]))?)?)"
    )


def _name_pattern(profile: Profile) -> str:
    """Return the expression of one place name before a number; the group's name is the kind."""
    choices = []
    for part in profile.parts:
        if not is_place(part.kind) or part.kind == "street":
            continue
        endings = any_of(part.suffixes)
        numbered = f"\\d{{1,4}}(?:{endings})" if part.numbered else "(?!)"
        named = f"[一-鿿]{{1,8}}?(?:{endings})(?=[\\d{NUMERAL_CHARACTERS}])" if part.named else "(?!)"
        choices.append(f"(?P<{part.kind}>{numbered}|{named})")
    return "|".join(choices) or "(?!)"
