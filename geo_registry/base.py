"""Declarative base, naming convention and the columns that most registers share."""

import datetime as dt
import uuid
from typing import Annotated, ClassVar

from geoalchemy2 import Geometry
from sqlalchemy import DateTime, Index, MetaData, func, text
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import CHAR, Text, Uuid

SCHEMA = "registry"
SRID = 4490

CONVENTION = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_name)s_key",
    "ix": "%(table_name)s_%(column_0_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}

# States in which a thing keeps its number or code for good; the other two release it.
LIVE = "state NOT IN ('removed', 'rejected')"

Days = Annotated[
    Range[dt.date],
    mapped_column(DATERANGE, server_default=text("daterange(CURRENT_DATE, NULL)")),
]
Moments = Annotated[
    Range[dt.datetime],
    mapped_column(TSTZRANGE, server_default=text("tstzrange(now(), NULL)")),
]
Code = Annotated[str, mapped_column(CHAR(13), unique=True, server_default=text("registry.new_code()"))]
Id = Annotated[uuid.UUID, mapped_column(Uuid, primary_key=True, server_default=text("registry.new_id()"))]


class Base(DeclarativeBase):
    """Root of all mapped classes; every table lives in the schema `registry`."""

    metadata = MetaData(schema=SCHEMA, naming_convention=CONVENTION)
    type_annotation_map: ClassVar = {str: Text, dt.datetime: DateTime(timezone=True)}


class Versioned:
    """Columns of a place register row: version, time of the last change and the act behind it.

    A trigger raises `version`, and keeps the replaced row in `place_history`.
    """

    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    act_id: Mapped[uuid.UUID | None]


class Located:
    """Copies of the area ids: the scope of a row (district first, so that a city can be split)."""

    district_id: Mapped[uuid.UUID]
    township_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]


def geometry(kind: str, *, nullable: bool = True) -> Mapped[object]:
    """Return a geometry column of one kind in EPSG:4490 (longitude, latitude in degrees)."""
    return mapped_column(Geometry(kind, SRID, spatial_index=False), nullable=nullable)


def spatial_index(table: str, column: str) -> Index:
    """Return the GiST index of a geometry column."""
    return Index(f"{table}_{column}_idx", column, postgresql_using="gist")
