"""An estate taken in from a table: numbers, buildings, entrances, units and plates, all or none."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.errors import NotFound, RegistryError, RuleBroken, Stale
from geo_registry.housing.estate_rows import EstateRow
from geo_registry.housing.tables import Building, BuildingAddress, Entrance, HousingUnit
from geo_registry.plate.estate_blocks import BuildingPlace
from geo_registry.plate.estates import NewEstate, take_in_estate
from geo_registry.plate.tables import Plate
from tests import factories as make
from tests.statements import statements_of

CLERK = make.make_viewer()
PAPER: dict[str, Any] = {"document_number": "东地名〔2026〕5号"}


def table(buildings: int, floors: int = 2, doors: int = 2, entrances: int = 1) -> list[EstateRow]:
    """Return the rows of buildings 20 m apart in rows of ten."""
    line = itertools.count(2)
    rows = []
    for building in range(1, buildings + 1):
        lon, lat = make.metres(20.0 * ((building - 1) % 10), 30.0 * ((building - 1) // 10))
        for entrance, floor, door in itertools.product(
            range(1, entrances + 1), range(1, floors + 1), range(1, doors + 1)
        ):
            room = f"{floor}{door:02}"
            rows.append(
                EstateRow(next(line), str(building), str(entrance), floor, room, None, 80.0, lon, lat)
            )
    return rows


def counts(session: Session) -> list[int]:
    models: Iterable[Any] = (Address, Building, BuildingAddress, Entrance, HousingUnit, Plate)
    return [session.execute(select(func.count()).select_from(model)).scalar_one() for model in models]


def flaws(call: Callable[[], Any]) -> list[tuple[str, str]]:
    with pytest.raises(RegistryError) as caught:
        call()
    found: Any = caught.value.facts["errors"]
    return [(caught.value.code, one["pointer"]) for one in found]


@pytest.fixture
def estate(session: Session) -> PlaceName:
    return make.make_street(session, "清源小区", kind="estate")


@pytest.mark.requirement("R76")
def test_a_table_becomes_an_estate_in_one_act(session: Session, estate: PlaceName) -> None:
    asked: dict[str, Any] = {"place_name_id": estate.id, "version": 1, "rows": table(3), "plates": "draft"}
    tried = take_in_estate(session, CLERK, **asked, dry_run=True)
    assert (tried.act_id, tried.buildings, tried.entrances, tried.units, tried.plates) == (None, 3, 3, 12, 3)
    assert counts(session) == [0] * 6
    done = take_in_estate(session, CLERK, **asked, **PAPER)
    assert counts(session) == [3, 3, 3, 3, 12, 3]
    assert done.plan == tried.plan
    assert [one.number_text for one in done.plan] == ["1幢", "2幢", "3幢"]
    unit, entrance, building = session.execute(
        select(HousingUnit, Entrance, Building)
        .join(Entrance, Entrance.id == HousingUnit.entrance_id)
        .join(Building, Building.id == HousingUnit.building_id)
        .where(HousingUnit.room == "202", Building.label == "2")
    ).one()
    assert (unit.unit_text, unit.unit_key, unit.floor, unit.area_m2) == ("1单元202室", "e1/r202", 2, 80.0)
    assert (entrance.label, entrance.label_key, entrance.building_id) == ("1单元", "e1", building.id)
    assert (building.floors, building.floors_below, building.method) == (2, None, "derived")
    acts = {unit.act_id, entrance.act_id, building.act_id, done.act_id}
    acts |= set(session.execute(select(Address.act_id)).scalars())
    assert len(acts) == 1
    with pytest.raises(Stale):
        take_in_estate(session, CLERK, **asked)
    again = {**asked, "version": done.version}
    assert flaws(lambda: take_in_estate(session, CLERK, **again)) == [
        ("number-taken", "#/rows/0/building"), ("number-taken", "#/rows/4/building"),
        ("number-taken", "#/rows/8/building"),
    ]  # fmt: skip


def test_a_new_estate_is_named_with_it(session: Session) -> None:
    community = make.make_community(session)
    asked: dict[str, Any] = {"rows": table(2), "estate": NewEstate("映山苑", area_id=community.id)}
    tried = take_in_estate(session, CLERK, **asked, **PAPER, dry_run=True)
    assert (tried.id, tried.buildings) == (None, 2)
    assert session.execute(select(PlaceName)).scalars().all() == []
    done = take_in_estate(session, CLERK, **asked, **PAPER)
    named = session.execute(select(PlaceName)).scalar_one()
    assert (named.id, named.kind, named.full_name, named.state) == (done.id, "estate", "映山苑", "current")
    with pytest.raises(RuleBroken, match="estate-missing"):
        take_in_estate(session, CLERK, rows=table(1))


def test_buildings_without_a_number_of_their_own_are_counted_in_s_shape(
    session: Session, estate: PlaceName
) -> None:
    rows = [
        EstateRow(line, name, None, 1, "101", None, None, *make.metres(*at))
        for line, name, at in (
            (2, "A栋", (0, 0)), (3, "B栋", (40, 0)), (4, "C栋", (80, 0)), (5, "D栋", (80, 40)), (6, "E栋", (0, 40)),
        )
    ]  # fmt: skip
    asked: dict[str, Any] = {"place_name_id": estate.id, "version": 1, "rows": rows}
    assert {code for code, _ in flaws(lambda: take_in_estate(session, CLERK, **asked))} <= {
        "number-unreadable", "number-impossible",
    }  # fmt: skip
    done = take_in_estate(session, CLERK, **asked, numbers="s_shape", gate=make.metres(-20, -20))
    numbered = {one.building: int("".join(filter(str.isdigit, one.number_text))) for one in done.plan}
    assert numbered == {"A栋": 1, "B栋": 2, "C栋": 3, "D栋": 4, "E栋": 5}


def test_registered_buildings_get_their_number_and_units(session: Session, estate: PlaceName) -> None:
    address = make.make_address(session)
    building = make.make_building(session, address=address, district_id=estate.district_id)
    session.execute(text("UPDATE registry.building_address SET valid = '[2020-01-01,2020-02-01)'"))
    place = BuildingPlace("1", building_id=building.id)
    rows = [EstateRow(2, "1", "1", 1, "101"), EstateRow(3, "1", "1", 1, "102")]
    asked: dict[str, Any] = {"place_name_id": estate.id, "rows": rows, "places": [place]}
    done = take_in_estate(session, CLERK, **asked, version=1)
    assert session.execute(select(func.count()).select_from(Building)).scalar_one() == 1
    assert set(session.execute(select(HousingUnit.building_id)).scalars()) == {building.id}
    other = make.make_building(session, address=make.make_address(session, street=estate), **_areas(estate))
    assert flaws(
        lambda: take_in_estate(
            session, CLERK, place_name_id=estate.id, version=done.version, rows=rows,
            places=[BuildingPlace("1", building_id=other.id)],
        )
    )[0][1] == "#/rows/0/building"  # fmt: skip


def test_the_entrances_of_a_registered_building_are_kept(session: Session, estate: PlaceName) -> None:
    building = make.make_building(session, address=make.make_address(session), **_areas(estate))
    session.execute(text("UPDATE registry.building_address SET valid = '[2020-01-01,2020-02-01)'"))
    gate = make.make_entrance(session, building, 1)
    rows = [EstateRow(2, "1", "1", 1, "101"), EstateRow(3, "1", "2", 1, "101")]
    asked: dict[str, Any] = {
        "place_name_id": estate.id, "version": 1, "rows": rows,
        "places": [BuildingPlace("1", building_id=building.id)],
    }  # fmt: skip
    done = take_in_estate(session, CLERK, **asked)
    assert (done.entrances, done.plan[0].entrances, done.units) == (1, 2, 2)
    behind = session.execute(select(HousingUnit.entrance_id).order_by(HousingUnit.unit_key)).scalars().all()
    assert (behind[0], len(set(behind))) == (gate.id, 2)


def test_places_that_contradict_each_other_are_named(session: Session, estate: PlaceName) -> None:
    here, there = make.metres(10, 10), make.metres(400, 400)
    rows = [
        EstateRow(2, "3", "1", 1, "101", None, None, *here),
        EstateRow(3, "三栋", "1", 1, "102", None, None, *there),
    ]
    asked: dict[str, Any] = {"place_name_id": estate.id, "version": 1, "rows": rows}
    found = flaws(lambda: take_in_estate(session, CLERK, **asked, places=[BuildingPlace("7", *here)]))
    assert {pointer for _, pointer in found} == {"#/places/0/building", "#/rows/1/lon"}
    for more, code, pointer in (
        (BuildingPlace("三栋", *there), "building-twice", "#/places/1/building"),
        (BuildingPlace("3", building_id=new_id()), "building-twice", "#/places/1/building"),
        (BuildingPlace("7", *there), "building-not-in-table", "#/places/1/building"),
    ):
        twice = [BuildingPlace("3", *here), more]
        assert flaws(lambda: take_in_estate(session, CLERK, **asked, places=twice)) == [(code, pointer)]  # noqa: B023
    half = BuildingPlace("3", here[0], building_id=new_id())
    assert flaws(lambda: take_in_estate(session, CLERK, **asked, places=[half])) == [
        ("position-invalid", "#/places/0/lon")
    ]
    # What is marked on the map counts, and one building may be marked as 3 and as 三栋.
    done = take_in_estate(
        session, CLERK, **asked, places=[BuildingPlace("3", *there), BuildingPlace("三栋", *there)]
    )
    assert done.buildings == 1
    assert done.plan[0].lon == pytest.approx(there[0])


def test_every_bad_row_is_named_and_nothing_is_stored(session: Session, estate: PlaceName) -> None:
    sound = table(1, 1, 2)
    asked: dict[str, Any] = {"place_name_id": estate.id, "version": 1}

    def take(*rows: EstateRow) -> object:
        return take_in_estate(session, CLERK, rows=rows, **asked)

    assert flaws(lambda: take(*sound, EstateRow(9, "2", "1", 1, "101"))) == [
        ("position-missing", "#/rows/2/building")
    ]
    assert flaws(lambda: take(*sound, EstateRow(9, "1", room="?"), EstateRow(10, "1"))) == [
        ("unit-unreadable", "#/rows/2/room"), ("unit-unreadable", "#/rows/3/room"),
    ]  # fmt: skip
    twice = EstateRow(11, "1", "1", 1, "102")
    assert flaws(lambda: take(*sound, twice)) == [("row-twice", "#/rows/2/room")]
    take_in_estate(session, CLERK, rows=sound, **asked, dry_run=True)
    assert counts(session) == [0] * 6
    for code, rows in (("rows-missing", []), ("rows-too-many", sound[:1] * 50_001)):
        with pytest.raises(RuleBroken, match=f"^{code}: "):
            take_in_estate(session, CLERK, rows=rows, **asked)
    outsider = make.make_viewer(areas=[make.make_community(session).id])
    with pytest.raises(NotFound):
        take_in_estate(session, outsider, rows=sound, **asked)


@pytest.mark.requirement("R76")
def test_a_large_estate_is_stored_in_few_statements(session: Session, estate: PlaceName) -> None:
    community = session.get_one(Division, estate.community_id)
    other = make.make_street(session, "碧波小区", kind="estate", community=community)

    def sent(place: PlaceName, rows: list[EstateRow]) -> int:
        def act() -> None:
            take_in_estate(session, CLERK, place_name_id=place.id, version=1, rows=rows, plates="draft")

        return len(statements_of(session.connection(), act))

    few, many = sent(other, table(2, 1, 1, 1)), sent(estate, table(20, 10, 2, 2))
    assert counts(session) == [22, 22, 22, 42, 802, 22]
    assert many <= few + 3


def _areas(place: PlaceName) -> dict[str, Any]:
    return {name: getattr(place, name) for name in ("district_id", "township_id", "community_id")}
