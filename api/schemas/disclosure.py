"""What requests for lists of persons carry."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.place import one_of

STATES = ("requested", "approved", "refused", "withdrawn", "made")


class DisclosureQuery(PageQuery):
    """One page of requests."""

    state: Annotated[str | None, one_of(STATES)] = None


class NewDisclosure(Strict):
    """A list that is asked for: whom it is about, for whom, why."""

    object_kind: Annotated[
        Literal["housing_unit", "building", "division"], Field(description="division：社区（村）或街道（镇）")
    ]
    object_id: UUID
    purpose: Annotated[str, Field(min_length=1, max_length=40, description="目的代码")]
    case_number: Annotated[str, Field(min_length=4, max_length=60)]
    recipient: Annotated[str, Field(min_length=2, max_length=100, description="接收单位")]
    reason: Annotated[str, Field(min_length=6, max_length=500)]
    with_numbers: Annotated[bool, Field(description="是否含证件号码和电话")] = False
    days: Annotated[int, Field(ge=1, le=31, description="有效天数")] = 7


class Verdict(Strict):
    """What somebody says to a request."""

    note: Annotated[str | None, Field(min_length=1, max_length=500)] = None


class Refusal(Strict):
    """Why a request is refused."""

    note: Annotated[str, Field(min_length=2, max_length=500)]


class FileForm(Strict):
    """The form of the file."""

    form: Literal["csv", "xlsx"] = "xlsx"
