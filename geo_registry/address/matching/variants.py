"""Other ways of asking for what was not found as written: one certain correction each."""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from geo_registry.address.known import KnownPlaces
from geo_registry.address.matching.keys import Ask, Asked, Correction, DoorKeys, Name, name_of
from geo_registry.address.scheme import Profile
from geo_registry.gazetteer.alike import Similar
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import FORMER, FULL, LEVELS
from geo_registry.text import normal_key

_STREET = LEVELS.index("street")
_MOST, _PLACES = 8, 200
_LOW_ROOM = re.compile(r"r0?([1-9]\d?)")
"""The key of a room whose number may be that of a door."""
Spelled = tuple[Name, tuple[Correction, ...]]
"""A name as the registry has it, and what that assumes."""


def variants_of(
    known: KnownPlaces, profile: Profile, asked: Asked, existing: AbstractSet[str]
) -> Iterator[Ask]:
    """Yield ways of asking with names spelled as the registry has them; the text's own way comes first.

    A name whose key is among `existing` is there as written: to take another one for it is never certain.
    """
    for ask in asked.asks:
        own = ask.but([_in_own_script(known, profile, name) for name in ask.names])
        yield own
        if (door := _as_sub_number(own)) is not None:
            yield door
        for at, name in enumerate(own.names):
            for other, steps in _other_names(known, profile, name, is_known=name.key in existing):
                yield own.but([*own.names[:at], other, *own.names[at + 1 :]], *steps)
            if len(own.names) > 1 and name.key not in existing and not name.key[0].isdecimal():
                yield own.without(name)


def _as_sub_number(ask: Ask) -> Ask | None:
    """Return the question for the door 12-1号 where a text says 12号1, which may be a room as well."""
    door = ask.door
    if door is None or door.building or not door.number.isdecimal():
        return None
    room = _LOW_ROOM.fullmatch(door.unit)
    if room is None:
        return None
    key = f"{door.number}-{room[1]}"
    # As far from the text as the door whose room could not be compared.
    step = Correction(f"“{door.text}{door.unit_text}”也可能是 {key}号", 0.15, is_certain=False)
    return replace(ask, door=DoorKeys(key, f"{key}号", "", "", ""), corrections=(*ask.corrections, step))


def _in_own_script(known: KnownPlaces, profile: Profile, name: Name) -> Name:
    """Return a name as the registry writes it where script and width alone differ."""
    written = {known.name(one.place) for one in known.meanings(fold(name.text)) if one.way == FULL}
    same = [one for one in written if fold(one) == fold(name.text)]
    return name_of(profile, name.kind, same[0]) if len(same) == 1 else name


def _other_names(known: KnownPlaces, profile: Profile, name: Name, *, is_known: bool) -> Iterator[Spelled]:
    """Yield other names that a written one may stand for: other spellings, then errors of typing."""
    folded = fold(name.text)
    seen = {name.key}
    for one in known.meanings(folded, _MOST):
        if one.place >= 0 and one.level >= _STREET and known.name(one.place) not in seen:
            other = known.name(one.place)
            seen.add(other)
            said = "是曾用名，今为" if one.way >= FORMER else "按"
            step = Correction(f"“{name.text}”{said}“{other}”", 0.08 if one.way >= FORMER else 0.05)
            yield name_of(profile, name.kind, other), (step,)
    for similar in known.similar(folded, _PLACES, with_others=True):
        other = known.name(similar.place)
        if other not in seen and len(seen) <= _MOST:
            seen.add(other)
            step = _mistyped(name.text, other, similar, is_known=is_known)
            yield name_of(profile, name.kind, other), (step,)


def _mistyped(text: str, other: str, similar: Similar, *, is_known: bool) -> Correction:
    if is_known:
        return Correction(f"另有读写相近的“{other}”", 0.1, is_certain=False)
    # A name that differs in a direction or numeral is none for certain, but as near as one that is.
    cost, is_slip = (0.15, similar.way != "other") if similar.distance <= 1 else (0.3, False)
    return Correction(f"没有“{text}”，疑为“{other}”", cost, is_certain=is_slip)


def whole_names(asked: Asked) -> list[tuple[str, Ask]]:
    """Return the keys under which a door or building may stand as a former or common name of its own.

    A former address is kept as it was written, with the divisions the profile writes; of those a text
    may have more or fewer. A building goes by its name alone, with a unit behind it.
    """
    found: dict[str, Ask] = {}
    for ask in asked.asks:
        for key in _whole(ask, [text for _, text in asked.areas]):
            found.setdefault(key, ask)
    return [(key, ask) for key, ask in found.items() if key]


def _whole(ask: Ask, areas: list[str]) -> Iterable[str]:
    names = "".join(name.text for name in ask.names)
    number = ask.door.text if ask.door else ""
    if names or number:
        for start in range(len(areas) + 1):
            for until in range(start, len(areas) + 1):
                yield normal_key("".join(areas[start:until]) + names + number)
    if names and ask.door is not None and ask.door.building:
        yield normal_key(names + ask.door.building)
