"""Letters in what one types."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_registry.address.profile import load_profile
from geo_registry.address.search.letters import counted_endings, read_letters, with_words
from geo_registry.text import pinyin

# The dictionaries of sounds are read once, on first use.
pinyin("映月路")


@pytest.mark.parametrize(
    ("profile", "text", "written"),
    [
        ("shanghai", "yyl218n6h", "yyl218弄6号"),
        ("shanghai", "yyl218long6hao402shi", "yyl218弄6号402室"),
        ("shanghai", "yyl 218 nong 6 hao 402", "yyl 218弄 6号 402"),
        ("shanghai", "映月路218n6h", "映月路218弄6号"),
        ("shanghai", "zhxq12haolou3dy", "zhxq12号楼3单元"),
        ("shanghai", "映月路12A室", "映月路12A室"),
        ("shanghai", "竹海小区3B", "竹海小区3B"),
        ("shanghai", "路12q", "路12q"),
        ("shanghai", "3n75f8", "3n75f8"),
        ("road-section", "zsl1d24x3n119h2l", "zsl1段24巷3弄119號2樓"),
        ("village", "pjw3z25h", "pjw3组25号"),
    ],
)
def test_words_behind_figures(profile: str, text: str, written: str) -> None:
    assert with_words(load_profile(profile), text) == written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("yyl218", ("yyl", "yyl", "", "218")),
        ("ying yue lu 218", ("yingyuelu", "yingyuelu", "", "218")),
        ("Ying'Yue 6", ("yingyue", "yingyue", "", "6")),
        ("映月lu218", ("yingyuelu", "yylu", "映月", "218")),
        ("映y路6号", ("yingylu", "yyl", "映路", "6号")),
        ("y", ("y", "y", "", "")),
        ("映月路218", None),
        ("幸福小区A座", None),
        ("218", None),
        ("", None),
    ],
)
def test_a_name_in_letters(text: str, found: tuple[str, str, str, str] | None) -> None:
    read = read_letters(text)
    assert (read and (read.sound, read.initials, read.characters, read.tail)) == found


def test_a_count_at_the_end_of_letters() -> None:
    profile = load_profile("road-section")
    assert ("minshengdonglu", "5段") in list(counted_endings(profile, "minshengdongluwuduan"))
    assert ("msdl", "5段") in list(counted_endings(profile, "msdlwd"))
    assert list(counted_endings(profile, "wd")) == []


@settings(deadline=None)
@given(st.sampled_from(["road-section", "shanghai", "village"]), st.text(max_size=40))
def test_any_text_is_read(code: str, text: str) -> None:
    written = with_words(load_profile(code), text)
    assert len(read_letters(written).tail) <= len(written) if read_letters(written) else True  # type: ignore[union-attr]
