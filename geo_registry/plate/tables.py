"""Stored forms of door plates: the sign, its production, installation and inspection, and reports on it."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from geo_registry.access.tables import Account
from geo_registry.address.tables import Address
from geo_registry.base import Base, Code, Days, Id, Located, Versioned, geometry, spatial_index

PLATE_KINDS = (
    "gate_large", "gate_medium", "gate_small", "building", "unit", "room", "row", "side_gate",
    "temporary", "street_sign",
)  # fmt: skip
PLATE_STATES = (
    "draft", "numbered", "approved", "ordered", "produced", "delivered", "installed", "verified",
    "damaged", "missing", "replaced", "superseded", "removed", "cancelled",
)  # fmt: skip
PLATE_ENDED = "state IN ('replaced', 'superseded', 'removed', 'cancelled')"
BATCH_STATES = ("ordered", "produced", "delivered", "closed", "cancelled")
TASK_STATES = ("open", "done", "cancelled")
REPORTS = ("no_plate", "missing", "damaged", "wrong_text", "wrong_place")
REPORT_STATES = ("pending", "accepted", "rejected", "duplicate")
FINDINGS = ("in_place", "damaged", "missing", "wrong_text", "wrong_place")


class PlateBatch(Located, Versioned, Base):
    """制作批次: plates ordered from one maker; what was made is installed, in stock or scrapped."""

    __tablename__ = "plate_batch"
    __table_args__ = (
        CheckConstraint(f"state IN {BATCH_STATES}", name="state"),
        CheckConstraint("made = installed + stock + scrapped", name="balance"),
        CheckConstraint(
            "ordered > 0 AND made >= 0 AND installed >= 0 AND stock >= 0 AND scrapped >= 0", name="counts"
        ),
        CheckConstraint("number <> '' AND maker <> ''", name="named"),
        Index("plate_batch_number_key", "district_id", "number", unique=True),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    number: Mapped[str]
    maker: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=sql("'ordered'"))
    ordered_on: Mapped[dt.date]
    due_on: Mapped[dt.date | None]
    delivered_on: Mapped[dt.date | None]
    document_number: Mapped[str | None]
    ordered: Mapped[int]
    made: Mapped[int] = mapped_column(server_default=sql("0"))
    installed: Mapped[int] = mapped_column(server_default=sql("0"))
    stock: Mapped[int] = mapped_column(server_default=sql("0"))
    scrapped: Mapped[int] = mapped_column(server_default=sql("0"))


class PlateTask(Located, Versioned, Base):
    """上墙任务: plates that one township puts up until a day, by one installer or by any of its own."""

    __tablename__ = "plate_task"
    __table_args__ = (
        CheckConstraint(f"state IN {TASK_STATES}", name="state"),
        CheckConstraint("number <> '' AND title <> ''", name="named"),
        Index("plate_task_number_key", "district_id", "number", unique=True),
        Index("plate_task_district_id_idx", "district_id", "state", "id"),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    number: Mapped[str]
    title: Mapped[str]
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(PlateBatch.id))
    installer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    due_on: Mapped[dt.date | None]
    state: Mapped[str] = mapped_column(server_default=sql("'open'"))


class Plate(Located, Versioned, Base):
    """门牌: the sign on the wall for an address; one current plate of a kind at an address."""

    __tablename__ = "plate"
    __table_args__ = (
        CheckConstraint(f"kind IN {PLATE_KINDS}", name="kind"),
        CheckConstraint(f"state IN {PLATE_STATES}", name="state"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("registry.is_sound(position)", name="position"),
        CheckConstraint("batch_id IS NULL OR state NOT IN ('draft', 'numbered', 'approved')", name="batch"),
        CheckConstraint(
            "made_text IS NULL OR state NOT IN ('draft', 'numbered', 'approved')", name="made_text"
        ),
        Index(
            "plate_current_key", "address_id", "kind",
            unique=True, postgresql_where=sql(f"NOT ({PLATE_ENDED})"),
        ),
        Index("plate_address_id_idx", "address_id"),
        Index("plate_district_id_idx", "district_id", "id"),
        Index("plate_batch_id_idx", "batch_id", postgresql_where=sql("batch_id IS NOT NULL")),
        Index("plate_cancelled_idx", "changed_at", "id", postgresql_where=sql("state = 'cancelled'")),
        Index("plate_task_id_idx", "task_id", postgresql_where=sql("task_id IS NOT NULL")),
        spatial_index("plate", "position"),
    )  # fmt: skip
    id: Mapped[Id]
    code: Mapped[Code]
    address_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id))
    kind: Mapped[str] = mapped_column(server_default=sql("'gate_small'"))
    state: Mapped[str] = mapped_column(server_default=sql("'numbered'"))
    valid: Mapped[Days]
    text: Mapped[str]
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(PlateBatch.id))
    task_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(PlateTask.id))
    made_text: Mapped[str | None]
    position = geometry("POINT")


class Photo(Base):
    """照片: a checked picture without metadata, known by the SHA-256 of the stored file."""

    __tablename__ = "photo"
    __table_args__ = (
        CheckConstraint("length(sha256) = 32", name="sha256"),
        CheckConstraint("width > 0 AND height > 0 AND size_bytes > 0", name="size"),
    )
    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    stored_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    account_id: Mapped[uuid.UUID | None]


class PlateInstallation(Base):
    """上墙记录: the evidence that a plate hangs: photo, position, time and installer.

    A plate that hangs has exactly one open record (`ended_at` is null); verification is by another account.
    """

    __tablename__ = "plate_installation"
    __table_args__ = (
        CheckConstraint("registry.is_sound(position)", name="position"),
        CheckConstraint("accuracy_m > 0 AND accuracy_m < 1000", name="accuracy_m"),
        CheckConstraint("verified_by <> account_id", name="verified_by"),
        CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name="verified"),
        Index(
            "plate_installation_open_key", "plate_id", unique=True, postgresql_where=sql("ended_at IS NULL")
        ),
        Index("plate_installation_plate_id_idx", "plate_id"),
    )
    id: Mapped[Id]
    plate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Plate.id))
    photo_sha256: Mapped[bytes] = mapped_column(ForeignKey(Photo.sha256))
    installed_at: Mapped[dt.datetime]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    accuracy_m: Mapped[float | None] = mapped_column(Numeric(5, 1, asdecimal=False))
    verified_at: Mapped[dt.datetime | None]
    verified_by: Mapped[uuid.UUID | None]
    ended_at: Mapped[dt.datetime | None]
    act_id: Mapped[uuid.UUID | None]
    position = geometry("POINT", nullable=False)


class PlateInspection(Base):
    """门牌巡查: what was found at a plate on the wall."""

    __tablename__ = "plate_inspection"
    __table_args__ = (
        CheckConstraint(f"finding IN {FINDINGS}", name="finding"),
        Index("plate_inspection_plate_id_idx", "plate_id", "inspected_at"),
    )
    id: Mapped[Id]
    plate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Plate.id))
    inspected_at: Mapped[dt.datetime]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    finding: Mapped[str]
    photo_sha256: Mapped[bytes | None] = mapped_column(ForeignKey(Photo.sha256))
    act_id: Mapped[uuid.UUID | None]


class PlateReport(Located, Versioned, Base):
    """门牌线索: what a citizen or somebody of the staff tells of a plate; a person decides what follows.

    What the public tells has neither a note nor a photo nor a name: only what is wrong, where, and the number
    that should stand there.
    """

    __tablename__ = "plate_report"
    __table_args__ = (
        CheckConstraint(f"kind IN {REPORTS}", name="kind"),
        CheckConstraint(f"state IN {REPORT_STATES}", name="state"),
        CheckConstraint("source IN ('public', 'staff')", name="source"),
        CheckConstraint("(source = 'staff') = (reported_by IS NOT NULL)", name="reported_by"),
        CheckConstraint("source = 'staff' OR note IS NULL AND photo_sha256 IS NULL", name="public"),
        CheckConstraint("num_nonnulls(plate_id, address_id, position) > 0", name="place"),
        CheckConstraint("length(wanted_text) <= 20 AND length(note) <= 200", name="texts"),
        CheckConstraint("registry.is_sound(position)", name="position"),
        CheckConstraint(
            "(state = 'pending') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name="decided",
        ),
        Index("plate_report_district_id_idx", "district_id", "state", "id"),
        Index("plate_report_plate_id_idx", "plate_id"),
    )
    id: Mapped[Id]
    code: Mapped[Code]
    kind: Mapped[str]
    source: Mapped[str]
    plate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Plate.id))
    address_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Address.id))
    wanted_text: Mapped[str | None]
    note: Mapped[str | None]
    photo_sha256: Mapped[bytes | None] = mapped_column(ForeignKey(Photo.sha256))
    state: Mapped[str] = mapped_column(server_default=sql("'pending'"))
    reported_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    reported_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    decided_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None]
    position = geometry("POINT")
