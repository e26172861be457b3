"""Slips (居住登记凭证): the check on each, and whether its registration holds. No person, no place."""

import datetime as dt
import hmac
import re
from dataclasses import dataclass

from sqlalchemy import Engine, cast, func, select
from sqlalchemy.dialects.postgresql import INET

from geo_registry.access import cipher
from geo_registry.codes import ALPHABET
from geo_registry.db import transaction
from geo_registry.errors import TooMany

_NUMBER = re.compile(r"P\d{4}-\d{6,}")


@dataclass(frozen=True, slots=True)
class SlipState:
    """Whether a slip is valid, and until or since which day; None of a slip that never held."""

    is_valid: bool
    day: dt.date | None


def slip_check(slip_number: str) -> str:
    """Return the check of a slip: eight characters that only this installation can make.

    A slip that was never issued has a check that does not fit; nothing needs to be looked up to see it.
    """
    digest = cipher.blind_index("slip", slip_number)
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:8])


def slip_state(engine: Engine, number: str, check: str, address: str | None) -> SlipState:
    """Return whether the slip of a number and its check is valid.

    A wrong number, a wrong check and a slip that is not in force yet have one answer, and count alike.

    Raises:
        TooMany: too many questions from this network address, or from all.

    """
    asked = number.strip().upper()
    fits = bool(_NUMBER.fullmatch(asked)) and hmac.compare_digest(
        slip_check(asked).encode(), check.strip().upper().encode()
    )
    call = func.registry.public_slip(asked if fits else None, cast(address, INET))
    answer = call.table_valued("outcome", "holds", "day").render_derived()
    with transaction(engine) as session:
        outcome, holds, day = session.execute(select(answer)).one()
    if outcome == "throttled":
        raise TooMany(outcome, "核验过于频繁，请一刻钟后再试，或到社区登记点核验")
    return SlipState(holds, day)
