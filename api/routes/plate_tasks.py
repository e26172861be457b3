"""Installation tasks: plates given out by township, followed to the wall."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import NO_STORE, CurrentViewer, IfMatch, Needs, Once, Transaction, answer, one
from api.schemas.act import Paper, WrittenOut
from api.schemas.plate_task import Assignment, CodeQuery, NewTask, OpenedOut, TaskQuery
from geo_registry.access.viewer import Permission
from geo_registry.pages import Page
from geo_registry.plate import field, tasks

router = APIRouter(prefix="/v1/plate-tasks", tags=["plates"])
INSTALL = Depends(Needs(Permission.PLATE_INSTALL))
PRODUCE = Depends(Needs(Permission.PLATE_PRODUCE))


@router.get("", response_model=Page[field.TaskRow], dependencies=[INSTALL])
def task_list(query: Annotated[TaskQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List installation tasks, the latest first."""
    return answer(field.tasks(session, viewer, **query.model_dump(exclude_none=True)))


@router.get("/progress", response_model=tuple[field.TownshipProgress, ...], dependencies=[INSTALL])
def progress(session: Transaction, viewer: CurrentViewer) -> Response:
    """Tell how far the tasks of each township have come."""
    return answer(field.progress(session, viewer))


@router.get("/installers", response_model=tuple[field.Installer, ...], dependencies=[PRODUCE])
def installers(session: Transaction, viewer: CurrentViewer, township_id: UUID | None = None) -> Response:
    """List who may put plates up in a township, or anywhere in the viewer's areas."""
    return answer(field.installers(session, viewer, township_id=township_id))


@router.get("/work", response_model=field.FieldWork, dependencies=[INSTALL])
def work(session: Transaction, viewer: CurrentViewer) -> Response:
    """Give what a phone takes along: the viewer's open tasks and their plates."""
    return answer(field.field_work(session, viewer), NO_STORE)


@router.get("/plate", response_model=field.FieldPlate, dependencies=[INSTALL])
def find_plate(query: Annotated[CodeQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Find the plate whose code was scanned or typed."""
    return answer(field.find_plate(session, viewer, query.text), NO_STORE)


@router.get("/{task_id}", response_model=field.TaskRow, dependencies=[INSTALL])
def task(task_id: UUID, session: Transaction, viewer: CurrentViewer) -> Response:
    """Show one installation task."""
    return one(field.task(session, viewer, task_id))


@router.post("", status_code=201, dependencies=[PRODUCE], response_model=OpenedOut)
def open_tasks(body: NewTask, act: Once) -> Response:
    """Give plates out, one task for each township."""
    given = body.given()
    write = tasks.make_tasks if "batch_id" in given else tasks.open_task
    if "batch_id" in given:
        given.pop("title", None)
    return act.once(partial(write, act.session, act.viewer, **given), 201, facts=("tasks", "plates"))


@router.post("/{task_id}/actions/assign", dependencies=[PRODUCE], response_model=WrittenOut)
def assign_task(task_id: UUID, body: Assignment, version: IfMatch, act: Once) -> Response:
    """Give a task to one installer, or to any of its area; maybe until another day."""
    target = {"task_id": task_id, "version": version, **body.given()}
    return act.once(partial(tasks.assign_task, act.session, act.viewer, **target))


@router.post("/{task_id}/actions/cancel", dependencies=[PRODUCE], response_model=WrittenOut)
def cancel_task(task_id: UUID, body: Paper, version: IfMatch, act: Once) -> Response:
    """Call a task back; what waits can be given out again."""
    target = {"task_id": task_id, "version": version, **body.given()}
    return act.once(partial(tasks.cancel_task, act.session, act.viewer, **target))
