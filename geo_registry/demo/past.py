"""Past residents, so that a question about a past date has an answer.

Some moved here from another unit of the town, where they leave a past row; others left the town, and a few of
those kept their hukou in the unit they left.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from geo_registry.demo import households, names
from geo_registry.demo.residents import HERE, Census, Hukou, Stay

SHARE: Final = 0.15
"""Past rows among all rows."""
_MOVED_SHARE: Final = 0.4
_OLDEST: Final = timedelta(days=9 * 365)


def add_history(census: Census) -> None:
    """Add past stays until they make up their share of all stays."""
    rng = census.rng
    wanted = round(len(census.stays) * SHARE / (1 - SHARE))
    present: dict[int, list[Stay]] = {}
    for stay in census.stays:
        if stay.kind != "overseas":
            present.setdefault(stay.unit, []).append(stay)
    uses = census.units.columns["use"]
    homes = [unit for unit, use in enumerate(uses) if use in households.OF_USE or use == "vacant"]
    movers = list(present.values())
    rng.shuffle(movers)
    past: list[Stay] = []
    # A town of very young buildings may have no room for so much past: the number of draws is bounded.
    for _ in range(wanted * 20 if movers else 0):
        if len(past) >= wanted:
            break
        wants_move = bool(movers) and rng.random() < _MOVED_SHARE
        past += _moved(census, movers.pop(), homes) if wants_move else _left(census, rng.choice(homes))
    census.stays += past


def _is_free(census: Census, unit: int, start: date, end: date) -> bool:
    is_recent = start > census.today - _OLDEST
    return is_recent and start > census.opened(unit) and end <= census.earliest[unit]


def _moved(census: Census, household: list[Stay], homes: list[int]) -> list[Stay]:
    """Return the stays of a present household in the unit it came from; none when no unit was free then."""
    rng = census.rng
    first = min(stay.since for stay in household)
    end = first - timedelta(days=rng.randint(0, 3))
    start = end - timedelta(days=rng.randint(90, 1500))
    rows = [stay for stay in household if stay.since == first and stay.person.birth_date < start]
    free = (unit for unit in rng.choices(homes, k=6) if _is_free(census, unit, start, end))
    unit = next(free, None)
    if unit is None or not rows:
        return []
    census.earliest[unit] = start
    found = []
    for stay in rows:
        # One hukou a person: what is "here" seen from the new home is "in town" seen from the old one.
        hukou = Hukou("town", unit=stay.unit) if stay.hukou == HERE else stay.hukou
        found.append(_past(census, replace(stay, unit=unit, hukou=hukou), start, end))
    return found


def _left(census: Census, unit: int) -> list[Stay]:
    """Return the past stays of people who left the town; none when the unit was not free."""
    rng = census.rng
    end = census.earliest[unit] - timedelta(days=rng.randint(3, 60))
    start = end - timedelta(days=rng.randint(90, 1500))
    if not _is_free(census, unit, start, end):
        return []
    census.earliest[unit] = start
    was_owner = rng.random() < 0.25
    members = households.family(rng) if was_owner else households.tenants(rng)
    # 户在人不在: owners who went away may leave their hukou behind.
    kept = was_owner and rng.random() < 0.6
    division = census.district_code if kept else census.registrar.elsewhere()
    hukou = HERE if kept else Hukou("elsewhere", division_code=f"{division}000000")
    found = []
    for member, surname in zip(members, names.surnames(rng, len(members)), strict=True):
        person = census.registrar.person(member, surname, division)
        if person.birth_date < start:
            stay = Stay(person, member, "local_hukou" if kept else "incomer", hukou, unit, start)
            found.append(_past(census, stay, start, end))
    return found


def _past(census: Census, stay: Stay, start: date, end: date) -> Stay:
    """Return the stay as it ended; seven of ten had been registered."""
    on = until = None
    if census.rng.random() < 0.7:
        on = start + timedelta(days=census.rng.randint(0, 45))
        until = min(on + timedelta(days=365), end)
    return replace(stay, since=start, until=end, registered=False, registered_on=on, registered_until=until)
