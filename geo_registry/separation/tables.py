"""Stored forms of the check of separated persons: a run, its persons with an outcome each, and referrals."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR

from geo_registry.access.tables import Account
from geo_registry.base import Base, Id, Located
from geo_registry.housing.tables import HousingUnit
from geo_registry.person.tables import DOCUMENT_TYPES, Person

OUTCOMES = ("still_separated", "ended", "not_found", "whereabouts_known")


class SeparationRun(Located, Base):
    """人户分离核对: one check of a list; open until every person has an outcome."""

    __tablename__ = "separation_run"
    __table_args__ = (
        CheckConstraint("mode IN ('register_first', 'field_first', 'data_only')", name="mode"),
        CheckConstraint("closes_on >= opens_on", name="term"),
        CheckConstraint("length(title) BETWEEN 2 AND 80", name="title"),
        Index("separation_run_district_id_idx", "district_id", "opens_on"),
    )
    id: Mapped[Id]
    title: Mapped[str]
    mode: Mapped[str]
    opens_on: Mapped[dt.date]
    closes_on: Mapped[dt.date]
    closed_at: Mapped[dt.datetime | None]
    opened_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]


class SeparationItem(Located, Base):
    """核对对象: one person of a run, with the address that the list tells and what was found."""

    __tablename__ = "separation_item"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        CheckConstraint("found_in IN ('list', 'field')", name="found_in"),
        CheckConstraint(f"id_type IN {DOCUMENT_TYPES}", name="id_type"),
        CheckConstraint(
            "length(hukou_text) <= 200 AND length(current_text) <= 200 AND length(whereabouts) <= 120",
            name="texts",
        ),
        Index("separation_item_once_key", "run_id", "id_index", "id_type", unique=True),
        Index("separation_item_run_id_idx", "run_id", "community_id"),
    )
    id: Mapped[Id]
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(SeparationRun.id))
    found_in: Mapped[str] = mapped_column(server_default=text("'list'"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Person.id))
    name: Mapped[str]
    sex: Mapped[str] = mapped_column(CHAR(1))
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    birth_month: Mapped[int | None] = mapped_column(SmallInteger)
    id_type: Mapped[str] = mapped_column(CHAR(3))
    id_number: Mapped[bytes] = mapped_column(LargeBinary)
    id_index: Mapped[bytes] = mapped_column(LargeBinary)
    id_tail: Mapped[str]
    hukou_text: Mapped[str | None]
    current_text: Mapped[str | None]
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(HousingUnit.id))
    outcome: Mapped[str | None]
    outcome_on: Mapped[dt.date | None]
    outcome_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    whereabouts_code: Mapped[str | None]
    whereabouts: Mapped[str | None]
    case_id: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class HukouReferral(Located, Base):
    """无户口人员转办: a person without any hukou, referred to civil affairs or the police."""

    __tablename__ = "hukou_referral"
    __table_args__ = (
        CheckConstraint("referred_to IN ('civil_affairs', 'police')", name="referred_to"),
        CheckConstraint("closed_on >= opened_on", name="term"),
        CheckConstraint("outcome IN ('hukou_given', 'hukou_found', 'left_area', 'other')", name="outcome"),
        Index(
            "hukou_referral_open_key", "person_id",
            unique=True, postgresql_where=text("closed_on IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[Id]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    referred_to: Mapped[str]
    opened_on: Mapped[dt.date] = mapped_column(server_default=func.current_date())
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    closed_on: Mapped[dt.date | None]
    outcome: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]
