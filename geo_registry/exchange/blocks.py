"""Import of blocks: the polygons that coordinators answer for.

A block belongs to the community that its row names, else to the one that covers most of it. A block
that a file no longer lists is left as it is: who answers for its ground is decided by people. A row that
shares ground with another block is kept out; what lies in the others goes to them as they are stored.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from geo_registry.exchange import geo_read
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.placing import place_rows
from geo_registry.exchange.staging import (
    copy_rows,
    ewkb,
    original,
    read_values,
    run,
    sections,
    settle,
    staged,
    warn,
)

_COLUMNS: Final = (
    "row_number", "outcome", "reason", "code", "name", "community_code", "district_code", "boundary",
    "middle", "original",
)  # fmt: skip


def import_blocks(load: Load) -> None:
    """Load one file of blocks."""
    named = sections("blocks")
    found = geo_read.features(load.request.path, source_crs=load.request.mapping.constants.get("source_crs"))
    with staged(load, "block_row", named["create"]):
        copy_rows(load.connection, "block_row", _COLUMNS, (_row(load, one) for one in found))
        run(load, [named[step] for step in ("duplicates", "outside", "by-cover")])
        place_rows(load, "block_row")
        run(load, [named[step] for step in ("compare", "identify")])
        _refuse_overlaps(load)
        run(load, [named[step] for step in ("insert", "update", "analyze")])
        settle(load, "block_row")
        _warn_of_rest(load)


class _Clash(NamedTuple):
    """A row that shares ground with another row, or with a stored block."""

    row: int
    code: str
    other_row: int | None
    block: UUID | None
    other: str
    shared_m2: Decimal


def _refuse_overlaps(load: Load) -> None:
    """Keep out each row that shares ground with a row before it, or with a stored block that stays."""
    named, clashes = sections("blocks"), dict[int, list[_Clash]]()
    for one in map(_Clash._make, load.connection.execute(named["overlaps"])):
        clashes.setdefault(one.row, []).append(one)
    if not clashes:
        return
    rows: dict[int, UUID] = dict(load.connection.execute(named["judged"]).fetchall())
    refused: dict[int, _Clash] = {}
    while True:
        # A row that is kept out leaves its block as it was, which may stand against others in turn.
        replaced = {block for row, block in rows.items() if row not in refused}
        found = _judge(rows, clashes, replaced)
        if found.keys() <= refused.keys():
            break
        refused |= found
    for one in refused.values():
        detail = f"网格 {one.code} 与网格 {one.other} 重叠 {one.shared_m2} 平方米"
        run(load, [named["refuse-overlap"]], {"row": one.row, "detail": detail})


def _judge(rows: Iterable[int], clashes: dict[int, list[_Clash]], replaced: set[UUID]) -> dict[int, _Clash]:
    """Return the rows that cannot stand, each with the largest of what stands against it."""
    kept: set[int] = set()
    found: dict[int, _Clash] = {}
    for row in rows:
        against = [
            one
            for one in clashes.get(row, [])
            if (one.other_row in kept if one.block is None else one.block not in replaced)
        ]
        if against:
            found[row] = max(against, key=lambda one: one.shared_m2)
        else:
            kept.add(row)
    return found


def _warn_of_rest(load: Load) -> None:
    found = load.connection.execute(sections("blocks")["left-out"]).fetchone()
    gaps, outside = found or (0, 0)
    warn(load, "gap", gaps)
    warn(load, "building-outside-blocks", outside)
    if gaps:
        load.report.notes.append(f"所涉居村内有 {gaps} 处地块不在任何网格内（geo-registry grid report 可查）")
    if outside:
        load.report.notes.append(f"所涉居村内有 {outside} 幢楼未划入网格（geo-registry grid report 可查）")


def _row(load: Load, feature: geo_read.Feature) -> tuple[object, ...]:
    values = read_values(load.request.mapping, feature.properties)
    code, name = str(values.get("code") or ""), str(values.get("name") or values.get("code") or "")
    boundary = geo_read.multi_polygon(feature.geometry) if feature.geometry is not None else None
    reason = feature.fault or (None if boundary else "geometry-type") or (None if code else "code-missing")
    texts = (str(values[key]) if values.get(key) else None for key in ("community_code", "district_code"))
    middle = boundary.representative_point() if boundary else None
    return (
        feature.row, "refused" if reason else None, reason, code, name, *texts, ewkb(boundary), ewkb(middle),
        original(feature.properties),
    )  # fmt: skip
