"""Stored forms of housing: buildings, the numbers they carry, entrances and units."""

import uuid

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text, Uuid

from geo_registry.address.tables import Address
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

BUILDING_STATES = (
    "planned", "under_construction", "realized", "under_conversion", "out_of_use",
    "demolished", "not_realized", "removed",
)  # fmt: skip
UNIT_STATES = (
    "planned", "realized", "in_conversion", "out_of_use", "retired", "not_realized", "removed",
)  # fmt: skip
UNIT_USES = (
    "self_occupied", "let_whole", "let_rooms", "collective_dormitory", "vacant",
    "non_residential", "under_demolition",
)  # fmt: skip


class Building(Located, Versioned, Base):
    """幢: a building with its outline, or with a point alone while nobody has drawn it."""

    __tablename__ = "building"
    __table_args__ = (
        CheckConstraint(f"state IN {BUILDING_STATES}", name="state"),
        CheckConstraint("method IN ('measured', 'outlined', 'derived')", name="method"),
        CheckConstraint("outline IS NOT NULL OR position IS NOT NULL", name="placed"),
        CheckConstraint("registry.is_sound(outline) AND registry.is_sound(position)", name="outline"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        Index("building_district_id_idx", "district_id", "id"),
        Index("building_name_idx", "name", postgresql_ops={"name": "text_pattern_ops"}),
        spatial_index("building", "outline"),
        spatial_index("building", "position"),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    name: Mapped[str | None]
    label: Mapped[str | None]
    method: Mapped[str]
    floors: Mapped[int | None] = mapped_column(SmallInteger)
    floors_below: Mapped[int | None] = mapped_column(SmallInteger)
    built_year: Mapped[int | None] = mapped_column(SmallInteger)
    use: Mapped[str | None]
    unauthorised: Mapped[bool] = mapped_column(server_default=text("false"))
    state: Mapped[str] = mapped_column(server_default=text("'realized'"))
    valid: Mapped[Days]
    outline = geometry("MULTIPOLYGON")
    position = geometry("POINT")


class BuildingSound(Base):
    """楼名读音: how a name that buildings bear sounds, in full and by initials."""

    __tablename__ = "building_sound"
    __table_args__ = (
        Index("building_sound_pinyin_idx", "pinyin", postgresql_ops={"pinyin": "text_pattern_ops"}),
        Index("building_sound_initials_idx", "initials", postgresql_ops={"initials": "text_pattern_ops"}),
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    pinyin: Mapped[str]
    initials: Mapped[str]


class BuildingAddress(Base):
    """楼栋地址: the number a building carries over a period; one main number at any time.

    `building_no` (3幢) tells apart the buildings that share one number.
    """

    __tablename__ = "building_address"
    __table_args__ = (
        ExcludeConstraint(
            ("building_id", "="), ("valid", "&&"), where=text("is_main"),
            name="building_address_main_excl",
        ),
        ExcludeConstraint(
            ("address_id", "="), ("building_no", "="), ("valid", "&&"),
            where=text("is_main"), name="building_address_number_excl",
        ),
        Index("building_address_building_id_idx", "building_id"),
        Index("building_address_address_id_idx", "address_id"),
    )  # fmt: skip
    id: Mapped[Id]
    building_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Building.id))
    address_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id))
    building_no: Mapped[str] = mapped_column(Text, server_default=text("''"))
    is_main: Mapped[bool] = mapped_column(server_default=text("true"))
    valid: Mapped[Days]
    act_id: Mapped[uuid.UUID | None]


class Entrance(Versioned, Base):
    """单元: an entrance or stair of a building."""

    __tablename__ = "entrance"
    __table_args__ = (
        UniqueConstraint("building_id", "label_key", name="entrance_label_key"),
        UniqueConstraint("id", "building_id", name="entrance_id_building_key"),
        CheckConstraint("registry.is_sound(position)", name="position"),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    building_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Building.id))
    label: Mapped[str]
    label_key: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'realized'"))
    position = geometry("POINT")


class HousingUnit(Located, Versioned, Base):
    """户室: a dwelling or other room behind one door; its key is unique in the building for good."""

    __tablename__ = "housing_unit"
    __table_args__ = (
        CheckConstraint(f"state IN {UNIT_STATES}", name="state"),
        CheckConstraint(f"use IN {UNIT_USES}", name="use"),
        CheckConstraint("area_m2 > 0 AND area_m2 < 100000", name="area_m2"),
        CheckConstraint("floor BETWEEN -20 AND 200", name="floor"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("registry.is_sound(position)", name="position"),
        ForeignKeyConstraint(
            ["entrance_id", "building_id"],
            ["registry.entrance.id", "registry.entrance.building_id"],
            name="housing_unit_entrance_fkey",
        ),
        Index(
            "housing_unit_unit_key", "building_id", "unit_key",
            unique=True, postgresql_where=text(LIVE),
        ),
        Index("housing_unit_district_id_idx", "district_id", "id"),
    )  # fmt: skip
    id: Mapped[Id]
    code: Mapped[Code]
    building_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Building.id))
    entrance_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    floor: Mapped[int | None] = mapped_column(SmallInteger)
    room: Mapped[str | None]
    unit_text: Mapped[str]
    unit_key: Mapped[str]
    use: Mapped[str | None]
    area_m2: Mapped[float | None] = mapped_column(Numeric(8, 2, asdecimal=False))
    state: Mapped[str] = mapped_column(server_default=text("'realized'"))
    valid: Mapped[Days]
    position = geometry("POINT")
