"""人户分离: runs and their progress without persons; persons of a run and of an area, on the record."""

import base64
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Engine, Select, func, select

from geo_registry.access import cipher
from geo_registry.access.audit import Look, Target, look
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer, hash_token
from geo_registry.area.tables import Division
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.measure.rules import verdict, wilson
from geo_registry.pages import Page, checked_limit, cut, read_cursor, write_cursor
from geo_registry.separation.tables import OUTCOMES, SeparationRun

TARGET_PERMILLE = 950
"""So many of a thousand persons whose whereabouts must be known (R60, R107)."""
Row = TypeVar("Row")
LISTS = ("here", "away", "decided", "unregistered")
MOST_ROWS = 200
_ITEM = ("id", "run_id", "found_in", "outcome", "outcome_on", "case_id", "version")
_COUNTS = ("listed", "found", *OUTCOMES, "collective")
_REFERRAL = (
    "id", "referred_to", "place", "opened_on", "opened_by_name", "closed_on", "outcome", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of all persons of a run have known whereabouts, with the interval and what it says."""

    known: int
    persons: int
    share: float | None
    low: float
    high: float
    target: float
    verdict: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run with its progress: persons on the list, persons the field found, and each outcome."""

    id: UUID
    title: str
    mode: str
    place: str
    opens_on: dt.date
    closes_on: dt.date
    closed_at: dt.datetime | None
    opened_by_name: str | None
    listed: int
    found: int
    collective: int
    outcomes: dict[str, int]
    missing: int
    rate: Rate
    version: int


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """One referral of a person without hukou: where, to whom and since when; nothing of who it is."""

    id: UUID
    referred_to: str
    place: str
    opened_on: dt.date
    opened_by_name: str
    closed_on: dt.date | None
    outcome: str | None
    version: int


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item of a run: what was found out; nothing of the person."""

    id: UUID
    run_id: UUID
    found_in: str
    outcome: str | None
    outcome_on: dt.date | None
    case_id: UUID | None
    version: int


@dataclass(frozen=True, slots=True)
class Persons:
    """Masked persons of a run or an area; `next` continues the list."""

    audit_id: UUID
    rows: list[dict[str, Any]]
    next: str | None


def runs(
    session: Session, viewer: Viewer, token: str, *, after: str | None = None, limit: int = 50
) -> Page[RunRow]:
    """Return the runs of the viewer's areas, newest first.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    query = _query(viewer)
    if after:
        query = query.where(SeparationRun.id < read_cursor(after, UUID)[0])
    order = query.order_by(SeparationRun.id.desc()).limit(checked_limit(limit) + 1)
    return cut(_with_progress(session, token, order), limit, lambda row: (row.id,))


def run(session: Session, viewer: Viewer, token: str, run_id: UUID) -> RunRow:
    """Return one run with its progress.

    Raises:
        NotFound: there is none in the viewer's areas.

    """
    found = _with_progress(session, token, _query(viewer).where(SeparationRun.id == run_id))
    if not found:
        raise NotFound("not-found", "没有找到，或不在您的区域内")
    return found[0]


def _query(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    area = func.coalesce(SeparationRun.community_id, SeparationRun.township_id, SeparationRun.district_id)
    return (
        select(
            SeparationRun.id, SeparationRun.title, SeparationRun.mode, Division.full_name.label("place"),
            SeparationRun.opens_on, SeparationRun.closes_on, SeparationRun.closed_at,
            Account.name.label("opened_by_name"), SeparationRun.version,
        )
        .join(Division, Division.id == area)
        .outerjoin(Account, Account.id == SeparationRun.opened_by)
        .where(in_scope(viewer, SeparationRun))
    )  # fmt: skip


def _with_progress(session: Session, token: str, query: Select[*tuple[Any, ...]]) -> list[RunRow]:
    rows = session.execute(query).all()
    asked = func.registry.run_progress(hash_token(token), [row.id for row in rows])
    answer = asked.table_valued("run_id", *_COUNTS).render_derived()
    counts = {
        row.run_id: row
        for row in session.execute(select(answer.c.run_id, *(answer.c[name] for name in _COUNTS)))
    }
    return [_row(row, counts[row.id]) for row in rows if row.id in counts]


def _row(row: Any, counts: Any) -> RunRow:  # noqa: ANN401  (rows of SQLAlchemy)
    outcomes = {name: int(getattr(counts, name)) for name in OUTCOMES}
    persons = counts.listed + counts.found
    settled = sum(outcomes.values())
    rate = rate_of(settled - outcomes["not_found"], persons, is_full=row.closed_at is not None)
    return RunRow(
        **dict(row._mapping),  # noqa: SLF001  (the public way to a row's names)
        listed=counts.listed, found=counts.found, collective=counts.collective, outcomes=outcomes,
        missing=persons - settled, rate=rate,
    )  # fmt: skip


def rate_of(known: int, persons: int, *, is_full: bool) -> Rate:
    """Return the rate of known whereabouts: whoever was met, has come back, or is known to live elsewhere.

    >>> rate_of(96, 100, is_full=True).verdict, rate_of(94, 100, is_full=True).verdict
    ('met', 'missed')
    """
    low, high = wilson(known, persons)
    told = verdict(known, persons, target_permille=TARGET_PERMILLE, good="at_least", is_full=is_full)
    share = known / persons if persons else None
    return Rate(known, persons, share, low, high, TARGET_PERMILLE / 1000, told)


def referrals(
    session: Session, token: str, *, is_open: bool = True, after: str | None = None, limit: int = 50
) -> Page[ReferralRow]:
    """Return the referrals of the viewer's areas, open or closed, the oldest first.

    Raises:
        RuleBroken: the cursor or the limit is invalid.

    """
    last = read_cursor(after, UUID)[0] if after else None
    asked = func.registry.read_referrals(hash_token(token), is_open, last, checked_limit(limit) + 1)
    return cut(_told(session, asked, _REFERRAL, ReferralRow), limit, lambda row: (row.id,))


def referral(session: Session, token: str, referral_id: UUID) -> ReferralRow:
    """Return one referral.

    Raises:
        NotFound: there is none in the viewer's areas.

    """
    asked = func.registry.read_referrals(hash_token(token), None, None, 1, referral_id)
    return _only(_told(session, asked, _REFERRAL, ReferralRow))


def item(session: Session, token: str, item_id: UUID) -> ItemRow:
    """Return one item of a run without its person.

    Raises:
        NotFound: there is none in the viewer's areas.

    """
    asked = func.registry.read_separation_item(hash_token(token), item_id)
    return _only(_told(session, asked, _ITEM, ItemRow))


def _told(
    session: Session,
    asked: Any,  # noqa: ANN401  (SQLAlchemy's functions have no type of their own)
    columns: tuple[str, ...],
    kind: Callable[..., Row],
) -> list[Row]:
    answer = asked.table_valued(*columns).render_derived()
    query = select(*(answer.c[name] for name in columns)).order_by(answer.c.id)
    return [kind(*row) for row in session.execute(query)]


def _only(rows: list[Row]) -> Row:
    if not rows:
        raise NotFound("not-found", "没有找到，或不在您的区域内")
    return rows[0]


def separated(
    engine: Engine, request: Look, area_id: UUID, kind: str, *, after: str | None = None, limit: int = 100
) -> Persons:
    """Return separated persons of a community or township, masked: a look on the record.

    Must not be called inside an open transaction: the look commits itself.

    Raises:
        NotSignedIn, PurposeRequired, NotFound, TooMany: see `access.audit.look`.

    """
    fields = ("name_masked", "sex", "age", "id_tail", "since", "hukou", "separation")
    rows = max(1, min(limit, MOST_ROWS))
    last = _cursor(after)
    target = Target("separation", "division", area_id, fields, after=last, limit=rows, words=kind)
    audit_id, told = look(engine, request, target)
    return _persons(audit_id, told["rows"], rows)


def items(
    engine: Engine, request: Look, run_id: UUID, *, after: str | None = None, limit: int = 100
) -> Persons:
    """Return the persons of a run, masked: a look on the record.

    Must not be called inside an open transaction: the look commits itself.

    Raises:
        NotSignedIn, PurposeRequired, NotFound, TooMany: see `access.audit.look`.

    """
    fields = ("name_masked", "sex", "age", "id_tail", "address", "outcome")
    rows = max(1, min(limit, MOST_ROWS))
    audit_id, told = look(
        engine, request, Target("run", "separation_run", run_id, fields, after=_cursor(after), limit=rows)
    )
    return _persons(audit_id, told["rows"], rows)


def open_item(engine: Engine, request: Look, run_id: UUID, item_id: UUID) -> tuple[UUID, dict[str, Any]]:
    """Show one person of a run in full, for the visit: a look on the record that names person and fields.

    Must not be called inside an open transaction: the look commits itself.

    Raises:
        NotSignedIn, PurposeRequired, NotFound, TooMany: see `access.audit.look`.

    """
    fields = (str(item_id), "name", "id_number", "address", "outcome")
    audit_id, told = look(engine, request, Target("run", "separation_run", run_id, fields, limit=1))
    if not told["rows"]:
        raise NotFound("not-found", "没有找到，或不在您的区域内")
    found = told["rows"][0]
    return audit_id, {**found, "id_number": _number(found)}


def _persons(audit_id: UUID, rows: list[dict[str, Any]], most: int) -> Persons:
    shown = rows[:most]
    return Persons(audit_id, shown, write_cursor(shown[-1]["id"]) if len(rows) > most else None)


def _cursor(after: str | None) -> tuple[UUID, UUID] | None:
    if after is None:
        return None
    last = read_cursor(after, UUID)[0]
    return last, last


def _number(item: dict[str, Any]) -> str:
    return cipher.open_("separation_item", "id_number", UUID(item["id"]), base64.b64decode(item["id_number"]))
