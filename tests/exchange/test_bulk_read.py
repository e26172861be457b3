from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from geo_registry.errors import RuleBroken
from geo_registry.exchange.bulk_read import Row, address_column, open_rows

TEXTS = ["上海市柳营路669弄14号1102室", "", "-1+1", "中山路，12号", 'a"b', "沿山村5组"]


def rows(path: Path, column: str | None = None, keep: tuple[str, ...] = ()) -> list[Row]:
    return list(open_rows(path, column, keep).rows)


def written(tmp_path: Path, suffix: str) -> Path:
    path = tmp_path / f"list{suffix}"
    table = pd.DataFrame({"编号": range(1, 7), "详细地址": TEXTS})
    if suffix == ".csv":
        table.to_csv(path, index=False)
    elif suffix == ".tsv":
        table.to_csv(path, index=False, sep="\t")
    elif suffix == ".parquet":
        table.to_parquet(path, row_group_size=2)
    elif suffix == ".txt":
        path.write_text("\n".join(TEXTS), encoding="utf-8")
    else:
        table.to_excel(path, index=False)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".xlsx", ".txt"])
def test_every_format_gives_every_row_in_order(tmp_path: Path, suffix: str) -> None:
    found = open_rows(written(tmp_path, suffix))
    assert found.column == ("" if suffix == ".txt" else "详细地址")
    assert found.total == (6 if suffix in {".parquet", ".xlsx"} else None)
    assert list(found.rows) == [Row(number, text) for number, text in enumerate(TEXTS, start=1)]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".xlsx"])
def test_columns_of_the_input_are_kept(tmp_path: Path, suffix: str) -> None:
    found = rows(written(tmp_path, suffix), keep=("编号",))
    assert [row.kept for row in found] == [(str(number),) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        (["地址", "详细地址"], "详细地址"), (["FULL_ADDR", "X"], "FULL_ADDR"), (["Full Address", "x"], "Full Address"),
        (["id", "Address "], "Address "), (["id", "企业注册地址"], "企业注册地址"), (["whatever"], "whatever"),
    ],
)  # fmt: skip
def test_the_column_is_found_by_its_name(header: list[str], column: str) -> None:
    assert address_column(header, None) == column


@pytest.mark.parametrize(
    ("header", "asked"), [(["a", "b"], None), (["a", "家庭地址", "单位地址"], None), (["a", "地址"], "住址")]
)
def test_a_column_that_is_not_there_lists_those_that_are(header: list[str], asked: str | None) -> None:
    with pytest.raises(RuleBroken) as refused:
        address_column(header, asked)
    assert refused.value.code == "column-missing"
    assert "、".join(header) in refused.value.detail
    assert refused.value.facts == {"field": "column"}


def test_a_column_may_be_asked_for_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Place,地址\n中山路,x\n", encoding="utf-8")
    assert rows(path, "place") == [Row(1, "中山路")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_read_and_told(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text("地址,id\n中山路12号,1\n", encoding=encoding)
    found = open_rows(path)
    assert list(found.rows) == [Row(1, "中山路12号")]
    assert (found.remark is None) == encoding.startswith("utf-8")


def test_broken_rows_come_out_with_their_fault(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = [
        "id,地址",
        "1,好路1号",
        "2",
        "3,中山路,12号",
        '4,"引号',
        "5,好路2号",
        "",
        "6,好路3号,",
        '7,"两\n行"',
        '8,"a""b"',
        '9,"两""号',
        '10,"丙"丁',
    ]
    path.write_text("\r\n".join(lines), encoding="utf-8", newline="")
    assert rows(path) == [
        Row(1, "好路1号"), Row(2, "2", (), "应有 2 列，实有 1 列"), Row(3, "3,中山路,12号", (), "应有 2 列，实有 3 列"),
        Row(4, '4,"引号', (), "引号没有闭合"), Row(5, "好路2号"), Row(6, ""), Row(7, "好路3号"), Row(8, "两\n行"),
        Row(9, 'a"b'), Row(10, '9,"两""号', (), "引号没有闭合"), Row(11, "丙丁"),
    ]  # fmt: skip


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = ["id,地址", *(f"{n},路{n}号" for n in range(1, 500))]
    lines[10] = '10,"路10号'
    path.write_text("\n".join(lines), encoding="utf-8")
    found = rows(path)
    assert [row.number for row in found if row.fault] == [10]
    assert [row.text for row in found[10:]] == [f"路{n}号" for n in range(11, 500)]


def test_a_line_without_end_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("id,地址\n1,a\n2," + "路" * 3_000_000 + "\n3,b\n", encoding="utf-8")
    found = rows(path)
    assert [(row.number, row.text[:1]) for row in found] == [(1, "a"), (2, "2"), (3, "b")]
    assert "field larger than field limit" in found[1].fault


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("中山路1号\n".encode() * 40 + b"\xff\xfe\n" + "人民路".encode())
    assert [row.text for row in rows(path)][-2:] == ["\ufffd\ufffd", "人民路"]


def test_numbers_of_a_sheet_are_texts_and_its_empty_end_is_no_row(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["地址", "n"], [12.0, "x"], [None, None], ["路", None], [None, None], ["", ""]):
        sheet.append(row)
    book.save(tmp_path / "list.xlsx")
    assert [row.text for row in rows(tmp_path / "list.xlsx")] == ["12", "", "路"]


def test_parquet_of_other_types_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    pd.DataFrame({"address": pd.Categorical(["a", None, "b"]), "n": [1, 2, 3]}).to_parquet(path)
    assert [row.text for row in rows(path, keep=("n",))] == ["a", "", "b"]
    assert [row.kept for row in rows(path, keep=("n",))] == [("1",), ("2",), ("3",)]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", b"x", "format-unknown"), ("a.xlsx", b"x", "file-unreadable"), ("a.xls", b"x", "file-unreadable"),
        ("a.parquet", b"x", "file-unreadable"), ("a.csv", b"\xff\x80" * 99, "encoding-unknown"), ("a.csv", b"", "file-empty"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RuleBroken) as refused:
        open_rows(tmp_path / name)
    assert refused.value.code == code


def test_a_text_file_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("路")
    with pytest.raises(RuleBroken, match="每行一个地址"):
        open_rows(tmp_path / "a.txt", "地址")
