"""Stored forms of focus areas and zones under rectification: places with a plan, sweeps and an end."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Computed, Date, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from geo_registry.access.tables import Account
from geo_registry.base import Base, Code, Days, Id, Located, Versioned, geometry, spatial_index
from geo_registry.grid.tables import GridBlock
from geo_registry.measure.tables import SamplePlan

FOCUS_KINDS = (
    "urban_fringe",
    "village_in_city",
    "old_lanes",
    "rental_estate",
    "small_inns",
    "market",
    "mine",
)
GROUNDS = ("low_registration", "high_turnover", "unsafe_housing", "plates_missing")
ZONE_STATES = (
    "proposed", "notified", "listed", "plan_approved", "in_rectification", "submitted", "returned",
    "accepted", "closed", "failed",
)  # fmt: skip


class FocusArea(Located, Versioned, Base):
    """重点区域: a place that needs more attention for what it is built and used as."""

    __tablename__ = "focus_area"
    __table_args__ = (
        CheckConstraint(f"kind IN {FOCUS_KINDS}", name="kind"),
        CheckConstraint("state IN ('current', 'retired', 'removed')", name="state"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("registry.is_sound(boundary)", name="boundary"),
        Index("focus_area_district_id_idx", "district_id", "id"),
        spatial_index("focus_area", "boundary"),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    name: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'current'"))
    valid: Mapped[Days]
    boundary = geometry("MULTIPOLYGON", nullable=False)


class FocusAreaBlock(Base):
    """重点区域网格: a block that counts for a focus area."""

    __tablename__ = "focus_area_block"
    __table_args__ = (Index("focus_area_block_block_id_idx", "block_id"),)
    focus_area_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(FocusArea.id), primary_key=True)
    block_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(GridBlock.id), primary_key=True)


class Zone(Located, Versioned, Base):
    """挂牌整治区: a zone under rectification, due two months after its listing."""

    __tablename__ = "zone"
    __table_args__ = (
        CheckConstraint(f"state IN {ZONE_STATES}", name="state"),
        CheckConstraint(f"ground IN {GROUNDS}", name="ground"),
        CheckConstraint("registry.is_sound(boundary)", name="boundary"),
        CheckConstraint(
            "state IN ('proposed', 'notified', 'failed') OR listed_on IS NOT NULL", name="listed"
        ),
        Index("zone_district_id_idx", "district_id", "id"),
        spatial_index("zone", "boundary"),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    name: Mapped[str]
    ground: Mapped[str]
    focus_area_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(FocusArea.id))
    state: Mapped[str] = mapped_column(server_default=text("'proposed'"))
    proposed_on: Mapped[dt.date]
    notified_on: Mapped[dt.date | None]
    listed_on: Mapped[dt.date | None]
    due_on: Mapped[dt.date | None] = mapped_column(
        Date, Computed("(listed_on + interval '2 months')::date", persisted=True)
    )
    started_on: Mapped[dt.date | None]
    submitted_on: Mapped[dt.date | None]
    accepted_on: Mapped[dt.date | None]
    closed_on: Mapped[dt.date | None]
    boundary = geometry("MULTIPOLYGON", nullable=False)


class ZoneBlock(Base):
    """整治区网格: a block that counts for a zone."""

    __tablename__ = "zone_block"
    __table_args__ = (Index("zone_block_block_id_idx", "block_id"),)
    zone_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Zone.id), primary_key=True)
    block_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(GridBlock.id), primary_key=True)


class RectificationPlan(Versioned, Base):
    """一点一方案: the one plan of a zone; a zone starts only with an approved plan."""

    __tablename__ = "rectification_plan"
    __table_args__ = (
        CheckConstraint("sweep_weekday BETWEEN 1 AND 7", name="sweep_weekday"),
        CheckConstraint("cause <> ''", name="cause"),
        CheckConstraint("(approved_on IS NULL) = (approved_by IS NULL)", name="approved"),
    )
    id: Mapped[Id]
    zone_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Zone.id), unique=True)
    cause: Mapped[str]
    responsible_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    sweep_weekday: Mapped[int] = mapped_column(SmallInteger)
    document_number: Mapped[str | None]
    approved_on: Mapped[dt.date | None]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))


class PlanMeasure(Base):
    """整治措施: one measure of a plan with its date and how far it is done (percent)."""

    __tablename__ = "plan_measure"
    __table_args__ = (
        CheckConstraint("done_percent BETWEEN 0 AND 100", name="done_percent"),
        CheckConstraint("title <> ''", name="title"),
        Index("plan_measure_turn_key", "plan_id", "turn", unique=True),
    )
    id: Mapped[Id]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(RectificationPlan.id))
    turn: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str]
    responsible_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    due_on: Mapped[dt.date]
    done_percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class Sweep(Base):
    """集中清查: one sweep of a zone that was held; what was not held is the gap between two."""

    __tablename__ = "sweep"
    __table_args__ = (
        CheckConstraint("kind IN ('weekly', 'joint')", name="kind"),
        CheckConstraint("units_visited BETWEEN 0 AND units_planned", name="units_visited"),
        CheckConstraint("newly_registered >= 0", name="newly_registered"),
        Index("sweep_held_key", "zone_id", "held_on", unique=True),
    )
    id: Mapped[Id]
    zone_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Zone.id))
    kind: Mapped[str] = mapped_column(server_default=text("'weekly'"))
    held_on: Mapped[dt.date]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    units_planned: Mapped[int]
    units_visited: Mapped[int]
    newly_registered: Mapped[int]
    act_id: Mapped[uuid.UUID | None]


class ZoneDecision(Base):
    """验收结论: accepted or returned, with the sample that proves it."""

    __tablename__ = "zone_decision"
    __table_args__ = (
        CheckConstraint("decision IN ('accepted', 'returned')", name="decision"),
        CheckConstraint("decision = 'returned' OR verdict = 'met'", name="proof"),
        CheckConstraint("verdict IN ('met', 'missed', 'not_demonstrated', 'too_few')", name="verdict"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("zone_decision_zone_id_idx", "zone_id", "decided_on"),
    )
    id: Mapped[Id]
    zone_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Zone.id))
    decision: Mapped[str]
    decided_on: Mapped[dt.date]
    sample_plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(SamplePlan.id))
    verdict: Mapped[str]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    document_number: Mapped[str | None]
    reason: Mapped[str]
    act_id: Mapped[uuid.UUID | None]
