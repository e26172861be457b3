"""Keep a compiled gazetteer in a folder that processes map into memory and share.

`<home>/gazetteer/current.json` names the folder in force with the sources it was made of. A new one is
written beside it and takes its place by one rename; a process that still reads the old one keeps its files.
"""

import datetime as dt
import hashlib
import json
import mmap
import secrets
import shutil
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, overload

import marisa_trie

from geo_registry.errors import RuleBroken
from geo_registry.gazetteer import divisions, former
from geo_registry.gazetteer.compiling import division_table
from geo_registry.gazetteer.table import LEVELS, Gazetteer, Index, Places, Spelled, index_of

FORMAT: Final = 1
"""Raised whenever the files or the spellings change: what an older version compiled is compiled again."""
_NUMBERS: Final = {
    "codes": "Q", "levels": "B", "parents": "i", "ends": "I", "name_ends": "I", "first": "I", "meanings": "I",
}  # fmt: skip
_TEXTS: Final = ("names", "starts")
_TRIE: Final = "spellings.marisa"

Progress = Callable[[str, int, int | None], None]
"""Told the stage, how much is done and how much there is, if known."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is compiled: when, of which files, how many places of each level and how many spellings."""

    folder: str
    format: int
    made: str
    sources: dict[str, str]
    levels: dict[str, int]
    spellings: int
    former: int
    checks: dict[str, list[int]]
    unknown_former: list[str]


def place_of_gazetteer(home: Path) -> Path:
    """Return the file that names the compiled gazetteer of an installation."""
    return home / "gazetteer" / "current.json"


def compile_folder(folder: Path, home: Path, progress: Progress = lambda *_: None) -> Stamp:
    """Compile the division lists of a folder for an installation; what was there stays until all is written.

    Raises:
        RuleBroken: `gazetteer-folder`, `gazetteer-file`, `gazetteer-row`.

    """
    names = divisions.read_divisions(folder, lambda done: progress("reading", done, None))
    rows = former.read_former()
    places, unknown, found = division_table(names, rows)
    total = len(places.parents)

    def counted() -> Iterator[Spelled]:
        for number, one in enumerate(found):
            if number % 100_000 == 0:
                progress("spelling", min(one[1], total), total)
            yield one

    index = index_of(counted())
    progress("writing", 0, 1)
    stamp = _write(place_of_gazetteer(home).parent, folder, places, index, [row.name for row in unknown])
    progress("writing", 1, 1)
    return stamp


def read_stamp(home: Path) -> Stamp | None:
    """Return what is compiled, None when nothing is.

    Raises:
        RuleBroken: `gazetteer-damaged`, `gazetteer-outdated`.

    """
    try:
        content = json.loads(place_of_gazetteer(home).read_bytes())
        stamp = Stamp(**content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise _damaged("current.json") from error
    if stamp.format != FORMAT:
        raise RuleBroken(
            "gazetteer-outdated", "行政区划名录由其他版本编译，请重新执行 geo-registry gazetteer load 目录"
        )
    return stamp


def load_compiled(home: Path) -> Gazetteer | None:
    """Map the compiled gazetteer of an installation into memory, None when there is none.

    Raises:
        RuleBroken: `gazetteer-damaged`, `gazetteer-outdated`.

    """
    stamp = read_stamp(home)
    if stamp is None:
        return None
    folder = place_of_gazetteer(home).parent / stamp.folder
    try:
        return _loaded(folder, stamp)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise _damaged(folder.name) from error


def _loaded(folder: Path, stamp: Stamp) -> Gazetteer:
    size, checksum = stamp.checks[_TRIE]
    _check((folder / _TRIE).read_bytes(), size, checksum)
    trie = marisa_trie.Trie().mmap(str(folder / _TRIE))
    numbers = {}
    for name, kind in _NUMBERS.items():
        numbers[name] = _mapped(folder / name, stamp.checks[name][0]).cast(kind)  # type: ignore[call-overload]
    texts = {name: _mapped(folder / name, stamp.checks[name][0]) for name in _TEXTS}
    further = json.loads((folder / "former.json").read_bytes())
    places = Places(
        names=_Names(texts["names"], numbers["name_ends"]),
        codes=_Codes(numbers["codes"]),
        levels=numbers["levels"],
        parents=numbers["parents"],
        ends=numbers["ends"],
        reach={int(place): tuple((a, b) for a, b in found) for place, found in further["reach"].items()},
        successors={int(place): tuple(found) for place, found in further["successors"].items()},
    )
    starts = frozenset(str(texts["starts"], "utf-8"))
    return Gazetteer(places, Index(trie, numbers["first"], numbers["meanings"], starts))


def _damaged(name: str) -> RuleBroken:
    return RuleBroken(
        "gazetteer-damaged", f"行政区划名录文件损坏（{name}），请重新执行 geo-registry gazetteer load 目录"
    )


def _mapped(path: Path, size: int) -> memoryview:
    with path.open("rb") as file:
        found = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    if len(found) != size:
        msg = f"{path.name} has {len(found)} bytes instead of {size}"
        raise ValueError(msg)
    return found


def _check(content: bytes, size: int, checksum: int) -> None:
    if len(content) != size or zlib.crc32(content) != checksum:
        msg = "content and checksum disagree"
        raise ValueError(msg)


def _write(above: Path, source: Path, places: Places, index: Index, unknown: list[str]) -> Stamp:
    above.mkdir(parents=True, exist_ok=True)
    made = dt.datetime.now(dt.UTC)
    draft = above / f"{made:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    draft.mkdir()
    contents = _contents(places, index)
    for name, content in contents.items():
        (draft / name).write_bytes(content)
    counts = [0] * len(LEVELS)
    for level in places.levels:
        counts[level] += 1
    stamp = Stamp(
        folder=draft.name,
        format=FORMAT,
        made=made.isoformat(timespec="seconds"),
        sources={file.name: _sha256(file) for file in divisions.sources(source)},
        levels={name: count for name, count in zip(LEVELS, counts, strict=True) if count},
        spellings=len(index.first) - 1,
        former=len(places.successors),
        checks={name: [len(content), zlib.crc32(content)] for name, content in contents.items()},
        unknown_former=unknown,
    )
    _put_in_force(above, stamp)
    return stamp


def _put_in_force(above: Path, stamp: Stamp) -> None:
    draft = above / f".{stamp.folder}.json"
    draft.write_text(json.dumps({name: getattr(stamp, name) for name in Stamp.__slots__}, ensure_ascii=False))
    draft.replace(above / "current.json")
    for old in above.iterdir():
        if old.is_dir() and old.name != stamp.folder:
            shutil.rmtree(old, ignore_errors=True)


def _contents(places: Places, index: Index) -> dict[str, bytes]:
    names, ends, end = [name.encode() for name in places.names], array("I"), 0
    for name in names:
        end += len(name)
        ends.append(end)
    further = {
        "reach": {str(place): found for place, found in places.reach.items()},
        "successors": {str(place): found for place, found in places.successors.items()},
    }
    return {
        _TRIE: index.trie.tobytes(),
        "names": b"".join(names),
        "name_ends": ends.tobytes(),
        "codes": array("Q", (int(code or 0) for code in places.codes)).tobytes(),
        "levels": bytes(places.levels),
        "parents": bytes(places.parents),
        "ends": bytes(places.ends),
        "first": bytes(index.first),
        "meanings": bytes(index.meanings),
        "starts": "".join(sorted(index.starts)).encode(),
        "former.json": json.dumps(further).encode(),
    }


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


class _Column(Sequence[str]):
    """A column of texts read from mapped numbers."""

    def __len__(self) -> int:
        return self._size

    _size: int = 0

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return [self._text(one) for one in range(*place.indices(self._size))]
        return self._text(place)

    def _text(self, place: int) -> str:
        raise IndexError(place)


class _Names(_Column):
    def __init__(self, texts: memoryview, ends: Any) -> None:  # noqa: ANN401  (a view of numbers)
        self._texts, self._ends, self._size = texts, ends, len(ends)

    def _text(self, place: int) -> str:
        return str(self._texts[self._ends[place - 1] if place else 0 : self._ends[place]], "utf-8")


class _Codes(_Column):
    def __init__(self, codes: Any) -> None:  # noqa: ANN401  (a view of numbers)
        self._codes, self._size = codes, len(codes)

    def _text(self, place: int) -> str:
        code = self._codes[place]
        return f"{code:012d}" if code else ""
