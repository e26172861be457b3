"""地址变更证明: the paper that says which address an earlier one is now, and its look-up by code."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy import Sequence as Counting

from geo_registry import printing
from geo_registry.access import acts
from geo_registry.access.rules import Permission
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.changes import ChangeRow, changes, one_change
from geo_registry.address.tables import Address, AddressCertificate
from geo_registry.codes import format_code, new_code, new_id, parse_code
from geo_registry.db import Session, today
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate.codes import read_code, signed_code

FOLDER: Final = Path(__file__).with_name("paper")
_NUMBER = Counting("address_certificate_number", schema="registry")
_LONGEST_CHAIN = 100


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was just given out; it has one version for good."""

    id: UUID
    version: int
    number: str
    code: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with both texts, and what its square code says."""

    id: UUID
    version: int
    number: str
    code: str
    signed_code: str
    address_id: UUID
    old_text: str
    new_text: str
    changed_on: dt.date
    issued_at: dt.datetime
    issued_by: str


def issue_certificate(
    session: Session, viewer: Viewer, *, change_id: UUID, reason: str | None = None
) -> Issued:
    """Certify that the address with the old text of a change is the one that it is now, over all its changes.

    Raises:
        NotFound: no such change in the viewer's areas.
        RuleBroken: `not-in-force`, the address has come to an end; `texts-same`, it has its old text again.

    """
    change = one_change(session, viewer, change_id)
    # As it is now, and until the certificate is stored: nobody takes the number back meanwhile.
    held = select(Address).where(Address.id == change.now_id).with_for_update(read=True)
    address = session.execute(held.execution_options(populate_existing=True)).scalar_one()
    areas = address.district_id, address.township_id, address.community_id
    authorize(viewer, Permission.CERTIFICATE_ISSUE, *areas)
    if address.state != "current":
        raise RuleBroken("not-in-force", f"{address.standard_text} 已不是现行地址，不能出具证明")
    if address.standard_text == change.old_text:
        raise RuleBroken("texts-same", "现地址与原地址相同，不必出具证明")
    steps = _steps(session, viewer, change, address.id)
    own, code, number = new_id(), new_code(), f"址证-{today().year}-{session.scalar(_NUMBER):05}"
    act_id = acts.record(
        session, viewer, "issue", "address_certificate", own, reason=reason,
        division_id=address.community_id or address.township_id or address.district_id,
    )  # fmt: skip
    values = {
        "id": own, "code": code, "number": number, "address_id": address.id, "old_text": change.old_text,
        "new_text": address.standard_text, "changed_on": steps[-1].changed_on, "issued_by": viewer.account_id,
        "act_id": act_id, "district_id": areas[0], "township_id": areas[1], "community_id": areas[2],
    }  # fmt: skip
    session.execute(insert(AddressCertificate).values(**values))
    return Issued(own, 1, number, code)


def certificate(session: Session, viewer: Viewer, certificate_id: UUID) -> Certificate:
    """Return one certificate.

    Raises:
        NotFound: there is none, or not in the viewer's areas.

    """
    return _found(session, viewer, AddressCertificate.id == certificate_id)


def certificate_of(session: Session, viewer: Viewer, text: str) -> Certificate:
    """Return the certificate of a square code, of a typed code or of a number (址证-2026-00034).

    Raises:
        NotFound: there is none, or not in the viewer's areas.
        RuleBroken: `plate-code`, the signature is not ours; `code-length` and the like for a typed code.

    """
    written = text.strip()
    if "-" in written and written.startswith("址证"):
        return _found(session, viewer, AddressCertificate.number == written)
    code = read_code(written, "certificate") if "." in written else parse_code(written)[1]
    return _found(session, viewer, AddressCertificate.code == code)


def certificate_pdf(session: Session, viewer: Viewer, certificate_id: UUID) -> tuple[str, bytes]:
    """Return the name and the content of a certificate as PDF, with every change and its document."""
    told = certificate(session, viewer, certificate_id)
    chain = changes(session, viewer, address_id=told.address_id, limit=_LONGEST_CHAIN).rows
    steps = _certified(chain, told)
    html = printing.written(
        FOLDER, "certificate.html", told=told, steps=steps, code=format_code(None, told.code)
    )
    return f"{told.number}.pdf", printing.pdf(html)


def _steps(session: Session, viewer: Viewer, change: ChangeRow, now_id: UUID) -> list[ChangeRow]:
    """Return a change and those behind it."""
    chain = changes(session, viewer, address_id=now_id, limit=_LONGEST_CHAIN).rows
    return [one for one in chain if one.id >= change.id] or [change]


def _certified(chain: Sequence[ChangeRow], told: Certificate) -> list[ChangeRow]:
    """Return the changes that a certificate vouches for, whatever the address went through afterwards."""
    until = told.issued_at.date()
    lasts = [
        place for place, one in enumerate(chain) if one.new_text == told.new_text and one.changed_on <= until
    ]
    last = max(lasts, default=len(chain) - 1)
    firsts = [place for place, one in enumerate(chain[: last + 1]) if one.old_text == told.old_text]
    return list(chain[max(firsts, default=0) : last + 1])


def _found(session: Session, viewer: Viewer, which: ColumnElement[bool]) -> Certificate:
    query = (
        select(AddressCertificate, Account.name)
        .join(Account, Account.id == AddressCertificate.issued_by)
        .where(which, in_scope(viewer, AddressCertificate))
    )
    found = session.execute(query).first()
    if found is None:
        raise NotFound("certificate-not-found", "没有这份证明，或不在您的辖区内")
    row, name = found
    return Certificate(
        row.id, 1, row.number, row.code, signed_code(row.code, "certificate"), row.address_id, row.old_text,
        row.new_text, row.changed_on, row.issued_at, name,
    )  # fmt: skip
