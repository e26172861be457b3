"""Stored forms of measuring: sample plans, checks in the field, and the totals that are kept of everything.

A *leaf* is the smallest area that is counted: a block, or, for what lies in no block, the smallest known
division. Townships, communities, blocks and zones are sums of leaves.
"""

import datetime as dt
import uuid

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Numeric, Uuid

from geo_registry.access.tables import Account
from geo_registry.area.tables import Division
from geo_registry.base import Base, Code, Id, Located, Versioned, geometry, spatial_index
from geo_registry.housing.tables import Building, HousingUnit

DIRECTIONS = ("field_to_register", "register_to_field")
_ZERO = text("0")


class SamplePlan(Located, Versioned, Base):
    """抽样方案: a random sample of the units of an area, reproducible from its seed and frame.

    `frame_sha256` is the hash of the frame's unit ids in order, one a line.
    """

    __tablename__ = "sample_plan"
    __table_args__ = (
        CheckConstraint(f"direction IN {DIRECTIONS}", name="direction"),
        CheckConstraint("area_kind IN ('division', 'block', 'zone')", name="area_kind"),
        CheckConstraint("sample_size > 0 AND sample_size <= frame_size", name="size"),
        CheckConstraint("state IN ('drawn', 'closed', 'cancelled')", name="state"),
        Index("sample_plan_area_id_idx", "area_id", "drawn_on"),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    name: Mapped[str]
    direction: Mapped[str]
    area_kind: Mapped[str]
    area_id: Mapped[uuid.UUID]
    seed: Mapped[int] = mapped_column(BigInteger)
    frame_size: Mapped[int]
    frame_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    sample_size: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=text("'drawn'"))
    drawn_on: Mapped[dt.date]
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))


class SampleUnit(Base):
    """样本户室: a unit of a sample in the order of the draw, with its weight (frame over sample)."""

    __tablename__ = "sample_unit"
    __table_args__ = (
        CheckConstraint("weight >= 1", name="weight"),
        Index("sample_unit_unit_id_idx", "unit_id"),
    )
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(SamplePlan.id), primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id), primary_key=True)
    turn: Mapped[int]
    stratum: Mapped[str] = mapped_column(server_default=text("''"))
    weight: Mapped[float] = mapped_column(Numeric(12, 4, asdecimal=False))


class FieldCheck(Located, Base):
    """实地核查: what a check of one unit found, as counts; personal, for a dwelling is small.

    Areas and building are copied from the unit, the leaf is that of its building on that day.
    """

    __tablename__ = "field_check"
    __table_args__ = (
        CheckConstraint("persons_met BETWEEN 0 AND 200", name="persons_met"),
        CheckConstraint("persons_registered BETWEEN 0 AND persons_met", name="persons_registered"),
        CheckConstraint("records_checked BETWEEN 0 AND 200", name="records_checked"),
        CheckConstraint("records_right BETWEEN 0 AND records_checked", name="records_right"),
        Index("field_check_unit_id_idx", "unit_id"),
        Index("field_check_plan_key", "plan_id", "unit_id", unique=True),
        Index("field_check_leaf_id_idx", "leaf_id", "checked_on"),
        Index("field_check_building_id_idx", "building_id"),
    )
    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(SamplePlan.id))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    building_id: Mapped[uuid.UUID]
    leaf_id: Mapped[uuid.UUID]
    checked_on: Mapped[dt.date]
    account_id: Mapped[uuid.UUID | None]
    persons_met: Mapped[int] = mapped_column(SmallInteger)
    persons_registered: Mapped[int] = mapped_column(SmallInteger)
    records_checked: Mapped[int] = mapped_column(SmallInteger)
    records_right: Mapped[int] = mapped_column(SmallInteger)
    act_id: Mapped[uuid.UUID | None]


class BuildingCheck(Located, Base):
    """房屋采集核查: how many units were found in a building, and how many of them the register holds."""

    __tablename__ = "building_check"
    __table_args__ = (
        CheckConstraint("units_found BETWEEN 1 AND 5000", name="units_found"),
        CheckConstraint("units_listed BETWEEN 0 AND units_found", name="units_listed"),
        Index("building_check_building_id_idx", "building_id"),
        Index("building_check_leaf_id_idx", "leaf_id", "checked_on"),
    )
    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(SamplePlan.id))
    building_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Building.id))
    leaf_id: Mapped[uuid.UUID]
    checked_on: Mapped[dt.date]
    account_id: Mapped[uuid.UUID | None]
    units_found: Mapped[int]
    units_listed: Mapped[int]
    act_id: Mapped[uuid.UUID | None]


class Tally(Located, Base):
    """汇总: what a leaf holds now; kept by triggers in the transaction of every change."""

    __tablename__ = "tally"
    __table_args__ = (
        Index("tally_district_id_idx", "district_id"),
        CheckConstraint(
            "least(units, rental_units, persons, registered, addresses, plated) >= 0", name="counts"
        ),
    )
    leaf_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    block_id: Mapped[uuid.UUID | None]
    units: Mapped[int] = mapped_column(server_default=_ZERO)
    rental_units: Mapped[int] = mapped_column(server_default=_ZERO)
    persons: Mapped[int] = mapped_column(server_default=_ZERO)
    registered: Mapped[int] = mapped_column(server_default=_ZERO)
    addresses: Mapped[int] = mapped_column(server_default=_ZERO)
    plated: Mapped[int] = mapped_column(server_default=_ZERO)


class TallyWeek(Base):
    """每周汇总: by how much a leaf's totals changed in a week (Monday), and what was counted in it.

    `tally` minus the changes of later weeks is the state at the end of an earlier week.
    """

    __tablename__ = "tally_week"
    __table_args__ = (
        Index("tally_week_week_idx", "week"),
        CheckConstraint("extract(isodow FROM week) = 1", name="week"),
    )
    leaf_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    week: Mapped[dt.date] = mapped_column(primary_key=True)
    units: Mapped[int] = mapped_column(server_default=_ZERO)
    rental_units: Mapped[int] = mapped_column(server_default=_ZERO)
    persons: Mapped[int] = mapped_column(server_default=_ZERO)
    registered: Mapped[int] = mapped_column(server_default=_ZERO)
    addresses: Mapped[int] = mapped_column(server_default=_ZERO)
    plated: Mapped[int] = mapped_column(server_default=_ZERO)
    persons_met: Mapped[int] = mapped_column(server_default=_ZERO)
    persons_registered: Mapped[int] = mapped_column(server_default=_ZERO)
    records_checked: Mapped[int] = mapped_column(server_default=_ZERO)
    records_right: Mapped[int] = mapped_column(server_default=_ZERO)
    units_found: Mapped[int] = mapped_column(server_default=_ZERO)
    units_listed: Mapped[int] = mapped_column(server_default=_ZERO)
    forms_collected: Mapped[int] = mapped_column(server_default=_ZERO)
    forms_entered: Mapped[int] = mapped_column(server_default=_ZERO)
    visits: Mapped[int] = mapped_column(server_default=_ZERO)
    units_visited: Mapped[int] = mapped_column(server_default=_ZERO)


class TallyDay(Base):
    """汇总日: the day for which residences are counted as current; turned once a day."""

    __tablename__ = "tally_day"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date]


class HeatCell(Located, Base):
    """热力格: the class of low registration of one cell in a week; a class alone, never a count.

    `class_no` is null where fewer than ten persons live (shown grey).
    """

    __tablename__ = "heat_cell"
    __table_args__ = (
        CheckConstraint("class_no BETWEEN 0 AND 5", name="class_no"),
        Index("heat_cell_district_id_idx", "district_id", "week"),
        spatial_index("heat_cell", "shape"),
    )
    week: Mapped[dt.date] = mapped_column(primary_key=True)
    column_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    row_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_no: Mapped[int | None] = mapped_column(SmallInteger)
    shape = geometry("POLYGON", nullable=False)


class Acceptance(Located, Base):
    """验收: what an acceptance team says of an area after a sample; signed once."""

    __tablename__ = "acceptance"
    __table_args__ = (
        CheckConstraint("verdict IN ('accepted', 'put_right', 'refused')", name="verdict"),
        CheckConstraint("length(note) <= 300", name="note"),
        Index("acceptance_once_key", "plan_id", "division_id", unique=True),
    )
    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(SamplePlan.id))
    division_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Division.id))
    verdict: Mapped[str]
    note: Mapped[str | None]
    put_right_by: Mapped[dt.date | None]
    signed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    signed_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    act_id: Mapped[uuid.UUID | None]
