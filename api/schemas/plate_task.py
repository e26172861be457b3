"""Acts on installation tasks, and what lists of them may be asked."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from api.deps import PageQuery, Strict
from api.schemas.act import Paper
from api.schemas.place import Text, one_of
from api.schemas.plate import PlateIds
from geo_registry.errors import RuleBroken
from geo_registry.plate.tables import TASK_STATES


class TaskQuery(PageQuery):
    """One page of installation tasks."""

    area_id: Annotated[UUID | None, Field(description="区、镇街或居村的 id")] = None
    batch_id: UUID | None = None
    state: Annotated[str | None, one_of(TASK_STATES)] = None
    own: Annotated[bool, Field(description="只列本人可办的")] = False


class CodeQuery(Strict):
    """What was scanned from a sign, or typed from it."""

    text: Annotated[str, Field(min_length=1, max_length=300)]


class NewTask(Paper):
    """Plates to be put up: all of a batch that have arrived, or those chosen under a title."""

    batch_id: UUID | None = None
    plate_ids: PlateIds | None = None
    title: Text | None = None
    due_on: date | None = None
    installer_id: UUID | None = None

    @model_validator(mode="after")
    def _names_plates(self) -> "NewTask":
        if (self.batch_id is None) == (self.plate_ids is None):
            raise RuleBroken("task-plates", "请给出批次，或所选的门牌，二者择一", field="plate_ids")
        if self.plate_ids is not None and self.title is None:
            raise RuleBroken("task-unnamed", "请填写任务名称", field="title")
        return self


class Assignment(Paper):
    """Who puts the plates of a task up, anybody of its area when nobody is named, and until when."""

    installer_id: UUID | None = None
    due_on: date | None = None


class OpenedOut(Strict):
    """The first task that was given out, and how many tasks and plates there are."""

    id: UUID
    version: int
    tasks: int
    plates: int
