"""Stored forms of residence: living at, hukou at, being away, and the registration of a residence.

Rows of a history: `valid` is when it was so, `sys` when the registry knew it. A row whose facts change keeps
its id; a copy of what was known before stays beside it, with an end of `sys` and `version_of` naming the row.
"""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR

from geo_registry.access.tables import Account
from geo_registry.base import Base, Days, Id, Located, Moments
from geo_registry.housing.tables import HousingUnit
from geo_registry.person.tables import Person

CATEGORIES = ("local_hukou", "incomer", "lodger", "unsettled", "overseas")
SEPARATIONS = ("consistent", "resident_not_registered_here", "registered_not_resident", "false_alarm")
END_REASONS = (
    "left_area", "moved_within_city", "duplicate", "wrong", "false_entry", "deceased", "military_service",
    "settled_abroad", "became_local", "merged_division",
)  # fmt: skip
ABSENCE_REASONS = ("work", "study", "family", "housing", "abroad", "other")
INFORMANTS = ("self", "family", "neighbour", "committee", "landlord")
STATUSES = (
    "draft", "submitted", "officer_review", "station_review", "returned", "active", "changed",
    "cancelled", "expired",
)  # fmt: skip


class Household(Located, Base):
    """家庭户、集体户: persons who live together in a unit; a collective one names where its holder sits."""

    __tablename__ = "household"
    __table_args__ = (
        CheckConstraint("kind IN ('family', 'collective')", name="kind"),
        Index("household_unit_id_idx", "unit_id"),
    )
    id: Mapped[Id]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(server_default=text("'family'"))
    holder_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(HousingUnit.id))
    act_id: Mapped[uuid.UUID | None]


class Residence(Located, Base):
    """居住: a person lives in a unit during `valid`, as known during `sys`.

    Building and area ids are copied from the unit by a trigger, and follow it.
    """

    __tablename__ = "residence"
    __table_args__ = (
        CheckConstraint(f"category IN {CATEGORIES}", name="category"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint(f"end_reason IN {END_REASONS}", name="end_reason"),
        ExcludeConstraint(
            ("person_id", "="), ("unit_id", "="), ("valid", "&&"),
            where=text("upper_inf(sys)"), name="residence_unit_excl",
        ),
        ExcludeConstraint(
            ("person_id", "="), ("valid", "&&"),
            where=text("is_main AND upper_inf(sys)"), name="residence_main_excl",
        ),
        Index("residence_building_id_idx", "building_id", "unit_id"),
        Index("residence_unit_id_idx", "unit_id"),
        Index("residence_person_id_idx", "person_id"),
        Index("residence_version_of_idx", "version_of", postgresql_where=text("version_of IS NOT NULL")),
        Index(
            "residence_household_id_idx", "household_id",
            postgresql_where=text("household_id IS NOT NULL"),
        ),
    )  # fmt: skip
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    category: Mapped[str]
    relation_to_head: Mapped[str | None] = mapped_column(CHAR(1))
    is_main: Mapped[bool] = mapped_column(server_default=text("true"))
    household_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Household.id))
    verified_on: Mapped[dt.date | None]
    end_reason: Mapped[str | None]
    valid: Mapped[Days]
    sys: Mapped[Moments]
    version_of: Mapped[uuid.UUID | None]
    act_id: Mapped[uuid.UUID | None]


class Hukou(Base):
    """户籍: where a person's household registration lies: a unit here, or a division elsewhere."""

    __tablename__ = "hukou"
    __table_args__ = (
        CheckConstraint("(unit_id IS NULL) <> (division_code IS NULL)", name="place"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        ExcludeConstraint(
            ("person_id", "="), ("valid", "&&"),
            where=text("upper_inf(sys)"), name="hukou_person_excl",
        ),
        Index("hukou_unit_id_idx", "unit_id"),
        Index("hukou_person_id_idx", "person_id"),
        Index("hukou_building_id_idx", "building_id"),
        CheckConstraint("unit_id IS NULL OR address_text IS NULL", name="address_text"),
        CheckConstraint(f"end_reason IN {END_REASONS}", name="end_reason"),
    )  # fmt: skip
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID | None]
    division_code: Mapped[str | None]
    address_text: Mapped[str | None]
    district_id: Mapped[uuid.UUID | None]
    township_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]
    end_reason: Mapped[str | None]
    valid: Mapped[Days]
    sys: Mapped[Moments]
    version_of: Mapped[uuid.UUID | None]
    act_id: Mapped[uuid.UUID | None]


class Registration(Located, Base):
    """居住登记: the registration of a residence, from draft to active and its end."""

    __tablename__ = "registration"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("expires_on > registered_on", name="term"),
        CheckConstraint(f"end_reason IN {END_REASONS}", name="end_reason"),
        Index(
            "registration_live_key", "residence_id",
            unique=True, postgresql_where=text("status NOT IN ('cancelled', 'expired', 'changed')"),
        ),
        Index("registration_residence_id_idx", "residence_id", "registered_on"),
        Index("registration_person_id_idx", "person_id"),
        Index("registration_community_id_idx", "community_id", "registered_on", "id"),
    )  # fmt: skip
    id: Mapped[Id]
    residence_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Residence.id))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    status: Mapped[str]
    registered_on: Mapped[dt.date]
    expires_on: Mapped[dt.date | None]
    ended_on: Mapped[dt.date | None]
    end_reason: Mapped[str | None]
    case_person_id: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]


class Absence(Located, Base):
    """户在人不在: a person whose hukou is at a unit here and who lives elsewhere, or nobody knows where."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint(f"reason IN {ABSENCE_REASONS}", name="reason"),
        CheckConstraint(f"informant IN {INFORMANTS}", name="informant"),
        CheckConstraint("length(whereabouts) <= 120", name="whereabouts"),
        ExcludeConstraint(
            ("person_id", "="), ("valid", "&&"), where=text("upper_inf(sys)"), name="absence_person_excl",
        ),
        Index("absence_person_id_idx", "person_id"),
        Index("absence_community_id_idx", "community_id"),
    )  # fmt: skip
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    whereabouts_code: Mapped[str | None]
    whereabouts: Mapped[str | None]
    reason: Mapped[str]
    informant: Mapped[str]
    valid: Mapped[Days]
    sys: Mapped[Moments]
    version_of: Mapped[uuid.UUID | None]
    act_id: Mapped[uuid.UUID | None]


class SeparationDecision(Located, Base):
    """人户分离认定: what an officer decided about a person against the rule, for a time and a reason."""

    __tablename__ = "separation_decision"
    __table_args__ = (
        CheckConstraint(f"status IN {SEPARATIONS}", name="status"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("length(reason) BETWEEN 4 AND 200", name="reason"),
        ExcludeConstraint(
            ("person_id", "="), ("valid", "&&"),
            where=text("upper_inf(sys)"), name="separation_decision_person_excl",
        ),
        Index("separation_decision_person_id_idx", "person_id"),
    )  # fmt: skip
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    status: Mapped[str]
    reason: Mapped[str]
    decided_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    valid: Mapped[Days]
    sys: Mapped[Moments]
    version_of: Mapped[uuid.UUID | None]
    act_id: Mapped[uuid.UUID | None]
