"""Persons with identity numbers that nobody holds: province part 99, which no division has."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from geo_registry.demo import names
from geo_registry.demo.households import Member
from geo_registry.person.rules import id_check_character

ID_CARD: Final = "111"
PASSPORT: Final = "414"
_CITIES: Final = tuple(range(2, 82))


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the residents file carries one."""

    key: str
    name: str
    sex: str
    birth_date: date
    id_type: str
    id_number: str
    phone: str | None


class Registrar:
    """Makes the persons of one district; their numbers are never used again, in no other district either.

    A division code is two digits 99, two of the city, two of the county. City 01 is this city; a person from
    elsewhere gets another city and, as the county, this district's own two digits, so districts never meet.
    """

    def __init__(self, rng: Random, today: date, district_code: str) -> None:
        self._rng = rng
        self._today = today
        self._code = district_code
        self._used: set[str] = set()
        self._count = 0

    def elsewhere(self) -> str:
        """Return the 6-digit code of some other county."""
        return f"99{self._rng.choice(_CITIES):02d}{self._code[4:]}"

    def person(self, member: Member, surname: str, division: str) -> Person:
        """Return a new person with an identity card of that division (6 digits)."""
        birth = self._birth(member.age)
        name = surname + names.given_name(self._rng, member.sex)
        return Person(
            self._key(),
            name,
            member.sex,
            birth,
            ID_CARD,
            self._number(division, birth, member.sex),
            self._phone(member.age),
        )

    def foreigner(self, member: Member) -> Person:
        """Return a new person with a foreign passport."""
        key = self._key()
        number = f"XX{self._code[4:]}{self._count:06d}"
        name = names.foreign_name(self._rng, member.sex)
        return Person(
            key, name, member.sex, self._birth(member.age), PASSPORT, number, self._phone(member.age)
        )

    def _key(self) -> str:
        self._count += 1
        return f"P{self._code[4:]}-{self._count:06d}"

    def _birth(self, age: int) -> date:
        return self._today - timedelta(days=int(age * 365.25) + self._rng.randint(3, 364))

    def _phone(self, age: int) -> str | None:
        # No subscriber number starts with 100.
        return f"100{self._rng.randrange(10**8):08d}" if age >= 13 and self._rng.random() < 0.96 else None

    def _number(self, division: str, birth: date, sex: str) -> str:
        sequence = self._rng.randrange(0, 500)
        while True:
            body = f"{division}{birth:%Y%m%d}{sequence * 2 + (sex == '1'):03d}"
            if body not in self._used:
                self._used.add(body)
                return body + id_check_character(body)
            sequence = (sequence + 1) % 500
