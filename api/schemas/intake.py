"""What decisions over declarations and deaths carry."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.deps import PageQuery, Strict
from api.schemas.place import one_of
from geo_registry.intake.reads import DECLARATION_STATES, NOTICE_STATES
from geo_registry.person.tables import DOCUMENT_TYPES


class DeclarationQuery(PageQuery):
    """One page of declarations in one state."""

    status: Annotated[str, one_of(DECLARATION_STATES)] = "pending"


class NoticeQuery(PageQuery):
    """One page of death notices in one state."""

    status: Annotated[str, one_of(NOTICE_STATES)] = "proposed"


class ConfirmedDeclaration(Strict):
    """The dwelling of a declaration, with number and phone as they were shown when it was opened."""

    id_type: Annotated[str, one_of(DOCUMENT_TYPES)] = "111"
    id_number: Annotated[str, Field(min_length=4, max_length=40)]
    unit_id: Annotated[UUID | None, Field(description="新到、搬家：所住户室；离开：不填")] = None
    phone: Annotated[str | None, Field(min_length=5, max_length=20)] = None


class Rejection(Strict):
    """Why something is rejected; whoever declared it reads this."""

    reason: Annotated[str, Field(min_length=4, max_length=200)]
