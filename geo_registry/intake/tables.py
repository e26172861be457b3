"""Stored forms of what comes in from outside; nothing here changes the register by itself."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR

from geo_registry.access.tables import Account
from geo_registry.base import Base, Id
from geo_registry.housing.tables import HousingUnit
from geo_registry.person.tables import DOCUMENT_TYPES, Person


class Declaration(Base):
    """自主申报: what a resident says of an arrival, a change or a departure; never the register.

    Areas are those of the unit, or of the community that was chosen; a number and a phone are encrypted.
    """

    __tablename__ = "declaration"
    __table_args__ = (
        CheckConstraint("kind IN ('arrival', 'change', 'departure')", name="kind"),
        CheckConstraint("status IN ('pending', 'confirmed', 'rejected', 'expired')", name="status"),
        CheckConstraint(f"id_type IN {DOCUMENT_TYPES}", name="id_type"),
        CheckConstraint("length(address_text) <= 200 AND length(name) BETWEEN 1 AND 60", name="texts"),
        Index("declaration_community_id_idx", "community_id", "status"),
        Index("declaration_id_index_idx", "id_index", "id_type"),
    )
    id: Mapped[Id]
    receipt: Mapped[str] = mapped_column(unique=True, server_default=text("registry.new_code()"))
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    address_text: Mapped[str]
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(HousingUnit.id))
    district_id: Mapped[uuid.UUID]
    township_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]
    name: Mapped[str]
    id_type: Mapped[str] = mapped_column(CHAR(3))
    id_number: Mapped[bytes] = mapped_column(LargeBinary)
    id_index: Mapped[bytes] = mapped_column(LargeBinary)
    id_tail: Mapped[str]
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    on_day: Mapped[dt.date]
    declared_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    decided_at: Mapped[dt.datetime | None]
    reject_reason: Mapped[str | None]
    case_id: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class DeathNotice(Base):
    """死亡信息比对: one row of the feed of civil affairs, found among the registered by number."""

    __tablename__ = "death_notice"
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'confirmed', 'rejected')", name="status"),
        CheckConstraint(f"id_type IN {DOCUMENT_TYPES}", name="id_type"),
        UniqueConstraint("id_index", "id_type", "died_on", name="death_notice_once_key"),
        Index("death_notice_community_id_idx", "community_id", "status"),
    )
    id: Mapped[Id]
    source: Mapped[str]
    id_type: Mapped[str] = mapped_column(CHAR(3))
    id_index: Mapped[bytes] = mapped_column(LargeBinary)
    died_on: Mapped[dt.date]
    received_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    district_id: Mapped[uuid.UUID | None]
    township_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]
    status: Mapped[str] = mapped_column(server_default=text("'proposed'"))
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    decided_at: Mapped[dt.datetime | None]
    reject_reason: Mapped[str | None]
    case_id: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
