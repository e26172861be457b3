"""Acts on production batches: order plates from a maker, have them made, delivered, closed or cancelled."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from geo_registry.access.rules import Permission, covers
from geo_registry.access.viewer import Viewer
from geo_registry.area.writes import Areas, Paper, Written, begin_act, finish, load_for_change
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today
from geo_registry.errors import RuleBroken
from geo_registry.plate.rules import MOST_AT_ONCE, STEPS, check_words
from geo_registry.plate.steps import Held, hold_addresses, judged, lock_many, take_many
from geo_registry.plate.tables import Plate, PlateBatch

_BATCH_STATES = {
    "ordered": "已下单",
    "produced": "已制作",
    "delivered": "已送达",
    "closed": "已结清",
    "cancelled": "已取消",
}
_OPEN = ("ordered", "produced", "delivered")


def order_batch(
    session: Session,
    viewer: Viewer,
    *,
    plate_ids: Sequence[UUID],
    number: str,
    maker: str,
    due_on: dt.date | None = None,
    ordered_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Order approved plates of one district from a maker; answers the batch.

    Raises:
        Conflict: `batch-number-taken` in the district.
        RuleBroken: `plate-state` names the first plate that cannot be ordered, `batch-areas`, `date-invalid`,
            `text-unreadable`.

    """
    ordered_on = ordered_on or today()
    _check_dates(ordered_on, due_on)
    if not number.strip() or not maker.strip():
        raise RuleBroken(
            "batch-unnamed", "请填写批次号和制作单位", field="maker" if number.strip() else "number"
        )
    check_words(number=number, maker=maker)
    # No address gets another text while its plate is ordered: what the plate says would be doubtful.
    hold_addresses(session, plate_ids)
    rows = lock_many(session, viewer, "order", plate_ids)
    areas = _common_areas(viewer, rows)
    batch = PlateBatch(
        id=new_id(), code=new_code(), number=number.strip(), maker=maker.strip(), ordered=len(rows),
        ordered_on=ordered_on, due_on=due_on, document_number=document_number, district_id=areas.district_id,
        township_id=areas.township_id, community_id=areas.community_id,
    )  # fmt: skip
    paper = Paper(document_number, reason)
    act_id = begin_act(session, viewer, "order", "plate_batch", batch, paper)
    session.add(batch)
    written = finish(session, batch)
    take_many(session, viewer, "order", rows, paper, batch_id=batch.id, cause=act_id)
    return written


def produce_batch(
    session: Session,
    viewer: Viewer,
    *,
    batch_id: UUID,
    version: int,
    plate_ids: Sequence[UUID] | None = None,
    scrapped_ids: Sequence[UUID] = (),
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record that plates of a batch were made, all that are ordered or those given.

    Those in `scrapped_ids` were made badly: they count as scrapped and wait to be ordered again.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `batch-state`, `not-in-batch`, `plate-state` names the first plate that cannot be made.

    """
    paper = Paper(document_number, reason or ("制作不合格" if scrapped_ids else None))
    chosen = None if plate_ids is None else {*plate_ids, *scrapped_ids}
    bad = set(scrapped_ids)
    rows = _plates_of(session, viewer, batch_id, "produce", chosen)
    batch = _load(session, viewer, batch_id, version, ("ordered",), "登记制作")
    _demand(batch, rows, bad, "制作")
    act_id = begin_act(session, viewer, "produce", "plate_batch", batch, paper)
    take_many(session, viewer, "produce", rows, paper, batch_id=batch_id, cause=act_id)
    if bad:
        take_many(session, viewer, "scrap", judged(session, viewer, "scrap", bad), paper, cause=act_id)
    return _settle(session, batch, act_id)


def deliver_batch(
    session: Session,
    viewer: Viewer,
    *,
    batch_id: UUID,
    version: int,
    plate_ids: Sequence[UUID] | None = None,
    delivered_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record that plates of a batch arrived, all that are made or those given; they can be mounted now.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `batch-state`, `not-in-batch`, `date-invalid`, `plate-state`.

    """
    paper = Paper(document_number, reason)
    rows = _plates_of(session, viewer, batch_id, "deliver", None if plate_ids is None else set(plate_ids))
    batch = _load(session, viewer, batch_id, version, ("ordered", "produced"), "登记送达")
    _demand(batch, rows, set(), "送达")
    day = delivered_on or today()
    if not batch.ordered_on <= day <= today():
        raise RuleBroken("date-invalid", "送达日期应在下单之后、今天之前", field="delivered_on")
    act_id = begin_act(session, viewer, "deliver", "plate_batch", batch, paper)
    take_many(session, viewer, "deliver", rows, paper, batch_id=batch_id, cause=act_id)
    batch.delivered_on = day
    return _settle(session, batch, act_id)


def close_batch(
    session: Session,
    viewer: Viewer,
    *,
    batch_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Close a batch of which every plate was mounted, scrapped or cancelled.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `batch-state`, `batch-open` while plates are on their way or in stock.

    """
    batch = _load(session, viewer, batch_id, version, _OPEN, "结清")
    left = _states_of(session, batch_id)
    if on_way := left["ordered"] + left["produced"] + left["delivered"]:
        detail = f"批次 {batch.number} 还有 {on_way} 块没有上墙，不能结清；请先登记上墙、报废或取消"
        raise RuleBroken("batch-open", detail)
    begin_act(session, viewer, "close", "plate_batch", batch, Paper(document_number, reason))
    batch.state = "closed"
    return finish(session, batch)


def cancel_batch(
    session: Session,
    viewer: Viewer,
    *,
    batch_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Cancel an order of which nothing was made yet; its plates can be ordered again.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `batch-state`, `batch-made`, `reason-required`.

    """
    if not (reason or "").strip():
        raise RuleBroken("reason-required", "取消批次须说明事由", field="reason")
    paper = Paper(document_number, reason)
    rows = _plates_of(session, viewer, batch_id, "scrap", None)
    batch = _load(session, viewer, batch_id, version, _OPEN, "取消")
    if batch.made:
        detail = f"批次 {batch.number} 已制作 {batch.made} 块，不能取消；请登记送达或报废"
        raise RuleBroken("batch-made", detail)
    act_id = begin_act(session, viewer, "cancel", "plate_batch", batch, paper)
    take_many(session, viewer, "scrap", rows, paper, cause=act_id)
    batch.state = "cancelled"
    return finish(session, batch)


def _check_dates(ordered_on: dt.date, due_on: dt.date | None) -> None:
    if ordered_on > today():
        raise RuleBroken("date-invalid", "下单日期不能晚于今天", field="ordered_on")
    if due_on is not None and due_on < ordered_on:
        raise RuleBroken("date-invalid", "交货期限不能早于下单日期", field="due_on")


def _common_areas(viewer: Viewer, rows: Sequence[Held]) -> Areas:
    """Return the smallest areas that hold all plates of an order, when they are the viewer's."""
    districts = {row.district_id for row in rows}
    townships = {row.township_id for row in rows}
    communities = {row.community_id for row in rows}
    if len(districts) > 1:
        raise RuleBroken("batch-areas", "一个批次的门牌须在同一区，请按区分批", field="plate_ids")
    areas = Areas(
        next(iter(districts)),
        next(iter(townships)) if len(townships) == 1 else None,
        next(iter(communities)) if len(communities) == 1 else None,
    )
    if not covers(viewer.areas, areas.district_id, areas.township_id, areas.community_id):
        raise RuleBroken("batch-areas", "这些门牌分属您的几个辖区，请按辖区分批", field="plate_ids")
    return areas


def _plates_of(
    session: Session, viewer: Viewer, batch_id: UUID, act: str, chosen: set[UUID] | None
) -> Sequence[Held]:
    """Return plates of a batch, all that an act may take or those chosen, locked before the batch is.

    Whoever changes a plate holds it first and its batch after: so no two acts wait for each other.
    """
    if chosen is None:
        ready = select(Plate.id).where(Plate.batch_id == batch_id, Plate.state.in_(STEPS[act].sources))
        chosen = set(session.execute(ready).scalars())
    if len(chosen) > MOST_AT_ONCE:
        raise RuleBroken("count-invalid", f"一次至多办理 {MOST_AT_ONCE} 块门牌", field="plate_ids")
    rows = judged(session, viewer, act, chosen)
    if strange := next((row for row in rows if row.batch_id != batch_id), None):
        raise RuleBroken("not-in-batch", f"{strange.address} 的门牌不在这一批次", field="plate_ids")
    return rows


def _load(
    session: Session, viewer: Viewer, batch_id: UUID, version: int, states: tuple[str, ...], what: str
) -> PlateBatch:
    batch = load_for_change(
        session, viewer, PlateBatch, batch_id, version=version, permission=Permission.PLATE_PRODUCE
    )
    if batch.state not in states:
        detail = f"批次 {batch.number} {_BATCH_STATES[batch.state]}，不能{what}"
        raise RuleBroken("batch-state", detail, field="state")
    return batch


def _demand(batch: PlateBatch, rows: Sequence[Held], bad: set[UUID], what: str) -> None:
    if not rows:
        raise RuleBroken("batch-done", f"批次 {batch.number} 没有待{what}的门牌", field="plate_ids")
    if bad - {row.id for row in rows}:
        raise RuleBroken("not-in-batch", "报废的门牌不在这一批次的待制作门牌中", field="scrapped_ids")


def _states_of(session: Session, batch_id: UUID) -> Counter[str]:
    query = select(Plate.state, func.count()).where(Plate.batch_id == batch_id).group_by(Plate.state)
    return Counter({state: int(count) for state, count in session.execute(query)})


def _settle(session: Session, batch: PlateBatch, act_id: UUID) -> Written:
    """Give a batch the state of its slowest plate."""
    left = _states_of(session, batch.id)
    batch.state = "ordered" if left["ordered"] else "produced" if left["produced"] else "delivered"
    batch.act_id = act_id
    return finish(session, batch)
