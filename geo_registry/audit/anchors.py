"""Anchors: the heads of the audit's chains in a file, signed with a key that the database does not have.

One line a time in `anchors.jsonl`, each with the hash of the line before it. The digest of a line is
told to the log too: whoever cuts the end of this file cannot cut the log of another machine with it.
"""

import base64
import datetime as dt
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from geo_registry.settings import secret, settings

SHARDS: Final = 16
NAME: Final = "anchors.jsonl"
_CONTEXT: Final = b"geo_registry audit\n"
_MARK: Final = b',"signature":"'
_NOTHING: Final = "0" * 64
_LONGEST_LINE: Final = 1 << 16


@dataclass(slots=True)
class Anchors:
    """What signed lines attest: seals by chain and number, where chains begin, and faults of the lines."""

    seals: list[dict[int, bytes]] = field(default_factory=lambda: [{} for _ in range(SHARDS)])
    begin: list[tuple[int, bytes]] | None = None
    kept: list[dict[int, bytes]] = field(default_factory=lambda: [{} for _ in range(SHARDS)])
    unsealed: int | None = None
    lines: int = 0
    last_at: str | None = None
    faults: list[str] = field(default_factory=list)


def default_folder() -> Path:
    """Return where this installation keeps its anchors."""
    return settings().home / "anchors"


def public_key() -> str:
    """Return the key that checks the signatures of this installation, in hexadecimal."""
    return _key().public_key().public_bytes_raw().hex()


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(secret("anchor")[:32])


def signed(facts: dict[str, Any]) -> bytes:
    """Return facts as one line of JSON that ends with its signature."""
    body = orjson.dumps(facts)[:-1]
    return body + _MARK + _key().sign(_CONTEXT + body).hex().encode() + b'"}'


def checked(line: bytes, key: str) -> dict[str, Any] | None:
    """Return the facts of a line that was signed with a key, None when it was not."""
    body, mark, rest = line.rpartition(_MARK)
    try:
        signature = bytes.fromhex(rest.removesuffix(b'"}').decode())
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, _CONTEXT + body)
        facts = orjson.loads(body + b"}")
    except (ValueError, InvalidSignature):
        return None
    return facts if mark and isinstance(facts, dict) else None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process of this machine at a time judge whether an anchor is due, and write it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def last_at(folder: Path) -> dt.datetime | None:
    """Return when the last line says it was written; None without a line, or one that tells nothing."""
    try:
        with (folder / NAME).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINE))
            return dt.datetime.fromisoformat(orjson.loads(file.read().splitlines()[-1])["at"])
    except (OSError, ValueError, IndexError, KeyError, TypeError):
        return None


def append(folder: Path, facts: dict[str, Any]) -> str:
    """Sign one more line, flush it to the disk, and return its digest for the log."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / NAME).open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        whole = file.read()
        # What a crash left half written was never counted as an anchor.
        file.truncate(whole.rfind(b"\n") + 1)
        lines = whole[: whole.rfind(b"\n") + 1].splitlines()
        line = signed(
            {"number": len(lines) + 1, "before": _digest(lines[-1]) if lines else _NOTHING, **facts}
        )
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    # Letters and 2 to 7 only: nothing in it looks like a telephone number, which the log would mask.
    return base64.b32encode(bytes.fromhex(_digest(line))).decode().rstrip("=").lower()


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def read(folder: Path, key: str, *, begin: str | None = None) -> Anchors:
    """Return what the lines of a folder attest; with a time in UTC, chains begin at the last anchor before.

    Only a line with a good signature counts; every other one, and every gap between two, is a fault.
    """
    found = Anchors()
    path = folder / NAME
    previous, number = _NOTHING, 0
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        facts, number = checked(line, key), number + 1
        if facts is None:
            found.faults.append(f"{path}: line {number} is not signed by this installation")
        else:
            if (facts["before"], facts["number"]) != (previous, number):
                found.faults.append(f"{path}: lines are missing before line {number}")
            _take(found, facts, begins=facts["kind"] == "cut" or (begin is not None and facts["at"] < begin))
        previous = _digest(line)
    return found


def _take(found: Anchors, facts: dict[str, Any], *, begins: bool) -> None:
    heads = [(seq, bytes.fromhex(seal)) for seq, seal in facts["heads"]]
    found.lines, found.last_at, found.unsealed = found.lines + 1, facts["at"], facts["unsealed"]
    for seals, (seq, seal) in zip(found.seals, heads, strict=True):
        if seals.setdefault(seq, seal) != seal:
            found.faults.append(f"two anchors give row {seq} different seals")
    if begins:
        found.begin, kept = heads, facts.get("kept", [[]] * SHARDS)
        found.kept = [{seq: bytes.fromhex(seal) for seq, seal in rows} for rows in kept]
