"""Questions about the grid, in one place for those who ask them."""

from geo_registry.grid.assignments import AssignmentRow, CoordinatorRow, assignments, coordinators
from geo_registry.grid.blocks import (
    BlockDetail,
    BlockRow,
    Gap,
    OutsideBuilding,
    block,
    block_containing,
    blocks,
    gaps,
    outside_blocks,
)
from geo_registry.grid.visits import (
    BuildingVisits,
    Coverage,
    MyBlock,
    UnitVisit,
    VisitRow,
    block_units,
    coverage,
    my_blocks,
    visits,
)

__all__ = [
    "AssignmentRow", "BlockDetail", "BlockRow", "BuildingVisits", "CoordinatorRow", "Coverage", "Gap",
    "MyBlock", "OutsideBuilding", "UnitVisit", "VisitRow", "assignments", "block", "block_containing",
    "block_units", "blocks", "coordinators", "coverage", "gaps", "my_blocks", "outside_blocks", "visits",
]  # fmt: skip
