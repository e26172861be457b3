"""All mapped classes in one place, for migrations and for the guard over the catalogue."""

from geo_registry.access import tables as access
from geo_registry.address import tables as address
from geo_registry.area import tables as area
from geo_registry.base import Base
from geo_registry.exchange import tables as exchange
from geo_registry.grid import tables as grid
from geo_registry.housing import tables as housing
from geo_registry.person import tables as person
from geo_registry.plate import tables as plate
from geo_registry.residence import tables as residence

metadata = Base.metadata

# Guarded by row-level security, purpose and audit; no geometry.
PERSONAL = ("person", "residence", "hukou", "registration")
# Nothing personal; guarded by role and area.
PLACE = (
    "division", "jurisdiction", "backdrop", "place_name", "address", "address_alias", "building",
    "building_address", "entrance", "housing_unit", "plate", "grid_block",
)  # fmt: skip

__all__ = [
    "PERSONAL", "PLACE", "access", "address", "area", "exchange", "grid", "housing", "metadata",
    "person", "plate", "residence",
]  # fmt: skip
