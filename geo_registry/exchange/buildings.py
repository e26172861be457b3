"""Import of buildings: outlines with their numbers become buildings, addresses and plates.

A row is a feature; one that became part of a building shares that building's outcome. A building is
found again by its id in the file, else by its number where the register knows it without an outline,
else by the outline itself. A number that cannot be read or placed leaves its building stored without
it, with a remark: `number-unreadable`, `number-without-street`, `name-not-chinese`. A building that a
file no longer lists is left as it is: demolition is an act of its own. Numbers that the register has
keep their position and state: they belong to the lists of door plates.
"""

import re
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from geo_registry.address.numbers import Fault
from geo_registry.address.profile import Profile
from geo_registry.area.tables import LEVELS
from geo_registry.errors import RuleBroken
from geo_registry.exchange import geo_read
from geo_registry.exchange.buildings_read import OVERLAP, Member, Whole, numbers_of, read_buildings
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.mapping import Mapping
from geo_registry.exchange.placing import UNASSIGNED, place_rows
from geo_registry.exchange.plates_names import PLACE_COLUMNS, Area, Doors, Names, Places, prefixes
from geo_registry.exchange.staging import Values, copy_rows, ewkb, run, sections, settle, staged, warn, whole
from geo_registry.exchange.streets import profile_of, source_of
from geo_registry.housing.sounds import UNHEARD, sounds_of

_BUILDING: Final = (
    "row_number", "outcome", "reason", "external_id", "name", "label", "floors", "floors_below",
    "built_year", "use", "district_code", "community_code", "outline", "middle",
)  # fmt: skip
_MEMBER: Final = ("row_number", "outcome", "reason", "original", "building")
_NAME: Final = (
    "id", "parent", "depth", "scope_id", "kind", "name", "normal_name", "full_name", "pinyin", "initials",
    "district_id", "township_id", "community_id", "is_needed",
)  # fmt: skip
_NUMBER: Final = (
    "row_number", "turn", "scope", "prefix", "number", "number_key", "number_text", "plate_kind",
    "building_no",
)  # fmt: skip
_CHINESE: Final = re.compile("[㐀-鿿]")
NOWHERE: Final = UUID(int=0)


def import_buildings(load: Load) -> None:
    """Load one file of buildings."""
    profile, named = profile_of(load), sections("buildings")
    mapping, values = load.request.mapping, {"source": source_of(load), "overlap": OVERLAP}
    found = geo_read.features(load.request.path, source_crs=mapping.constants.get("source_crs"))
    members, wholes = read_buildings(mapping, found)
    doors = Doors(profile)
    load.connection.execute("DROP TABLE IF EXISTS pg_temp.stage_name")
    with (
        staged(load, "building_row", named["create-buildings"]),
        staged(load, "building_member", named["create-members"]),
        staged(load, "stage_name", named["create-names"]),
        staged(load, "building_number", named["create-numbers"]),
    ):
        copy_rows(load.connection, "building_row", _BUILDING, (_row(mapping, doors, one) for one in wholes))
        copy_rows(load.connection, "building_member", _MEMBER, (_member(one) for one in members))
        place_rows(load, "building_row")
        depths = _stage_numbers(load, profile, doors, wholes)
        run(load, [named["outside"], named["known"]], values)
        for depth in range(depths):
            run(load, sections("plates")["names"].split(b";\n"), {"depth": depth})
        for step in ("numbers", "adopt", "same-place", "overlaps", "compare", "store", "addresses", "links"):
            run(load, named[step].split(b";\n"), values)
        run(load, [named["outcomes"]])
        settle(load, "building_member")
    unheard = (name for (name,) in load.connection.execute(UNHEARD).fetchall())
    load.connection.cursor().executemany(named["sounds"].decode(), sounds_of(unheard))
    run(load, [named["analyze"]])


def _member(member: Member) -> tuple[object, ...]:
    return member.row, member.outcome, member.reason, member.original, member.building


def _row(mapping: Mapping, doors: Doors, building: Whole) -> tuple[object, ...]:
    values: Values = {name: building.first(name) for name in _BUILDING}
    texts = [
        None if values[name] is None else str(values[name])
        for name in ("external_id", "name", "use", "district_code", "community_code")
    ]
    external_id, name, use, district_code, community_code = texts
    return (
        building.row, building.outcome, building.reason, external_id, name, _label(mapping, doors, building),
        whole(values["floors"]), whole(values["floors_below"]), whole(values["built_year"]), use,
        district_code, community_code, ewkb(building.outline), ewkb(building.position),
    )  # fmt: skip


def _label(mapping: Mapping, doors: Doors, building: Whole) -> str | None:
    """Return what the map writes on a building: its own number in an estate, else its door number."""
    number, own = str(building.first("number") or ""), str(building.first("building_no") or "")
    form = doors.read((numbers_of(mapping, number)[0], own, "", "", "")) if number else None
    if form is None or isinstance(form, Fault):
        return own or None
    return form.door.building_text or form.door.number_text


def _stage_numbers(load: Load, profile: Profile, doors: Doors, wholes: list[Whole]) -> int:
    """Stage the place names and numbers of the placed buildings; answer how deep the names go."""
    areas = dict(_areas(load, profile))
    placed = {
        row: areas[ids]
        for row, *rest in load.connection.execute(sections("buildings")["placed"])
        for ids in [tuple(rest)]
    }
    places, rows = Places(profile), list[tuple[object, ...]]()
    for building in wholes:
        if building.row in placed:
            rows += _numbers(load, doors, places, building, placed[building.row])
    places.need([int(str(row[2])) for row in rows])
    copy_rows(load.connection, "stage_name", _NAME, (node.row() for node in places.nodes))
    copy_rows(load.connection, "building_number", _NUMBER, rows)
    return max((node.depth for node in places.nodes), default=-1) + 1


def _areas(load: Load, profile: Profile) -> Iterator[tuple[tuple[UUID, UUID | None, UUID | None], Area]]:
    """Yield the areas of the staged buildings by their ids, with the division names that addresses write."""
    found = load.connection.execute(sections("buildings")["areas"]).fetchall()
    for index, (district, township, community, *names) in enumerate(found):
        named = {level: name for level, name in zip(LEVELS, names, strict=True) if name != UNASSIGNED}
        before = prefixes(profile, named)
        area = Area(index, community or NOWHERE, township, district, *before, named.get("community") or "")
        yield (district, township, community), area


def _numbers(
    load: Load, doors: Doors, places: Places, building: Whole, area: Area
) -> Iterator[tuple[object, ...]]:
    """Yield the numbers of one building, its own first; what cannot be used is remarked on."""
    seen: set[tuple[int, str, str]] = set()
    for member in building.members:
        text = member.values.get("number")
        if text is None:
            continue
        for number in numbers_of(load.request.mapping, str(text)):
            row = _number(load, doors, places, member.values, number, area)
            key = (row[0], str(row[3]), str(row[6])) if row else None
            if row and key and key not in seen:
                seen.add(key)
                yield building.row, len(seen), *row


def _number(
    load: Load, doors: Doors, places: Places, values: Values, number: str, area: Area
) -> tuple[int, str, int, str, str, str, str] | None:
    names, fault = _chain(doors.profile, values), None
    form = doors.read((number, str(values.get("building_no") or ""), "", "", ""))
    if any(not _CHINESE.search(text) and not text.isdecimal() for _, text in names):
        fault = "name-not-chinese"
    elif isinstance(form, Fault) or form.door.unit_key:
        fault = "number-unreadable"
    elif not names and not form.door.names and area.community_id == NOWHERE:
        fault = "number-without-street"
    if fault or isinstance(form, Fault):
        warn(load, fault or "number-unreadable", 1)
        return None
    try:
        scope = places.scope(area, (*names, *form.door.names), "")
    except RuleBroken:
        warn(load, "number-unreadable", 1)
        return None
    door, is_local = form.door, scope < 0 or places.nodes[scope].is_local
    prefix = area.local_prefix if is_local else area.prefix
    kind = "temporary" if door.temporary else "gate_small"
    return (
        max(scope, -1), prefix, door.number, door.number_key, door.number_text, kind, door.building_text,
    )  # fmt: skip


def _chain(profile: Profile, values: Values) -> Names:
    """Return the place names of a row; a lane that stands behind its street in one text is told apart."""
    names = [(kind, str(values[kind])) for kind in PLACE_COLUMNS if values.get(kind)]
    part = profile.part("lane")
    if part and names and names[0][0] == "street" and "lane" not in dict(names):
        found = re.fullmatch(f"(\\D+)(\\d+(?:{'|'.join(part.suffixes)}))", names[0][1])
        if found:
            names[:1] = [("street", found[1]), ("lane", found[2])]
    return tuple(names)
