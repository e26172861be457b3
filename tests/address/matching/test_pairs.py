"""Two texts compared by their parts alone."""

import pytest

from geo_registry.address.matching.pairs import compare
from geo_registry.address.standardize import standardizer_for

SAME, PARTLY, DIFFERENT = "same", "partly", "different"


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ("文昌路12号", "文昌路12号", SAME),
        ("文昌路12号", "文昌路１２號", SAME),
        ("杭州市文昌路12号", "文昌路12号", SAME),
        ("文昌路12号", "文昌路12-1号", PARTLY),
        ("文昌路12号3幢", "文昌路12号4幢", PARTLY),
        ("文昌路12号3幢", "文昌路12号", PARTLY),
        ("文昌路12号", "文昌路12号对面", PARTLY),
        ("文昌路12号", "文昌路14号", PARTLY),
        ("文昌路12号", "学前街12号", DIFFERENT),
        ("西湖区文昌路12号", "余杭区文昌路12号", DIFFERENT),
        ("杭州市文昌路春风小区3幢", "文昌路春风小区3号楼", SAME),
        ("春风小区3幢", "春风小区3幢", PARTLY),
        # The building of an estate, whatever else one side says: in an area, or by a long name.
        ("杭州市文昌路8号春风小区3幢2单元", "杭州市学前街春风花园3号楼", SAME),
        ("文昌路8号望江绿城翡翠公寓3幢2单元", "学前街望江绿城翡翠3栋", SAME),
        ("杭州市文昌路8号春风小区3幢2单元", "杭州市学前街春风花园3号楼对面", PARTLY),
        ("西湖区春风小区3幢", "西湖区春风小区4幢", PARTLY),
        # A long piece of a name tells of one place, a short street alone of many.
        ("文昌路望江绿城翡翠东区", "学前街8号望江绿城翡翠会所", PARTLY),
        ("文昌路", "文昌路金桥超市", DIFFERENT),
        ("西湖区文昌路", "西湖区文昌路金桥超市", PARTLY),
        ("", "", DIFFERENT),
    ],
)
def test_likeness(one: str, other: str, likeness: str) -> None:
    reader = standardizer_for(None)
    first, second = reader.read(one), reader.read(other)
    found = compare(first, second)
    assert found.likeness == likeness, found.reasons
    assert found.reasons
    assert compare(second, first).likeness == likeness
