"""Acts on plates, their batches, and what lists of them may be asked."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from api.deps import PageQuery, Strict
from api.schemas.act import Paper
from api.schemas.address import Number
from api.schemas.place import BoxQuery, Lat, Lon, PlaceQuery, PointQuery, Text, one_of
from geo_registry.plate.evidence import FINDINGS_ON_WALL
from geo_registry.plate.rates import REASONS, Grouping
from geo_registry.plate.rules import MOST_AT_ONCE
from geo_registry.plate.tables import BATCH_STATES, PLATE_KINDS, PLATE_STATES, REPORT_STATES, REPORTS

Photo = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="上传照片时返回的 sha256")]
PlateIds = Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE)]
Kind = Annotated[str, one_of(PLATE_KINDS)]


class PlateQuery(BoxQuery):
    """One page of plates."""

    address_id: UUID | None = None
    place_name_id: UUID | None = None
    batch_id: UUID | None = None
    state: Annotated[str | None, one_of(PLATE_STATES)] = None
    kind: Annotated[str | None, one_of(PLATE_KINDS)] = None


class NearQuery(PointQuery):
    """Where somebody with plates in the bag stands."""

    radius_m: Annotated[float, Field(gt=0, le=5000)] = 500
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class MissingQuery(PlaceQuery):
    """One page of addresses without a plate on the wall."""

    place_name_id: UUID | None = None
    reason: Annotated[str | None, one_of(REASONS)] = None


class RatesQuery(Strict):
    """An area or a street, and the parts into which its rate on the wall is taken apart."""

    by: Grouping = "community"
    area_id: Annotated[UUID | None, Field(description="区、镇街或居村的 id")] = None
    place_name_id: UUID | None = None


class BatchQuery(PageQuery):
    """One page of batches."""

    area_id: Annotated[UUID | None, Field(description="区、镇街或居村的 id")] = None
    state: Annotated[str | None, one_of(BATCH_STATES)] = None


class Draft(Paper):
    """A door as it would be numbered; without `number` the next free one is meant."""

    place_name_id: UUID | None = None
    community_id: UUID | None = None
    number: Number | None = None
    side: Literal["odd", "even"] | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    kind: Kind | None = None


class NewPlate(Draft):
    """A new plate: at an address that exists, or at a new one numbered with it."""

    address_id: UUID | None = None
    state: Literal["draft", "numbered"] = "numbered"


class Mounting(Paper):
    """The evidence that a plate hangs."""

    photo: Photo
    lon: Lon
    lat: Lat
    accuracy_m: Annotated[float | None, Field(gt=0, lt=1000)] = None
    installed_at: AwareDatetime | None = None
    scanned: Annotated[str | None, Field(max_length=300, description="牌上二维码的内容")] = None


class OldSignFilter(Strict):
    """The street with all names below it, or the batch, whose signs are asked for."""

    place_name_id: UUID | None = None
    batch_id: UUID | None = None


class OldSignQuery(PageQuery, OldSignFilter):
    """One page of signs with an old name."""


class Sighting(Paper):
    """What was seen at a plate."""

    photo: Photo | None = None
    inspected_at: AwareDatetime | None = None


class Inspection(Sighting):
    """What was found at a plate that hangs."""

    finding: Annotated[str, one_of(FINDINGS_ON_WALL)] = "in_place"


class Move(Paper):
    """Another place for a plate."""

    lon: Lon
    lat: Lat


class NewBatch(Paper):
    """Approved plates to be ordered from a maker."""

    plate_ids: PlateIds
    number: Text
    maker: Text
    due_on: date | None = None
    ordered_on: date | None = None


class Production(Paper):
    """The plates of a batch that were made, all when none are named, and those made badly."""

    plate_ids: PlateIds | None = None
    scrapped_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_AT_ONCE)] = ()


class Delivery(Paper):
    """The plates of a batch that arrived, all when none are named."""

    plate_ids: PlateIds | None = None
    delivered_on: date | None = None


class PhotoOut(Strict):
    """A kept photo: its hash names it in installations and inspections."""

    sha256: str
    width: int
    height: int


class ReportQuery(PlaceQuery):
    """One page of reports."""

    state: Annotated[str | None, one_of(REPORT_STATES)] = None
    kind: Annotated[str | None, one_of(REPORTS)] = None


class NewReport(Strict):
    """What is wrong with a plate, or where one is missing."""

    kind: Annotated[str, one_of(REPORTS)]
    plate_id: UUID | None = None
    address_id: UUID | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    wanted_text: Number | None = None
    photo: Photo | None = None
    note: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class Acceptance(Paper):
    """The acceptance of a report; the address where it names none, and that it is meant all the same."""

    address_id: UUID | None = None
    confirmed: bool = False


class Merger(Strict):
    """The report that tells the same."""

    into_id: UUID
