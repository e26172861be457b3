"""Questions about addresses, in one place for those who ask them."""

from geo_registry.address.locating import AreaAt, DoorAt, Located, StreetAt, locate
from geo_registry.address.numbering.estate_plan import EstatePlan, EstateSlot, plan_estate
from geo_registry.address.numbering.street_plan import PlannedDoor, Slot, StreetPlan, plan_street
from geo_registry.address.places import (
    AddressDetail,
    AddressRow,
    NearAddress,
    PlaceNameDetail,
    PlaceNameRow,
    address,
    addresses,
    names_like,
    nearest,
    place_name,
    place_names,
    profile_in_force,
)  # fmt: skip
from geo_registry.address.search.search import Hit, SearchResult, kinds_of, search
from geo_registry.area.history import Change, Version, history_of

__all__ = [
    "AddressDetail", "AddressRow", "AreaAt", "Change", "DoorAt", "EstatePlan", "EstateSlot", "Hit",
    "Located", "NearAddress", "PlaceNameDetail", "PlaceNameRow", "PlannedDoor", "SearchResult", "Slot",
    "StreetAt", "StreetPlan", "Version", "address", "addresses", "history_of", "kinds_of", "locate",
    "names_like", "nearest", "place_name", "place_names", "plan_estate", "plan_street", "profile_in_force",
    "search",
]  # fmt: skip
