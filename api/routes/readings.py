"""The address engine: texts read into parts, and found in the register; one, or a list of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api.deps import CurrentViewer, Needs, Transaction, answer
from api.schemas.reading import MatchQuery, StandardizeList, StandardizeQuery, TextList
from geo_registry.access.viewer import Permission
from geo_registry.address.matching import Match, match, match_many
from geo_registry.address.places import profile_in_force
from geo_registry.address.profile import load_profile
from geo_registry.address.reading.parts import Reading
from geo_registry.address.standardize import standardize, standardizer_for

router = APIRouter(prefix="/v1/addresses", tags=["address engine"])
READ = Depends(Needs(Permission.PLACE_READ))


@router.get("/standardize", response_model=Reading, dependencies=[READ])
def read_text(query: Annotated[StandardizeQuery, Query()], session: Transaction) -> Response:
    """Read a text: its parts with offsets and normal forms, the standard address, confidence and notes."""
    return answer(standardize(session, query.text, query.profile).as_json())


@router.post("/standardize", response_model=list[Reading], dependencies=[READ])
def read_texts(body: StandardizeList, session: Transaction) -> Response:
    """Read up to 1 000 texts, answered in their order. This only reads: it takes no `Idempotency-Key`."""
    profile = load_profile(body.profile) if body.profile else profile_in_force(session)
    found = standardizer_for(session, profile).read_many(body.addresses)
    return answer([reading.as_json() for reading in found])


@router.get("/match", response_model=Match, dependencies=[READ])
def match_text(
    query: Annotated[MatchQuery, Query()], session: Transaction, viewer: CurrentViewer
) -> Response:
    """Find the object that a text means: grade A, B, C or none, with the reasons in sentences."""
    return answer(_public(match(session, viewer, query.text, limit=query.limit)))


@router.post("/match", response_model=list[Match], dependencies=[READ])
def match_texts(body: TextList, session: Transaction, viewer: CurrentViewer) -> Response:
    """Find up to 1 000 texts, answered in their order. This only reads: it takes no `Idempotency-Key`."""
    return answer([_public(found) for found in match_many(session, viewer, body.addresses)])


def _public(found: Match) -> dict[str, Any]:
    return {
        "reading": found.reading.as_json(),
        "grade": found.grade,
        "best": found.best,
        "candidates": found.candidates,
        "reasons": found.reasons,
    }
