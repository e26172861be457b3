"""房屋备注: that a dwelling breaks the rules of letting or building, handed to the beat officer (R38)."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from geo_registry.access.rules import Permission, Role
from geo_registry.access.viewer import Viewer
from geo_registry.area.writes import Paper, Written, begin_act, finish, load_for_change
from geo_registry.codes import new_id
from geo_registry.db import Session, today
from geo_registry.errors import Conflict, NotFound, Refused, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.verification import rules
from geo_registry.verification.dwelling import (
    authorize_at,
    dwelling_of,
    name_of,
    officers_of,
    placed,
    reachable,
)
from geo_registry.verification.tables import DwellingNote

KIND = "dwelling_note"
OLDEST = dt.timedelta(days=90)


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One note on a dwelling: where, of which kind, and how far it is."""

    id: UUID
    unit_id: UUID
    building_id: UUID
    kind: str
    state: str
    noted_on: dt.date
    noted_by: str | None
    handed_to_id: UUID | None
    handed_to: str | None
    handed_at: dt.datetime | None
    outcome: str | None
    closed_at: dt.datetime | None
    version: int
    address: str
    unit_text: str
    community: str | None

    @property
    def kind_title(self) -> str:
        """The kind in words."""
        return rules.NOTES[self.kind]

    @property
    def state_title(self) -> str:
        """The state in words."""
        return rules.NOTE.states[self.state]


def note_dwelling(
    session: Session,
    viewer: Viewer,
    *,
    unit_id: UUID,
    kind: str,
    noted_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Note that a dwelling breaks a rule; one note of a kind is under way at a time.

    Raises:
        RuleBroken: `unit-unknown`, `note-kind`, `day-invalid`.
        Conflict: `note-open`.
        Refused: the role, the area or the block does not allow it.

    """
    unit = dwelling_of(session, unit_id)
    authorize_at(session, viewer, Permission.DWELLING_NOTE, unit)
    rules.choose(kind, rules.NOTES, "kind", "note-kind")
    day = rules.check_day(noted_on or today(), first=today() - OLDEST, today=today(), field="noted_on")
    same = select(DwellingNote.id).where(
        DwellingNote.unit_id == unit_id, DwellingNote.kind == kind, DwellingNote.state != "closed"
    )
    if session.execute(same).first() is not None:
        raise Conflict("note-open", f"该户室已有未办结的“{rules.NOTES[kind]}”备注，不需再记", field="kind")
    row = DwellingNote(
        id=new_id(), unit_id=unit_id, building_id=unit.building_id, kind=kind, state="open", noted_on=day,
        noted_by=viewer.account_id, district_id=unit.district_id, township_id=unit.township_id,
        community_id=unit.community_id,
    )  # fmt: skip
    begin_act(session, viewer, "note", KIND, row, Paper(document_number, reason))
    session.add(row)
    return finish(session, row)


def hand_over(
    session: Session,
    viewer: Viewer,
    *,
    note_id: UUID,
    version: int,
    account_id: UUID | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Hand a note to an officer of the area; without a name to the one of the smallest area.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `note-state`, or `officer-missing` where nobody has the beat.
        RuleBroken: `officer-unknown`.

    """
    row = _load(session, viewer, "hand-over", note_id, version)
    officers = officers_of(session, row)
    if not officers:
        raise Conflict("officer-missing", "该户所在区域没有在用的民警账号，请联系管理站")
    if account_id is not None and account_id not in officers:
        raise RuleBroken("officer-unknown", "只能移交给该户所在区域的社区民警", field="account_id")
    row.state, row.handed_to = "handed_over", account_id or next(iter(officers))
    row.handed_at = dt.datetime.now(dt.UTC)
    begin_act(session, viewer, "hand_over", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def close_note(
    session: Session,
    viewer: Viewer,
    *,
    note_id: UUID,
    version: int,
    outcome: str,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Close a note with what came of it; an officer does.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `note-state`.
        RuleBroken: `outcome-invalid`.
        Refused: `officers-only`.

    """
    row = _load(session, viewer, "close", note_id, version)
    if viewer.role is not Role.OFFICER:
        raise Refused("officers-only", "备注由社区民警办结")
    row.outcome = rules.choose(outcome, rules.NOTE_OUTCOMES, "outcome", "outcome-invalid")
    row.state, row.closed_at = "closed", dt.datetime.now(dt.UTC)
    begin_act(session, viewer, "close", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def notes(
    session: Session,
    viewer: Viewer,
    *,
    state: str | None = None,
    unit_id: UUID | None = None,
    building_id: UUID | None = None,
    handed_to_me: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[NoteRow]:
    """Return notes on dwellings, the latest first."""
    query = _rows().where(reachable(viewer, DwellingNote))
    for column, value in (
        (DwellingNote.state, state), (DwellingNote.unit_id, unit_id),
        (DwellingNote.building_id, building_id),
        (DwellingNote.handed_to, viewer.account_id if handed_to_me else None),
    ):  # fmt: skip
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(DwellingNote.id < read_cursor(after, UUID)[0])
    query = query.order_by(DwellingNote.id.desc()).limit(checked_limit(limit) + 1)
    return cut([NoteRow(*row) for row in session.execute(query)], limit, lambda row: (row.id,))


def note(session: Session, viewer: Viewer, note_id: UUID) -> NoteRow:
    """Return one note.

    Raises:
        NotFound: there is none, or not one of the viewer's.

    """
    query = _rows().where(DwellingNote.id == note_id, reachable(viewer, DwellingNote))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("note-not-found", "没有这条备注，或不在您负责的范围内")
    return NoteRow(*row)


def officers_for(session: Session, viewer: Viewer, note_id: UUID) -> dict[UUID, str]:
    """Return the officers to whom a note may be handed, the one of the smallest area first."""
    note(session, viewer, note_id)
    return officers_of(session, session.get_one(DwellingNote, note_id))


def _rows() -> Select[Any]:
    row = DwellingNote
    return placed(
        row, row.id, row.unit_id, row.building_id, row.kind, row.state, row.noted_on, name_of(row.noted_by),
        row.handed_to, name_of(row.handed_to), row.handed_at, row.outcome, row.closed_at, row.version,
    )  # fmt: skip


def _load(session: Session, viewer: Viewer, act: str, note_id: UUID, version: int) -> DwellingNote:
    permission = Permission.DWELLING_NOTE
    row = load_for_change(session, viewer, DwellingNote, note_id, version=version, permission=permission)
    authorize_at(session, viewer, permission, row)
    rules.NOTE.step(act, row.state)
    return row
