"""What stands beside a door, or is nearly written like it, is another door: a person chooses."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from geo_registry.address.matching import Match, match
from geo_registry.address.matching.areas import is_one_edit
from tests import factories as make
from tests.address.matching.town import make_town

Find = Callable[[str], Match]


@pytest.fixture
def find(session: Session) -> Find:
    """Give the match of a text in 甲山区."""
    make_town(session)
    return lambda text: match(session, make.make_viewer(), f"甲山区{text}")


@pytest.mark.parametrize(
    "text",
    [
        "中山东路10号斜对面", "中山东路10号往东100米", "中山东路10号西侧", "中山东路10号北面", "柳营路近12号",
        "柳营路口12号", "柳营路北侧12号", "中山东路10号后面", "中山东路10号东北角", "柳营路自编12号",
        "自编柳营路12号", "柳营路200号101室甲",
    ],
)  # fmt: skip
def test_what_lies_near_a_door_is_not_the_door(find: Find, text: str) -> None:
    assert find(text).grade in {"C", "none"}


@pytest.mark.parametrize(
    "text",
    [
        "柳营路12号内", "柳营路12号(近地铁站)", "柳营路12号（原14号）",
        "柳营路12号电联", "柳营路12号商铺", "柳营路12号便利店",
    ],
)  # fmt: skip
def test_a_hint_leaves_the_door_what_it_is(find: Find, text: str) -> None:
    found = find(text)
    assert (found.grade, found.best and found.best.text) == ("A", "柳营路12号")


@pytest.mark.parametrize(
    "text",
    [
        "柳营路12号A", "柳营路12号半", "柳营路12号后", "柳营路12号后门", "中山东路10号甲楼", "中山东路10号东",
        "中山东路10号二", "中山东路10号弄", "中山东路10号支弄", "柳营路20号弄", "中山东路10号车库",
        "中山东路10号里", "中山东路10号大院", "中山东路10号铺", "中山东路10号左边第二家", "中山东路10号甲",
    ],
)  # fmt: skip
def test_a_piece_of_a_number_is_no_name(find: Find, text: str) -> None:
    assert find(text).grade in {"C", "none"}


@pytest.mark.parametrize(
    "text", ["柳营路12号1", "柳营路12#1", "柳营路12#-1", "柳营路12号+1", "柳营路12号1室"]
)
def test_a_bare_figure_is_a_room_or_another_door(find: Find, text: str) -> None:
    found = find(text)
    assert found.grade == "C"
    assert {one.text for one in found.candidates[:2]} == {"柳营路12号", "柳营路12-1号"}


def test_a_bare_figure_is_a_room_where_no_such_door_is(find: Find) -> None:
    found = find("柳营路14号1")
    assert (found.grade, found.best and found.best.text) == ("B", "柳营路14号")


@pytest.mark.parametrize(("text", "first"), [("柳营路1号", "柳营路12弄1号"), ("柳营路3号", "柳营路12弄3号")])
def test_a_number_the_street_lacks_may_be_new(find: Find, text: str, first: str) -> None:
    found = find(text)
    assert (found.grade, found.candidates[0].text) == ("C", first)


@pytest.mark.parametrize("text", ["柳营支路12号", "柳营街12号", "柳营巷12号", "柳营弄12号", "柳营里12号"])
def test_another_word_makes_another_street(find: Find, text: str) -> None:
    assert find(text).grade in {"C", "none"}


@pytest.mark.parametrize("text", ["乙水区柳营路12号", "西关街道东门街道柳营路12号"])
def test_two_areas_of_one_level_leave_a_choice(find: Find, text: str) -> None:
    assert find(text).grade == "C"


@pytest.mark.parametrize("text", ["甲山区柳营路12号", "静安市甲山区柳营路12号", "东门街道甲山区柳营路12号"])
def test_an_area_may_stand_twice(find: Find, text: str) -> None:
    found = find(text)
    assert found.best is not None
    assert found.best.text == "柳营路12号"


def test_a_name_behind_a_door_is_told(find: Find) -> None:
    found = find("柳营路12号张三")
    assert (found.grade, found.reasons) == ("B", ("“张三”未用于核对，按“柳营路12号”匹配",))


@pytest.mark.parametrize(
    ("asked", "own", "is_slip"),
    [
        ("东西街道", "西东街道", False),
        ("一三社区", "三一社区", False),
        ("东门街道", "西门街道", False),
        ("东门街道", "门东街道", True),
        ("柳营街道", "杨营街道", True),
        ("柳营镇", "柳营乡", False),
    ],
)
def test_the_order_of_directions_and_numerals_tells_areas_apart(asked: str, own: str, is_slip: bool) -> None:  # noqa: FBT001
    assert is_one_edit(asked, own) is is_slip
