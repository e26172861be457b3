"""Cases of registration in the demonstration town, entered and judged by its accounts as they do it."""

import datetime as dt
from dataclasses import dataclass
from random import Random
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.viewer import Viewer, enter
from geo_registry.account.sessions import open_session, sign_out
from geo_registry.db import Session
from geo_registry.demo import names
from geo_registry.demo.households import Member
from geo_registry.demo.people import Registrar
from geo_registry.registration import writes
from geo_registry.residence.profile import residence_profile_in_force

TOWNSHIP = "990101001000"
DISTRICT = "990188"
"""A district of its own for the newcomers' numbers, so that they meet nobody's in the town."""
# The order follows from the addresses alone, as if drawn.
_VACANT = text("""
    SELECT u.id, NULL::uuid[] AS residences FROM registry.housing_unit u
      JOIN registry.division t ON t.id = u.township_id AND t.code = :township
      JOIN registry.building_address ba ON ba.building_id = u.building_id AND ba.is_main
      JOIN registry.address a ON a.id = ba.address_id
    WHERE u.state = 'realized' AND u.use <> 'non_residential'
      AND NOT EXISTS (SELECT FROM registry.residence r WHERE r.unit_id = u.id AND upper(r.valid) IS NULL)
    ORDER BY md5(concat(a.standard_text, ba.building_no, u.unit_text)) LIMIT :many
""")
_LIVED_IN = text("""
    SELECT u.id, array_agg(r.id ORDER BY lower(r.valid), r.id) AS residences FROM registry.housing_unit u
      JOIN registry.division t ON t.id = u.township_id AND t.code = :township
      JOIN registry.building_address ba ON ba.building_id = u.building_id AND ba.is_main
      JOIN registry.address a ON a.id = ba.address_id
      JOIN registry.residence r ON r.unit_id = u.id AND upper(r.valid) IS NULL AND upper(r.sys) IS NULL
        AND r.category = 'incomer'
      JOIN registry.registration g ON g.residence_id = r.id AND g.status = 'active'
    WHERE g.expires_on <= :by
    GROUP BY u.id, a.standard_text, ba.building_no
    ORDER BY md5(concat(a.standard_text, ba.building_no, u.unit_text)) LIMIT :many
""")
_BACK = text("""
    UPDATE registry.registration_case SET collected_at = collected_at - :days * interval '1 day',
      entered_at = entered_at - :days * interval '1 day',
      submitted_at = submitted_at - :days * interval '1 day', due_on = due_on - :days,
      officer_at = officer_at - :days * interval '1 day', station_at = station_at - :days * interval '1 day',
      returned_at = returned_at - :days * interval '1 day'
    WHERE id = :id
""")
_HEAD, _SPOUSE, _SON, _DAUGHTER, _PARENT = "0", "1", "2", "3", "5"
_PAIR = (Member("1", 34, _HEAD), Member("2", 32, _SPOUSE))
HOUSEHOLDS = (
    (Member("1", 27, _HEAD),),
    _PAIR,
    (*_PAIR, Member("2", 6, _DAUGHTER)),
    (Member("2", 41, _HEAD), Member("1", 15, _SON), Member("2", 68, _PARENT)),
)


Steps = tuple[tuple[str, Literal["submit", "take", "pass", "return", "void"]], ...]
"""Who does what to a case, one after another."""


@dataclass(frozen=True)
class Told:
    """How far a case has come: the steps after its forms, the days since, and why it went back."""

    action: str
    steps: Steps = ()
    days: int = 0
    reason: str | None = None


_SENT: Steps = (("entry", "submit"),)
_TAKEN: Steps = (*_SENT, ("officer", "take"))
_PASSED: Steps = (*_TAKEN, ("officer", "pass"))
_ACTIVE: Steps = (*_PASSED, ("head", "pass"))
_RETURNED: Steps = (*_TAKEN, ("officer", "return"))
_VOID: Steps = (("entry", "void"),)
CASES = (
    Told("register"), Told("register", days=1),
    Told("register", _SENT), Told("register", _SENT, 1), Told("register", _SENT, 9),
    Told("register", _SENT, 2),
    Told("register", _TAKEN, 1), Told("register", _TAKEN, 12),
    Told("register", _PASSED, 1), Told("register", _PASSED, 2), Told("register", _PASSED, 11),
    Told("register", _RETURNED, 3, "请核对第 1 人来本住所日期"),
    Told("register", _ACTIVE, 4), Told("register", _ACTIVE, 6), Told("register", _ACTIVE, 13),
    Told("register", _VOID, 5, "来人改到别处居住"),
    Told("cancel", _SENT, 1), Told("renew", _PASSED, 1), Told("change", _SENT), Told("renew", _ACTIVE, 2),
    Told("cancel", _RETURNED, 2, "请核对终止日期"), Told("cancel", _ACTIVE, 7),
)  # fmt: skip
_RENEWALS = sum(told.action == "renew" for told in CASES)


class Hands:
    """The accounts that work on cases, each in a session that ends with the story."""

    def __init__(self, session: Session, logins: tuple[str, ...]) -> None:
        self.session = session
        query = text("SELECT login, id FROM registry.account WHERE login = ANY (:logins)")
        found = session.execute(query, {"logins": list(logins)})
        self.tokens = {login: open_session(session, account) for login, account in found.all()}
        self.viewers = {login: enter(session, token) for login, token in self.tokens.items()}

    def of(self, login: str) -> tuple[Session, Viewer, str]:
        """Return what the library's acts are given of an account."""
        return self.session, self.viewers[login], self.tokens[login]

    def leave(self) -> None:
        """Sign all of them out."""
        for token in self.tokens.values():
            sign_out(self.session, token)


def tell_cases(session: Session, today: dt.date) -> None:
    """Enter about twenty cases in every state; who comes and where follows from the town alone."""
    # A picture of a town, not a secret.
    rng = Random(DISTRICT)  # noqa: S311
    registrar = Registrar(rng, today, DISTRICT)
    wanted = {"township": TOWNSHIP, "many": len(CASES)}
    vacant = iter(session.execute(_VACANT, wanted).all())
    due_by = today + dt.timedelta(days=residence_profile_in_force(session).renewal_days or 0)
    due = session.execute(_LIVED_IN, {**wanted, "by": due_by}).all()[:_RENEWALS]
    lived_in = session.execute(_LIVED_IN, {**wanted, "by": dt.date.max}).all()
    others = iter([unit for unit in lived_in if unit not in due])
    renewed = iter(due)
    hands = Hands(session, ("entry", "officer", "head"))
    for turn, told in enumerate(CASES):
        is_new = told.action == "register"
        units = vacant if is_new else renewed if told.action == "renew" else others
        if not (unit := next(units, None)):
            continue
        newcomers = _newcomers(rng, registrar, today, turn)
        forms = newcomers if is_new else _changes(told.action, today, unit.residences)
        _work(hands, told, unit.id, forms)
    hands.leave()


def _newcomers(rng: Random, registrar: Registrar, today: dt.date, turn: int) -> list[dict[str, Any]]:
    household = HOUSEHOLDS[turn % len(HOUSEHOLDS)]
    division, surname = registrar.elsewhere(), names.surnames(rng, 1)[0]
    since = today - dt.timedelta(days=20 + 3 * turn)
    people = [(member, registrar.person(member, surname, division)) for member in household]
    return [
        {
            "name": person.name, "id_type": person.id_type, "id_number": person.id_number,
            "relation_to_head": member.relation, "category": "incomer", "since": since.isoformat(),
            "hukou_code": division, "hukou_address": "某县某乡某村", "lodging": "rented",
            "stay_reason": "work" if member.relation == _HEAD else "family", "proof": "contract",
        }
        for member, person in people
    ]  # fmt: skip


def _changes(action: str, today: dt.date, residences: list[UUID]) -> list[dict[str, Any]]:
    items: dict[str, dict[str, Any]] = {
        "cancel": {"ends_on": today.isoformat(), "end_reason": "left_area"},
        "renew": {"lodging": "rented"},
        "change": {"since": today.isoformat(), "relation_to_head": "8"},
    }
    return [{"residence_id": residence, **items[action]} for residence in residences[:2]]


def _work(hands: Hands, told: Told, unit: UUID, forms: list[dict[str, Any]]) -> None:
    form = "incomer_registration" if told.action == "register" else "change_cancel"
    opened = writes.open_case(*hands.of("entry"), writes.Entry(told.action, form, unit))
    filled = writes.fill_case(*hands.of("entry"), opened.id, forms, version=opened.version)
    version = filled.version
    for login, step in told.steps:
        if step == "submit":
            sent = writes.submit_case(*hands.of(login), opened.id, version=version)
        else:
            reason = told.reason if step in {"return", "void"} else None
            sent = writes.judge_case(*hands.of(login), opened.id, step, version=version, reason=reason)
        version = sent.version
    hands.session.execute(_BACK, {"days": told.days, "id": opened.id})
