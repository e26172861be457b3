"""A small demonstration town, loaded as every other town is, with accounts to sign in."""

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from geo_registry import cluster
from geo_registry.access import cipher
from geo_registry.access.rules import Role
from geo_registry.account.accounts import add_account
from geo_registry.commands.town import load_town
from tests.factories import hashed_once

PASSWORD = "a-long-pass-phrase"
ACCOUNTS = (
    ("du", "杜某", Role.OFFICER, ("990101001000",)),
    ("lin", "林某", Role.CLERK, ("990101001000",)),
    ("luo", "骆某", Role.CLERK, ("990101",)),
    ("meng", "孟某", Role.CLERK, ("990101",)),
    ("he", "何某", Role.COORDINATOR, ("990101001000",)),
    ("feng", "冯某", Role.SUPERVISOR, ("990101001000",)),
    ("lu", "陆某", Role.LEADER, ("990101001000",)),
    ("fang", "方某", Role.STEWARD, ("990101001000",)),
    ("ye", "叶某", Role.SYSTEM_ADMIN, ()),
    ("an", "安某", Role.SECURITY_ADMIN, ()),
    ("shen", "申某", Role.AUDIT_ADMIN, ()),
    ("zhan", "詹某", Role.STATION_HEAD, ("990101001000",)),
    ("ren", "任某", Role.POPULATION_OFFICE, ("990101001000",)),
    ("wei", "卫某", Role.OFFICER, ("990101001000",)),
    # With a second factor after the test of emergencies.
    ("pan", "潘某", Role.OFFICER, ("990101001000",)),
    ("zhi", "志某", Role.VOLUNTEER, ("990101001000",)),
    ("yan", "闫某", Role.INSPECTOR, ("990101001000",)),
    ("yu", "余某", Role.ENTRY_CLERK, ("990101001000",)),
    ("cai", "蔡某", Role.PERMIT_DESK, ("990101001000",)),
    ("qian", "钱某", Role.ENTRY_CLERK, ("990101001000",)),
)


def store_town(url: str) -> None:
    """Store a generated town of one urban and one rural community, and accounts to sign in."""
    load_town(url, scale=0.1)
    engine = create_engine(url)
    with Session(engine) as session, session.begin(), hashed_once():
        for login, name, role, codes in ACCOUNTS:
            add_account(session, login=login, name=name, role=role, password=PASSWORD, division_codes=codes)
    engine.dispose()


def adult_of(urls: cluster.Urls) -> tuple[str, str]:
    """Return the identity number and the name of an adult of the urban community, whoever it drew."""
    query = """
        SELECT p.id, p.name, p.id_number FROM registry.person p JOIN registry.division d ON d.id = p.township_id
        WHERE d.code = '990101001000' AND p.id_type = '111' AND p.birth_year < 2000 ORDER BY p.id LIMIT 1
    """
    with psycopg.connect(urls.owner) as connection:
        person_id, name, sealed = connection.execute(query).fetchall()[0]
    return cipher.open_("person", "id_number", person_id, sealed), name
