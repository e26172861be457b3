"""What a viewer gets does not depend on what is registered beyond the viewer's areas."""

import pytest
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from geo_registry.address.matching import match, match_many
from geo_registry.address.matching.lookup import Lookup
from geo_registry.area.tables import Division, Succession
from tests import factories as make
from tests.address.matching.town import DOORS, make_door, make_town

TEXTS = (
    *(f"{street}{number}" for street, numbers in DOORS.items() for number in numbers),
    "柳营路", "柳营路66号", "柳营路12弄", "柳营路12弄1号", "柳营路7弄14号", "柳营路3号", "柳营路200号101室",
    "柳营支路12号", "杨营路12号", "柳营12号", "12弄1号", "西关街道柳营路66号", "桥头居委会66号",
)  # fmt: skip


def test_an_outsider_gets_the_same_with_and_without_foreign_doors_and_names(session: Session) -> None:
    foreign, own = make_town(session)
    viewer = make.make_viewer(areas=[own.id])
    texts = [area + text for area in ("", "乙水区", "甲山区") for text in TEXTS]
    before = [(one.grade, one.candidates, one.reasons) for one in match_many(session, viewer, texts)]
    for table in ("housing_unit", "building", "address", "place_name"):
        session.execute(
            sql(f"UPDATE registry.{table} SET state = 'removed' WHERE district_id = :id"),
            {"id": foreign.id},
        )
    after = [(one.grade, one.candidates, one.reasons) for one in match_many(session, viewer, texts)]
    assert [one for one in zip(texts, before, after, strict=True) if one[1] != one[2]] == []


@pytest.mark.parametrize(
    ("text", "grade", "reason"),
    [
        ("柳营路12号", "A", "写明的各部分与登记完全一致"),
        ("柳营路66号", "A", "写明的各部分与登记完全一致"),
        ("柳营路12弄1号", "C", "柳营路 没有登记 12弄1号"),
    ],
)
def test_an_outsider_has_the_own_street(session: Session, text: str, grade: str, reason: str) -> None:
    _, own = make_town(session)
    found = match(session, make.make_viewer(areas=[own.id]), text)
    assert (found.grade, found.reasons[0]) == (grade, reason)


def test_a_namesake_without_the_number_is_told_for_the_own_areas(session: Session) -> None:
    first, own = make_town(session)
    areas = [first.id, own.id]
    assert match(session, make.make_viewer(areas=areas), "柳营路66号").reasons == (
        "另有 1 处同名的柳营路，您的辖区内均无此号",
    )
    assert match(session, make.make_viewer(), "柳营路66号").reasons == ("另有 1 处同名的柳营路，均无此号",)


def test_foreign_lanes_do_not_crowd_out_the_own_one(session: Session) -> None:
    community = make.make_community(session)
    street = make.make_street(session, "柳营路", community=community)
    district = session.get_one(Division, community.district_id)
    township = make.make_division(session, parent=district)
    other = make.make_division(session, parent=township)
    for number in range(1, 21):
        lane = make.make_street(session, f"{number}弄", kind="lane", parent=street)
        door = make_door(session, lane, "6号")
        if number < 20:
            door.township_id, door.community_id = township.id, other.id
    session.flush()
    found = match(session, make.make_viewer(areas=[community.id]), "柳营路6号")
    assert [one.text for one in found.candidates] == ["柳营路20弄6号"]


@pytest.mark.parametrize(
    ("areas", "said"), [("own", "已分为 文昌路22号 等"), ("all", "已分为 文昌路22号、文昌路24号")]
)
def test_one_of_two_successors_is_not_the_only_one(session: Session, areas: str, said: str) -> None:
    first, second = make.make_community(session), make.make_community(session)
    street = make.make_street(session, "文昌路", community=first)
    old, new, other = (make_door(session, street, number) for number in ("20号", "22号", "24号"))
    old.state = "retired"
    assert second.district_id is not None
    other.district_id, other.township_id = second.district_id, second.township_id
    other.community_id = second.id
    for one in (new, other):
        session.add(Succession(old_id=old.id, new_id=one.id, object_kind="address", kind="split"))
    session.flush()
    found = match(session, make.make_viewer(areas=[first.id] if areas == "own" else None), "文昌路20号")
    assert (found.grade, found.reasons) == ("C", ("文昌路20号 已注销", said))


def test_common_names_of_a_batch_are_all_found(session: Session) -> None:
    street = make.make_street(session, "柳营路")
    doors = [make_door(session, street, f"{number}号") for number in range(1, 42)]
    first = make.make_alias(session, doors[0], "老宅0", normal_name="老宅0")
    session.flush()
    session.execute(
        sql("""
            INSERT INTO registry.address_alias (id, object_kind, object_id, kind, district_id, name, normal_name)
            SELECT gen_random_uuid(), object_kind, d.id, kind, district_id, '老宅' || n, '老宅' || n
            FROM registry.address_alias, unnest(CAST(:doors AS uuid[])) d (id), generate_series(1, 50) n
            WHERE address_alias.id = :first
        """),
        {"doors": [door.id for door in doors], "first": first.id},
    )
    found = Lookup(session, make.make_viewer()).aliases([f"老宅{n}" for n in range(51)])
    assert [len(rows) for rows in found.values()] == [1, *[41] * 50]
