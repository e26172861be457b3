"""Stored form of a disclosure: the request, its approvals, and the files made of it."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from geo_registry.access.tables import Account, Purpose
from geo_registry.base import Base, Id, Located


class Disclosure(Located, Base):
    """对外提供: a list of persons asked for by one account, for one recipient; approved by two others.

    `seed` decides the order of rows and `decoys` are addresses that exist in its files alone: by both a
    file that turns up is traced to its recipient.
    """

    __tablename__ = "disclosure"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'approved', 'refused', 'withdrawn', 'made')", name="state"),
        CheckConstraint("object_kind IN ('housing_unit', 'building', 'division')", name="object_kind"),
        CheckConstraint(
            "expires_at > requested_at AND expires_at <= requested_at + interval '31 days'",
            name="expires_at",
        ),
        CheckConstraint("length(recipient) BETWEEN 2 AND 100", name="recipient"),
        CheckConstraint("length(reason) BETWEEN 6 AND 500", name="reason"),
        Index("disclosure_requested_at_idx", "requested_at"),
    )
    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(server_default=text("'requested'"))
    requested_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    requested_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[dt.datetime]
    purpose: Mapped[str] = mapped_column(ForeignKey(Purpose.code))
    case_number: Mapped[str]
    recipient: Mapped[str]
    reason: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[uuid.UUID]
    with_numbers: Mapped[bool] = mapped_column(server_default=text("false"))
    seed: Mapped[bytes] = mapped_column(LargeBinary)
    decoys: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class DisclosureApproval(Base):
    """审批: what one other account says to a request."""

    __tablename__ = "disclosure_approval"
    __table_args__ = (CheckConstraint("verdict IN ('approved', 'refused')", name="verdict"),)
    disclosure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Disclosure.id), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    verdict: Mapped[str]
    note: Mapped[str | None]


class DisclosureFile(Base):
    """提供文件: one file made of a disclosure, known by its hash; the audit row of its look is its id."""

    __tablename__ = "disclosure_file"
    __table_args__ = (
        CheckConstraint("form IN ('csv', 'xlsx')", name="form"),
        Index("disclosure_file_disclosure_id_idx", "disclosure_id"),
        Index("disclosure_file_sha256_idx", "sha256"),
    )
    audit_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    disclosure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Disclosure.id))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    made_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    form: Mapped[str]
    row_count: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
