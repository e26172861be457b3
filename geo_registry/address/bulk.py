"""One act on many addresses: all of them locked, each judged, and either all changed or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from geo_registry.access import acts
from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.tables import Address
from geo_registry.area.writes import Paper
from geo_registry.db import Session, translated
from geo_registry.errors import Conflict, NotFound, RuleBroken, Stale

MOST_AT_ONCE = 1000
# What the register holds excludes the act; every other refusal is a rule that is broken.
_CONFLICTS = frozenset({"address-in-use", "number-taken", "plate-exists", "plate-made"})


@dataclass(frozen=True, slots=True)
class Many:
    """What an act on many answers: the first act, the cause of the others, and how many it changed."""

    id: UUID
    version: int
    count: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one object cannot take part in an act: its text, a stable code and a sentence."""

    id: UUID
    text: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What an act on many would do: the objects that it may change, and why the others stay as they are."""

    ready: tuple[UUID, ...]
    refused: tuple[Refusal, ...]


def check_count(object_ids: Sequence[UUID], versions: Sequence[int] | None, field: str) -> None:
    """Refuse an empty, a doubled or an endless list, and versions that do not belong to it.

    Raises:
        RuleBroken: `count-invalid`.

    """
    if not 1 <= len(object_ids) <= MOST_AT_ONCE or len(set(object_ids)) < len(object_ids):
        raise RuleBroken("count-invalid", f"一次办理 1 至 {MOST_AT_ONCE} 个，不得重复", field=field)
    if versions is not None and len(versions) != len(object_ids):
        raise RuleBroken("count-invalid", "版本与对象须一一对应", field="versions")


def check_versions(
    now: Mapping[UUID, int], object_ids: Sequence[UUID], versions: Sequence[int] | None
) -> None:
    """Refuse an act on many that rests on an older version of one of them.

    Raises:
        Stale: the fact `object_id` names it, `current` is its version.

    """
    for object_id, version in zip(object_ids, versions or (), strict=bool(versions)):
        if now[object_id] != version:
            detail = f"数据已被更新（现为第 {now[object_id]} 版），请重新读取"
            raise Stale("stale", detail, current=now[object_id], object_id=str(object_id))


def lock_addresses(
    session: Session,
    viewer: Viewer,
    permission: Permission,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
) -> list[Address]:
    """Return addresses locked in order of id that the viewer may change and has seen in their latest version.

    Raises:
        NotFound: one of them does not exist.
        Refused: the role, or the area of one, does not allow it.
        RuleBroken: `count-invalid`.
        Stale: as `check_versions`.

    """
    check_count(address_ids, versions, "address_ids")
    query = (
        select(Address)
        .where(Address.id.in_(address_ids))
        .order_by(Address.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    with translated():
        rows = list(session.execute(query).scalars())
    if len(rows) < len(address_ids):
        raise NotFound("address-not-found", f"{len(address_ids) - len(rows)} 个地址不存在")
    for row in rows:
        authorize(viewer, permission, row.district_id, row.township_id, row.community_id)
    check_versions({row.id: row.version for row in rows}, address_ids, versions)
    return rows


def judged(ids: Iterable[UUID], refused: Sequence[Refusal]) -> Trial:
    """Return which objects are ready when some are refused; the first reason of each counts."""
    first = {one.id: one for one in reversed(refused)}
    return Trial(tuple(one for one in ids if one not in first), tuple(first.values())[::-1])


def refuse_any(trial: Trial) -> None:
    """Refuse an act of which one object may not take part, with the sentence of that one.

    Raises:
        Conflict, RuleBroken: with the code of the first refusal.

    """
    if not trial.refused:
        return
    one = trial.refused[0]
    more = f"（另有 {len(trial.refused) - 1} 个也不能办理）" if len(trial.refused) > 1 else ""
    error = Conflict if one.code in _CONFLICTS else RuleBroken
    raise error(one.code, f"{one.text}{one.detail}{more}", object_id=str(one.id))


def begin_acts(
    session: Session, viewer: Viewer, verb: str, rows: Sequence[Address], paper: Paper
) -> list[UUID]:
    """Log an act on each of some addresses and note it in the rows; answer the acts.

    The paper's cause is the cause of all; without one the first act causes the others.
    """
    with session.no_autoflush:
        logged = acts.record_many(
            session, viewer, verb, "address",
            [(row.id, row.community_id or row.township_id or row.district_id) for row in rows],
            document_number=paper.document_number, reason=paper.reason, cause=paper.cause,
        )  # fmt: skip
    for row, act_id in zip(rows, logged, strict=True):
        row.act_id = act_id
    return logged


def finish_many(session: Session, rows: Sequence[Address], logged: Sequence[UUID]) -> Many:
    """Send the changes of some addresses."""
    with translated():
        session.flush()
    session.expire_all()
    return Many(logged[0], 1, len(rows))


def check_reason(reason: str | None, doing: str) -> None:
    """Demand a reason.

    Raises:
        RuleBroken: `reason-required`.

    """
    if not (reason or "").strip():
        raise RuleBroken("reason-required", f"{doing}须说明事由", field="reason")
