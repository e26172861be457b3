import pytest

from geo_registry.errors import RuleBroken
from geo_registry.exchange.topojson import Topology

# Two unit squares side by side that share the arc between them.
SQUARES = {
    "type": "Topology",
    "objects": {
        "squares": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "arcs": [[0, 1]], "properties": {"name": "west"}},
                {"type": "MultiPolygon", "arcs": [[[2, -1]]], "properties": {"name": "east"}},
                {"type": None},
            ],
        },
        "line": {"type": "LineString", "arcs": [0]},
        "lines": {"type": "MultiLineString", "arcs": [[0], [~0]]},
        "spot": {"type": "Point", "coordinates": [3, 4]},
        "spots": {"type": "MultiPoint", "coordinates": [[3, 4], [5, 6]]},
        "odd": {"type": "Sphere"},
    },
    "arcs": [[[1, 0], [1, 1]], [[1, 1], [0, 1], [0, 0], [1, 0]], [[1, 0], [2, 0], [2, 1], [1, 1]]],
}


def test_shared_arcs_are_stitched_both_ways() -> None:
    west, east, none = Topology(SQUARES).features("squares")
    assert west["properties"] == {"name": "west"}
    assert west["geometry"]["coordinates"] == [[(1, 0), (1, 1), (0, 1), (0, 0), (1, 0)]]
    assert east["geometry"]["coordinates"] == [[[(1, 0), (2, 0), (2, 1), (1, 1), (1, 0)]]]
    assert none["geometry"] is None


def test_lines_and_points_come_out_too() -> None:
    topology = Topology(SQUARES)
    (line,), (lines,) = topology.features("line"), topology.features("lines")
    assert line["geometry"]["coordinates"] == [(1, 0), (1, 1)]
    assert lines["geometry"]["coordinates"] == [[(1, 0), (1, 1)], [(1, 1), (1, 0)]]
    (spot,), (spots,) = topology.features("spot"), topology.features("spots")
    assert spot["geometry"]["coordinates"] == (3, 4)
    assert spots["geometry"]["coordinates"] == [(3, 4), (5, 6)]


def test_quantised_arcs_are_differences_scaled_and_moved() -> None:
    document = {
        "type": "Topology",
        "transform": {"scale": [0.5, 0.1], "translate": [100, 20]},
        "objects": {
            "line": {"type": "LineString", "arcs": [0]},
            "spot": {"type": "Point", "coordinates": [2, 10]},
        },
        "arcs": [[[2, 10], [2, 0], [-1, 5]]],
    }
    topology = Topology(document)
    (line,), (spot,) = topology.features("line"), topology.features("spot")
    assert line["geometry"]["coordinates"] == [(101, 21), (102, 21), (101.5, 21.5)]
    assert spot["geometry"]["coordinates"] == (101, 21)


def test_a_ring_that_quantisation_shrank_is_left_out() -> None:
    tiny = {"type": "Polygon", "arcs": [[0, 1], [0, -1]]}
    document = {**SQUARES, "objects": {"tiny": tiny}}
    (feature,) = Topology(document).features("tiny")
    assert len(feature["geometry"]["coordinates"]) == 1


def test_what_is_no_topology_is_said_to_be_none() -> None:
    for document in ({}, {"type": "FeatureCollection", "features": []}):
        with pytest.raises(RuleBroken, match="file-format"):
            Topology(document)
    with pytest.raises(RuleBroken, match="layer-missing"):
        list(Topology(SQUARES).features("towns"))
    with pytest.raises(RuleBroken, match="geometry-type"):
        list(Topology(SQUARES).features("odd"))
