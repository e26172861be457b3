"""The ground of a generated city: every unit has its address, floor and position by arithmetic alone.

Units are numbered through; a community has `COMMUNITY_UNITS` of them, built to one pattern: three estates
of walk-ups, one of towers, houses on the street, a village and a dormitory. What a unit is called follows
from its number, so that any part of the city can name a unit of any other without a look at it.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo_registry.demo import names
from geo_registry.demo.plan import LAT, LON

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DISTRICT: Final = "990101"
COMMUNITY_UNITS: Final = 2000
TOWN_COMMUNITIES: Final = 40
CHUNK_COMMUNITIES: Final = 10
STREETS: Final = 4
STYLES: Final = ("ordinary", "tower", "old", "village", "dormitory")
USES: Final = (
    "self_occupied", "let_whole", "let_rooms", "collective_dormitory", "vacant", "non_residential",
)  # fmt: skip
# Shares of the uses by style of building.
USE_SHARES: Final = np.array(
    [
        [0.655, 0.185, 0.025, 0.003, 0.107, 0.025],
        [0.665, 0.165, 0.010, 0.002, 0.143, 0.015],
        [0.330, 0.330, 0.210, 0.010, 0.090, 0.030],
        [0.780, 0.070, 0.050, 0.000, 0.090, 0.010],
        [0.000, 0.040, 0.020, 0.840, 0.080, 0.020],
    ]
)
# Estates: buildings, entrances, floors, units on a floor, style.
_ESTATES: Final = ((10, 3, 6, 2, 0), (10, 3, 6, 2, 0), (10, 3, 6, 2, 0), (4, 1, 18, 6, 1))
_HOUSES, _HOUSE_FLOORS, _HOUSE_UNITS = 20, 4, 3
_FARMS, _FARM_GROUPS = 120, 6
_DORMITORY_FLOORS, _DORMITORY_ROOMS = 8, 16
_SPAN: Final = 0.004
"""Width and height of a community in degrees."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One unit of the pattern: which street and lane, or the village, and what stands at the door."""

    street: int
    lane: int
    group: str
    number: str
    entrance: str
    floor: int | None
    room: str
    building: int
    style: int


def _pattern() -> list[_Slot]:
    slots, building = [], 0
    for lane, (buildings, entrances, floors, across, style) in enumerate(_ESTATES):
        for number in range(1, buildings + 1):
            slots += [
                _Slot(
                    lane,
                    lane,
                    "",
                    f"{number}号",
                    f"{entrance}单元",
                    floor,
                    f"{floor}{place:02d}室",
                    building,
                    style,
                )
                for entrance in range(1, entrances + 1)
                for floor in range(1, floors + 1)
                for place in range(1, across + 1)
            ]
            building += 1
    for house in range(_HOUSES):
        slots += [
            _Slot(
                house % STREETS,
                -1,
                "",
                f"{house // STREETS * 2 + 1}号",
                "",
                floor,
                f"{floor}{place:02d}室",
                building,
                2,
            )
            for floor in range(1, _HOUSE_FLOORS + 1)
            for place in range(1, _HOUSE_UNITS + 1)
        ]
        building += 1
    for farm in range(_FARMS):
        group = f"{farm * _FARM_GROUPS // _FARMS + 1}组"
        slots.append(_Slot(-1, -1, group, f"{farm + 1}号", "", None, "", building, 3))
        building += 1
    slots += [
        _Slot(0, -1, "", "2号", "", floor, f"{floor}{place:02d}室", building, 4)
        for floor in range(1, _DORMITORY_FLOORS + 1)
        for place in range(1, _DORMITORY_ROOMS + 1)
    ]
    return slots


SLOTS: Final = _pattern()
STYLE_OF: Final = np.array([slot.style for slot in SLOTS])
_BUILDING_OF: Final = np.array([slot.building for slot in SLOTS])
_BUILDINGS: Final = SLOTS[-1].building + 1


@dataclass(frozen=True)
class City:
    """What a city is drawn from; `years` is how far back its moves go."""

    units: int
    persons: int
    years: int
    seed: int
    today: date

    @property
    def communities(self) -> int:
        """The number of communities; the last one may be smaller."""
        return -(-self.units // COMMUNITY_UNITS)

    @property
    def chunks(self) -> int:
        """The number of pieces the city is drawn in, each by itself."""
        return -(-self.communities // CHUNK_COMMUNITIES)

    def units_of(self, chunk: int) -> range:
        """Return the numbers of the units of a piece."""
        size = COMMUNITY_UNITS * CHUNK_COMMUNITIES
        return range(chunk * size, min(self.units, (chunk + 1) * size))

    def community_code(self, community: int) -> str:
        """Return the 12-digit code of a community."""
        town, place = divmod(community, TOWN_COMMUNITIES)
        return f"{DISTRICT}{town + 1:03d}{place + 1:03d}"

    @cached_property
    def codes(self) -> pa.Array:
        """The codes of all communities."""
        return pa.array([self.community_code(n) for n in range(self.communities)])

    @cached_property
    def streets(self) -> pa.Array:
        """The names of all streets, four of each community."""
        return pa.array([street_name(n) for n in range(self.communities * STREETS)])

    @cached_property
    def lanes(self) -> pa.Array:
        """The lanes of a community, with nothing for what lies in none."""
        return pa.array([f"{n * 60 + 18}弄" for n in range(len(_ESTATES))])

    def reference(self, units: Ints) -> dict[str, pa.Array]:
        """Return the columns by which a list names units; -1 names none."""
        is_none = units < 0
        community, place = np.divmod(np.where(is_none, 0, units), COMMUNITY_UNITS)
        columns: dict[str, pa.Array] = {
            "community_code": _taken(self.codes, community, is_none),
            "street": _taken(
                self.streets, community * STREETS + _STREET[place], is_none | (_STREET[place] < 0)
            ),
            "lane": _taken(self.lanes, _LANE[place], is_none | (_LANE[place] < 0)),
            "hamlet": _taken(_HAMLETS, np.zeros_like(place), is_none | (_STREET[place] >= 0)),
        }
        for name, (codes, texts) in _TEXTS.items():
            columns[name] = _taken(texts, codes[place], is_none | _IS_EMPTY[name][codes[place]])
        return columns

    def plates(self, chunk: int, uses: Ints, areas: Floats) -> dict[str, pa.Array]:
        """Return the columns of the list of door plates of one piece."""
        numbers = np.array(self.units_of(chunk), np.int64)
        place = numbers % COMMUNITY_UNITS
        lon, lat = self._positions(numbers)
        return self.reference(numbers) | {
            "floor": _taken(_FLOORS, _FLOOR[place], _FLOOR[place] < 0),
            "use": _taken(pa.array(USES), uses, np.zeros(len(uses), bool)),
            "area_m2": pa.array(areas),
            "lon": pa.array(lon),
            "lat": pa.array(lat),
        }

    def square(self, community: int) -> tuple[float, float, float, float]:
        """Return west, south, east and north of a community."""
        town, place = divmod(community, TOWN_COMMUNITIES)
        towns_wide = int(np.ceil(np.sqrt(-(-self.communities // TOWN_COMMUNITIES))))
        column, row = town % towns_wide * 8 + place % 8, town // towns_wide * 5 + place // 8
        west, south = round(LON + column * _SPAN, 6), round(LAT + row * _SPAN, 6)
        return west, south, round(west + _SPAN, 6), round(south + _SPAN, 6)

    def _positions(self, units: Ints) -> tuple[Floats, Floats]:
        """Return a point for the building of each unit, on a lattice of its community."""
        community, place = np.divmod(units, COMMUNITY_UNITS)
        corners = np.array([self.square(n)[:2] for n in np.unique(community)])
        corner = corners[np.searchsorted(np.unique(community), community)]
        wide = int(np.ceil(np.sqrt(_BUILDINGS)))
        column, row = _BUILDING_OF[place] % wide, _BUILDING_OF[place] // wide
        step = _SPAN / (wide + 1)
        lon, lat = corner[:, 0] + (column + 0.7) * step, corner[:, 1] + (row + 0.7) * step
        return np.round(lon, 7), np.round(lat, 7)


_HEADS: Final = "映望听锦丹青银金翠兰梅松竹枫荷桂柳桐榆槐云月星晨春秋清明文书学集和康安泰永宁丰瑞祥福东西南北"
_TAILS: Final = "江河湖溪泉山岭岗坡桥亭台阁园林泽川原田井洲滨浦湾渡津港城门池"
_KINDS: Final = ("路", "街", "大道", "东路", "西路", "南路", "北路", "中路")


def street_name(number: int) -> str:
    """Return the name of the street of a number; no two are alike."""
    kind, rest = divmod(number, len(_HEADS) * len(_TAILS))
    head, tail = rest % len(_HEADS), rest // len(_HEADS)
    extra = "" if kind < len(_KINDS) else names.MIDDLE[kind // len(_KINDS) % len(names.MIDDLE)]
    return f"{_HEADS[head]}{_TAILS[tail]}{extra}{_KINDS[kind % len(_KINDS)]}"


def _taken(values: pa.Array, indices: Ints, is_none: NDArray[np.bool_]) -> pa.Array:
    """Return values by index as a dictionary array, null where there is none."""
    places = pa.array(np.where(is_none, 0, indices).astype(np.int32), mask=is_none)
    return pa.DictionaryArray.from_arrays(places, values)


def _coded(texts: list[str]) -> tuple[Ints, pa.Array]:
    values, codes = np.unique(np.array(texts), return_inverse=True)
    return codes.astype(np.int64), pa.array(values.tolist(), pa.string())


_TEXTS: Final[dict[str, tuple[Ints, pa.Array]]] = {
    name: _coded([getattr(slot, name) for slot in SLOTS]) for name in ("group", "number", "entrance", "room")
}
_IS_EMPTY: Final = {
    name: np.array([not text for text in texts.to_pylist()]) for name, (_, texts) in _TEXTS.items()
}
_HAMLETS: Final = pa.array(["桑园"])
_STREET: Final = np.array([slot.street for slot in SLOTS])
_LANE: Final = np.array([slot.lane for slot in SLOTS])
_FLOOR: Final = np.array([slot.floor or -1 for slot in SLOTS])
_FLOORS: Final = pa.array(range(max(slot.floor or 0 for slot in SLOTS) + 1), pa.int16())


def features(city: City) -> tuple[list[Any], list[Any]]:
    """Return divisions and blocks as GeoJSON features: a township and its communities are rectangles."""
    towns: dict[int, list[tuple[float, float, float, float]]] = {}
    communities, blocks = [], []
    for number in range(city.communities):
        box, code = city.square(number), city.community_code(number)
        towns.setdefault(number // TOWN_COMMUNITIES, []).append(box)
        named = f"{street_name(number * STREETS)[:2]}社区"
        facts = {
            "code": code,
            "name": named,
            "level": "community",
            "kind": "residents",
            "parent_code": code[:9],
        }
        communities.append(_feature(facts, [box]))
        for quarter, part in enumerate(_quarters(box), start=1):
            facts = {
                "code": f"{code}{quarter:03d}",
                "name": f"{named}第{quarter}网格",
                "community_code": code,
            }
            blocks.append(_feature(facts, [part]))
    above = [
        _feature(
            {"code": f"{DISTRICT}{town + 1:03d}", "name": f"{_HEADS[town % 36]}{_TAILS[town // 36]}街道",
             "level": "township", "kind": "subdistrict", "parent_code": DISTRICT}, boxes)
        for town, boxes in towns.items()
    ]  # fmt: skip
    district = {
        "code": DISTRICT,
        "name": names.DISTRICTS[0],
        "level": "district",
        "kind": None,
        "parent_code": None,
    }
    whole = _feature(district, [box for boxes in towns.values() for box in boxes])
    return [whole, *above, *communities], blocks


def _quarters(box: tuple[float, float, float, float]) -> list[tuple[float, float, float, float]]:
    west, south, east, north = box
    x, y = round((west + east) / 2, 6), round((south + north) / 2, 6)
    return [(west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north)]


def _feature(facts: dict[str, Any], boxes: list[tuple[float, float, float, float]]) -> Any:  # noqa: ANN401
    """Return a feature over rectangles that touch each other: their union."""
    from shapely import box, union_all
    from shapely.geometry import MultiPolygon, mapping

    whole = union_all([box(*one) for one in boxes])
    shape = whole if isinstance(whole, MultiPolygon) else MultiPolygon([whole])
    return {"type": "Feature", "properties": facts, "geometry": mapping(shape)}
