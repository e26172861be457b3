"""Stored forms of imports: the ledger of files and the quarantine of their faulty rows."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo_registry.base import Base, Id


class ImportFile(Base):
    """导入文件: one loaded file with its counts; every row of it is accounted for."""

    __tablename__ = "import_file"
    __table_args__ = (
        CheckConstraint("stored + unchanged + quarantined + refused = rows", name="accounted"),
        CheckConstraint("changed <= stored", name="changed"),
        Index("import_file_sha256_idx", "sha256"),
    )
    id: Mapped[Id]
    kind: Mapped[str]
    mapping: Mapped[str]
    file_name: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    rows: Mapped[int]
    stored: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    retired: Mapped[int]
    quarantined: Mapped[int]
    refused: Mapped[int]
    reasons: Mapped[dict[str, Any]] = mapped_column(JSONB)
    act_id: Mapped[uuid.UUID]
    at: Mapped[dt.datetime] = mapped_column(server_default=func.now())


class Quarantine(Base):
    """待核数据: a row of a place file that was kept out of the register, with the reason.

    The same fault of the same row is kept once, however often the file is loaded.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("kind", "row_sha256", name="quarantine_row_key"),
        CheckConstraint("state IN ('pending', 'released', 'rejected')", name="state"),
        Index("quarantine_import_id_idx", "import_id", "reason"),
    )
    id: Mapped[Id]
    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(ImportFile.id))
    kind: Mapped[str]
    row_number: Mapped[int]
    reason: Mapped[str]
    detail: Mapped[str]
    row: Mapped[dict[str, Any]] = mapped_column(JSONB)
    row_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
