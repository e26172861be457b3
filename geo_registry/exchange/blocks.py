"""Import of blocks: the polygons that coordinators answer for.

A block belongs to the community that its row names, else to the one that covers most of it. A block
that a file no longer lists is left as it is: who answers for its ground is decided by people.
"""

from typing import Final

from shapely.geometry.base import BaseGeometry

from geo_registry.exchange import geo_read
from geo_registry.exchange.areas import count_overlaps
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
    named, shapes = sections("blocks"), list[BaseGeometry]()
    found = geo_read.features(load.request.path, source_crs=load.request.mapping.constants.get("source_crs"))
    with staged(load, "block_row", named["create"]):
        copy_rows(load.connection, "block_row", _COLUMNS, (_row(load, one, shapes) for one in found))
        run(load, [named[step] for step in ("duplicates", "outside", "by-cover")])
        place_rows(load, "block_row")
        run(load, [named[step] for step in ("compare", "identify", "insert", "update")])
        settle(load, "block_row")
    warn(load, "overlap", count_overlaps(shapes))
    run(load, [named["analyze"]])


def _row(load: Load, feature: geo_read.Feature, shapes: list[BaseGeometry]) -> tuple[object, ...]:
    values = read_values(load.request.mapping, feature.properties)
    code, name = str(values.get("code") or ""), str(values.get("name") or values.get("code") or "")
    boundary = geo_read.multi_polygon(feature.geometry) if feature.geometry is not None else None
    reason = feature.fault or (None if boundary else "geometry-type") or (None if code else "code-missing")
    if boundary and not reason:
        shapes.append(boundary)
    texts = (str(values[key]) if values.get(key) else None for key in ("community_code", "district_code"))
    middle = boundary.representative_point() if boundary else None
    return (
        feature.row, "refused" if reason else None, reason, code, name, *texts, ewkb(boundary), ewkb(middle),
        original(feature.properties),
    )  # fmt: skip
