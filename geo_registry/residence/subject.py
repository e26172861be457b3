"""What a person may ask about itself: what is stored, and who looked at it."""

import hashlib
from typing import Any

from sqlalchemy import Engine

from geo_registry.access.audit import Look, Target, look
from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.residence.reads import nobody, subject_of, words_of_name

FIELDS = ("stored", "dwellings", "looks")


def subject_report(engine: Engine, request: Look, id_type: str, id_number: str) -> dict[str, Any]:
    """Return what is stored of the person of a document, and every look at it: role, office, purpose, time.

    The report is a look itself, and the first one in it. Looks for a purpose told later are held back.

    Raises:
        RuleBroken: the number is not one of its kind.
        NotFound: nobody in the viewer's area has it; the look is on the record all the same.

    """
    target = Target("subject", "person", None, FIELDS, subject=subject_of(id_type, id_number))
    audit_id, found = look(engine, request, target)
    if found is None:
        raise nobody(audit_id)
    report: dict[str, Any] = found
    searches = _searches_of(report.pop("names"))
    report["looks"] = [row for row in report["looks"] if row.pop("key") in searches]
    for row in report["looks"]:
        row["role_title"] = ROLE_TITLES[Role(row["role"])]
    return report


def _searches_of(names: list[str]) -> set[str | None]:
    """Return the keys of all searches that find one of these names; looks of other kinds have none."""
    begun = {name[:length] for name in names for length in range(2, len(name) + 1)}
    return {None, *(hashlib.sha256(words_of_name(name).encode()).hexdigest() for name in begun)}
