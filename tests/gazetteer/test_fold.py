"""Folding keeps the length, so that offsets hold, and folding twice changes nothing."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from geo_registry.gazetteer.fold import _FOLDS, fold


@given(st.text())
@example("ﬃ ㍿ Ǆ ß ẞ ŉ")
@example("臺北縣板橋區")
@example("\u200b\ufeff\u202e\x00\ud800")
def test_the_length_stays_and_folding_twice_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


def test_every_character_has_one_fold_of_one_character() -> None:
    every = "".join(map(chr, range(0x30000)))
    folded = fold(every)
    assert len(folded) == len(every)
    assert fold(folded) == folded


def test_what_means_nothing_takes_no_room() -> None:
    fold("".join(map(chr, range(0x40000, 0x110000))))
    assert len([code for code in _FOLDS if code >= 0x40000]) < 1_000


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("浙江省　杭州市（余杭區）", "浙江省 杭州市(余杭区)"),
        ("１２號—３樓ａ座", "12号-3楼A座"),
        ("臺北縣中山里ㄧ段○號", "台北县中山里一段〇号"),
        ("建国新邨", "建国新村"),
        ("中\u200b山路", "中 山路"),
        ("北京巿", "北京市"),
    ],
)
def test_one_width_one_script_one_case(written: str, folded: str) -> None:
    assert fold(written) == folded
