"""撤回入库: the act that reverses the latest intake of an estate, while nothing of it was used."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.warnings import check_scope
from geo_registry.area.writes import Paper, begin_act, finish
from geo_registry.db import Session, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.plate.street_numbers import street_for_numbers

_MOST_SHOWN = 200
_LATEST = text("SELECT i.id, i.at, i.document_number FROM registry.latest_intake(:estate) i")
_THINGS = text("""
    SELECT t.kind, array_agg(t.id ORDER BY t.id) AS ids
    FROM registry.intake_things(:estate, :intake) t GROUP BY t.kind
""")
_AREAS = text("""
    SELECT DISTINCT a.district_id, a.township_id, a.community_id
    FROM registry.address a WHERE a.id = ANY (:ids)
""")
# Against all that refers to them, in one order: whoever writes a certificate, a visit or a residence comes
# before or after.
_HOLDS = (
    text("SELECT FROM registry.address WHERE id = ANY (:address) ORDER BY id FOR UPDATE"),
    text("SELECT FROM registry.plate WHERE address_id = ANY (:address) ORDER BY id FOR UPDATE"),
    text("SELECT FROM registry.building WHERE id = ANY (:building) ORDER BY id FOR UPDATE"),
    text("SELECT FROM registry.entrance WHERE id = ANY (:entrance) ORDER BY id FOR UPDATE"),
    text("SELECT FROM registry.housing_unit WHERE id = ANY (:housing_unit) ORDER BY id FOR UPDATE"),
)
_ROWS = text("""
    SELECT a.standard_text,
      (SELECT count(*) FROM registry.entrance e WHERE e.building_id = m.building_id
         AND e.id = ANY (:entrance)) AS entrances,
      (SELECT count(*) FROM registry.housing_unit u WHERE u.building_id = m.building_id
         AND u.state NOT IN ('removed', 'rejected') AND u.id = ANY (:housing_unit)) AS units
    FROM registry.address a
      LEFT JOIN registry.building_address m ON m.address_id = a.id AND m.act_id = :intake
    WHERE a.id = ANY (:address) ORDER BY a.number, a.id
""")
_PLATES = text("""
    SELECT count(*) FROM registry.plate p
    WHERE p.address_id = ANY (:address) AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled')
""")
_USES = text("""
    WITH number AS MATERIALIZED (SELECT a.* FROM registry.address a WHERE a.id = ANY (:address)),
    home AS MATERIALIZED (
      SELECT b.*, coalesce((SELECT min(n.standard_text) FROM registry.building_address m
        JOIN number n ON n.id = m.address_id WHERE m.building_id = b.id), b.label, b.code) AS text
      FROM registry.building b WHERE b.id = ANY (:building)),
    unit AS MATERIALIZED (
      SELECT u.id, u.version, u.state, u.building_id, d.home, concat(d.home, u.unit_text) AS text
      FROM registry.housing_unit u LEFT JOIN LATERAL (
        SELECT min(n.standard_text) AS home
        FROM registry.building_address m JOIN number n ON n.id = m.address_id
        WHERE m.building_id = u.building_id) d ON true
      WHERE u.id = ANY (:housing_unit)),
    used (why, kind, id, text) AS (
      SELECT 'changed', 'addresses', n.id, n.standard_text FROM number n
      WHERE n.version > 1 OR n.state <> 'current'
      UNION ALL
      SELECT 'certificate', 'addresses', n.id, n.standard_text || ' ' || c.number
      FROM number n JOIN registry.address_certificate c ON c.address_id = n.id
      UNION ALL
      SELECT 'position', 'addresses', n.id, n.standard_text FROM number n
      WHERE EXISTS (SELECT FROM registry.address_position p WHERE p.address_id = n.id)
      UNION ALL
      SELECT 'plate', 'addresses', n.id, n.standard_text
      FROM number n JOIN registry.plate p ON p.address_id = n.id
      WHERE p.state NOT IN ('draft', 'numbered', 'cancelled')
      UNION ALL
      SELECT 'report', 'addresses', n.id, n.standard_text FROM number n
      WHERE EXISTS (SELECT FROM registry.plate_report r WHERE r.address_id = n.id AND r.state = 'pending')
        OR EXISTS (SELECT FROM registry.plate p JOIN registry.plate_report r ON r.plate_id = p.id
                   WHERE p.address_id = n.id AND r.state = 'pending')
      UNION ALL
      SELECT 'link', 'addresses', n.id, n.standard_text FROM number n
        JOIN registry.building_address m ON m.address_id = n.id
      WHERE m.act_id IS DISTINCT FROM :intake OR NOT upper_inf(m.valid)
      UNION ALL
      SELECT 'link', 'buildings', h.id, h.text
      FROM home h JOIN registry.building_address m ON m.building_id = h.id
      WHERE m.address_id <> ALL (:address)
      UNION ALL
      SELECT 'building', 'buildings', h.id, h.text FROM home h WHERE h.version > 1 OR h.state <> 'realized'
      UNION ALL
      SELECT 'entrance', 'buildings', e.building_id, coalesce(h.text, '') || e.label
      FROM registry.entrance e LEFT JOIN home h ON h.id = e.building_id
      WHERE e.id = ANY (:entrance) AND e.version > 1
        OR e.building_id = ANY (:building) AND e.id <> ALL (:entrance)
      UNION ALL
      SELECT 'unit', 'housing-units', u.id, u.text FROM unit u WHERE u.version > 1 OR u.state <> 'realized'
      UNION ALL
      SELECT 'more', 'housing-units', u.id, coalesce(h.text, '') || u.unit_text
      FROM registry.housing_unit u LEFT JOIN home h ON h.id = u.building_id
      WHERE u.state NOT IN ('removed', 'rejected')
        AND (u.building_id = ANY (:building) OR u.entrance_id = ANY (:entrance))
        AND NOT EXISTS (SELECT FROM unit o WHERE o.id = u.id)
      UNION ALL
      SELECT 'premises', 'buildings', p.building_id, p.name FROM registry.premises p
      WHERE p.building_id = ANY (:building) OR p.unit_id = ANY (:housing_unit)
      UNION ALL
      SELECT 'check', 'buildings', h.id, h.text FROM home h
      WHERE EXISTS (SELECT FROM registry.building_check c WHERE c.building_id = h.id)
      UNION ALL
      SELECT DISTINCT 'visit', 'buildings', u.building_id, u.home FROM unit u
      WHERE EXISTS (SELECT FROM registry.visit v WHERE v.unit_id = u.id)
      UNION ALL
      SELECT DISTINCT 'sample', 'buildings', u.building_id, u.home FROM unit u
      WHERE EXISTS (SELECT FROM registry.sample_unit s WHERE s.unit_id = u.id)
      UNION ALL
      SELECT 'name', x.kind, x.id, x.text FROM (
        SELECT 'addresses' AS kind, n.id, n.standard_text AS text FROM number n
        UNION ALL SELECT 'buildings', h.id, h.text FROM home h
        UNION ALL SELECT 'housing-units', u.id, u.text FROM unit u) x
      WHERE EXISTS (SELECT FROM registry.address_alias l WHERE l.object_id = x.id)
        OR EXISTS (SELECT FROM registry.external_code c WHERE c.object_id = x.id)),
    counted AS (
      SELECT u.*, count(*) OVER (PARTITION BY u.why) AS times,
        row_number() OVER (PARTITION BY u.why ORDER BY u.text, u.id) AS turn FROM used u)
    SELECT c.why, c.kind, c.id, c.text, c.times FROM counted c WHERE c.turn <= :most ORDER BY c.turn, c.why
""")
_PERSONS = text("SELECT registry.intake_persons(:estate, :intake)")
_WORDS: Final = {
    "changed": "号码已另行办理", "certificate": "已开具变更证明", "position": "点位已改",
    "plate": "门牌已批准或下单", "report": "有待处理的门牌线索", "link": "楼栋关联已改",
    "building": "楼栋已另行办理", "entrance": "单元已另行办理", "unit": "户室已另行办理",
    "more": "楼内已另登户室", "premises": "已登记单位", "check": "楼栋已核查", "visit": "已走访",
    "sample": "已抽为样本", "name": "已登别名或外部编码",
}  # fmt: skip
_FEW = 9
_TAKE_BACK = text("""
    SELECT registry.take_back_intake(:back, CAST(:address AS uuid[]), CAST(:building AS uuid[]),
      CAST(:entrance AS uuid[]), CAST(:housing_unit AS uuid[]))
""")


@dataclass(frozen=True, slots=True)
class NumberBack:
    """One number that is given back, with how many entrances and units behind it go with it."""

    standard_text: str
    entrances: int
    units: int


@dataclass(frozen=True, slots=True)
class IntakeTakenBack:
    """The estate with its version now, the act (None for a trial), the one it took back, and what of it went.

    `buildings` counts those that the intake made; one that was registered before stays.
    """

    id: UUID
    version: int
    act_id: UUID | None
    undone_act_id: UUID
    taken_in_at: dt.datetime
    document_number: str | None
    addresses: int
    buildings: int
    entrances: int
    units: int
    plates: int
    rows: tuple[NumberBack, ...]


def take_back_intake(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    version: int,
    dry_run: bool = False,
    document_number: str | None = None,
    reason: str | None = None,
) -> IntakeTakenBack:
    """Take back the latest intake of an estate: all that it made is removed as a mistake, by one act.

    Numbers and rooms are free again, drafted plates are cancelled; versions and both acts stay on record. The
    name of the estate stays, as do buildings that were registered before, with what they had. Whoever takes
    back may do what the intake did, and may end buildings and units. With `dry_run` nothing is stored.

    Raises:
        Stale: the estate has changed since `version` was read.
        Conflict: `intake-used`, with what was done with it since.
        RuleBroken: `nothing-to-take-back`, `reason-required`.

    """
    estate = street_for_numbers(session, viewer, place_name_id, version, is_current=True)
    intake = session.execute(_LATEST, {"estate": estate.id}).one_or_none()
    if intake is None:
        detail = f"{estate.full_name} 没有可撤回的入库：没有用房屋表入过库，或已经撤回"
        raise RuleBroken("nothing-to-take-back", detail)
    named = {"estate": estate.id, "intake": intake.id}
    things = _things(session, named)
    plates: int = session.execute(_PLATES, things).scalar_one()
    _authorize(session, viewer, things, has_plates=plates > 0)
    with translated():
        for hold in _HOLDS:
            session.execute(hold, things)
    _refuse_uses(session, {**named, **things})
    rows = tuple(NumberBack(*row) for row in session.execute(_ROWS, {**things, "intake": intake.id}))
    told = IntakeTakenBack(
        id=estate.id, version=estate.version, act_id=None, undone_act_id=intake.id, taken_in_at=intake.at,
        document_number=intake.document_number, addresses=len(things["address"]),
        buildings=len(things["building"]), entrances=len(things["entrance"]),
        units=len(things["housing_unit"]), plates=plates, rows=rows,
    )  # fmt: skip
    if dry_run:
        return told
    if not (reason or "").strip():
        raise RuleBroken("reason-required", "撤回入库须说明事由", field="reason")
    paper = Paper(document_number, reason, cause=intake.id)
    act_id = begin_act(session, viewer, "take_back", "place_name", estate, paper)
    with translated():
        session.flush()
        session.execute(_TAKE_BACK, {"back": act_id, **things})
    session.expire_all()
    done = finish(session, estate)
    check_scope(session, estate.id)
    return replace(told, version=done.version, act_id=act_id)


def _things(session: Session, named: Mapping[str, UUID]) -> dict[str, list[UUID]]:
    """Return the ids of what the intake made, by kind."""
    found = {row.kind: row.ids for row in session.execute(_THINGS, named)}
    return {kind: found.get(kind, []) for kind in ("address", "building", "entrance", "housing_unit")}


def _authorize(
    session: Session, viewer: Viewer, things: Mapping[str, Sequence[UUID]], *, has_plates: bool
) -> None:
    """Ask for what the intake asked for; who may only add to the register does not end what is in it."""
    needed = [Permission.ADDRESS_NUMBER, Permission.BUILDING_REGISTER, Permission.UNIT_REGISTER]
    if things["building"]:
        needed.append(Permission.BUILDING_RETIRE)
    if things["housing_unit"]:
        needed.append(Permission.UNIT_RETIRE)
    if has_plates:
        needed.append(Permission.PLATE_EDIT)
    for areas in session.execute(_AREAS, {"ids": things["address"]}).all():
        for permission in needed:
            authorize(viewer, permission, *areas)


def _refuse_uses(session: Session, asked: Mapping[str, Any]) -> None:
    """Refuse to take back what was used since; each kind of use is counted, each thing named.

    Of what is about persons (residence, hukou, cases, verifications, tips) no more is told than in how many
    units there is anything, and not even that under ten.
    """
    uses = session.execute(_USES, {**asked, "most": _MOST_SHOWN}).all()
    persons: int = session.execute(_PERSONS, asked).scalar_one()
    told = []
    for why, words in _WORDS.items():
        if mine := [one for one in uses if one.why == why]:
            more = f" 等 {mine[0].times} 处" if mine[0].times > 1 else ""
            told.append(f"{words}（{mine[0].text}{more}）")
    if persons:
        told.append(f"已有居住登记等人员业务（{'不足 10' if persons == _FEW else persons} 户）")
    if not told:
        return
    shown = [
        {"pointer": f"#/{one.kind}/{one.id}", "detail": f"{one.text} {_WORDS[one.why]}"}
        for one in uses[:_MOST_SHOWN]
    ]
    if persons:
        shown = [*shown[: _MOST_SHOWN - 1], {"pointer": "#/housing-units", "detail": told[-1]}]
    detail = f"不能撤回：{'；'.join(told)}。请按现状另行办理改号、注销"
    raise Conflict("intake-used", detail, errors=shown)
