"""All mapped classes in one place, for migrations and for the guard over the catalogue."""

from geo_registry.access import tables as access
from geo_registry.address import tables as address
from geo_registry.area import tables as area
from geo_registry.base import Base
from geo_registry.disclosure import tables as disclosure
from geo_registry.exchange import tables as exchange
from geo_registry.grid import tables as grid
from geo_registry.housing import tables as housing
from geo_registry.measure import tables as measure
from geo_registry.person import tables as person
from geo_registry.plate import tables as plate
from geo_registry.residence import tables as residence
from geo_registry.zone import tables as zone

metadata = Base.metadata

# Guarded by row-level security, purpose and audit; no geometry.
PERSONAL = ("person", "residence", "hukou", "registration", "field_check")
# Nothing personal; guarded by role and area.
PLACE = (
    "division", "jurisdiction", "backdrop", "place_name", "address", "address_alias", "building",
    "building_address", "building_sound", "entrance", "housing_unit", "plate", "plate_batch", "photo",
    "plate_installation", "plate_inspection", "grid_block", "building_block", "address_block",
    "block_assignment", "visit", "last_visit", "sample_plan", "sample_unit", "building_check",
    "heat_cell", "focus_area", "focus_area_block", "zone", "zone_block", "rectification_plan",
    "plan_measure", "sweep", "zone_decision",
)  # fmt: skip
# Totals of both, which leave the server only after small cells are blanked.
TOTALS = ("tally", "tally_week")

__all__ = [
    "PERSONAL", "PLACE", "access", "address", "area", "disclosure", "exchange", "grid", "housing", "measure",
    "metadata", "person", "plate", "residence", "zone",
]  # fmt: skip
