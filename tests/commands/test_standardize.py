import csv
import json
import re
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.cli import app
from geo_registry.commands import standardize as command
from geo_registry.errors import Unavailable
from geo_registry.exchange import bulk_work
from geo_registry.exchange.bulk import Done
from geo_registry.exchange.bulk_read import Row
from geo_registry.postgres import ClusterError
from tests.exchange import bulk_fake
from tests.exchange.plate_files import door, load_list, register_villages, write_list
from tests.exchange.test_bulk import stopped_after

runner = CliRunner()
TEXTS = ("柳营路669弄14号1102室", "", "沿山村5组6号", "=1+1")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("编号", "详细地址"), *enumerate(TEXTS, start=1)])
    return path


@pytest.fixture
def without_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> cluster.Urls:
        raise ClusterError("no database yet; start it: geo-registry db start")

    monkeypatch.setattr(cluster, "urls", away)


def asked(*arguments: object) -> tuple[int, str, str]:
    told = runner.invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})
    return told.exit_code, told.stdout, told.stderr


def test_each_address_of_a_file_becomes_a_line(source: Path, tmp_path: Path, without_database: None) -> None:
    output = tmp_path / "out.jsonl"
    code, shown, said = asked("standardize", source, "-o", output, "--profile", "shanghai", "--workers", 1)
    assert code == 0, said
    lines = [json.loads(line) for line in output.read_bytes().splitlines()]
    assert [line["input"] for line in lines] == list(TEXTS)
    parts = [(part["kind"], part["text"]) for part in lines[0]["parts"]]
    assert parts[:3] == [("street", "柳营路"), ("lane", "669弄"), ("street_number", "14号")]
    for line in lines:
        assert list(line) == ["input", "standard", "confidence", "parts", "inferred", "notes"]
        for part in line["parts"]:
            assert line["input"][part["start"] : part["end"]] == part["text"]
    assert lines[1]["notes"] == ["这一格是空的"]
    assert "4 rows" in shown
    assert re.search(r"empty +│ +1 │ +25.0", shown)
    assert said == (
        "column 详细地址; profile shanghai, names of the registry: left out (no database answers); processes: 1\n"
    )


def test_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"柳营路{n}弄{n % 9}号\n" for n in range(1300)), encoding="utf-8")
    for workers in (1, 2):
        assert (
            asked("standardize", path, "-o", tmp_path / f"{workers}", "--offline", "--workers", workers)[0]
            == 0
        )
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert (tmp_path / "1").read_bytes().count(b"\n") == 1300


def test_another_encoding_is_told(source: Path, tmp_path: Path) -> None:
    source.write_text(source.read_text(encoding="utf-8-sig"), encoding="gbk")
    code, _, said = asked("standardize", source, "-o", tmp_path / "out.jsonl", "--offline", "--workers", 1)
    assert code == 0
    assert "文件不是 UTF-8 编码，按 GB 18030 读取" in said


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--column", "住址"), 1, "文件没有列 住址；文件的列有：编号、详细地址"),
        (("--profile", "none"), 1, "profile-missing"),
        (("-o", "/nowhere/out"), 1, "没有文件夹 /nowhere"),
        (("-o", "/proc/out"), 1, "what is done is kept"),
        (("--workers", "0"), 2, "--workers"),
    ],
)
def test_what_cannot_be_done_is_said(
    source: Path, tmp_path: Path, options: tuple[str, ...], code: int, sentence: str
) -> None:
    ended, shown, said = asked(
        "standardize", source, "-o", tmp_path / "out", "--offline", "--workers", 1, *options
    )
    assert (ended, shown) == (code, "")
    assert sentence in said
    assert "Traceback" not in said


def test_a_stopped_command_goes_on(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, output = tmp_path / "list.txt", tmp_path / "out.jsonl"
    path.write_text("中山路1号\n" * 1200, encoding="utf-8")
    call = partial(asked, "standardize", path, "-o", output, "--offline", "--workers", 1)
    monkeypatch.setattr(bulk_work, "standardizing", lambda *_: stopped_after(1))
    assert call()[0] == 1
    monkeypatch.setattr(bulk_work, "standardizing", lambda *_: bulk_fake.make())
    code, _, said = call("--profile", "village")
    assert code == 1
    assert "不同之处：profile" in said
    code, shown, _ = call()
    assert code == 0
    assert "700 rows in" in shown
    assert "500 rows were done before" in shown
    assert output.read_bytes().count(b"\n") == 1200


def test_an_interrupt_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, output = tmp_path / "list.txt", tmp_path / "out.jsonl"
    path.write_text("中山路1号\n" * 1200, encoding="utf-8")

    left = iter(range(1))

    def interrupted(rows: list[Row]) -> Done:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return bulk_fake.make()(rows)

    monkeypatch.setattr(bulk_work, "standardizing", lambda *_: interrupted)
    code, _, said = asked("standardize", path, "-o", output, "--offline", "--workers", 1)
    assert code == 130
    assert "the same command goes on from there" in said
    assert json.loads((tmp_path / "out.jsonl.journal").read_bytes())["rows"] == 500


def test_progress_is_told_in_lines_without_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("中山路1号\n" * 1200, encoding="utf-8")
    monkeypatch.setattr(command, "SECONDS_BETWEEN_LINES", 0.0)
    said = asked("standardize", path, "-o", tmp_path / "out", "--offline", "--workers", 1)[2].splitlines()
    told = [
        re.fullmatch(r"([\d,]+) of 1,200 rows, [\d,]+ rows/s(, [\d,]+ s left)?", line) for line in said[1:]
    ]
    assert [one and one[1] for one in told] == ["0", "500", "1,000", "1,200"]


def test_a_match_needs_the_database(source: Path, tmp_path: Path, without_database: None) -> None:
    code, _, said = asked("match", source, "-o", tmp_path / "out.csv")
    assert (code, said) == (1, "no database yet; start it: geo-registry db start\n")
    assert not list(tmp_path.glob("out*"))


def test_a_database_that_goes_away_leaves_what_is_done(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> object:
        raise Unavailable("busy", "系统繁忙")

    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls("x", "x"))
    monkeypatch.setattr(bulk_work, "matching", busy)
    code, _, said = asked("match", source, "-o", tmp_path / "out.csv", "--workers", 1)
    assert code == 1
    assert said.endswith("busy: 系统繁忙; does it run? geo-registry db start\n")
    assert (tmp_path / "out.csv.part").exists()


@pytest.mark.commits
@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_is_matched_to_the_registry(
    committed: Engine, database: cluster.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(cluster, "urls", lambda: database)
    with psycopg.connect(database.owner) as raw:
        register_villages(raw, tmp_path)
        load_list(raw, write_list(tmp_path / "doors.parquet", door("12號"), door("12之1號"), door("14號")))
        raw.execute("UPDATE registry.jurisdiction SET profile = 'road-section'")
    path, output = tmp_path / "list.csv", tmp_path / "out.csv"
    texts = ["中山路12號", "中山路14号", "中山路99號", "", "@x"]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "地址"), *enumerate(texts, start=7)])
    code, shown, said = asked("match", path, "-o", output, "--keep", "id", "--workers", workers)
    assert code == 0, said
    assert output.read_bytes().startswith(b"\xef\xbb\xbfrow,input,grade,")
    with output.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["row"], row["id"]) for row in rows] == [(str(n), str(n + 6)) for n in range(1, 6)]
    assert [row["input"] for row in rows] == ["中山路12號", "中山路14号", "中山路99號", "", "'@x"]
    first = rows[0]
    assert first["grade"] in {"A", "B"}
    assert "中山路12號" in first["standard"]
    assert (float(first["lon"]), float(first["lat"])) == pytest.approx((121.305, 31.005), abs=1e-5)
    assert first["candidate_1_code"] == first["code"] != ""
    assert "中山路14號" in rows[1]["standard"]
    assert rows[2]["grade"] not in {"A", "B"}
    assert [row["grade"] for row in rows[3:]] == ["none", "none"]
    assert "5 rows" in shown


def test_an_unknown_profile_leaves_nothing_behind(
    source: Path, tmp_path: Path, without_database: None
) -> None:
    output = tmp_path / "out.jsonl"
    code, _, said = asked("standardize", source, "-o", output, "--profile", "nowhere")
    assert (code, "profile-missing" in said) == (1, True)
    assert list(tmp_path.iterdir()) == [source]
    assert asked("standardize", source, "-o", output, "--profile", "shanghai", "--workers", 1)[0] == 0
