"""Whose copy a leaked list is: by its hash, its decoys, the order of its rows, or the mark in its first line.

Runs as the owner: the server's role reads neither seeds nor decoys. Columns may be in any order, headings
gone, half of the rows cut, and the file saved in the other form.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from geo_registry.access.tables import Account
from geo_registry.db import Session
from geo_registry.disclosure.files import read_rows
from geo_registry.disclosure.rules import odds_of_order, plain
from geo_registry.disclosure.tables import Disclosure, DisclosureFile

CHANCE = 1e-6
"""How probable it may be that any of all disclosures is named by an order that came about by chance."""
_ADDRESS = re.compile(r"(?=.*\d)(?=.*[\u4e00-\u9fff])")
_NUMBER = re.compile(r"D\d{8}-\d{3,}")
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Trace:
    """What speaks for one disclosure: the same file, decoys in it, the order of its addresses, its mark."""

    id: UUID
    number: str
    recipient: str
    requested_by: str
    is_same_file: bool
    decoys: int
    is_in_order: bool
    is_marked: bool

    @property
    def weight(self) -> tuple[bool, int, bool, bool]:
        """Return how strongly it speaks: a mark can be forged, so it counts least."""
        return self.is_same_file, self.decoys, self.is_in_order, self.is_marked


def trace_file(session: Session, path: Path) -> list[Trace]:
    """Return every disclosure that a leaked file speaks for, the strongest first.

    Raises:
        RuleBroken: the file cannot be read.

    """
    digest = hashlib.sha256(path.read_bytes()).digest()
    return trace(session, read_rows(path), digest)


def trace(session: Session, rows: Rows, digest: bytes = b"") -> list[Trace]:
    """Return every disclosure that leaked rows speak for, the strongest first."""
    cells = {plain(cell) for row in rows for cell in row}
    marks = {number for cell in cells for number in _NUMBER.findall(cell)}
    columns = _address_columns(rows)
    same = set(
        session.execute(select(DisclosureFile.disclosure_id).where(DisclosureFile.sha256 == digest)).scalars()
    )
    query = select(
        Disclosure.id,
        Disclosure.number,
        Disclosure.recipient,
        Account.name,
        Disclosure.seed,
        Disclosure.decoys,
    ).join(Account, Account.id == Disclosure.requested_by)
    known = session.execute(query).all()
    limit = CHANCE / max(1, len(known) * len(columns))
    found = [
        Trace(
            row.id, row.number, row.recipient, row.name, row.id in same,
            len(cells.intersection(map(plain, row.decoys))),
            any(odds_of_order(column, row.seed) < limit for column in columns),
            row.number in marks,
        )
        for row in known
    ]  # fmt: skip
    return sorted((one for one in found if any(one.weight)), key=lambda one: one.weight, reverse=True)


def named(found: Sequence[Trace]) -> Trace | None:
    """Return the one disclosure that the rows speak for, None where another one is as likely.

    A single decoy of another one may be a number that was given to a house since.
    """
    if not found:
        return None
    first, *others = found
    is_alone = all(
        not one.is_same_file
        and not one.is_in_order
        and one.decoys * 2 <= first.decoys
        and (not one.is_marked or any(first.weight[:3]))
        for one in others
    )
    return first if is_alone else None


def _address_columns(rows: Rows) -> list[list[str]]:
    """Return the columns most of whose cells may be addresses, without what stands above them."""
    width = max((len(row) for row in rows), default=0)
    columns = ([row[place] for row in rows if place < len(row)] for place in range(width))
    likely = (
        [cell for cell in column if _ADDRESS.match(cell) and not _NUMBER.search(cell)] for column in columns
    )
    return [column for column in likely if len(column) * 2 > len(rows)]
