"""Questions of those at the wall: installation tasks and their progress, and what a phone takes along."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select, true
from sqlalchemy.orm import aliased

from geo_registry.access.rules import Permission, Role, may
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account, AreaGrant
from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.reads import division_in_scope, within
from geo_registry.area.tables import Division
from geo_registry.codes import parse_code
from geo_registry.db import Session, today
from geo_registry.errors import NotFound
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.plate.codes import read_code
from geo_registry.plate.rules import ON_WALL, STEPS
from geo_registry.plate.tables import Plate, PlateBatch, PlateTask

MOST_ALONG = 2000
"""So many plates a phone takes along; those of the most urgent tasks first."""
_INSTALLERS = tuple(role.value for role in Role if may(role, Permission.PLATE_INSTALL))
_DISTRICT, _TOWNSHIP = aliased(Division), aliased(Division)
_WAITING = STEPS["install"].sources


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One installation task: of its plates `hung` are on the wall and `waiting` are to be put up."""

    id: UUID
    code: str
    number: str
    title: str
    state: str
    batch_id: UUID | None
    batch_number: str | None
    installer_id: UUID | None
    installer: str | None
    due_on: dt.date | None
    district_id: UUID
    township_id: UUID | None
    township: str | None
    version: int
    plates: int
    hung: int
    waiting: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class TownshipProgress:
    """How far the tasks of a township have come; cancelled ones do not count."""

    township_id: UUID | None
    township: str | None
    tasks: int
    open_tasks: int
    late_tasks: int
    plates: int
    hung: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Installer:
    """An account that may put plates up."""

    id: UUID
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class FreeBatch:
    """A batch of which plates have arrived that nobody was given yet."""

    id: UUID
    number: str
    plates: int


@dataclass(frozen=True, slots=True)
class FieldPlate:
    """A plate as a phone takes it along: its sign, its planned place and its version; nothing of anybody.

    `old_text` is what the sign says when its address has another name by now.
    """

    id: UUID
    code: str
    kind: str
    text: str
    state: str
    name: str
    version: int
    lon: float | None
    lat: float | None
    task_id: UUID | None
    old_text: str | None


@dataclass(frozen=True, slots=True)
class FieldWork:
    """What a phone takes along: the viewer's open tasks with all their plates that have been made."""

    login: str
    told_at: dt.datetime
    tasks: tuple[TaskRow, ...]
    plates: tuple[FieldPlate, ...]


def tasks(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    batch_id: UUID | None = None,
    state: str | None = None,
    own: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[TaskRow]:
    """Return tasks, the latest first; `own` leaves those that the viewer may work on."""
    query = _tasks().where(in_scope(viewer, PlateTask))
    if area_id is not None:
        query = query.where(within(PlateTask, area_id))
    if batch_id is not None:
        query = query.where(PlateTask.batch_id == batch_id)
    if state is not None:
        query = query.where(PlateTask.state == state)
    if own:
        query = query.where(_is_own(viewer))
    if after is not None:
        query = query.where(PlateTask.id < read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(PlateTask.id.desc()).limit(checked_limit(limit) + 1))
    return cut([_task(row) for row in found], limit, lambda row: (row.id,))


def task(session: Session, viewer: Viewer, task_id: UUID) -> TaskRow:
    """Return one task.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _tasks().where(PlateTask.id == task_id, in_scope(viewer, PlateTask))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("task-not-found", "没有这个上墙任务，或不在您的辖区内")
    return _task(row)


def progress(session: Session, viewer: Viewer) -> tuple[TownshipProgress, ...]:
    """Return how far the tasks of each township have come, the township with most left first."""
    counts = _counts().subquery()
    is_open = PlateTask.state == "open"
    waiting = func.coalesce(func.sum(counts.c.waiting), 0)
    query = (
        select(
            PlateTask.township_id, _TOWNSHIP.name, func.count(), func.count().filter(is_open),
            func.count().filter(is_open, PlateTask.due_on < func.current_date()),
            func.coalesce(func.sum(counts.c.plates), 0), func.coalesce(func.sum(counts.c.hung), 0), waiting,
        )
        .outerjoin(counts, counts.c.task_id == PlateTask.id)
        .outerjoin(_TOWNSHIP, _TOWNSHIP.id == PlateTask.township_id)
        .where(in_scope(viewer, PlateTask), PlateTask.state != "cancelled")
        .group_by(PlateTask.township_id, _TOWNSHIP.name)
        .order_by(waiting.desc(), _TOWNSHIP.name)
    )  # fmt: skip
    return tuple(
        TownshipProgress(*row[:2], *(int(count) for count in row[2:])) for row in session.execute(query)
    )


def free_batches(session: Session, viewer: Viewer) -> tuple[FreeBatch, ...]:
    """Return batches of which plates can be given out, the latest first."""
    open_tasks = select(PlateTask.id).where(PlateTask.state == "open")
    query = (
        select(PlateBatch.id, PlateBatch.number, func.count())
        .join(Plate, Plate.batch_id == PlateBatch.id)
        .where(in_scope(viewer, PlateBatch), PlateBatch.state != "closed", Plate.state.in_(_WAITING))
        .where(Plate.task_id.is_(None) | Plate.task_id.not_in(open_tasks))
        .group_by(PlateBatch.id, PlateBatch.number)
        .order_by(PlateBatch.id.desc())
        .limit(100)
    )
    return tuple(FreeBatch(*row) for row in session.execute(query))


def given_out(session: Session, viewer: Viewer, plate_ids: Collection[UUID]) -> set[UUID]:
    """Return those of some plates that an open task holds."""
    held = select(Plate.id).join(PlateTask, PlateTask.id == Plate.task_id)
    query = held.where(Plate.id.in_(plate_ids), PlateTask.state == "open", in_scope(viewer, Plate))
    return set(session.execute(query).scalars())


def installers(session: Session, viewer: Viewer, *, township_id: UUID | None = None) -> tuple[Installer, ...]:
    """Return active accounts that may put plates up in a township, or anywhere in the viewer's areas.

    Raises:
        NotFound: `area-not-found`, the viewer works nowhere in this township.

    """
    around = division_in_scope(viewer)
    if township_id is not None:
        inside = or_(Division.id == township_id, Division.township_id == township_id) & around
        if session.execute(select(Division.id).where(inside).limit(1)).scalar() is None:
            raise NotFound("area-not-found", "没有这个镇街，或不在您的辖区内")
        district = select(Division.district_id).where(Division.id == township_id).scalar_subquery()
        around = or_(Division.id == township_id, Division.id == district, inside)
    query = (
        select(Account.id, Account.name, Account.role)
        .join(AreaGrant, AreaGrant.account_id == Account.id)
        .outerjoin(Division, Division.id == AreaGrant.division_id)
        .where(Account.is_active, Account.role.in_(_INSTALLERS), or_(AreaGrant.division_id.is_(None), around))
        .where(AreaGrant.valid.contains(func.current_date()))
        .distinct()
        .order_by(Account.name, Account.id)
        .limit(500)
    )
    return tuple(Installer(*row) for row in session.execute(query))


def field_work(session: Session, viewer: Viewer) -> FieldWork:
    """Return what the viewer's phone takes along, the most urgent tasks first."""
    query = _tasks().where(in_scope(viewer, PlateTask), PlateTask.state == "open", _is_own(viewer))
    urgent = query.order_by(PlateTask.due_on.nulls_last(), PlateTask.id).limit(200)
    found = tuple(_task(row) for row in session.execute(urgent))
    carried = (
        _plates()
        .join(PlateTask, PlateTask.id == Plate.task_id)
        .where(Plate.task_id.in_([row.id for row in found]), in_scope(viewer, Plate))
        .where(Plate.state.in_((*ON_WALL, *_WAITING)))
        .order_by(PlateTask.due_on.nulls_last(), PlateTask.id, PlaceName.full_name, Address.number, Plate.id)
        .limit(MOST_ALONG)
    )
    plates = tuple(FieldPlate(*row) for row in session.execute(carried))
    return FieldWork(viewer.login, dt.datetime.now(dt.UTC), found, plates)


def plate_along(session: Session, viewer: Viewer, plate_id: UUID) -> FieldPlate:
    """Return one plate as a phone takes it along.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    return _one_plate(session, viewer, Plate.id == plate_id)


def find_plate(session: Session, viewer: Viewer, text: str) -> FieldPlate:
    """Return the plate whose square code was scanned, or whose public code somebody typed.

    Raises:
        RuleBroken: `plate-code`, `code-length`, `code-character` or `code-check`: it is no such code.
        NotFound: no plate bears it in the viewer's areas.

    """
    code = read_code(text) if "." in text else parse_code(text)[1]
    return _one_plate(session, viewer, Plate.code == code)


def _one_plate(session: Session, viewer: Viewer, which: ColumnElement[bool]) -> FieldPlate:
    row = session.execute(_plates().where(which, in_scope(viewer, Plate))).one_or_none()
    if row is None:
        raise NotFound("plate-not-found", "没有这块门牌，或不在您的辖区内")
    return FieldPlate(*row)


def _is_own(viewer: Viewer) -> ColumnElement[bool]:
    return or_(PlateTask.installer_id.is_(None), PlateTask.installer_id == viewer.account_id)


@cache
def _plates() -> Any:  # noqa: ANN401  (a select of many columns)
    name = func.coalesce(PlaceName.full_name + Address.number_text, Address.standard_text)
    old = Plate.made_text != func.registry.sign_text(Address.standard_text, _DISTRICT.name)
    return (
        select(
            Plate.id, Plate.code, Plate.kind, Plate.text, Plate.state, name, Plate.version,
            func.ST_X(func.coalesce(Plate.position, Address.position)),
            func.ST_Y(func.coalesce(Plate.position, Address.position)), Plate.task_id,
            case((old, Plate.made_text)),
        )
        .join(Address, Address.id == Plate.address_id)
        .outerjoin(_DISTRICT, _DISTRICT.id == Plate.district_id)
        .outerjoin(PlaceName, PlaceName.id == Address.place_name_id)
    )  # fmt: skip


def _counts() -> Any:  # noqa: ANN401  (a select of many columns)
    return (
        select(
            Plate.task_id,
            func.count().filter(Plate.state.in_((*ON_WALL, *_WAITING))).label("plates"),
            func.count().filter(Plate.state.in_(ON_WALL)).label("hung"),
            func.count().filter(Plate.state.in_(_WAITING)).label("waiting"),
        )
        .where(Plate.task_id.is_not(None))
        .group_by(Plate.task_id)
    )


@cache
def _tasks() -> Any:  # noqa: ANN401  (a select of many columns)
    counts = _counts().where(Plate.task_id == PlateTask.id).correlate(PlateTask).lateral("counts")
    return (
        select(
            PlateTask.id, PlateTask.code, PlateTask.number, PlateTask.title, PlateTask.state,
            PlateTask.batch_id, PlateBatch.number, PlateTask.installer_id, Account.name, PlateTask.due_on,
            PlateTask.district_id, PlateTask.township_id, _TOWNSHIP.name, PlateTask.version,
            func.coalesce(counts.c.plates, 0), func.coalesce(counts.c.hung, 0),
            func.coalesce(counts.c.waiting, 0),
        )
        .outerjoin(PlateBatch, PlateBatch.id == PlateTask.batch_id)
        .outerjoin(Account, Account.id == PlateTask.installer_id)
        .outerjoin(_TOWNSHIP, _TOWNSHIP.id == PlateTask.township_id)
        .outerjoin(counts, true())
    )  # fmt: skip


def _task(row: Any) -> TaskRow:  # noqa: ANN401  (one row of `_tasks`)
    is_late = row.state == "open" and row.due_on is not None and row.due_on < today()
    return TaskRow(*[*row, is_late])
