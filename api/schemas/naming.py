"""Naming cases: proposals, and the steps on them."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.address import Axis
from api.schemas.place import Text, one_of
from geo_registry.address.naming_rules import STATE_TITLES
from geo_registry.address.tables import PLACE_KINDS

Note = Annotated[str, Field(min_length=1, max_length=500, description="意见")]
Meaning = Annotated[str, Field(max_length=500, description="含义、来历")]


class NamingQuery(PageQuery):
    """One page of naming cases."""

    state: Annotated[str, one_of(STATE_TITLES)] | None = None
    area_id: UUID | None = None
    text: Annotated[Text | None, Field(description="名称的开头，或案件编号")] = None


class _Given(Strict):
    def given(self) -> dict[str, Any]:
        """Return the fields that were given, as a write takes them."""
        return self.model_dump(exclude_none=True)


class NameToCheck(_Given):
    """A name that somebody thinks of, and where it would stand."""

    kind: Annotated[str, one_of(PLACE_KINDS)]
    name: Text
    area_id: UUID | None = None
    parent_id: UUID | None = None
    axis: Axis | None = None


class NewNaming(_Given):
    """A proposal: a new name, another name for a place, or the end of one."""

    action: Literal["name", "rename", "retire"] = "name"
    kind: Annotated[str, one_of(PLACE_KINDS)] | None = None
    name: Text | None = None
    area_id: UUID | None = None
    parent_id: UUID | None = None
    place_name_id: UUID | None = None
    axis: Axis | None = None
    meaning: Meaning = ""
    reserve_until: Annotated[date | None, Field(description="只预留，到这一天为止（不含）")] = None
    reason: Note | None = None


class Resubmission(_Given):
    """A case handed in: a kept name, or one that was returned, as it was or put right."""

    name: Text | None = None
    meaning: Meaning | None = None
    axis: Axis | None = None
    reason: Note | None = None


class NamingNote(_Given):
    """What is noted with a step."""

    note: Note | None = None


class NamingRefusal(_Given):
    """Why a case is returned or turned down."""

    note: Note


class Decree(NamingNote):
    """The decree that makes a name public."""

    decree_number: Annotated[str, Field(min_length=1, max_length=100, description="批准文号")]
    decree_on: Annotated[date, Field(description="批准文件的日期")]


class Effect(NamingNote):
    """From when a published name holds; today when nothing is said."""

    effective_on: date | None = None
