"""Who lives together: members of a household by sex, age and relation to its head."""

from dataclasses import dataclass
from random import Random
from typing import Final

HEAD, SPOUSE, SON, DAUGHTER, GRANDCHILD, PARENT, OTHER = "0", "1", "2", "3", "4", "5", "8"
"""Relation to the head, first digit of GB/T 4761-2008."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a household: sex ('1' male, '2' female), age in years, relation to the head."""

    sex: str
    age: int
    relation: str


def _other(sex: str) -> str:
    return "2" if sex == "1" else "1"


def _head(rng: Random, low: int, high: int, mode: int) -> Member:
    return Member("1" if rng.random() < 0.66 else "2", int(rng.triangular(low, high, mode)), HEAD)


def _spouse(rng: Random, head: Member) -> Member:
    older = round(rng.gauss(2, 2)) * (-1 if head.sex == "1" else 1)
    return Member(_other(head.sex), max(21, head.age + older), SPOUSE)


def _child(rng: Random, mother_age: int) -> Member | None:
    age = mother_age - int(rng.triangular(21, 38, 27))
    if not 0 <= age <= 40:
        return None
    sex = rng.choice("12")
    return Member(sex, age, SON if sex == "1" else DAUGHTER)


def _children(rng: Random, parents: list[Member], count: int) -> list[Member]:
    mother_age = min(member.age for member in parents)
    return [child for _ in range(count) if (child := _child(rng, mother_age)) is not None]


def _parent(rng: Random, head: Member) -> Member:
    return Member(
        "2" if rng.random() < 0.62 else "1", min(96, head.age + int(rng.triangular(21, 36, 26))), PARENT
    )


def family(rng: Random) -> list[Member]:
    """Return the household of an owner: from one young person to three generations."""
    head = _head(rng, 24, 88, 45)
    draw = rng.random()
    if head.age < 35:
        shape = (draw > 0.26, 1 if draw > 0.56 else 0, 0)
    elif head.age < 57:
        shape = (draw > 0.09, 0 if 0.09 < draw < 0.24 else 2 if draw > 0.88 else 1, 1 if draw > 0.74 else 0)
    else:
        shape = (draw > 0.27, 1 if draw > 0.82 else 0, 0)
    members = [head]
    if shape[0]:
        members.append(_spouse(rng, head))
    members += _children(rng, members, shape[1])
    if shape[2]:
        members.append(_parent(rng, head))
    elif head.age >= 62 and draw > 0.9:
        members.append(
            Member(rng.choice("12"), max(0, head.age - int(rng.triangular(52, 64, 57))), GRANDCHILD)
        )
    return members


def tenants(rng: Random) -> list[Member]:
    """Return the household of a whole flat that is let."""
    head = _head(rng, 20, 66, 30)
    draw = rng.random()
    if draw < 0.36:
        return [head]
    if draw < 0.48:
        return [
            head,
            *(
                Member(head.sex, max(18, head.age + rng.randint(-4, 4)), OTHER)
                for _ in range(rng.choice((1, 1, 2)))
            ),
        ]
    couple = [head, _spouse(rng, head)]
    return couple if draw < 0.74 else couple + _children(rng, couple, 1 if draw < 0.93 else 2)


def roommates(rng: Random) -> list[Member]:
    """Return the unrelated tenants of a flat let room by room."""
    count = rng.choices((2, 3, 4, 5, 6), (26, 32, 24, 13, 5))[0]
    return [Member(rng.choice("112"), int(rng.triangular(18, 60, 27)), HEAD) for _ in range(count)]


def dormitory(rng: Random) -> list[Member]:
    """Return the people of a dormitory room: one sex, working age."""
    sex = rng.choice("12")
    count = rng.choices((2, 3, 4, 5, 6), (12, 22, 32, 22, 12))[0]
    return [Member(sex, int(rng.triangular(18, 52, 25)), HEAD) for _ in range(count)]


OF_USE: Final = {
    "self_occupied": family,
    "let_whole": tenants,
    "let_rooms": roommates,
    "collective_dormitory": dormitory,
}
