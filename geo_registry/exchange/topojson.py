"""Decoder of TopoJSON (specification 1.0): shared arcs, quantised or not, into plain GeoJSON geometries."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from geo_registry.errors import RuleBroken

Json = dict[str, Any]


class Topology:
    """One decoded file; arcs are unpacked once and stitched for each geometry that uses them."""

    def __init__(self, document: Json) -> None:
        """Unpack the arcs of a parsed file.

        Raises:
            RuleBroken: `file-format` when this is no topology.

        """
        if document.get("type") != "Topology" or not isinstance(document.get("objects"), dict):
            raise RuleBroken("file-format", "不是 TopoJSON 文件")
        self._objects: Json = document["objects"]
        transform = document.get("transform")
        self._scale = np.array(transform["scale"] if transform else (1.0, 1.0))
        self._offset = np.array(transform["translate"] if transform else (0.0, 0.0))
        self._is_quantised = transform is not None
        self._arcs = [self._unpacked(arc) for arc in document.get("arcs", ())]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the objects in the file, in its order."""
        return tuple(self._objects)

    def features(self, name: str) -> Iterator[Json]:
        """Yield the features of one object as GeoJSON, in order.

        Raises:
            RuleBroken: `layer-missing` when the file has no such object.

        """
        found = self._objects.get(name)
        if found is None:
            raise RuleBroken("layer-missing", f"文件中没有图层 {name}；现有：{'、'.join(self.names)}")
        members = found["geometries"] if found.get("type") == "GeometryCollection" else [found]
        for member in members:
            properties = member.get("properties") or {}
            yield {"type": "Feature", "properties": properties, "geometry": self.geometry(member)}

    def geometry(self, member: Json) -> Json | None:
        """Return the GeoJSON geometry of a member, None where it has none."""
        kind = member.get("type")
        if kind is None:
            return None
        if kind in {"Point", "MultiPoint"}:
            return {"type": kind, "coordinates": self._positions(member["coordinates"], deep=kind != "Point")}
        return {"type": kind, "coordinates": self._stitched(kind, member.get("arcs", ()))}

    def _stitched(self, kind: str, arcs: Any) -> Any:  # noqa: ANN401  (nested lists)
        if kind == "LineString":
            return self._line(arcs)
        if kind == "MultiLineString":
            return [self._line(line) for line in arcs]
        if kind == "Polygon":
            return self._polygon(arcs)
        if kind == "MultiPolygon":
            return [self._polygon(part) for part in arcs]
        raise RuleBroken("geometry-type", f"TopoJSON 几何类型 {kind} 不支持")

    def _unpacked(self, arc: list[list[float]]) -> np.ndarray[Any, Any]:
        points = np.asarray(arc, dtype=float).reshape(len(arc), -1)[:, :2]
        return np.cumsum(points, axis=0) * self._scale + self._offset if self._is_quantised else points

    def _positions(self, coordinates: Any, *, deep: bool) -> Any:  # noqa: ANN401  (nested lists)
        points = np.asarray(coordinates, dtype=float) * self._scale + self._offset
        return [tuple(point) for point in points.tolist()] if deep else tuple(points.tolist())

    def _line(self, arcs: list[int]) -> list[tuple[float, ...]]:
        """Join arcs end to end; ~i is arc i backwards, and a shared end is written once."""
        pieces = [self._arcs[i] if i >= 0 else self._arcs[~i][::-1] for i in arcs]
        joined = [piece if place == 0 else piece[1:] for place, piece in enumerate(pieces)]
        return [tuple(point) for point in np.concatenate(joined).tolist()]

    def _polygon(self, rings: list[list[int]]) -> list[list[tuple[float, ...]]]:
        """Stitch rings; quantisation may shrink a small one to fewer than four points: it is left out."""
        stitched = [self._line(ring) for ring in rings]
        return [ring for ring in stitched if len(ring) >= 4] if len(stitched[0]) >= 4 else []
