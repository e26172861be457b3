"""What the check of separated persons and referrals carry."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.place import one_of
from geo_registry.person.tables import DOCUMENT_TYPES
from geo_registry.separation.reads import LISTS, MOST_ROWS
from geo_registry.separation.tables import OUTCOMES

After = Annotated[str | None, Field(max_length=200)]
Most = Annotated[int, Field(ge=1, le=MOST_ROWS)]
_CODE = Field(pattern=r"^[0-9]{6,12}$", description="区划代码")


class NewRun(Strict):
    """A run that is opened."""

    title: Annotated[str, Field(min_length=2, max_length=80)]
    mode: Literal["register_first", "field_first", "data_only"]
    area_id: Annotated[UUID, Field(description="街道（镇）或社区（村）的 id")]
    opens_on: dt.date
    closes_on: dt.date


class PersonsQuery(Strict):
    """One page of persons of a run; it travels in a body, for it is a look."""

    after: After = None
    limit: Most = 100


class SeparatedQuery(PersonsQuery):
    """One page of separated persons of an area."""

    kind: Annotated[str, one_of(LISTS)] = "here"


class NewFind(Strict):
    """Somebody whom the field found beside the list."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    id_type: Annotated[str, one_of(DOCUMENT_TYPES)] = "111"
    id_number: Annotated[str, Field(min_length=4, max_length=40)]
    unit_id: UUID
    sex: Annotated[str, one_of(("0", "1", "2", "9"))] = "0"
    hukou_text: Annotated[str | None, Field(min_length=2, max_length=200)] = None


class NewOutcome(Strict):
    """What was found out about one person; with a dwelling a draft of the registration is made."""

    outcome: Annotated[str, one_of(OUTCOMES)]
    whereabouts_code: Annotated[str | None, _CODE] = None
    whereabouts: Annotated[str | None, Field(min_length=2, max_length=120)] = None
    unit_id: UUID | None = None
    since: dt.date | None = None
    id_type: Annotated[str, one_of(DOCUMENT_TYPES)] = "111"
    id_number: Annotated[str | None, Field(min_length=4, max_length=40)] = None


class NewReferral(Strict):
    """A person without any hukou, and who takes care of it."""

    person_id: UUID
    referred_to: Literal["civil_affairs", "police"]


class ReferralOutcome(Strict):
    """What became of a referral."""

    outcome: Literal["hukou_given", "hukou_found", "left_area", "other"]


class ReferralQuery(PageQuery):
    """One page of referrals, open ones by default."""

    is_open: Annotated[bool, Field(alias="open")] = True
