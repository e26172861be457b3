"""Stored forms of areas: divisions, the jurisdiction, foreign codes, successions, history."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from geo_registry.access.tables import TransactionId
from geo_registry.base import Base, Days, Id, Moments, Versioned, geometry, spatial_index

LEVELS = ("province", "city", "district", "township", "community")


class Division(Versioned, Base):
    """行政区划: province to community; codes are never re-used, abolished ones stay."""

    __tablename__ = "division"
    __table_args__ = (
        UniqueConstraint("scheme", "code"),
        CheckConstraint(f"level IN {LEVELS}", name="level"),
        CheckConstraint("code <> '' AND name <> ''", name="named"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("registry.is_sound(boundary)", name="boundary"),
        Index("division_parent_id_idx", "parent_id"),
        Index("division_full_name_idx", "full_name", postgresql_ops={"full_name": "text_pattern_ops"}),
        Index("division_district_id_idx", "district_id", "level"),
        spatial_index("division", "boundary"),
    )
    id: Mapped[Id]
    scheme: Mapped[str]
    code: Mapped[str]
    level: Mapped[str]
    kind: Mapped[str | None]
    name: Mapped[str]
    full_name: Mapped[str]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("registry.division.id"))
    city_id: Mapped[uuid.UUID | None]
    district_id: Mapped[uuid.UUID | None]
    township_id: Mapped[uuid.UUID | None]
    valid: Mapped[Days]
    boundary = geometry("MULTIPOLYGON")


class Jurisdiction(Base):
    """辖区: where this installation works; no stored geometry leaves its box."""

    __tablename__ = "jurisdiction"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]
    profile: Mapped[str]
    box = geometry("POLYGON", nullable=False)


class Backdrop(Base):
    """底图面: water, green and built-up land beneath the map; nothing is registered on it."""

    __tablename__ = "backdrop"
    __table_args__ = (
        CheckConstraint("kind IN ('water', 'green', 'residential', 'commercial')", name="kind"),
        CheckConstraint("registry.is_sound(shape)", name="shape"),
        UniqueConstraint("source_key"),
        spatial_index("backdrop", "shape"),
    )
    id: Mapped[Id]
    kind: Mapped[str]
    name: Mapped[str | None]
    source_key: Mapped[str]
    shape = geometry("MULTIPOLYGON", nullable=False)


class ExternalCode(Base):
    """外部编码: a national or legacy code of one of our objects; a value is given once."""

    __tablename__ = "external_code"
    __table_args__ = (
        UniqueConstraint("scheme", "value"),
        Index("external_code_object_id_idx", "object_id"),
    )
    id: Mapped[Id]
    object_kind: Mapped[str]
    object_id: Mapped[uuid.UUID]
    scheme: Mapped[str]
    value: Mapped[str]
    valid: Mapped[Days]


class Succession(Base):
    """沿革: which object followed a dead one, and by which act."""

    __tablename__ = "succession"
    __table_args__ = (
        CheckConstraint("kind IN ('merge', 'split', 'renumber', 'rename', 'replace')", name="kind"),
        CheckConstraint("old_id <> new_id", name="distinct"),
    )
    old_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    new_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    object_kind: Mapped[str]
    kind: Mapped[str]
    act_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime] = mapped_column(server_default=func.now())


class PlaceChange(Base):
    """变更流: one change of a place register; read behind the oldest open transaction, it has no gap."""

    __tablename__ = "place_change"
    __table_args__ = (Index("place_change_order_idx", "xid", "seq"),)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    xid: Mapped[str] = mapped_column(TransactionId, server_default=text("pg_current_xact_id()"))
    at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    object_kind: Mapped[str]
    object_id: Mapped[uuid.UUID]
    version: Mapped[int]
    act_id: Mapped[uuid.UUID | None]
    district_id: Mapped[uuid.UUID | None]
    township_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]


class NameChange(Base):
    """名录变更: one statement that changed names of divisions, place names or aliases."""

    __tablename__ = "name_change"
    __table_args__ = (Index("name_change_xid_idx", "xid"),)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    xid: Mapped[str] = mapped_column(TransactionId, server_default=text("pg_current_xact_id()"))


class PlaceHistory(Base):
    """历史版本: a replaced row of a place register as it was known during `sys`."""

    __tablename__ = "place_history"
    object_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    object_kind: Mapped[str]
    sys: Mapped[Moments]
    act_id: Mapped[uuid.UUID | None]
    row: Mapped[dict[str, Any]] = mapped_column(JSONB)
