"""Encryption of single columns, and the keyed hash by which an identity number is found again.

A sealed value is `suite | key id | nonce (12) | ciphertext and tag`. Table, column and row id are
authenticated with it, so that a value moved to another row or column does not open. The keys are derived from
the secrets of the installation, `identity`, `identity-2`, ...; they never reach the database. The newest one
seals; every one that lies there opens, also one that was put there a moment ago.
"""

import secrets
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from geo_registry.settings import SecretError, Settings, secret, settings, write_secret

_NONCE, _TAG = 12, 16
_MOST_KEYS: Final = 255


class SealError(ValueError):
    """A sealed value was altered, moved, cut, or sealed under a key that is not in the ring."""


class _Sm4Gcm:
    """SM4 (GB/T 32907) in GCM, with the calls of AESGCM."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Return ciphertext and tag."""
        worker = Cipher(self._algorithm, GCM(nonce)).encryptor()
        worker.authenticate_additional_data(associated_data)
        return worker.update(data) + worker.finalize() + worker.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Return the plain text; whatever was altered is refused."""
        worker = Cipher(self._algorithm, GCM(nonce, data[-_TAG:])).decryptor()
        worker.authenticate_additional_data(associated_data)
        return worker.update(data[:-_TAG]) + worker.finalize()


# Name, cipher with the length of its key, and hash; the numbers are the first byte of sealed values for ever.
_Hash = type[SHA256 | SM3]
_SUITES: Final[dict[int, tuple[str, type[AESGCM | _Sm4Gcm], int, _Hash]]] = {
    1: ("aes256gcm+hmac-sha256", AESGCM, 32, SHA256),
    2: ("sm4-gcm+hmac-sm3", _Sm4Gcm, 16, SM3),
}


def seal(table: str, column: str, row_id: UUID, text: str) -> bytes:
    """Encrypt one value for one column of one row; sealing twice gives two different results."""
    return sealer()(table, column, row_id, text)


def sealer() -> Callable[[str, str, UUID, str], bytes]:
    """Return `seal` under the key that is the newest now, for some thousand values in a row."""
    config = settings()
    head = heading(config)
    worker = _cipher(head[0], key_ring(config)[head[1]], config)

    def seal_one(table: str, column: str, row_id: UUID, text: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return head + nonce + worker.encrypt(nonce, text.encode(), _context(table, column, row_id))

    return seal_one


def open_(table: str, column: str, row_id: UUID, sealed: bytes) -> str:
    """Decrypt a value that `seal` made for this very column and row.

    Raises:
        SealError: the value does not belong here or is damaged; the message holds nothing of it.

    """
    config = settings()
    if len(sealed) < 2 + _NONCE + _TAG or sealed[0] not in _SUITES or not (name := _key(sealed[1], config)):
        raise SealError(f"{table}.{column}: unknown form or key of a sealed value")
    nonce, body = sealed[2 : 2 + _NONCE], sealed[2 + _NONCE :]
    try:
        plain = _cipher(sealed[0], name, config).decrypt(nonce, body, _context(table, column, row_id))
    except InvalidTag as error:
        raise SealError(f"{table}.{column}: the value was altered or belongs to another row") from error
    return plain.decode()


def blind_index(id_type: str, normal_number: str) -> bytes:
    """Return the keyed hash (32 bytes) of a document; equal for equal documents of this installation alone.

    The number comes in its normal form (capitals, no spaces, 18 digits). HMAC: without the key the whole
    space of numbers could be hashed within minutes. It is of the suite in force, and has one key for good.
    """
    config = settings()
    hashing = _SUITES[_suite(config)][3]
    worker = HMAC(_derived("blind_index", b"person document", hashing, 32, config), hashing())
    worker.update(f"{id_type}:{normal_number}".encode())
    return worker.finalize()


def heading(config: Settings | None = None) -> bytes:
    """Return the first two bytes of every value sealed now: the suite in force and the newest key."""
    config = config or settings()
    return bytes((_suite(config), max(key_ring(config))))


def key_ring(config: Settings | None = None) -> Mapping[int, str]:
    """Return the secrets that open values by key id; the largest id seals new ones."""
    folder = (config or settings()).home / "secrets"
    try:
        changed = folder.stat().st_mtime_ns
    except OSError as error:
        raise SecretError(f"no secrets: {error.strerror}: {folder}") from error
    return _ring(folder, changed)


def add_key(config: Settings | None = None) -> int:
    """Make the next key of the ring and return its id; from now on it seals, in every process."""
    config = config or settings()
    key_id = max(key_ring(config)) + 1
    if key_id > _MOST_KEYS:
        raise SecretError(f"the ring holds {_MOST_KEYS} keys; no more fit the form of a sealed value")
    write_secret(f"identity-{key_id}", secrets.token_bytes(32), config)
    return key_id


def _suite(config: Settings) -> int:
    return next(number for number, suite in _SUITES.items() if suite[0] == config.cipher_suite)


def _key(key_id: int, config: Settings) -> str | None:
    # The clock of a folder is coarse: a key that came within the same tick as another is looked for again.
    if key_id not in key_ring(config):
        _ring.cache_clear()
    return key_ring(config).get(key_id)


@lru_cache(maxsize=4)
def _ring(folder: Path, _changed: int) -> Mapping[int, str]:
    later = (path.name.removeprefix("identity-") for path in folder.glob("identity-*"))
    numbers = (int(name) for name in later if name.isdecimal())
    return {1: "identity"} | {number: f"identity-{number}" for number in numbers if 1 < number <= _MOST_KEYS}


def _context(table: str, column: str, row_id: UUID) -> bytes:
    return f"{table}:{column}:{row_id}".encode()


@cache
def _cipher(number: int, name: str, config: Settings) -> AESGCM | _Sm4Gcm:
    _, kind, length, hashing = _SUITES[number]
    return kind(_derived(name, b"column cipher", hashing, length, config))


@cache
def _derived(name: str, use: bytes, hashing: _Hash, length: int, config: Settings) -> bytes:
    """Derive a key for one use (RFC 5869)."""
    worker = HKDF(algorithm=hashing(), length=length, salt=None, info=b"geo_registry " + use)
    return worker.derive(secret(name, config))
