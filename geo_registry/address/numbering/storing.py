"""Numbers of a street as a plan gives them out: checked row by row, then stored in a few statements."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from geo_registry.address.changes import note_renumber
from geo_registry.address.numbering.numbering import holders, written_before
from geo_registry.address.numbers import Door, Fault, parse_door
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.area.rules import is_position
from geo_registry.area.writes import Areas
from geo_registry.codes import new_codes, new_ids
from geo_registry.db import Session, today, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.text import normal_key

MOST_AT_ONCE = 5000
PLANNED = "编号预览"
_MOST_SHOWN = 200
# Degrees, about a kilometre: boundaries are drawn roughly, and some are not drawn at all.
_BEYOND_BOUNDARY = 0.01
# Where each door lies: in the areas of its building, else in those around its point.
_GROUND = text("""
    SELECT d.lon, d.lat, b.id AS building_id,
      b.state IN ('demolished', 'not_realized', 'removed') AS is_ended,
      EXISTS (SELECT FROM registry.building_address n
              WHERE n.building_id = b.id AND n.is_main AND n.valid @> CURRENT_DATE) AS is_numbered,
      ST_X(b.place) AS building_lon, ST_Y(b.place) AS building_lat,
      NOT registry.is_sound(d.place) OR v.id IS NULL AND EXISTS (
        SELECT FROM registry.division h
        WHERE h.id = :district AND NOT ST_DWithin(h.boundary, d.place, :reach)) AS is_outside,
      coalesce(b.district_id, v.district_id) AS district_id,
      coalesce(b.township_id, v.township_id) AS township_id,
      coalesce(b.community_id, CASE v.level WHEN 'community' THEN v.id END) AS community_id
    FROM (
      SELECT d.*, ST_SetSRID(ST_MakePoint(d.lon, d.lat), 4490) AS place
      FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[]), CAST(:buildings AS uuid[]))
        WITH ORDINALITY d (lon, lat, building, turn)) d
    LEFT JOIN LATERAL (
      SELECT b.*, coalesce(b.position, ST_PointOnSurface(b.outline)) AS place
      FROM registry.building b WHERE b.id = d.building FOR NO KEY UPDATE) b ON true
    LEFT JOIN LATERAL (
      SELECT v.id, v.level, v.district_id, v.township_id FROM registry.division v
      WHERE b.id IS NULL AND ST_Covers(v.boundary, d.place)
        AND v.valid @> CURRENT_DATE AND v.level IN ('community', 'township', 'district')
      ORDER BY array_position(ARRAY['community', 'township', 'district'], v.level) LIMIT 1) v ON true
    ORDER BY d.turn
""")
_INSERT = text("""
    INSERT INTO registry.address (id, code, place_name_id, scope_id, number, number_key, number_text,
      standard_text, state, valid, accuracy, position_source, position, act_id,
      district_id, township_id, community_id)
    SELECT d.id, d.code, :street, :street, d.number, d.number_key, d.number_text, d.standard_text, :state,
      daterange(CURRENT_DATE, CAST(:until AS date)), CASE WHEN d.lon IS NULL THEN 'U' ELSE 'B' END,
      CASE WHEN d.lon IS NOT NULL THEN CAST(:source AS text) END,
      ST_SetSRID(ST_MakePoint(d.lon, d.lat), 4490), :act, d.district_id, d.township_id, d.community_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:numbers AS int[]), CAST(:keys AS text[]),
      CAST(:number_texts AS text[]), CAST(:texts AS text[]), CAST(:lons AS float8[]), CAST(:lats AS float8[]),
      CAST(:districts AS uuid[]), CAST(:townships AS uuid[]), CAST(:communities AS uuid[]))
      d (id, code, number, number_key, number_text, standard_text, lon, lat,
         district_id, township_id, community_id)
""")
_LINK = text("""
    INSERT INTO registry.building_address (building_id, address_id, act_id)
    SELECT d.building, d.address, :act
    FROM unnest(CAST(:buildings AS uuid[]), CAST(:addresses AS uuid[])) d (building, address)
""")
# The one way to a new number, for one door as for a whole street.
_FOLLOW = text("""
    SELECT registry.renumber_addresses(:act, CAST(:olds AS uuid[]), CAST(:news AS uuid[]),
      CAST(:codes AS text[]), CAST(:numbers AS int[]), CAST(:keys AS text[]), CAST(:number_texts AS text[]),
      CAST(:texts AS text[]), CAST(:names AS text[]))
""")


@dataclass(frozen=True, slots=True)
class DoorWish:
    """A number to be given out as it is written, the place of the door and the building behind it."""

    number: str
    lon: float | None = None
    lat: float | None = None
    building_id: UUID | None = None


class Flaw(NamedTuple):
    """What bars one row of a list: where it stands, and whether the register or a rule is against it."""

    pointer: str
    code: str
    detail: str
    is_conflict: bool = False


@dataclass(frozen=True, slots=True)
class Numbering:
    """One door of a plan that can be stored."""

    id: UUID
    code: str
    pointer: str
    door: Door
    standard_text: str
    areas: Areas
    lon: float | None = None
    lat: float | None = None
    building_id: UUID | None = None


def refuse_flaws(flaws: Sequence[Flaw]) -> None:
    """Refuse a list for its first flaw; the others are told with it, each by its place.

    Raises:
        Conflict, RuleBroken: with the code of the first flaw.

    """
    if not flaws:
        return
    first = flaws[0]
    more = f"（另有 {len(flaws) - 1} 处）" if len(flaws) > 1 else ""
    shown = [{"pointer": f"#/{one.pointer}", "detail": one.detail} for one in flaws[:_MOST_SHOWN]]
    kind = Conflict if first.is_conflict else RuleBroken
    raise kind(first.code, first.detail + more, field=first.pointer, errors=shown)


def read_doors(profile: Profile, written: Sequence[str], name: str) -> tuple[list[Door | None], list[Flaw]]:
    """Return the doors that texts name, None for one that cannot be read, and what is wrong with the list."""
    doors: list[Door | None] = []
    flaws: list[Flaw] = []
    for place, number in enumerate(written):
        pointer, door = f"{name}/{place}/number", parse_door(profile, number)
        if isinstance(door, Fault):
            flaws.append(Flaw(pointer, door.code, door.detail))
        elif door.unit_text or door.building_text or door.names:
            flaws.append(Flaw(pointer, "number-has-unit", "这里只填门牌号，楼栋与户室另行登记"))
        doors.append(None if flaws and flaws[-1].pointer == pointer else door)  # type: ignore[arg-type]
    return doors, flaws


def repeated(doors: Iterable[tuple[str, Door]]) -> list[Flaw]:
    """Return a flaw for every door (with its place) whose number stands in the lists before."""
    seen = Counter[str]()
    flaws = []
    for pointer, door in doors:
        if seen[door.number_key]:
            flaws.append(Flaw(pointer, "number-twice", f"{door.number_text} 在清单中出现两次"))
        seen[door.number_key] += 1
    return flaws


def taken(
    session: Session, scope_id: UUID, doors: Sequence[tuple[str, Door]], freed: frozenset[UUID]
) -> tuple[list[Flaw], tuple[UUID, ...]]:
    """Return a flaw for every number that somebody has or had, and the reservations that have run out.

    `freed` are addresses that give their number up in the same act.
    """
    asked = {door.number_key: pointer for pointer, door in doors}
    flaws, over = [], []
    for row in holders(session, scope_id, [door for _, door in doors]):
        if row.id in freed:
            continue
        if row.state == "reserved" and row.until is not None and row.until <= today():
            over.append(row.id)
            continue
        code = "number-reserved" if row.state == "reserved" else "number-taken"
        was = {"reserved": "已预留", "retired": "曾经使用、已注销，不再编给他处"}.get(row.state, "已被使用")
        flaws.append(Flaw(asked[row.asked], code, f"{row.standard_text} {was}", is_conflict=True))
    return flaws, tuple(over)


def plan_doors(
    session: Session, profile: Profile, street: PlaceName, wishes: Sequence[DoorWish], name: str
) -> tuple[list[Numbering], list[Flaw]]:
    """Return the doors that a list of wishes makes, in its order, and what bars them row by row."""
    doors, flaws = read_doors(profile, [one.number for one in wishes], name)
    spots = [(one.lon, one.lat) if is_position(one.lon, one.lat) else (None, None) for one in wishes]
    asked = {
        "lons": [lon for lon, _ in spots], "lats": [lat for _, lat in spots],
        "buildings": [one.building_id for one in wishes],
        "district": street.district_id, "reach": _BEYOND_BOUNDARY,
    }  # fmt: skip
    with translated():
        grounds = session.execute(_GROUND, asked).all()
    flaws += _grounded(street, wishes, grounds, name)
    texts = texts_before(session, profile, street)
    own = Areas(street.district_id, street.township_id, street.community_id)
    ids, codes = new_ids(len(wishes)), new_codes(len(wishes))
    found = []
    for place, (door, ground) in enumerate(zip(doors, grounds, strict=True)):
        if door is None:
            continue
        known = ground.community_id is not None or ground.building_id is not None
        areas = Areas(ground.district_id, ground.township_id, ground.community_id) if known else own
        lon, lat = ground.lon, ground.lat
        if lon is None or lat is None:
            lon, lat = ground.building_lon, ground.building_lat
        found.append(
            Numbering(
                ids[place], codes[place], f"{name}/{place}/number", door, texts(areas) + door.number_text,
                areas, lon, lat, ground.building_id,
            )
        )  # fmt: skip
    return found, flaws


def _grounded(
    street: PlaceName, wishes: Sequence[DoorWish], grounds: Sequence[Any], name: str
) -> Iterable[Flaw]:
    seen = set[UUID]()
    for place, (wish, ground) in enumerate(zip(wishes, grounds, strict=True)):
        pointer = f"{name}/{place}"
        if not (wish.lon is None and wish.lat is None) and ground.lon is None:
            yield Flaw(f"{pointer}/lon", "position-invalid", "位置应为经度、纬度（度），须同时填写")
        if ground.is_outside or ground.district_id not in {None, street.district_id}:
            yield Flaw(f"{pointer}/lon", "other-district", "位置不在地名所在的区")
        if wish.building_id is None:
            continue
        if ground.building_id is None or ground.is_ended:
            yield Flaw(f"{pointer}/building_id", "building-not-current", "没有这幢现行楼栋")
        elif ground.is_numbered:
            detail = "这幢楼栋已有门牌号，请重新读取编号预览"
            yield Flaw(f"{pointer}/building_id", "building-numbered", detail, is_conflict=True)
        elif wish.building_id in seen:
            yield Flaw(f"{pointer}/building_id", "building-twice", "同一楼栋在清单中出现两次")
        seen.add(wish.building_id)


def texts_before(session: Session, profile: Profile, street: PlaceName) -> Callable[[Areas], str]:
    """Return what gives the text before a number in some areas; each is asked for once."""
    known = dict[UUID, str]()

    def text_in(areas: Areas) -> str:
        area = areas.community_id or areas.township_id or areas.district_id
        if area not in known:
            known[area] = written_before(session, profile, area, street.id) + street.full_name
        return known[area]

    return text_in


def store_doors(
    session: Session, street: PlaceName, doors: Sequence[Numbering], act_id: UUID, *,
    state: str, until: dt.date | None = None, source: str = PLANNED,
) -> None:  # fmt: skip
    """Store doors of a street in one statement; their buildings carry the numbers from today on."""
    if not doors:
        return
    values = {
        "street": street.id, "state": state, "until": until, "source": source, "act": act_id,
        "ids": [one.id for one in doors], "codes": [one.code for one in doors],
        "numbers": [one.door.number for one in doors], "keys": [one.door.number_key for one in doors],
        "number_texts": [one.door.number_text for one in doors],
        "texts": [one.standard_text for one in doors],
        "lons": [_rounded(one.lon) for one in doors], "lats": [_rounded(one.lat) for one in doors],
        "districts": [one.areas.district_id for one in doors],
        "townships": [one.areas.township_id for one in doors],
        "communities": [one.areas.community_id for one in doors],
    }  # fmt: skip
    linked = [one for one in doors if one.building_id is not None]
    with translated():
        session.execute(_INSERT, values)
        if linked:
            pairs = {
                "buildings": [one.building_id for one in linked],
                "addresses": [one.id for one in linked],
            }
            session.execute(_LINK, {**pairs, "act": act_id})


def store_followers(session: Session, pairs: Sequence[tuple[UUID, str, Numbering]], act_id: UUID) -> None:
    """Let new numbers follow old addresses (id and text), with all that passes on or ends with those."""
    doors = [door for _, _, door in pairs]
    values: dict[str, Any] = {
        "act": act_id, "olds": [old_id for old_id, _, _ in pairs], "news": [one.id for one in doors],
        "codes": [one.code for one in doors], "numbers": [one.door.number for one in doors],
        "keys": [one.door.number_key for one in doors],
        "number_texts": [one.door.number_text for one in doors],
        "texts": [one.standard_text for one in doors],
        "names": [normal_key(old_text) for _, old_text, _ in pairs],
    }  # fmt: skip
    with translated():
        session.execute(_FOLLOW, values)
    note_renumber(session, [(old_id, door.id) for old_id, _, door in pairs], act_id)
    session.expire_all()


def _rounded(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, 9)
