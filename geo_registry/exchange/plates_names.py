"""Place names and doors of a file, each read once however many rows bear it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from geo_registry.address.numbers import Door, Fault, parse_door
from geo_registry.address.profile import Profile
from geo_registry.address.rules import divisions_before, normal_name, standard_name, unique_in
from geo_registry.text import clean, initials, normal_key, pinyin

PLACE_COLUMNS = (
    "street", "section", "lane", "sub_lane", "alley", "sub_alley", "estate", "hamlet", "group",
)  # fmt: skip
DOOR_COLUMNS = ("number", "building_no", "entrance", "floor", "room")
Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A community of the register that rows name: ids, its name, and the divisions written before addresses.

    `prefix` stands before a street, `local_prefix` before what is unique in the community alone.
    """

    index: int
    community_id: UUID
    township_id: UUID | None
    district_id: UUID
    prefix: str
    local_prefix: str
    name: str


def prefixes(profile: Profile, names: Mapping[str, str | None]) -> tuple[str, str]:
    """Return the divisions before a street and before a name or number that is unique in its community."""
    return (
        divisions_before(profile, names, unique_in(profile, "street")),
        divisions_before(profile, names, unique_in(profile, None)),
    )


@dataclass(slots=True)
class PlaceNode:
    """A place name of the file: below another one, or at the top of its scope."""

    index: int
    parent: int | None
    depth: int
    kind: str
    name: str
    normal_name: str
    full_name: str
    scope_id: UUID | None
    area: Area
    is_local: bool
    is_needed: bool = False

    def row(self) -> tuple[object, ...]:
        """Return the values of the staging table."""
        community = self.area.community_id if self.is_local else None
        return (
            self.index, self.parent, self.depth, self.scope_id, self.kind, self.name, self.normal_name,
            self.full_name, pinyin(self.name), initials(self.name), self.area.district_id,
            self.area.township_id, community, self.is_needed,
        )  # fmt: skip


class Places:
    """The tree of place names that the rows of a file name."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._known: dict[tuple[object, str, str], int] = {}
        self.nodes: list[PlaceNode] = []

    def scope(self, area: Area, names: Names, neighborhood: str) -> int:
        """Return the number of the last place name of a row, or `-1 - area.index` when it has none.

        Where no name of any kind stands, the same number occurs in several neighbourhoods (鄰) of a
        village, a kilometre apart: there the neighbourhood is the place that the number belongs to.
        """
        if not names and neighborhood:
            names = (("group", neighborhood),)
        node: PlaceNode | None = None
        for kind, text in names:
            node = self._node(area, node, kind, text)
        return -1 - area.index if node is None else node.index

    def need(self, indexes: Sequence[int]) -> None:
        """Mark the place names of stored rows, with everything above them."""
        for index in indexes:
            place: int | None = index if index >= 0 else None
            while place is not None and not self.nodes[place].is_needed:
                self.nodes[place].is_needed = True
                place = self.nodes[place].parent

    def _node(self, area: Area, above: PlaceNode | None, kind: str, text: str) -> PlaceNode:
        name, key = self._forms(kind, text)
        scope = self._top_scope(area, kind) if above is None else None
        place = (scope if above is None else above.index, kind, key)
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = len(self.nodes)
            self.nodes.append(
                PlaceNode(
                    index=found, parent=above.index if above else None, depth=above.depth + 1 if above else 0,
                    kind=kind, name=name, normal_name=key,
                    full_name=(above.full_name if above else "") + name,
                    scope_id=scope, area=area,
                    is_local=above.is_local if above else scope == area.community_id,
                )
            )  # fmt: skip
        return self.nodes[found]

    def _forms(self, kind: str, text: str) -> tuple[str, str]:
        if self._profile.part(kind) is None:
            return clean(text).replace(" ", ""), normal_key(text)
        return standard_name(self._profile, kind, text), normal_name(self._profile, kind, text)

    def _top_scope(self, area: Area, kind: str) -> UUID:
        """Return where a top name is unique: a street as the profile says, another in its community."""
        unique = unique_in(self._profile, kind)
        if unique == "community":
            return area.community_id
        return (area.township_id if unique == "township" else None) or area.district_id


@dataclass(frozen=True, slots=True)
class DoorForm:
    """A door in its standard form: `number` and `key` count the distinct numbers and doors of a file."""

    index: int
    number: int
    door: Door
    floor: int | None

    def row(self, profile: Profile) -> tuple[object, ...]:
        """Return the values of the staging table."""
        door, entrance = self.door, profile.part("entrance")
        label = f"{door.entrance}{entrance.suffixes[0]}" if door.entrance and entrance else door.entrance
        return (
            self.index, self.number, door.number, door.number_key, door.number_text,
            "temporary" if door.temporary else "gate_small", door.building_text, label, door.entrance,
            self.floor, door.room, door.unit_text, door.unit_key,
        )  # fmt: skip


@dataclass(slots=True)
class Doors:
    """The doors that the rows of a file name; different spellings of one door are one."""

    profile: Profile
    forms: list[DoorForm] = field(default_factory=list)
    chains: list[Names] = field(default_factory=lambda: [()])
    _spellings: dict[tuple[str, ...], "DoorForm | Fault"] = field(default_factory=dict)
    _keys: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _chain_of: dict[Names, int] = field(default_factory=lambda: {(): 0})

    def read(self, spelling: tuple[str, ...]) -> DoorForm | Fault:
        """Return the door of number, building, entrance, floor and room as the file writes them."""
        found = self._spellings.get(spelling)
        if found is None:
            found = self._spellings[spelling] = self._read(spelling)
        return found

    def chain(self, door: Door) -> int:
        """Return the number of the place names that stand before a number (0: none)."""
        chain = self._chain_of.setdefault(door.names, len(self.chains))
        if chain == len(self.chains):
            self.chains.append(door.names)
        return chain

    def _read(self, spelling: tuple[str, ...]) -> DoorForm | Fault:
        number, building, entrance, floor, room = spelling
        if (building or entrance or room or floor) and number[-1:].isdecimal():
            number += self.profile.by_kind["number"].suffixes[0]
        door = parse_door(self.profile, number + building + entrance + self._inner(floor, room))
        if isinstance(door, Fault):
            return door
        key = door.number_key, door.building_text, door.unit_key
        index = self._keys.setdefault(key, len(self.forms))
        form = DoorForm(
            index=index,
            number=self._numbers.setdefault(door.number_key, len(self._numbers)),
            door=door,
            floor=door.floor if door.floor is not None else _whole(floor),
        )
        if index == len(self.forms):
            self.forms.append(form)
        return form

    def _inner(self, floor: str, room: str) -> str:
        """Return floor and room as one text; a floor beside a room is a fact, not a part of the address."""
        if room or not floor:
            return room
        part = self.profile.part("floor")
        return floor + part.suffixes[0] if part and floor.lstrip("-").isdecimal() else floor


def _whole(text: str) -> int | None:
    return int(text) if text.removeprefix("-").isdecimal() else None
