"""Changes of addresses: looked up both ways, certified, told to organisations."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from api.deps import CurrentViewer, Needs, Once, PageQuery, Strict, Transaction, answer, one
from api.schemas.act import WrittenOut
from api.schemas.numbering import ChangesQuery
from geo_registry import books
from geo_registry.access.viewer import Permission
from geo_registry.address.changes import ChangeRow, change_book, change_lines, changes
from geo_registry.pages import Page
from geo_registry.plate import certificates
from geo_registry.premises import informing

router = APIRouter(prefix="/v1", tags=["numbering"])
READ = Depends(Needs(Permission.PLACE_READ))
ISSUE = Depends(Needs(Permission.CERTIFICATE_ISSUE))


class InformQuery(PageQuery):
    """Organisations to be informed of changes since a day."""

    since: date | None = None


class NewCertificate(Strict):
    """The change that a certificate is about."""

    change_id: UUID


class CertificateOut(WrittenOut):
    """A certificate that was given out, with its number and its code."""

    number: str
    code: str


@router.get("/address-changes", response_model=Page[ChangeRow], dependencies=[READ])
def listed(query: Annotated[ChangesQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List changes by the beginning of the old or new text, of an address, of a street or of an act."""
    return answer(changes(session, viewer, **query.model_dump(exclude_none=True)))


@router.get(
    "/streets/{place_name_id}/address-changes.xlsx", response_class=StreamingResponse, dependencies=[READ]
)
def table(place_name_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Return the old and new addresses of a street as a table."""
    file = change_book(session, viewer, place_name_id=place_name_id)
    headers = books.attached("地址变更对照表.xlsx")
    return StreamingResponse(books.pieces(file), headers=headers, media_type=books.XLSX)


@router.get(
    "/streets/{place_name_id}/address-changes.csv", response_class=StreamingResponse, dependencies=[READ]
)
def lines(place_name_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Return the old and new addresses of a street as CSV."""
    # All of it is read while the transaction lasts; the reply is sent behind its end.
    written: Iterator[str] = iter(list(change_lines(session, viewer, place_name_id=place_name_id)))
    headers = books.attached("地址变更对照表.csv")
    return StreamingResponse(written, headers=headers, media_type="text/csv; charset=utf-8")


@router.get(
    "/streets/{place_name_id}/premises-to-inform",
    response_model=Page[informing.ToInform],
    dependencies=[READ],
)
def to_inform(
    place_name_id: UUID,
    query: Annotated[InformQuery, Query()],
    session: Transaction,
    viewer: CurrentViewer,
) -> Response:
    """List organisations at changed addresses of a street, by name."""
    asked = query.model_dump(exclude_none=True)
    return answer(informing.premises_to_inform(session, viewer, place_name_id=place_name_id, **asked))


@router.get(
    "/streets/{place_name_id}/premises-to-inform.xlsx",
    response_class=StreamingResponse,
    dependencies=[READ],
)
def to_inform_table(
    place_name_id: UUID, session: Transaction, viewer: CurrentViewer, since: date | None = None
) -> Response:
    """Return all organisations at changed addresses of a street as a table."""
    file = informing.book_to_inform(session, viewer, place_name_id=place_name_id, since=since)
    headers = books.attached("告知单位清单.xlsx")
    return StreamingResponse(books.pieces(file), headers=headers, media_type=books.XLSX)


@router.post("/address-certificates", status_code=201, dependencies=[ISSUE], response_model=CertificateOut)
def issue(body: NewCertificate, act: Once) -> Response:
    """Certify which address an earlier one is now."""
    asked = partial(certificates.issue_certificate, act.session, act.viewer, change_id=body.change_id)
    return act.once(asked, 201, facts=("number", "code"))


@router.get("/address-certificates", response_model=certificates.Certificate, dependencies=[READ])
def by_code(
    code: Annotated[str, Query(min_length=5, max_length=60, description="核验码、二维码内容或证明编号")],
    session: Transaction,
    viewer: CurrentViewer,
) -> Response:
    """Find a certificate by its square code, its typed code or its number."""
    return one(certificates.certificate_of(session, viewer, code))


@router.get(
    "/address-certificates/{certificate_id}", response_model=certificates.Certificate, dependencies=[READ]
)
def shown(certificate_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one certificate."""
    return one(certificates.certificate(session, viewer, certificate_id))


@router.get(
    "/address-certificates/{certificate_id}/certificate.pdf", response_class=Response, dependencies=[ISSUE]
)
def printed(certificate_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Print one certificate."""
    name, content = certificates.certificate_pdf(session, viewer, certificate_id)
    return Response(content, headers=books.attached(name), media_type="application/pdf")
