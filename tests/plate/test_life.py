"""The life of plates: the table of steps against every state, and random lives against a plain model.

Requirements: R63, R80.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import integers, sampled_from
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from geo_registry.db import today
from geo_registry.errors import RuleBroken
from geo_registry.plate import writes
from geo_registry.plate.rules import ENDED, ON_WALL, STEPS, acts_in, refusal, way_to
from geo_registry.plate.tables import PLATE_STATES, Plate, PlateBatch, PlateInstallation
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]
SINGLE = {
    "approve": "approve_plate", "scrap": "scrap_plate", "install": "install_plate", "verify": "verify_plate",
    "report_damage": "report_damage", "report_missing": "report_missing", "inspect": "inspect",
    "replace": "replace_plate", "supersede": "supersede", "remove": "remove", "cancel": "cancel", "move": "move_plate",
}  # fmt: skip
RARE = {"cancel", "scrap", "move", "remove", "supersede", "replace"}
PAIRS = [(state, act) for state in PLATE_STATES for act in STEPS]
ILLEGAL = [(state, act) for state, act in PAIRS if state not in STEPS[act].sources]


def do(street: Street, act: str, plate: Plate, **over: Any) -> Any:  # noqa: ANN401  (what the act answers)
    """Do one act on one plate with all that it needs; `verify` by another account."""
    more: dict[str, Any] = {"reason": "测试"}
    if act in {"install", "move"}:
        more |= street.spot(street.plates.index(plate.id) if plate.id in street.plates else 0)
    if act == "install":
        more["photo"] = street.photo()
    viewer = street.other if act == "verify" else street.clerk
    call = getattr(writes, SINGLE[act])
    return call(street.session, viewer, plate_id=plate.id, version=plate.version, **{**more, **over})


def test_every_state_can_be_reached_and_every_act_can_be_done() -> None:
    reached, pending = {"draft", "numbered"}, ["draft", "numbered"]
    while pending:
        for act in acts_in(pending.pop()):
            target = STEPS[act].target
            if target is not None and target not in reached:
                reached.add(target)
                pending.append(target)
    assert reached == set(PLATE_STATES)
    assert {act for state in PLATE_STATES for act in acts_in(state)} == set(STEPS)
    assert {state for state in PLATE_STATES if not acts_in(state)} == set(ENDED) - {"superseded"}


def test_nothing_leads_to_the_wall_but_mounting() -> None:
    assert {act for act, step in STEPS.items() if step.target == "installed"} == {"install"}
    assert STEPS["verify"].sources == ("installed",)
    assert set(STEPS["install"].needs) == {"photo", "position"}
    assert not set(STEPS["install"].sources) & set(ON_WALL)


@pytest.mark.parametrize(("state", "act"), ILLEGAL)
def test_a_refusal_tells_the_state_and_what_to_do(state: str, act: str) -> None:
    sentence = refusal(act, state)
    assert sentence.startswith("门牌")
    assert f"不能{STEPS[act].title}" in sentence
    assert any(word in sentence for word in ("请先登记", "可以办理", "另编新门牌"))
    at = state
    for step in way_to(act, state):
        assert at in STEPS[step].sources
        at = STEPS[step].target or at
    assert not way_to(act, state) or at in STEPS[act].sources


def test_some_refusals_read_as_a_clerk_would_say_them() -> None:
    assert refusal("install", "ordered") == "门牌已下单、尚未制作，不能上墙；请先登记制作和送达"
    assert refusal("verify", "delivered") == "门牌已送达、尚未上墙，不能核验；请先登记上墙"
    assert refusal("order", "ordered") == "门牌已下单、尚未制作，不能下单；可以办理制作、报废、取消和移动"
    assert refusal("move", "cancelled") == "门牌已取消，不能移动；请为该地址另编新门牌"


def attempt(street: Street, act: str, plate: Plate) -> None:
    """Try any act on one plate, those of batches on a batch in the right state."""
    if act == "order":
        writes.order_batch(street.session, street.clerk, plate_ids=[plate.id], number="甲", maker="厂")
    elif act in {"produce", "deliver"}:
        batch = PlateBatch(
            number=act, maker="厂", ordered=1, ordered_on=today(), state="ordered", **make._areas(plate)
        )
        make._stored(street.session, batch)
        call = getattr(writes, f"{act}_batch")
        call(street.session, street.clerk, batch_id=batch.id, version=1, plate_ids=[plate.id])
    else:
        do(street, act, plate)


@pytest.mark.parametrize("state", PLATE_STATES)
def test_every_illegal_act_is_refused_and_changes_nothing(street_of: Lay, state: str) -> None:
    street = street_of(1, state)
    for act in [act for state_, act in ILLEGAL if state_ == state]:
        with pytest.raises(RuleBroken) as caught:
            attempt(street, act, street.plate())
        assert caught.value.code == "plate-state"
        assert refusal(act, state) in caught.value.detail
    assert (street.plate().state, street.plate().version) == (state, 1)


class Life(RuleBasedStateMachine):
    """Acts in any order on a street of plates; the model knows states, batches and counters only."""

    engine: Engine
    done: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        self.transaction = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint")
        place = make.make_street(self.session)
        clerks = [make.make_viewer(account_id=make.make_account(self.session).id) for _ in range(2)]
        plates = [
            make.make_plate(
                self.session, make.make_address(self.session, n, street=place), state="numbered"
            ).id
            for n in range(1, 5)
        ]
        self.street = Street(self.session, place, clerks[0], clerks[1], plates)
        self.states = dict.fromkeys(plates, "numbered")
        self.batch_of: dict[UUID, UUID | None] = dict.fromkeys(plates)
        self.made: Counter[UUID] = Counter()
        self.scrapped: Counter[UUID] = Counter()
        self.mounted: Counter[UUID] = Counter()
        self.counted: set[tuple[UUID, UUID]] = set()
        self.batches: dict[UUID, str] = {}

    def teardown(self) -> None:
        self.session.close()
        self.transaction.rollback()
        self.connection.close()

    def plate(self, index: int) -> Plate:
        plates = list(self.states)
        return self.session.get_one(Plate, plates[index % len(plates)], populate_existing=True)

    @rule(act=sampled_from(sorted(SINGLE)), index=integers(0, 7))
    def one(self, act: str, index: int) -> None:
        plate = self.plate(index)
        state, batch = self.states[plate.id], self.batch_of[plate.id]
        if state not in STEPS[act].sources:
            with pytest.raises(RuleBroken):
                do(self.street, act, plate)
            return
        done = do(self.street, act, plate)
        self.done[act] += 1
        self.states[plate.id] = STEPS[act].target or state
        if act == "replace":
            self.states[done.id], self.batch_of[done.id] = "numbered", None
        if batch is None:
            return
        in_stock = state in {"produced", "delivered"}
        self.scrapped[batch] += in_stock and act in {"scrap", "cancel"}
        if act == "install" and (batch, plate.id) not in self.counted:
            self.counted.add((batch, plate.id))
            self.mounted[batch] += 1
        if act == "scrap":
            self.batch_of[plate.id] = None

    @rule(index=integers(0, 3))
    def forward(self, index: int) -> None:
        """Do what comes next in the life of a plate: chance alone seldom gets to the wall."""
        plate = self.plate(index)
        state, batch = self.states[plate.id], self.batch_of[plate.id]
        if state == "approved":
            self.order(1 << list(self.states).index(plate.id) if plate.id in self.street.plates else 1)
        elif state in {"ordered", "produced"} and batch is not None:
            self.batch(list(self.batches).index(batch), 0, "produce" if state == "ordered" else "deliver")
        elif state in {"numbered", "delivered", "installed"}:
            self.one({"numbered": "approve", "delivered": "install", "installed": "verify"}[state], index)
        elif batch is not None:
            self.batch(list(self.batches).index(batch), 0, "close")

    @precondition(lambda self: not {*ON_WALL, "damaged", "missing"}.isdisjoint(self.states.values()))
    @rule(act=sampled_from(sorted(set(SINGLE) - {"approve", "scrap", "cancel"})))
    def at_the_wall(self, act: str) -> None:
        """Do an act on the first plate that was mounted and allows it."""
        fits = [index for index, state in enumerate(self.states.values()) if state in STEPS[act].sources]
        mounted = [index for index in fits if self.plate(index).state not in {"numbered", "approved"}]
        if mounted:
            self.one(act, mounted[0])

    @rule(chosen=sampled_from(range(1, 16)))
    def order(self, chosen: int) -> None:
        ids = [plate for bit, plate in enumerate(list(self.states)[:4]) if chosen >> bit & 1]
        order: dict[str, Any] = {"plate_ids": ids, "number": f"批{len(self.batches)}", "maker": "厂"}
        if any(self.states[plate] != "approved" for plate in ids):
            with pytest.raises(RuleBroken):
                writes.order_batch(self.session, self.street.clerk, **order)
            return
        batch = writes.order_batch(self.session, self.street.clerk, **order)
        self.done["order"] += 1
        self.batches[batch.id] = "ordered"
        for plate in ids:
            self.states[plate], self.batch_of[plate] = "ordered", batch.id

    def _of(self, batch: UUID, *states: str) -> list[UUID]:
        return [
            plate for plate, own in self.batch_of.items() if own == batch and self.states[plate] in states
        ]

    def _version(self, batch: UUID) -> int:
        return self.session.get_one(PlateBatch, batch, populate_existing=True).version

    @precondition(lambda self: self.batches)
    @rule(
        pick=integers(0, 9), bad=integers(0, 1), act=sampled_from(["produce", "deliver", "close", "cancel"])
    )
    def batch(self, pick: int, bad: int, act: str) -> None:
        batch = list(self.batches)[pick % len(self.batches)]
        target: dict[str, Any] = {"batch_id": batch, "version": self._version(batch), "reason": "测试"}
        call = getattr(writes, f"{act}_batch")
        ordered, produced = self._of(batch, "ordered"), self._of(batch, "produced")
        allowed = {
            "produce": self.batches[batch] == "ordered" and bool(ordered),
            "deliver": self.batches[batch] in {"ordered", "produced"} and bool(produced),
            "close": self.batches[batch] in {"ordered", "produced", "delivered"}
            and not self._of(batch, "ordered", "produced", "delivered"),
            "cancel": self.batches[batch] in {"ordered", "produced", "delivered"} and not self.made[batch],
        }[act]
        if act == "produce" and bad:
            target["scrapped_ids"] = ordered[:1]
        if not allowed:
            with pytest.raises(RuleBroken):
                call(self.session, self.street.clerk, **target)
            return
        call(self.session, self.street.clerk, **target)
        self.done[f"{act} batch"] += 1
        for plate in {"produce": ordered, "deliver": produced, "cancel": ordered}.get(act, []):
            self.states[plate] = {"produce": "produced", "deliver": "delivered", "cancel": "approved"}[act]
        if act == "produce":
            self.made[batch] += len(ordered)
        for plate in target.get("scrapped_ids", []):
            self.states[plate], self.batch_of[plate] = "approved", None
            self.scrapped[batch] += 1
        if act == "cancel":
            self.batch_of |= dict.fromkeys(ordered)
        slowest = next((s for s in ("ordered", "produced") if self._of(batch, s)), "delivered")
        self.batches[batch] = {"close": "closed", "cancel": "cancelled"}.get(act, slowest)

    @invariant()
    def the_register_is_as_the_model(self) -> None:
        self.street.check()
        rows = self.session.execute(select(Plate.id, Plate.state, Plate.batch_id)).all()
        assert {row.id: row.state for row in rows} == self.states
        assert {row.id: row.batch_id for row in rows} == self.batch_of
        hung = self.session.execute(
            select(PlateInstallation.plate_id).where(PlateInstallation.ended_at.is_(None))
        ).scalars()
        assert set(hung) == {plate for plate, state in self.states.items() if state in ON_WALL}

    @invariant()
    def every_batch_balances(self) -> None:
        for row in self.session.execute(
            select(PlateBatch).execution_options(populate_existing=True)
        ).scalars():
            counted = (row.made, row.installed, row.scrapped)
            assert counted == (self.made[row.id], self.mounted[row.id], self.scrapped[row.id])
            assert row.made == row.installed + row.stock + row.scrapped
            assert row.stock == len(self._of(row.id, "produced", "delivered"))
            assert row.state == self.batches[row.id]


def test_lives_of_plates_follow_the_model(owner_engine: Engine) -> None:
    Life.engine = owner_engine
    case = Life.TestCase
    case.settings = settings(
        max_examples=20, stateful_step_count=40, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    case().runTest()


def test_long_lives_by_chance_meet_every_act(owner_engine: Engine) -> None:
    Life.engine = owner_engine
    Life.done.clear()
    chance = random.Random(20260301)
    for _ in range(8):
        life = Life()
        for _ in range(60):
            step = chance.random()
            if step < 0.6:
                life.forward(chance.randrange(8))
            elif step < 0.9 or not life.batches:
                index = chance.randrange(8)
                allowed = [act for act in acts_in(life.states[life.plate(index).id]) if act in SINGLE]
                likely = [act for act in allowed for _ in range(1 if act in RARE else 8)]
                life.one(chance.choice(likely or ["approve"]), index)
            else:
                life.batch(chance.randrange(9), chance.randrange(2), chance.choice(["produce", "cancel"]))
            life.the_register_is_as_the_model()
            life.every_batch_balances()
        life.teardown()
    batches = {f"{act} batch" for act in ("produce", "deliver", "close", "cancel")}
    assert set(Life.done) == set(SINGLE) | batches | {"order"}, Life.done
