"""Vector tiles of the place registers."""

import gzip
import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response

from api.deps import CurrentViewer, Needs, Transaction
from geo_registry.access.viewer import Permission
from geo_registry.area.tiles import tile as read_tile

router = APIRouter(prefix="/tiles", tags=["tiles"], dependencies=[Depends(Needs(Permission.PLACE_READ))])
# What two viewers see differs, so no shared cache may keep it; a browser asks again with the ETag.
CACHE = {"Cache-Control": "private, max-age=10", "Vary": "Accept-Encoding, Authorization, Cookie"}
MVT = "application/vnd.mapbox-vector-tile"
Step = Annotated[int, Path(ge=0, le=1 << 22)]


@router.get("/{layer}/{z}/{x}/{y}.mvt", responses={200: {"content": {MVT: {}}}}, response_class=Response)
def tile(
    layer: Annotated[str, Path(pattern="^[a-z]{1,20}$")],
    z: Annotated[int, Path(ge=0, le=22)],
    x: Step,
    y: Step,
    session: Transaction,
    viewer: CurrentViewer,
    accept_encoding: Annotated[str, Header()] = "",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """Return one tile of the viewer's areas, gzipped where the caller can read it."""
    body = read_tile(session, viewer, layer=layer, z=z, x=x, y=y)
    headers = {**CACHE, "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"'}
    if headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    if "gzip" in accept_encoding.lower() and body:
        body, headers["Content-Encoding"] = gzip.compress(body, 5, mtime=0), "gzip"
    return Response(body, headers=headers, media_type=MVT)
