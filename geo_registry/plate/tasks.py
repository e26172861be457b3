"""Installation tasks: plates that one township puts up until a day; given out, handed on, called back.

A task is done by itself with the act after which none of its plates waits (`sql/122_plate_task.sql`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from sqlalchemy import Select, func, select, text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.tables import Division
from geo_registry.area.writes import Paper, Written, begin_act, finish, load_for_change
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today, translated
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate.field import installers
from geo_registry.plate.rules import MOST_AT_ONCE, STEPS, check_words
from geo_registry.plate.steps import Held, judged, lock_many
from geo_registry.plate.tables import Plate, PlateBatch, PlateTask

_STATES = {"open": "进行中", "done": "已完成", "cancelled": "已取消"}
_GIVE = text("""
    UPDATE registry.plate SET task_id = :task, act_id = :act WHERE id = ANY(CAST(:ids AS uuid[]))
""")
_TAKE_BACK = text("""
    UPDATE registry.plate SET task_id = NULL, act_id = :act
    WHERE task_id = :task AND registry.is_to_mount(state)
""")


@dataclass(frozen=True, slots=True)
class Opened(Written):
    """The first of the tasks that were given out, and how many there are."""

    tasks: int
    plates: int


@dataclass(frozen=True, slots=True)
class _Order:
    """What all tasks of one act have in common."""

    batch_id: UUID | None
    title: str
    due_on: dt.date | None
    installer_id: UUID | None
    paper: Paper


def make_tasks(
    session: Session,
    viewer: Viewer,
    *,
    batch_id: UUID,
    due_on: dt.date | None = None,
    installer_id: UUID | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Opened:
    """Give out the plates of a batch that have arrived and are in no open task: one task for each township.

    Raises:
        NotFound: no such batch.
        RuleBroken: `task-empty` when none is left to give out, `date-invalid`, `installer-unknown`.

    """
    batch = session.get(PlateBatch, batch_id)
    if batch is None:
        raise NotFound("batch-not-found", "没有这个批次，或不在您的辖区内")
    authorize(viewer, Permission.PLATE_PRODUCE, batch.district_id, batch.township_id, batch.community_id)
    query = select(Plate.id).where(Plate.batch_id == batch_id, Plate.state.in_(STEPS["install"].sources))
    free = query.where(Plate.task_id.is_(None) | Plate.task_id.not_in(_open_tasks()))
    wanted = set(session.execute(free.order_by(Plate.id).limit(MOST_AT_ONCE)).scalars())
    _hold(session, wanted)
    # Somebody else may have given them out, or put them up, until they were held.
    wanted &= set(session.execute(free.where(Plate.id.in_(wanted))).scalars())
    if not wanted:
        detail = f"批次 {batch.number} 没有待派的门牌；送达后、尚未上墙且不在任务中的才能派"
        raise RuleBroken("task-empty", detail, field="batch_id")
    order = _Order(batch_id, f"批次 {batch.number}", due_on, installer_id, Paper(document_number, reason))
    return _open(session, viewer, judged(session, viewer, "install", wanted), order)


def open_task(
    session: Session,
    viewer: Viewer,
    *,
    plate_ids: Sequence[UUID],
    title: str,
    due_on: dt.date | None = None,
    installer_id: UUID | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Opened:
    """Give out chosen plates that wait to be put up; those of several townships become a task each.

    Raises:
        RuleBroken: `plate-state` or `plate-in-task` names the first offender, `task-unnamed`,
            `text-unreadable`, `date-invalid`, `installer-unknown`.

    """
    if not title.strip():
        raise RuleBroken("task-unnamed", "请填写任务名称", field="title")
    check_words(title=title)
    rows = lock_many(session, viewer, "install", plate_ids)
    taken = select(Plate.id).where(Plate.id.in_(set(plate_ids)), Plate.task_id.in_(_open_tasks()))
    given = set(session.execute(taken).scalars())
    if double := next((row for row in rows if row.id in given), None):
        detail = f"{double.address} 的门牌已在另一个进行中的任务里；请先取消那个任务"
        raise RuleBroken("plate-in-task", detail, field="plate_ids")
    order = _Order(None, title.strip(), due_on, installer_id, Paper(document_number, reason))
    return _open(session, viewer, rows, order)


def assign_task(
    session: Session,
    viewer: Viewer,
    *,
    task_id: UUID,
    version: int,
    installer_id: UUID | None = None,
    due_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Give a task to one installer, or to any of its area when none is named; a new day when one is given.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `task-state`, `installer-unknown`, `date-invalid`.

    """
    task = _load(session, viewer, task_id, version, "改派")
    _check(session, viewer, task.township_id, _Order(None, task.title, due_on, installer_id, Paper()))
    begin_act(session, viewer, "assign", "plate_task", task, Paper(document_number, reason))
    task.installer_id = installer_id
    task.due_on = due_on or task.due_on
    return finish(session, task)


def cancel_task(
    session: Session,
    viewer: Viewer,
    *,
    task_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Call a task back: what still waits can be given out again, what hangs stays its own.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `task-state`, `reason-required`.

    """
    if not (reason or "").strip():
        raise RuleBroken("reason-required", "取消任务须说明事由", field="reason")
    # Plates before their task, as whoever puts one up does: so no two acts wait for each other.
    _hold(session, set(session.execute(select(Plate.id).where(Plate.task_id == task_id)).scalars()))
    task = _load(session, viewer, task_id, version, "取消")
    act_id = begin_act(session, viewer, "cancel", "plate_task", task, Paper(document_number, reason))
    task.state = "cancelled"
    session.flush()
    session.execute(_TAKE_BACK, {"task": task_id, "act": act_id})
    session.expire_all()
    return finish(session, task)


def _hold(session: Session, plate_ids: set[UUID]) -> None:
    """Lock plates in order of id, as all acts on many do."""
    held = select(Plate.id).where(Plate.id.in_(plate_ids)).order_by(Plate.id)
    with translated():
        session.execute(held.with_for_update(key_share=True)).all()


def _open_tasks() -> Select[UUID]:
    return select(PlateTask.id).where(PlateTask.state == "open")


def _open(session: Session, viewer: Viewer, rows: Sequence[Held], order: _Order) -> Opened:
    """Store one task for each township of some locked plates, and note it in them."""
    for row in rows:
        authorize(viewer, Permission.PLATE_PRODUCE, row.district_id, row.township_id, row.community_id)
    by_place = sorted(rows, key=_place)
    parts = [list(part) for _, part in groupby(by_place, _place)]
    names = _names(session, rows)
    first: Written | None = None
    for part in parts:
        _check(session, viewer, part[0].township_id, order)
        written = _store(session, viewer, part, order, names)
        first = first or written
    assert first is not None  # noqa: S101  (there is at least one plate)
    return Opened(first.id, first.version, len(parts), len(rows))


def _place(row: Held) -> tuple[str, str]:
    return str(row.district_id), str(row.township_id or "")


def _store(
    session: Session, viewer: Viewer, rows: Sequence[Held], order: _Order, names: dict[UUID, str]
) -> Written:
    township = rows[0].township_id
    place = names.get(township) if township else None
    communities = {row.community_id for row in rows}
    task = PlateTask(
        id=new_id(), code=new_code(), number=_number(session), batch_id=order.batch_id, due_on=order.due_on,
        title=f"{order.title} · {place}" if place else order.title, installer_id=order.installer_id,
        district_id=rows[0].district_id, township_id=township,
        community_id=communities.pop() if len(communities) == 1 else None,
    )  # fmt: skip
    act_id = begin_act(session, viewer, "open", "plate_task", task, order.paper)
    session.add(task)
    written = finish(session, task)
    session.execute(_GIVE, {"task": task.id, "act": act_id, "ids": [row.id for row in rows]})
    return written


def _number(session: Session) -> str:
    count = session.execute(select(func.nextval("registry.plate_task_number"))).scalar_one()
    return f"上墙-{today().year}-{count:05d}"


def _names(session: Session, rows: Sequence[Held]) -> dict[UUID, str]:
    townships = {row.township_id for row in rows if row.township_id}
    return {row.id: row.name for row in session.execute(
        select(Division.id, Division.name).where(Division.id.in_(townships))
    )}  # fmt: skip


def _check(session: Session, viewer: Viewer, township_id: UUID | None, order: _Order) -> None:
    if order.due_on is not None and order.due_on < today():
        raise RuleBroken("date-invalid", "期限不能早于今天", field="due_on")
    if order.installer_id is None:
        return
    if order.installer_id not in {one.id for one in installers(session, viewer, township_id=township_id)}:
        detail = "这个账号不能在这里上墙；请选本镇街的安装员、协管员或经办"
        raise RuleBroken("installer-unknown", detail, field="installer_id")


def _load(session: Session, viewer: Viewer, task_id: UUID, version: int, what: str) -> PlateTask:
    task = load_for_change(
        session, viewer, PlateTask, task_id, version=version, permission=Permission.PLATE_PRODUCE
    )
    if task.state != "open":
        detail = f"任务 {task.number} {_STATES[task.state]}，不能{what}"
        raise RuleBroken("task-state", detail, field="state")
    return task
