"""Stored form of persons: least fields, no geometry, no free text, no tags."""

import uuid

from sqlalchemy import CheckConstraint, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR

from geo_registry.base import Base, Id

DOCUMENT_TYPES = ("111", "113", "414", "511", "516", "553", "990")


class Person(Base):
    """人员: a person known by one identity document; number and phone are encrypted.

    The area ids are those of the current main residence; row-level security reads them.
    `id_index` is a keyed hash of the number, `id_tail` its last two characters.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(f"id_type IN {DOCUMENT_TYPES}", name="id_type"),
        CheckConstraint("sex IN ('0', '1', '2', '9')", name="sex"),
        CheckConstraint("birth_month BETWEEN 1 AND 12", name="birth_month"),
        CheckConstraint("birth_year BETWEEN 1880 AND 2200", name="birth_year"),
        CheckConstraint("length(id_tail) <= 2 AND name <> ''", name="least"),
        Index("person_id_index_key", "id_index", "id_type", unique=True),
    )
    id: Mapped[Id]
    name: Mapped[str]
    sex: Mapped[str] = mapped_column(CHAR(1))
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    birth_month: Mapped[int | None] = mapped_column(SmallInteger)
    id_type: Mapped[str] = mapped_column(CHAR(3))
    id_number: Mapped[bytes] = mapped_column(LargeBinary)
    id_index: Mapped[bytes] = mapped_column(LargeBinary)
    id_tail: Mapped[str]
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    district_id: Mapped[uuid.UUID | None]
    township_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]
