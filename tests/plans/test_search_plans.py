"""Plans of the search: what its functions do inside, whatever was typed; no table read whole, few statements."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

from geo_registry import cluster
from geo_registry.address.known import registry_gazetteer
from geo_registry.address.reads import search
from geo_registry.db import TIMEZONE
from tests import factories as make
from tests.plans.test_plans import LARGE, Filled, fill

NEAR = (121.35, 30.95)
CODE = "1D1CHQQ18MRB8"  # sound, and nobody's
# What is typed, and how many statements it may take.
TYPED = {
    "第77路20弄4号201室": 5,
    "第77路20弄4": 5,
    "第7": 9,
    "第": 9,
    "第77路": 5,
    "dhhl20-4": 7,
    "d": 4,
    "dihhlu20n4h": 4,
    "第hh路20弄4号": 6,
    CODE: 2,
    CODE[:4]: 8,
    "20": 9,
    "第99999路4号": 12,
}


@pytest.fixture(scope="module")
def filled(database: cluster.Urls) -> Iterator[Filled]:
    """Fill a register in a connection that tells the plans of all it runs."""
    name = str(make_url(database.owner).database)
    options = (
        f"-c timezone={TIMEZONE} -c search_path=registry,public -c jit=off -c session_preload_libraries=auto_explain"
        " -c auto_explain.log_min_duration=0 -c auto_explain.log_nested_statements=on -c client_min_messages=log"
    )
    url = make_url(cluster.superuser_url(database=name)).set(drivername="postgresql+psycopg")
    engine: Engine = create_engine(url, connect_args={"options": options})
    with fill(engine) as found:
        # The names that a process remembers are read once.
        registry_gazetteer(found.session)
        yield found
    engine.dispose()


def _plans(filled: Filled, typed: str) -> tuple[list[str], int]:
    """Return the plans of everything a search ran inside the database, and how many statements were sent."""
    connection = filled.session.connection()
    driver = connection.connection.driver_connection
    assert driver is not None
    plans: list[str] = []
    sent: list[str] = []

    def note(message: object) -> None:
        plans.append(str(getattr(message, "message_primary", "")))

    def count(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    driver.add_notice_handler(note)
    event.listen(connection, "before_cursor_execute", count)
    try:
        search(filled.session, filled.viewer, text=typed, near=NEAR)
    finally:
        driver.remove_notice_handler(note)
        event.remove(connection, "before_cursor_execute", count)
    return [plan for plan in plans if "Query Text" in plan], len(sent)


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("whole", [False, True], ids=["community", "whole"])
def test_no_search_reads_a_large_table_whole(filled: Filled, typed: str, *, whole: bool) -> None:
    asked = filled._replace(viewer=make.make_viewer()) if whole else filled
    plans, sent = _plans(asked, typed)
    assert any("find_" in plan or "spot" in plan or "first" in plan for plan in plans)
    assert not LARGE & {table for plan in plans for table in re.findall(r"Seq Scan on (\w+)", plan)}
    assert sent <= TYPED[typed]


@pytest.mark.parametrize(
    ("typed", "indexes"),
    [
        (
            "第77路20弄4号201室",
            {"place_name_name_idx", "address_alias_name_idx", "address_number_key", "housing_unit_unit_key"},
        ),
        ("第77路20弄4", {"address_scope_id_idx"}),
        ("dhhl20-4", {"place_name_initials_idx", "place_name_pinyin_idx"}),
        ("映月新村", {"building_name_idx"}),
        ("yyxc", {"building_sound_initials_idx", "building_sound_pinyin_idx"}),
        (CODE[:4], {"plate_code_key", "building_code_key", "housing_unit_code_key"}),
    ],
)
def test_searches_use_their_index(filled: Filled, typed: str, indexes: set[str]) -> None:
    plans, _ = _plans(filled, typed)
    assert indexes <= set(re.findall(r"Index (?:Only )?Scan(?: Backward)? using (\w+)", " ".join(plans)))
