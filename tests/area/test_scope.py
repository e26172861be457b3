"""Every read against a plain model of the area rule, with random viewers over a random town."""

import random
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address import reads as addresses
from geo_registry.area import reads as areas
from geo_registry.errors import NotFound
from geo_registry.grid import reads as grid
from geo_registry.housing import reads as housing
from geo_registry.pages import Page
from geo_registry.plate import reads as plates
from tests import factories as make

BOX = (121.0, 30.5, 121.9, 31.5)
Town = dict[str, list[Any]]


@pytest.fixture
def town(session: Session) -> Town:
    """Build 2 districts of 2 townships of 2 communities, with something of every kind in each community."""
    found: Town = {
        name: [] for name in ("areas", "streets", "addresses", "buildings", "units", "plates", "blocks")
    }
    for _ in range(2):
        district = make.make_division(session)
        street = make.make_street(session, "共同路", district_id=district.id, township_id=None, community_id=None,
                                  community=district, scope_id=district.id)  # fmt: skip
        found["areas"].append(district)
        found["streets"].append(street)
        for _ in range(2):
            township = make.make_division(session, parent=district)
            found["areas"].append(township)
            for _ in range(2):
                _fill(session, found, street, make.make_division(session, parent=township))
    return found


def _fill(session: Session, found: Town, street: Any, community: Any) -> None:  # noqa: ANN401
    inside = {
        "district_id": community.district_id,
        "township_id": community.township_id,
        "community_id": community.id,
    }
    address = make.make_address(session, street=street, **inside)
    building = make.make_building(session, address=address)
    found["areas"].append(community)
    found["streets"].append(make.make_street(session, community=community))
    found["addresses"].append(address)
    found["buildings"].append(building)
    found["units"] += [make.make_unit(session, building, room) for room in ("101", "201")]
    found["plates"].append(make.make_plate(session, address))
    found["blocks"].append(make.make_block(session, community))


def _may_see(viewer: Viewer, row: Any) -> bool:  # noqa: ANN401
    own = {row.district_id, row.township_id, getattr(row, "community_id", row.id)}
    return viewer.areas is None or bool(own & set(viewer.areas))


def _viewers(town: Town) -> Iterator[Viewer]:
    rng = random.Random(20261122)
    yield make.make_viewer()
    yield make.make_viewer(areas=[])
    for _ in range(10):
        yield make.make_viewer(areas=[one.id for one in rng.sample(town["areas"], rng.randint(1, 3))])


def _all(read: Callable[..., Page[Any]], session: Session, viewer: Viewer, **filters: object) -> set[UUID]:
    seen: list[UUID] = []
    after = None
    while True:
        page = read(session, viewer, after=after, limit=3, **filters)
        seen += [row.id for row in page.rows]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen))
    return set(seen)


def test_lists_hold_what_the_viewer_may_see_and_nothing_else(session: Session, town: Town) -> None:
    for viewer in _viewers(town):
        for read, kind, filters in (
            (areas.areas, "areas", {}), (addresses.place_names, "streets", {}),
            (addresses.addresses, "addresses", {}), (housing.buildings, "buildings", {}),
            (housing.buildings, "buildings", {"box": BOX}), (housing.housing_units, "units", {}),
            (plates.plates, "plates", {}), (plates.plates, "plates", {"box": BOX}), (grid.blocks, "blocks", {}),
        ):  # fmt: skip
            allowed = {row.id for row in town[kind] if _may_see(viewer, row)}
            assert _all(read, session, viewer, **filters) == allowed, (kind, viewer.areas)


def test_single_reads_answer_for_the_viewers_own_alone(session: Session, town: Town) -> None:
    calls: tuple[tuple[Callable[..., object], str], ...] = (
        (areas.area, "areas"), (addresses.place_name, "streets"), (addresses.address, "addresses"),
        (housing.building, "buildings"), (housing.units_of_building, "buildings"), (housing.housing_unit, "units"),
        (plates.plate, "plates"), (grid.block, "blocks"),
    )  # fmt: skip
    for viewer in _viewers(town):
        for read, kind in calls:
            for row in town[kind]:
                if _may_see(viewer, row):
                    read(session, viewer, row.id)
                else:
                    with pytest.raises(NotFound):
                        read(session, viewer, row.id)


def test_counts_points_and_searches_hold_nothing_foreign(session: Session, town: Town) -> None:
    by_id = {row.id: row for rows in town.values() for row in rows}
    lon, lat = make.metres(200, 10)
    for viewer in _viewers(town):
        visible = {kind: {row.id for row in rows if _may_see(viewer, row)} for kind, rows in town.items()}
        assert plates.plate_counts(session, viewer, box=BOX).total == len(visible["plates"])
        near = addresses.nearest(session, viewer, lon=lon, lat=lat, radius_m=5000, limit=30)
        assert {row.id for row in near} == visible["addresses"]
        around = areas.areas_containing(session, viewer, lon=lon, lat=lat)
        assert {row.id for row in around} == visible["areas"]
        for building in town["buildings"]:
            rows = plates.plates_of_building(session, viewer, building.id)
            assert {row.id for row in rows} <= visible["plates"]
        for text in ("共同路", "共", "gtl", *(row.standard_text for row in town["addresses"][:4])):
            hits = addresses.search(session, viewer, text=text, limit=100).hits
            assert all(_may_see(viewer, by_id[hit.id]) for hit in hits), (text, viewer.areas)
        for row in town["addresses"][:4]:
            hits = addresses.search(session, viewer, text=row.standard_text, limit=100).hits
            building = next(
                one.id for one, own in zip(town["buildings"], town["addresses"], strict=True) if own is row
            )
            assert (building in {hit.id for hit in hits}) == _may_see(viewer, row)
