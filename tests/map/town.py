"""A small demonstration town, loaded as every other town is, with accounts to sign in."""

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.access.sessions import add_account
from geo_registry.commands.town import load_town

PASSWORD = "a-long-pass-phrase"
ACCOUNTS = (
    ("du", "杜某", Role.OFFICER, ("990101001000",)),
    ("lin", "林某", Role.CLERK, ("990101001000",)),
    ("he", "何某", Role.COORDINATOR, ("990101001000",)),
    ("feng", "冯某", Role.SUPERVISOR, ("990101001000",)),
    ("lu", "陆某", Role.LEADER, ("990101001000",)),
    ("fang", "方某", Role.STEWARD, ("990101001000",)),
    ("ye", "叶某", Role.SYSTEM_ADMIN, ()),
)


def store_town(url: str) -> None:
    """Store a generated town of one urban and one rural community, and accounts to sign in."""
    load_town(url, scale=0.1)
    engine = create_engine(url)
    with Session(engine) as session, session.begin():
        for login, name, role, codes in ACCOUNTS:
            add_account(session, login=login, name=name, role=role, password=PASSWORD, division_codes=codes)
    engine.dispose()
