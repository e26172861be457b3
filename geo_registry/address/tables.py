"""Stored forms of addresses: place names, numbered addresses and aliases."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR

from geo_registry.base import (
    LIVE,
    Base,
    Code,
    Days,
    Id,
    Located,
    Versioned,
    geometry,
    spatial_index,
)  # fmt: skip

PLACE_KINDS = (
    "street", "section", "lane", "sub_lane", "alley", "sub_alley", "estate", "hamlet", "group",
)  # fmt: skip
STATES = ("reserved", "proposed", "current", "retired", "rejected", "removed")


class PlaceName(Located, Versioned, Base):
    """地名: a street, section, lane, alley, estate, hamlet or group; a tree in the profile's order.

    `scope_id` is the parent place name, or the division in which a top name is unique.
    """

    __tablename__ = "place_name"
    __table_args__ = (
        CheckConstraint(f"kind IN {PLACE_KINDS}", name="kind"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("name <> '' AND normal_name <> ''", name="named"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("scope_id = coalesce(parent_id, scope_id)", name="scope"),
        CheckConstraint("registry.is_sound(axis)", name="axis"),
        Index(
            "place_name_live_key", "scope_id", "kind", "normal_name",
            unique=True, postgresql_where=text(LIVE),
        ),
        Index("place_name_district_id_idx", "district_id", "kind", "id"),
        Index("place_name_name_idx", "normal_name", postgresql_ops={"normal_name": "text_pattern_ops"}),
        Index("place_name_initials_idx", "initials", postgresql_ops={"initials": "text_pattern_ops"}),
        Index("place_name_pinyin_idx", "pinyin", postgresql_ops={"pinyin": "text_pattern_ops"}),
        Index("place_name_parent_id_idx", "parent_id"),
        spatial_index("place_name", "axis"),
    )  # fmt: skip
    id: Mapped[Id]
    code: Mapped[Code]
    kind: Mapped[str]
    name: Mapped[str]
    normal_name: Mapped[str]
    full_name: Mapped[str]
    pinyin: Mapped[str] = mapped_column(server_default=text("''"))
    initials: Mapped[str] = mapped_column(server_default=text("''"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("registry.place_name.id"))
    scope_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(server_default=text("'current'"))
    valid: Mapped[Days]
    axis = geometry("MULTILINESTRING")


class Address(Located, Versioned, Base):
    """标准地址: a number on a place name, or in a community that has no street names.

    `number_key` is the normal form of the number (`119-1`), unique in `scope_id` for good: a
    retired number is never given again.
    """

    __tablename__ = "address"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("number > 0 AND number_key <> '' AND standard_text <> ''", name="number"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("scope_id = coalesce(place_name_id, community_id)", name="scope"),
        CheckConstraint("accuracy IN ('A', 'B', 'U')", name="accuracy"),
        CheckConstraint("registry.is_sound(position)", name="position"),
        Index(
            "address_number_key", "scope_id", "number_key",
            unique=True, postgresql_where=text(LIVE),
        ),
        Index("address_scope_id_idx", "scope_id", "number", "id"),
        Index("address_district_id_idx", "district_id", "id"),
        Index("address_community_id_idx", "community_id", "number_key"),
        spatial_index("address", "position"),
    )  # fmt: skip
    id: Mapped[Id]
    code: Mapped[Code]
    place_name_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(PlaceName.id))
    scope_id: Mapped[uuid.UUID]
    number: Mapped[int]
    number_key: Mapped[str]
    number_text: Mapped[str]
    standard_text: Mapped[str]
    neighborhood: Mapped[str | None]
    officially_assigned: Mapped[bool] = mapped_column(server_default=text("true"))
    accuracy: Mapped[str] = mapped_column(CHAR(1), server_default=text("'U'"))
    position_source: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=text("'current'"))
    valid: Mapped[Days]
    position = geometry("POINT")


class AddressAlias(Base):
    """曾用名/俗称: another name by which a place name, address or building is found."""

    __tablename__ = "address_alias"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('historical_name', 'common_name', 'postal', 'developer_name')", name="kind"
        ),
        Index("address_alias_object_id_idx", "object_id"),
        Index("address_alias_name_idx", "normal_name", postgresql_ops={"normal_name": "text_pattern_ops"}),
    )
    id: Mapped[Id]
    object_kind: Mapped[str]
    object_id: Mapped[uuid.UUID]
    district_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    name: Mapped[str]
    normal_name: Mapped[str]
    valid: Mapped[Days]
