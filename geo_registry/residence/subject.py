"""What a person may ask about itself: what is stored, and who looked at it."""

from typing import Any

from sqlalchemy import Engine

from geo_registry.access import cipher
from geo_registry.access.audit import Look, Target, look
from geo_registry.access.rules import ROLE_TITLES, Role
from geo_registry.db import today
from geo_registry.errors import NotFound
from geo_registry.person.rules import check_document

FIELDS = ("stored", "dwellings", "looks")


def subject_report(engine: Engine, request: Look, id_type: str, id_number: str) -> dict[str, Any]:
    """Return what is stored of the person of a document, and every look at it: role, office, purpose, time.

    The report is a look itself, and the first one in it. Looks for a purpose told later are held back.

    Raises:
        RuleBroken: the number is not one of its kind.
        NotFound: nobody in the viewer's area has it; the look is on the record all the same.

    """
    document = check_document(id_type, id_number, on=today())
    subject = cipher.blind_index(id_type, document.normal)
    audit_id, found = look(engine, request, Target("subject", "person", None, FIELDS, subject=subject))
    if found is None:
        raise NotFound("not-found", "没有找到，或不在您的区域内", audit_id=str(audit_id))
    report: dict[str, Any] = found
    for row in report["looks"]:
        row["role_title"] = ROLE_TITLES[Role(row["role"])]
    return report
