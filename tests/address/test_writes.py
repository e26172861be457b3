"""Acts on place names and addresses."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.address import bin as address_bin
from geo_registry.address import writes
from geo_registry.address.reads import address, addresses, history_of, place_name, search
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.tables import Succession
from geo_registry.errors import Conflict, Refused, RegistryError, RuleBroken, Stale
from tests import factories as make

CLERK = make.make_viewer()
DECREE: dict[str, Any] = {"document_number": "民〔2026〕1号"}


def _refused(code: str, kind: type[RegistryError] = RuleBroken) -> "pytest.RaisesExc[RegistryError]":
    return pytest.raises(kind, match=f"^{code}: ")


class TestStreets:
    def test_a_street_is_named_with_its_sound_and_act(self, session: Session) -> None:
        community = make.make_community(session)
        done = writes.name_street(
            session,
            CLERK,
            kind="street",
            name="映月路",
            area_id=community.district_id,
            document_number="民〔2026〕1号",
        )
        found = place_name(session, CLERK, done.id)
        assert (found.full_name, found.pinyin, found.initials, found.state) == (
            "映月路",
            "yingyuelu",
            "yyl",
            "current",
        )
        (version,) = history_of(session, CLERK, kind="street", object_id=done.id)
        assert (version.version, version.verb, version.document_number) == (1, "name", "民〔2026〕1号")

    def test_a_name_is_taken_for_good(self, session: Session) -> None:
        street = make.make_street(session, "映月路", state="retired")
        with _refused("name-taken", Conflict) as caught:
            writes.name_street(
                session, CLERK, kind="street", name="映月路", area_id=street.district_id, **DECREE
            )
        assert caught.value.facts["holder_id"] == str(street.id)

    def test_a_name_that_sounds_alike_needs_a_reason(self, session: Session) -> None:
        street = make.make_street(session, "映月路")
        values = {"kind": "street", "name": "映悦路", "area_id": street.district_id, **DECREE}
        with _refused("name-sounds-alike", Conflict):
            writes.name_street(session, CLERK, **values)
        assert writes.name_street(session, CLERK, **values, reason="历史地名").version == 1

    def test_the_parent_is_in_force_before_the_child(self, session: Session) -> None:
        street = make.make_street(session, state="proposed")
        with _refused("parent-not-current"):
            writes.name_street(session, CLERK, kind="lane", name="8弄", parent_id=street.id)
        with _refused("parent-not-current"):
            writes.number_address(session, CLERK, place_name_id=street.id, number="1")

    def test_a_part_stands_where_the_profile_allows_it(self, session: Session) -> None:
        with _refused("part-order"):
            writes.name_street(
                session, CLERK, kind="lane", name="8弄", area_id=make.make_community(session).district_id
            )

    def test_what_needs_approval_rests_on_a_decree(self, session: Session) -> None:
        street = make.make_street(session)
        with _refused("approval-needed"):
            writes.name_street(session, CLERK, kind="street", name="听雨路", area_id=street.district_id)
        with _refused("approval-needed"):
            writes.rename_street(session, CLERK, place_name_id=street.id, name="听风路", version=1)
        with _refused("approval-needed"):
            writes.retire_street(session, CLERK, place_name_id=street.id, version=1)
        assert place_name(session, CLERK, street.id).version == 1

    def test_a_rename_keeps_the_id_and_the_old_name_and_recomposes_the_tree(self, session: Session) -> None:
        street = make.make_street(session, "学前街")
        lane = make.make_street(session, "8弄", kind="lane", parent=street)
        own, below = make.make_address(session, 3, street=street), make.make_address(session, 5, street=lane)
        done = writes.rename_street(
            session, CLERK, place_name_id=street.id, name="文昌路", version=1, **DECREE
        )
        assert done == writes.Written(street.id, 2)
        assert address(session, CLERK, own.id).standard_text == "文昌路3号"
        assert address(session, CLERK, below.id).standard_text == "文昌路8弄5号"
        assert place_name(session, CLERK, lane.id).full_name == "文昌路8弄"
        assert place_name(session, CLERK, street.id).aliases == ("学前街",)
        first = search(session, CLERK, text="学前街8弄5号").hits[0]
        assert (first.text, first.match, first.reason) == ("文昌路8弄5号", "B", "曾用名")
        newest = history_of(session, CLERK, kind="address", object_id=below.id)[0]
        assert [(c.field, c.old, c.new) for c in newest.changes] == [
            ("standard_text", "学前街8弄5号", "文昌路8弄5号")
        ]

    def test_a_rename_leaves_the_divisions_before_the_names_as_they_are(self, session: Session) -> None:
        street = make.make_street(session, "学前街")
        lane = make.make_street(session, "8弄", kind="lane", parent=street)
        done = writes.number_address(session, CLERK, place_name_id=lane.id, number="5")
        before = address(session, CLERK, done.id).standard_text.removesuffix("学前街8弄5号")
        assert before.endswith("区")
        writes.rename_street(session, CLERK, place_name_id=street.id, name="文昌路", version=1, **DECREE)
        assert address(session, CLERK, done.id).standard_text == f"{before}文昌路8弄5号"

    def test_a_rename_leaves_retired_texts_and_the_acts_of_removed_addresses(self, session: Session) -> None:
        """A removed address follows the name, for it may come back; its act tells what comes back with it."""
        street = make.make_street(session, "学前街")
        doors = [make.make_address(session, number, street=street) for number in (3, 5, 7)]
        retired, removed, kept = (door.id for door in doors)
        writes.retire_address(session, CLERK, address_id=retired, version=1)
        address_bin.remove_addresses(session, CLERK, address_ids=[removed], reason="误录")
        query = select(Address.id, Address.standard_text, Address.act_id).where(Address.scope_id == street.id)
        before = {row.id: row for row in session.execute(query)}
        writes.rename_street(session, CLERK, place_name_id=street.id, name="文昌路", version=1, **DECREE)
        after = {row.id: row for row in session.execute(query)}
        assert after[retired] == before[retired]
        assert (after[removed].standard_text, after[removed].act_id) == ("文昌路5号", before[removed].act_id)
        assert after[kept].standard_text == "文昌路7号"

    def test_a_correction_touches_at_most_three_characters_in_ten(self, session: Session) -> None:
        street = make.make_street(session, "人民东大道")
        with _refused("correction-too-large"):
            writes.correct_street(session, CLERK, place_name_id=street.id, name="中山西大道", version=1)
        writes.correct_street(session, CLERK, place_name_id=street.id, name="人民冬大道", version=1)
        assert place_name(session, CLERK, street.id).aliases == ()

    def test_a_corrected_name_is_compared_with_the_county_as_a_new_one_is(self, session: Session) -> None:
        community = make.make_community(session)
        other = make.make_street(session, "人民东大道", community=community)
        street = make.make_street(session, "人民西大道", community=community)
        correct = partial(writes.correct_street, session, CLERK, place_name_id=street.id, version=1)
        with _refused("name-sounds-alike", Conflict) as refused:
            correct(name="人民冬大道")
        told: Any = refused.value.facts["alike"]
        assert [(one["full_name"], one["same"]) for one in told] == [("人民东大道", "sound")]
        with _refused("name-taken", Conflict):
            correct(name="人民东大道", reason="刻错")
        writes.rename_street(session, CLERK, place_name_id=other.id, name="望月路", version=1, **DECREE)
        with _refused("name-sounds-alike", Conflict) as refused:
            correct(name="人民东大道")
        told = refused.value.facts["alike"]
        assert [one["same"] for one in told] == ["former"]
        assert correct(name="人民冬大道").version == 2
        # Its own name is no other one.
        correct(name="人民西大道", version=2)

    def test_another_name_by_decree_is_compared_with_the_county(self, session: Session) -> None:
        community = make.make_community(session)
        make.make_street(session, "听雨路", community=community)
        asked: dict[str, Any] = {
            "place_name_id": make.make_street(session, "观海路", community=community).id, "version": 1, **DECREE,
        }  # fmt: skip
        with _refused("name-sounds-alike", Conflict):
            writes.rename_street(session, CLERK, name="听语路", **asked)
        with _refused("name-taken", Conflict):
            writes.rename_street(session, CLERK, name="听雨路", reason="历史地名", **asked)
        assert writes.rename_street(session, CLERK, name="听语路", reason="历史地名", **asked).version == 2

    def test_a_street_with_doors_stays(self, session: Session) -> None:
        street = make.make_street(session)
        door = make.make_address(session, 1, street=street)
        with _refused("street-in-use", Conflict):
            writes.retire_street(session, CLERK, place_name_id=street.id, version=1, **DECREE)
        writes.retire_address(session, CLERK, address_id=door.id, version=1)
        assert writes.retire_street(session, CLERK, place_name_id=street.id, version=1, **DECREE).version == 2


class TestNumbers:
    def test_a_number_is_read_and_composed_by_the_profile(self, session: Session) -> None:
        street = make.make_street(session, "三新路")
        done = writes.number_address(session, CLERK, place_name_id=street.id, number="１１９之1號")
        found = address(session, CLERK, done.id)
        assert (found.number, found.number_key) == (119, "119-1")
        # The profile writes the district before the street, as in a file's addresses.
        assert found.standard_text.endswith("区三新路119-1号")

    def test_the_same_group_of_two_villages_has_two_texts(self, session: Session) -> None:
        session.execute(text("UPDATE registry.jurisdiction SET profile = 'village'"))
        town = make.make_division(session, parent=make.make_division(session), name="望澜镇")
        texts = []
        for name in ("沿山村", "溪口村"):
            village = make.make_division(session, parent=town, name=name)
            group = writes.name_street(
                session, CLERK, kind="group", name="四组", area_id=village.id, **DECREE
            )
            done = writes.number_address(session, CLERK, place_name_id=group.id, number="18")
            texts.append(address(session, CLERK, done.id).standard_text)
        assert texts == ["望澜镇沿山村4组18号", "望澜镇溪口村4组18号"]

    def test_a_place_of_one_community_is_written_with_it_by_every_profile(self, session: Session) -> None:
        town = make.make_division(session, parent=make.make_division(session, name="映山区"), name="望澜街道")
        community = make.make_division(session, parent=town, name="沿山居委会")
        estate = writes.name_street(
            session, CLERK, kind="estate", name="春风里", area_id=community.id, **DECREE
        )
        here = writes.number_address(session, CLERK, place_name_id=estate.id, number="3")
        bare = writes.number_address(session, CLERK, community_id=community.id, number="3")
        assert address(session, CLERK, here.id).standard_text == "映山区望澜街道沿山居委会春风里3号"
        assert address(session, CLERK, bare.id).standard_text == "映山区望澜街道沿山居委会3号"

    @pytest.mark.parametrize(
        ("number", "code"),
        [
            ("6号402室", "number-has-unit"),
            ("", "number-missing"),
            ("号", "number-impossible"),
            ("0", "number-impossible"),
        ],
    )
    def test_what_is_no_number_is_refused(self, session: Session, number: str, code: str) -> None:
        with _refused(code):
            writes.number_address(session, CLERK, place_name_id=make.make_street(session).id, number=number)

    def test_the_next_number_of_a_side_skips_what_was_ever_given(self, session: Session) -> None:
        street = make.make_street(session)
        make.make_address(session, 7, street=street, state="retired")
        for side, number in (("odd", 9), ("even", 2), ("odd", 11), (None, 12)):
            done = writes.number_address(session, CLERK, place_name_id=street.id, side=side)  # type: ignore[arg-type]
            assert address(session, CLERK, done.id).number == number

    def test_the_side_follows_from_the_point(self, session: Session) -> None:
        street = make.make_street(session)
        for y, number in ((15, 2), (-15, 1), (15, 4)):
            lon, lat = make.metres(100, y)
            proposed = writes.propose(session, CLERK, place_name_id=street.id, lon=lon, lat=lat)
            assert proposed.number == number
            # The profile counts from the east, with odd numbers on the left.
            assert proposed.distance_m == pytest.approx(900, abs=1)
            assert proposed.from_axis_m == pytest.approx(15, abs=0.5)
            writes.number_address(session, CLERK, place_name_id=street.id, lon=lon, lat=lat)

    def test_a_retired_number_is_never_given_again(self, session: Session) -> None:
        street = make.make_street(session)
        door = make.make_address(session, 5, street=street)
        writes.retire_address(session, CLERK, address_id=door.id, version=1)
        with _refused("number-taken", Conflict) as caught:
            writes.number_address(session, CLERK, place_name_id=street.id, number="5")
        assert caught.value.facts["holder_state"] == "retired"
        assert door.standard_text in caught.value.detail

    def test_renumbering_leaves_a_successor_and_passes_the_building_on(self, session: Session) -> None:
        building = make.make_building(session)
        old = session.execute(select(Address)).scalars().one()
        done = writes.renumber_address(session, CLERK, address_id=old.id, number="9001", version=1)
        assert address(session, CLERK, done.id).building_ids == (building.id,)
        assert address(session, CLERK, old.id).state == "retired"
        heir = session.execute(select(Succession)).scalars().one()
        assert (heir.old_id, heir.new_id, heir.kind) == (old.id, done.id, "renumber")
        assert search(session, CLERK, text=old.standard_text).hits[0].building_id == building.id

    def test_an_address_with_a_building_stays(self, session: Session) -> None:
        make.make_building(session)
        row = session.execute(select(Address)).scalars().one()
        with _refused("address-in-use", Conflict):
            writes.retire_address(session, CLERK, address_id=row.id, version=1)

    @pytest.mark.parametrize("state", ["reserved", "proposed", "removed", "rejected"])
    def test_what_never_was_in_force_is_not_retired(self, session: Session, state: str) -> None:
        """Retired, its number or name would be taken for good."""
        row = make.make_address(session, state=state)
        with _refused("not-in-force"):
            writes.retire_address(session, CLERK, address_id=row.id, version=1)
        street = make.make_street(session, state=state)
        with _refused("not-in-force"):
            writes.retire_street(session, CLERK, place_name_id=street.id, version=1, **DECREE)

    @pytest.mark.parametrize("state", ["retired", "removed", "rejected"])
    def test_what_has_ended_is_not_corrected(self, session: Session, state: str) -> None:
        row = make.make_address(session, state=state)
        with _refused("not-in-force"):
            writes.correct_address(session, CLERK, address_id=row.id, version=1, accuracy="B")

    def test_a_proposed_address_is_approved_once(self, session: Session) -> None:
        row = make.make_address(session, state="proposed", officially_assigned=False)
        done = writes.approve_address(session, CLERK, address_id=row.id, version=1)
        assert address(session, CLERK, row.id).state == "current"
        with _refused("not-proposed"):
            writes.approve_address(session, CLERK, address_id=row.id, version=done.version)

    def test_numbers_of_a_street_are_listed_as_people_count(self, session: Session) -> None:
        street = make.make_street(session)
        for number in ("10", "2", "2-1", "1"):
            writes.number_address(session, CLERK, place_name_id=street.id, number=number)
        page = addresses(session, CLERK, place_name_id=street.id, limit=3)
        rest = addresses(session, CLERK, place_name_id=street.id, after=page.next, limit=3)
        assert [row.number for row in (*page.rows, *rest.rows)] == [1, 2, 2, 10]


class TestGuards:
    def test_a_stale_version_is_told_with_the_current_one(self, session: Session) -> None:
        row = make.make_address(session)
        writes.correct_address(session, CLERK, address_id=row.id, version=1, accuracy="B")
        with _refused("stale", Stale) as caught:
            writes.correct_address(session, CLERK, address_id=row.id, version=1, accuracy="A")
        assert caught.value.facts["current"] == 2

    def test_role_and_area_are_asked_before_anything_changes(self, session: Session) -> None:
        street = make.make_street(session)
        stranger = make.make_viewer(areas=[make.make_community(session).id])
        for viewer in (make.make_viewer("officer"), make.make_viewer("leader"), stranger):
            with pytest.raises(Refused):
                writes.number_address(session, viewer, place_name_id=street.id, number="1")
            with pytest.raises(Refused):
                writes.rename_street(session, viewer, place_name_id=street.id, name="别名路", version=1)
        assert session.get_one(PlaceName, street.id).version == 1

    @pytest.mark.parametrize("lon", [float("nan"), float("inf"), 200.0])
    def test_a_point_off_the_earth_is_refused(self, session: Session, lon: float) -> None:
        with _refused("position-invalid"):
            writes.correct_address(
                session, CLERK, address_id=make.make_address(session).id, version=1, lon=lon, lat=30.0
            )
