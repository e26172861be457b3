"""Numbers of a whole street: given out, and changed."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.act import Paper, WrittenOut
from api.schemas.address import Number
from api.schemas.place import Lat, Lon
from geo_registry.plate.estate_back import NumberBack
from geo_registry.plate.renumbering import OldAndNew
from geo_registry.plate.taking_back import TakenBack


class DoorSlot(Strict):
    """A number of a plan: as it is written, where its door is, and the building behind it."""

    number: Number
    lon: Lon | None = None
    lat: Lat | None = None
    building_id: UUID | None = None


class StreetNumbering(Paper):
    """Numbers of a street to be given out (`slots`) and to be kept (`reserve`), with plates or without."""

    slots: Annotated[list[DoorSlot], Field(max_length=5000)]
    reserve: Annotated[tuple[DoorSlot, ...], Field(max_length=5000)] = ()
    state: Literal["current", "proposed"] = "current"
    plates: Literal["none", "draft", "numbered"] = "none"
    until: Annotated[date | None, Field(description="预留到这一天为止（不含）")] = None


class StreetNumberedOut(WrittenOut):
    """The street with its version now, the act, and what it made."""

    act_id: UUID
    addresses: int
    reserved: int
    plates: int


class DoorNumber(Strict):
    """The number that a door is to get, and the version of the address that was read."""

    address_id: UUID
    number: Number
    version: Annotated[int | None, Field(ge=1)] = None


class StreetRenumbering(Paper):
    """Other numbers for doors of a street; `dry_run` tells what would follow and stores nothing."""

    changes: Annotated[list[DoorNumber], Field(min_length=1, max_length=5000)]
    dry_run: bool = False


class StreetRenumberedOut(WrittenOut):
    """The street with its version, and what the act did; with `dry_run` each door before and after."""

    act_id: UUID | None
    addresses: int
    plates: int
    buildings: int
    rows: tuple[OldAndNew, ...] | None = None


class TakingBack(Paper):
    """Why something is taken back; `dry_run` tells what would follow and stores nothing."""

    dry_run: bool = False


class RenumberingTakenBackOut(WrittenOut):
    """The street with its version, and what came back; with `dry_run` each door before and after."""

    act_id: UUID | None
    addresses: int
    plates: int
    rows: tuple[TakenBack, ...] | None = None


class IntakeTakenBackOut(WrittenOut):
    """The estate with its version, and what went; with `dry_run` each number and what is behind it."""

    act_id: UUID | None
    undone_act_id: UUID | None = None
    taken_in_at: datetime | None = None
    document_number: str | None = None
    addresses: int
    buildings: int
    entrances: int
    units: int
    plates: int
    rows: tuple[NumberBack, ...] | None = None


class ChangesQuery(PageQuery):
    """Changes of addresses by their texts, of one address, of a street or of an act."""

    q: Annotated[str | None, Field(max_length=100, description="旧地址或新地址的开头")] = None
    address_id: UUID | None = None
    place_name_id: UUID | None = None
    act_id: UUID | None = None
