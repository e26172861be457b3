import csv
import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from geo_registry.address.matching import Candidate, Match
from geo_registry.errors import Conflict, RegistryError, RuleBroken, Unavailable
from geo_registry.exchange import bulk
from geo_registry.exchange.bulk import Job, Work, run
from geo_registry.exchange.bulk_journal import Draft, fingerprint
from geo_registry.exchange.bulk_lines import COLUMNS, match_head, matched, standardized
from geo_registry.exchange.bulk_read import Row, open_rows
from tests.exchange import bulk_fake

ID = UUID(int=1)


def lines_of(path: Path, count: int, text: str = "{n}：中山路{n}号") -> Path:
    path.write_text("".join(f"{text.format(n=n)}\n" for n in range(1, count + 1)), encoding="utf-8")
    return path


def job(path: Path, output: Path, *, workers: int = 1, restart: bool = False, **terms: str) -> Job:
    return Job(
        path,
        output,
        open_rows(path),
        bulk_fake.make,
        terms=tuple(terms.items()),
        workers=workers,
        restart=restart,
    )


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_row_has_its_line_in_order(tmp_path: Path, workers: int) -> None:
    path, output = lines_of(tmp_path / "in.txt", 3210), tmp_path / "out.jsonl"
    summary = run(job(path, output, workers=workers))
    assert [one["input"] for one in read(output)] == path.read_text(encoding="utf-8").splitlines()
    assert (summary.rows, summary.before, summary.counts) == (3210, 0, {"1.00": 3210})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.txt", "out.jsonl"]


def test_a_line_is_the_reading_as_json(tmp_path: Path) -> None:
    path, output = lines_of(tmp_path / "in.txt", 1, "中山路12号"), tmp_path / "out.jsonl"
    run(job(path, output))
    assert read(output) == [
        {
            "input": "中山路12号", "standard": "中山路12号", "confidence": 1.0,
            "parts": [{"kind": "street", "text": "中山路", "value": "中山路", "start": 0, "end": 3, "rule": "fake"}],
            "inferred": [], "notes": [],
        }
    ]  # fmt: skip


@pytest.mark.parametrize("workers", [1, 2])
def test_no_row_stops_the_run(tmp_path: Path, workers: int) -> None:
    path, output = tmp_path / "in.csv", tmp_path / "out.jsonl"
    texts = ["好路", "", " ", "路" * 501, "路" * 500, "炸路", "坏\ufffd路", "街"]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["地址", "n"], *([text, "1"] for text in texts), ["a", "b", "c"]])
    summary = run(job(path, output, workers=workers))
    found = read(output)
    assert [one["input"] for one in found] == [*texts, "a,b,c"]
    assert summary.counts == {
        "1.00": 3, "0.50-0.69": 1, "empty": 2, "too long": 1, "failed": 1, "broken": 1
    }  # fmt: skip
    assert [one["notes"] for one in found] == [
        [], ["这一格是空的"], ["这一格是空的"], ["超过 500 个字符，未读"], [], ["处理这一行时出错（ZeroDivisionError）"],
        ["有无法解码的字节，以 \ufffd 代替"], [], ["不是表格中的一行，未读：应有 2 列，实有 3 列"],
    ]  # fmt: skip


def stopped_after(chunks: int) -> Work:
    left = iter(range(chunks))

    def work(rows: "list[Row]") -> bulk.Done:
        if next(left, None) is None:
            raise Unavailable("busy", "系统繁忙")
        return bulk_fake.make()(rows)

    return work  # type: ignore[return-value]


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path, output = lines_of(tmp_path / "in.txt", 2000), tmp_path / "out.jsonl"
    whole = tmp_path / "whole.jsonl"
    run(job(path, whole))
    with pytest.raises(Unavailable):
        run(Job(path, output, open_rows(path), partial(stopped_after, 2)))
    assert not output.exists()
    journal = orjson.loads((tmp_path / "out.jsonl.journal").read_bytes())
    assert (journal["rows"], journal["counts"]) == (1000, {"1.00": 1000})
    # What a crash cut off behind the journal is written anew.
    with (tmp_path / "out.jsonl.part").open("ab") as file:
        file.write(b'{"input": "half')
    summary = run(job(path, output))
    assert (summary.rows, summary.before, summary.counts) == (2000, 1000, {"1.00": 2000})
    assert output.read_bytes() == whole.read_bytes()


def test_the_head_stands_once(tmp_path: Path) -> None:
    path, output = lines_of(tmp_path / "in.txt", 600), tmp_path / "out.csv"
    for chunks in (0, 1, 9):
        with pytest.raises(Unavailable) if chunks < 2 else pytest.MonkeyPatch.context():
            run(Job(path, output, open_rows(path), partial(stopped_after, chunks), head=b"head\n"))
    assert output.read_bytes().count(b"head\n") == 1
    assert output.read_bytes().count(b"\n") == 601


@pytest.mark.parametrize("change", ["input", "profile", "journal", "size"])
def test_an_unfinished_run_of_other_terms_is_refused_unless_restarted(tmp_path: Path, change: str) -> None:
    path, output = lines_of(tmp_path / "in.txt", 2000), tmp_path / "out.jsonl"
    with pytest.raises(Unavailable):
        run(Job(path, output, open_rows(path), partial(stopped_after, 2), terms=(("profile", "shanghai"),)))
    if change == "input":
        lines_of(path, 2001)
    elif change == "journal":
        (tmp_path / "out.jsonl.journal").write_text("{")
    elif change == "size":
        (tmp_path / "out.jsonl.part").write_bytes(b"")
    profile = "village" if change == "profile" else "shanghai"
    with pytest.raises(Conflict) as refused:
        run(job(path, output, profile=profile))
    assert refused.value.code == "journal-differs"
    assert f"不同之处：{change}" in refused.value.detail
    assert "--restart" in refused.value.detail
    assert not output.exists()
    assert run(job(path, output, restart=True, profile=profile)).before == 0
    assert len(read(output)) == 2000 + (change == "input")


def test_two_runs_do_not_write_one_result(tmp_path: Path) -> None:
    path, output = lines_of(tmp_path / "in.txt", 10), tmp_path / "out.jsonl"
    draft = Draft(output, {}, restart=False)
    with pytest.raises(Conflict) as refused:
        run(job(path, output))
    assert refused.value.code == "output-in-use"
    draft.close()
    assert run(job(path, output, restart=True)).rows == 10


@pytest.mark.parametrize("name", ["out", "out.part", "out.journal"])
def test_the_input_is_never_the_output(tmp_path: Path, name: str) -> None:
    path = lines_of(tmp_path / "in.txt", 10)
    (tmp_path / name).symlink_to(path)
    before = path.read_bytes()
    with pytest.raises(RuleBroken) as refused:
        run(job(path, tmp_path / "out"))
    assert refused.value.code == "output-is-input"
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = lines_of(tmp_path / "in.txt", 10)
    with pytest.raises(RuleBroken, match="没有文件夹") as refused:
        run(job(path, tmp_path / "nowhere" / "out"))
    assert refused.value.code == "output-folder-missing"


def test_a_full_disk_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, output, room = lines_of(tmp_path / "in.txt", 3210), tmp_path / "out.jsonl", [2]
    write = Draft.write

    def _write(self: Draft, content: bytes, counts: Counter[str]) -> None:
        room[0] -= bool(content)
        if room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, content, counts)

    monkeypatch.setattr(Draft, "write", _write)
    with pytest.raises(OSError, match="space"):
        run(job(path, output))
    monkeypatch.undo()
    summary = run(job(path, output))
    assert summary.before == 2 * bulk.CHUNK
    assert [one["input"] for one in read(output)] == path.read_text(encoding="utf-8").splitlines()


def test_an_input_changed_meanwhile_gives_no_result(tmp_path: Path) -> None:
    path, output = lines_of(tmp_path / "in.txt", 10), tmp_path / "out.jsonl"

    def change() -> Work:
        os.utime(path, (1, 1))
        return bulk_fake.make()

    with pytest.raises(Conflict) as refused:
        run(Job(path, output, open_rows(path), change))
    assert refused.value.code == "input-changed"
    assert not output.exists()


def test_an_error_of_a_worker_reaches_the_caller(tmp_path: Path) -> None:
    path, output = lines_of(tmp_path / "in.txt", 10), tmp_path / "out.jsonl"
    with pytest.raises(RegistryError) as refused:
        run(Job(path, output, open_rows(path), bulk_fake.refuse, workers=2))
    assert (refused.value.code, refused.value.facts) == ("profile-missing", {"field": "profile"})
    with pytest.raises(Unavailable) as lost:
        run(Job(path, output, open_rows(path), bulk_fake.end, workers=2))
    assert lost.value.code == "worker-lost"
    assert run(job(path, output, workers=2)).rows == 10


def test_lines_of_a_file_are_counted_with_its_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    for content, lines in ((b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2)):
        path.write_bytes(content)
        assert fingerprint(path)[1] == lines


def started(path: Path, output: Path, workers: int, seconds: float = 0.0) -> "subprocess.Popen[str]":
    command = [
        sys.executable,
        "-m",
        "tests.exchange.bulk_fake",
        str(path),
        str(output),
        str(workers),
        str(seconds),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def workers_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in children.split()]


def rows_kept(output: Path) -> int:
    journal = output.with_name(f"{output.name}.journal")
    return int(orjson.loads(journal.read_bytes())["rows"]) if journal.exists() else 0


def is_over(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    assert is_so()


def test_killed_at_random_the_result_is_the_same(tmp_path: Path) -> None:
    path, output = lines_of(tmp_path / "in.txt", 10_000), tmp_path / "out.jsonl"
    whole = tmp_path / "whole.jsonl"
    run(job(path, whole))
    chance = random.Random(4)
    for workers in (1, 2):
        before = rows_kept(output)
        with started(path, output, workers, 0.15) as process:
            wait_until(lambda: rows_kept(output) > before, 60)  # noqa: B023 - called in this round
            time.sleep(0.3 * chance.random())
            children = workers_of(process.pid)
            process.send_signal(signal.SIGKILL)
        assert not output.exists()
        # Workers end with their parent.
        wait_until(lambda: is_over(children), 20)  # noqa: B023 - called in this round
    kept = rows_kept(output)
    with started(path, output, 2) as process:
        assert [int(one) for one in process.communicate()[0].split()][:2] == [10_000, kept]
    assert output.read_bytes() == whole.read_bytes()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    peaks = []
    for count in (20_000, 200_000):
        path = lines_of(tmp_path / f"{count}.txt", count)
        with started(path, tmp_path / f"{count}.jsonl", 1) as process:
            rows, _, peak = map(int, process.communicate()[0].split())
        assert rows == count
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 20 * 1024  # kilobytes


def match(grade: str, *candidates: Candidate, reasons: tuple[str, ...] = ()) -> Match:
    best = candidates[0] if grade in {"A", "B"} else None
    return Match(bulk_fake.reading("光明路18号"), grade, best, candidates, reasons)  # type: ignore[arg-type]


def candidate(number: int) -> Candidate:
    return Candidate(
        "address",
        ID,
        f"C{number}",
        f"光明路{number}号",
        "current",
        1 - number / 100,
        ("同音字",),
        121.5,
        -3.25,
    )


def cells_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_match_is_a_row_with_its_best_and_its_candidates() -> None:
    answers = {
        "光明路18号": match("A", candidate(1)),
        "光明": match("C", *map(candidate, range(1, 6)), reasons=("不止一处", "不止一处")),
    }
    rows = [
        Row(1, "光明路18号", ("=1",)),
        Row(2, "光明", ("@x",)),
        Row(3, "", ("b",)),
        Row(4, "坏路\ufffd", ("c",)),
    ]
    answers["坏路\ufffd"] = match("none", reasons=("没有",))
    done = matched(rows, ask=lambda texts: [answers[text] for text in texts])
    first, second, empty, bad = cells_of(match_head(["=kept"]) + done.content)
    assert list(first) == [*COLUMNS, "'=kept"]
    assert {name: value for name, value in first.items() if value} == {
        "row": "1", "input": "光明路18号", "grade": "A", "code": "C1", "standard": "光明路1号", "kind": "address",
        "score": "0.99", "lon": "121.5", "lat": "-3.25", "reasons": "同音字", "read_as": "光明路18号",
        "candidate_1": "光明路1号", "candidate_1_code": "C1", "candidate_1_score": "0.99", "'=kept": "'=1",
    }  # fmt: skip
    assert (second["grade"], second["code"], second["reasons"]) == ("C", "", "不止一处")
    assert [second[f"candidate_{n}_code"] for n in (1, 2, 3)] == ["C1", "C2", "C3"]
    assert (empty["grade"], empty["reasons"], empty["'=kept"]) == ("none", "这一格是空的", "b")
    assert bad["reasons"] == "没有；有无法解码的字节，以 \ufffd 代替"
    assert done.counts == {"A": 1, "C": 1, "none": 1, "empty": 1}


@pytest.mark.parametrize(
    "text", ["=1+1", "+86", "-1号", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＋86", "－1号", "＠x"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    done = matched([Row(1, text)], ask=lambda _: [match("none")])
    assert cells_of(match_head([]) + done.content)[0]["input"] == f"'{text}"


def test_half_a_pair_of_surrogates_does_not_stop_a_line() -> None:
    from geo_registry.exchange.bulk_read import sound

    done = standardized([Row(1, sound("路\ud800"))], ask=bulk_fake.read_many)
    assert orjson.loads(done.content)["input"] == "路\ufffd"


def test_a_database_that_is_away_stops_the_run_rather_than_fail_each_row() -> None:
    def away(_: object) -> list[Match]:
        raise Unavailable("busy", "系统繁忙")

    with pytest.raises(Unavailable):
        matched([Row(1, "光明路"), Row(2, "中山路")], ask=away)
