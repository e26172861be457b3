"""Import of streets: place names from street to group, with their lines where the file has them.

Pieces of one name in one scope are one street, whatever their ids; a line cut at a tile's edge grows
together again. A place name needs a name: pieces without one stay aside as `unnamed`, and so do names
without a Chinese character (`name-not-chinese`) and lines that are no street (`not-a-street`). A name
that a file no longer lists is left as it is: streets are abolished by decree.
"""

import re
from collections.abc import Iterable
from typing import Final

import shapely
from shapely.geometry import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry

from geo_registry.address.profile import Profile, load_profile
from geo_registry.address.rules import normal_name, standard_name
from geo_registry.address.tables import PLACE_KINDS
from geo_registry.exchange import geo_read
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.placing import place_rows
from geo_registry.exchange.staging import (
    Values,
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
from geo_registry.text import clean, initials, normal_key, pinyin

_CHINESE: Final = re.compile("[㐀-鿿]")
_COLUMNS: Final = (
    "row_number", "outcome", "reason", "depth", "external_id", "parent_external_id", "kind", "name",
    "normal_name", "pinyin", "initials", "district_code", "community_code", "axis", "middle", "original",
)  # fmt: skip
_STEPS: Final = (
    "parents", "orphans", "scopes", "merge", "far", "forget-far", "compare", "insert", "update", "outcomes",
    "codes", "forget",
)  # fmt: skip


def import_streets(load: Load) -> None:
    """Load one file of streets, lanes, estates, hamlets and groups."""
    profile = profile_of(load)
    named, source = sections("streets"), source_of(load)
    found = geo_read.features(load.request.path, source_crs=load.request.mapping.constants.get("source_crs"))
    rows = [_values(load, profile, one) for one in found]
    depths = _depths(rows)
    with staged(load, "street_row", named["create"]):
        copy_rows(
            load.connection,
            "street_row",
            _COLUMNS,
            ([values[name] for name in _COLUMNS] for values in rows),
        )
        place_rows(load, "street_row")
        values: Values = {"unique_in": profile.street_unique_in, "source": source}
        for depth in range(depths):
            run(load, [named[step] for step in _STEPS], {**values, "depth": depth})
        settle(load, "street_row")
    warn(load, "name-unusual", _unusual(profile, rows))
    load.connection.execute("ANALYZE registry.place_name")


def profile_of(load: Load) -> Profile:
    """Return the profile of an import: the asked one, else that of the installation."""
    if load.request.profile:
        return load.request.profile
    found = load.connection.execute("SELECT profile FROM registry.jurisdiction").fetchone()
    return load_profile(str(found[0]) if found else "shanghai")


def source_of(load: Load) -> str:
    """Return the scheme under which the ids of the file are kept as external codes."""
    return load.request.mapping.constants.get("source", "source")


def forms(profile: Profile, kind: str, text: str) -> tuple[str, str]:
    """Return a place name as it is written and as it is compared; other kinds stay as they are."""
    if profile.part(kind) is None:
        return clean(text).replace(" ", ""), normal_key(text)
    return standard_name(profile, kind, text), normal_name(profile, kind, text)


def _values(load: Load, profile: Profile, feature: geo_read.Feature) -> Values:
    """Return one staged row as values by column; `depth` follows when all rows are known."""
    values = read_values(load.request.mapping, feature.properties)
    kind, name = str(values.get("kind") or "street"), str(values.get("name") or "")
    outcome, reason = _judged(kind, name, feature)
    written, key = forms(profile, kind, name) if reason is None else (name, "")
    axis = _axis(feature.geometry)
    return {
        "row_number": feature.row, "outcome": outcome, "reason": reason, "depth": 0,
        "external_id": _text(values.get("external_id")), "kind": kind,
        "parent_external_id": _text(values.get("parent_external_id")), "name": written, "normal_name": key,
        "pinyin": pinyin(written), "initials": initials(written), "axis": ewkb(axis),
        "middle": ewkb(_middle(axis)), "district_code": _text(values.get("district_code")),
        "community_code": _text(values.get("community_code")),
        "original": original(feature.properties),
    }  # fmt: skip


def _judged(kind: str, name: str, feature: geo_read.Feature) -> tuple[str | None, str | None]:
    if feature.fault not in {None, "geometry-missing"}:
        return "refused", feature.fault
    if feature.geometry is not None and _axis(feature.geometry) is None:
        return "refused", "geometry-type"
    if kind not in PLACE_KINDS:
        return "quarantined", "not-a-street"
    if not name:
        return "quarantined", "unnamed"
    return (None, None) if _CHINESE.search(name) else ("quarantined", "name-not-chinese")


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _axis(geometry: BaseGeometry | None) -> MultiLineString | None:
    if isinstance(geometry, LineString):
        return MultiLineString([geometry])
    return geometry if isinstance(geometry, MultiLineString) else None


def _middle(axis: MultiLineString | None) -> Point | None:
    """Return the middle of the longest part of a line."""
    if axis is None:
        return None
    return max(shapely.get_parts(axis), key=lambda part: part.length).interpolate(0.5, normalized=True)


def _depths(rows: Iterable[Values]) -> int:
    """Set how deep each row lies below the top of the file, and answer how many levels there are."""
    by_id = {row["external_id"]: row for row in rows if row["external_id"]}
    deepest = 0
    for row in rows:
        above, steps = by_id.get(row["parent_external_id"]), 0
        while above is not None and steps < len(PLACE_KINDS):
            above, steps = by_id.get(above["parent_external_id"]), steps + 1
        row["depth"] = steps
        deepest = max(deepest, steps)
    return deepest + 1


def _unusual(profile: Profile, rows: Iterable[Values]) -> int:
    """Return how many street names do not end with a word that the profile knows (bridges, tunnels)."""
    part = profile.part("street")
    suffixes = part.suffixes if part else ()
    names = {row["name"] for row in rows if row["outcome"] is None and row["kind"] == "street"}
    return sum(not name.endswith(suffixes) for name in names)
