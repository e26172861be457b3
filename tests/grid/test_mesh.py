"""The mesh of blocks: acts give and take, and leave neither gap nor overlap."""

import itertools
import math
import random

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geo_registry.codes import new_id
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.grid import mesh
from geo_registry.grid.mesh import Ground, area_m2
from tests.factories import metres

COMMUNITY = new_id()


def plan(shape: BaseGeometry) -> BaseGeometry:
    """Put a shape drawn in metres on the map."""
    return shapely.transform(shape, lambda points: [metres(x, y) for x, y in points.tolist()])


def ground(shape: BaseGeometry, code: str = "A", **over: object) -> Ground:
    values = {"id": new_id(), "name": code, "community_id": COMMUNITY, "shape": plan(shape), **over}
    return Ground(**values)


def row(count: int) -> list[Ground]:
    """Return blocks of 100 m x 100 m side by side."""
    return [ground(box(100 * n, 0, 100 * (n + 1), 100), f"B{n}") for n in range(count)]


def applied(blocks: list[Ground], outcome: mesh.Outcome) -> list[Ground]:
    """Return the mesh after an act; blocks that the act does not know are new."""
    after = [Ground(b.id, b.name, b.community_id, outcome.shapes.get(b.id, b.shape)) for b in blocks]
    known = {b.id for b in blocks}
    return after + [
        Ground(new, f"N{new.hex[:8]}", COMMUNITY, shape)
        for new, shape in outcome.shapes.items()
        if new not in known
    ]


def assert_covers(blocks: list[Ground], whole: BaseGeometry) -> None:
    """Make sure that blocks cover exactly what they covered: no gap, no overlap, all sound."""
    assert all(b.shape.is_valid for b in blocks)
    union = shapely.union_all([b.shape for b in blocks])
    assert area_m2(union ^ whole) < 0.5
    overlaps = [area_m2(a.shape & b.shape) for a, b in itertools.combinations(blocks, 2)]
    assert max(overlaps, default=0.0) < 0.05


def test_lost_ground_goes_to_the_neighbour_with_the_longest_edge() -> None:
    left, middle, right = row(3)
    outcome = mesh.redraw(middle, plan(box(130, 0, 200, 100)), [left, right])
    assert set(outcome.shapes) == {middle.id, left.id}
    assert area_m2(outcome.shapes[left.id]) == pytest.approx(13_000, rel=0.001)
    assert [(p.source, p.target) for p in outcome.pieces] == [(middle.id, left.id)]


def test_won_ground_is_taken_from_whoever_holds_it() -> None:
    left, middle, right = row(3)
    outcome = mesh.redraw(middle, plan(box(90, 0, 220, 100)), [left, right])
    assert {p.source for p in outcome.pieces} == {left.id, right.id}
    assert sorted(round(area_m2(p.shape), -2) for p in outcome.pieces) == [1000, 2000]
    assert_covers(applied([left, middle, right], outcome), plan(box(0, 0, 300, 100)))


def test_free_ground_may_be_taken() -> None:
    (only,) = row(1)
    outcome = mesh.redraw(only, plan(box(0, 0, 150, 100)), [])
    assert [(p.source, p.target) for p in outcome.pieces] == [(None, only.id)]


def test_lost_ground_prefers_its_own_community() -> None:
    own = ground(box(0, 0, 100, 100), "A")
    other = ground(box(-100, 0, 0, 100), "B", community_id=new_id())
    near = ground(box(0, 100, 100, 200), "C")
    outcome = mesh.redraw(own, plan(box(50, 0, 100, 100)), [other, near])
    assert [p.target for p in outcome.pieces] == [near.id]


def test_ground_without_a_neighbour_is_not_let_go() -> None:
    left, middle = row(2)
    with pytest.raises(RuleBroken, match="block-gap"):
        mesh.redraw(middle, plan(box(100, 0, 200, 100) - box(140, 40, 160, 60)), [left])


def test_a_neighbour_is_not_swallowed() -> None:
    left, middle = row(2)
    with pytest.raises(RuleBroken, match=r"B0.*并入"):
        mesh.redraw(middle, plan(box(0, 0, 200, 100)), [left])


def test_rounded_corners_move_nothing() -> None:
    blocks = row(3)
    rounded = shapely.set_precision(blocks[1].shape, 1e-7)
    outcome = mesh.redraw(blocks[1], rounded, [blocks[0], blocks[2]])
    assert (outcome.pieces, set(outcome.shapes)) == ((), set())


def test_a_line_makes_two_blocks_and_the_larger_stays() -> None:
    (own,), new = row(1), new_id()
    outcome = mesh.split(own, new, plan(LineString([(30, -10), (30, 110)])))
    assert area_m2(outcome.shapes[new]) == pytest.approx(3000, rel=0.001)
    assert_covers(applied([own], outcome), own.shape)


@pytest.mark.parametrize(
    "line", [[(30, 10), (30, 110)], [(300, 0), (300, 100)], [(-10, 50), (110, 60), (110, 40), (-10, 51)]]
)
def test_a_line_that_does_not_make_two_is_refused(line: list[tuple[float, float]]) -> None:
    (own,) = row(1)
    with pytest.raises(RuleBroken, match="split-line-invalid"):
        mesh.split(own, new_id(), plan(LineString(line)))


def test_neighbours_merge_and_others_do_not() -> None:
    left, middle, right = row(3)
    outcome = mesh.merge(left, middle)
    assert area_m2(outcome.shapes[middle.id]) == pytest.approx(20_000, rel=0.001)
    assert shapely.get_num_geometries(outcome.shapes[middle.id]) == 1
    with pytest.raises(RuleBroken, match="not-neighbours"):
        mesh.merge(left, right)
    with pytest.raises(RuleBroken, match="not-neighbours"):
        mesh.merge(left, ground(box(100, 100, 200, 200)))


def test_a_new_block_joins_its_neighbours_and_takes_nothing() -> None:
    left, _ = row(2)
    new = new_id()
    outcome = mesh.draw(new, shapely.set_precision(plan(box(100, 0, 200, 100)), 1e-7), [left])
    assert_covers([left, Ground(new, "N", None, outcome.shapes[new])], plan(box(0, 0, 200, 100)))
    with pytest.raises(Conflict, match="B0（1000"):
        mesh.draw(new, plan(box(90, 0, 200, 100)), [left])
    with pytest.raises(RuleBroken, match="block-too-small"):
        mesh.draw(new, plan(box(100, 0, 100.5, 1)), [left])


def random_mesh(chance: random.Random, count: int) -> list[Ground]:
    """Cut a square by random lines into blocks."""
    blocks = [ground(box(0, 0, 400, 300), "A0")]
    for number in range(1, count):
        whole = max(blocks, key=lambda one: one.shape.area)
        at, turn = whole.shape.representative_point(), chance.uniform(0, math.pi)
        reach = 0.02
        ends = [(at.x + s * reach * math.cos(turn), at.y + s * reach * math.sin(turn)) for s in (-1, 1)]
        try:
            outcome = mesh.split(whole, new_id(), LineString(ends))
        except RuleBroken:
            continue
        blocks = applied(blocks, outcome)
        blocks[-1] = Ground(blocks[-1].id, f"A{number}", COMMUNITY, blocks[-1].shape)
    return blocks


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_any_redraw_split_and_merge_keep_the_cover(seed: int) -> None:
    chance = random.Random(seed)
    blocks = random_mesh(chance, 9)
    houses = [Point(metres(chance.uniform(0, 400), chance.uniform(0, 300))) for _ in range(60)]
    whole = shapely.union_all([b.shape for b in blocks])
    for _ in range(8):
        own = chance.choice(blocks)
        others = [b for b in blocks if b.id != own.id]
        bulge = plan(
            Polygon([
                (chance.uniform(0, 400), chance.uniform(0, 300)),
                (chance.uniform(0, 400), chance.uniform(0, 300)),
                (chance.uniform(0, 400), chance.uniform(0, 300)),
            ])
        )  # fmt: skip
        drawn = (own.shape | bulge if chance.random() < 0.5 else own.shape - bulge) & whole
        try:
            if chance.random() < 0.2 and others:
                into = chance.choice(others)
                blocks = [b for b in applied(blocks, mesh.merge(own, into)) if b.id != own.id]
            else:
                blocks = applied(blocks, mesh.redraw(own, drawn, others))
        except RuleBroken:
            continue
        assert_covers(blocks, whole)
        for house in houses:
            assert len([b for b in blocks if b.shape.buffer(1e-9).covers(house)]) >= 1
            assert len([b for b in blocks if b.shape.buffer(-1e-9).covers(house)]) <= 1
