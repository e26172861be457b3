"""What acts carry in common: the paper they rest on, and what they answer."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.deps import Strict


class Paper(Strict):
    """The paper behind an act: the number of its document, and the reason."""

    document_number: Annotated[str | None, Field(min_length=1, max_length=100, description="文号")] = None
    reason: Annotated[str | None, Field(min_length=1, max_length=500, description="事由")] = None

    def given(self) -> dict[str, Any]:
        """Return the fields that were given, as a write takes them."""
        return self.model_dump(exclude_none=True)


class WrittenOut(Strict):
    """The object and its version now; the version is the ETag too."""

    id: UUID
    version: int
