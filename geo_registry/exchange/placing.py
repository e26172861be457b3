"""Giving staged rows their areas: by code, by the boundary around them, by the caller, or none yet.

A staged table that is placed has the columns `community_code`, `district_code`, `middle` (point),
`district_id`, `township_id` and `community_id` beside those of every staged table.
"""

from psycopg import sql

from geo_registry.errors import RuleBroken
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.staging import sections, warn

UNASSIGNED = "未划定区域"


def place_rows(load: Load, table: str) -> None:
    """Give every row without outcome its area ids.

    The area that the row names comes first, then the deepest division whose boundary holds its
    middle, then `--area`. A row that lies in another area than `--area` is put aside as
    `outside-area`; what no division holds goes to the district 未划定区域, with a remark.

    Raises:
        RuleBroken: `area-unknown` when `--area` names no division with a register.

    """
    area = _asked(load)
    for step in ("by-community", "by-boundary", "by-district", "by-request", "outside-request"):
        if area is not None or "request" not in step:
            _execute(load, step, table, area)
    left = _execute(load, "without", table, None)
    if left:
        load.connection.execute(
            sections("placing")["make-unassigned"], {"name": UNASSIGNED, "act": load.act_id}
        )
        _execute(load, "unassigned", table, None)
        warn(load, "area-unassigned", left)


def _asked(load: Load) -> tuple[object, ...] | None:
    if load.request.area is None:
        return None
    values = {"code": load.request.area, "scheme": load.request.mapping.scheme}
    found = load.connection.execute(sections("placing")["asked"], values).fetchone()
    if found is None:
        raise RuleBroken("area-unknown", f"没有代码为 {load.request.area} 的区县、街镇或社区", field="area")
    return tuple(found)


def _execute(load: Load, step: str, table: str, area: tuple[object, ...] | None) -> int:
    district, township, community = area or (None, None, None)
    statement = sql.SQL(sections("placing")[step].decode()).format(table=sql.Identifier(table))
    values = {
        "scheme": load.request.mapping.scheme, "district": district, "township": township,
        "community": community,
    }  # fmt: skip
    done = load.connection.execute(statement, values)
    return int(done.fetchone()[0]) if done.description else done.rowcount  # type: ignore[index]
