"""Stored forms of registration cases: cases of dwellings, forms of persons, sheets, volumes, permits.

A case names a dwelling and who worked on it, no person: lists of cases are lists of work. What the forms say
of persons stands in `case_person`, behind the wall of the personal tables.
"""

import datetime as dt
import uuid

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR

from geo_registry.access.tables import Account
from geo_registry.base import Base, Id, Located
from geo_registry.housing.tables import HousingUnit
from geo_registry.person.tables import DOCUMENT_TYPES, Person
from geo_registry.residence.tables import (
    ABSENCE_REASONS,
    CATEGORIES,
    END_REASONS,
    INFORMANTS,
    Household,
    Residence,
)

ACTIONS = ("register", "change", "cancel", "renew", "correct")
FORMS = ("incomer_registration", "resident_not_registered_here", "registered_not_resident", "change_cancel")
CASE_STATUSES = ("draft", "submitted", "officer_review", "station_review", "returned", "active", "void")
STAY_REASONS = ("work", "business", "study", "family", "tourism", "other")
LODGINGS = ("own", "rented", "dormitory", "kin", "other")
PROOFS = ("title", "public_lease", "rental_filing", "contract", "dormitory_letter", "kinship", "other")


class ArchiveVolume(Located, Base):
    """档案卷: a bound volume of forms, numbered within a district and a year; closed once bound."""

    __tablename__ = "archive_volume"
    __table_args__ = (UniqueConstraint("district_id", "number", name="archive_volume_number_key"),)
    id: Mapped[Id]
    number: Mapped[str]
    title: Mapped[str]
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    opened_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    closed_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]


class RegistrationCase(Located, Base):
    """居住登记案件: the forms of one household at one dwelling for one kind of act, from draft to active.

    `collected_at` is when the collector met the persons, `entered_at` when the forms were keyed.
    """

    __tablename__ = "registration_case"
    __table_args__ = (
        CheckConstraint(f"action IN {ACTIONS}", name="action"),
        CheckConstraint(f"form IN {FORMS}", name="form"),
        CheckConstraint(f"status IN {CASE_STATUSES}", name="status"),
        CheckConstraint("source IN ('desk', 'field', 'declaration', 'death', 'separation')", name="source"),
        CheckConstraint("household_kind IN ('family', 'collective')", name="household_kind"),
        CheckConstraint("officer_by <> collected_by AND officer_by <> entered_by", name="officer_apart"),
        CheckConstraint(
            "station_by <> collected_by AND station_by <> entered_by AND station_by <> officer_by",
            name="station_apart",
        ),
        CheckConstraint("collected_at <= entered_at", name="collected_at"),
        Index("registration_case_work_idx", "district_id", "status", "entered_at"),
        Index("registration_case_unit_id_idx", "unit_id"),
        Index("registration_case_collected_by_idx", "collected_by", "entered_at"),
    )
    id: Mapped[Id]
    serial: Mapped[str] = mapped_column(unique=True)
    action: Mapped[str]
    form: Mapped[str]
    form_version: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    household_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Household.id))
    household_kind: Mapped[str] = mapped_column(server_default=text("'family'"))
    forms: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    source: Mapped[str] = mapped_column(server_default=text("'desk'"))
    source_id: Mapped[uuid.UUID | None]
    collected_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    collected_at: Mapped[dt.datetime]
    entered_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    entered_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    late_reason: Mapped[str | None]
    submitted_at: Mapped[dt.datetime | None]
    due_on: Mapped[dt.date | None]
    officer_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    officer_at: Mapped[dt.datetime | None]
    station_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    station_at: Mapped[dt.datetime | None]
    returned_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    returned_at: Mapped[dt.datetime | None]
    return_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    act_id: Mapped[uuid.UUID | None]


class CasePerson(Located, Base):
    """登记表: the form of one person within a case; it does not change once it was submitted.

    `is_open` follows the case: one document has one open form in the whole registry. `person_id` is the
    person, or the id it will have: number and phone are sealed for that id.
    """

    __tablename__ = "case_person"
    __table_args__ = (
        CheckConstraint(f"id_type IN {DOCUMENT_TYPES}", name="id_type"),
        CheckConstraint("sex IN ('0', '1', '2', '9')", name="sex"),
        CheckConstraint("birth_month BETWEEN 1 AND 12", name="birth_month"),
        CheckConstraint("birth_year BETWEEN 1880 AND 2200", name="birth_year"),
        CheckConstraint("length(id_tail) <= 2 AND name <> ''", name="least"),
        CheckConstraint(f"category IN {CATEGORIES}", name="category"),
        CheckConstraint(f"stay_reason IN {STAY_REASONS}", name="stay_reason"),
        CheckConstraint(f"lodging IN {LODGINGS}", name="lodging"),
        CheckConstraint(f"proof IN {PROOFS}", name="proof"),
        CheckConstraint(f"end_reason IN {END_REASONS}", name="end_reason"),
        CheckConstraint(f"informant IN {INFORMANTS}", name="informant"),
        CheckConstraint(
            f"absence_reason IN {ABSENCE_REASONS}", name="absence_reason"
        ),
        CheckConstraint("length(hukou_address) <= 120 AND length(whereabouts) <= 120", name="texts"),
        UniqueConstraint("case_id", "turn", name="case_person_turn_key"),
        UniqueConstraint("volume_id", "volume_page", name="case_person_page_key"),
        Index(
            "case_person_open_key", "id_index", "id_type",
            unique=True, postgresql_where=text("is_open"),
        ),
        Index("case_person_person_id_idx", "person_id"),
        Index("case_person_community_id_idx", "community_id", "id"),
    )  # fmt: skip
    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(RegistrationCase.id))
    turn: Mapped[int] = mapped_column(SmallInteger)
    is_open: Mapped[bool] = mapped_column(server_default=text("true"))
    slip_number: Mapped[str | None] = mapped_column(unique=True)
    sheet_number: Mapped[str | None] = mapped_column(unique=True)
    person_id: Mapped[uuid.UUID]
    residence_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Residence.id))
    name: Mapped[str]
    sex: Mapped[str] = mapped_column(CHAR(1))
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    birth_month: Mapped[int | None] = mapped_column(SmallInteger)
    id_type: Mapped[str] = mapped_column(CHAR(3))
    id_number: Mapped[bytes] = mapped_column(LargeBinary)
    id_index: Mapped[bytes] = mapped_column(LargeBinary)
    id_tail: Mapped[str]
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    category: Mapped[str | None]
    relation_to_head: Mapped[str | None] = mapped_column(CHAR(1))
    hukou_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(HousingUnit.id))
    hukou_code: Mapped[str | None]
    hukou_address: Mapped[str | None]
    since: Mapped[dt.date | None]
    stays_until: Mapped[dt.date | None]
    stay_reason: Mapped[str | None]
    lodging: Mapped[str | None]
    proof: Mapped[str | None]
    whereabouts_code: Mapped[str | None]
    whereabouts: Mapped[str | None]
    absence_reason: Mapped[str | None]
    informant: Mapped[str | None]
    ends_on: Mapped[dt.date | None]
    end_reason: Mapped[str | None]
    volume_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(ArchiveVolume.id))
    volume_page: Mapped[int | None] = mapped_column(SmallInteger)
    act_id: Mapped[uuid.UUID | None]


class FormSheet(Located, Base):
    """空白登记表: a numbered sheet on paper, from being handed out to being keyed or voided."""

    __tablename__ = "form_sheet"
    __table_args__ = (
        CheckConstraint(f"form IN {FORMS}", name="form"),
        CheckConstraint(
            "status IN ('issued', 'filled', 'returned', 'verified', 'entered', 'void')", name="status"
        ),
        Index("form_sheet_issued_to_idx", "issued_to", "status"),
        Index("form_sheet_community_id_idx", "community_id", "status"),
    )
    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    form: Mapped[str]
    form_version: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(server_default=text("'issued'"))
    issued_to: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    issued_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    issued_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    returned_at: Mapped[dt.datetime | None]
    void_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]


class PermitReferral(Located, Base):
    """居住证转办: that a registered person was pointed to the permit desk, and which permit came of it."""

    __tablename__ = "permit_referral"
    __table_args__ = (
        CheckConstraint(
            "status IN ('referred', 'accepted', 'issued', 'endorsed', 'refused', 'expired')", name="status"
        ),
        Index("permit_referral_person_id_idx", "person_id"),
        UniqueConstraint("district_id", "archive_number", name="permit_referral_archive_key"),
    )
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    registration_id: Mapped[uuid.UUID]
    status: Mapped[str] = mapped_column(server_default=text("'referred'"))
    referred_on: Mapped[dt.date]
    permit_number: Mapped[bytes | None] = mapped_column(LargeBinary)
    permit_tail: Mapped[str | None]
    issued_on: Mapped[dt.date | None]
    expires_on: Mapped[dt.date | None]
    archive_number: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]
