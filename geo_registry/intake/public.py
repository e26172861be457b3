"""The public zone: declare, and ask how a declaration stands. Two calls of the database, and nothing is read.

Number and phone are sealed before they leave this process; the address is matched to a dwelling within, by
whoever opens the declaration, so that no answer here tells who lives where.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, cast, func, select
from sqlalchemy.dialects.postgresql import INET

from geo_registry.access import cipher
from geo_registry.codes import parse_code
from geo_registry.db import transaction
from geo_registry.errors import Conflict, NotFound, RegistryError, RuleBroken, TooMany
from geo_registry.intake.rules import STATES, Declared
from geo_registry.person.rules import last_two

_REFUSALS: dict[str, tuple[type[RegistryError], str, str | None]] = {
    "throttled": (TooMany, "提交过于频繁，请一小时后再试，或到社区登记点办理", None),
    "address-unknown": (
        RuleBroken,
        "没有找到这个地址，请写明街道（镇）、路名和门牌号，例如“某某街道某某路8号2幢402室”",
        "address",
    ),
    "already-declared": (Conflict, "这份申报已经提交过，请用上次的回执编号查询", None),
    "day-invalid": (RuleBroken, "日期应在过去一年内，或今后 31 天内", "on_day"),
    "not-found": (NotFound, "没有找到，请核对回执编号和证件号码后两位", None),
}


@dataclass(frozen=True, slots=True)
class State:
    """How a declaration stands; `reason` is the sentence of who did not accept it."""

    kind: str
    state: str
    title: str
    declared_on: dt.date
    decided_on: dt.date | None
    reason: str | None


def declare(engine: Engine, declared: Declared, address: str | None, own_id: UUID) -> str:
    """Leave a declaration in the queue under the id of the form it was written in, and return its receipt.

    Raises:
        TooMany: too many from this network address, or from all.
        Conflict: this very form was sent before.
        RuleBroken: the text names no place of the registry.

    """
    document = declared.document
    id_type = str(document.id_type)
    asked = func.registry.declare(
        own_id, declared.kind, declared.address, declared.name, id_type,
        cipher.seal("declaration", "id_number", own_id, document.normal),
        cipher.blind_index(id_type, document.normal), last_two(document.normal),
        cipher.seal("declaration", "phone", own_id, declared.phone), declared.on_day, cast(address, INET),
    )  # fmt: skip
    answer = asked.table_valued("outcome", "receipt").render_derived()
    with transaction(engine) as session:
        outcome, receipt = session.execute(select(answer.c.outcome, answer.c.receipt)).one()
    _refuse_unless_done(outcome)
    return str(receipt)


def state_of(engine: Engine, receipt: str, tail: str, address: str | None) -> State:
    """Return how the declaration of a receipt stands, for who knows the end of the number it was made with.

    Raises:
        TooMany: too many questions from this network address, or from all.
        NotFound: no such receipt, or another number; which of the two is not told.

    """
    try:
        code = parse_code(receipt)[1]
    except RuleBroken:
        # A wrong receipt counts as a question too.
        code = ""
    asked = func.registry.declaration_state(code, last_two(tail), cast(address, INET))
    columns = ("outcome", "kind", "state", "declared_on", "decided_on", "reason")
    answer = asked.table_valued(*columns).render_derived()
    with transaction(engine) as session:
        row = session.execute(select(*(answer.c[name] for name in columns))).one()
    _refuse_unless_done(row.outcome)
    return State(row.kind, row.state, STATES[row.state], row.declared_on, row.decided_on, row.reason)


def _refuse_unless_done(outcome: str) -> None:
    if outcome != "done":
        kind, detail, field = _REFUSALS[outcome]
        raise kind(outcome, detail, **({"field": field} if field else {}))
