"""Who answers for a block: one responsible coordinator at any time, handed over by one act (R5, R30)."""

import datetime as dt
import threading
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.db import today, transaction
from geo_registry.errors import Conflict, NotFound, Refused, RegistryError, RuleBroken
from geo_registry.grid import reads, writes
from geo_registry.grid.tables import BlockAssignment, GridBlock
from tests.factories import make_account, make_community, make_viewer, square
from tests.grid.conftest import Quarter, build_quarter, oblong

DAY = dt.timedelta(days=1)


def assign(quarter: Quarter, who: Any, **over: Any) -> Any:  # noqa: ANN401
    """Assign block A on its latest version."""
    block = quarter.blocks[0]
    quarter.session.refresh(block)
    values = {
        "block_id": block.id,
        "version": block.version,
        "account_id": who.id,
        "document_number": "1号",
        **over,
    }
    return writes.assign_block(quarter.session, quarter.viewer(), **values)


def age(quarter: Quarter, days: int) -> None:
    """Let block A have been there for some days."""
    valid = Range(today() - days * DAY, None)
    quarter.blocks[0].valid = valid
    quarter.session.flush()


def held(quarter: Quarter) -> list[tuple[str, str, dt.date, dt.date | None]]:
    return [
        (row.name, row.role, row.valid_from, row.valid_to)
        for row in reads.assignments(quarter.session, quarter.viewer(), quarter.blocks[0].id)
    ]


def test_a_block_shows_who_answers_for_it(quarter: Quarter) -> None:
    who = quarter.coordinator(name="何某")
    done = assign(quarter, who, document_number="责〔2026〕1号")
    assert done.version == 2
    shown = reads.block(quarter.session, quarter.viewer(), quarter.blocks[0].id)
    assert (shown.responsible, shown.responsible_from, shown.version) == ("何某", today(), 2)
    left = reads.blocks(quarter.session, quarter.viewer(), without_responsible=True)
    assert [row.code for row in left.rows] == ["B", "C"]


def test_a_hand_over_ends_the_old_on_the_day_the_new_begins(quarter: Quarter) -> None:
    age(quarter, 30)
    old, new = quarter.coordinator(name="旧人"), quarter.coordinator(name="新人")
    assign(quarter, old, starts_on=today() - 20 * DAY)
    assign(quarter, new, starts_on=today() + 3 * DAY, document_number="交接1号")
    quarter.settle()
    assert held(quarter) == [
        ("新人", "responsible", today() + 3 * DAY, None),
        ("旧人", "responsible", today() - 20 * DAY, today() + 3 * DAY),
    ]
    assert reads.block(quarter.session, quarter.viewer(), quarter.blocks[0].id).responsible == "旧人"


def test_a_second_responsible_coordinator_is_refused(quarter: Quarter) -> None:
    assign(quarter, quarter.coordinator(name="何某"))
    with pytest.raises(Conflict, match=r"responsible-exists.*何某.*只能有一名") as refused:
        assign(quarter, quarter.coordinator())
    assert refused.value.facts["field"] == "starts_on"
    assert len(held(quarter)) == 1


def test_the_database_refuses_it_too_in_words(quarter: Quarter) -> None:
    assign(quarter, quarter.coordinator())
    other = quarter.coordinator()
    quarter.session.add(BlockAssignment(block_id=quarter.blocks[0].id, account_id=other.id))
    from geo_registry.db import translated

    with pytest.raises(Conflict, match="responsible-exists"), translated():
        quarter.session.flush()


def test_a_deputy_stands_beside_and_may_take_over(quarter: Quarter) -> None:
    age(quarter, 10)
    first, second = quarter.coordinator(name="甲"), quarter.coordinator(name="乙")
    assign(quarter, first, starts_on=today() - 5 * DAY)
    assign(quarter, second, starts_on=today() - 5 * DAY, role="deputy")
    with pytest.raises(Conflict, match="already-assigned"):
        assign(quarter, second, role="deputy")
    with pytest.raises(Conflict, match=r"already-assigned.*责任人"):
        assign(quarter, first, role="deputy")
    assign(quarter, second)
    assert held(quarter) == [
        ("乙", "responsible", today(), None),
        ("甲", "responsible", today() - 5 * DAY, today()),
        ("乙", "deputy", today() - 5 * DAY, today()),
    ]


def test_who_may_not_answer_is_refused_in_words(quarter: Quarter) -> None:
    session = quarter.session
    elsewhere = make_community(session)
    cases = {
        "not-a-coordinator": make_account(session, division=quarter.community, role="clerk"),
        "coordinator-untrained": quarter.coordinator(trained=False),
        "coordinator-inactive": quarter.coordinator(is_active=False),
        "coordinator-elsewhere": quarter.coordinator(division=elsewhere),
    }
    for code, account in cases.items():
        with pytest.raises(RuleBroken, match=code):
            assign(quarter, account)
    with pytest.raises(RuleBroken, match="account-unknown"):
        assign(quarter, quarter.community)
    with pytest.raises(RuleBroken, match="start-too-early"):
        assign(quarter, quarter.coordinator(), starts_on=today() - 20 * DAY)
    for far in (today() - 32 * DAY, today() + 367 * DAY, dt.date(9999, 12, 31)):
        with pytest.raises(RuleBroken, match="day-too-far"):
            assign(quarter, quarter.coordinator(), starts_on=far)
    with pytest.raises(RuleBroken, match="document-required"):
        assign(quarter, quarter.coordinator(), document_number=None)
    assert held(quarter) == []


def test_a_grant_above_the_block_will_do(quarter: Quarter) -> None:
    district = make_account(quarter.session, role="coordinator")
    writes.train_coordinator(quarter.session, login=district.login, trained_on=today())
    assert assign(quarter, district).version == 2


def test_a_retired_block_takes_nobody(quarter: Quarter) -> None:
    quarter.blocks[0].state = "retired"
    quarter.session.flush()
    with pytest.raises(RuleBroken, match="block-retired"):
        assign(quarter, quarter.coordinator())


@pytest.mark.parametrize("role", ["clerk", "officer", "coordinator", "leader", "steward"])
def test_other_roles_do_not_assign(quarter: Quarter, role: str) -> None:
    with pytest.raises(Refused):
        writes.assign_block(
            quarter.session, quarter.viewer(role), block_id=quarter.blocks[0].id, version=1,
            account_id=quarter.coordinator().id,
        )  # fmt: skip


def test_an_assignment_ends_after_it_began(quarter: Quarter) -> None:
    age(quarter, 30)
    viewer, block = quarter.viewer(), quarter.blocks[0]
    done = assign(quarter, quarter.coordinator(), starts_on=today() - 9 * DAY)
    (row,) = reads.assignments(quarter.session, viewer, block.id)
    ask = {"block_id": block.id, "version": done.version, "assignment_id": row.id}
    with pytest.raises(RuleBroken, match="end-too-early"):
        writes.end_assignment(quarter.session, viewer, **ask, ends_on=today() - 9 * DAY)
    with pytest.raises(NotFound):
        writes.end_assignment(quarter.session, viewer, **{**ask, "assignment_id": block.id})
    done = writes.end_assignment(quarter.session, viewer, **ask, reason="调离")
    assert [row.valid_to for row in reads.assignments(quarter.session, viewer, block.id)] == [today()]
    with pytest.raises(RuleBroken, match="assignment-ended"):
        writes.end_assignment(quarter.session, viewer, **{**ask, "version": done.version})


def test_coordinators_of_an_area_are_offered(quarter: Quarter) -> None:
    fit, raw = quarter.coordinator(name="甲"), quarter.coordinator(name="乙", trained=False)
    quarter.coordinator(name="丙", division=make_community(quarter.session))
    quarter.coordinator(name="丁", is_active=False)
    assign(quarter, fit)
    offered = reads.coordinators(quarter.session, quarter.viewer(), block_id=quarter.blocks[0].id)
    assert {(row.account_id, row.blocks, row.trained_on is None) for row in offered} == {
        (fit.id, 1, False), (raw.id, 0, True)
    }  # fmt: skip
    assert {row.name for row in reads.coordinators(quarter.session, quarter.viewer())} == {"甲", "乙"}


def test_coordinators_for_a_block_outside_the_areas_are_not_told(quarter: Quarter) -> None:
    quarter.coordinator(name="何小乙")
    outsider = make_viewer("supervisor", [make_community(quarter.session).id])
    with pytest.raises(NotFound, match="block-not-found"):
        reads.coordinators(quarter.session, outsider, block_id=quarter.blocks[0].id)


def test_training_is_noted_for_coordinators_alone(quarter: Quarter) -> None:
    who = quarter.coordinator(trained=False)
    clerk = make_account(quarter.session)
    writes.train_coordinator(quarter.session, login=who.login, trained_on=today() - DAY)
    writes.train_coordinator(quarter.session, login=who.login, trained_on=today())
    with pytest.raises(RuleBroken, match="not-a-coordinator"):
        writes.train_coordinator(quarter.session, login=clerk.login, trained_on=today())
    with pytest.raises(RuleBroken, match="training-in-future"):
        writes.train_coordinator(quarter.session, login=who.login, trained_on=today() + DAY)
    with pytest.raises(NotFound):
        writes.train_coordinator(quarter.session, login="nobody-here", trained_on=today())


def at_once(*acts: Any) -> list[RegistryError | None]:  # noqa: ANN401
    """Do acts in threads of their own that start together; return what refused each."""
    gate = threading.Barrier(len(acts))
    found: list[RegistryError | None] = [None] * len(acts)

    def run(turn: int) -> None:
        gate.wait(10)
        try:
            acts[turn]()
        except RegistryError as error:
            found[turn] = error

    threads = [threading.Thread(target=run, args=(turn,)) for turn in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def stored(engine: Engine) -> tuple[Viewer, list[Any], list[Any], Any]:
    """Commit the quarter with two coordinators."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        quarter = build_quarter(session)
        people = [quarter.coordinator(), quarter.coordinator()]
        return (
            make_viewer("supervisor"), [block.id for block in quarter.blocks], [one.id for one in people],
            quarter.community.id,
        )  # fmt: skip


@pytest.mark.commits
def test_of_two_hand_overs_at_once_one_wins(committed: Engine) -> None:
    viewer, blocks, people, _ = stored(committed)

    def act(account: Any) -> Any:  # noqa: ANN401
        def run() -> None:
            with transaction(committed) as session:
                writes.assign_block(
                    session, viewer, block_id=blocks[0], version=1, account_id=account, document_number="1号"
                )

        return run

    refused = at_once(act(people[0]), act(people[1]))
    assert sorted(type(one).__name__ for one in refused) == ["NoneType", "Stale"]
    with Session(committed) as session:
        assert len(session.execute(select(BlockAssignment)).all()) == 1


@pytest.mark.commits
def test_of_two_overlapping_draws_at_once_one_wins(committed: Engine) -> None:
    viewer, _, _, community = stored(committed)
    with Session(committed) as session, session.begin():
        session.get_one(Division, community).boundary = square(300, 50, 600, 100)

    def act(code: str, west: float) -> Any:  # noqa: ANN401
        def run() -> None:
            with transaction(committed) as session:
                writes.draw_block(
                    session, viewer, boundary=oblong(west, west + 100), name=code, code=code,
                    community_id=community, document_number="1号",
                )  # fmt: skip
                session.execute(text("SELECT pg_sleep(0.3)"))

        return run

    refused = [one for one in at_once(act("X", 300), act("Y", 350)) if one]
    assert [one.code for one in refused] == ["block-overlap"]
    assert "平方米" in refused[0].detail
    with Session(committed) as session:
        codes = session.execute(select(GridBlock.code).where(GridBlock.code.in_(("X", "Y")))).scalars().all()
        assert len(codes) == 1
