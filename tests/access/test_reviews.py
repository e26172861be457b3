"""Alarms over looks: every kind is raised once where it should be, and next to never over honest work."""

import datetime as dt
import random
from collections import Counter
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.db import TIMEZONE
from tests.factories import make_account, make_person

CHINA = ZoneInfo(TIMEZONE)
# A Monday for which partitions are there.
START = (dt.datetime.now(CHINA) + dt.timedelta(days=31)).replace(hour=0, minute=0, second=0, microsecond=0)
MINUTES = dt.timedelta(minutes=2)
INSERT = text("""
    INSERT INTO registry.audit (id, at, account_id, role, action, object_kind, object_id, subject_key, fields, decision,
      row_count, written_xid, written_lsn)
    VALUES (:id, :at, :account, :role, :action, :kind, :object, :subject, '{}', 'granted', :rows, pg_current_xact_id(), '0/0')""")
COUNTED = text("""
    UPDATE registry.look_count SET in_day = CASE WHEN day = CAST(:at AS timestamptz)::date THEN in_day + 1 ELSE 1 END,
      day = CAST(:at AS timestamptz)::date, hour = date_trunc('hour', CAST(:at AS timestamptz))
    WHERE account_id = :account""")
ALARMS = text("SELECT registry.raise_alarms_at(:moment, :since, :roles, :most)")
HABITS = text("SELECT role, most FROM registry.look_habits(:moment)")


class Desk:
    """One account that looks, and the alarms about it."""

    def __init__(self, session: Session, role: Role = Role.OFFICER) -> None:
        self.session, self.role = session, role
        self.id: UUID = make_account(session, role=role).id

    def look(self, at: dt.datetime, **more: object) -> None:
        """Look at a building, or at what `more` says."""
        values = {
            "action": "occupants",
            "kind": "building",
            "object": uuid4(),
            "subject": None,
            "rows": 3,
            **more,
        }
        self.session.execute(
            INSERT, {"id": uuid4(), "at": at, "account": self.id, "role": self.role, **values}
        )
        self.session.execute(COUNTED, {"at": at, "account": self.id})

    def ask(self, at: dt.datetime, number: bytes, *, hit: bool = True) -> None:
        """Ask for the person of a number."""
        self.look(at, action="dwellings", kind="person", object=None, subject=number, rows=int(hit))

    def alarms(
        self, moment: dt.datetime, since: dt.timedelta = MINUTES, most: int = 1000
    ) -> list[tuple[str, int]]:
        """Raise alarms and return all about this account."""
        asked = {"moment": moment, "since": since, "roles": [self.role], "most": [most]}
        self.session.execute(ALARMS, asked)
        query = text("SELECT kind, looks FROM registry.look_review WHERE account_id = :id ORDER BY id")
        return [(row.kind, row.looks) for row in self.session.execute(query, {"id": self.id})]


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_the_same_person_once_too_often(desk: Desk, session: Session) -> None:
    person = make_person(session)
    for day in range(5):
        at = START + dt.timedelta(days=day, hours=10)
        if day % 2:
            desk.look(at, action="person", kind="person", object=person.id, rows=1)
        else:
            desk.ask(at, person.id_index)
        assert desk.alarms(at) == []
    last = START + dt.timedelta(days=6, hours=10)
    desk.ask(last, person.id_index)
    assert desk.alarms(last) == [("repeat", 6)]
    desk.ask(last + MINUTES, person.id_index)
    assert desk.alarms(last + MINUTES) == [("repeat", 6)]
    # Somebody else, and the same one a month later, are another matter.
    other = Desk(session)
    other.ask(last + MINUTES, person.id_index)
    assert other.alarms(last + MINUTES) == []
    later = last + dt.timedelta(days=40)
    desk.ask(later, person.id_index)
    assert desk.alarms(later) == [("repeat", 6)]


def test_numbers_that_nobody_has(desk: Desk) -> None:
    noon = START + dt.timedelta(hours=12)
    for turn in range(9):
        at = noon + dt.timedelta(minutes=turn)
        desk.ask(at, b"number%d" % turn, hit=turn == 2)
        assert desk.alarms(at) == ([("walking", 5)] if turn >= 5 else [])
    next_hour = noon + dt.timedelta(hours=2)
    for turn in range(5):
        desk.ask(next_hour + dt.timedelta(minutes=turn), b"other%d" % turn, hit=False)
    assert desk.alarms(next_hour + dt.timedelta(minutes=5))[1:] == [("walking", 5)]


def test_a_night_is_told_once(desk: Desk) -> None:
    for hours, told in ((21.9, 0), (22, 1), (26, 1), (29.9, 1), (30, 1), (46.5, 2)):
        at = START + dt.timedelta(hours=hours)
        desk.look(at)
        assert len(desk.alarms(at)) == told, hours
    assert {kind for kind, _ in desk.alarms(START + dt.timedelta(hours=47))} == {"night"}


def test_a_day_beyond_the_habit_of_the_role(desk: Desk) -> None:
    morning = START + dt.timedelta(hours=9)
    for turn in range(40):
        at = morning + dt.timedelta(minutes=turn)
        desk.look(at)
        assert desk.alarms(at, most=34) == ([("habit", 35)] if turn >= 34 else [])
    quiet = Desk(desk.session)
    for turn in range(25):
        quiet.look(morning + dt.timedelta(minutes=turn))
    # Fewer than thirty are never too many.
    assert quiet.alarms(morning + dt.timedelta(minutes=25), since=dt.timedelta(hours=1), most=5) == []


def test_the_habit_of_a_role_is_three_deviations_above_its_days(session: Session) -> None:
    desks = [Desk(session, Role.ENTRY_CLERK) for _ in range(2)]
    for day in range(20):
        for number, one in enumerate(desks):
            for turn in range(10 + (day + number) % 3):
                one.look(START + dt.timedelta(days=day, hours=9, minutes=turn))
    moment = START + dt.timedelta(days=20, hours=8)
    found = {row.role: row.most for row in session.execute(HABITS, {"moment": moment})}
    # Days of 10, 11 and 12 looks: mean 11, deviation 0.83.
    assert found == {"entry_clerk": 14}


def _honest_day(
    desk: Desk, day: dt.datetime, dice: random.Random
) -> list[tuple[dt.datetime, bytes | None, bool]]:
    """Return the looks of one honest day: a case or two followed up, a typing error now and then, seldom a night."""
    if day.weekday() == 6:
        return []
    looks: list[tuple[dt.datetime, bytes | None, bool]] = []
    for _ in range(max(2, round(dice.gauss(15, 4)))):
        at = day + dt.timedelta(hours=8.5, minutes=dice.randrange(540))
        looks.append((at, dice.randbytes(8) if dice.random() < 0.4 else None, dice.random() > 0.05))
    case = dice.randbytes(8)
    looks += [(day + dt.timedelta(hours=9 + turn), case, True) for turn in range(dice.randrange(5))]
    if dice.random() < 0.03:
        looks += [(day + dt.timedelta(hours=22, minutes=dice.randrange(115)), None, True) for _ in range(3)]
    return sorted(looks, key=lambda one: one[0])


@pytest.mark.promise("P11")
def test_a_month_of_honest_work_raises_less_than_one_alarm_in_a_hundred_looks(session: Session) -> None:
    dice = random.Random(30)
    desks = [Desk(session) for _ in range(16)]
    looked, hour = 0, dt.timedelta(hours=1)
    for number in range(30):
        day = START + dt.timedelta(days=number)
        habits = session.execute(HABITS, {"moment": day}).all()
        asked = {"roles": [row.role for row in habits], "most": [row.most for row in habits], "since": hour}
        looks = sorted(
            ((at, desk, key, hit) for desk in desks for at, key, hit in _honest_day(desk, day, dice)),
            key=lambda one: one[0],
        )
        looked += len(looks)
        for step in range(8, 25):
            moment = day + step * hour
            while looks and looks[0][0] <= moment:
                at, desk, key, hit = looks.pop(0)
                if key is None:
                    desk.look(at)
                else:
                    desk.ask(at, key, hit=hit)
            session.execute(ALARMS, {**asked, "moment": moment})
    kinds = Counter(session.execute(text("SELECT kind FROM registry.look_review")).scalars())
    assert looked > 5000
    assert kinds.total() < looked / 100, kinds
    # Nights are told, and they are the most of what is told.
    assert 0 < kinds["night"] == max(kinds.values())
