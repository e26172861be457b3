"""Questions about addresses, in one place for those who ask them."""

from geo_registry.address.places import (
    AddressDetail,
    AddressRow,
    NearAddress,
    PlaceNameDetail,
    PlaceNameRow,
    address,
    addresses,
    nearest,
    place_name,
    place_names,
    profile_in_force,
)  # fmt: skip
from geo_registry.address.search import Hit, SearchResult, kinds_of, search
from geo_registry.area.history import Change, Version, history_of

__all__ = [
    "AddressDetail", "AddressRow", "Change", "Hit", "NearAddress", "PlaceNameDetail", "PlaceNameRow",
    "SearchResult", "Version", "address", "addresses", "history_of", "kinds_of", "nearest", "place_name",
    "place_names", "profile_in_force", "search",
]  # fmt: skip
