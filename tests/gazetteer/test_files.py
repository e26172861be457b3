"""The compiled table: written whole or not at all, mapped quickly, its faults explained."""

import json
import lzma
import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geo_registry.cli import app
from geo_registry.errors import RuleBroken
from geo_registry.gazetteer.compiling import division_gazetteer
from geo_registry.gazetteer.divisions import read_divisions
from geo_registry.gazetteer.files import compile_folder, load_compiled, place_of_gazetteer, read_stamp
from geo_registry.gazetteer.former import read_former
from geo_registry.gazetteer.table import Gazetteer
from geo_registry.settings import settings

DATA = os.environ.get("GEO_REGISTRY_DATA")
PROVINCES = "code,name\n33,浙江省\n"
AREAS = 'code,name,extra\n330114,"钱塘区",3301\n330102,上城区,3301\n3301,杭州市,33\n'
VILLAGES = "code,name\n330102012,九堡街道\n330102012001,杨公社区居委会\n"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "provinces.csv").write_text(PROVINCES, encoding="utf-8")
    (folder / "areas.csv").write_text("\ufeff" + AREAS, encoding="utf-8")
    (folder / "villages.csv.xz").write_bytes(lzma.compress(VILLAGES.encode()))
    return folder


def _loaded(home: Path) -> Gazetteer:
    table = load_compiled(home)
    assert table is not None
    return table


def test_what_is_compiled_is_what_is_read(lists: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    stamp = compile_folder(lists, tmp_path, lambda stage, _done, _total: stages.append(stage))
    assert list(dict.fromkeys(stages)) == ["reading", "spelling", "writing"]
    assert stamp == read_stamp(tmp_path)
    assert set(stamp.sources) == {"areas.csv", "provinces.csv", "villages.csv.xz"}
    here, there = division_gazetteer(read_divisions(lists), read_former()), _loaded(tmp_path)
    text = "浙江省杭州市江干区九堡镇杨公社区"
    assert there.find(text) == here.find(text) != []
    assert len(there) == len(here)
    assert there.spellings == here.spellings == stamp.spellings
    for place in range(len(here)):
        assert there.name(place) == here.name(place)
        assert there.code(place) == here.code(place)
        assert there.level(place) == here.level(place)
        assert there.ancestors(place) == here.ancestors(place)
        assert there.successors(place) == here.successors(place)
        assert [there.is_within(place, one) for one in range(len(here))] == [
            here.is_within(place, one) for one in range(len(here))
        ]
    assert there.key(0) is None


def test_nothing_loaded_is_no_table(tmp_path: Path) -> None:
    assert load_compiled(tmp_path) is None
    assert read_stamp(tmp_path) is None


def test_a_table_in_use_stays_while_a_new_one_takes_its_place(lists: Path, tmp_path: Path) -> None:
    first = compile_folder(lists, tmp_path)
    table = _loaded(tmp_path)
    (lists / "more.csv").write_text("code,name\n330106,西湖区\n", encoding="utf-8")
    second = compile_folder(lists, tmp_path)
    assert table.find("杭州市")
    assert table.meanings("西湖区") == ()
    assert _loaded(tmp_path).meanings("西湖区")
    folders = {path.name for path in place_of_gazetteer(tmp_path).parent.iterdir()}
    assert folders == {"current.json", second.folder}
    assert first.folder != second.folder


@pytest.mark.parametrize(
    ("file", "content", "code", "told"),
    [
        ("areas.csv", b"code,title\n33,x\n", "gazetteer-file", ("areas.csv", "第 1 行", "name")),
        ("areas.csv", "code,name\n3301,杭州市\n33x2,某区\n".encode(), "gazetteer-row", ("areas.csv", "第 3 行", "33x2")),
        ("areas.csv", "code,name\n330,杭州市\n".encode(), "gazetteer-row", ("第 2 行", "330")),
        ("areas.csv", b"code,name\n3301,\n", "gazetteer-row", ("areas.csv", "第 2 行", "名称为空")),
        ("areas.csv", "code,name\n3301,杭州市\n".encode("gb18030"), "gazetteer-file", ("areas.csv", "UTF-8")),
        ("villages.csv.xz", b"no archive", "gazetteer-file", ("villages.csv.xz",)),
        ("provinces.csv", b"code,name\n", "gazetteer-folder", ("provinces.csv",)),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_with_its_row(
    lists: Path, tmp_path: Path, file: str, content: bytes, code: str, told: tuple[str, ...]
) -> None:
    (lists / file).write_bytes(content)
    with pytest.raises(RuleBroken) as refused:
        compile_folder(lists, tmp_path)
    assert refused.value.code == code
    assert [word for word in told if word not in str(refused.value)] == []
    assert load_compiled(tmp_path) is None


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RuleBroken) as refused:
        compile_folder(tmp_path / "empty", tmp_path)
    assert refused.value.code == "gazetteer-folder"


@pytest.mark.parametrize("name", ["spellings.marisa", "names", "meanings", "former.json", "levels"])
@pytest.mark.parametrize("harm", ["shorten", "remove", "empty"])
def test_a_damaged_table_asks_to_be_loaded_again(lists: Path, tmp_path: Path, name: str, harm: str) -> None:
    stamp = compile_folder(lists, tmp_path)
    file = place_of_gazetteer(tmp_path).parent / stamp.folder / name
    if harm == "remove":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-3] if harm == "shorten" else b"")
    with pytest.raises(RuleBroken) as refused:
        load_compiled(tmp_path)
    assert refused.value.code == "gazetteer-damaged"
    assert "gazetteer load" in str(refused.value)


def test_a_changed_byte_in_the_spellings_is_seen(lists: Path, tmp_path: Path) -> None:
    stamp = compile_folder(lists, tmp_path)
    file = place_of_gazetteer(tmp_path).parent / stamp.folder / "spellings.marisa"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(RuleBroken):
        load_compiled(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", "no json", "\udcff"])
def test_a_damaged_stamp_asks_to_be_loaded_again(lists: Path, tmp_path: Path, content: str) -> None:
    compile_folder(lists, tmp_path)
    place_of_gazetteer(tmp_path).write_bytes(os.fsencode(content))
    with pytest.raises(RuleBroken) as refused:
        load_compiled(tmp_path)
    assert refused.value.code == "gazetteer-damaged"


def test_a_table_of_another_version_asks_to_be_loaded_again(lists: Path, tmp_path: Path) -> None:
    compile_folder(lists, tmp_path)
    path = place_of_gazetteer(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 0}))
    with pytest.raises(RuleBroken) as refused:
        load_compiled(tmp_path)
    assert refused.value.code == "gazetteer-outdated"


def test_the_command_loads_and_shows(lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEO_REGISTRY_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    try:
        runner = CliRunner()
        missing = runner.invoke(app, ["gazetteer", "show"])
        assert missing.exit_code == 1
        assert "gazetteer load" in missing.output
        done = runner.invoke(app, ["gazetteer", "load", str(lists)])
        assert done.exit_code == 0, done.output
        shown = runner.invoke(app, ["gazetteer", "show"])
        assert shown.exit_code == 0
        assert "community" in shown.output
        assert "villages.csv.xz" in shown.output
        (lists / "areas.csv").write_text("code,name\nx,y\n", encoding="utf-8")
        refused = runner.invoke(app, ["gazetteer", "load", str(lists)])
        assert refused.exit_code == 1
        assert "areas.csv" in refused.output
        assert "Traceback" not in refused.output
        assert load_compiled(tmp_path / "home") is not None, "what was loaded stays"
    finally:
        settings.cache_clear()


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="GEO_REGISTRY_DATA names no folder of real data")
def test_the_national_lists_load_fast_and_hold_every_former_division(tmp_path: Path) -> None:
    stamp = compile_folder(Path(DATA or "") / "divisions", tmp_path)
    assert stamp.unknown_former == []
    assert stamp.levels["community"] > 600_000
    start = time.perf_counter()
    table = _loaded(tmp_path)
    assert time.perf_counter() - start < 0.1
    text = "浙江省杭州市余杭区五常街道文一西路969号"
    table.find(text)
    start = time.perf_counter()
    for _ in range(1000):
        table.find(text)
    assert (time.perf_counter() - start) / 1000 < 0.0002
