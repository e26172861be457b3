"""Acts on many addresses and plates, their places, warnings and the bin."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.act import Paper
from api.schemas.place import Lat, Lon, PlaceQuery, PointQuery, Polygon, one_of
from geo_registry.address.bulk import MOST_AT_ONCE
from geo_registry.address.tables import CERTIFIED_BY, POSITION_KINDS, WARNINGS
from geo_registry.plate.bin import KINDS

Ids = Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE)]
Versions = Annotated[
    list[Annotated[int, Field(ge=1, le=2**31 - 1)]] | None,
    Field(max_length=MOST_AT_ONCE, description="与各 id 对应的版本"),
]
Reach = Annotated[float, Field(gt=0, le=100, description="米")]
PositionKind = Annotated[str, one_of(POSITION_KINDS)]


class _Bulk(Paper):
    """An act on many: `dry_run` tells what it would do."""

    versions: Versions = None
    dry_run: bool = False

    def asked(self) -> dict[str, Any]:
        """Return what was given, as a write or its trial takes it."""
        return self.model_dump(exclude_none=True, exclude={"dry_run"})


class Addresses(_Bulk):
    """Some addresses."""

    address_ids: Ids


class Certification(Addresses):
    """Addresses to be certified, on what ground and until which day."""

    basis: Annotated[str, one_of(CERTIFIED_BY)]
    until: date | None = None


class Plates(_Bulk):
    """Some plates."""

    plate_ids: Ids


class ToBuilding(Plates):
    """Plates to be drawn to the building next to each."""

    reach_m: Reach = 15.0


class NewPosition(Paper):
    """One more place of an address."""

    kind: PositionKind
    lon: Lon
    lat: Lat


class BinQuery(PlaceQuery):
    """One page of the bin."""

    kind: Annotated[str | None, one_of(KINDS)] = None
    place_name_id: UUID | None = None


class WarningQuery(PageQuery):
    """One page of warnings, open or accepted."""

    area_id: Annotated[UUID | None, Field(description="区、镇街或居村的 id")] = None
    place_name_id: UUID | None = None
    kind: Annotated[str | None, one_of(WARNINGS)] = None
    accepted: bool = False


class WarningCountQuery(Strict):
    """An area or a street of which warnings are counted."""

    area_id: Annotated[UUID | None, Field(description="区、镇街或居村的 id")] = None
    place_name_id: UUID | None = None


class Check(Strict):
    """The street, or the community without names, to be checked anew."""

    place_name_id: UUID | None = None
    community_id: UUID | None = None


class Choice(Strict):
    """A line drawn around plates."""

    polygon: Polygon
    limit: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = MOST_AT_ONCE


class SnapQuery(PointQuery):
    """A point, and how far it may be drawn."""

    reach_m: Reach = 15.0
    place_name_id: UUID | None = None


class ManyOut(Strict):
    """The first act, which is the cause of the others, and how many objects changed."""

    id: UUID
    version: int
    count: int


class RefusalOut(Strict):
    """Why one object cannot take part."""

    id: UUID
    text: str
    code: str
    detail: str


class MoveOut(Strict):
    """Where a plate would go."""

    id: UUID
    lon: float
    lat: float
    distance_m: float
    kind: Literal["entrance", "outline"]


class TrialOut(Strict):
    """What an act on many would do."""

    ready: list[UUID]
    refused: list[RefusalOut]
    moves: list[MoveOut] | None = None


class PlacedOut(Strict):
    """The address, its version now, and the place."""

    id: UUID
    version: int
    position_id: UUID
