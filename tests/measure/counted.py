"""Areas with counts of a week, stored as the triggers would keep them."""

import datetime as dt
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.area.tables import Division
from geo_registry.db import today
from geo_registry.measure.rules import monday
from tests.factories import make_block, make_division, make_viewer, square

NOW = monday(today())
WEEK = dt.timedelta(days=7)
LEADER = make_viewer(Role.LEADER)


def count(
    session: Session,
    leaf: UUID,
    areas: Division,
    *,
    is_block: bool = True,
    week: dt.date = NOW,
    **counts: int,
) -> None:
    """Add counts of a week to a leaf, as the triggers would keep them."""
    community = areas.id if areas.level == "community" else None
    state = {
        name: counts.get(name, 0)
        for name in ("units", "rental_units", "persons", "registered", "addresses", "plated")
    }
    session.execute(
        text("""
            INSERT INTO registry.tally AS t (leaf_id, block_id, district_id, township_id, community_id, units,
              rental_units, persons, registered, addresses, plated)
            VALUES (:leaf, :block, :d, :t, :c, :units, :rental_units, :persons, :registered, :addresses, :plated)
            ON CONFLICT (leaf_id) DO UPDATE SET units = t.units + excluded.units,
              rental_units = t.rental_units + excluded.rental_units, persons = t.persons + excluded.persons,
              registered = t.registered + excluded.registered, addresses = t.addresses + excluded.addresses,
              plated = t.plated + excluded.plated"""),
        {"leaf": leaf, "block": leaf if is_block else None, "d": areas.district_id, "t": areas.township_id, "c": community, **state},
    )  # fmt: skip
    names = ", ".join(counts)
    values = ", ".join(f":{name}" for name in counts)
    sums = ", ".join(f"{name} = w.{name} + excluded.{name}" for name in counts)
    session.execute(
        text(f"""
            INSERT INTO registry.tally_week AS w (leaf_id, week, {names}) VALUES (:leaf, :week, {values})
            ON CONFLICT (leaf_id, week) DO UPDATE SET {sums}"""),
        {"leaf": leaf, "week": week, **counts},
    )


def community_of(
    session: Session, township: Division, *met: tuple[int, int], addresses: int = 0, plated: int = 0
) -> tuple[Division, list[UUID]]:
    """Store a community with a block for each (met, registered), 100 persons in 40 units each."""
    community = make_division(session, parent=township)
    blocks: list[UUID] = []
    for index, (n, k) in enumerate(met):
        # Side by side: blocks do not overlap, and stay within the country.
        at = len(blocks) * 40 + 400 * (int(community.code) % 2000)
        block = make_block(session, community, boundary=square(at, index, 20))
        count(
            session, block.id, community, units=40, persons=100, persons_met=n, persons_registered=k,
            addresses=addresses, plated=plated,
        )  # fmt: skip
        blocks.append(block.id)
    return community, blocks
