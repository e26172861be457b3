"""Cases of role x area x purpose x call, made from what every call declares, and the verdict on each answer."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus, urlencode
from uuid import UUID

from geo_registry.access.rules import Permission, Role
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from tests.api.asgi import Call, Reply
from tests.api.conftest import NUMBER, Town
from tests.api.hostile import Hostility
from tests.api.writes import WRITES
from tests.gates.surface import Operation

# The whole has no code: no division, and no filter.
AREAS = {"own": "310112101000", "other": "310112102000", "none": None, "whole": None}
LON, LAT, ZOOM = 121.405, 31.105, 14
# What stands for a name in a path; a name that is missing here fails, so that no call stays untried.
OBJECTS = {
    "area_id": "t", "address_id": "address", "building_id": "building", "unit_id": "unit", "plate_id": "plate",
    "batch_id": "batch", "task_id": "plate_task", "naming_id": "named", "report_id": "reported",
    "block_id": "block", "person_id": "person", "plan_id": "sample", "zone_id": "zone_working",
    "focus_area_id": "focus", "street_id": "street", "account_id": "keeper",
    "disclosure_id": "asked", "review_id": "review", "lineage_id": "lineage", "decision_id": "decision",
    "verification_id": "to_verify", "note_id": "noted", "tip_id": "told", "premises_id": "firm",
    "case_id": "station_case",
    "declaration_id": "declared", "notice_id": "death", "run_id": "run", "item_id": "listed",
    "referral_id": "hukou_referral", "permit_id": "referral",
    "position_id": "spot", "certificate_id": "moved_paper", "volume_id": "volume", "issue_id": "sheet_issue",
}  # fmt: skip
KINDS = {
    "areas": "c", "streets": "street", "lanes": "lane", "addresses": "address", "plates": "plate",
    "plate-batches": "batch", "buildings": "building", "housing-units": "unit", "blocks": "block",
    "focus-areas": "focus", "zones": "zone_working", "sample-plans": "sample",
    "verifications": "to_verify", "dwelling-notes": "noted", "tips": "told", "premises": "firm",
}  # fmt: skip
WORDS = {
    "kind": "no_position", "signed": "2345678923456.22222222", "sha256": "ab" * 32, "rate": "registration-rate", "z": str(ZOOM), "slug": "not-found", "code": "04",
    "session_id": str(UUID(int=7)), "form": "incomer_registration",
    "x": str(int((LON + 180) / 360 * 2**ZOOM)),
    "y": str(int((1 - math.asinh(math.tan(math.radians(LAT))) / math.pi) / 2 * 2**ZOOM)),
}  # fmt: skip
ASKED: dict[str, Any] = {
    "lon": LON, "lat": LAT, "west": 121.4, "south": 31.1, "east": 121.42, "north": 31.12, "q": "映月路8号",
    "bbox": "121.4,31.1,121.42,31.12", "mode": "draw", "number": "8", "text": "映月路8号", "texts": "映月路8号",
    "address": "映月路8号", "field": "name", "id_type": "111", "id_number": NUMBER, "rate": "registration",
    "paper": "form", "by": "certified", "code": "址证-2020-00001", "from": "2020-01-01", "to": "2099-01-01",
}  # fmt: skip
# What is left out means today, and the first page.
NOW = {"valid_at", "known_at", "after"}
# Whose id an optional question may carry; each makes one case more.
NARROWED = {
    "area": "t", "area_id": "c", "block": "block", "block_id": "block", "building_id": "building", "unit_id": "unit",
    "community_id": "c", "street": "street", "place_name_id": "street", "address_id": "address", "batch_id": "batch",
    "parent_id": "t", "focus": "focus", "zone_id": "zone_working", "account_id": "keeper", "plan_id": "sample",
    "person_id": "person", "form_id": "station_case",
}  # fmt: skip
SHOWN = ("映月路", "石桥社区", "石桥-0", "何小乙", "标牌厂", "张小满", "月河镇")
# A purpose of every role that looks, one of a role that does not, one that nobody wrote, and none.
STATED = {"right": "zx", "another role's": "zy", "wrong": "zz", "missing": ""}
PURPOSES = """
    INSERT INTO registry.purpose (code, title, legal_basis, roles, valid) VALUES
      ('zx', '核对', '条例', :roles, '[2000-01-01,)'), ('zy', '核对', '条例', ARRAY['volunteer'], '[2000-01-01,)')
"""
REVIEW = """
    INSERT INTO registry.look_review (id, kind, account_id, looks)
    SELECT :id, 'night', a.id, 1 FROM registry.account a WHERE a.login = 'officer'
"""
# They end the very session that asks.
UNTRIED = {("DELETE", "/v1/session")}
_BRACES = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Asker:
    """A signed-in account: its role, whether its area is that of the town, and its token."""

    role: Role
    area: str
    token: str


@dataclass(frozen=True, slots=True)
class Case:
    """One call by one asker; `purpose` is right, wrong, missing or another role's where it is a look."""

    operation: Operation
    asker: Asker
    call: Call
    kind: str
    purpose: str = ""
    asked: str = ""

    def __str__(self) -> str:
        """Say which case it is."""
        where = f"{self.operation.method} {self.call.path} {self.call.query.decode()}"
        return f"{where} by {self.asker.role} ({self.asker.area}) {self.purpose}"


def needs_whole(operation: Operation) -> bool:
    """Tell whether an act concerns the whole installation: purposes belong to no area."""
    return operation.permission is Permission.PURPOSE_MANAGE and operation.method == "POST"


def is_inside(case: Case) -> bool:
    """Tell whether the asker's area reaches the object of the case."""
    return case.asker.area == ("whole" if needs_whole(case.operation) else "own")


def askers(town: Town) -> list[Asker]:
    """Store an account with a live session for each role and each area, and a look that waits to be judged."""
    town.sql(PURPOSES, roles=[role for role in Role if role is not Role.VOLUNTEER])
    town.ids["review"] = new_id()
    town.sql(REVIEW, id=town.ids["review"])
    return [asker(town, role, area) for role in Role for area in AREAS]


def asker(town: Town, role: Role, area: str, *, is_confined: bool = False) -> Asker:
    """Store one account with a live session; a confined one still owes its second factor."""
    token = f"matrix-{role}-{area}{'-confined' * is_confined}"
    account = town.sql(
        "INSERT INTO registry.account (login, name, role, second_factor_required, hourly_limit, daily_limit,"
        " building_limit) VALUES (:login, '某', :role, :confined, 30000, 30000, 30000) RETURNING id",
        login=token, role=role, confined=is_confined,
    )  # fmt: skip
    town.sql(
        "INSERT INTO registry.area_grant (account_id, division_id)"
        " SELECT :account, id FROM registry.division WHERE code = :code UNION ALL SELECT :account, NULL WHERE :whole",
        account=account, code=AREAS[area], whole=area == "whole",
    )  # fmt: skip
    town.sql(
        "INSERT INTO registry.session (token_hash, account_id, expires_at)"
        " VALUES (:hash, :account, now() + interval '1 hour')",
        hash=hash_token(token), account=account,
    )  # fmt: skip
    return Asker(role, area, token)


class Matrix:
    """Makes the cases of every operation and asker; those nobody has described take what `maker` makes up."""

    def __init__(self, town: Town, maker: Hostility) -> None:
        self.ids = town.ids
        self.maker = maker
        self.writes = {(re.sub(r"{.*?}", "*", path)): (path, body) for path, body, _ in WRITES.values()}
        self.number = 0

    def cases(self, operation: Operation, asker: Asker) -> Iterator[Case]:
        """Make the cases of one operation by one asker; who may not call it at all is tried once."""
        if operation.is_open or (operation.method, operation.path) in UNTRIED:
            return
        is_outside = asker.area != "own"
        if is_outside and not operation.is_for(asker.role):
            return
        if asker.area == "whole" and not needs_whole(operation):
            return
        targets = list(self._targets(operation))
        for target in targets if is_outside or "{layer}" in operation.path else targets[:1]:
            yield from self._of_target(operation, asker, target)

    def _targets(self, operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each path with its questions."""
        path = self._filled(operation)
        parameters = [part for part in operation.described.get("parameters", ()) if part["in"] == "query"]
        needed = {part["name"]: self._value(part["name"]) for part in parameters if part["required"]}
        if "{layer}" in path:
            for layer in ("areas", "backdrop", "blocks", "buildings", "plates", "streets"):
                yield path.replace("{layer}", layer), needed
            return
        yield path, needed
        if operation.method == "GET":
            for name in {part["name"] for part in parameters if part["name"] in NARROWED} - needed.keys():
                yield path, {**needed, name: self._value(name)}

    def _of_target(
        self, operation: Operation, asker: Asker, target: tuple[str, dict[str, Any]]
    ) -> Iterator[Case]:
        path, query = target
        if operation.is_look:
            for purpose, code in STATED.items():
                yield self._case(operation, asker, "look", path, query, purpose, code)
            return
        kind = "list"
        if "{" in operation.path and operation.method == "GET" and not operation.path.startswith("/tiles"):
            kind = "object"
        if operation.method == "POST":
            kind = "act" if re.sub(r"{.*?}", "*", operation.path) in self.writes else "post"
        yield self._case(operation, asker, kind, path, query)

    def _filled(self, operation: Operation) -> str:
        if operation.method == "POST" and (written := self.writes.get(re.sub(r"{.*?}", "*", operation.path))):
            return written[0].format(**self.ids)
        first = operation.path.split("/")[2] if operation.path.count("/") > 2 else ""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name == "layer":
                return "{layer}"
            if name in WORDS:
                return WORDS[name]
            short = KINDS[first] if name in {"object_id", "place_name_id"} else OBJECTS[name]
            return str(self.ids[short])

        return _BRACES.sub(value, operation.path)

    def _value(self, name: str) -> Any:  # noqa: ANN401  (any JSON)
        return str(self.ids[NARROWED[name]]) if name in NARROWED else ASKED[name]

    def _body(self, operation: Operation, code: str) -> tuple[str, bytes]:
        written = self.writes.get(re.sub(r"{.*?}", "*", operation.path))
        if written:
            filled = _BRACES.sub(lambda found: str(self.ids[found[1]]), json.dumps(written[1]))
            return "application/json", filled.encode()
        content = operation.described.get("requestBody", {}).get("content", {})
        if not content:
            return "application/json", b"{}"
        kind, part = next(iter(content.items()))
        if kind == "application/x-www-form-urlencoded":
            form = {"purpose": code, "case_number": "2026-0001", "name": "何小乙"} | {
                name: self._value(name)
                for name in self.maker.schemas[part["schema"]["$ref"].rpartition("/")[2]]["properties"]
                if name in (*ASKED, "area_id", "unit_id", "person_id")
            }
            return kind, urlencode(form).encode()
        example = self._known(self.maker._example(part["schema"]))
        return kind, json.dumps(example).encode() if kind == "application/json" else b""

    def _known(self, example: Any) -> Any:  # noqa: ANN401  (any JSON)
        """Put what the town knows in place of made-up values, and leave the rest."""
        if not isinstance(example, dict):
            return example
        known = {name: self._value(name) for name in example if name in {*ASKED, *NARROWED}}
        return {**example, **known, **dict.fromkeys(NOW & example.keys())}

    def _case(
        self, operation: Operation, asker: Asker, kind: str, path: str, query: dict[str, Any],
        purpose: str = "", code: str = "",
    ) -> Case:  # fmt: skip
        self.number += 1
        content_type, body = self._body(operation, code) if operation.method == "POST" else ("", b"")
        headers = {
            "authorization": f"Bearer {asker.token}",
            "if-match": '"1"',
            "idempotency-key": f"matrix-{self.number:08}",
            "accept": "text/html" if operation.is_page else "application/json",
        }
        if content_type:
            headers["content-type"] = content_type
        if code and not operation.is_page:
            headers["access-purpose"] = f"{code}; case=2026-0001"
        packed = tuple((name.encode(), value.encode()) for name, value in headers.items())
        call = Call(operation.method, path, urlencode(query).encode(), packed, body)
        asked = f"{path} {query} {unquote_plus(body.decode())}"
        return Case(operation, asker, call, kind, purpose, asked)


def code_of(reply: Reply) -> str:
    """Return the code of a problem, empty for what is none."""
    if "problem+json" not in reply.headers.get("content-type", ""):
        return ""
    return str(json.loads(reply.body)["code"])


def shows(case: Case, reply: Reply, ids: dict[str, UUID]) -> list[str]:
    """Return the names and ids of the town in an answer that were not asked with."""
    others = [str(one) for name, one in ids.items() if name not in {"d", "far", "hidden", "reason"}]
    return [one for one in (*SHOWN, *others) if one.encode() in reply.body and one not in case.asked]
