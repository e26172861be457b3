"""The second factor by itself: the window of its clock, the codes that stand in, and where the secret lies."""

import time
from uuid import uuid4

import pyotp
import pytest

from geo_registry.access import cipher
from geo_registry.account import factors
from geo_registry.errors import RuleBroken

NOW = 1_800_000_015


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: float(NOW))


def test_a_code_holds_one_step_to_either_side_and_never_goes_back() -> None:
    account_id = uuid4()
    secret, sealed = factors.new_secret(account_id)
    totp, step = pyotp.TOTP(secret), NOW // 30
    for offset in (-1, 0, 1):
        proof = factors.prove(account_id, sealed, None, f" {totp.at(NOW + 30 * offset)} ")
        assert proof == factors.Proof(step=step + offset)
    for offset in (-2, 2):
        with pytest.raises(RuleBroken):
            factors.prove(account_id, sealed, None, totp.at(NOW + 30 * offset))
    for used in (step, step + 1):
        with pytest.raises(RuleBroken):
            factors.prove(account_id, sealed, used, totp.at(NOW))


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 30, "-" * 16, "é" * 16]
)
def test_what_is_no_code_proves_nothing(code: str) -> None:
    account_id = uuid4()
    _, sealed = factors.new_secret(account_id)
    with pytest.raises(RuleBroken) as caught:
        factors.prove(account_id, sealed, None, code)
    assert caught.value.code == "second-factor-wrong"


def test_recovery_codes_are_ten_and_read_in_any_writing() -> None:
    account_id = uuid4()
    _, sealed = factors.new_secret(account_id)
    shown, hashes = factors.new_recovery_codes()
    assert len(set(shown)) == len(set(hashes)) == 10
    for written in (shown[3], shown[3].upper(), shown[3].replace("-", " ")):
        assert factors.prove(account_id, sealed, None, written).recovery == hashes[3]


def test_the_secret_is_sealed_for_its_account() -> None:
    account_id = uuid4()
    secret, sealed = factors.new_secret(account_id)
    assert secret.encode() not in sealed
    assert cipher.open_("account", "totp_secret", account_id, sealed) == secret
    with pytest.raises(cipher.SealError):
        cipher.open_("account", "totp_secret", uuid4(), sealed)
    assert factors.provisioning_uri(secret, "du").startswith("otpauth://totp/")
