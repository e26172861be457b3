import hashlib
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo_registry.access import cipher
from geo_registry.settings import SecretError, Settings, make_secrets, secret

ROW = uuid.UUID("01900000-0000-7000-8000-000000000001")
OTHER = uuid.UUID("01900000-0000-7000-8000-000000000002")


@pytest.fixture(autouse=True, params=["aes256gcm+hmac-sha256", "sm4-gcm+hmac-sm3"])
def config(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    config = Settings(home=tmp_path, cipher_suite=request.param)
    make_secrets(config)
    monkeypatch.setattr(cipher, "settings", lambda: config)
    return config


@given(st.text(max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_sealed_opens_again_and_looks_different_each_time(text: str) -> None:
    first, second = (cipher.seal("person", "phone", ROW, text) for _ in range(2))
    assert first != second
    assert cipher.open_("person", "phone", ROW, first) == cipher.open_("person", "phone", ROW, second) == text


def test_the_form_is_suite_key_nonce_and_tagged_text(config: Settings) -> None:
    sealed = cipher.seal("person", "id_number", ROW, "99010119900101001X")
    assert sealed[:2] == bytes((1 if config.cipher_suite.startswith("aes") else 2, 1))
    assert len(sealed) == 2 + 12 + 18 + 16
    assert b"9901" not in sealed


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [("person", "phone", OTHER), ("person", "id_number", ROW), ("residence", "phone", ROW)],
)
def test_a_value_moved_elsewhere_does_not_open(table: str, column: str, row: uuid.UUID) -> None:
    sealed = cipher.seal("person", "phone", ROW, "13800000000")
    with pytest.raises(cipher.SealError) as error:
        cipher.open_(table, column, row, sealed)
    assert "138" not in str(error.value)


def test_every_altered_byte_is_noticed() -> None:
    sealed = cipher.seal("person", "phone", ROW, "13800000000")
    for place in range(len(sealed)):
        altered = sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :]
        with pytest.raises(cipher.SealError):
            cipher.open_("person", "phone", ROW, altered)


@pytest.mark.parametrize("length", [0, 1, 2, 13, 20])
def test_a_cut_value_does_not_open(length: int) -> None:
    with pytest.raises(cipher.SealError):
        cipher.open_("person", "phone", ROW, cipher.seal("person", "phone", ROW, "13800000000")[:length])


def test_the_blind_index_tells_documents_apart_and_needs_the_key() -> None:
    first = cipher.blind_index("111", "99010119900101001X")
    assert first == cipher.blind_index("111", "99010119900101001X")
    assert (
        len({first, cipher.blind_index("414", "99010119900101001X"), cipher.blind_index("111", "9901")}) == 3
    )
    assert first != hashlib.sha256(b"111:99010119900101001X").digest()


def test_the_newest_key_seals_at_once_and_every_key_of_the_ring_opens(config: Settings) -> None:
    first = cipher.seal("person", "phone", ROW, "13800000000")
    assert cipher.add_key(config) == 2
    second = cipher.seal("person", "phone", ROW, "13800000000")
    assert (first[1], second[1]) == (1, 2)
    assert {cipher.open_("person", "phone", ROW, sealed) for sealed in (first, second)} == {"13800000000"}


def test_a_key_that_was_taken_away_opens_nothing(config: Settings) -> None:
    cipher.add_key(config)
    sealed = cipher.seal("person", "phone", ROW, "13800000000")
    (config.home / "secrets" / "identity-2").unlink()
    with pytest.raises(cipher.SealError):
        cipher.open_("person", "phone", ROW, sealed)


def test_files_beside_the_keys_are_no_keys(config: Settings) -> None:
    for name in ("identity-", "identity-x", "identity-0", "identity-1", "identity-256", "identity-2.bak"):
        (config.home / "secrets" / name).write_bytes(b"x" * 32)
    assert dict(cipher.key_ring(config)) == {1: "identity"}


def test_the_ring_is_full_at_255_keys(config: Settings) -> None:
    (config.home / "secrets" / "identity-255").write_bytes(b"x" * 32)
    with pytest.raises(SecretError):
        cipher.add_key(config)


def test_either_suite_opens_what_the_other_one_sealed(
    config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed, index = cipher.seal("person", "phone", ROW, "13800000000"), cipher.blind_index("111", "9901")
    names = {"aes256gcm+hmac-sha256", "sm4-gcm+hmac-sm3"}
    other = Settings(home=config.home, cipher_suite=(names - {config.cipher_suite}).pop())  # type: ignore[arg-type]
    monkeypatch.setattr(cipher, "settings", lambda: other)
    assert cipher.open_("person", "phone", ROW, sealed) == "13800000000"
    assert cipher.heading()[0] != sealed[0]
    assert cipher.blind_index("111", "9901") != index


def test_sm4_gcm_keeps_the_example_of_rfc_8998() -> None:
    key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(bytes.fromhex(two) * 8 for two in ("aa", "bb", "cc", "dd", "ee", "ff", "ee", "aa"))
    sealed = cipher._Sm4Gcm(key).encrypt(nonce, plain, associated)
    assert sealed.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15"
        "a56834cbcf98c397b4024a2691233b8d83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert cipher._Sm4Gcm(key).decrypt(nonce, sealed, associated) == plain


def test_keys_of_the_two_suites_have_nothing_in_common(config: Settings) -> None:
    shorter = cipher._derived("identity", b"column cipher", cipher._SUITES[2][3], 16, config)
    longer = cipher._derived("identity", b"column cipher", cipher._SUITES[1][3], 32, config)
    assert not longer.startswith(shorter)
    assert secret("identity", config) not in {shorter, longer}
