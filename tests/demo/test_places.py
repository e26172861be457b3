"""The generated places: a plan that holds together, on the map and in its addresses."""

from collections import Counter, defaultdict

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from geo_registry.codes import parse_division_code, parse_grid_code
from geo_registry.demo import generate
from geo_registry.demo.records import Area, Building, Town


def _overlaps(shapes: list[BaseGeometry]) -> list[tuple[int, int]]:
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    return [(int(a), int(b)) for a, b in zip(left, right, strict=True) if a < b]


def _level(town: Town, level: str) -> list[Area]:
    return [area for area in town.areas if area.level == level]


def _key(building: Building) -> tuple[str, ...]:
    address = building.address
    return (
        address.community_code, address.street, address.lane, address.sub_lane, address.hamlet, address.group,
        address.number, address.building_no,
    )  # fmt: skip


def test_a_town_has_its_size(town: Town) -> None:
    kinds = Counter(street.kind for street in town.streets)
    assert 1_350 <= len(town.buildings) <= 1_750
    assert 18_000 <= town.plates.num_rows <= 22_000
    assert 80 <= len(town.blocks) <= 105
    assert 36 <= kinds["street"] <= 48
    assert len(_level(town, "community")) == 10
    assert {area.name for area in _level(town, "township")} == {"望澜街道", "柳河镇"}


def test_codes_are_formed_by_the_norm_and_belong_to_no_province(town: Town) -> None:
    by_code = {area.code: area for area in town.areas}
    for area in town.areas:
        code = parse_division_code(area.code)
        assert (code.level, code.digits[:2]) == (area.level, "99")
        if area.parent_code is not None:
            assert code.parent is not None
            assert code.parent.digits == area.parent_code
            assert area.parent_code in by_code
    for block in town.blocks:
        assert parse_grid_code(block.code).community.digits == block.community_code
    assert len({block.name for block in town.blocks}) == len(town.blocks)


@pytest.mark.parametrize("seed", [20261120, 7, 99])
def test_buildings_touch_neither_one_another_nor_an_axis(seed: int, town: Town) -> None:
    drawn = town if seed == town.seed else generate(seed=seed)
    shapes = [building.geometry for building in drawn.buildings]
    assert all(shape.is_valid for shape in shapes)
    assert _overlaps(shapes) == []
    axes = [street.geometry for street in drawn.streets if street.geometry is not None]
    assert shapely.STRtree(shapes).query(axes, predicate="intersects").size == 0


def test_buildings_keep_out_of_the_water(town: Town) -> None:
    water = [surface.geometry for surface in town.surfaces if surface.kind == "water"]
    shapes = [building.geometry for building in town.buildings]
    assert shapely.STRtree(shapes).query(water, predicate="intersects").size == 0


@pytest.mark.parametrize("scale", [1.0, 0.4])
def test_blocks_cover_their_community_exactly(scale: float, town: Town) -> None:
    drawn = town if scale == 1.0 else generate(scale=scale)
    outlines = [block.geometry for block in drawn.blocks]
    assert all(outline.is_valid and outline.geom_type == "Polygon" for outline in outlines)
    assert shapely.coverage_is_valid(outlines)
    parts: dict[str, float] = defaultdict(float)
    for block in drawn.blocks:
        parts[block.community_code] += block.geometry.area
    for area in _level(drawn, "community"):
        assert parts[area.code] == pytest.approx(area.geometry.area, rel=1e-9)
        joined = shapely.union_all([b.geometry for b in drawn.blocks if b.community_code == area.code])
        assert joined.symmetric_difference(area.geometry).area < area.geometry.area * 1e-9


def test_each_level_is_the_sum_of_the_one_below(town: Town) -> None:
    for area in town.areas:
        parts = [part.geometry.area for part in town.areas if part.parent_code == area.code]
        assert area.geometry.is_valid
        assert not parts or sum(parts) == pytest.approx(area.geometry.area, rel=1e-9)


def test_every_building_lies_in_one_block_of_its_community(town: Town) -> None:
    outlines = [block.geometry for block in town.blocks]
    inside = defaultdict(list)
    shapes = [building.geometry for building in town.buildings]
    for building, block in zip(*shapely.STRtree(outlines).query(shapes, predicate="within"), strict=True):
        inside[int(building)].append(town.blocks[int(block)].community_code)
    for place, building in enumerate(town.buildings):
        assert inside[place] == [building.address.community_code], building.external_id


def test_every_plate_hangs_on_its_own_building(town: Town) -> None:
    by_id = {building.external_id: building.geometry for building in town.buildings}
    points = shapely.points(np.column_stack([town.plates["lon"], town.plates["lat"]]))
    shapes = [by_id[key] for key in town.plates["building_external_id"].to_pylist()]
    assert shapely.contains(shapes, points).all()


def test_no_address_and_no_unit_is_given_twice(town: Town) -> None:
    assert max(Counter(map(_key, town.buildings)).values()) == 1
    names = [*town.plates.column_names[:9], "room"]
    rows = Counter(zip(*(town.plates[name].to_pylist() for name in names), strict=True))
    assert max(rows.values()) == 1


def test_numbers_grow_along_a_side_and_never_meet_on_a_street(town: Town) -> None:
    taken = Counter(
        (street, number)
        for street, number in {
            (
                b.address.street,
                b.address.lane.rstrip("弄") or b.address.number.rstrip("号") + "." + b.address.lane,
            )
            for b in town.buildings
            if b.address.street
        }
    )
    assert max(taken.values()) == 1
    shops = [b for b in town.buildings if b.address.street == "映月路" and b.use == "commercial"]
    odd = sorted(
        (int(b.address.number[:-1]), -b.geometry.centroid.x) for b in shops if int(b.address.number[:-1]) % 2
    )
    assert len(odd) > 10
    assert [x for _, x in odd] == sorted(x for _, x in odd)


def test_the_estate_of_the_drawings_stands(town: Town) -> None:
    estate = [b for b in town.buildings if b.name == "映月新村"]
    assert [b.address.number for b in estate] == [f"{n}号" for n in range(1, 25)]
    assert {(b.address.street, b.address.lane, b.floors) for b in estate} == {("映月路", "218弄", 6)}
    six = [row for row in town.plates.to_pylist() if row["lane"] == "218弄" and row["number"] == "6号"]
    assert len(six) == 24
    assert {(row["entrance"], row["room"]) for row in six if row["floor"] == 4} == {
        ("1单元", "401室"), ("1单元", "402室"), ("2单元", "403室"), ("2单元", "404室"),
    }  # fmt: skip


def test_addresses_resolve_to_drawn_streets(town: Town) -> None:
    by_id = {street.external_id: street for street in town.streets}
    assert all(s.parent_external_id in by_id for s in town.streets if s.parent_external_id is not None)
    tops = {street.name for street in town.streets if street.kind == "street"}
    lanes = {
        (by_id[s.parent_external_id or ""].name, s.name)
        for s in town.streets
        if s.kind in {"lane", "sub_lane"}
    }
    for building in town.buildings:
        address = building.address
        assert not address.street or address.street in tops
        assert not address.lane or (address.street, address.lane) in lanes
        assert not address.sub_lane or (address.lane, address.sub_lane) in lanes
        assert address.number
        assert address.street or address.hamlet or address.group
    assert any("附" in building.address.number for building in town.buildings)


def test_rather_more_than_half_of_the_plates_are_delivered(town: Town) -> None:
    state = dict(
        zip(*(town.plates[n].to_pylist() for n in ("building_external_id", "plate_state")), strict=True)
    )
    share = sum(value == "delivered" for value in state.values()) / len(state)
    assert 0.5 < share < 0.66
