"""线索: that somebody came to a dwelling, left it or changed; one account looks into each (R46, R84, R97)."""

import datetime as dt
import logging
import threading
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Select, func, insert, null, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from geo_registry.access.rules import Permission, Role
from geo_registry.access.tables import Act
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.tables import Division
from geo_registry.area.writes import Paper, Written, begin_act, finish, load_for_change
from geo_registry.codes import new_id
from geo_registry.db import Session, today, transaction
from geo_registry.errors import Conflict, NotFound, Refused, RegistryError, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.verification import rules
from geo_registry.verification.dwelling import (
    authorize_at,
    dwelling_of,
    name_of,
    placed,
    reachable,
    responsible_for,
)
from geo_registry.verification.tables import Tip

LOG = logging.getLogger(__name__)
KIND = "tip"
MOST_A_DAY = 50
"""Tips that one account may give in 24 hours."""
SECONDS_BETWEEN_LOOKS = 600


@dataclass(frozen=True, slots=True)
class TipRow:
    """One tip: where, of which kind, who looks into it, and what came of it; not who gave it."""

    id: UUID
    unit_id: UUID
    building_id: UUID
    kind: str
    state: str
    note: str | None
    given_at: dt.datetime
    is_mine: bool
    assigned_to: str | None
    is_assigned_to_me: bool
    outcome: str | None
    closed_at: dt.datetime | None
    reason: str | None
    version: int
    address: str
    unit_text: str
    community: str | None

    @property
    def kind_title(self) -> str:
        """The kind in words."""
        return rules.TIPS[self.kind]

    @property
    def state_title(self) -> str:
        """The state in words."""
        return rules.TIP.states[self.state]

    @property
    def expires_on(self) -> dt.date:
        """The last day on which it can be processed."""
        return self.given_at.date() + dt.timedelta(days=rules.TIP_DAYS)


@dataclass(frozen=True, slots=True)
class AreaThanks:
    """How many tips an area gave and how many of them led to something; nobody is named."""

    area_id: UUID
    area: str
    given: int
    processed: int


@dataclass(frozen=True, slots=True)
class Thanks:
    """感谢: the viewer's own tips, and those of each community in order of its code."""

    own_given: int
    own_processed: int
    areas: tuple[AreaThanks, ...]


def give_tip(
    session: Session,
    viewer: Viewer,
    *,
    unit_id: UUID,
    kind: str,
    note: str | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Tell of a dwelling; the coordinator who answers for its block today is to look into it.

    Raises:
        RuleBroken: `unit-unknown`, `tip-kind`, `text-illegible`.
        Conflict: `tip-pending`, the same is under way already; `tips-many` today.
        Refused: the role or the area does not allow it.

    """
    unit = dwelling_of(session, unit_id)
    authorize(viewer, Permission.TIP_GIVE, unit.district_id, unit.township_id, unit.community_id)
    rules.choose(kind, rules.TIPS, "kind", "tip-kind")
    told = rules.written(note, "note", 200)
    _check_room(session, viewer, unit_id, kind)
    row = Tip(
        id=new_id(), unit_id=unit_id, building_id=unit.building_id, kind=kind, state="pending", note=told,
        given_by=viewer.account_id, assigned_to=responsible_for(session, unit.building_id),
        district_id=unit.district_id, township_id=unit.township_id, community_id=unit.community_id,
    )  # fmt: skip
    begin_act(session, viewer, "tell", KIND, row, Paper(document_number, reason))
    session.add(row)
    return finish(session, row)


def _check_room(session: Session, viewer: Viewer, unit_id: UUID, kind: str) -> None:
    same = select(Tip.id).where(Tip.unit_id == unit_id, Tip.kind == kind, Tip.state == "pending")
    if session.execute(same).first() is not None:
        raise Conflict("tip-pending", "这户的同类线索已有人报过，正在处理，谢谢", field="unit_id")
    since = func.now() - dt.timedelta(days=1)
    given = select(func.count()).where(Tip.given_by == viewer.account_id, Tip.given_at > since)
    if session.execute(given).scalar_one() >= MOST_A_DAY:
        raise Conflict("tips-many", f"一天最多报 {MOST_A_DAY} 条，请明天再报，急事请直接联系社区民警")


def process_tip(
    session: Session,
    viewer: Viewer,
    *,
    tip_id: UUID,
    version: int,
    outcome: str,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Close a tip with what came of it.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `tip-state`, `tip-expired`.
        RuleBroken: `outcome-invalid`.
        Refused: another coordinator looks into it.

    """
    row = _load(session, viewer, "process", tip_id, version)
    row.outcome = rules.choose(outcome, rules.TIP_OUTCOMES, "outcome", "outcome-invalid")
    return _close(session, viewer, row, "processed", "process", Paper(document_number, reason))


def ignore_tip(
    session: Session,
    viewer: Viewer,
    *,
    tip_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Close a tip that leads to nothing, with the reason.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `tip-state`, `tip-expired`.
        RuleBroken: `reason-required`, `text-illegible`.
        Refused: another coordinator looks into it.

    """
    row = _load(session, viewer, "ignore", tip_id, version)
    told = rules.written(reason, "reason", 200)
    if told is None:
        raise RuleBroken("reason-required", "不予处理须写明理由", field="reason")
    return _close(session, viewer, row, "ignored", "ignore", Paper(document_number, told))


def _close(session: Session, viewer: Viewer, row: Tip, state: str, verb: str, paper: Paper) -> Written:
    row.state, row.closed_by, row.closed_at = state, viewer.account_id, dt.datetime.now(dt.UTC)
    begin_act(session, viewer, verb, KIND, row, paper)
    return finish(session, row)


def _load(session: Session, viewer: Viewer, act: str, tip_id: UUID, version: int) -> Tip:
    permission = Permission.TIP_WORK
    row = load_for_change(session, viewer, Tip, tip_id, version=version, permission=permission)
    if row.assigned_to != viewer.account_id:
        authorize_at(session, viewer, permission, row)
    if viewer.role is Role.COORDINATOR and row.assigned_to not in {None, viewer.account_id}:
        raise Refused("not-yours", "这条线索由另一名协管员处理，请与其或社区民警联系")
    rules.TIP.step(act, row.state)
    if rules.is_too_old(row.given_at.date(), today()):
        raise Conflict("tip-expired", f"线索已超过 {rules.TIP_DAYS} 天，不再处理；如情况仍在请另报一条")
    return row


def expire_tips(session: Session) -> int:
    """Close every tip that nobody looked into in time, each by an act of its own; answer how many."""
    last = func.current_date() - rules.TIP_DAYS
    old = select(Tip.id, Tip.community_id).where(Tip.state == "pending", func.date(Tip.given_at) < last)
    found = session.execute(old.with_for_update(skip_locked=True, key_share=True).limit(1000)).all()
    for row in found:
        act_id = new_id()
        told = {"id": act_id, "verb": "expire", "object_kind": KIND, "object_id": row.id}
        session.execute(insert(Act).values(**told, division_id=row.community_id))
        closed = {"state": "expired", "closed_at": func.now(), "act_id": act_id}
        session.execute(update(Tip).where(Tip.id == row.id).values(**closed))
    return len(found)


def keep_tips(engine: Engine, stop: threading.Event) -> None:
    """Let tips expire until told to stop; a failure is noted, and the next round tries again."""
    while True:
        try:
            with transaction(engine) as session:
                expire_tips(session)
        except (RegistryError, SQLAlchemyError):
            LOG.exception("tips could not expire")
        if stop.wait(SECONDS_BETWEEN_LOOKS):
            return


def tips(
    session: Session,
    viewer: Viewer,
    *,
    state: str | None = None,
    unit_id: UUID | None = None,
    building_id: UUID | None = None,
    mine: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[TipRow]:
    """Return tips, the latest first; who does not work on them sees those given by themselves alone."""
    query = _rows(viewer).where(_seen(viewer))
    if mine:
        query = query.where(or_(Tip.given_by == viewer.account_id, Tip.assigned_to == viewer.account_id))
    for column, value in ((Tip.state, state), (Tip.unit_id, unit_id), (Tip.building_id, building_id)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(Tip.id < read_cursor(after, UUID)[0])
    query = query.order_by(Tip.id.desc()).limit(checked_limit(limit) + 1)
    return cut([TipRow(*row) for row in session.execute(query)], limit, lambda row: (row.id,))


def tip(session: Session, viewer: Viewer, tip_id: UUID) -> TipRow:
    """Return one tip.

    Raises:
        NotFound: there is none, or not one of the viewer's.

    """
    row = session.execute(_rows(viewer).where(Tip.id == tip_id, _seen(viewer))).one_or_none()
    if row is None:
        raise NotFound("tip-not-found", "没有这条线索，或不在您负责的范围内")
    return TipRow(*row)


def thanks(session: Session, viewer: Viewer) -> Thanks:
    """Return how many of the viewer's own tips led to something, and how many of each community (R97)."""
    processed = func.count().filter(Tip.state == "processed")
    own = session.execute(select(func.count(), processed).where(Tip.given_by == viewer.account_id)).one()
    if not viewer.may(Permission.TIP_WORK):
        return Thanks(*own, ())
    query = (
        select(Division.id, Division.name, func.count(), processed)
        .join(Tip, Tip.community_id == Division.id)
        .where(reachable(viewer, Tip))
        .group_by(Division.id, Division.name, Division.code)
        .order_by(Division.code)
        .limit(500)
    )
    return Thanks(*own, tuple(AreaThanks(*row) for row in session.execute(query)))


def _seen(viewer: Viewer) -> ColumnElement[bool]:
    own = Tip.given_by == viewer.account_id
    if not viewer.may(Permission.TIP_WORK):
        return own
    return or_(own, Tip.assigned_to == viewer.account_id, reachable(viewer, Tip))


def _rows(viewer: Viewer) -> Select[Any]:
    works = viewer.may(Permission.TIP_WORK)
    reason = (
        select(Act.reason)
        .where(Act.id == Tip.act_id, Act.at >= Tip.given_at, Act.verb == "ignore")
        .limit(1)
        .scalar_subquery()
    )
    return placed(
        Tip, Tip.id, Tip.unit_id, Tip.building_id, Tip.kind, Tip.state, Tip.note, Tip.given_at,
        Tip.given_by == viewer.account_id, name_of(Tip.assigned_to),
        # What came of it tells of persons: a giver who looks into none hears only that it was looked into.
        func.coalesce(Tip.assigned_to == viewer.account_id, False), Tip.outcome if works else null(),
        Tip.closed_at, reason if works else null(),
        Tip.version,
    )  # fmt: skip
