"""The unit behind a door number: building, entrance, floor and room."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from geo_registry.address.scheme import Profile
from geo_registry.text import to_chinese


@dataclass(frozen=True, slots=True)
class Unit:
    """户室: where inside a numbered building a unit lies, with its standard text and its key."""

    building: str | None
    entrance: str | None
    floor: int | None
    room: str | None
    building_text: str
    text: str
    key: str
    mark: str = ""


class UnitReader:
    """Reads the text behind a door number by one profile."""

    def __init__(self, profile: Profile) -> None:
        self._rooms = profile.rooms
        self._suffixes = {kind: part.suffixes for kind, part in profile.by_kind.items()}
        self._numerals = {kind: part.numerals for kind, part in profile.by_kind.items()}
        self._has_sub_rooms = profile.rooms.pattern == "floor_and_sub"
        self._whole = Unit(None, None, None, None, "", "", "")
        marks = tuple(word for mark in profile.marks if mark.temporary for word in (mark.text, *mark.accepts))
        self._pattern = re.compile(_unit_pattern(profile, self._suffixes, marks))

    def read(self, tail: str) -> Unit | None:
        """Return the unit a tail describes, the whole building for an empty one, else None."""
        if not tail:
            return self._whole
        found = self._pattern.fullmatch(tail)
        if found is None:
            return None
        floor, last, is_open = self._floor(found)
        if floor is not None and not self._is_plausible(floor, last):
            return None
        unit = self.make(
            building=found["building"], entrance=found["entrance"], floor=floor, last_floor=last,
            room=_room(found), is_open_basement=is_open,
        )  # fmt: skip
        return replace(unit, mark=found["mark"]) if found["mark"] else unit

    def make(
        self, *, building: str | None, entrance: str | None, floor: int | None, room: str | None,
        last_floor: int | None = None, is_open_basement: bool = False, mark: str = "",
    ) -> Unit:  # fmt: skip
        """Return a unit with its text and key; a floor the room number tells is not written again."""
        implied = self.floor_of_room(room)
        written = None if floor == implied else floor
        pieces, keys = [], []
        if entrance:
            pieces.append(entrance + self._suffixes["entrance"][0])
            keys.append(f"e{entrance}")
        if written is not None:
            pieces.append(self._floor_text(written, last_floor, is_open=is_open_basement))
            keys.append("b" if is_open_basement else f"f{written}" + (f"~{last_floor}" if last_floor else ""))
        if room:
            pieces.append(self._room_text(room, has_floor=floor is not None))
            keys.append(f"r{room}")
        building_text = building + self._suffixes["building"][0] if building else ""
        shown = floor if floor is not None else implied
        return Unit(building, entrance, shown, room, building_text, "".join(pieces), "/".join(keys), mark)

    def floor_of_room(self, room: str | None) -> int | None:
        """Return the floor a room number tells (1201 is 12, B102 is -1) if the profile has it so."""
        if self._has_sub_rooms or self._rooms.pattern == "free" or not room:
            return None
        found = re.fullmatch(r"(B|-)?(\d{1,3})\d\d[A-Z]?", room)
        if not found:
            return None
        floor = int(found[2])
        if found[1]:
            return -floor if 0 < floor <= self._rooms.max_basement else None
        return floor if 0 < floor <= self._rooms.max_floor else None

    def _floor(self, found: re.Match[str]) -> tuple[int | None, int | None, bool]:
        """Return floor, last floor of a range, and whether it is the basement without a count."""
        if found["basement"]:
            count = found["basement_floor"] or found["basement_before"]
            return (-int(count) if count else -1), None, not count
        if not found["floor"]:
            return None, None, False
        return int(found["floor"]), int(found["last"]) if found["last"] else None, False

    def _is_plausible(self, floor: int, last: int | None) -> bool:
        if floor < 0:
            return -floor <= self._rooms.max_basement
        return 0 < floor <= self._rooms.max_floor and (last is None or floor < last <= self._rooms.max_floor)

    def _floor_text(self, floor: int, last: int | None, *, is_open: bool) -> str:
        if is_open:
            return self._rooms.basement_written
        if floor < 0:
            return f"{self._rooms.basement_written}{self._figure(-floor)}{self._rooms.basement_counter}"
        until = f"至{self._figure(last)}" if last else ""
        return f"{self._figure(floor)}{until}{self._suffixes['floor'][0]}"

    def _figure(self, value: int) -> str:
        return to_chinese(value) if self._numerals["floor"] == "chinese" else str(value)

    def _room_text(self, room: str, *, has_floor: bool) -> str:
        if self._has_sub_rooms and has_floor and room[0].isdecimal():
            return "".join(f"之{piece}" for piece in room.split("-"))
        return room + next(word for word in self._suffixes["room"] if word != "之")


def _room(found: re.Match[str]) -> str | None:
    if found["sub_room"]:
        figures = re.findall(r"\d+", found["sub_room"])
        return "-".join(str(int(figure)) for figure in figures) + (found["sub_letter"] or "")
    return found["room"] or found["bare_room"] or None


def any_of(words: Iterable[str]) -> str:
    """Return an expression that matches one of some words, longest first, and nothing when there are none."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "(?!)"


def _unit_pattern(profile: Profile, suffixes: dict[str, tuple[str, ...]], marks: tuple[str, ...]) -> str:
    basements = any_of((profile.rooms.basement_written, *profile.rooms.basement_accepts))
    floors = any_of(suffixes.get("floor", ()))
    rooms = any_of(word for word in suffixes.get("room", ()) if word != "之")
    buildings, entrances = any_of(suffixes.get("building", ())), any_of(suffixes.get("entrance", ()))
    has_sub_rooms = profile.rooms.pattern == "floor_and_sub"
    sub_room = r"(?:之|-)\d{1,4}(?:(?:之|-)\d{1,3})*" if has_sub_rooms else "(?!)"
    bare_room = r"(?<=[樓层楼層])[A-Z]" if has_sub_rooms else r"\d{3,4}[A-Z]?"
    return (
        f"(?:之(?={basements}))?"
        f"(?:(?P<building>[A-Z]?\\d{{1,3}}|[A-Z]|[甲乙丙丁])(?:{buildings}))?"
        f"(?:(?P<entrance>\\d{{1,2}}|[A-Z])(?:{entrances}))?"
        f"(?:(?P<basement>(?P<basement_before>\\d)?(?:{basements})(?:(?P<basement_floor>\\d)(?!\\d))?"
        f"(?:{floors}|樓|層)?)"
        f"|(?P<floor>\\d{{1,3}})(?:[至、,~-](?P<last>\\d{{1,3}}))?(?:{floors}))?"
        f"(?:(?P<sub_room>{sub_room})(?P<sub_letter>[A-Z])?(?:{rooms})?"
        f"|(?P<room>[A-Z]?\\d{{1,5}}[A-Z]?|[A-Z]|[甲乙丙丁東西南北东])(?:{rooms})"
        f"|(?P<bare_room>{bare_room}))?"
        f"(?P<mark>{any_of(marks)})?"
    )
