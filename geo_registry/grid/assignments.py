"""划块包管: who answers for a block from when to when, and who may."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, Range, insert
from sqlalchemy.types import Uuid

from geo_registry.access.rules import Permission, Role
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account, AreaGrant
from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.area.writes import Paper, Written, begin_act, ended, finish, load_for_change
from geo_registry.codes import new_id
from geo_registry.db import Session, today, translated
from geo_registry.errors import Conflict, NotFound, RuleBroken
from geo_registry.grid.rules import check_coordinator, check_document, check_near, check_start
from geo_registry.grid.tables import BlockAssignment, Coordinator, GridBlock


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """Who answers or answered for a block; `valid_to` is the first day without, None while it lasts."""

    id: UUID
    block_id: UUID
    account_id: UUID
    name: str
    role: str
    valid_from: dt.date
    valid_to: dt.date | None
    document_number: str | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class CoordinatorRow:
    """An account that may answer for blocks; `blocks` counts those it is responsible for today."""

    account_id: UUID
    name: str
    trained_on: dt.date | None
    blocks: int


def assignments(session: Session, viewer: Viewer, block_id: UUID) -> tuple[AssignmentRow, ...]:
    """Return who answers and answered for a block, the latest first.

    Raises:
        NotFound: no such block, or it lies outside the viewer's areas.

    """
    _demand_block(session, viewer, block_id)
    row = BlockAssignment
    query = (
        select(
            row.id, row.block_id, row.account_id, Account.name, row.role, func.lower(row.valid),
            func.upper(row.valid), row.document_number, row.valid.contains(func.current_date()),
        )
        .join(Account, Account.id == row.account_id)
        .where(row.block_id == block_id)
        .order_by(func.lower(row.valid).desc(), row.role.desc(), row.id)
    )  # fmt: skip
    return tuple(AssignmentRow(*found) for found in session.execute(query))


def coordinators(
    session: Session, viewer: Viewer, *, block_id: UUID | None = None
) -> tuple[CoordinatorRow, ...]:
    """Return active coordinators with a grant in the viewer's areas, by name.

    With a block only those whose areas hold it. Whoever has not been trained is shown without `trained_on`,
    and cannot be assigned yet.

    Raises:
        NotFound: no such block, or it lies outside the viewer's areas.

    """
    if block_id is not None:
        _demand_block(session, viewer, block_id)
    held = (
        select(func.count())
        .where(BlockAssignment.account_id == Account.id, BlockAssignment.role == "responsible")
        .where(BlockAssignment.valid.contains(func.current_date()))
        .correlate(Account)
        .scalar_subquery()
    )
    granted = _granted_block(block_id) if block_id is not None else _granted_in(viewer)
    query = (
        select(Account.id, Account.name, Coordinator.trained_on, held)
        .outerjoin(Coordinator, Coordinator.account_id == Account.id)
        .where(Account.role == Role.COORDINATOR, Account.is_active, granted)
        .order_by(Account.name, Account.id)
    )
    return tuple(CoordinatorRow(*row) for row in session.execute(query))


def train_coordinator(session: Session, *, login: str, trained_on: dt.date) -> UUID:
    """Note the day on which a coordinator was trained (R8), and return the account's id.

    Raises:
        NotFound: no such account.
        RuleBroken: it is no coordinator's, or the day lies ahead.

    """
    query = select(Account.id, Account.role).where(Account.login == login.strip().lower())
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("account-unknown", f"没有账号 {login}", field="login")
    if row.role != Role.COORDINATOR:
        raise RuleBroken("not-a-coordinator", f"{login} 不是协管员账号，无需登记培训", field="login")
    if trained_on > today():
        raise RuleBroken("training-in-future", "培训日期不能晚于今天", field="trained_on")
    values = {"account_id": row.id, "trained_on": trained_on}
    stored = insert(Coordinator).values(values)
    session.execute(stored.on_conflict_do_update(index_elements=["account_id"], set_=values))
    return UUID(str(row.id))


def assign_block(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    version: int,
    account_id: UUID,
    role: str = "responsible",
    starts_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Make a coordinator responsible for a block, or a deputy, from a day on (today).

    A hand-over is this one act: whoever was responsible is so until the day before.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: the block is retired; the account is no coordinator's, inactive, untrained or
            works elsewhere; `document-required`, `day-too-far`.
        Conflict: `responsible-exists`, `already-assigned`.

    """
    row = load_for_change(
        session, viewer, GridBlock, block_id, version=version, permission=Permission.BLOCK_ASSIGN
    )
    if row.state != "current":
        raise RuleBroken("block-retired", "该网格已停用，不能再派责任人；请选现行网格", field="block_id")
    first = starts_on or max(today(), row.valid.lower or today())
    check_near(first, today(), field="starts_on")
    name = _check_account(session, row, account_id, first)
    check_document(document_number)
    act_id = begin_act(session, viewer, "assign", "grid_block", row, Paper(document_number, reason))
    _make_way(session, row, account_id, role, first, name)
    session.add(
        BlockAssignment(
            id=new_id(), block_id=row.id, account_id=account_id, role=role, valid=Range(first, None),
            document_number=document_number, act_id=act_id,
        )
    )  # fmt: skip
    return finish(session, row)


def end_assignment(
    session: Session,
    viewer: Viewer,
    *,
    block_id: UUID,
    version: int,
    assignment_id: UUID,
    ends_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End an assignment; `ends_on` is the first day without it (today).

    Raises:
        Stale: `version` is not the current one.
        NotFound: the block has no such assignment.
        RuleBroken: it has ended already, or would end before it began; `day-too-far`.

    """
    row = load_for_change(
        session, viewer, GridBlock, block_id, version=version, permission=Permission.BLOCK_ASSIGN
    )
    query = select(BlockAssignment).where(
        BlockAssignment.id == assignment_id, BlockAssignment.block_id == row.id
    )
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound("assignment-not-found", "该网格没有这项责任分工", field="assignment_id")
    last = ends_on or max(today(), _first(found) + dt.timedelta(days=1))
    if ends_on is not None:
        check_near(ends_on, today(), field="ends_on")
    if found.valid.upper is not None and found.valid.upper <= max(last, today()):
        raise RuleBroken("assignment-ended", f"该分工已于 {found.valid.upper} 结束", field="assignment_id")
    if last <= _first(found):
        detail = f"该分工自 {found.valid.lower} 起，结束日期须晚于该日"
        raise RuleBroken("end-too-early", detail, field="ends_on")
    act_id = begin_act(session, viewer, "unassign", "grid_block", row, Paper(document_number, reason))
    found.valid, found.act_id = Range(found.valid.lower, last), act_id
    return finish(session, row)


def end_all(session: Session, block_id: UUID, act_id: UUID) -> None:
    """End what is still open of a block that ends; what has not begun yet keeps its first day alone."""
    for row in _open(session, block_id):
        row.valid, row.act_id = ended(row.valid), act_id


def hand_on(session: Session, block_id: UUID, new_block_id: UUID, act_id: UUID) -> None:
    """Let whoever answers for a block answer for a new block made of its ground too."""
    for row in _open(session, block_id):
        session.add(
            BlockAssignment(
                id=new_id(), block_id=new_block_id, account_id=row.account_id, role=row.role,
                valid=Range(max(_first(row), today()), row.valid.upper),
                document_number=row.document_number, act_id=act_id,
            )
        )  # fmt: skip


def _demand_block(session: Session, viewer: Viewer, block_id: UUID) -> None:
    visible = select(GridBlock.id).where(GridBlock.id == block_id, in_scope(viewer, GridBlock))
    if session.execute(visible).one_or_none() is None:
        raise NotFound("block-not-found", "没有这个网格，或不在您的辖区内")


def _first(row: BlockAssignment) -> dt.date:
    return row.valid.lower or dt.date.min


def _open(session: Session, block_id: UUID, since: dt.date | None = None) -> list[BlockAssignment]:
    """Return the assignments of a block that last beyond a day, the earliest first."""
    ahead = Range(since or today(), None)
    query = (
        select(BlockAssignment)
        .where(BlockAssignment.block_id == block_id, BlockAssignment.valid.overlaps(ahead))
        .order_by(func.lower(BlockAssignment.valid))
    )
    return list(session.execute(query).scalars())


def _make_way(
    session: Session, row: GridBlock, account_id: UUID, role: str, first: dt.date, name: str
) -> None:
    """End on the first day what the new assignment takes the place of."""
    for old in _open(session, row.id, first):
        if old.account_id == account_id and old.role in {role, "responsible"}:
            part = "责任人" if old.role == "responsible" else "协助人"
            detail = f"{name} 自 {old.valid.lower} 起已是该网格的{part}，无需重复指派"
            raise Conflict("already-assigned", detail, field="account_id")
        if role == "responsible" == old.role:
            held_by = session.execute(select(Account.name).where(Account.id == old.account_id)).scalar_one()
            check_start(first, row.valid.lower, held_by, old.valid.lower)
        elif old.account_id != account_id or _first(old) >= first:
            continue
        old.valid, old.act_id = Range(old.valid.lower, first), row.act_id
    check_start(first, row.valid.lower, None, None)
    # What ends must be gone before what begins: the exclusion is judged row by row.
    with translated():
        session.flush()


def _check_account(session: Session, row: GridBlock, account_id: UUID, first: dt.date) -> str:
    query = (
        select(Account.name, Account.role, Account.is_active, Coordinator.trained_on)
        .outerjoin(Coordinator, Coordinator.account_id == Account.id)
        .where(Account.id == account_id)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise RuleBroken("account-unknown", "没有这个账号，请从协管员名单中选择", field="account_id")
    granted = select(AreaGrant.division_id).where(
        AreaGrant.account_id == account_id, AreaGrant.valid.contains(max(first, today()))
    )
    check_coordinator(
        name=found.name, role=found.role, is_active=found.is_active, trained_on=found.trained_on,
        grants=tuple(session.execute(granted).scalars()),
        areas=(row.district_id, row.township_id, row.community_id), starts_on=first,
    )  # fmt: skip
    return str(found.name)


def _granted_block(block_id: UUID) -> Any:  # noqa: ANN401  (an SQL condition)
    return (
        select(1)
        .where(AreaGrant.account_id == Account.id, AreaGrant.valid.contains(func.current_date()))
        .where(GridBlock.id == block_id)
        .where(
            or_(
                AreaGrant.division_id.is_(None),
                AreaGrant.division_id.in_(
                    (GridBlock.district_id, GridBlock.township_id, GridBlock.community_id)
                ),
            )
        )
        .exists()
    )


def _granted_in(viewer: Viewer) -> Any:  # noqa: ANN401  (an SQL condition)
    """Return the condition that an account works in one of the viewer's areas, or everywhere."""
    query = select(AreaGrant.account_id).where(
        AreaGrant.account_id == Account.id, AreaGrant.valid.contains(func.current_date())
    )
    if viewer.areas is None:
        return query.exists()
    areas = literal(list(viewer.areas), ARRAY(Uuid))
    inside = or_(
        Division.id == any_(areas), Division.district_id == any_(areas), Division.township_id == any_(areas)
    )
    return (
        query.outerjoin(Division, Division.id == AreaGrant.division_id)
        .where(or_(AreaGrant.division_id.is_(None), inside))
        .exists()
    )
