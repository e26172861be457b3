"""档案卷: bound volumes of forms, numbered within a district and a year; each form lies in exactly one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from geo_registry import printing
from geo_registry.access import acts
from geo_registry.access.audit import legible
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.area.tables import Division
from geo_registry.area.writes import Written
from geo_registry.codes import new_id
from geo_registry.db import TIMEZONE, Session
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.registration import desk, forms
from geo_registry.registration.papers import ACTIONS, FOLDER
from geo_registry.registration.tables import ArchiveVolume


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """One volume; closed once `closed_at` stands."""

    id: UUID
    number: str
    title: str
    area: str
    opened_by_name: str
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class VolumePage:
    """One page of a volume: which form of which case, of which dwelling; nobody's name."""

    page: int
    serial: str
    turn: int
    action: str
    form: str
    unit: str
    entered_on: dt.date


@dataclass(frozen=True, slots=True)
class Unbound:
    """A case that took effect and lies in no volume yet."""

    id: UUID
    serial: str
    action: str
    form: str
    forms: int
    unit: str
    entered_at: dt.datetime


def open_volume(session: Session, viewer: Viewer, token: str, *, title: str, area_id: UUID) -> Written:
    """Open a volume of a community or a township; it takes the next number of the year in its district.

    Raises:
        NotFound: no such area of the viewer.
        RuleBroken: the title cannot be read, or holds a number of a person.

    """
    title = legible(title)
    if len(title) < 2:
        raise RuleBroken(
            "title-invalid", "卷名须有 2 个字以上，不能写证件号码或电话，请重新填写", field="title"
        )
    volume_id = new_id()
    act_id = acts.record(session, viewer, "open", "archive_volume", volume_id, division_id=area_id)
    told = {"id": volume_id, "title": title, "area_id": area_id, "act_id": act_id}
    desk.done(session, func.registry.open_volume(hash_token(token), desk.jsonb(**told)))
    return Written(volume_id, 1)


def bind_forms(
    session: Session, viewer: Viewer, token: str, volume_id: UUID, *, serials: Sequence[str], version: int
) -> Written:
    """Bind all forms of cases that took effect, page after page in the order given; all or none.

    Raises:
        NotFound: the volume, or a case, is not one of the viewer's area.
        Conflict: the volume is closed; a case has not taken effect or is bound already.
        Stale: `version` is not the current one.

    """
    act_id = acts.record(session, viewer, "bind", "archive_volume", volume_id)
    told = {"volume_id": volume_id, "version": version, "serials": serials, "act_id": act_id}
    call = func.registry.bind_forms(hash_token(token), desk.jsonb(**told))
    current, _ = desk.done(session, call, "version", "place")
    return Written(volume_id, current)


def close_volume(session: Session, viewer: Viewer, token: str, volume_id: UUID, *, version: int) -> Written:
    """Close a volume for good.

    Raises:
        NotFound, Stale: as `bind_forms` says.
        Conflict: it is closed already, or empty.

    """
    act_id = acts.record(session, viewer, "close", "archive_volume", volume_id)
    told = {"volume_id": volume_id, "version": version, "act_id": act_id}
    call = func.registry.close_volume(hash_token(token), desk.jsonb(**told))
    (current,) = desk.done(session, call, "version")
    return Written(volume_id, current)


def volumes(
    session: Session, viewer: Viewer, *, after: str | None = None, limit: int = 50
) -> Page[VolumeRow]:
    """Return the volumes of the viewer's areas, newest first.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    query = _volumes(viewer)
    if after:
        (last,) = read_cursor(after, UUID)
        query = query.where(ArchiveVolume.id < last)
    found = session.execute(query.order_by(ArchiveVolume.id.desc()).limit(checked_limit(limit) + 1)).all()
    return cut([VolumeRow(*row) for row in found], limit, lambda row: (row.id,))


def volume(session: Session, viewer: Viewer, volume_id: UUID) -> VolumeRow:
    """Return one volume.

    Raises:
        NotFound: there is none in the viewer's areas.

    """
    row = session.execute(_volumes(viewer).where(ArchiveVolume.id == volume_id)).one_or_none()
    if row is None:
        raise NotFound("not-found", "没有找到，或不在您的区域内")
    return VolumeRow(*row)


def volume_pages(session: Session, token: str, volume_id: UUID) -> list[VolumePage]:
    """Return the pages of a volume in order; none where the viewer keeps no papers."""
    call = func.registry.volume_pages(hash_token(token), volume_id)
    answer = call.table_valued("page", "serial", "turn", "action", "form", "unit", "entered_on")
    return [VolumePage(*row) for row in session.execute(select(*answer.render_derived().c))]


def unbound(session: Session, token: str, *, after: str | None = None, limit: int = 50) -> Page[Unbound]:
    """Return the cases of the viewer's areas that took effect and wait to be bound, the oldest first.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    at, last = read_cursor(after, dt.datetime.fromisoformat, UUID) if after else (None, None)
    call = func.registry.unbound_cases(hash_token(token), at, last, checked_limit(limit) + 1)
    answer = call.table_valued("id", "serial", "action", "form", "forms", "unit", "entered_at")
    found = [Unbound(*row) for row in session.execute(select(*answer.render_derived().c))]
    return cut(found, limit, lambda row: (row.entered_at.isoformat(), row.id))


def volume_pdf(session: Session, viewer: Viewer, token: str, volume_id: UUID) -> bytes:
    """Print the list of what lies in a volume.

    Raises:
        NotFound: there is none in the viewer's areas.

    """
    found = volume(session, viewer, volume_id)
    return printing.pdf(volume_html(found, volume_pages(session, token, volume_id), viewer.name))


def volume_html(found: VolumeRow, pages: Sequence[VolumePage], printed_by: str) -> str:
    """Return the list of a volume as it is laid out."""
    return printing.written(
        FOLDER, "volume.html", title=f"卷内目录 {found.number}", size="A4", volume=found, pages=pages,
        foot=f"{printed_by} {_day(dt.datetime.now(dt.UTC))} 打印", opened_on=_day(found.opened_at),
        closed_on=_day(found.closed_at) if found.closed_at else "", actions=ACTIONS,
        forms={one.form: one.title for one in forms.current_forms()},
    )  # fmt: skip


def _volumes(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    area = func.coalesce(ArchiveVolume.community_id, ArchiveVolume.township_id, ArchiveVolume.district_id)
    return (
        select(
            ArchiveVolume.id, ArchiveVolume.number, ArchiveVolume.title, Division.full_name, Account.name,
            ArchiveVolume.opened_at, ArchiveVolume.closed_at, ArchiveVolume.version,
        )
        .join(Account, Account.id == ArchiveVolume.opened_by)
        .join(Division, Division.id == area)
        .where(in_scope(viewer, ArchiveVolume))
    )  # fmt: skip


def _day(at: dt.datetime) -> str:
    return f"{at.astimezone(ZoneInfo(TIMEZONE)):%Y-%m-%d}"
