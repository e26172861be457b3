"""Installation tasks: given out by township, done by themselves, called back."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select

from geo_registry.area.tables import Division
from geo_registry.area.writes import Paper
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import NotFound, Refused, RuleBroken, Stale
from geo_registry.plate import field, steps, tasks, writes
from geo_registry.plate.tables import Plate, PlateTask
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]


def delivered(street: Street) -> object:
    """Order, make and deliver the plates of a street; return the batch."""
    session, clerk = street.session, street.clerk
    batch = writes.order_batch(session, clerk, plate_ids=street.plates, number="七", maker="标牌厂")
    batch = writes.produce_batch(session, clerk, batch_id=batch.id, version=batch.version)
    return writes.deliver_batch(session, clerk, batch_id=batch.id, version=batch.version).id


def test_a_delivered_batch_becomes_a_task_and_is_done_with_its_last_plate(street_of: Lay) -> None:
    street = street_of(3)
    session, clerk = street.session, street.clerk
    batch_id = delivered(street)
    assert [(one.id, one.plates) for one in field.free_batches(session, clerk)] == [(batch_id, 3)]
    made = tasks.make_tasks(session, clerk, batch_id=batch_id, due_on=today())  # type: ignore[arg-type]
    assert (made.tasks, made.plates) == (1, 3)
    assert field.free_batches(session, clerk) == ()
    task = field.task(session, clerk, made.id)
    assert (task.plates, task.hung, task.waiting, task.state) == (3, 0, 3, "open")
    assert task.number.startswith(f"上墙-{today().year}-")
    assert task.batch_number == "七"
    with pytest.raises(RuleBroken, match="没有待派"):
        tasks.make_tasks(session, clerk, batch_id=batch_id)  # type: ignore[arg-type]
    for place in range(3):
        street.install(place)
        counted = field.task(session, clerk, made.id)
        assert (counted.hung, counted.waiting) == (place + 1, 2 - place)
        assert counted.state == ("open" if place < 2 else "done")
    street.check()
    done = session.get_one(PlateTask, made.id, populate_existing=True)
    assert done.act_id == street.plate(2).act_id
    late = [one for one in field.progress(session, clerk) if one.township_id == task.township_id]
    assert [(one.tasks, one.open_tasks, one.plates, one.hung) for one in late] == [(1, 0, 3, 3)]


def test_a_task_for_each_township(street_of: Lay) -> None:
    here = street_of(2, "delivered")
    elsewhere = make.make_community(here.session)
    far = [make.make_plate(here.session, make.make_address(here.session, 5, street=make.make_street(
        here.session, community=elsewhere)), state="delivered") for _ in range(1)]  # fmt: skip
    ids = [*here.plates, *(plate.id for plate in far)]
    if far[0].township_id == here.plate().township_id:
        pytest.fail("the factory must lay the second street in another township")
    made = tasks.open_task(here.session, here.clerk, plate_ids=ids, title="补装")
    assert (made.tasks, made.plates) == (2, 3)
    found = field.tasks(here.session, here.clerk, own=True).rows
    assert sorted(row.plates for row in found) == [1, 2]
    assert all(row.title.startswith("补装 · ") for row in found)


def test_a_plate_is_in_one_open_task_alone(street_of: Lay) -> None:
    street = street_of(2, "delivered")
    tasks.open_task(street.session, street.clerk, plate_ids=street.plates[:1], title="甲")
    with pytest.raises(RuleBroken, match="已在另一个进行中的任务里") as told:
        tasks.open_task(street.session, street.clerk, plate_ids=street.plates, title="乙")
    assert told.value.code == "plate-in-task"
    with pytest.raises(RuleBroken, match="任务名称"):
        tasks.open_task(street.session, street.clerk, plate_ids=street.plates[1:], title=" ")
    with pytest.raises(RuleBroken, match="证件号码或电话") as told:
        tasks.open_task(street.session, street.clerk, plate_ids=street.plates[1:], title="找张三13812345678")
    assert told.value.facts["field"] == "title"
    yesterday = today() - dt.timedelta(days=1)
    with pytest.raises(RuleBroken, match="期限"):
        tasks.open_task(
            street.session, street.clerk, plate_ids=street.plates[1:], title="丙", due_on=yesterday
        )


def test_what_is_not_delivered_is_in_no_task(street_of: Lay) -> None:
    street = street_of(1, "approved")
    with pytest.raises(RuleBroken) as told:
        tasks.open_task(street.session, street.clerk, plate_ids=street.plates, title="早了")
    assert told.value.code == "plate-state"


def test_a_task_is_called_back_and_its_plates_given_out_again(street_of: Lay) -> None:
    street = street_of(2, "delivered")
    session, clerk = street.session, street.clerk
    made = tasks.open_task(session, clerk, plate_ids=street.plates, title="甲")
    street.install(0)
    with pytest.raises(RuleBroken, match="事由"):
        tasks.cancel_task(session, clerk, task_id=made.id, version=made.version)
    tasks.cancel_task(session, clerk, task_id=made.id, version=made.version, reason="改由社区安装")
    assert (street.plate(0).task_id, street.plate(1).task_id) == (made.id, None)
    assert street.plate(1).act_id == session.get_one(PlateTask, made.id, populate_existing=True).act_id
    again = tasks.open_task(session, clerk, plate_ids=street.plates[1:], title="乙")
    assert field.task(session, clerk, again.id).waiting == 1
    with pytest.raises(RuleBroken, match="已取消，不能改派"):
        tasks.assign_task(session, clerk, task_id=made.id, version=made.version + 1)


def test_a_task_is_given_to_an_installer_of_its_area(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    session, clerk = street.session, street.clerk
    township = session.get_one(Division, street.plate().township_id)
    near = make.make_account(session, role="installer", division=township)
    made = tasks.open_task(session, clerk, plate_ids=street.plates, title="甲", installer_id=near.id)
    row = field.task(session, clerk, made.id)
    assert (row.installer_id, row.installer) == (near.id, near.name)
    mine = make.make_viewer("installer", account_id=near.id)
    theirs = make.make_viewer("installer", account_id=new_id())
    assert [one.id for one in field.field_work(session, mine).plates] == street.plates
    assert field.field_work(session, theirs).plates == ()
    with pytest.raises(RuleBroken) as told:
        tasks.assign_task(session, clerk, task_id=made.id, version=made.version, installer_id=new_id())
    assert told.value.code == "installer-unknown"
    with pytest.raises(Stale):
        tasks.assign_task(session, clerk, task_id=made.id, version=made.version + 7)
    freed = tasks.assign_task(session, clerk, task_id=made.id, version=made.version)
    assert freed.version == made.version + 1
    assert [one.id for one in field.field_work(session, theirs).plates] == street.plates


def test_no_installer_of_a_foreign_township_is_told(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    session, plate = street.session, street.plate()
    township = session.get_one(Division, plate.township_id)
    abroad = session.get_one(Division, make.make_community(session).township_id)
    near, far = (make.make_account(session, role="installer", division=one) for one in (township, abroad))
    over = session.get_one(Division, plate.district_id)
    above = make.make_account(session, role="installer", division=over)
    for area in (plate.district_id, plate.township_id, plate.community_id):
        assert area is not None
        local = make.make_viewer(areas=[area])
        told = {one.id for one in field.installers(session, local, township_id=plate.township_id)}
        assert {near.id, above.id} <= told
        assert far.id not in told
        with pytest.raises(NotFound, match="没有这个镇街"):
            field.installers(session, local, township_id=abroad.id)


def test_who_only_puts_up_gives_out_nothing(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    installer = make.make_viewer("installer")
    with pytest.raises(Refused):
        tasks.open_task(street.session, installer, plate_ids=street.plates, title="自派")
    with pytest.raises(NotFound):
        tasks.make_tasks(street.session, street.clerk, batch_id=new_id())
    outside = make.make_viewer("installer", areas=[new_id()])
    assert field.tasks(street.session, outside).rows == ()


def test_a_plate_is_found_by_its_code_however_it_was_typed(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    code = street.session.execute(select(Plate.code).where(Plate.id == street.plates[0])).scalar_one()
    typed = f"p {code[:4].lower()}-{code[4:8]}-{code[8:]}"
    found = field.find_plate(street.session, street.clerk, typed)
    assert (found.id, found.name) == (street.plates[0], f"{street.place.full_name}1号")
    with pytest.raises(RuleBroken, match="位"):
        field.find_plate(street.session, street.clerk, "12")


def test_damage_while_the_task_runs_keeps_it_open(street_of: Lay) -> None:
    street = street_of(2, "delivered")
    session, clerk = street.session, street.clerk
    made = tasks.open_task(session, clerk, plate_ids=street.plates, title="甲")
    hung = street.install(0)
    writes.report_damage(session, clerk, plate_id=hung.id, version=hung.version)
    street.install(1)
    assert field.task(session, clerk, made.id).state == "open"
    street.install(0)
    assert field.task(session, clerk, made.id).state == "done"


@pytest.mark.parametrize("way", ["one", "many"])
def test_a_scrapped_plate_leaves_its_task_and_is_given_out_anew(street_of: Lay, way: str) -> None:
    street = street_of(2)
    session, clerk = street.session, street.clerk
    made = tasks.make_tasks(session, clerk, batch_id=delivered(street))  # type: ignore[arg-type]
    street.install(0)
    if way == "one":
        version = street.plate(1).version
        writes.scrap_plate(session, clerk, plate_id=street.plates[1], version=version, reason="字有误")
    else:
        rows = steps.judged(session, clerk, "scrap", {street.plates[1]})
        steps.take_many(session, clerk, "scrap", rows, Paper(reason="字有误"))
    assert street.plate(1).task_id is None
    # The last one that waited is gone: nothing is left to do.
    assert field.task(session, clerk, made.id).state == "done"
    batch = writes.order_batch(session, clerk, plate_ids=[street.plates[1]], number="八", maker="标牌厂")
    batch = writes.produce_batch(session, clerk, batch_id=batch.id, version=batch.version)
    batch = writes.deliver_batch(session, clerk, batch_id=batch.id, version=batch.version)
    assert tasks.make_tasks(session, clerk, batch_id=batch.id).plates == 1
