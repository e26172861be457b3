"""Settings of one installation, and the secrets that lie beside them.

Every setting is an environment variable with the prefix ``GEO_REGISTRY_``; ``docs/install.md`` lists them.
Secrets are never settings: they are files of mode 0600 under ``home/secrets``.
"""

import os
import secrets
import stat
import tempfile
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parents[1]
KEYS = ("identity", "blind_index", "session", "anchor", "door", "plate")
SHORTEST_SECRET = 32


def _default_home() -> Path:
    return (ROOT if (ROOT / "pyproject.toml").is_file() else Path.cwd()) / "var"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class SecretError(RuntimeError):
    """A secret is missing, too short, or open to others."""


class Settings(BaseSettings):
    """Hold the settings of one installation, read once from the environment."""

    model_config = SettingsConfigDict(env_prefix="GEO_REGISTRY_", frozen=True, env_ignore_empty=True)

    home: AbsolutePath = Field(default_factory=_default_home)
    """Directory of everything the installation writes: database, secrets, photos, exports."""
    database_url: str | None = None
    """Database on an existing server, with or without the owner's sign-in; otherwise the embedded PostGIS."""
    app_database_url: str | None = None
    """The same database, signed in as the unprivileged role; by default made from the one above."""
    public_database_url: str | None = None
    """The same database, signed in as the role of the public zone; by default made from the first one."""
    host: str = "127.0.0.1"
    """Address the web server listens on."""
    port: int = Field(default=8000, ge=1, le=65535)
    """Port the web server listens on."""
    public_url: str = "http://127.0.0.1:8100"
    """Address at which the public zone is reached, as the codes on plates write it."""
    workers: int = Field(default=2, ge=1, le=64)
    """Number of web server processes."""
    data: AbsolutePath | None = None
    """Directory of real open data, for imports and for tests marked ``data``."""
    cipher_suite: Literal["aes256gcm+hmac-sha256", "sm4-gcm+hmac-sm3"] = "aes256gcm+hmac-sha256"
    """Ciphers of identity numbers and phones; chosen before the first person is loaded."""
    audit_days: int = Field(default=1096, ge=183)
    """Days that the audit stays in the database; `geo-registry audit prune` refuses younger months."""
    oidc_issuer: str | None = None
    """Issuer of the single sign-on (OpenID Connect), exactly as its tokens name it; none by default."""
    oidc_client_id: str | None = None
    """Name of this installation at the issuer; its secret is the file ``secrets/oidc``."""
    oidc_metadata: str | None = None
    """File or address of the issuer's document; by default ``/.well-known/openid-configuration`` below it."""
    oidc_algorithm: Literal["RS256", "ES256"] = "RS256"
    """The one algorithm that signs the issuer's tokens."""
    secure_cookies: bool = True
    """Send session cookies over HTTPS only; browsers count 127.0.0.1 and localhost as safe."""


@cache
def settings() -> Settings:
    """Read the settings of this process, once."""
    return Settings()


def secret(name: str, config: Settings | None = None) -> bytes:
    """Read one secret of the installation.

    Raises:
        SecretError: the file is missing, shorter than 32 bytes, or readable by group or others.
    """
    path = (config or settings()).home / "secrets" / name
    try:
        mode = path.stat().st_mode
        value = path.read_bytes()
    except OSError as error:
        raise SecretError(f"secret {name} cannot be read: {error.strerror}: {path}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretError(f"secret {name} is open to others (mode {stat.S_IMODE(mode):04o}): {path}")
    if len(value) < SHORTEST_SECRET:
        raise SecretError(f"secret {name} is shorter than {SHORTEST_SECRET} bytes: {path}")
    return value


def make_secrets(config: Settings | None = None) -> None:
    """Create the keys that are missing; those that exist are never touched."""
    for name in KEYS:
        write_secret(name, secrets.token_bytes(SHORTEST_SECRET), config)


def write_secret(name: str, value: bytes, config: Settings | None = None) -> None:
    """Write one secret unless it exists, whole or not at all, readable by its owner only."""
    folder = (config or settings()).home / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if path.exists():
        return
    # Made with mode 0600 and a name of its own.
    number, draft = tempfile.mkstemp(dir=folder, prefix=".")
    with open(number, "wb") as file:  # noqa: PTH123
        file.write(value)
        file.flush()
        os.fsync(number)
    try:
        # A link, not a rename: of two processes at once the first one's secret stays.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
