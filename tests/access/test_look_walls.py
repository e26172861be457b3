"""The walls around personal rows: the area, the pool, the limit; each attacked as often as its promise says."""

import random
import threading
import time
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from geo_registry.access import audit
from geo_registry.access.audit import Look
from geo_registry.access.rules import ALLOWED, Permission, Role
from geo_registry.access.viewer import hash_token
from geo_registry.db import wire_of
from geo_registry.errors import TooMany
from geo_registry.residence.reads import dwellings_of_person, occupants_of_building, occupants_of_unit
from geo_registry.tables import PERSONAL, PLACE

from .conftest import NUMBERS, SIGNED_IN, Town

pytestmark = pytest.mark.commits

# Six communities in the two townships, 12 buildings, 60 units, 400 persons; every third has the hukou elsewhere.
CROWD = (
    """INSERT INTO registry.division (scheme, code, level, name, full_name, parent_id, district_id, township_id)
       SELECT 'cn', d.code || '00' || n, 'community', '村' || n, '村' || n, d.id, d.district_id, d.id
       FROM registry.division d, generate_series(1, 3) n WHERE d.level = 'township'""",
    """INSERT INTO registry.building (method, position, district_id, township_id, community_id)
       SELECT 'derived', ST_SetSRID(ST_Point(121.3, 30.9), 4490), district_id, township_id, id
       FROM registry.division, generate_series(1, 2) WHERE level = 'community'""",
    """INSERT INTO registry.housing_unit (building_id, unit_text, unit_key, floor, district_id, township_id, community_id)
       SELECT id, n || '室', 'n' || n, 1, district_id, township_id, community_id
       FROM registry.building, generate_series(1, 5) n WHERE community_id IS NOT NULL""",
    """INSERT INTO registry.person (name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
       SELECT '某某', '1', 1990, 1, '111', '\\x00', decode(md5(n::text), 'hex'), '00' FROM generate_series(1, 400) n""",
    """INSERT INTO registry.residence (person_id, unit_id, category)
       SELECT p.id, u.id, 'incomer' FROM (SELECT id, row_number() OVER (ORDER BY id_index) AS n FROM registry.person WHERE id_tail = '00') p
       JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM registry.housing_unit WHERE unit_key LIKE 'n%') u ON u.n = p.n % 60 + 1""",
    """INSERT INTO registry.hukou (person_id, unit_id)
       SELECT p.id, u.id FROM (SELECT id, row_number() OVER (ORDER BY id_index) AS n FROM registry.person WHERE id_tail = '00') p
       JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM registry.housing_unit WHERE unit_key LIKE 'n%') u
         ON u.n = (p.n * CASE WHEN p.n % 3 = 0 THEN 7 ELSE 1 END) % 60 + 1""",
    """INSERT INTO registry.registration (residence_id, person_id, status, registered_on, district_id)
       SELECT id, person_id, 'active', '2026-01-01', district_id FROM registry.residence""",
    "ANALYZE",
)  # fmt: skip
CONDITIONS = (
    "true", "true", "{t}.id < '{id}'", "{t}.id > '{id}' OR {t}.district_id IS NOT NULL", "{t}.community_id = '{area}'",
    "NOT {t}.community_id = '{area}'", "{t}.community_id IS DISTINCT FROM '{area}'", "{t}.id::text LIKE '%{digit}%'",
    "{t}.id IN (SELECT id FROM registry.{other})", "EXISTS (SELECT FROM registry.residence o WHERE o.community_id = '{area}')",
    "{t}.township_id IN (SELECT o.township_id FROM registry.{other} o)", "({t}.id, 1) > ('{id}', 0)",
)  # fmt: skip
SHAPES = (
    "SELECT {t}.id FROM registry.{t} WHERE {c}",
    "SELECT {t}.id FROM registry.{t} WHERE {c} ORDER BY {t}.id DESC LIMIT 20",
    "SELECT {t}.id FROM registry.{t} WHERE {c} OFFSET 3",
    "SELECT unnest(array_agg({t}.id)) FROM registry.{t} WHERE {c}",
    "WITH x AS MATERIALIZED (SELECT * FROM registry.{t}) SELECT {t}.id FROM x {t} WHERE {c}",
    "SELECT {t}.id FROM registry.{t} JOIN registry.{other} o ON o.district_id = {t}.district_id WHERE {c} LIMIT 200",
    "SELECT (to_jsonb({t})->>'id')::uuid FROM registry.{t} WHERE {c}",
    "SELECT max({t}.id::text)::uuid FROM registry.{t} WHERE {c} GROUP BY {t}.community_id",
)
# One of these permissions lets a role ask for the action; who may open a case of his own area is judged again in the reveal.
NEEDED = {
    "occupants": {Permission.OCCUPANTS_LOOK}, "dwellings": {Permission.PERSON_LOOK}, "person": {Permission.PERSON_REVEAL},
    "subject": {Permission.SUBJECT_REPORT}, "export": {Permission.DISCLOSURE_REQUEST}, "name": {Permission.NAME_LOOK},
    "case": {Permission.CASE_ENTER, Permission.CASE_REVIEW}, "check": {Permission.CASE_ENTER},
    "paper": {Permission.CASE_ENTER, Permission.CASE_REVIEW, Permission.PAPER_KEEP}, "ledger": {Permission.LEDGER_LOOK},
    "permit": {Permission.PERMIT_RECORD}, "separation": {Permission.SEPARATION_LOOK}, "run": {Permission.SEPARATION_LOOK},
    "duplicates": {Permission.PERSON_MERGE}, "lineage": {Permission.PERSON_MERGE},
    "declaration": {Permission.DECLARATION_REVIEW}, "death": {Permission.DEATH_REVIEW},
}  # fmt: skip
AREAS = "SELECT id, community_id, township_id, district_id FROM registry."


def _fill(town: Town) -> None:
    with town.owner.begin() as connection:
        for statement in CROWD:
            connection.execute(text(statement))


class Truth:
    """What each scope may see, told by one who sees everything."""

    def __init__(self, owner: Engine) -> None:
        tables = ("person", "residence", "hukou", "registration")
        with owner.connect() as connection:
            self.rows = {
                table: {
                    row[0]: {area for area in row[1:] if area}
                    for row in connection.execute(text(AREAS + table))
                }
                for table in tables
            }
            homes = text(
                "SELECT person_id, community_id, township_id, district_id FROM registry.residence"
                " UNION ALL SELECT person_id, community_id, township_id, district_id FROM registry.hukou"
            )
            for person, *areas in connection.execute(homes):
                self.rows["person"][person] |= {area for area in areas if area}
            self.areas: dict[UUID, str] = {
                row.id: row.level
                for row in connection.execute(text("SELECT id, level FROM registry.division"))
            }

    def visible(self, table: str, scope: list[UUID]) -> set[UUID]:
        """Return the ids of a table's rows that lie in one of the areas."""
        return {row for row, areas in self.rows[table].items() if not areas.isdisjoint(scope)}


def _query(chance: random.Random, truth: Truth) -> tuple[str, str, bool]:
    """Return a table, a query for its ids, and whether it asks for all of them."""
    table, other = chance.choice(list(truth.rows)), chance.choice(list(truth.rows))
    condition = chance.choice(CONDITIONS)
    shape = chance.choice(SHAPES)
    facts = {
        "id": UUID(int=chance.getrandbits(128)),
        "area": chance.choice(list(truth.areas)),
        "digit": chance.randrange(10),
    }
    filled = condition.format(t=table, other=other, **facts)
    return table, shape.format(t=table, other=other, c=filled), condition == "true" and shape == SHAPES[0]


def _attack_rows(town: Town, count: int) -> Counter[str]:
    _fill(town)
    truth, chance, seen = Truth(town.owner), random.Random(5), Counter[str]()
    context = text(
        "SELECT set_config('registry.areas', :areas, true), set_config('registry.area', :near, true)"
    )
    with town.owner.connect() as reader, town.app.connect() as app:
        reader.execute(text("SET ROLE registry_reader"))
        reader.commit()
        for number in range(count):
            table, query, is_whole = _query(chance, truth)
            if number % 5 == 0:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    app.exec_driver_sql("SELECT set_config('registry.areas', '*', true)").connection.execute(
                        text(query)
                    )
                app.rollback()
                seen["refused"] += 1
                continue
            scope = chance.sample(list(truth.areas), chance.randrange(4))
            near = [area for area in scope if truth.areas[area] == "community"][:1]
            reader.execute(context, {"areas": ",".join(map(str, scope)), "near": "".join(map(str, near))})
            found = set(reader.exec_driver_sql(query.replace("%", "%%")).scalars()) - {None}
            reader.rollback()
            assert found <= truth.visible(table, scope), (query, scope)
            assert not is_whole or found == truth.visible(table, scope), (query, scope)
            seen["shown" if found else "empty"] += 1
            seen["without scope"] += not scope
    return seen


@pytest.mark.promise("P5")
def test_no_query_reads_a_row_of_another_area(town: Town) -> None:
    seen = _attack_rows(town, 1000)
    assert seen["refused"] == 200
    assert min(seen["shown"], seen["empty"], seen["without scope"]) >= 100, seen


@pytest.mark.deep
@pytest.mark.promise("P5")
def test_none_of_ten_thousand_queries_reads_a_row_of_another_area(town: Town) -> None:
    seen = _attack_rows(town, 10_000)
    assert seen["refused"] == 2000
    assert min(seen["shown"], seen["empty"], seen["without scope"]) >= 1000, seen


@pytest.mark.promise("P5")
def test_row_security_stands_on_personal_tables_alone(session: Session) -> None:
    query = text("""SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind IN ('r', 'p')
                    AND c.relrowsecurity AND c.relforcerowsecurity""")
    guarded = set(session.execute(query).scalars())
    assert guarded >= set(PERSONAL)
    assert guarded.isdisjoint(PLACE)
    shapes = text("""SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                     WHERE c.relnamespace = 'registry'::regnamespace AND c.relname = ANY (:tables) AND a.atttypid = 'geometry'::regtype""")
    assert session.execute(shapes, {"tables": list(PERSONAL)}).all() == []
    roles = text(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'registry%' AND rolname <> 'registry_superuser' AND (rolbypassrls OR rolsuper)"
    )
    assert session.execute(roles).all() == []


@pytest.mark.promise("P5")
def test_personal_rows_carry_the_areas_of_their_unit(town: Town) -> None:
    _fill(town)
    for table in ("residence", "hukou"):
        query = f"""SELECT count(*) FILTER (WHERE (x.district_id, x.township_id, x.community_id)
                      IS DISTINCT FROM (u.district_id, u.township_id, u.community_id)) AS wrong, count(*) AS rows
                    FROM registry.{table} x JOIN registry.housing_unit u ON u.id = x.unit_id"""
        found = town.one(text(query))
        assert (found.wrong, found.rows >= 400) == (0, True)


def _free(town: Town) -> None:
    with town.owner.begin() as connection:
        connection.execute(text("UPDATE registry.account SET hourly_limit = 100000, daily_limit = 100000"))


def _alternate(town: Town, pairs: int) -> None:
    """Let two officers look in turn over one connection; each must see the own area only."""
    _free(town)
    looks = {n: Look(town.tokens[f"officer{n}"], "01", "居登-1183") for n in (1, 2)}
    chance, wire = random.Random(6), wire_of(town.app, audit._CALL)
    for _ in range(pairs):
        for own in chance.sample((1, 2), 2):
            rows = occupants_of_building(town.app, looks[own], town.buildings[own]).occupants
            assert sorted(row["person_id"] for row in rows) == sorted(
                str(town.persons[n]) for n in ((1, 3) if own == 1 else (2,))
            )
            seen = dwellings_of_person(town.app, looks[own], "111", NUMBERS[1]).person
            assert [row["unit"] for row in seen["dwellings"]] == ["402室" if own == 1 else "401室"]
        (line,) = wire._idle
        rest = line.execute(
            "SELECT current_setting('registry.areas', true), current_setting('registry.area', true)"
        ).fetchone()
        assert rest in {("", ""), (None, None)}


@pytest.mark.promise("P6")
def test_nothing_of_one_look_stays_on_the_connection_for_the_next(town: Town) -> None:
    _alternate(town, 300)


@pytest.mark.deep
@pytest.mark.promise("P6")
def test_two_thousand_pairs_of_looks_share_a_connection_and_nothing_else(town: Town) -> None:
    _alternate(town, 2000)


def _rob(town: Town, tries: int, sessions: int = 8) -> Counter[str]:
    """Look from several sessions of one account at once; return what became of the looks."""
    with Session(town.owner) as session, session.begin():
        tokens = [f"robot {number}" for number in range(sessions)]
        for number, token in enumerate(tokens):
            if number == 0:
                session.execute(
                    SIGNED_IN,
                    {
                        "login": "robot",
                        "role": "officer",
                        "code": "990101001",
                        "hash": hash_token(token),
                    },
                )
            else:
                session.execute(
                    text("INSERT INTO registry.session (token_hash, account_id, expires_at)"
                         " SELECT :hash, id, now() + interval '1 hour' FROM registry.account WHERE login = 'robot'"),
                    {"hash": hash_token(token)},
                )  # fmt: skip
    found: Counter[str] = Counter()
    first_refusal: list[float] = []

    def run(token: str) -> None:
        for _ in range(tries // sessions):
            try:
                occupants_of_unit(town.app, Look(token, "01", "居登-1183"), town.units[1])
                found["answered"] += 1
            except TooMany:
                first_refusal.append(time.time())
                found["refused"] += 1

    threads = [threading.Thread(target=run, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found["alarm within 5 s"] = int(
        town.count("SELECT extract(epoch FROM min(at)) FROM registry.look_review WHERE kind = 'limit'")
        <= min(first_refusal) + 5
    )
    return found


def _judge_robbery(town: Town, found: Counter[str], tries: int) -> None:
    most = text("""SELECT max(looks) AS most, sum(looks) AS granted FROM (SELECT count(*) AS looks FROM registry.audit
                   WHERE decision = 'granted' AND action = 'occupants' GROUP BY date_trunc('hour', at)) h""")
    seen = town.one(most)
    assert seen.most == 60
    assert found["answered"] == seen.granted
    assert found["answered"] + found["refused"] == tries
    assert found["alarm within 5 s"]
    assert (
        town.count("SELECT count(*) FROM registry.audit WHERE decision = 'limit-reached'") == found["refused"]
    )
    # One alarm an hour, however long the robot goes on.
    assert 1 <= town.count("SELECT count(*) FROM registry.look_review WHERE kind = 'limit'") <= 2


@pytest.mark.promise("P11")
def test_a_robot_on_eight_sessions_never_passes_the_limit(town: Town) -> None:
    _judge_robbery(town, _rob(town, 1000), 1000)


@pytest.mark.deep
@pytest.mark.promise("P11")
def test_a_robot_of_ten_thousand_looks_never_passes_the_limit(town: Town) -> None:
    _judge_robbery(town, _rob(town, 10_000), 10_000)


@pytest.mark.parametrize(("column", "most"), [("daily_limit", 4), ("hourly_limit", 3), ("hourly_limit", 0)])
def test_each_limit_of_an_account_holds(town: Town, column: str, most: int) -> None:
    with town.owner.begin() as connection:
        connection.execute(text(f"UPDATE registry.account SET {column} = {most}"))
    look = Look(town.tokens["officer1"], "01", "居登-1183")
    for _ in range(most):
        occupants_of_unit(town.app, look, town.units[1])
    with pytest.raises(TooMany):
        occupants_of_unit(town.app, look, town.units[1])


def test_only_so_many_buildings_an_hour_but_the_same_again_and_again(town: Town) -> None:
    _fill(town)
    _free(town)
    with town.owner.begin() as connection:
        connection.execute(text("UPDATE registry.account SET building_limit = 2"))
        buildings = (
            connection.execute(text("SELECT id FROM registry.building ORDER BY id LIMIT 4")).scalars().all()
        )
    look = Look(town.tokens["chief"], "01", "居登-1183")
    for building in [*buildings[:2], *buildings[:2], *buildings[:2]]:
        occupants_of_building(town.app, look, building)
    for building in buildings[2:]:
        with pytest.raises(TooMany):
            occupants_of_building(town.app, look, building)
    occupants_of_building(town.app, look, buildings[0])


def test_an_account_without_its_count_looks_at_nothing(town: Town) -> None:
    with town.owner.begin() as connection:
        connection.execute(text("DELETE FROM registry.look_count"))
    with pytest.raises(TooMany):
        occupants_of_unit(town.app, Look(town.tokens["officer1"], "01", "居登-1183"), town.units[1])


def test_the_database_and_the_rules_let_the_same_roles_look(connection: Connection) -> None:
    asked = text("SELECT registry.may_look(:role, :action)")
    pairs = [(role, action) for role in Role for action in (*NEEDED, "anything")]
    found = {
        (role, action): connection.execute(asked, {"role": role, "action": action}).scalar_one()
        for role, action in pairs
    }
    expected = {
        (role, action): not NEEDED.get(action, frozenset()).isdisjoint(ALLOWED[role])
        for role, action in pairs
    }
    assert found == expected
