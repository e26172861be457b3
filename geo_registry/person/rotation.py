"""Rotation of the keys under which numbers are sealed, while everybody goes on reading and writing.

A new key seals from the moment it lies in the ring; what older keys sealed is opened and sealed anew, a batch
and a commit at a time. A value that somebody changes meanwhile is left to the next pass: a new one replaces
just the one that was read. A rotation that was cut off goes on where it stands, without another key.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnClause, Engine, LargeBinary, TableClause, func, literal, select, update
from sqlalchemy import column as named
from sqlalchemy import table as of_name
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from geo_registry.access import cipher
from geo_registry.db import Session, transaction, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.person.tables import Person


@dataclass(frozen=True, slots=True)
class Sealed:
    """One column of sealed values: sealed as a column of `kind`, for the row that `owner` names.

    Forms and what was known before hold values of a person: they open as the person's own.
    """

    table: str
    column: str
    kind: str
    owner: str = "id"
    key: str = "id"

    @property
    def rows(self) -> TableClause:
        """The table, by name: most of them belong to nouns above this one."""
        return _rows_of(self)

    @property
    def value(self) -> ColumnClause[Any]:
        """The column with the values."""
        return self.rows.c[self.column]


@cache
def _rows_of(sealed: Sealed) -> TableClause:
    columns: list[ColumnClause[Any]] = [named(name, Uuid) for name in {sealed.key, sealed.owner}]
    return of_name(sealed.table, *columns, named(sealed.column, LargeBinary), schema="registry")


SEALED: Final = (
    Sealed("person", "id_number", "person"),
    Sealed("person", "phone", "person"),
    Sealed("person_history", "id_number", "person", "person_id", "person_id"),
    Sealed("person_history", "phone", "person", "person_id", "person_id"),
    Sealed("case_person", "id_number", "person", "person_id"),
    Sealed("case_person", "phone", "person", "person_id"),
    Sealed("permit_referral", "permit_number", "permit_referral"),
    Sealed("declaration", "id_number", "declaration"),
    Sealed("declaration", "phone", "declaration"),
    Sealed("separation_item", "id_number", "separation_item"),
    Sealed("account", "totp_secret", "account"),
)
"""Every column that holds sealed values."""
BATCH: Final = 5_000
_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key: whether it lies in the ring and seals now, and how many values are sealed under it."""

    key_id: int
    in_ring: bool
    is_newest: bool
    values: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: the key that holds now, and how many values were sealed anew."""

    key_id: int
    resealed: int
    was_resumed: bool


def rotate(
    engine: Engine, progress: Callable[[int, int], None] = lambda _done, _total: None, *, batch: int = BATCH
) -> Rotation:
    """Seal everything under a new key, or go on with the rotation before when that was cut off.

    Raises:
        RuleBroken: the blind index of the persons is not of the suite in force; nothing was changed.
        Conflict: another rotation runs.
        SealError: a value does not open; the message names table and column.

    """
    with _alone(engine):
        with transaction(engine) as session:
            _check_suite(session)
            was_resumed = _left(session) > 0
        key_id = max(cipher.key_ring()) if was_resumed else cipher.add_key()
        done = _reseal(engine, progress, batch)
    return Rotation(key_id, done, was_resumed)


def keys_in_use(session: Session) -> list[KeyUse]:
    """Return the keys of the ring and those that values name, in order, with the values under each."""
    counts: dict[int, int] = defaultdict(int)
    for sealed in SEALED:
        key = func.get_byte(sealed.value, 1)
        for key_id, count in session.execute(
            select(key, func.count()).where(sealed.value.is_not(None)).group_by(key)
        ):
            counts[key_id] += count
    ring = cipher.key_ring()
    return [
        KeyUse(key_id, key_id in ring, key_id == max(ring), counts[key_id])
        for key_id in sorted({*ring, *counts})
    ]


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Hold the one rotation; a connection that breaks lets it go."""
    held = func.hashtextextended("rotate keys", 0)
    with translated(), engine.connect() as connection:
        if not connection.execute(select(func.pg_try_advisory_xact_lock(held))).scalar_one():
            raise Conflict("rotation-running", "另一个密钥轮换正在进行，请等它结束")
        yield


def _check_suite(session: Session) -> None:
    query = select(Person.id, Person.id_type, Person.id_number, Person.id_index).limit(1)
    if row := session.execute(query).one_or_none():
        number = cipher.open_("person", "id_number", row.id, row.id_number)
        if cipher.blind_index(row.id_type, number) != row.id_index:
            raise RuleBroken(
                "cipher-suite", "人员已按另一套算法登记，不能改用；请恢复原来的 GEO_REGISTRY_CIPHER_SUITE"
            )


def _left(session: Session) -> int:
    """Count the values that are not sealed as new ones would be."""
    head = cipher.heading()
    counts = (
        select(func.count()).where(func.substring(sealed.value, 1, 2) != head).scalar_subquery()
        for sealed in SEALED
    )
    return sum(session.execute(select(*counts)).one())


def _reseal(engine: Engine, progress: Callable[[int, int], None], batch: int) -> int:
    with transaction(engine) as session:
        left = total = _left(session)
    done = 0
    while left:
        for sealed in SEALED:
            after: UUID | None = _FIRST
            while after:
                with transaction(engine) as session:
                    after, count = _batch(session, sealed, after, batch)
                done += count
                progress(done, max(total, done))
        with transaction(engine) as session:
            left = _left(session)
    return done


def _batch(session: Session, sealed: Sealed, after: UUID, batch: int) -> tuple[UUID | None, int]:
    """Seal the next values of a column anew; return where to go on (None at the end) and their count."""
    rows = sealed.rows
    key, owner, value = rows.c[sealed.key], rows.c[sealed.owner], rows.c[sealed.column]
    old = func.substring(value, 1, 2) != cipher.heading()
    query = select(key, owner, value).where(key > after, old).order_by(key).limit(batch)
    found = [(row_id, own, bytes(was)) for row_id, own, was in session.execute(query)]
    if not found:
        return None, 0
    opened = (cipher.open_(sealed.kind, sealed.column, own, was) for _, own, was in found)
    anew = [
        cipher.seal(sealed.kind, sealed.column, own, text)
        for (_, own, _), text in zip(found, opened, strict=True)
    ]
    ids, _, values = zip(*found, strict=True)
    fresh = (
        func.unnest(
            literal(list(ids), ARRAY(Uuid)),
            literal(list(values), ARRAY(LargeBinary)),
            literal(anew, ARRAY(LargeBinary)),
        )
        .table_valued("id", "was", "now")
        .render_derived()
    )
    replaced = update(rows).where(key == fresh.c.id, value == fresh.c.was).values({value: fresh.c.now})
    result = session.execute(replaced)
    return ids[-1], result.rowcount  # type: ignore[attr-defined]
