"""Totals of leaves: what each kind of change does to them."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.factories import live_at, make_unit


def test_a_dwelling_counts(session: Session) -> None:
    unit = make_unit(session)
    assert session.execute(text("SELECT units, addresses FROM registry.tally")).all() == [(1, 1)]
