"""A small demonstration town in the database of a test, with accounts to sign in."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from shapely.geometry import MultiLineString, MultiPolygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo_registry.access import cipher
from geo_registry.access.rules import Role
from geo_registry.access.sessions import add_account
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.tables import Backdrop, Division
from geo_registry.codes import new_code, new_id
from geo_registry.demo import generate
from geo_registry.demo.records import Address as Parts
from geo_registry.demo.records import Town
from geo_registry.grid.tables import GridBlock
from geo_registry.housing.tables import Building, BuildingAddress, Entrance, HousingUnit
from geo_registry.person.tables import Person
from geo_registry.plate.tables import Plate
from geo_registry.residence.tables import Hukou, Registration, Residence
from geo_registry.text import initials, normal_key, pinyin

PASSWORD = "a-long-pass-phrase"
ACCOUNTS = (
    ("du", "杜**", Role.OFFICER),
    ("he", "何**", Role.COORDINATOR),
    ("lin", "林**", Role.CLERK),
    ("gu", "顾**", Role.LEADER),
    ("ye", "叶**", Role.SYSTEM_ADMIN),
)
Rows = list[dict[str, Any]]


def wkt(shape: BaseGeometry) -> str:
    """Return a geometry as EWKT, single shapes as collections of one."""
    if shape.geom_type == "Polygon":
        shape = MultiPolygon([shape])
    if shape.geom_type == "LineString":
        shape = MultiLineString([shape])
    return f"SRID=4490;{shape.wkt}"


class Loader:
    """Stores one town, table after table, and remembers ids by the generator's keys."""

    def __init__(self, session: Session, town: Town) -> None:
        self.session = session
        self.town = town
        self.areas: dict[str, dict[str, Any]] = {}
        self.streets: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.addresses: dict[tuple[str, ...], dict[str, Any]] = {}
        self.buildings: dict[str, dict[str, Any]] = {}
        self.units: dict[tuple[str, ...], dict[str, Any]] = {}

    def put(self, table: type[Any], rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows of one table."""
        found = list(rows)
        if found:
            self.session.execute(insert(table), found)

    def load(self) -> None:
        """Store everything."""
        self.load_areas()
        self.load_streets()
        self.load_buildings()
        self.load_units()
        self.load_people()

    def load_areas(self) -> None:
        for area in self.town.areas:
            parent = self.areas.get(area.parent_code or "")
            row: dict[str, Any] = {
                "id": new_id(), "scheme": "cn", "code": area.code, "level": area.level, "name": area.name,
                "full_name": (parent["full_name"] if parent else "") + area.name,
                "parent_id": parent and parent["id"], "boundary": wkt(area.geometry),
                "city_id": None, "district_id": None, "township_id": None,
            }  # fmt: skip
            if parent:
                row |= {name: parent[name] for name in ("city_id", "district_id", "township_id")}
            if area.level != "community":
                row[f"{area.level}_id"] = row["id"]
            self.areas[area.code] = row
            self.put(Division, [row])
        surfaces = enumerate(self.town.surfaces)
        self.put(
            Backdrop, ({"kind": s.kind, "source_key": str(n), "shape": wkt(s.geometry)} for n, s in surfaces)
        )
        blocks = [
            {"code": b.code, "name": b.name, "boundary": wkt(b.geometry), **self.scope(b.community_code)}
            for b in self.town.blocks
        ]
        self.put(GridBlock, blocks)

    def scope(self, code: str) -> dict[str, Any]:
        """Return the area ids of a community."""
        area = self.areas[code]
        return {
            "district_id": area["district_id"],
            "township_id": area["township_id"],
            "community_id": area["id"],
        }

    def load_streets(self) -> None:
        by_key: dict[str, dict[str, Any]] = {}
        for street in self.town.streets:
            parent = by_key.get(street.parent_external_id or "")
            district = self.areas[f"{street.district_code[:6]}000000"]
            areas = (
                self.scope(street.community_code)
                if street.community_code
                else {"district_id": district["id"]}
            )
            areas = {"township_id": None, "community_id": None, **areas}
            row = {
                "id": new_id(), "code": new_code(), "kind": street.kind, "name": street.name,
                "normal_name": normal_key(street.name),
                "full_name": (parent["full_name"] if parent else "") + street.name, "pinyin": pinyin(street.name),
                "initials": initials(street.name), "parent_id": parent and parent["id"],
                "scope_id": parent["id"] if parent else district["id"],
                "axis": wkt(street.geometry) if street.geometry is not None else None, **areas,
            }  # fmt: skip
            by_key[street.external_id] = row
            self.streets[street.name, parent["name"] if parent else "", street.kind] = row
            self.put(PlaceName, [row])

    def address_of(self, parts: Parts, lon: float, lat: float, state: str) -> dict[str, Any]:
        """Return the address of a building, stored with its plate on first sight."""
        key = (
            parts.community_code,
            parts.street,
            parts.lane,
            parts.sub_lane,
            parts.hamlet,
            parts.group,
            parts.number,
        )
        if key in self.addresses:
            return self.addresses[key]
        spot = parts.group or parts.hamlet
        named = [row for (name, _, _), row in self.streets.items() if spot and name == spot]
        named += [
            row
            for (name, above, _), row in self.streets.items()
            if name == parts.lane and above == parts.street
        ]
        named += [row for (name, above, _), row in self.streets.items() if name == parts.street and not above]
        scope = self.scope(parts.community_code)
        place = named[0] if named else None
        text = parts.street + parts.lane + parts.sub_lane + parts.hamlet + parts.group + parts.number
        row = {
            "id": new_id(), "code": new_code(), "place_name_id": place and place["id"],
            "scope_id": place["id"] if place else scope["community_id"], "number": int("".join(filter(str.isdigit, parts.number)) or 1),
            "number_key": parts.number.removesuffix("号"), "number_text": parts.number,
            "standard_text": text, "position": f"SRID=4490;POINT({lon} {lat})", "accuracy": "A", **scope,
        }  # fmt: skip
        self.addresses[key] = row
        self.put(Address, [row])
        plate = {
            "address_id": row["id"],
            "text": parts.number,
            "state": state,
            "position": row["position"],
            **scope,
        }
        self.put(Plate, [plate])
        return row

    def load_buildings(self) -> None:
        first = {unit["building_external_id"]: unit for unit in reversed(self.town.plates.to_pylist())}
        for building in self.town.buildings:
            place = building.geometry.representative_point()
            unit = first.get(
                building.external_id, {"lon": place.x, "lat": place.y, "plate_state": "numbered"}
            )
            address = self.address_of(building.address, unit["lon"], unit["lat"], unit["plate_state"])
            row = {
                "id": new_id(), "name": building.name, "label": building.address.building_no or building.address.number,
                "method": "outlined", "floors": building.floors, "floors_below": building.floors_below,
                "built_year": building.built_year, "use": building.use, "outline": wkt(building.geometry),
                "position": f"SRID=4490;POINT({place.x} {place.y})", **self.scope(building.address.community_code),
            }  # fmt: skip
            self.buildings[building.external_id] = row
            self.put(Building, [row])
            carried = {
                "building_id": row["id"],
                "address_id": address["id"],
                "building_no": building.address.building_no,
            }
            self.put(BuildingAddress, [carried])

    def load_units(self) -> None:
        entrances: dict[tuple[UUID, str], dict[str, Any]] = {}
        for unit in self.town.plates.to_pylist():
            building = self.buildings[unit["building_external_id"]]
            key = (building["id"], unit["entrance"])
            if unit["entrance"] and key not in entrances:
                label = unit["entrance"]
                entrances[key] = {
                    "id": new_id(),
                    "building_id": key[0],
                    "label": label,
                    "label_key": normal_key(label),
                }
            text = unit["entrance"] + unit["room"]
            self.units[place_key(unit)] = {
                "id": new_id(), "building_id": building["id"], "floor": unit["floor"], "room": unit["room"],
                "entrance_id": entrances[key]["id"] if unit["entrance"] else None, "unit_text": text,
                "unit_key": normal_key(text), "use": unit["use"], "area_m2": unit["area_m2"],
                "community_id": building["community_id"], "township_id": building["township_id"],
                "district_id": building["district_id"],
            }  # fmt: skip
        self.put(Entrance, entrances.values())
        self.put(HousingUnit, self.units.values())

    def load_people(self) -> None:
        people: dict[str, dict[str, Any]] = {}
        homes: Rows = []
        registrations: Rows = []
        hukou: Rows = []
        for stay in self.town.residents.to_pylist():
            unit = self.units.get(place_key(stay))
            if unit is None:
                continue
            person = people.setdefault(stay["person_key"], person_of(stay))
            areas = {name: unit[name] for name in ("district_id", "township_id", "community_id")}
            home = {
                "id": new_id(), "person_id": person["id"], "unit_id": unit["id"], "building_id": unit["building_id"],
                "category": stay["kind"], "relation_to_head": stay["relation_to_head"],
                "valid": Range(stay["since"], stay["until"]), "is_main": stay["until"] is None, **areas,
            }  # fmt: skip
            homes.append(home)
            if stay["until"] is None:
                person |= areas
                if stay["kind"] == "local_hukou" and stay["hukou_scope"] == "here":
                    place = {"unit_id": unit["id"], "building_id": unit["building_id"], **areas}
                    hukou.append({"person_id": person["id"], "valid": Range(stay["since"], None), **place})
            if stay["registered"] and stay["kind"] != "local_hukou":
                registrations.append({
                    "residence_id": home["id"], "person_id": person["id"], "status": "active",
                    "registered_on": stay["registered_on"], "expires_on": stay["registered_until"], **areas,
                })  # fmt: skip
        self.put(
            Person,
            [{"district_id": None, "township_id": None, "community_id": None, **p} for p in people.values()],
        )
        self.put(Residence, homes)
        self.put(Hukou, hukou)
        self.put(Registration, registrations)


def place_key(row: dict[str, Any]) -> tuple[str, ...]:
    """Return what a unit and the stays in it have in common."""
    names = (
        "community_code",
        "street",
        "lane",
        "sub_lane",
        "hamlet",
        "group",
        "number",
        "building_no",
        "entrance",
        "room",
    )
    return tuple(row[name] or "" for name in names)


def person_of(stay: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a person, sealed."""
    person_id, number = new_id(), stay["id_number"]
    phone = cipher.seal("person", "phone", person_id, stay["phone"]) if stay["phone"] else None
    return {
        "id": person_id, "name": stay["name"], "sex": stay["sex"], "birth_year": stay["birth_date"].year,
        "birth_month": stay["birth_date"].month, "id_type": stay["id_type"], "id_tail": number[-2:], "phone": phone,
        "id_number": cipher.seal("person", "id_number", person_id, number),
        "id_index": cipher.blind_index(stay["id_type"], number),
    }  # fmt: skip


def part_of(town: Town, buildings: int) -> Town:
    """Return the town with its first buildings alone; units and stays elsewhere are left out."""
    kept = town.buildings[:buildings]
    ids = pa.array([building.external_id for building in kept])
    return replace(
        town, buildings=kept, plates=town.plates.filter(pc.is_in(town.plates["building_external_id"], ids))
    )


def store_town(session: Session, buildings: int = 60) -> Town:
    """Store the first buildings of a generated town, all its areas and streets, and accounts to sign in."""
    town = part_of(generate(scale=0.1), buildings)
    Loader(session, town).load()
    for login, name, role in ACCOUNTS:
        codes = ["990101001000"] if role is not Role.SYSTEM_ADMIN else []
        add_account(session, login=login, name=name, role=role, password=PASSWORD, division_codes=codes)
    return town
