"""Two acts about one person at once, and acts cut off in the middle: one after the other, whole or not at all."""

import datetime as dt
import threading
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, text

from geo_registry import cluster
from geo_registry.codes import new_id
from geo_registry.db import transaction
from geo_registry.errors import Unavailable
from tests.factories import make_account, make_building, make_community, make_unit
from tests.residence.case_files import apply, document, make_case

pytestmark = pytest.mark.commits
SINCE = dt.date(2026, 1, 5)
AREA = text("""
    UPDATE registry.housing_unit u SET district_id = d.district_id, township_id = d.township_id, community_id = d.id
    FROM registry.division d WHERE d.id = :target AND u.building_id = :building""")
ASTRAY = text("""
    SELECT count(*) FROM registry.residence r JOIN registry.housing_unit u ON u.id = r.unit_id JOIN registry.person p ON p.id = r.person_id
    WHERE r.community_id IS DISTINCT FROM u.community_id
      OR (r.is_main AND upper_inf(r.sys) AND r.valid @> CURRENT_DATE AND p.community_id IS DISTINCT FROM r.community_id)""")
SAID = "SELECT count(*) FROM registry.residence WHERE upper_inf(sys) AND valid @> CURRENT_DATE AND is_main"


def _at_once(*acts: Callable[[], str]) -> list[str]:
    """Let acts begin together; answer what each said, or that it was told to come again."""
    ready, answers = threading.Barrier(len(acts)), [""] * len(acts)

    def run(turn: int, act: Callable[[], str]) -> None:
        ready.wait()
        try:
            answers[turn] = act()
        except Unavailable as busy:
            answers[turn] = busy.code

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _act(engine: Engine, case: UUID) -> Callable[[], str]:
    def act() -> str:
        with transaction(engine) as session:
            return apply(session, case)

    return act


def _cases(engine: Engine, turn: int) -> tuple[UUID, UUID]:
    """Store two cases of one household, in opposite order, at dwellings in two buildings."""
    with transaction(engine) as session:
        clerk = make_account(session)
        units = [make_unit(session, make_building(session)) for _ in range(2)]
        forms = [document(turn * 10 + n, since=SINCE) for n in range(3)]
        one = make_case(session, clerk, units[0], "register", *forms).id
        two = make_case(
            session, clerk, units[1], "register", *[{**f, "since": dt.date(2026, 2, 1)} for f in forms[::-1]]
        ).id
    return one, two


@pytest.mark.requirement("R1")
def test_two_cases_of_one_household_at_once_leave_one_main_dwelling_each(committed: Engine) -> None:
    for turn in range(6):
        cases = _cases(committed, turn)
        said = _at_once(*[_act(committed, case) for case in cases])
        again = [
            _act(committed, case)() if answer == "busy" else answer
            for case, answer in zip(cases, said, strict=True)
        ]
        # Who came second moves them on; the earlier day, come second, finds that they live elsewhere later.
        assert sorted(again) in (["done", "done"], ["done", "lives-elsewhere-later"]), said
        with committed.connect() as connection:
            assert connection.execute(text(SAID)).scalar_one() == 3 * (turn + 1)
            assert connection.execute(text("SELECT count(*) FROM registry.person")).scalar_one() == 3 * (
                turn + 1
            )


def test_a_merge_and_a_case_at_once_leave_everything_with_the_one_that_holds(committed: Engine) -> None:
    for turn in range(6):
        one, two = _cases(committed, turn)
        assert _act(committed, one)() == "done"
        with transaction(committed) as session:
            found = session.execute(
                text("SELECT person_id FROM registry.case_person WHERE case_id = :case ORDER BY turn"),
                {"case": one},
            )
            twin, kept, _ = found.scalars().all()
            proposer, judge = (make_account(session, role="population_office") for _ in range(2))
            lineage = new_id()
            for account in (proposer, judge):
                session.execute(
                    text(
                        "INSERT INTO registry.session (token_hash, account_id, expires_at) VALUES (:hash, :id, now() + interval '1 hour')"
                    ),
                    {"hash": account.id.bytes, "id": account.id},
                )
            # Their dwelling is one: the registration of the one that goes ends first.
            session.execute(
                text("UPDATE registry.registration SET status = 'expired' WHERE person_id = :twin"),
                {"twin": twin},
            )
            session.execute(
                text(
                    "SELECT registry.propose_lineage(:hash, :own, 'merge', :twin, :kept, '{}', '核对一致', :own)"
                ),
                {"hash": proposer.id.bytes, "own": lineage, "twin": twin, "kept": kept},
            )

        def judged(own: UUID = lineage, account: UUID = judge.id) -> str:
            with transaction(committed) as session:
                asked = text("SELECT outcome FROM registry.judge_lineage(:hash, :own, 1, 'approved', :own)")
                return str(session.execute(asked, {"hash": account.bytes, "own": own}).scalar_one())

        acts = (judged, _act(committed, two))
        said = _at_once(*acts)
        again = [act() if answer == "busy" else answer for act, answer in zip(acts, said, strict=True)]
        assert again[0] in ("done", "registered-under-other"), said
        assert again[1] in ("done", "already-registered"), said
        with committed.connect() as connection:
            stray = text(
                "SELECT count(*) FROM registry.residence r JOIN registry.person p ON p.id = r.person_id"
                " WHERE upper_inf(r.sys) AND p.merged_into IS NOT NULL"
            )
            assert connection.execute(stray).scalar_one() == 0
            double = text(
                "SELECT count(*) FROM (SELECT FROM registry.residence WHERE upper_inf(sys) AND is_main"
                " AND valid @> CURRENT_DATE GROUP BY person_id HAVING count(*) > 1) x"
            )
            assert connection.execute(double).scalar_one() == 0


def test_a_change_of_area_and_cases_of_residents_wait_for_each_other(committed: Engine) -> None:
    """A whole building goes to another community while its residents move to another one: nobody is told to come again."""
    for turn in range(8):
        with transaction(committed) as session:
            clerk, home = make_account(session), make_building(session)
            units = [make_unit(session, home, room) for room in ("101", "102", "103")]
            away = make_unit(session, make_building(session))
            people = [document(turn * 10 + n, since=SINCE) for n in range(3)]
            first = [
                make_case(session, clerk, unit, "register", form).id
                for unit, form in zip(units, people, strict=True)
            ]
            moved = [{**form, "since": dt.date(2026, 2, 1)} for form in people]
            leaving = make_case(session, clerk, away, "register", *moved).id
            # Some stay and are registered where the building goes.
            coming = make_case(
                session, clerk, units[turn % 3], "register", document(turn * 10 + 7, since=SINCE)
            ).id
            target, building = make_community(session).id, home.id
        assert [_act(committed, case)() for case in first] == ["done"] * 3

        def redistricted(target: UUID = target, building: UUID = building) -> str:
            with transaction(committed) as session:
                session.execute(AREA, {"target": target, "building": building})
            return "done"

        said = _at_once(redistricted, _act(committed, leaving), _act(committed, coming))
        assert said == ["done", "done", "done"]
        with committed.connect() as connection:
            assert connection.execute(ASTRAY).scalar_one() == 0


@pytest.mark.requirement("R79", "R103")
def test_a_move_that_is_cut_off_changes_neither_dwelling(committed: Engine, database: cluster.Urls) -> None:
    one, two = _cases(committed, 0)
    assert _act(committed, one)() == "done"
    everything = text("SELECT jsonb_agg(to_jsonb(r) ORDER BY r.id) FROM registry.residence r")
    tallied = text("SELECT sum(persons), sum(registered) FROM registry.tally")
    with committed.connect() as connection:
        before = connection.execute(everything).scalar_one(), tuple(connection.execute(tallied).one())
    # Killed between the end of the one and the beginning of the other.
    with psycopg.connect(database.owner) as dying, psycopg.connect(cluster.superuser_url()) as killer:
        dying.execute("SELECT registry.apply_case(%s, %s)", [two, new_id()])
        killer.execute("SELECT pg_terminate_backend(%s)", [dying.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            dying.commit()
    # Failing at the last form: those before it are undone with it.
    with transaction(committed) as session:
        bad = [document(n, since=SINCE.replace(month=2 if n < 2 else 1, day=1)) for n in range(3)]
        case = make_case(session, make_account(session), make_unit(session), "register", *bad).id
        assert apply(session, case) == "lives-elsewhere-later"
    with committed.connect() as connection:
        assert (
            connection.execute(everything).scalar_one(),
            tuple(connection.execute(tallied).one()),
        ) == before
    assert _act(committed, two)() == "done"
    with committed.connect() as connection:
        assert tuple(connection.execute(tallied).one()) == (3, 3)
        assert connection.execute(text(SAID)).scalar_one() == 3
