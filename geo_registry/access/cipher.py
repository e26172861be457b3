"""Encryption of single columns, and the keyed hash by which an identity number is found again.

A sealed value is `version | key id | nonce (12) | ciphertext and tag`. Table, column and row id are
authenticated with it, so that a value moved to another row or column does not open. The keys are derived from
the secrets of the installation; they never reach the database.
"""

import hmac
import secrets
from functools import cache
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from geo_registry.settings import Settings, secret, settings

VERSION: Final = 1
KEY_RING: Final = {1: "identity"}
"""The secrets that open values, by key id; the largest id seals new ones."""
_NONCE: Final = 12


class SealError(ValueError):
    """A sealed value was altered, moved, cut, or sealed under a key that is not in the ring."""


def seal(table: str, column: str, row_id: UUID, text: str) -> bytes:
    """Encrypt one value for one column of one row; sealing twice gives two different results."""
    key_id = max(KEY_RING)
    nonce = secrets.token_bytes(_NONCE)
    sealed = _cipher(key_id, settings()).encrypt(nonce, text.encode(), _context(table, column, row_id))
    return bytes((VERSION, key_id)) + nonce + sealed


def open_(table: str, column: str, row_id: UUID, sealed: bytes) -> str:
    """Decrypt a value that `seal` made for this very column and row.

    Raises:
        SealError: the value does not belong here or is damaged; the message holds nothing of it.

    """
    if len(sealed) < 2 + _NONCE or sealed[0] != VERSION or sealed[1] not in KEY_RING:
        raise SealError(f"{table}.{column}: unknown form or key of a sealed value")
    nonce, body = sealed[2 : 2 + _NONCE], sealed[2 + _NONCE :]
    try:
        plain = _cipher(sealed[1], settings()).decrypt(nonce, body, _context(table, column, row_id))
    except InvalidTag as error:
        raise SealError(f"{table}.{column}: the value was altered or belongs to another row") from error
    return plain.decode()


def blind_index(id_type: str, normal_number: str) -> bytes:
    """Return the keyed hash (32 bytes) of a document; equal for equal documents of this installation alone.

    The number comes in its normal form (capitals, no spaces, 18 digits). HMAC-SHA-256: without the key the
    whole space of numbers could be hashed within minutes.
    """
    key = _derived("blind_index", b"person document", settings())
    return hmac.digest(key, f"{id_type}:{normal_number}".encode(), "sha256")


def _context(table: str, column: str, row_id: UUID) -> bytes:
    return f"{table}:{column}:{row_id}".encode()


@cache
def _cipher(key_id: int, config: Settings) -> AESGCM:
    return AESGCM(_derived(KEY_RING[key_id], b"column cipher", config))


@cache
def _derived(name: str, use: bytes, config: Settings) -> bytes:
    """Derive a 256-bit key for one use (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"geo_registry " + use).derive(
        secret(name, config)
    )
