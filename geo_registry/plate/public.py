"""The public page of a plate: the standard address its square code stands for. One call of the database."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, cast, func, select
from sqlalchemy.dialects.postgresql import INET

from geo_registry.db import transaction
from geo_registry.errors import NotFound, TooMany

STANDINGS: Final = {
    "in_use": ("在用", "这块门牌所示地址是现行标准地址。"),
    "planned": ("尚未启用", "这块门牌还没有上墙启用。"),
    "replaced": ("门牌已更换", "地址仍在使用，这块旧牌已不用。"),
    "renumbered": ("已变更", "原地址已停用，请使用新的标准地址。"),
    "ended": ("已停用", "这个地址已停用，没有新的地址接替。"),
}
"""How a plate stands -> the word and the sentence that everybody understands."""


@dataclass(frozen=True, slots=True)
class PublicPlate:
    """What anybody may know of a plate; `new_code` is the public code of the plate that followed it."""

    address: str
    kind: str
    standing: str
    ended_on: dt.date | None
    new_address: str | None
    new_code: str | None


def public_plate(engine: Engine, code: str, address: str | None) -> PublicPlate:
    """Return what the plate of a code, whose signature was proved, tells the public.

    Raises:
        TooMany: too many questions from this network address, or from all.
        NotFound: no such plate.

    """
    names = ("outcome", "address", "kind", "standing", "ended_on", "new_address", "new_code")
    asked = func.registry.public_plate(code, cast(address, INET)).table_valued(*names).render_derived()
    with transaction(engine) as session:
        outcome, *told = session.execute(select(asked)).one()
    if outcome == "throttled":
        raise TooMany(outcome, "查询过于频繁，请稍后再试")
    if outcome != "done":
        raise NotFound("plate-not-found", "没有查到这块门牌，请向当地民政部门或派出所核实")
    return PublicPlate(*told)
