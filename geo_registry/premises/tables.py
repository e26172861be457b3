"""Stored form of premises: an organisation at an address; no staff, no persons."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from geo_registry.access.tables import Account
from geo_registry.base import Base, Code, Days, Id, Located, Versioned
from geo_registry.housing.tables import Building, HousingUnit


class Premises(Located, Versioned, Base):
    """实有单位: name, unified code and place of an organisation, and when it was last found there."""

    __tablename__ = "premises"
    __table_args__ = (
        CheckConstraint("state IN ('current', 'retired', 'removed')", name="state"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("length(name) BETWEEN 2 AND 120", name="name"),
        Index("premises_building_id_idx", "building_id"),
        Index("premises_district_id_idx", "district_id", "id"),
        Index(
            "premises_organisation_key", "building_id", "organisation_code",
            unique=True, postgresql_where=text("state = 'current'"),
        ),
    )  # fmt: skip
    id: Mapped[Id]
    code: Mapped[Code]
    name: Mapped[str]
    organisation_code: Mapped[str | None]
    building_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Building.id))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(HousingUnit.id))
    state: Mapped[str] = mapped_column(server_default=text("'current'"))
    valid: Mapped[Days]
    checked_on: Mapped[dt.date | None]
    checked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
