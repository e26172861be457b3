"""Looks judged by somebody else: samples, alarms, emergencies; and the minute of the serving process."""

import datetime as dt
import logging
import threading
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from geo_registry.access.viewer import hash_token
from geo_registry.audit.ledger import take_anchor
from geo_registry.codes import new_id
from geo_registry.db import Session, transaction, translated
from geo_registry.errors import NotFound, RegistryError, RuleBroken
from geo_registry.log import mask
from geo_registry.pages import Page, cut, read_cursor
from geo_registry.settings import SecretError

LOG = logging.getLogger(__name__)
KINDS = ("sample", "limit", "repeat", "walking", "night", "habit", "emergency")
VERDICTS = ("justified", "unclear", "unjustified")
SECONDS_BETWEEN = 60
_PAGE = text("SELECT told FROM registry.read_reviews(:token, :waiting, :kind, :after, :rows) told")
_ONE = text("SELECT told FROM registry.read_review(:token, :id) told")
_DECIDE = text("SELECT registry.decide_review(:token, :id, :version, :verdict, :note)")
_OPEN = text("SELECT registry.open_emergency(:token, :id, :case_number, :reason)")
_OWN = text("SELECT told FROM registry.own_emergencies(:token) told")
_HABITS = text("SELECT role, most FROM registry.look_habits(clock_timestamp())")
_ALARMS = text("SELECT registry.raise_alarms(:roles, :most)")


def reviews(
    session: Session, token: str, *, waiting: bool, kind: str | None, after: str | None, limit: int
) -> Page[dict[str, Any]]:
    """Return what waits for a judgement of the caller, oldest first, or what was judged, newest first."""
    last = read_cursor(after, UUID)[0] if after else None
    asked = {"token": hash_token(token), "waiting": waiting, "kind": kind, "after": last, "rows": limit + 1}
    with translated():
        rows = session.execute(_PAGE, asked).scalars().all()
    return cut(rows, limit, lambda row: (row["id"],))


def review(session: Session, token: str, review_id: UUID) -> dict[str, Any]:
    """Return one review that the caller may judge or has judged.

    Raises:
        NotFound: none for the caller.

    """
    with translated():
        found = session.execute(_ONE, {"token": hash_token(token), "id": review_id}).scalar_one_or_none()
    if found is None:
        raise NotFound("not-found", "没有这一项复核，或不在您的区域内")
    return dict(found)


def decide(
    session: Session, token: str, review_id: UUID, *, version: int, verdict: str, note: str | None
) -> int:
    """Judge one review of somebody else within one's own areas, once; return its version.

    Raises:
        RuleBroken: `note-required`: a verdict other than justified says why.
        NotFound, Stale, Conflict: none for the caller, changed meanwhile, judged already.

    """
    if verdict != "justified" and not note:
        raise RuleBroken("note-required", "不属正当使用或尚不清楚的，须写明情况", field="note")
    asked = {"token": hash_token(token), "id": review_id, "version": version, "verdict": verdict}
    with translated():
        return int(session.execute(_DECIDE, {**asked, "note": _plain(note, "note")}).scalar_one())


def open_emergency(session: Session, token: str, *, case_number: str, reason: str) -> UUID:
    """Let this session look beyond its areas for half an hour; somebody else judges it within a day.

    Raises:
        Refused: the second factor of this session is older than five minutes.
        Conflict: one is open in this session.

    """
    emergency_id = new_id()
    asked = {"case_number": _plain(case_number, "case_number"), "reason": _plain(reason, "reason")}
    with translated():
        session.execute(_OPEN, {"token": hash_token(token), "id": emergency_id, **asked})
    return emergency_id


def own_emergencies(session: Session, token: str) -> list[dict[str, Any]]:
    """Return one's own emergencies of the last month, newest first."""
    with translated():
        return list(session.execute(_OWN, {"token": hash_token(token)}).scalars())


def _plain(words: str | None, field: str) -> str | None:
    """Refuse numbers of persons in words that reviewers and auditors read."""
    if words is not None and mask(words) != words:
        raise RuleBroken("number-in-words", "请勿写入证件号码或电话号码", field=field)
    return words


def look_habits(session: Session) -> tuple[list[str], list[int]]:
    """Return, by role, how many looks a day are more than its habit; reads a month of the audit."""
    rows = session.execute(_HABITS).all()
    return [row.role for row in rows], [row.most for row in rows]


def keep_up(engine: Engine, stop: threading.Event) -> None:
    """Each minute anchor the audit when that is due, and raise alarms, until told to stop.

    Every process of the server runs this; the database lets one at a time do the work.
    """
    day: dt.date | None = None
    habits: tuple[list[str], list[int]] = ([], [])
    while True:
        try:
            take_anchor(engine)
            with transaction(engine) as session:
                if day != (day := dt.datetime.now(dt.UTC).date()):
                    session.execute(text("SET LOCAL statement_timeout = '10min'"))
                    # A server that is never upgraded needs months to write into, too.
                    session.execute(text("SELECT registry.make_partitions()"))
                    habits = look_habits(session)
                session.execute(_ALARMS, {"roles": habits[0], "most": habits[1]})
        except (RegistryError, SQLAlchemyError, SecretError, OSError) as error:
            LOG.warning("the audit could not be anchored or judged, next try in a minute: %s", error)
        if stop.wait(SECONDS_BETWEEN):
            return
