"""Notes on dwellings that break the rules of letting or building."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import WrittenOut
from api.schemas.verification import DwellingQuery, HandOver, NewNote, NoteClosure
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.verification import notes

router = APIRouter(prefix="/v1/dwelling-notes", tags=["dwelling notes"])
NOTE = Depends(Needs(Permission.DWELLING_NOTE))


@router.get("", response_model=Page[notes.NoteRow], dependencies=[NOTE])
def listed(query: Annotated[DwellingQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List notes, the latest first; `mine` are those handed to the viewer."""
    asked = query.asked()
    return answer(notes.notes(session, viewer, handed_to_me=asked.pop("mine"), **asked))


@router.get("/{note_id}", response_model=notes.NoteRow, dependencies=[NOTE])
def note(note_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one note."""
    return one(notes.note(session, viewer, note_id))


@router.post("", status_code=201, dependencies=[NOTE], response_model=WrittenOut)
def note_dwelling(body: NewNote, act: Once) -> Response:
    """Note that a dwelling breaks a rule."""
    return act.once(partial(notes.note_dwelling, act.session, act.viewer, **body.given()), 201)


@router.post("/{note_id}/actions/hand-over", dependencies=[NOTE], response_model=WrittenOut)
def hand_over(note_id: UUID, body: HandOver, version: IfMatch, act: Once) -> Response:
    """Hand a note to the officer of the beat."""
    told = {"note_id": note_id, "version": version, **body.given()}
    return act.once(partial(notes.hand_over, act.session, act.viewer, **told))


@router.post("/{note_id}/actions/close", dependencies=[NOTE], response_model=WrittenOut)
def close(note_id: UUID, body: NoteClosure, version: IfMatch, act: Once) -> Response:
    """Close a note with what came of it."""
    told = {"note_id": note_id, "version": version, **body.given()}
    return act.once(partial(notes.close_note, act.session, act.viewer, **told))
