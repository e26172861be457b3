"""Photos of plates: kept without metadata, shown to those whose area holds a plate with it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from api.deps import NO_STORE, CurrentViewer, Needs, Transaction, answer
from api.guard import PHOTO_TYPES
from api.problems import Unsupported
from api.schemas.plate import PhotoOut
from geo_registry.access.viewer import Permission
from geo_registry.plate import photos

router = APIRouter(prefix="/v1/photos", tags=["plates"])
# A photo never changes: its address is the hash of its bytes.
_FOR_GOOD = {"Cache-Control": "private, max-age=31536000, immutable", "Content-Disposition": "inline"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(PHOTO_TYPES)},
    }
}
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@router.post(
    "", status_code=201, response_model=PhotoOut, openapi_extra=_BODY,
    dependencies=[Depends(Needs(Permission.PLATE_INSPECT))],
)  # fmt: skip
def store_photo(request: Request, session: Transaction, viewer: CurrentViewer) -> Response:
    """Keep a photo (the body itself, at most 8 MiB); the same photo twice is one."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in PHOTO_TYPES:
        raise Unsupported("unsupported", "请求体须为 image/jpeg、image/png 或 image/webp")
    kept = answer(photos.store_photo(session, viewer, request.state.body), NO_STORE)
    kept.status_code = 201
    return kept


@router.get(
    "/{sha256}", response_class=Response, dependencies=[Depends(Needs(Permission.PLACE_READ))],
    responses={200: {"content": {"image/jpeg": {}}}},
)  # fmt: skip
def photo(sha256: Sha256, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show a photo of a plate in the viewer's areas."""
    return Response(photos.photo_content(session, viewer, sha256), media_type="image/jpeg", headers=_FOR_GOOD)
