"""Stored forms of what is said of a dwelling: its verification, notes and tips; they name no person."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from geo_registry.access.tables import Account
from geo_registry.base import Base, Id, Located, Versioned
from geo_registry.housing.tables import HousingUnit

REFUSAL_REASONS = (
    "not_actually_resident", "illegal_building", "group_renting", "residential_used_otherwise",
    "non_residential_as_home", "false_statement",
)  # fmt: skip
NOTE_KINDS = (
    "unregistered_letting", "illegal_partition", "overcrowded", "illegal_building", "changed_use",
)  # fmt: skip


class Verification(Located, Versioned, Base):
    """合法稳定住所核实: from the request to the proof or the refusal, with the visit between."""

    __tablename__ = "verification"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'approved', 'refused', 'withdrawn')", name="state"),
        CheckConstraint(f"refusal IN {REFUSAL_REASONS}", name="refusal"),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refused"),
        CheckConstraint("(state = 'approved') = (certificate_number IS NOT NULL)", name="approved"),
        CheckConstraint("decided_by <> opened_by", name="decided_by"),
        CheckConstraint("length(note) <= 300", name="note"),
        Index("verification_unit_id_idx", "unit_id"),
        Index("verification_district_id_idx", "district_id", "state", "id"),
    )
    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    case_id: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    opened_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    visited_on: Mapped[dt.date | None]
    visited_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    refusal: Mapped[str | None]
    note: Mapped[str | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    decided_at: Mapped[dt.datetime | None]
    certificate_number: Mapped[str | None] = mapped_column(unique=True)
    certificate_until: Mapped[dt.date | None]


class VerificationStatement(Base):
    """核实陈述: whether the dwelling is lived in, as told; by whom, only by kind."""

    __tablename__ = "verification_statement"
    __table_args__ = (
        CheckConstraint(
            "speaker IN ('applicant', 'neighbour', 'staff', 'landlord', 'committee')", name="speaker"
        ),
        Index("verification_statement_verification_id_idx", "verification_id"),
    )
    id: Mapped[Id]
    verification_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Verification.id))
    speaker: Mapped[str]
    lives_there: Mapped[bool]
    heard_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    heard_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    act_id: Mapped[uuid.UUID | None]


class DwellingNote(Located, Versioned, Base):
    """房屋备注: that a dwelling breaks the rules of letting or building; never about a person."""

    __tablename__ = "dwelling_note"
    __table_args__ = (
        CheckConstraint(
            f"kind IN {NOTE_KINDS}",
            name="kind",
        ),
        CheckConstraint("state IN ('open', 'handed_over', 'closed')", name="state"),
        CheckConstraint("outcome IN ('put_right', 'unfounded', 'passed_on')", name="outcome"),
        Index("dwelling_note_unit_id_idx", "unit_id"),
        Index("dwelling_note_district_id_idx", "district_id", "state", "id"),
    )
    id: Mapped[Id]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    noted_on: Mapped[dt.date] = mapped_column(server_default=func.current_date())
    noted_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    handed_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    handed_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None]
    closed_at: Mapped[dt.datetime | None]


class Tip(Located, Versioned, Base):
    """线索: that somebody came to a dwelling, left it or changed; one account looks into it."""

    __tablename__ = "tip"
    __table_args__ = (
        CheckConstraint("kind IN ('arrived', 'changed', 'left')", name="kind"),
        CheckConstraint("state IN ('pending', 'processed', 'ignored', 'expired')", name="state"),
        CheckConstraint("outcome IN ('registered', 'changed', 'cancelled', 'nothing_found')", name="outcome"),
        CheckConstraint("length(note) <= 200", name="note"),
        Index("tip_unit_id_idx", "unit_id"),
        Index("tip_district_id_idx", "district_id", "state", "id"),
    )
    id: Mapped[Id]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    note: Mapped[str | None]
    given_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    given_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    outcome: Mapped[str | None]
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    closed_at: Mapped[dt.datetime | None]
