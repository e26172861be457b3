"""Stored forms of addresses: place names and their cases, numbered addresses, their changes, aliases."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import CHAR, Text

from geo_registry.access.tables import Account
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
NAMING_STATES = (
    "reserved", "reviewing", "returned", "approved", "published", "in_force", "rejected", "withdrawn",
)  # fmt: skip
NAMING_STEPS = (
    "reserve", "submit", "approve", "return", "reject", "publish", "enforce", "withdraw",
)  # fmt: skip
POSITION_KINDS = ("entrance", "gate", "building", "stairway", "vehicle_gate")
CERTIFIED_BY = ("decree", "photo", "visit")
WARNINGS = (
    "duplicate", "other_side", "far_from_street", "outside_area", "out_of_order", "gap", "no_position",
    "old_sign",
)  # fmt: skip


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
        CheckConstraint(f"position_kind IN {POSITION_KINDS}", name="position_kind"),
        CheckConstraint(
            "num_nulls(certified_at, certified_by, certified_basis) IN (0, 3) "
            f"AND certified_basis IN {CERTIFIED_BY}",
            name="certified",
        ),
        Index(
            "address_number_key", "scope_id", "number_key",
            unique=True, postgresql_where=text(LIVE),
        ),
        Index("address_scope_id_idx", "scope_id", "number", "id"),
        Index("address_district_id_idx", "district_id", "id"),
        Index("address_community_id_idx", "community_id", "number_key"),
        Index("address_removed_idx", "changed_at", "id", postgresql_where=text("state = 'removed'")),
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
    position_kind: Mapped[str] = mapped_column(server_default=text("'entrance'"))
    certified_at: Mapped[dt.datetime | None]
    certified_by: Mapped[uuid.UUID | None]
    certified_basis: Mapped[str | None]
    certified_until: Mapped[dt.date | None]
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


class NamingCase(Located, Versioned, Base):
    """地名审批: a name on its way through reservation, approvals and publication into force.

    `levels` are the levels that approve, copied from the profile when it was handed in; `level` counts those
    that have approved. The name itself is a row of `place_name`, proposed until the case is in force.
    """

    __tablename__ = "naming_case"
    __table_args__ = (
        CheckConstraint("action IN ('name', 'rename', 'retire')", name="action"),
        CheckConstraint(f"state IN {NAMING_STATES}", name="state"),
        CheckConstraint("name <> '' AND number <> ''", name="named"),
        CheckConstraint("level BETWEEN 0 AND cardinality(levels)", name="level"),
        CheckConstraint("levels <@ ARRAY['township', 'district', 'city']", name="levels"),
        CheckConstraint("length(meaning) <= 500", name="meaning"),
        CheckConstraint("(state = 'reserved') <= (reserved_until IS NOT NULL)", name="reserved"),
        CheckConstraint("(decree_number IS NULL) = (decree_on IS NULL)", name="decree"),
        Index("naming_case_number_key", "district_id", "number", unique=True),
        Index("naming_case_district_id_idx", "district_id", "state", "id"),
        Index(
            "naming_case_open_key", "place_name_id",
            unique=True, postgresql_where=text("state NOT IN ('in_force', 'rejected', 'withdrawn')"),
        ),
    )  # fmt: skip
    id: Mapped[Id]
    code: Mapped[Code]
    number: Mapped[str]
    action: Mapped[str]
    place_name_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(PlaceName.id))
    name: Mapped[str]
    former_name: Mapped[str | None]
    meaning: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str]
    level: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    levels: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    reserved_until: Mapped[dt.date | None]
    proposed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    proposed_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    decree_number: Mapped[str | None]
    decree_on: Mapped[dt.date | None]
    published_on: Mapped[dt.date | None]
    effective_on: Mapped[dt.date | None]


class NamingStep(Base):
    """地名审批记录: one step of a case, by whom, at which level, and why."""

    __tablename__ = "naming_step"
    __table_args__ = (
        CheckConstraint(f"step IN {NAMING_STEPS}", name="step"),
        CheckConstraint("length(note) <= 500", name="note"),
        Index("naming_step_case_id_idx", "case_id", "id"),
    )
    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(NamingCase.id))
    step: Mapped[str]
    level: Mapped[str | None]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    taken_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    note: Mapped[str | None]
    act_id: Mapped[uuid.UUID | None]


class AddressPosition(Base):
    """门址点位: one more place of an address beside its main one, with what stands there."""

    __tablename__ = "address_position"
    __table_args__ = (
        CheckConstraint(f"kind IN {POSITION_KINDS}", name="kind"),
        CheckConstraint("registry.is_sound(position)", name="position"),
        Index("address_position_address_id_idx", "address_id", postgresql_where=text("ended_at IS NULL")),
    )
    id: Mapped[Id]
    address_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id))
    kind: Mapped[str]
    ended_at: Mapped[dt.datetime | None]
    act_id: Mapped[uuid.UUID | None]
    position = geometry("POINT", nullable=False)


class AddressChange(Located, Base):
    """地址变更: the old and the new text of an address that was renumbered, or whose street was renamed.

    A renumbering that was taken back is followed by its reverse.
    """

    __tablename__ = "address_change"
    __table_args__ = (
        CheckConstraint("kind IN ('renumber', 'rename', 'take_back')", name="kind"),
        CheckConstraint("old_text <> new_text", name="texts"),
        Index("address_change_old_id_idx", "old_id"),
        Index("address_change_new_id_idx", "new_id"),
        Index("address_change_act_id_idx", "act_id", "id"),
        Index("address_change_place_name_id_idx", "place_name_id", "id"),
        Index("address_change_district_id_idx", "district_id", "id"),
        Index("address_change_old_text_idx", "old_text", postgresql_ops={"old_text": "text_pattern_ops"}),
        Index("address_change_new_text_idx", "new_text", postgresql_ops={"new_text": "text_pattern_ops"}),
    )
    id: Mapped[Id]
    kind: Mapped[str]
    old_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id))
    new_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id))
    place_name_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(PlaceName.id))
    old_text: Mapped[str]
    new_text: Mapped[str]
    changed_on: Mapped[dt.date] = mapped_column(server_default=func.current_date())
    act_id: Mapped[uuid.UUID | None]


class AddressCertificate(Located, Base):
    """地址变更证明: the paper that says which address an earlier one is now."""

    __tablename__ = "address_certificate"
    __table_args__ = (
        CheckConstraint("number <> '' AND old_text <> new_text", name="texts"),
        Index("address_certificate_number_key", "district_id", "number", unique=True),
        Index("address_certificate_address_id_idx", "address_id"),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    number: Mapped[str]
    address_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id))
    old_text: Mapped[str]
    new_text: Mapped[str]
    changed_on: Mapped[dt.date]
    issued_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    issued_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    act_id: Mapped[uuid.UUID | None]


class AddressWarning(Located, Base):
    """门址提示: what speaks against an address, and how much hangs on it; found anew as its row changes.

    `effect` counts the dwellings, plates and neighbours that a cure helps. One that was accepted with a
    reason stays, and is not asked about again.
    """

    __tablename__ = "address_warning"
    __table_args__ = (
        CheckConstraint(f"kind IN {WARNINGS}", name="kind"),
        CheckConstraint("effect > 0", name="effect"),
        CheckConstraint("num_nulls(accepted_at, accepted_by, reason) IN (0, 3)", name="accepted"),
        Index("address_warning_scope_id_idx", "scope_id"),
        Index("address_warning_district_id_idx", "district_id", "effect"),
    )
    address_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    scope_id: Mapped[uuid.UUID]
    effect: Mapped[int]
    found_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    accepted_at: Mapped[dt.datetime | None]
    accepted_by: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]
