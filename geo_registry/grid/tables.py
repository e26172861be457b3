"""Stored forms of the grid: blocks, what lies in them, who answers for them, and visits to units."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from geo_registry.access.tables import Account
from geo_registry.address.tables import Address
from geo_registry.base import Base, Days, Id, Located, Versioned, geometry, spatial_index
from geo_registry.housing.tables import Building, HousingUnit

VISIT_OUTCOMES = (
    "met_all", "met_some", "nobody_home", "vacant", "demolished", "address_not_found", "declined",
    "document_not_sighted", "rescheduled",
)  # fmt: skip
ASSIGNMENT_ROLES = ("responsible", "deputy")


class GridBlock(Located, Versioned, Base):
    """网格: a block of a community for which somebody answers; current blocks do not overlap."""

    __tablename__ = "grid_block"
    __table_args__ = (
        CheckConstraint("state IN ('current', 'retired', 'removed')", name="state"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("registry.is_sound(boundary)", name="boundary"),
        Index("grid_block_district_id_idx", "district_id", "id"),
        spatial_index("grid_block", "boundary"),
    )
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="current")
    valid: Mapped[Days]
    boundary = geometry("MULTIPOLYGON", nullable=False)


class BuildingBlock(Base):
    """楼栋所在网格: the one block of a building; its units belong to it through the building."""

    __tablename__ = "building_block"
    __table_args__ = (Index("building_block_block_id_idx", "block_id"),)
    building_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Building.id), primary_key=True)
    block_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(GridBlock.id))


class AddressBlock(Base):
    """地址所在网格: the one block of an address."""

    __tablename__ = "address_block"
    __table_args__ = (Index("address_block_block_id_idx", "block_id"),)
    address_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id), primary_key=True)
    block_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(GridBlock.id))


class Coordinator(Base):
    """协管员: an account that may answer for blocks, once trained."""

    __tablename__ = "coordinator"
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id), primary_key=True)
    trained_on: Mapped[dt.date | None]
    act_id: Mapped[uuid.UUID | None]


class BlockAssignment(Base):
    """划块包管: who answers for a block from when to when; one responsible coordinator at any time."""

    __tablename__ = "block_assignment"
    __table_args__ = (
        CheckConstraint(f"role IN {ASSIGNMENT_ROLES}", name="role"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        ExcludeConstraint(
            ("block_id", "="), ("valid", "&&"),
            where=text("role = 'responsible'"), name="block_assignment_responsible_excl",
        ),
        Index("block_assignment_block_id_idx", "block_id"),
        Index("block_assignment_account_id_idx", "account_id"),
    )  # fmt: skip
    id: Mapped[Id]
    block_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(GridBlock.id))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Coordinator.account_id))
    role: Mapped[str] = mapped_column(server_default=text("'responsible'"))
    valid: Mapped[Days]
    document_number: Mapped[str | None]
    act_id: Mapped[uuid.UUID | None]


class Visit(Base):
    """走访: one visit to a unit with its outcome; the log is append-only, one partition a month."""

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint(f"outcome IN {VISIT_OUTCOMES}", name="outcome"),
        Index("visit_unit_id_idx", "unit_id", "visited_at"),
        Index("visit_block_id_idx", "block_id", "visited_at"),
        {"postgresql_partition_by": "RANGE (visited_at)"},
    )
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, server_default=text("registry.new_id()"))
    visited_at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id))
    block_id: Mapped[uuid.UUID | None]
    account_id: Mapped[uuid.UUID | None]
    outcome: Mapped[str]
    sweep_id: Mapped[uuid.UUID | None]


class LastVisit(Base):
    """最近走访: when a unit was last visited and with which outcome; kept by a trigger on visits."""

    __tablename__ = "last_visit"
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(HousingUnit.id), primary_key=True)
    visited_at: Mapped[dt.datetime]
    outcome: Mapped[str]
    account_id: Mapped[uuid.UUID | None]
