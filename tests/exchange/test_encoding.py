from pathlib import Path

import pytest

from geo_registry.errors import RuleBroken
from geo_registry.exchange.areas import _csv
from geo_registry.exchange.encoding import encoding_of, encoding_remark
from geo_registry.exchange.plates_read import open_table

SIMPLIFIED = "编号,地址\n1,上海市柳营路669弄14号1102室\n"
TRADITIONAL = "編號,地址\n1,新竹市東區民族路33巷12號二樓之2\n"
CASES = [
    ("utf-8", SIMPLIFIED, "utf-8-sig"), ("utf-8-sig", SIMPLIFIED, "utf-8-sig"), ("gbk", SIMPLIFIED, "gb18030"),
    ("gb18030", TRADITIONAL, "gb18030"), ("big5", TRADITIONAL, "big5"), ("utf-16", SIMPLIFIED, "utf-16"),
    ("ascii", "id,address\n1,12 Main Road\n", "utf-8-sig"), ("ascii", "", "utf-8-sig"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "text", "found"), CASES)
def test_the_encoding_is_told_from_the_content(tmp_path: Path, written: str, text: str, found: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding=written)
    assert encoding_of(path) == found
    assert path.read_text(encoding=found) == text
    assert (encoding_remark(found) is None) == (found == "utf-8-sig")


def test_the_first_characters_beyond_ascii_decide(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"1,x\n" * 600_000 + "编号,地址\n".encode("gbk"))
    assert encoding_of(path) == "gb18030"


@pytest.mark.parametrize("fault", [b"\xff", b"\xe5\x8d", b"\x80\x80"])
def test_a_broken_byte_does_not_hide_the_encoding(tmp_path: Path, fault: bytes) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(SIMPLIFIED.encode() * 20 + fault + b"\n" + SIMPLIFIED.encode())
    assert encoding_of(path) == "utf-8-sig"


def test_what_no_codec_reads_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xff\x80" * 100)
    with pytest.raises(RuleBroken) as refused:
        encoding_of(path)
    assert refused.value.code == "encoding-unknown"
    assert "另存为 UTF-8" in refused.value.detail


@pytest.mark.parametrize("encoding", ["gbk", "big5", "utf-16"])
def test_plates_and_areas_are_read_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text("地址,中山路\n里,12\n", encoding=encoding)
    header, _, tables = open_table(path, lambda *_: None)
    assert header == ["地址", "中山路"]
    assert [table.to_pylist() for table in tables] == [[{"地址": "里", "中山路": "12"}]]
    assert list(_csv(path)) == [{"地址": "里", "中山路": "12"}]
