"""Acts on blocks: what they store, what they log, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from shapely.geometry import LineString, Polygon
from sqlalchemy import select, text

from geo_registry.access.tables import Act
from geo_registry.codes import new_id
from geo_registry.errors import Conflict, NotFound, Refused, RuleBroken, Stale
from geo_registry.grid import preview, reads, writes
from geo_registry.grid.tables import BlockAssignment, GridBlock
from tests.factories import make_block, make_community, make_viewer, square
from tests.grid.conftest import Quarter, geojson, oblong


def test_a_redrawn_block_takes_and_gives(quarter: Quarter) -> None:
    left, middle, right = quarter.blocks
    done = writes.redraw_block(
        quarter.session, quarter.viewer(), block_id=middle.id, version=1, boundary=oblong(40, 180),
        document_number="网格〔2026〕1号",
    )  # fmt: skip
    quarter.settle()
    assert done.version == 2
    assert [round(quarter.area(one), -1) for one in (left, middle, right)] == [
        pytest.approx(4000, rel=0.01), pytest.approx(14000, rel=0.01), pytest.approx(12000, rel=0.01)
    ]  # fmt: skip
    assert [quarter.code_of(house) for house in quarter.houses] == ["B", "B", "C"]


def test_neighbours_act_from_the_same_cause(quarter: Quarter) -> None:
    left, middle, right = quarter.blocks
    writes.redraw_block(
        quarter.session, quarter.viewer(), block_id=middle.id, version=1, boundary=oblong(90, 180),
        document_number="1号",
    )  # fmt: skip
    quarter.settle()
    found = quarter.session.execute(
        select(Act.object_id, Act.verb, Act.cause_act_id)
        .where(Act.object_kind == "grid_block")
        .order_by(Act.id)
    ).all()
    cause = quarter.session.execute(select(GridBlock.act_id).where(GridBlock.id == middle.id)).scalar_one()
    assert (found[0].object_id, found[0].cause_act_id) == (middle.id, None)
    assert {(row.object_id, row.verb, row.cause_act_id) for row in found[1:]} == {
        (left.id, "redraw", cause), (right.id, "redraw", cause)
    }  # fmt: skip
    for one in (left, right):
        quarter.session.refresh(one)
        assert one.version == 2


def test_an_old_version_is_refused_and_nothing_moves(quarter: Quarter) -> None:
    block = quarter.blocks[1]
    with pytest.raises(Stale):
        writes.redraw_block(
            quarter.session, quarter.viewer(), block_id=block.id, version=7, boundary=oblong(90, 200)
        )


def test_a_neighbour_of_another_area_stays_as_it_is(quarter: Quarter) -> None:
    elsewhere = make_community(quarter.session, boundary=square(350, 50, 100))
    make_block(quarter.session, elsewhere, code="X", boundary=square(350, 50, 100))
    with pytest.raises(Refused):
        writes.redraw_block(
            quarter.session, quarter.viewer(), block_id=quarter.blocks[2].id, version=1,
            boundary=oblong(200, 320),
        )  # fmt: skip


@pytest.mark.parametrize("role", ["clerk", "officer", "coordinator", "leader"])
def test_other_roles_do_not_draw(quarter: Quarter, role: str) -> None:
    with pytest.raises(Refused):
        writes.redraw_block(
            quarter.session, quarter.viewer(role), block_id=quarter.blocks[1].id, version=1,
            boundary=oblong(90, 200),
        )  # fmt: skip


def test_a_preview_tells_and_stores_nothing(quarter: Quarter) -> None:
    middle = quarter.blocks[1]
    told = writes.preview(quarter.session, quarter.viewer(), block_id=middle.id, boundary=oblong(40, 180))
    moves = {(move.source, move.target): move for move in told.moves}
    won = moves["A", "B"]
    assert (won.buildings, won.units, won.rental_units) == (1, 2, 2)
    assert won.area_m2 == pytest.approx(6000, rel=0.01)
    assert (moves["B", "C"].buildings, moves["B", "C"].units) == (0, 0)
    assert any(one.startswith("A → B：") and "1 幢楼，2 户" in one for one in told.sentences)
    assert quarter.code_of(quarter.houses[0]) == "A"
    quarter.session.refresh(middle)
    assert middle.version == 1


def test_previews_of_a_split_and_a_merger(quarter: Quarter) -> None:
    left, middle, _ = quarter.blocks
    line = geojson(LineString([(130, -10), (130, 110)]))
    cut = writes.preview(quarter.session, quarter.viewer(), block_id=middle.id, line=line)
    assert [(move.source, move.target, move.units) for move in cut.moves] == [("B", None, 0)]
    joined = writes.preview(quarter.session, quarter.viewer(), block_id=left.id, into_id=middle.id)
    assert [(move.source, move.target, move.units) for move in joined.moves] == [("A", "B", 2)]
    with pytest.raises(RuleBroken, match="preview-unclear"):
        writes.preview(quarter.session, quarter.viewer(), block_id=left.id)
    with pytest.raises(NotFound):
        writes.preview(quarter.session, quarter.viewer(), block_id=quarter.community.id, into_id=middle.id)


def test_a_split_hands_the_coordinator_on(quarter: Quarter) -> None:
    block, who = quarter.blocks[1], quarter.coordinator()
    viewer = quarter.viewer()
    done = writes.assign_block(
        quarter.session, viewer, block_id=block.id, version=1, account_id=who.id, document_number="1号"
    )
    line = geojson(LineString([(130, -10), (130, 110)]))
    writes.split_block(
        quarter.session, viewer, block_id=block.id, version=done.version, line=line, name="B东", code="D",
        document_number="1号",
    )  # fmt: skip
    quarter.settle()
    new = quarter.session.execute(select(GridBlock).where(GridBlock.code == "D")).scalar_one()
    assert quarter.area(new) == pytest.approx(3000, rel=0.01)
    assert quarter.area(block) == pytest.approx(7000, rel=0.01)
    held = select(BlockAssignment.account_id).where(BlockAssignment.block_id == new.id)
    assert quarter.session.execute(held).scalars().all() == [who.id]
    assert quarter.code_of(quarter.houses[1]) == "B"


def test_a_merged_block_ends_and_is_followed(quarter: Quarter) -> None:
    left, middle, right = quarter.blocks
    viewer, who = quarter.viewer(), quarter.coordinator()
    done = writes.assign_block(
        quarter.session, viewer, block_id=left.id, version=1, account_id=who.id, document_number="1号"
    )
    writes.merge_blocks(
        quarter.session, viewer, block_id=left.id, version=done.version, into_id=middle.id, reason="人少",
        document_number="1号",
    )  # fmt: skip
    quarter.settle()
    quarter.session.refresh(left)
    assert left.state == "retired"
    assert quarter.area(middle) == pytest.approx(20000, rel=0.01)
    assert [quarter.code_of(house) for house in quarter.houses] == ["B", "B", "C"]
    followed = text("SELECT new_id FROM registry.succession WHERE old_id = :id AND kind = 'merge'")
    assert quarter.session.execute(followed, {"id": left.id}).scalar_one() == middle.id
    assert all(row.valid_to for row in reads.assignments(quarter.session, viewer, left.id))
    with pytest.raises(RuleBroken, match="block-retired"):
        writes.rename_block(quarter.session, viewer, block_id=left.id, version=left.version, name="甲")
    with pytest.raises(RuleBroken, match="block-not-current"):
        writes.merge_blocks(quarter.session, viewer, block_id=right.id, version=1, into_id=left.id)


def test_a_block_with_houses_does_not_just_end(quarter: Quarter) -> None:
    block = quarter.blocks[0]
    with pytest.raises(Conflict, match="1 幢楼"):
        writes.retire_block(quarter.session, quarter.viewer(), block_id=block.id, version=1)
    quarter.houses[0].state = "demolished"
    quarter.session.flush()
    writes.retire_block(quarter.session, quarter.viewer(), block_id=block.id, version=1)
    quarter.session.refresh(block)
    assert block.state == "retired"


def test_a_block_gets_another_name(quarter: Quarter) -> None:
    done = writes.rename_block(
        quarter.session, quarter.viewer(), block_id=quarter.blocks[0].id, version=1, name=" 石桥－01 "
    )
    assert reads.block(quarter.session, quarter.viewer(), done.id).name.startswith("石桥")
    with pytest.raises(RuleBroken, match="name-missing"):
        writes.rename_block(quarter.session, quarter.viewer(), block_id=done.id, version=2, name=" ")


def test_a_new_block_on_free_ground_gets_the_next_code(quarter: Quarter) -> None:
    quarter.community.boundary = square(200, 50, 400, 400)
    quarter.session.flush()
    done = writes.draw_block(
        quarter.session, quarter.viewer(), boundary=oblong(300, 400), name="第D块",
        document_number="1号",
    )  # fmt: skip
    quarter.settle()
    drawn = reads.block(quarter.session, quarter.viewer(), done.id)
    assert drawn.code == f"{quarter.community.code}001"
    assert drawn.community_id == quarter.community.id
    with pytest.raises(Conflict, match="block-code-taken"):
        writes.draw_block(
            quarter.session, quarter.viewer(), boundary=oblong(0, 100, 100, 200), name="E", code="A",
            community_id=quarter.community.id, document_number="1号",
        )  # fmt: skip


def test_a_new_block_takes_no_ground(quarter: Quarter) -> None:
    with pytest.raises(Conflict, match="第C块（"):
        writes.draw_block(
            quarter.session, quarter.viewer(), boundary=oblong(290, 400), name="D", code="D",
            community_id=quarter.community.id,
        )  # fmt: skip


@pytest.mark.parametrize(
    "shape",
    [
        geojson(Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])),
        {"type": "Point", "coordinates": [121.3, 30.9]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[121.3, 30.9], [121.4, 30.9]]]},
        {"type": "Polygon", "coordinates": [[121.3, 30.9]]},
    ],
)
def test_unsound_boundaries_are_refused(quarter: Quarter, shape: dict[str, object]) -> None:
    with pytest.raises(RuleBroken, match="geometry-unsound"):
        writes.redraw_block(
            quarter.session, quarter.viewer(), block_id=quarter.blocks[0].id, version=1, boundary=shape
        )


def test_a_block_far_outside_its_areas_is_refused(quarter: Quarter) -> None:
    with pytest.raises(RuleBroken, match="area-unknown"):
        writes.draw_block(
            quarter.session, make_viewer("supervisor"), boundary=oblong(900_000, 900_100), name="X", code="X"
        )


def test_a_block_does_not_cross_its_community(quarter: Quarter) -> None:
    """Neither by drawing, nor by what it gains or loses, nor by a merger; free ground beyond is not its own."""
    beyond = make_community(quarter.session, boundary=square(350, 50, 100))
    other = make_block(quarter.session, beyond, code="X", name="第X块", boundary=square(350, 50, 100))
    session, viewer, last = quarter.session, make_viewer("supervisor"), quarter.blocks[2]
    acts: tuple[Callable[[], object], ...] = (
        lambda: writes.redraw_block(
            session, viewer, block_id=last.id, version=1, boundary=oblong(200, 320), document_number="1号"
        ),
        lambda: writes.redraw_block(
            session, viewer, block_id=other.id, version=1, boundary=oblong(280, 400), document_number="1号"
        ),
        lambda: writes.redraw_block(
            session, viewer, block_id=other.id, version=1, boundary=oblong(320, 400), document_number="1号"
        ),
        lambda: writes.merge_blocks(
            session, viewer, block_id=other.id, version=1, into_id=last.id, document_number="1号"
        ),
        lambda: writes.draw_block(
            session, viewer, boundary=oblong(0, 100, 100, 200), name="Y", community_id=quarter.community.id,
            document_number="1号",
        ),
        lambda: preview.preview(session, viewer, block_id=last.id, boundary=oblong(200, 320)),
        lambda: preview.preview(session, viewer, block_id=other.id, into_id=last.id),
    )  # fmt: skip
    for act in acts:
        with pytest.raises(RuleBroken, match="block-crosses-communities"):
            act()


def test_a_preview_tells_nothing_of_blocks_elsewhere(quarter: Quarter) -> None:
    quarter.community.boundary = None
    beyond = make_community(quarter.session, boundary=None)
    other = make_block(quarter.session, beyond, code="X", boundary=square(350, 50, 100))
    asked: tuple[dict[str, Any], ...] = ({"boundary": oblong(200, 320)}, {"into_id": other.id})
    for ask in asked:
        with pytest.raises(Refused):
            preview.preview(quarter.session, quarter.viewer(), block_id=quarter.blocks[2].id, **ask)


def test_blocks_are_drawn_by_a_document(quarter: Quarter) -> None:
    session, viewer, block = quarter.session, quarter.viewer(), quarter.blocks[1]
    line = geojson(LineString([(130, -10), (130, 110)]))
    acts: tuple[Callable[[], object], ...] = (
        lambda: writes.redraw_block(session, viewer, block_id=block.id, version=1, boundary=oblong(90, 200)),
        lambda: writes.split_block(session, viewer, block_id=block.id, version=1, line=line, name="东"),
        lambda: writes.merge_blocks(
            session, viewer, block_id=block.id, version=1, into_id=quarter.blocks[0].id
        ),
    )
    for act in acts:
        with pytest.raises(RuleBroken, match="document-required"):
            act()


def hold(quarter: Quarter, block: GridBlock, *, state: str = "listed") -> None:
    """Put a block into a zone under rectification."""
    shared = {"own": new_id(), "block": block.id, "state": state, "district": quarter.community.district_id}
    for statement in (
        """INSERT INTO registry.zone (id, name, ground, state, proposed_on, listed_on, boundary, district_id)
           SELECT :own, '石桥城中村', 'low_registration', :state, CURRENT_DATE, CURRENT_DATE, boundary, :district
           FROM registry.grid_block WHERE id = :block""",
        "INSERT INTO registry.zone_block (zone_id, block_id) VALUES (:own, :block)",
    ):
        quarter.session.execute(text(statement), shared)


def zones_of(quarter: Quarter, block: GridBlock) -> int:
    query = text("SELECT count(*) FROM registry.zone_block WHERE block_id = :block")
    return int(quarter.session.execute(query, {"block": block.id}).scalar_one())


def test_both_parts_of_a_split_block_stay_in_its_zone(quarter: Quarter) -> None:
    block, line = quarter.blocks[1], geojson(LineString([(130, -10), (130, 110)]))
    hold(quarter, block)
    writes.split_block(
        quarter.session, quarter.viewer(), block_id=block.id, version=1, line=line, name="B东", code="D",
        document_number="1号",
    )  # fmt: skip
    new = quarter.session.execute(select(GridBlock).where(GridBlock.code == "D")).scalar_one()
    assert (zones_of(quarter, block), zones_of(quarter, new)) == (1, 1)


def test_a_zone_does_not_lose_a_block_on_the_way(quarter: Quarter) -> None:
    left, middle, right = quarter.blocks
    hold(quarter, left)
    ask: dict[str, Any] = {"version": 1, "document_number": "1号"}
    for one, into in ((left, middle), (middle, left)):
        with pytest.raises(Conflict, match="石桥城中村"):
            writes.merge_blocks(quarter.session, quarter.viewer(), block_id=one.id, into_id=into.id, **ask)
    quarter.houses[0].state = "demolished"
    quarter.session.flush()
    with pytest.raises(Conflict, match="石桥城中村"):
        writes.retire_block(quarter.session, quarter.viewer(), block_id=left.id, version=1)
    hold(quarter, right, state="closed")
    writes.merge_blocks(quarter.session, quarter.viewer(), block_id=right.id, into_id=middle.id, **ask)
