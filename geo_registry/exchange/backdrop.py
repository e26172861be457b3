"""Import of the backdrop: water, green and built-up land drawn beneath the map.

Pieces of one id are one surface. Lines and points are drawn by other layers and stay aside as
`not-a-surface`, other kinds of land as `kind-unknown`.
"""

import hashlib
from typing import Final

import shapely

from geo_registry.exchange import geo_read
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.staging import (
    copy_rows,
    ewkb,
    original,
    read_values,
    run,
    sections,
    settle,
    staged,
)
from geo_registry.exchange.streets import source_of

KINDS: Final = ("water", "green", "residential", "commercial")
_COLUMNS: Final = ("row_number", "outcome", "reason", "kind", "name", "source_key", "shape", "original")


def import_backdrop(load: Load) -> None:
    """Load one file of surfaces."""
    named = sections("backdrop")
    found = geo_read.features(load.request.path, source_crs=load.request.mapping.constants.get("source_crs"))
    with staged(load, "backdrop_row", named["create"]):
        copy_rows(load.connection, "backdrop_row", _COLUMNS, (_row(load, one) for one in found))
        run(load, [named[step] for step in ("outside", "merge", "compare", "store", "forget")])
        settle(load, "backdrop_row")
    load.connection.execute("ANALYZE registry.backdrop")


def _row(load: Load, feature: geo_read.Feature) -> tuple[object, ...]:
    values = read_values(load.request.mapping, feature.properties)
    surface = geo_read.multi_polygon(feature.geometry) if feature.geometry is not None else None
    outcome, reason = _judged(feature, str(values.get("kind")), is_surface=surface is not None)
    return (
        feature.row, outcome, reason, values.get("kind"), values.get("name"),
        _key(load, values.get("external_id"), values.get("kind"), surface), ewkb(surface),
        original(feature.properties),
    )  # fmt: skip


def _judged(feature: geo_read.Feature, kind: str, *, is_surface: bool) -> tuple[str | None, str | None]:
    if feature.fault:
        return "refused", feature.fault
    if not is_surface:
        return "quarantined", "not-a-surface"
    return (None, None) if kind in KINDS else ("quarantined", "kind-unknown")


def _key(load: Load, external_id: object, kind: object, surface: shapely.MultiPolygon | None) -> str:
    """Return the key of a surface: kind and id in its source, else a hash of kind and shape."""
    if external_id is not None:
        return f"{source_of(load)}:{kind}:{external_id}"
    content = f"{kind}:".encode() + (shapely.to_wkb(surface) if surface is not None else b"")
    return f"shape:{hashlib.sha256(content).hexdigest()[:32]}"
