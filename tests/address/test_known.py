"""The registry's own names: found as they stand now, in whichever process they were given."""

import multiprocessing
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from geo_registry.address import known as known_names
from geo_registry.address.known import KnownPlaces, national_gazetteer, registry_gazetteer
from geo_registry.gazetteer.files import compile_folder
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import ALIAS, FORMER, FULL, LEVELS, SHORT
from geo_registry.settings import settings
from tests import factories

RENAME = text("UPDATE registry.place_name SET name = :name, normal_name = :name WHERE id = :id")


def _ways(known: KnownPlaces, name: str) -> dict[UUID | None, int]:
    return {known.key(one.place): one.way for one in known.meanings(fold(name))}


def test_a_name_is_found_in_its_place(session: Session) -> None:
    community = factories.make_community(session, name="顾家桥社区居委会")
    street = factories.make_street(session, "映月路", community=community, community_id=community.id)
    lane = factories.make_street(session, "33弄", kind="lane", parent=street)
    known = registry_gazetteer(session)
    found = known.find(fold("顾家桥社区映月路33弄5号"))
    places = {(start, end): known.key(names[0].place) for start, end, names in found if names[0].way == FULL}
    assert places[0, 5] == community.id
    assert places[5, 8] == street.id
    assert places[8, 11] == lane.id
    place, above = known.place_of(lane.id), known.place_of(street.id)
    assert place is not None
    assert above is not None
    assert [known.level(one) for one in (place, *known.ancestors(place))] == [
        LEVELS.index(level) for level in ("lane", "street", "community", "township", "district")
    ]
    assert known.is_within(place, above)
    assert not known.is_within(above, place)


def test_aliases_former_and_rejected_names(session: Session) -> None:
    street = factories.make_street(session, "光明9路")
    retired = factories.make_street(session, "旧城路", state="retired")
    factories.make_street(session, "错误路", state="removed")
    factories.make_alias(session, street, "大马路", kind="common_name")
    factories.make_alias(session, street, "胜利路")
    known = registry_gazetteer(session)
    assert _ways(known, "大马路") == {street.id: ALIAS}
    assert _ways(known, "胜利路") == {street.id: FORMER}
    assert _ways(known, "旧城路") == {retired.id: FORMER}
    assert _ways(known, "错误路") == {}
    assert _ways(known, "光明九路") == _ways(known, "光明9路") == {street.id: FULL}


def test_an_estate_is_known_without_its_generic_word(session: Session) -> None:
    estate = factories.make_street(session, "竹海水韵小区", kind="estate")
    assert _ways(registry_gazetteer(session), "竹海水韵") == {estate.id: SHORT}


def test_an_uncommitted_name_is_found_by_its_own_session_alone(session: Session) -> None:
    street = factories.make_street(session, "甲路名路")
    assert street.id in _ways(registry_gazetteer(session), "甲路名路")
    first = registry_gazetteer(session)
    assert registry_gazetteer(session) is first
    session.execute(RENAME, {"name": "乙路名路", "id": street.id})
    known = registry_gazetteer(session)
    assert known is not first
    assert _ways(known, "乙路名路") == {street.id: FULL}
    assert _ways(known, "甲路名路") == {}
    factories.make_alias(session, street, "丙路名路", kind="common_name")
    assert _ways(registry_gazetteer(session), "丙路名路") == {street.id: ALIAS}


def test_a_savepoint_rolled_back_is_forgotten(session: Session) -> None:
    street = factories.make_street(session, "甲路名路")
    registry_gazetteer(session)
    nested = session.begin_nested()
    session.execute(RENAME, {"name": "乙路名路", "id": street.id})
    assert _ways(registry_gazetteer(session), "乙路名路")
    nested.rollback()
    assert not _ways(registry_gazetteer(session), "乙路名路")


@pytest.mark.commits
def test_a_name_is_found_by_the_next_call_in_another_process(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        street = factories.make_street(session, "映月路").id
    url = committed.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    reader = context.Process(target=_read_on_demand, args=(url, there), daemon=True)
    reader.start()
    try:
        assert _asked(here, "映月路") == 1
        for turn in range(5):
            with Session(committed) as session, session.begin():
                session.execute(RENAME, {"name": f"映星{turn}路", "id": street})
            assert _asked(here, f"映星{turn}路") == 1
            assert _asked(here, "映月路") == 0
    finally:
        here.send(None)
        reader.join(10)


def _asked(pipe: object, name: str) -> int:
    pipe.send(name)  # type: ignore[attr-defined]
    return int(pipe.recv())  # type: ignore[attr-defined]


def _read_on_demand(url: str, pipe: object) -> None:
    engine = create_engine(url)
    while (name := pipe.recv()) is not None:  # type: ignore[attr-defined]
        with Session(engine) as session:
            pipe.send(len(registry_gazetteer(session).meanings(fold(name))))  # type: ignore[attr-defined]


@pytest.mark.commits
def test_a_transaction_that_commits_late_is_not_overtaken(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        street = factories.make_street(session, "映月路").id
    with Session(committed) as late, Session(committed) as early:
        late.execute(RENAME, {"name": "晚来路", "id": street})
        other = factories.make_street(early, "早到路").id
        early.commit()
        with Session(committed) as reader:
            known = registry_gazetteer(reader)
            assert _ways(known, "早到路") == {other: FULL}
            assert _ways(known, "映月路") == {street: FULL}
            assert not _ways(known, "晚来路")
            assert registry_gazetteer(reader) is known, "an open transaction alone is no reason to read again"
        late.commit()
        with Session(committed) as reader:
            known = registry_gazetteer(reader)
            assert _ways(known, "晚来路") == {street: FULL}
            assert not _ways(known, "映月路")


@pytest.mark.commits
def test_what_is_rolled_back_was_never_remembered(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        street = factories.make_street(session, "映月路").id
    with Session(committed) as writer:
        writer.execute(RENAME, {"name": "试想路", "id": street})
        assert _ways(registry_gazetteer(writer), "试想路") == {street: FULL}
        with Session(committed) as reader:
            assert not _ways(registry_gazetteer(reader), "试想路")
        writer.rollback()
    with Session(committed) as reader:
        assert _ways(registry_gazetteer(reader), "映月路") == {street: FULL}


@pytest.mark.commits
def test_names_are_read_once_and_asked_for_once_a_call(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        factories.make_street(session, "映月路")
    with Session(committed) as session:
        registry_gazetteer(session)
        with _counted(committed) as statements:
            for _ in range(3):
                registry_gazetteer(session)
        assert len(statements) == 3


def _noted(session: Session) -> int:
    return int(session.scalar(text("SELECT count(*) FROM registry.name_change")) or 0)


@pytest.mark.parametrize(
    ("change", "is_of_names"),
    [
        ("place_name SET axis = NULL", False),
        ("place_name SET changed_at = now()", False),
        ("place_name SET name = name", False),
        ("place_name SET name = name || '甲'", True),
        ("place_name SET state = 'retired'", True),
        ("division SET boundary = NULL WHERE level = 'community'", False),
        ("division SET name = name || '甲' WHERE level = 'community'", True),
        ("address_alias SET name = name || '甲'", True),
        ("address SET standard_text = standard_text || '甲'", False),
    ],
)
def test_only_a_change_of_names_is_noted(session: Session, *, change: str, is_of_names: bool) -> None:
    factories.make_alias(session, factories.make_address(session), "八号楼")
    factories.make_alias(session, factories.make_street(session, "映月路"), "大马路")
    before = _noted(session)
    session.execute(text(f"UPDATE registry.{change}"))
    assert _noted(session) - before == int(is_of_names)


def test_another_name_of_a_door_alone_is_not_noted(session: Session) -> None:
    address = factories.make_address(session)
    before = _noted(session)
    factories.make_alias(session, address, "老八号")
    assert _noted(session) == before


@pytest.mark.commits
def test_a_division_that_ends_is_a_former_one_the_next_day(
    committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(committed) as session:
        first = registry_gazetteer(session)
        assert registry_gazetteer(session) is first
        tomorrow = str(known_names._STATE).replace("CURRENT_DATE", "(CURRENT_DATE + 1)")
        monkeypatch.setattr(known_names, "_STATE", text(tomorrow))
        assert registry_gazetteer(session) is not first


@pytest.mark.commits
def test_threads_share_one_reading(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        street = factories.make_street(session, "映月路").id
    found: list[KnownPlaces] = []

    def ask() -> None:
        with Session(committed) as session:
            found.append(registry_gazetteer(session))

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(known) for known in found}) == 1
    assert _ways(found[0], "映月路") == {street: FULL}


class _counted:  # noqa: N801  (used as a context)
    def __init__(self, engine: Engine) -> None:
        self._engine, self._seen = engine, list[str]()

    def _note(self, *values: object) -> None:
        self._seen.append(str(values[2]))

    def __enter__(self) -> list[str]:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self._seen

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)


@pytest.fixture
def streets(session: Session) -> dict[str, UUID]:
    """Store streets that are easily taken for one another."""
    community = factories.make_community(session)
    names = (
        "映月路",
        "应悦路",
        "学府路",
        "学苑路",
        "中山东路",
        "中山西路",
        "光明8路",
        "光明9路",
        "竹海水韵小区",
        "一二三路",
        "南北路",
        "柳营路",
    )
    return {name: factories.make_street(session, name, community=community).id for name in names}


@pytest.mark.parametrize(
    ("written", "meant", "way"),
    [
        ("映悦路", "映月路", "sound"),
        ("映悦路", "应悦路", "sound"),
        ("学俯路", "学府路", "sound"),
        ("府学路", "学府路", "edit"),
        ("学符府路", "学府路", "edit"),
        ("竹海水运小区", "竹海水韵小区", "sound"),
    ],
)
def test_a_slip_finds_what_was_meant(
    session: Session, streets: dict[str, UUID], written: str, meant: str, way: str
) -> None:
    known = registry_gazetteer(session)
    found = {(known.key(one.place), one.way) for one in known.similar(fold(written))}
    assert (streets[meant], way) in found


@pytest.mark.parametrize(
    "written",
    [
        "中山南路",
        "光明7路",
        "中山路",
        "映月路2",
        "完全不同路",
        "一三二路",
        "北南路",
        "柳营街",
        "柳营巷",
        "柳营支路",
    ],
)
def test_another_direction_or_number_is_another_name(
    session: Session, streets: dict[str, UUID], written: str
) -> None:
    assert registry_gazetteer(session).similar(fold(written)) == ()


def test_the_national_table_is_that_of_the_last_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEO_REGISTRY_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    try:
        assert national_gazetteer() is None
        (tmp_path / "divisions.csv").write_text("code,name\n33,浙江省\n", encoding="utf-8")
        compile_folder(tmp_path, tmp_path / "home")
        first = national_gazetteer()
        assert first is not None
        assert national_gazetteer() is first
        (tmp_path / "divisions.csv").write_text("code,name\n33,浙江省\n32,江苏省\n", encoding="utf-8")
        compile_folder(tmp_path, tmp_path / "home")
        second = national_gazetteer()
        assert second is not None
        assert second.meanings("江苏省")
    finally:
        settings.cache_clear()
