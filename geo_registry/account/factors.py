"""The second factor: a code by the clock (RFC 6238), and recovery codes for when the telephone is lost."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pyotp

from geo_registry.access import cipher
from geo_registry.errors import RuleBroken

ISSUER: Final = "地址与房屋登记"
RECOVERY_CODES: Final = 10
_STEP: Final = 30
_SKEW: Final = 1
"""Steps that a clock may be wrong, to either side."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What proved the second factor: the step of a code, or the hash of a recovery code."""

    step: int | None = None
    recovery: bytes | None = None


def new_secret(account_id: UUID) -> tuple[str, bytes]:
    """Return a new secret for the telephone, and the same sealed for the account's row."""
    secret = pyotp.random_base32()
    return secret, cipher.seal("account", "totp_secret", account_id, secret)


def provisioning_uri(secret: str, login: str) -> str:
    """Return what the square code of an enrolment holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def new_recovery_codes() -> tuple[list[str], list[bytes]]:
    """Return ten codes of 80 random bits in groups of four, and their hashes."""
    raw = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    shown = ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in raw]
    return shown, [_hashed(code) for code in raw]


def prove(account_id: UUID, sealed: bytes, last_step: int | None, code: str) -> Proof:
    """Judge what was typed; whether it was used before is decided where it is spent, in the database.

    Raises:
        RuleBroken: `second-factor-wrong`.

    """
    plain = "".join(code.split()).replace("-", "").lower()
    if len(plain) == 16 and plain.isascii():
        return Proof(recovery=_hashed(plain))
    totp = pyotp.TOTP(cipher.open_("account", "totp_secret", account_id, sealed))
    now = int(time.time()) // _STEP
    for step in range(now - _SKEW, now + _SKEW + 1):
        if step > (last_step or 0) and pyotp.utils.strings_equal(plain, totp.generate_otp(step)):
            return Proof(step=step)
    raise RuleBroken("second-factor-wrong", "验证码不正确或已用过，请等下一个验证码再试", field="code")


def _hashed(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
