import hashlib
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_registry.access import cipher
from geo_registry.settings import make_secrets

ROW = uuid.UUID("01900000-0000-7000-8000-000000000001")
OTHER = uuid.UUID("01900000-0000-7000-8000-000000000002")


@pytest.fixture(autouse=True)
def keys() -> None:
    make_secrets()


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_what_is_sealed_opens_again_and_looks_different_each_time(text: str) -> None:
    first, second = (cipher.seal("person", "phone", ROW, text) for _ in range(2))
    assert first != second
    assert cipher.open_("person", "phone", ROW, first) == cipher.open_("person", "phone", ROW, second) == text


def test_the_form_is_version_key_nonce_and_tagged_text() -> None:
    sealed = cipher.seal("person", "id_number", ROW, "99010119900101001X")
    assert sealed[:2] == bytes((cipher.VERSION, max(cipher.KEY_RING)))
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
