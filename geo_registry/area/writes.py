"""What every act on a place object has in common: lock, permission, version, act, succession.

A write runs in the caller's transaction: load FOR UPDATE, decide by rules, change, flush, log the act.
"""

import json
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access import acts
from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.rules import check_position, check_shape
from geo_registry.area.tables import Division, Succession
from geo_registry.base import SRID
from geo_registry.db import Session, today, translated
from geo_registry.errors import NotFound, RuleBroken, Stale


@dataclass(frozen=True, slots=True)
class Written:
    """What a write answers: the object and its version now (the ETag)."""

    id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Paper:
    """What an act is founded on: the number of the document, the reason, and the act that led to it."""

    document_number: str | None = None
    reason: str | None = None
    cause: UUID | None = None


@dataclass(frozen=True, slots=True)
class Areas:
    """The areas a thing lies in."""

    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None


class Place(Protocol):
    """A row of a place register."""

    id: Any
    version: Any
    act_id: Any
    district_id: Any
    township_id: Any
    community_id: Any


Row = TypeVar("Row", bound=Place)


def load_for_change(
    session: Session,
    viewer: Viewer,
    model: type[Row],
    object_id: UUID,
    *,
    version: int,
    permission: Permission,
) -> Row:
    """Return a row locked for change, when the viewer may change it and has seen its latest version.

    Raises:
        NotFound: no such object.
        Refused: the role or the area does not allow it.
        Stale: `version` is not the current one; the fact `current` is.

    """
    row = locked(session, model, object_id)
    if row is None:
        raise NotFound("object-not-found", "没有这个对象")
    authorize(viewer, permission, row.district_id, row.township_id, row.community_id)
    if row.version != version:
        raise Stale("stale", f"数据已被更新（现为第 {row.version} 版），请重新读取", current=row.version)
    return row


def locked(session: Session, model: type[Row], object_id: UUID) -> Row | None:
    """Return a row as it is now, locked until the transaction ends; readers are not held up."""
    query = (
        select(model)
        .where(model.id == object_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    with translated():
        return session.execute(query).scalar_one_or_none()


def begin_act(session: Session, viewer: Viewer, verb: str, kind: str, row: Place, paper: Paper) -> UUID:
    """Log an act on a row and note it in the row."""
    # The row and its act are sent together: an early flush would make two versions of one act.
    with session.no_autoflush:
        row.act_id = acts.record(
            session, viewer, verb, kind, row.id,
            division_id=row.community_id or row.township_id or row.district_id,
            document_number=paper.document_number, reason=paper.reason, cause=paper.cause,
        )  # fmt: skip
    return row.act_id  # type: ignore[no-any-return]


def finish(session: Session, row: Place) -> Written:
    """Send the changes, and return the version that the register has given them.

    Raises:
        Conflict: a unique or exclusion constraint refused.
        RuleBroken: a check refused.

    """
    with translated():
        session.flush()
        session.refresh(row, ["version"])
    return Written(row.id, row.version)


def succeed(session: Session, kind: str, change: str, *, old_id: UUID, new_id: UUID, act_id: UUID) -> None:
    """Note which object follows a dead one: change is merge, split, renumber, rename or replace."""
    values = {"old_id": old_id, "new_id": new_id, "object_kind": kind, "kind": change, "act_id": act_id}
    session.execute(insert(Succession).values(**values))


def ended(valid: Range[Any]) -> Range[Any]:
    """Return a period that ends today; one that began today or later keeps its first day."""
    first, last = valid.lower, today()
    if first is not None and first >= last:
        last = first.fromordinal(first.toordinal() + 1)
    return Range(first, last)


def areas_at(session: Session, lon: float, lat: float) -> Areas | None:
    """Return the areas around a point, as deep as boundaries are drawn; None where there are none."""
    query = (
        select(Division.level, Division.id, Division.district_id, Division.township_id)
        .where(func.ST_Covers(Division.boundary, func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)))
        .where(Division.valid.contains(func.current_date()))
        .where(Division.level.in_(("district", "township", "community")))
        .order_by(func.array_position(["community", "township", "district"], Division.level))
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    if row is None or row.district_id is None:
        return None
    community = row.id if row.level == "community" else None
    return Areas(row.district_id, row.township_id, community)


def division_areas(session: Session, division_id: UUID) -> Areas:
    """Return the areas of a division in force, itself included.

    Raises:
        RuleBroken: `area-unknown` when there is none, or it lies above the districts.

    """
    query = select(Division).where(Division.id == division_id, Division.valid.contains(func.current_date()))
    row = session.execute(query).scalar_one_or_none()
    if row is None or row.level in {"province", "city"}:
        raise RuleBroken("area-unknown", "没有这个区划，或其层级不能登记地名地址", field="area_id")
    return Areas(
        row.district_id or row.id,
        row.id if row.level == "township" else row.township_id,
        row.id if row.level == "community" else None,
    )


def as_point(lon: float, lat: float) -> str:
    """Return a checked point as EWKT."""
    check_position(lon, lat)
    return f"SRID={SRID};POINT({lon:.9f} {lat:.9f})"


def shape_text(shape: dict[str, Any], kind: str, field: str) -> str:
    """Return type and coordinates of a checked GeoJSON geometry as text, without what else came with it.

    Raises:
        RuleBroken: `geometry-unsound`.

    """
    checked = check_shape(shape, (kind, f"Multi{kind}"), field)
    return json.dumps({"type": checked["type"], "coordinates": checked["coordinates"]})


def as_shape(shape: dict[str, Any], kind: str, field: str) -> Any:  # noqa: ANN401  (an SQL expression)
    """Return a GeoJSON Polygon or LineString, or its Multi form, as an SQL value in its Multi form.

    Raises:
        RuleBroken: `geometry-unsound`.

    """
    text = shape_text(shape, kind, field)
    return func.ST_Multi(func.ST_SetSRID(func.ST_Force2D(func.ST_GeomFromGeoJSON(text)), SRID))
