"""How often a match asks the database: names are in memory, so that doors alone are asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from geo_registry.address.matching import match, match_many
from tests import factories as make
from tests.address.matching.town import make_town


@contextmanager
def _counted(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.commits
def test_a_match_asks_for_the_state_of_the_names_and_for_doors(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        make_town(session)
    with Session(committed) as session:
        match(session, make.make_viewer(), "甲山区柳营路12号")
        with _counted(committed) as statements:
            found = match(session, make.make_viewer(), "甲山区柳营路12号")
        assert found.grade == "A"
        assert ["name_change" in statements[0], "match_doors" in statements[1]] == [True, True]
        assert len(statements) == 2
        with _counted(committed) as statements:
            assert match(session, make.make_viewer(), "甲山区柳营路").grade == "A"
        assert len(statements) == 1, "a street is a name"


@pytest.mark.commits
def test_many_texts_ask_as_often_as_one(committed: Engine) -> None:
    with Session(committed) as session, session.begin():
        make_town(session)
    texts = ["甲山区柳营路12号", "乙水区柳营路66号", "甲山区中山东路10号", "甲山区柳营路12弄3号"] * 100
    with Session(committed) as session:
        match_many(session, make.make_viewer(), texts)
        with _counted(committed) as statements:
            found = match_many(session, make.make_viewer(), texts)
        assert {one.grade for one in found} == {"A"}
        assert len(statements) == 2
        with _counted(committed) as statements:
            match_many(session, make.make_viewer(), [f"杨营路{number}号" for number in range(300)])
        assert len(statements) < 12
