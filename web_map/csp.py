"""The content security policy of every page, with a nonce of its own for each reply."""

import re
import secrets

# MapLibre's separate worker file is ours; no page evaluates text as code.
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_TAG = re.compile(r"<(script|style)\b(?![^>]*\bnonce=)", re.IGNORECASE)


def new_nonce() -> str:
    """Return 128 random bits for one reply."""
    return secrets.token_urlsafe(16)


def policy(nonce: str) -> str:
    """Return the header's value: everything from this host, inline code by nonce only."""
    return _POLICY.format(nonce=nonce)


def add_nonce(html: str, nonce: str) -> str:
    """Put the nonce into every script and style tag of a piece that Folium rendered."""
    return _TAG.sub(rf'<\1 nonce="{nonce}"', html)
