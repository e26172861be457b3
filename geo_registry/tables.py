"""All mapped classes in one place, for migrations and for the guard over the catalogue."""

from geo_registry.access import tables as access
from geo_registry.address import tables as address
from geo_registry.area import tables as area
from geo_registry.base import Base
from geo_registry.disclosure import tables as disclosure
from geo_registry.exchange import tables as exchange
from geo_registry.grid import tables as grid
from geo_registry.housing import tables as housing
from geo_registry.intake import tables as intake
from geo_registry.measure import tables as measure
from geo_registry.person import tables as person
from geo_registry.plate import tables as plate
from geo_registry.premises import tables as premises
from geo_registry.registration import tables as registration
from geo_registry.residence import tables as residence
from geo_registry.separation import tables as separation
from geo_registry.verification import tables as verification
from geo_registry.zone import tables as zone

metadata = Base.metadata

# Guarded by row-level security, purpose and audit; no geometry.
PERSONAL = (
    "person", "person_history", "person_lineage", "person_lineage_row", "household", "residence", "hukou",
    "registration", "absence", "separation_decision", "case_person", "permit_referral", "declaration",
    "death_notice", "separation_item", "hukou_referral", "field_check",
)  # fmt: skip
# Nothing personal; guarded by role and area.
PLACE = (
    "division", "jurisdiction", "backdrop", "place_name", "address", "address_alias", "building",
    "building_address", "building_sound", "entrance", "housing_unit", "plate", "plate_batch", "photo",
    "plate_installation", "plate_inspection", "grid_block", "building_block", "address_block",
    "block_assignment", "visit", "last_visit", "sample_plan", "sample_unit", "building_check",
    "heat_cell", "focus_area", "focus_area_block", "zone", "zone_block", "rectification_plan",
    "plan_measure", "sweep", "zone_decision", "registration_case", "archive_volume", "form_sheet",
    "verification", "verification_statement", "dwelling_note", "tip", "premises", "separation_run",
    "acceptance", "naming_case", "naming_step", "address_position", "address_change", "address_certificate",
    "address_warning", "plate_task", "plate_report",
)  # fmt: skip
# Totals of both, which leave the server only after small cells are blanked.
TOTALS = ("tally", "tally_week")

__all__ = [
    "PERSONAL", "PLACE", "access", "address", "area", "disclosure", "exchange", "grid", "housing", "intake",
    "measure", "metadata", "person", "plate", "premises", "registration", "residence", "separation",
    "verification", "zone",
]  # fmt: skip
