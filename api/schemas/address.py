"""Acts on place names and addresses."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.deps import Strict
from api.schemas.act import Paper
from api.schemas.place import Lat, LineString, Lon, MultiLineString, Text, one_of
from geo_registry.address.tables import PLACE_KINDS

Axis = Annotated[LineString | MultiLineString, Field(discriminator="type")]
Number = Annotated[str, Field(min_length=1, max_length=20, description="门牌号，如 12 或 12-1")]
Accuracy = Annotated[Literal["A", "B", "U"], Field(description="A 实测，B 推算，U 不明")]
Source = Annotated[str, Field(min_length=1, max_length=100, description="位置来源")]


class NewStreet(Paper):
    """A new street, lane, estate or hamlet."""

    kind: Annotated[str, one_of(PLACE_KINDS)]
    name: Text
    area_id: UUID | None = None
    parent_id: UUID | None = None
    axis: Axis | None = None
    state: Literal["proposed", "current"] = "current"


class Rename(Paper):
    """Another name for a place."""

    name: Text


class StreetCorrection(Paper):
    """The right spelling or axis of a place name."""

    name: Text | None = None
    axis: Axis | None = None


class NewAddress(Paper):
    """A new number; without `number` the next free one is given."""

    place_name_id: UUID | None = None
    community_id: UUID | None = None
    number: Number | None = None
    side: Literal["odd", "even"] | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    accuracy: Accuracy = "U"
    position_source: Source | None = None
    neighborhood: Text | None = None
    officially_assigned: bool = True
    state: Literal["reserved", "proposed", "current"] = "current"


class NumberWish(Strict):
    """A number to be kept, and where it will stand."""

    number: Number
    lon: Lon | None = None
    lat: Lat | None = None


class Reservation(Paper):
    """Numbers of a street to be kept for doors to come."""

    numbers: Annotated[list[NumberWish], Field(min_length=1, max_length=5000)]
    until: Annotated[date | None, Field(description="预留到这一天为止（不含）")] = None


class Release(Paper):
    """Kept numbers of a street to be let go; all of them when none is named."""

    numbers: Annotated[list[Number] | None, Field(min_length=1, max_length=5000)] = None


class AddressCorrection(Paper):
    """The right position of an address, and what is noted beside it."""

    lon: Lon | None = None
    lat: Lat | None = None
    accuracy: Accuracy | None = None
    position_source: Source | None = None
    neighborhood: Text | None = None


class Renumber(Paper):
    """Another number for a door."""

    number: Number
