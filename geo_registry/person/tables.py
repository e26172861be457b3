"""Stored form of persons: least fields, no geometry, no free text, no tags; and their lineage."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR

from geo_registry.access.tables import Account
from geo_registry.base import Base, Id, Located, Moments

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
        Index("person_name_idx", "township_id", "name", postgresql_ops={"name": "text_pattern_ops"}),
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
    merged_into: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("registry.person.id"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]


class PersonHistory(Base):
    """人员历史: what was known of a person before a correction; kept by a trigger."""

    __tablename__ = "person_history"
    __table_args__ = (Index("person_history_id_index_idx", "id_index", "id_type"),)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    sex: Mapped[str] = mapped_column(CHAR(1))
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    birth_month: Mapped[int | None] = mapped_column(SmallInteger)
    id_type: Mapped[str] = mapped_column(CHAR(3))
    id_number: Mapped[bytes] = mapped_column(LargeBinary)
    id_index: Mapped[bytes] = mapped_column(LargeBinary)
    id_tail: Mapped[str]
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    sys: Mapped[Moments]
    act_id: Mapped[uuid.UUID | None]


class PersonLineage(Located, Base):
    """人员归并、拆分: two records made one, or one two; proposed by one, done by another."""

    __tablename__ = "person_lineage"
    __table_args__ = (
        CheckConstraint("kind IN ('merge', 'split')", name="kind"),
        CheckConstraint("state IN ('proposed', 'done', 'refused', 'undone')", name="state"),
        CheckConstraint("from_id <> to_id", name="ends"),
        CheckConstraint("decided_by <> proposed_by", name="decided_by"),
        CheckConstraint("length(reason) BETWEEN 4 AND 200", name="reason"),
        Index(
            "person_lineage_open_key", "from_id",
            unique=True, postgresql_where=text("state = 'proposed'"),
        ),
        Index("person_lineage_to_id_idx", "to_id"),
        Index("person_lineage_from_id_idx", "from_id"),
    )  # fmt: skip
    id: Mapped[Id]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'proposed'"))
    from_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    to_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Person.id))
    reason: Mapped[str]
    proposed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    proposed_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    decided_at: Mapped[dt.datetime | None]
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    undone_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    act_id: Mapped[uuid.UUID | None]


class PersonLineageRow(Base):
    """归并明细: one fact or referral that a merge or split moved or took away, for its undoing."""

    __tablename__ = "person_lineage_row"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('residence', 'hukou', 'absence', 'separation_decision', 'permit_referral',"
            " 'hukou_referral')",
            name="kind",
        ),
        CheckConstraint("change IN ('moved', 'removed', 'demoted')", name="change"),
    )
    lineage_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(PersonLineage.id), primary_key=True)
    row_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    change: Mapped[str]
