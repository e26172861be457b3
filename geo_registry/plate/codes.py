"""What the square code of a plate says: the address of its public page, with the code and its signature.

The public code is 13 characters; the signature of 8 base32 characters (40 bits of HMAC-SHA256) keeps a code
that was made up from being shown as a plate of the registry. Neither says anything of a person.
"""

import hmac
import re
from base64 import b32encode
from functools import cache
from pathlib import Path
from typing import Final, Literal

from geo_registry.codes import ALPHABET, CODE_LENGTH, parse_code
from geo_registry.errors import RuleBroken
from geo_registry.settings import secret, settings

Signed = Literal["plate", "certificate"]
"""What is signed: a signature of one kind is none of the other."""

_WRITTEN: Final = re.compile(
    rf"(?:(?:HTTPS?://[^\s?#]{{1,200}})?/P/)?([{ALPHABET}]{{{CODE_LENGTH}}})\.([A-Z2-7]{{8}})"
)
_LONGEST: Final = 300


def sign(kind: Signed, code: str) -> str:
    """Return the signature of a public code, 8 base32 characters."""
    mac = hmac.digest(_key(settings().home), f"{kind}:{code}".encode(), "sha256")
    return b32encode(mac[:5]).decode()


def signed_code(code: str, kind: Signed = "plate") -> str:
    """Return a public code with its signature, `7KQ4M2XP9RTC5.ABCDEFGH`."""
    return f"{code}.{sign(kind, code)}"


def plate_url(code: str) -> str:
    """Return what the square code of a plate says: the address of its page in the public zone."""
    return f"{settings().public_url.rstrip('/')}/p/{signed_code(code)}"


def read_code(text: str, kind: Signed = "plate") -> str:
    """Return the public code of what was scanned: the whole address, or code and signature alone.

    The host is not judged: a plate hangs longer than a server keeps its name, and the signature decides.

    Raises:
        RuleBroken: `plate-code`, it is no code of this registry.

    """
    found = _WRITTEN.fullmatch(text.strip().upper()) if len(text) <= _LONGEST else None
    if found is None or not hmac.compare_digest(sign(kind, found[1]), found[2]):
        raise RuleBroken("plate-code", "这不是本系统的门牌二维码，请重新扫描或手工输入门牌码", field="code")
    return parse_code(found[1])[1]


@cache
def _key(home: Path) -> bytes:  # noqa: ARG001  (a batch signs thousands: the file is read once for an installation)
    return secret("plate")
