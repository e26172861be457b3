"""工作量: how much each block is for its coordinator, against the frame of the profile (R83)."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Measures
from geo_registry.db import Session
from geo_registry.grid.tables import BlockAssignment
from geo_registry.measure.reads import ranking

FAR = 1.2
"""Beyond so many times the upper limit a block is far over it."""


@dataclass(frozen=True, slots=True)
class BlockLoad:
    """A current block with its responsible coordinator; `persons` is None where they may not be told.

    `units_visited` counts units visited in the present self-check cycle. The verdict is under, fit, over or
    far_over, and unknown where the persons that would decide are not told.
    """

    block_id: UUID
    code: str
    name: str
    coordinator_id: UUID | None
    coordinator: str | None
    since: dt.date | None
    persons: int | None
    rental_units: int
    units: int
    units_visited: int
    verdict: str


@dataclass(frozen=True, slots=True)
class CoordinatorLoad:
    """A coordinator with the blocks held as responsible in an area.

    `persons` adds up the blocks whose persons are told; `left_out` says how many are not.
    """

    account_id: UUID
    name: str
    blocks: int
    persons: int | None
    left_out: int
    rental_units: int
    units: int
    units_visited: int
    verdict: str


def load_verdict(persons: float | None, rental_units: int, measures: Measures) -> str:
    """Judge a block: over by persons or by rental units, under by both, and fit in between."""
    fewest, most = measures.persons_per_coordinator
    fewest_rental, most_rental = measures.rental_units_per_coordinator
    excess = max((persons or 0) / most, rental_units / most_rental)
    if excess > 1:
        return "far_over" if excess > FAR else "over"
    if persons is None:
        return "fit" if rental_units >= fewest_rental else "unknown"
    return "fit" if persons >= fewest or rental_units >= fewest_rental else "under"


def block_loads(session: Session, viewer: Viewer, *, area_id: UUID) -> tuple[BlockLoad, ...]:
    """Return the current blocks of an area in the order of their codes.

    Raises:
        NotFound: the area does not exist or lies outside the viewer's areas.

    """
    found = [row for row in ranking(session, viewer, area_id=area_id, level="block") if row.level == "block"]
    duties = _duties(session, [row.id for row in found])
    measures = profile_in_force(session).measures
    loads = []
    for row in sorted(found, key=lambda one: one.code):
        verdict = load_verdict(row.persons, row.rental_units, measures)
        own, name, since = duties.get(row.id, (None, None, None))
        visited = row.rates["self_check_rate"].k or 0
        load = BlockLoad(
            row.id, row.code, row.name, own, name, since, row.persons, row.rental_units, row.units,
            visited, verdict,
        )  # fmt: skip
        loads.append(load)
    return tuple(loads)


def coordinator_loads(session: Session, viewer: Viewer, *, area_id: UUID) -> tuple[CoordinatorLoad, ...]:
    """Return the responsible coordinators of an area by name, each with the sum over the own blocks.

    Raises:
        NotFound: the area does not exist or lies outside the viewer's areas.

    """
    held: dict[tuple[str, UUID], list[BlockLoad]] = {}
    for load in block_loads(session, viewer, area_id=area_id):
        if load.coordinator_id is not None:
            held.setdefault((load.coordinator or "", load.coordinator_id), []).append(load)
    measures = profile_in_force(session).measures
    return tuple(
        _sum(name, account_id, held[name, account_id], measures) for name, account_id in sorted(held)
    )


def _sum(name: str, account_id: UUID, loads: list[BlockLoad], measures: Measures) -> CoordinatorLoad:
    told = [load.persons for load in loads if load.persons is not None]
    persons, rental_units = sum(told) if told else None, sum(load.rental_units for load in loads)
    return CoordinatorLoad(
        account_id, name, len(loads), persons, len(loads) - len(told), rental_units,
        sum(load.units for load in loads), sum(load.units_visited for load in loads),
        load_verdict(persons, rental_units, measures),
    )  # fmt: skip


def _duties(session: Session, blocks: list[UUID]) -> dict[UUID, tuple[UUID, str, dt.date]]:
    query = (
        select(BlockAssignment.block_id, Account.id, Account.name, func.lower(BlockAssignment.valid))
        .join(Account, Account.id == BlockAssignment.account_id)
        .where(BlockAssignment.block_id.in_(blocks), BlockAssignment.role == "responsible")
        .where(BlockAssignment.valid.contains(func.current_date()))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(query)}
