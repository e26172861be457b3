"""Plates chosen on the map: what a drawn line encloses, where a point snaps to, acts on many with a trial."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from geo_registry.access import acts
from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.bulk import (
    Many,
    Refusal,
    Trial,
    check_count,
    check_reason,
    check_versions,
    judged,
    refuse_any,
)
from geo_registry.address.certifying import certified_today
from geo_registry.address.tables import Address
from geo_registry.address.warnings import check_scopes
from geo_registry.area.reads import outside
from geo_registry.area.rules import check_position
from geo_registry.area.writes import shape_text
from geo_registry.base import SRID
from geo_registry.db import Session, translated
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate.door import NEAR_M
from geo_registry.plate.reads import PlateRow
from geo_registry.plate.rules import ENDED, MOST_AT_ONCE, PHASES, STEPS, phase_of, refusal
from geo_registry.plate.tables import Plate

MOST_REACH_M = 100.0
_SNAPS = text("SELECT * FROM registry.snaps_at(:lon, :lat, :reach, CAST(:street AS uuid), :areas)")
_HELD = text("""
    SELECT p.id, p.version, p.state, p.district_id, p.township_id, p.community_id, a.id AS address_id,
      a.standard_text AS address, a.state AS address_state, a.scope_id,
      a.certified_at IS NOT NULL AND (a.certified_until IS NULL OR a.certified_until >= CURRENT_DATE)
        AS is_certified, ST_X(p.position) AS lon, ST_Y(p.position) AS lat
    FROM registry.plate p JOIN registry.address a ON a.id = p.address_id
    WHERE p.id = ANY (:ids) ORDER BY p.id FOR NO KEY UPDATE OF p
""")
_TO_BUILDING = text("""
    SELECT p.id, s.kind, s.lon, s.lat, s.metres
    FROM registry.plate p CROSS JOIN LATERAL (
      SELECT f.* FROM registry.snaps_at(ST_X(p.position), ST_Y(p.position), :reach, NULL, :areas) f
      WHERE f.kind IN ('entrance', 'outline') ORDER BY f.kind, f.metres LIMIT 1) s
    WHERE p.id = ANY (:ids) AND p.position IS NOT NULL
""")
_STEP = text("""
    UPDATE registry.plate p SET state = :state, act_id = s.act_id,
      valid = CASE WHEN :ends THEN daterange(lower(p.valid), greatest(CURRENT_DATE, lower(p.valid) + 1))
                   ELSE p.valid END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:acts AS uuid[])) s (id, act_id) WHERE p.id = s.id
""")
_FOLLOWERS = text("""
    SELECT a.id, coalesce(a.community_id, a.township_id, a.district_id) AS division_id, p.id AS plate_id
    FROM registry.plate p JOIN registry.address a ON a.id = p.address_id
    WHERE p.id = ANY (:ids) AND a.state IN ('proposed', 'current', 'reserved')
      AND (a.position IS NULL OR ST_DistanceSphere(a.position, p.position) <= :near)
    ORDER BY a.id FOR NO KEY UPDATE OF a
""")
_MOVE_PLATES = text("""
    UPDATE registry.plate p SET position = ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4490), act_id = s.act_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:lons AS float8[]), CAST(:lats AS float8[]), CAST(:acts AS uuid[]))
      s (id, lon, lat, act_id)
    WHERE p.id = s.id
""")
# A place moved by hand is derived, whatever it was before.
_MOVE_ADDRESSES = text("""
    UPDATE registry.address a SET position = ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4490), act_id = s.act_id,
      accuracy = 'B', certified_at = NULL, certified_by = NULL, certified_basis = NULL, certified_until = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:lons AS float8[]), CAST(:lats AS float8[]), CAST(:acts AS uuid[]))
      s (id, lon, lat, act_id)
    WHERE a.id = s.id
""")


@dataclass(frozen=True, slots=True)
class Chosen(PlateRow):
    """A plate that was chosen, with what acts on its address need."""

    address_version: int
    address_state: str
    is_certified: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """What a drawn line encloses: counts of all, and the first plates."""

    total: int
    is_cut: bool
    by_phase: dict[str, int]
    by_state: dict[str, int]
    certified: int
    plates: tuple[Chosen, ...]


@dataclass(frozen=True, slots=True)
class Snap:
    """A spot that a point may be drawn to, and how far off it is."""

    kind: str
    lon: float
    lat: float
    distance_m: float
    building_id: UUID | None
    place_name_id: UUID | None
    name: str | None


@dataclass(frozen=True, slots=True)
class PlateMove:
    """Where a plate would go, how far, and what stands there."""

    id: UUID
    lon: float
    lat: float
    distance_m: float
    kind: str


@dataclass(frozen=True, slots=True)
class MoveTrial(Trial):
    """What a move of many would do, with the way of each plate that is ready."""

    moves: tuple[PlateMove, ...]


def plates_within(
    session: Session, viewer: Viewer, *, polygon: dict[str, Any], limit: int = MOST_AT_ONCE
) -> Selection:
    """Return the plates in use whose planned place lies within a GeoJSON polygon, at most 1000 of them.

    Raises:
        RuleBroken: `geometry-unsound`, `limit-invalid`.

    """
    if not 1 <= limit <= MOST_AT_ONCE:
        raise RuleBroken("limit-invalid", f"一次最多选 {MOST_AT_ONCE} 块门牌", field="limit")
    shape = func.ST_SetSRID(func.ST_GeomFromGeoJSON(shape_text(polygon, "Polygon", "polygon")), SRID)
    with translated():
        if not session.execute(select(func.ST_IsValid(shape))).scalar_one():
            raise RuleBroken("geometry-unsound", "圈选范围自相交，请重画", field="polygon")
    certified = certified_today()
    inside = (
        Plate.position.op("&&")(shape), func.ST_Covers(shape, Plate.position), in_scope(viewer, Plate),
        outside(Plate.state, ENDED),
    )  # fmt: skip
    counted = (
        select(Plate.state, func.count(), func.count().filter(certified))
        .join(Address, Address.id == Plate.address_id)
        .where(*inside)
        .group_by(Plate.state)
    )
    counts = session.execute(counted.order_by(Plate.state)).all()
    listed = (
        select(
            Plate.id, Plate.code, Plate.kind, Plate.text, Plate.state, Plate.address_id,
            Address.standard_text, Plate.version, func.ST_X(Plate.position), func.ST_Y(Plate.position),
            Address.version, Address.state, certified,
        )
        .join(Address, Address.id == Plate.address_id)
        .where(*inside)
        .order_by(Plate.id)
        .limit(limit)
    )  # fmt: skip
    rows = session.execute(listed).all()
    by_state = {row[0]: int(row[1]) for row in counts}
    phases = Counter[str]()
    for state, count in by_state.items():
        phases[phase_of(state)] += count
    total = sum(by_state.values())
    return Selection(
        total, total > len(rows), {phase: phases[phase] for phase in PHASES if phase != "ended"}, by_state,
        sum(int(row[2]) for row in counts),
        tuple(Chosen(*[*row[:5], phase_of(row.state), *row[5:]]) for row in rows),
    )  # fmt: skip


def snap(
    session: Session,
    viewer: Viewer,
    *,
    lon: float,
    lat: float,
    reach_m: float = 15.0,
    place_name_id: UUID | None = None,
) -> tuple[Snap, ...]:
    """Return the nearest entrance, wall of a building and axis of a street within some metres of a point.

    Raises:
        RuleBroken: `position-invalid`.

    """
    check_position(lon, lat)
    asked = {
        "lon": lon, "lat": lat, "reach": min(reach_m, MOST_REACH_M), "street": place_name_id,
        "areas": None if viewer.areas is None else list(viewer.areas),
    }  # fmt: skip
    return tuple(Snap(*row) for row in session.execute(_SNAPS, asked))


def try_step(
    session: Session,
    viewer: Viewer,
    act: str,
    *,
    plate_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
) -> Trial:
    """Return which plates an act (`approve`, `cancel`) may change, and why not the others; nothing is stored.

    Raises:
        NotFound, Refused, Stale: as for the act.

    """
    rows = _held(session, viewer, act, plate_ids, versions)
    return judged([row.id for row in rows], list(_against(act, rows)))


def take_step_many(
    session: Session,
    viewer: Viewer,
    act: str,
    *,
    plate_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Many:
    """Approve or cancel up to 1000 plates, all or none.

    Raises:
        NotFound: one of them does not exist.
        Stale: one of them has changed.
        RuleBroken: `reason-required`; `plate-state` or `not-in-force` of the first that cannot take part.

    """
    if "reason" in STEPS[act].needs:
        check_reason(reason, STEPS[act].title)
    rows = _held(session, viewer, act, plate_ids, versions)
    refuse_any(judged([row.id for row in rows], list(_against(act, rows))))
    logged = _log(session, viewer, act, rows, document_number, reason)
    target = STEPS[act].target
    asked = {"ids": [row.id for row in rows], "acts": logged, "state": target, "ends": target in ENDED}
    with translated():
        session.execute(_STEP, asked)
    session.expire_all()
    return Many(logged[0], 1, len(rows))


def try_move_to_building(
    session: Session,
    viewer: Viewer,
    *,
    plate_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    reach_m: float = 15.0,
) -> MoveTrial:
    """Return where plates would go if each were drawn to the entrance or wall nearest to it.

    Raises:
        NotFound, Refused, Stale: as for the act.

    """
    rows = _held(session, viewer, "move", plate_ids, versions)
    moves = _ways(session, viewer, [row.id for row in rows], reach_m)
    trial = judged([row.id for row in rows], list(_against_move(rows, moves)))
    return MoveTrial(trial.ready, trial.refused, tuple(moves[one] for one in trial.ready))


def move_to_building(
    session: Session,
    viewer: Viewer,
    *,
    plate_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    reach_m: float = 15.0,
    document_number: str | None = None,
    reason: str | None = None,
) -> Many:
    """Draw up to 1000 plates to the entrance nearest to each, else to the nearest wall; all or none.

    Addresses that stand where their plate stood go with it; certified ones need a reason.

    Raises:
        NotFound, Refused, Stale: as for other acts on many.
        RuleBroken: `plate-state`, `position-missing`, `no-building-near`, `reason-required`.

    """
    rows = _held(session, viewer, "move", plate_ids, versions)
    moves = _ways(session, viewer, [row.id for row in rows], reach_m)
    refuse_any(judged([row.id for row in rows], list(_against_move(rows, moves))))
    if any(row.is_certified for row in rows):
        check_reason(reason, "所选中有已认证的门址，移动会取消认证，")
    logged = _log(session, viewer, "move", rows, document_number, reason)
    found = session.execute(_FOLLOWERS, {"ids": [row.id for row in rows], "near": NEAR_M})
    # Of several plates at one door the door follows one.
    followers = list({one.id: one for one in found}.values())
    told = acts.record_many(
        session, viewer, "correct", "address", [(one.id, one.division_id) for one in followers],
        document_number=document_number, reason=reason, cause=logged[0],
    )  # fmt: skip
    plates = [row.id for row in rows]
    beside = [one.plate_id for one in followers]
    with translated():
        session.execute(_MOVE_PLATES, _told(plates, plates, moves, logged))
        session.execute(_MOVE_ADDRESSES, _told([one.id for one in followers], beside, moves, told))
    session.expire_all()
    check_scopes(session, (row.scope_id for row in rows))
    return Many(logged[0], 1, len(rows))


def _told(
    ids: Sequence[UUID], plates: Sequence[UUID], moves: dict[UUID, PlateMove], logged: Sequence[UUID]
) -> dict[str, Any]:
    lons, lats = [moves[one].lon for one in plates], [moves[one].lat for one in plates]
    return {"ids": list(ids), "lons": lons, "lats": lats, "acts": list(logged)}


def _held(
    session: Session, viewer: Viewer, act: str, plate_ids: Sequence[UUID], versions: Sequence[int] | None
) -> Sequence[Any]:
    check_count(plate_ids, versions, "plate_ids")
    with translated():
        rows = session.execute(_HELD, {"ids": list(plate_ids)}).all()
    if len(rows) < len(plate_ids):
        raise NotFound("plate-not-found", f"{len(plate_ids) - len(rows)} 块门牌不存在")
    for row in rows:
        authorize(viewer, STEPS[act].permission, row.district_id, row.township_id, row.community_id)
    check_versions({row.id: row.version for row in rows}, plate_ids, versions)
    return rows


def _against(act: str, rows: Sequence[Any]) -> Iterable[Refusal]:
    for row in rows:
        if row.state not in STEPS[act].sources:
            yield Refusal(row.id, row.address, "plate-state", refusal(act, row.state))
        elif act == "approve" and row.address_state != "current":
            yield Refusal(row.id, row.address, "not-in-force", "不是现行地址，门牌不能批准；请先批准地址")


def _against_move(rows: Sequence[Any], moves: dict[UUID, PlateMove]) -> Iterable[Refusal]:
    yield from _against("move", rows)
    for row in rows:
        if row.lon is None:
            yield Refusal(row.id, row.address, "position-missing", "的门牌还没有位置，请先在地图上定位")
        elif row.id not in moves:
            yield Refusal(row.id, row.address, "no-building-near", "的门牌附近没有楼栋，请放宽距离或手工移动")


def _ways(
    session: Session, viewer: Viewer, plate_ids: Sequence[UUID], reach_m: float
) -> dict[UUID, PlateMove]:
    areas = None if viewer.areas is None else list(viewer.areas)
    asked = {"ids": list(plate_ids), "reach": min(reach_m, MOST_REACH_M), "areas": areas}
    found = session.execute(_TO_BUILDING, asked)
    return {row.id: PlateMove(row.id, row.lon, row.lat, row.metres, row.kind) for row in found}


def _log(
    session: Session, viewer: Viewer, act: str, rows: Sequence[Any], document_number: str | None,
    reason: str | None,
) -> list[UUID]:  # fmt: skip
    objects = [(row.id, row.community_id or row.township_id or row.district_id) for row in rows]
    return acts.record_many(
        session, viewer, act, "plate", objects, document_number=document_number, reason=reason
    )
