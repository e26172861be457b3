"""Importing lists of door plates with the dwellings behind them.

A row is one door: its names become a tree of place names, its number an address with a plate, the
address a building, and the row a unit of it. The file is staged in temporary tables and stored by a
few statements in one transaction.
"""

from collections.abc import Mapping

from geo_registry.address.profile import Profile, load_profile
from geo_registry.errors import RuleBroken
from geo_registry.exchange.areas import load_companions
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.plates_names import Area, prefixes
from geo_registry.exchange.plates_stage import Limit, Stager
from geo_registry.exchange.report import guard_retirement
from geo_registry.exchange.staging import sections
from geo_registry.text import normal_key

STAGES = ("names", "addresses", "buildings", "links", "units", "plates")
FEW = 5000
"""Up to so many rows the statistics of a register still hold."""
LEVELS = ("province", "city", "district", "township", "community")


def import_plates(load: Load) -> None:
    """Import one list of door plates.

    Raises:
        RuleBroken: the file cannot be read, a companion is missing, or too much would be retired.

    """
    profile = load.request.profile or _installed_profile(load)
    script = sections("plates")
    load.connection.execute(script["make"])
    limit = _limit(load)
    stager = Stager(load, profile, lambda codes: find_areas(load, profile, codes), limit)
    stager.run()
    for shift in stager.shifts.values():
        load.report.notes.append(shift.detail)
    load.connection.execute(script["index"])
    _store(load, script, depth=max((node.depth for node in stager.places.nodes), default=-1))
    _count(load, script)
    if not load.request.partial:
        _retire(load, script, limit)


def _limit(load: Load) -> Limit | None:
    """Return the ids of the division that `--area` names."""
    if load.request.area is None:
        return None
    values = {"code": load.request.area, "scheme": load.request.mapping.scheme}
    found = load.connection.execute(sections("placing")["asked"], values).fetchone()
    if found is None:
        raise RuleBroken("area-unknown", f"没有代码为 {load.request.area} 的区县、街镇或社区", field="area")
    return found


def _store(load: Load, script: dict[str, bytes], depth: int) -> None:
    values = {"act": load.act_id, "source": load.request.mapping.code}
    for done, stage in enumerate(STAGES):
        load.request.progress("storing", done, len(STAGES) + 1)
        levels = range(depth + 1) if stage == "names" else (0,)
        stored = sum(_execute(load, script[stage], {**values, "depth": level}) for level in levels)
        # Foreign keys of the next stage are looked up by plans that follow the statistics: those of
        # a register that was empty a moment ago make each look-up read a whole index.
        if stored > FEW:
            load.connection.execute(script[f"analyze-{stage}"])
    load.request.progress("storing", len(STAGES), len(STAGES) + 1)


def _count(load: Load, script: dict[str, bytes]) -> None:
    row = load.connection.execute(script["count"]).fetchone()
    assert row  # noqa: S101 - an aggregate always answers
    added, changed, accepted, unproven = row
    if unproven:
        load.report.warnings["plate-unproven"] += unproven
    load.report.stored, load.report.changed = added + changed, changed
    load.report.unchanged = accepted - added - changed


def _retire(load: Load, script: dict[str, bytes], limit: Limit | None) -> None:
    _, township, community = limit or (None, None, None)
    values = {"act": load.act_id, "township": township, "community": community}
    _execute(load, script["gone"], values)
    for township, live, gone in load.connection.execute(script["shares"], values).fetchall():
        confirmed = load.request.confirm_retirement
        if warning := guard_retirement(township, live, gone, confirmed=confirmed):
            load.report.warnings["retirement"] += gone
            load.report.notes.append(warning)
        load.report.retired += gone
    if load.report.retired:
        _execute(load, script["retire"], values)
    load.request.progress("storing", len(STAGES) + 1, len(STAGES) + 1)


def _execute(load: Load, statements: bytes, values: Mapping[str, object]) -> int:
    """Run statements one by one, because one with parameters stands alone; answer the rows inserted."""
    inserted = 0
    for statement in filter(bytes.strip, statements.split(b";\n")):
        done = load.connection.execute(statement, values)
        if done.statusmessage and done.statusmessage.startswith("INSERT"):
            inserted += done.rowcount
    return inserted


def _installed_profile(load: Load) -> Profile:
    row = load.connection.execute("SELECT profile FROM registry.jurisdiction").fetchone()
    assert row  # noqa: S101 - the migration inserts it
    return load_profile(row[0])


def find_areas(load: Load, profile: Profile, codes: set[str]) -> dict[str, tuple[Area, bytes | None]]:
    """Return the communities of some codes with their boundaries as WKB, loading companions when needed."""
    found = _registered(load, profile, codes)
    counties = {_county(code) for code in codes - found.keys() if code}
    unknown = {one for one in counties if not _is_registered(load, one)}
    if unknown and load.request.mapping.companions:
        load_companions(
            load,
            codes=load.request.companion("codes"),
            boundaries=load.request.companion("boundaries"),
            counties=unknown,
        )
        found = _registered(load, profile, codes)
    return found


def _is_registered(load: Load, county: str) -> bool:
    """Tell whether the register holds any village of a county, by the codes of the file's scheme."""
    row = load.connection.execute(
        "SELECT EXISTS (SELECT FROM registry.external_code WHERE scheme = %s AND starts_with(value, %s))",
        [load.request.mapping.scheme, county],
    ).fetchone()
    return bool(row and row[0])


def _county(code: str) -> str:
    """Return the county of a village code: 10018 of 1001802-004, 63 of 6300100-001."""
    return code[:2] if code.startswith("6") else code[:5]


def _registered(load: Load, profile: Profile, codes: set[str]) -> dict[str, tuple[Area, bytes | None]]:
    named_in = {code.partition("/")[0] for code in codes if "/" in code}
    asked = {"scheme": load.request.mapping.scheme, "codes": sorted(codes), "towns": sorted(named_in)}
    by_name = {(code.partition("/")[0], normal_key(code.partition("/")[2])): code for code in codes}
    found = {}
    for given, community, township, district, boundary, *names in load.connection.execute(_FIND_AREAS, asked):
        named = dict(zip(LEVELS, names, strict=True))
        code = given if given in codes else by_name.get((given, normal_key(named["community"] or "")))
        if code is None:
            continue
        before = prefixes(profile, named)
        found[code] = (Area(-1, community, township, district, *before, named["community"]), boundary)
    return found


_FIND_AREAS = """
WITH asked AS (
  SELECT code, id FROM registry.division
  WHERE code = ANY(%(codes)s) AND (%(scheme)s::text IS NULL OR scheme = %(scheme)s)
  UNION
  SELECT value, object_id FROM registry.external_code
  WHERE object_kind = 'division' AND scheme = %(scheme)s AND value = ANY(%(codes)s)
  UNION
  -- Every village of the towns in which the file names villages instead of giving their codes.
  SELECT split_part(value, '-', 1), object_id FROM registry.external_code
  WHERE object_kind = 'division' AND scheme = %(scheme)s AND split_part(value, '-', 1) = ANY(%(towns)s)
)
SELECT asked.code, c.id, c.township_id, c.district_id, ST_AsBinary(c.boundary),
  p.name, y.name, d.name, t.name, c.name
FROM asked JOIN registry.division c ON c.id = asked.id AND c.level = 'community'
LEFT JOIN registry.division t ON t.id = c.township_id
LEFT JOIN registry.division d ON d.id = c.district_id
LEFT JOIN registry.division y ON y.id = c.city_id
LEFT JOIN registry.division p ON p.id = coalesce(y.parent_id, d.parent_id) AND p.level = 'province'
WHERE c.district_id IS NOT NULL
"""
