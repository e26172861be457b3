"""Settings come from the environment; secrets are files that only their owner reads."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from geo_registry import settings as module
from geo_registry.settings import KEYS, SecretError, Settings, make_secrets, secret, write_secret


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GEO_REGISTRY_HOME", str(tmp_path))
    monkeypatch.setenv("GEO_REGISTRY_PORT", "9000")
    monkeypatch.setenv("GEO_REGISTRY_DATABASE_URL", "")
    config = Settings()
    assert (config.home, config.port, config.database_url) == (tmp_path, 9000, None)


def test_the_home_is_absolute_and_lies_in_the_checkout_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEO_REGISTRY_HOME")
    assert Settings().home == module.ROOT / "var"
    assert Settings(home=Path("here")).home == Path.cwd() / "here"


def test_settings_do_not_change(config: Settings) -> None:
    with pytest.raises(ValidationError):
        config.port = 1  # type: ignore[misc]


def test_secrets_are_made_once_and_kept(config: Settings) -> None:
    make_secrets(config)
    first = {name: secret(name, config) for name in KEYS}
    make_secrets(config)
    assert first == {name: secret(name, config) for name in KEYS}
    assert len(set(first.values())) == len(KEYS)
    assert all(len(value) == 32 for value in first.values())
    assert {path.stat().st_mode & 0o777 for path in (config.home / "secrets").iterdir()} == {0o600}
    assert {path.name for path in (config.home / "secrets").iterdir()} == set(KEYS)


def test_a_missing_secret_is_refused(config: Settings) -> None:
    with pytest.raises(SecretError, match="cannot be read"):
        secret("identity", config)


def test_a_short_secret_is_refused(config: Settings) -> None:
    write_secret("identity", b"x" * 31, config)
    with pytest.raises(SecretError, match="shorter"):
        secret("identity", config)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644, 0o620])
def test_a_secret_open_to_others_is_refused(config: Settings, mode: int) -> None:
    make_secrets(config)
    (config.home / "secrets" / "identity").chmod(mode)
    with pytest.raises(SecretError, match="open to others"):
        secret("identity", config)


def test_no_error_shows_a_secret(config: Settings) -> None:
    write_secret("identity", b"hidden" * 6, config)
    (config.home / "secrets" / "identity").chmod(0o644)
    with pytest.raises(SecretError) as caught:
        secret("identity", config)
    assert "hidden" not in str(caught.value)
