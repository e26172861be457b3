"""The act log, and the stored answers that make a repeated write answer the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, insert, select

from geo_registry.access.tables import Act, IdempotencyKey
from geo_registry.access.viewer import Viewer
from geo_registry.codes import new_id, new_ids
from geo_registry.db import Session
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.log import holds_number


@dataclass(frozen=True, slots=True)
class StoredReply:
    """The answer that a write gave the first time."""

    status: int
    body: bytes
    etag: str | None


def record(
    session: Session,
    viewer: Viewer,
    verb: str,
    kind: str,
    object_id: UUID,
    *,
    division_id: UUID | None = None,
    document_number: str | None = None,
    reason: str | None = None,
    cause: UUID | None = None,
) -> UUID:
    """Append one act to the log and return its id; it stands or falls with the change itself.

    Raises:
        RuleBroken: `text-unreadable`, when number or reason hold an identity number or a phone.

    """
    _check_texts(document_number, reason)
    act_id = new_id()
    session.execute(
        insert(Act).values(
            id=act_id,
            account_id=viewer.account_id,
            role=viewer.role,
            verb=verb,
            object_kind=kind,
            object_id=object_id,
            division_id=division_id,
            document_number=document_number,
            reason=reason,
            cause_act_id=cause,
        )
    )
    return act_id


def record_many(
    session: Session,
    viewer: Viewer,
    verb: str,
    kind: str,
    objects: Sequence[tuple[UUID, UUID]],
    *,
    document_number: str | None = None,
    reason: str | None = None,
    cause: UUID | None = None,
) -> list[UUID]:
    """Append one act for each of some objects (id, division); without a cause the first causes the others.

    Raises:
        RuleBroken: `text-unreadable`, when number or reason hold an identity number or a phone.

    """
    _check_texts(document_number, reason)
    if not objects:
        return []
    ids = list(new_ids(len(objects)))
    rows = [
        {
            "id": act_id, "account_id": viewer.account_id, "role": viewer.role, "verb": verb,
            "object_kind": kind, "object_id": object_id, "division_id": division_id,
            "document_number": document_number, "reason": reason,
            "cause_act_id": cause or (ids[0] if act_id != ids[0] else None),
        }
        for act_id, (object_id, division_id) in zip(ids, objects, strict=True)
    ]  # fmt: skip
    session.execute(insert(Act), rows)
    return ids


def _check_texts(document_number: str | None, reason: str | None) -> None:
    for field, told in (("document_number", document_number), ("reason", reason)):
        if told and holds_number(told):
            raise RuleBroken("text-unreadable", "文号和事由中不能写证件号码或电话，请改写后再办", field=field)


def recall(session: Session, viewer: Viewer, key: str, request_sha256: bytes) -> StoredReply | None:
    """Return the answer stored for a key, or None when the key is new.

    Holds the key until the transaction ends: a second request with it waits, and then meets the answer.

    Raises:
        Conflict: the key was used for another request.

    """
    held = func.hashtextextended(f"{viewer.account_id}/{key}", 0)
    session.execute(select(func.pg_advisory_xact_lock(held)))
    query = select(IdempotencyKey).where(
        IdempotencyKey.account_id == viewer.account_id, IdempotencyKey.key == key
    )
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        return None
    if row.request_sha256 != request_sha256:
        raise Conflict("idempotency-key-reused", "该幂等键已用于另一请求", field="Idempotency-Key")
    return StoredReply(row.status, row.response, row.etag)


def remember(
    session: Session,
    viewer: Viewer,
    key: str,
    request_sha256: bytes,
    status: int,
    body: bytes,
    etag: str | None,
) -> None:
    """Store the answer of a write in the write's own transaction; `recall` holds the key until then."""
    session.execute(
        insert(IdempotencyKey).values(
            account_id=viewer.account_id,
            key=key,
            request_sha256=request_sha256,
            status=status,
            response=body,
            etag=etag,
        )
    )
