"""Lists of an area by the rule and by decisions, and persons without any hukou who are referred."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from geo_registry.access import cipher
from geo_registry.access.audit import Look
from geo_registry.access.viewer import enter
from geo_registry.codes import new_id
from geo_registry.db import today, transaction
from geo_registry.errors import Conflict, NotFound, PurposeRequired, Refused
from geo_registry.separation import reads, writes
from tests.registration.conftest import Desk, citizen_number

pytestmark = pytest.mark.commits
PERSON = text("""INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
    VALUES (:id, :name, '1', :year, 2, '111', :cipher, :index, '1X')""")
LIVES = text("""INSERT INTO registry.residence (person_id, unit_id, category, valid)
    VALUES (:person, :unit, :category, daterange(CURRENT_DATE - 30, NULL))""")
HUKOU = text("""INSERT INTO registry.hukou (person_id, unit_id, division_code, valid)
    VALUES (:person, :unit, :code, daterange(CURRENT_DATE - 300, NULL))""")


def _person(
    desk: Desk,
    *,
    lives: UUID | None,
    category: str = "local_hukou",
    hukou: UUID | str | None = None,
    year: int = 1980,
) -> UUID:
    person, number = new_id(), citizen_number()
    with desk.owner.begin() as connection:
        sealed = {
            "cipher": cipher.seal("person", "id_number", person, number),
            "index": cipher.blind_index("111", number),
        }
        connection.execute(PERSON, {"id": person, "name": "司马甲", "year": year, **sealed})
        if lives:
            connection.execute(LIVES, {"person": person, "unit": lives, "category": category})
        if hukou:
            is_unit = isinstance(hukou, UUID)
            connection.execute(
                HUKOU,
                {"person": person, "unit": hukou if is_unit else None, "code": None if is_unit else hukou},
            )
    return person


def _listed(desk: Desk, kind: str, login: str = "head", area: str = "c") -> dict[UUID, dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = {}
    after = None
    while True:
        look = Look(desk.tokens[login], "03", "核对-0001", None, new_id())
        page = reads.separated(desk.app, look, desk.ids[area], kind, after=after, limit=3)
        found |= {UUID(row["person_id"]): row for row in page.rows}
        after = page.next
        if after is None:
            return found


def _decide(desk: Desk, person: UUID, status: str, until: dt.date | None = None) -> None:
    query = """INSERT INTO registry.separation_decision (person_id, status, reason, decided_by, valid, district_id, township_id, community_id)
        VALUES (:p, :s, '实地核对后认定', :a, daterange(CURRENT_DATE - 5, :until), :d, :t, :c)"""
    ids = {name: desk.ids[name] for name in "dtc"}
    desk.one(query, p=person, s=status, a=desk.ids["officer"], until=until, **ids)


@pytest.mark.requirement("R60")
def test_the_rule_and_decisions_make_the_lists(desk: Desk) -> None:
    room, other, far = next(desk.rooms), next(desk.rooms), desk.ids["distant_unit"]
    settled = _person(desk, lives=room, hukou=room)
    here = _person(desk, lives=room, hukou=far)
    near = _person(desk, lives=room, hukou=other)
    away = _person(desk, lives=far, hukou=room)
    lost = _person(desk, lives=None, hukou=room)
    incomer = _person(desk, lives=room, category="incomer", hukou="341225")
    nowhere = _person(desk, lives=room, category="unsettled")
    assert set(_listed(desk, "here")) == {here, near}
    assert set(_listed(desk, "away")) == {near, away, lost}
    assert set(_listed(desk, "unregistered")) == {nowhere}
    assert set(_listed(desk, "decided")) == set()
    _decide(desk, here, "false_alarm")
    _decide(desk, settled, "resident_not_registered_here")
    _decide(desk, near, "consistent", until=today())
    assert set(_listed(desk, "here")) == {settled, near}
    decided = _listed(desk, "decided")
    assert {person: row["decision"] for person, row in decided.items()} == {
        here: "false_alarm", settled: "resident_not_registered_here",
    }  # fmt: skip
    assert incomer not in decided
    row = _listed(desk, "here")[near]
    assert (row["name"], row["derived"], row["hukou_unit_id"]) == (
        "司**",
        "resident_not_registered_here",
        str(other),
    )
    assert set(_listed(desk, "here", area="t")) == {settled, near}
    looks = desk.one(
        "SELECT count(*) FROM registry.audit WHERE action = 'separation' AND decision = 'granted' AND purpose = '03'"
    )
    assert looks >= 6


def test_a_list_is_a_look_of_those_who_may(desk: Desk) -> None:
    with pytest.raises(PurposeRequired):
        reads.separated(desk.app, Look(desk.tokens["head"], "", ""), desk.ids["c"], "here")
    with pytest.raises(Refused):
        _listed(desk, "here", login="clerk")
    with pytest.raises(NotFound):
        _listed(desk, "here", area="far")


@pytest.mark.requirement("R67")
def test_whoever_has_no_hukou_is_referred_once_and_the_referral_closes(desk: Desk) -> None:
    nowhere = _person(desk, lives=next(desk.rooms), category="unsettled")
    settled = _person(desk, lives=next(desk.rooms), hukou="341225")
    token = desk.tokens["officer"]

    def refer(person: UUID, login: str = "officer") -> UUID:
        with transaction(desk.app) as session:
            own = desk.tokens[login]
            return writes.refer(session, enter(session, own), own, person, "civil_affairs").id

    referral = refer(nowhere)
    for person, code in ((nowhere, "referral-open"), (settled, "has-hukou")):
        with pytest.raises(Conflict) as caught:
            refer(person)
        assert caught.value.code == code
    with pytest.raises(NotFound):
        refer(new_id())
    with pytest.raises(Refused):
        refer(nowhere, "clerk")
    with transaction(desk.app) as session:
        row = next(one for one in reads.referrals(session, token).rows if one.id == referral)
        assert (row.referred_to, row.opened_on, row.closed_on) == ("civil_affairs", today(), None)
        assert "司马" not in str(row)
    with transaction(desk.app) as session:
        viewer = enter(session, token)
        assert writes.close_referral(session, viewer, token, referral, "hukou_given", version=1).version == 2
    with transaction(desk.app) as session:
        assert referral not in {one.id for one in reads.referrals(session, token, limit=100).rows}
        closed = next(
            one
            for one in reads.referrals(session, token, is_open=False, limit=100).rows
            if one.id == referral
        )
        assert (closed.outcome, closed.closed_on) == ("hukou_given", today())
    with pytest.raises(Conflict), transaction(desk.app) as session:
        writes.close_referral(session, enter(session, token), token, referral, "other", version=2)
    assert refer(nowhere) != referral
