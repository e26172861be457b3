"""What a list that leaves the registry looks like: its mark, its decoys, its order, its harmless cells. Pure.

Three things name the recipient of a copy that turns up: the mark in its first line, which a thief cuts off; a
few rows with addresses that no other file has; and the order of the addresses, which the disclosure's seed
decides.
"""

import datetime as dt
import hmac
import math
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Any

from geo_registry.person.rules import id_check_character
from geo_registry.text import normal_key

MOST_ROWS = 5_000
MOST_DECOYS = 8
HEADINGS = ("地址", "姓名", "性别", "年龄", "类别", "居住自", "证件末两位")
NUMBER_HEADINGS = ("证件号码", "联系电话")
SEXES = {"1": "男", "2": "女"}
CATEGORIES = {
    "local_hukou": "户籍人员", "incomer": "外来人员", "lodger": "寄住人员", "unsettled": "未落户人员",
    "overseas": "境外人员",
}  # fmt: skip
MINOR = "未满14岁"
_ENOUGH = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file as it is written; a number only where it was approved and the person is no minor."""

    address: str
    name: str
    sex: str
    age: str
    category: str
    since: str
    id_tail: str
    id_number: str = ""
    phone: str = ""

    def cells(self, *, with_numbers: bool) -> tuple[str, ...]:
        """Return the cells in the order of the headings."""
        shown = (self.address, self.name, self.sex, self.age, self.category, self.since, self.id_tail)
        return (*shown, self.id_number, self.phone) if with_numbers else shown


def line_of(row: dict[str, Any], id_number: str = "", phone: str = "") -> Line:
    """Return the row of a masked person, worded as on screen."""
    if row["minor"]:
        name, sex, age, tail = MINOR, "", row.get("age_band") or "", ""
    else:
        known = "" if row["age"] is None else str(row["age"])
        name, sex, age, tail = row["name"], SEXES.get(row["sex"], "未知"), known, row["id_tail"] or ""
    category = CATEGORIES.get(row["category"], row["category"])
    return Line(row["address"], name, sex, age, category, row["since"], tail, id_number, phone)


def mark(number: str, recipient: str, day: dt.date) -> str:
    """Return the visible first line of a file."""
    return f"对外提供 {number}　接收单位：{recipient}　{day.isoformat()}　仅供所述目的使用，不得转交或公开"


def decoy_count(rows: int) -> int:
    """Return how many decoys a file of so many persons gets.

    Who keeps a random half of n + k rows, h = (n + k) / 2, cuts all k decoys with the probability
    C(n, h) / C(n + k, h), which is less than 2^-k: with k = 8 at 20 persons 0.1 %, never above 0.4 %, even
    when nothing but the decoys is left to go by. Where the rows were not sorted anew their order names the
    file too: h addresses stand in the seed's order by chance once in h! times. Shorter lists get fewer
    decoys, two at least, lest they hold more invention than people.
    """
    return min(MOST_DECOYS, max(2, math.ceil(rows * 0.4)))


def with_decoys(lines: Sequence[Line], addresses: Sequence[str], seed: bytes) -> list[Line]:
    """Return the lines with decoys among them, in the order of the seed; the same every time.

    A decoy borrows each of its values from another line, so that it looks like all of them. Where numbers are
    approved it gets one with a wrong check character: it can be nobody's.
    """
    chance = random.Random(seed)  # noqa: S311  (a secret seed; nothing else is asked of it)
    source = sorted(lines, key=lambda line: (line.address, line.name, line.id_tail, line.since))
    wanted = addresses[: decoy_count(len(lines))] if lines else ()
    decoys = [_decoy(source, address, chance) for address in wanted]
    return sorted([*source, *decoys], key=lambda line: place_in_order(line.address, seed))


def _decoy(lines: Sequence[Line], address: str, chance: random.Random) -> Line:
    like, other = chance.choice(lines), chance.choice(lines)
    decoy = replace(like, address=address, since=other.since, category=other.category)
    if like.name == MINOR:
        return decoy
    # The last figure but one tells the sex (GB 11643).
    parity = {"男": (1, 3, 5, 7, 9), "女": (0, 2, 4, 6, 8)}.get(like.sex, range(10))
    tail = f"{chance.choice(parity)}{chance.choice('0123456789X')}"
    if not re.fullmatch(r"\d{17}[\dX]", like.id_number):
        return replace(decoy, id_tail=tail, id_number="", phone="")
    body = (
        like.id_number[:6]
        + like.id_number[6:10]
        + f"{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    )
    body += f"{chance.randrange(1000):03}"
    wrong = chance.choice([one for one in "0123456789X" if one != id_check_character(body)])
    return replace(decoy, id_tail=body[-1] + wrong, id_number=body + wrong, phone="")


def place_in_order(address: str, seed: bytes) -> bytes:
    """Return by what a row is sorted: a keyed hash of its address, so that a dwelling stays together."""
    return hmac.digest(seed, plain(address).encode(), "sha256")


def odds_of_order(addresses: Iterable[str], seed: bytes) -> float:
    """Return how probable it is that addresses are in a seed's order by chance; 1 when they are not in it.

    The order may run either way: of the m! orders of m addresses two fit, of 13 addresses one in 3 * 10^9.
    """
    different = list(islice(dict.fromkeys(map(plain, addresses)), _ENOUGH))
    steps: set[bool] = set()
    for here, there in pairwise(place_in_order(address, seed) for address in different):
        steps.add(here < there)
        if len(steps) > 1:
            return 1.0
    return min(1.0, 2 / math.factorial(len(different)))


def plain(cell: str) -> str:
    """Return a cell as it is compared: whatever its spaces, widths and script, and without its apostrophe."""
    return normal_key(cell.strip().removeprefix("'"))
