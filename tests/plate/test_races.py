"""Plates and batches under many hands at once: real commits, threads, no plate twice, no dead-lock."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address, AddressChange, AddressWarning, PlaceName
from geo_registry.address.warnings import check_scope
from geo_registry.address.writes import approve_address, number_address, retire_street
from geo_registry.db import transaction
from geo_registry.errors import RegistryError
from geo_registry.plate import bin as plate_bin
from geo_registry.plate import tasks, writes
from geo_registry.plate.certificates import issue_certificate
from geo_registry.plate.renumbering import NewNumber, renumber_street
from geo_registry.plate.tables import Plate, PlateBatch, PlateTask
from geo_registry.plate.taking_back import take_back_renumbering
from tests import factories as make

pytestmark = pytest.mark.commits


def lay(engine: Engine, count: int, state: str = "approved") -> tuple[list[UUID], Viewer]:
    with Session(engine) as session, session.begin():
        place = make.make_street(session)
        plates = [
            make.make_plate(session, make.make_address(session, number, street=place), state=state).id
            for number in range(1, count + 1)
        ]
        return plates, make.make_viewer(account_id=make.make_account(session).id)


def balanced(engine: Engine) -> None:
    with Session(engine) as session:
        for batch in session.execute(select(PlateBatch)).scalars():
            states = Counter(session.execute(select(Plate.state).where(Plate.batch_id == batch.id)).scalars())
            assert batch.stock == states["produced"] + states["delivered"]
            assert batch.made == batch.installed + batch.stock + batch.scrapped


def test_a_plate_is_never_in_two_batches(committed: Engine) -> None:
    plates, viewer = lay(committed, 24)
    chance = random.Random(7)
    wishes = [chance.sample(plates, 4) for _ in range(40)]

    def order(number: int) -> str:
        try:
            with transaction(committed) as session:
                writes.order_batch(
                    session, viewer, plate_ids=wishes[number], number=f"第{number}批", maker="标牌厂"
                )
        except RegistryError as error:
            return error.code
        return "ordered"

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(order, range(len(wishes))))
    assert set(outcomes) == {"ordered", "plate-state"}
    with Session(committed) as session:
        held = session.execute(select(Plate.batch_id).where(Plate.state == "ordered")).scalars().all()
        ordered = session.execute(select(PlateBatch.ordered)).scalars().all()
    assert len(held) == 4 * outcomes["ordered"] == sum(ordered)
    assert len(set(held)) == outcomes["ordered"]


def test_mounting_scrapping_and_delivering_never_wait_for_each_other(committed: Engine) -> None:
    plates, viewer = lay(committed, 24)
    with transaction(committed) as session:
        batches = [
            writes.order_batch(session, viewer, plate_ids=plates[n::2], number=f"第{n}批", maker="标牌厂").id
            for n in range(2)
        ]
        for batch in batches:
            done = writes.produce_batch(session, viewer, batch_id=batch, version=1)
            writes.deliver_batch(
                session, viewer, batch_id=batch, version=done.version, plate_ids=_of(session, batch)[:6]
            )
        photos = [make.make_photo(session).sha256.hex() for _ in plates]

    def work(number: int) -> str:
        plate, lot = plates[number % 24], batches[number % 2]
        try:
            with transaction(committed) as session:
                row = session.get_one(Plate, plate)
                lon, lat = make.metres(5.0 * (number + 1), 12)
                if number < 24 and number % 3:
                    writes.install_plate(
                        session, viewer, plate_id=plate, version=row.version, photo=photos[number],
                        lon=lon, lat=lat,
                    )  # fmt: skip
                elif number < 24:
                    writes.scrap_plate(session, viewer, plate_id=plate, version=row.version, reason="划伤")
                else:
                    version = session.get_one(PlateBatch, lot).version
                    writes.deliver_batch(session, viewer, batch_id=lot, version=version)
        except RegistryError as error:
            return error.code
        return "done"

    order = list(range(40))
    random.Random(3).shuffle(order)
    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(work, order))
    assert set(outcomes) <= {"done", "plate-state", "stale", "batch-state", "batch-done"}, outcomes
    assert outcomes["done"] >= 8
    balanced(committed)


def _of(session: Session, batch: UUID) -> list[UUID]:
    return list(session.execute(select(Plate.id).where(Plate.batch_id == batch).order_by(Plate.id)).scalars())


def test_two_hands_on_one_plate_mount_it_once(committed: Engine) -> None:
    (plate,), viewer = lay(committed, 1, "delivered")
    with Session(committed) as session, session.begin():
        photos = [make.make_photo(session).sha256.hex() for _ in range(6)]
    lon, lat = make.metres(5, 12)

    def mount(photo: str) -> str:
        try:
            with transaction(committed) as session:
                writes.install_plate(
                    session, viewer, plate_id=plate, version=1, photo=photo, lon=lon, lat=lat
                )
        except RegistryError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(6) as threads:
        assert Counter(threads.map(mount, photos)) == {"done": 1, "stale": 5}


def test_a_batch_given_out_by_two_is_one_task(committed: Engine) -> None:
    for turn in range(3):
        plates, viewer = lay(committed, 20)
        with transaction(committed) as session:
            act = session, viewer
            made = writes.order_batch(*act, plate_ids=plates, number=f"派{turn}", maker="标牌厂")
            made = writes.produce_batch(*act, batch_id=made.id, version=made.version)
            writes.deliver_batch(*act, batch_id=made.id, version=made.version)
        both = Barrier(2)

        def give(_: int, batch_id: UUID = made.id, viewer: Viewer = viewer, both: Barrier = both) -> str:
            try:
                with transaction(committed) as session:
                    session.execute(text("SELECT 1"))
                    both.wait()
                    tasks.make_tasks(session, viewer, batch_id=batch_id)
            except RegistryError as error:
                return error.code
            return "done"

        with ThreadPoolExecutor(2) as threads:
            assert Counter(threads.map(give, range(2))) == {"done": 1, "task-empty": 1}
        with Session(committed) as session:
            (task,) = session.execute(select(PlateTask).where(PlateTask.batch_id == made.id)).scalars()
            given = session.execute(select(Plate.id).where(Plate.task_id == task.id)).scalars().all()
            assert set(given) == set(plates)


def test_drags_removals_and_new_numbers_of_one_street_do_not_wait_for_each_other(committed: Engine) -> None:
    plates, viewer = lay(committed, 24, "numbered")
    with Session(committed) as session:
        rows = session.execute(select(Plate.id, Plate.address_id)).all()
        addresses = {row.id: row.address_id for row in rows}
        street = session.execute(select(Address.scope_id).distinct()).scalar_one()
        session.execute(text("UPDATE registry.address a SET position = p.position FROM registry.plate p"
                             " WHERE p.address_id = a.id"))  # fmt: skip
        session.commit()

    def work(turn: int) -> str:
        one = plates[turn % 12]
        try:
            with transaction(committed) as session:
                if turn % 4 == 0:
                    number_address(session, viewer, place_name_id=street)
                elif turn % 4 == 1:
                    ids = [addresses[plates[place]] for place in (12 + turn % 12, 12 + (turn + 5) % 12)]
                    plate_bin.remove_addresses(session, viewer, address_ids=ids, reason="误录")
                else:
                    version = session.get_one(Plate, one).version
                    lon, lat = make.metres(5.0 * turn, 12)
                    writes.move_plate(session, viewer, plate_id=one, version=version, lon=lon, lat=lat)
        except RegistryError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(work, range(80)))
    assert set(outcomes) <= {"done", "stale", "not-removable"}, outcomes
    assert outcomes["done"] >= 30
    with Session(committed) as session:
        told = set(session.execute(select(AddressWarning.address_id, AddressWarning.kind)).all())
        check_scope(session, street)
        assert told == set(session.execute(select(AddressWarning.address_id, AddressWarning.kind)).all())


Work = Callable[[Session], object]


def behind(engine: Engine, first: Work, second: Work) -> str:
    """Do the second act while the first is not committed; answer what became of the second."""

    def act() -> str:
        try:
            with transaction(engine) as session:
                second(session)
        except RegistryError as error:
            return error.code
        return "done"

    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    with ThreadPoolExecutor(1) as threads:
        with transaction(engine) as session:
            first(session)
            session.flush()
            other = threads.submit(act)
            while not wait([other], 0.02).done and not session.execute(waiting).scalar_one():
                pass
        return other.result()


@pytest.mark.parametrize("turn", ["before", "behind"])
@pytest.mark.parametrize("state", ["damaged", "cancelled"])
def test_no_plate_is_left_at_a_number_that_was_given_up_meanwhile(
    committed: Engine, state: str, turn: str
) -> None:
    (plate,), viewer = lay(committed, 1, state)
    with Session(committed) as session:
        door, street = session.execute(select(Address.id, Address.scope_id)).one()
    again = writes.replace_plate if state == "damaged" else plate_bin.restore_plate

    def renew(session: Session) -> None:
        again(session, viewer, plate_id=plate, version=1)

    def renumber(session: Session) -> None:
        moves = [NewNumber(door, "301")]
        renumber_street(session, viewer, place_name_id=street, version=1, changes=moves)

    if turn == "before":
        assert behind(committed, renew, renumber) == "done"
    else:
        assert behind(committed, renumber, renew) in {"stale", "not-in-force"}
    with Session(committed) as session:
        left = select(Plate.state).where(Plate.address_id == door)
        assert set(session.execute(left).scalars()) <= {"replaced", "superseded", "cancelled"}


@pytest.mark.parametrize("turn", ["before", "behind"])
def test_no_number_comes_into_force_on_a_name_that_ends_meanwhile(committed: Engine, turn: str) -> None:
    with Session(committed) as session, session.begin():
        street = make.make_street(session)
        door = make.make_address(session, 8, street=street, state="proposed").id
        name, viewer = street.id, make.make_viewer(account_id=make.make_account(session).id)

    def approve(session: Session) -> None:
        approve_address(session, viewer, address_id=door, version=1)

    def retire(session: Session) -> None:
        retire_street(session, viewer, place_name_id=name, version=1, document_number="民地〔2026〕1号")

    order = (approve, retire) if turn == "before" else (retire, approve)
    refused = {"before": "street-in-use", "behind": "parent-not-current"}
    assert behind(committed, *order) == refused[turn]
    with Session(committed) as session:
        states = session.get_one(PlaceName, name).state, session.get_one(Address, door).state
    assert states == {"before": ("current", "current"), "behind": ("retired", "proposed")}[turn]


def test_no_certificate_is_issued_for_a_number_that_is_taken_back_meanwhile(committed: Engine) -> None:
    _, viewer = lay(committed, 1, "numbered")
    with transaction(committed) as session:
        door, street = session.execute(select(Address.id, Address.scope_id)).one()
        moves = [NewNumber(door, "301")]
        done = renumber_street(session, viewer, place_name_id=street, version=1, changes=moves)
        change = session.execute(select(AddressChange.id)).scalar_one()

    def take_back(session: Session) -> None:
        take_back_renumbering(
            session, viewer, place_name_id=street, version=done.version, reason="录错了起点"
        )

    def issue(session: Session) -> None:
        issue_certificate(session, viewer, change_id=change)

    assert behind(committed, take_back, issue) == "not-in-force"
