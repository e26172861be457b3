"""Stored form of grid blocks."""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from geo_registry.base import Base, Days, Id, Located, Versioned, geometry, spatial_index


class GridBlock(Located, Versioned, Base):
    """网格: a block of a community for which somebody answers."""

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
