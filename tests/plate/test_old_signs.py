"""旧名牌: what a change of name does to signs that were ordered, made, delivered or put up before it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select, text

from geo_registry.access.tables import Act
from geo_registry.address import naming, warning_list
from geo_registry.address.changes import changes
from geo_registry.address.warnings import check_scope
from geo_registry.area.tables import Succession
from geo_registry.errors import RuleBroken, Stale
from geo_registry.plate import field, orders, reads, renumbering, signs, writes
from geo_registry.plate.faces import parts_of
from geo_registry.plate.tables import Plate
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]


def order(street: Street, *which: int, number: str = "2026-01") -> UUID:
    """Order some plates of a street."""
    ids = [street.plates[one] for one in which]
    return writes.order_batch(
        street.session, street.clerk, plate_ids=ids, number=number, maker="东塘标牌厂"
    ).id


def bring(street: Street, batch_id: UUID, *, is_delivered: bool = True) -> None:
    """Have a batch made, and delivered."""
    for act in (writes.produce_batch, writes.deliver_batch)[: 2 if is_delivered else 1]:
        version = reads.batch(street.session, street.clerk, batch_id).version
        act(street.session, street.clerk, batch_id=batch_id, version=version)


def rename(street: Street, name: str) -> None:
    """Give a street another name."""
    street.session.expire_all()
    naming.rename_street(
        street.session, street.clerk, place_name_id=street.place.id, name=name, version=street.place.version,
        document_number="月地名〔2026〕9号",
    )  # fmt: skip
    street.session.expire_all()


def warned(street: Street) -> set[UUID]:
    """Return the addresses of a street that the work list tells of an old sign."""
    found = warning_list.warnings(
        street.session, street.clerk, place_name_id=street.place.id, kind="old_sign"
    )
    return {row.address_id for row in found.rows}


def test_the_text_of_a_sign_is_the_one_that_is_drawn(street_of: Lay) -> None:
    street = street_of(0)
    asked = text("SELECT registry.sign_text(:address, :district)")
    for address, district in (
        ("示范区映月路218弄6号", "示范区"), ("彭家湾3组25号附1号", None), ("区号", "区号"), ("甲路1号", "乙区"),
    ):  # fmt: skip
        says = street.session.execute(asked, {"address": address, "district": district}).scalar_one()
        assert parts_of(says) == parts_of(address, district)


def test_what_is_not_ordered_takes_the_new_name_and_the_rest_is_told(street_of: Lay) -> None:
    street = street_of(6)
    old_name = street.place.full_name
    order(street, 0)
    bring(street, order(street, 1, number="2026-02"), is_delivered=False)
    bring(street, order(street, 2, 3, number="2026-03"))
    street.install(3)
    assert {street.plate(one).made_text for one in range(4)} == {f"{old_name}{n}号" for n in range(1, 5)}
    assert street.plate(4).made_text is None
    assert warned(street) == set()
    rename(street, "新名路")
    assert warned(street) == {street.plate(one).address_id for one in range(4)}
    found = signs.old_signs(street.session, street.clerk, place_name_id=street.place.id)
    assert [(row.state, row.is_hanging) for row in sorted(found.rows, key=lambda row: row.made_text)] == [
        ("ordered", False), ("produced", False), ("delivered", False), ("installed", True),
    ]  # fmt: skip
    assert {row.now_text for row in found.rows} == {f"新名路{n}号" for n in range(1, 5)}
    count = signs.count_old_signs(street.session, street.clerk, place_name_id=street.place.id)
    assert (count.total, count.unhung, count.by_state["installed"]) == (4, 3, 1)
    assert [(row.name, row.doors) for row in signs.streets_of_old_signs(street.session, street.clerk)] == [
        ("新名路", 4)
    ]
    batch_id = order(street, 4, number="2026-04")
    (row,) = orders.ordered(street.session, street.clerk, batch_id)
    assert (row.upper, street.plate(4).made_text) == ("新名路", "新名路5号")
    assert signs.count_old_signs(street.session, street.clerk, batch_id=batch_id).total == 0
    rename(street, old_name)
    assert warned(street) == {street.plate(4).address_id}


def test_the_sheet_of_an_order_shows_what_was_ordered(street_of: Lay) -> None:
    street = street_of(1)
    old_name = street.place.full_name
    batch_id = order(street, 0)
    rename(street, "新名路")
    (row,) = orders.ordered(street.session, street.clerk, batch_id)
    assert (row.upper, row.lower, row.address.endswith("新名路1号")) == (old_name, "1", True)
    assert signs.count_old_signs(street.session, street.clerk, batch_id=batch_id).unhung == 1


def test_an_old_sign_is_not_put_up_unknowingly(street_of: Lay) -> None:
    street = street_of(2)
    old_name = street.place.full_name
    bring(street, order(street, 0, 1))
    rename(street, "新名路")
    along = field.plate_along(street.session, street.clerk, street.plates[0])
    assert (along.name.endswith("新名路1号"), along.old_text) == (True, f"{old_name}1号")
    with pytest.raises(RuleBroken) as raised:
        street.install(0)
    assert (raised.value.code, raised.value.facts["field"]) == ("old-sign", "reason")
    assert "新名路1号" in raised.value.detail
    assert street.install(0, reason="经办同意先挂旧牌").state == "installed"
    assert warned(street) == {street.plate(0).address_id, street.plate(1).address_id}


def test_a_corrected_name_is_told_and_a_lane_below_follows_its_street(street_of: Lay) -> None:
    street = street_of(1)
    rename(street, "映月东大路")
    lane = make.make_street(street.session, name="8弄", kind="lane", parent=street.place)
    address = make.make_address(
        street.session, 2, street=lane, standard_text=f"{lane.full_name}2号", number_text="2号"
    )
    street.plates.append(make.make_plate(street.session, address, state="approved").id)
    order(street, 0, 1)
    street.session.expire_all()
    naming.correct_street(
        street.session, street.clerk, place_name_id=street.place.id, version=street.place.version,
        name="映日东大路",
    )  # fmt: skip
    found = signs.old_signs(street.session, street.clerk, place_name_id=street.place.id)
    assert {row.now_text for row in found.rows} == {"映日东大路1号", "映日东大路8弄2号"}
    below = signs.old_signs(street.session, street.clerk, place_name_id=lane.id)
    assert [row.now_text for row in below.rows] == ["映日东大路8弄2号"]


def test_signs_are_made_anew_in_one_act_after_a_dry_run(street_of: Lay) -> None:
    street = street_of(5)
    bring(street, order(street, 0, 1))
    batch_id = order(street, 2, number="2026-02")
    street.install(1)
    rename(street, "新名路")
    session, clerk = street.session, street.clerk
    trial = signs.try_renew(session, clerk, plate_ids=street.plates)
    assert set(trial.ready) == set(street.plates[:3])
    assert {one.code for one in trial.refused} == {"plate-state"}
    with pytest.raises(RuleBroken) as raised:
        signs.renew(session, clerk, plate_ids=street.plates[:3])
    assert raised.value.code == "reason-required"
    with pytest.raises(Stale):
        signs.renew(session, clerk, plate_ids=street.plates[:1], versions=[1], reason="道路更名")
    done = signs.renew(session, clerk, plate_ids=street.plates[:3], reason="道路更名")
    street.check()
    assert done.count == 3
    assert [street.plate(one).state for one in range(3)] == ["approved", "replaced", "approved"]
    assert [street.plate(one).made_text is None for one in range(3)] == [True, False, True]
    new_id = session.execute(
        select(Succession.new_id).where(Succession.old_id == street.plates[1])
    ).scalar_one()
    new = session.get_one(Plate, new_id)
    assert (new.state, new.made_text, new.text, new.kind) == ("numbered", None, "2号", "gate_small")
    causes = session.execute(select(Act.verb).where(Act.cause_act_id == done.id)).scalars()
    assert sorted(causes) == ["number", "scrap", "scrap"]
    assert warned(street) == set()
    assert reads.batch(session, clerk, batch_id).by_state == {}
    again = writes.order_batch(
        session, clerk, plate_ids=[street.plates[0]], number="2026-03", maker="东塘标牌厂"
    )
    assert [row.upper for row in orders.ordered(session, clerk, again.id)] == ["新名路"]
    assert signs.try_renew(session, clerk, plate_ids=[street.plates[0]]).refused[0].code == "sign-current"


@pytest.mark.parametrize("way", ["scrap", "cancel", "replace"])
def test_the_warning_goes_with_the_sign(street_of: Lay, way: str) -> None:
    street = street_of(1)
    bring(street, order(street, 0))
    if way == "replace":
        street.install(0)
    rename(street, "新名路")
    assert warned(street) == {street.plate(0).address_id}
    act = {"scrap": writes.scrap_plate, "cancel": writes.cancel, "replace": writes.replace_plate}[way]
    act(
        street.session, street.clerk, plate_id=street.plates[0], version=street.plate().version, reason="改名"
    )
    assert warned(street) == set()


def test_a_plate_without_a_kept_text_is_judged_by_nothing(street_of: Lay) -> None:
    street = street_of(1, "installed")
    rename(street, "新名路")
    check_scope(street.session, street.place.id)
    assert warned(street) == set()
    assert signs.old_signs(street.session, street.clerk, place_name_id=street.place.id).rows == ()


def test_renumbering_leaves_no_sign_with_an_old_number_in_use(street_of: Lay) -> None:
    street = street_of(2)
    bring(street, order(street, 0, 1))
    street.install(1)
    street.session.expire_all()
    renumbering.renumber_street(
        street.session, street.clerk, place_name_id=street.place.id, version=street.place.version,
        changes=[renumbering.NewNumber(street.plate(one).address_id, f"{n}") for one, n in ((0, 21), (1, 22))],
        reason="门牌整顿",
    )  # fmt: skip
    assert [street.plate(one).state for one in range(2)] == ["cancelled", "superseded"]
    assert signs.old_signs(street.session, street.clerk, place_name_id=street.place.id).rows == ()
    assert len(changes(street.session, street.clerk, place_name_id=street.place.id).rows) == 2


def test_nothing_is_told_beyond_the_viewer_s_areas(street_of: Lay) -> None:
    street = street_of(1)
    order(street, 0)
    rename(street, "新名路")
    stranger = make.make_viewer("clerk", areas=())
    assert signs.old_signs(street.session, stranger, place_name_id=street.place.id).rows == ()
    assert signs.count_old_signs(street.session, stranger, place_name_id=street.place.id).total == 0
    assert signs.streets_of_old_signs(street.session, stranger) == ()
    (row,) = signs.old_signs(street.session, street.clerk).rows
    assert (row.id, signs.count_old_signs(street.session, street.clerk).total) == (street.plates[0], 1)
