"""Stored forms of residence: living at, hukou at, and the registration of a residence."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR

from geo_registry.base import Base, Days, Id, Located, Moments
from geo_registry.housing.tables import HousingUnit
from geo_registry.person.tables import Person

CATEGORIES = ("local_hukou", "incomer", "lodger", "unsettled", "overseas")
STATUSES = (
    "draft", "submitted", "officer_review", "station_review", "returned", "active", "changed",
    "cancelled", "expired",
)  # fmt: skip


class Residence(Located, Base):
    """居住: a person lives in a unit during `valid`, as known during `sys`.

    Building and area ids are copied from the unit by a trigger, and follow it.
    """

    __tablename__ = "residence"
    __table_args__ = (
        CheckConstraint(f"category IN {CATEGORIES}", name="category"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
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
    )  # fmt: skip
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    category: Mapped[str]
    relation_to_head: Mapped[str | None] = mapped_column(CHAR(1))
    is_main: Mapped[bool] = mapped_column(server_default=text("true"))
    valid: Mapped[Days]
    sys: Mapped[Moments]
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
    )  # fmt: skip
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID | None]
    division_code: Mapped[str | None]
    district_id: Mapped[uuid.UUID | None]
    township_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]
    valid: Mapped[Days]
    sys: Mapped[Moments]
    act_id: Mapped[uuid.UUID | None]


class Registration(Located, Base):
    """居住登记: the registration of a residence, from draft to active and its end."""

    __tablename__ = "registration"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("expires_on > registered_on", name="term"),
        Index(
            "registration_live_key", "residence_id",
            unique=True, postgresql_where=text("status NOT IN ('cancelled', 'expired', 'changed')"),
        ),
        Index("registration_residence_id_idx", "residence_id", "registered_on"),
        Index("registration_person_id_idx", "person_id"),
    )  # fmt: skip
    id: Mapped[Id]
    residence_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Residence.id))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    status: Mapped[str]
    registered_on: Mapped[dt.date]
    expires_on: Mapped[dt.date | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]
