"""Stored form of door plates."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

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


class Plate(Located, Versioned, Base):
    """门牌: the sign on the wall for an address; one current plate of a kind at an address."""

    __tablename__ = "plate"
    __table_args__ = (
        CheckConstraint(f"kind IN {PLATE_KINDS}", name="kind"),
        CheckConstraint(f"state IN {PLATE_STATES}", name="state"),
        CheckConstraint("NOT isempty(valid)", name="valid"),
        CheckConstraint("registry.is_sound(position)", name="position"),
        Index(
            "plate_current_key", "address_id", "kind",
            unique=True, postgresql_where=sql(f"NOT ({PLATE_ENDED})"),
        ),
        Index("plate_district_id_idx", "district_id", "id"),
        spatial_index("plate", "position"),
    )  # fmt: skip
    id: Mapped[Id]
    code: Mapped[Code]
    address_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Address.id))
    kind: Mapped[str] = mapped_column(server_default=sql("'gate_small'"))
    state: Mapped[str] = mapped_column(server_default=sql("'numbered'"))
    valid: Mapped[Days]
    text: Mapped[str]
    position = geometry("POINT")
