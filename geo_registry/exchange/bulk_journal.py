"""The journal of a long run: how far its result has come, so that the same command goes on after a crash.

While a run lasts, its result grows in `OUT.part`, and `OUT.journal` tells how many rows and bytes of it hold.
Bytes behind that are of a step that a crash cut off, and are written anew. Only a complete result
gets its own name.
"""

import fcntl
import hashlib
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import orjson

from geo_registry.errors import Conflict

Terms = dict[str, str]
"""What a result depends on: the fingerprint of the input, the options, the versions of what reads it."""


@dataclass(frozen=True, slots=True)
class State:
    """How far a run has come: rows done, bytes of the result that hold, rows by their class."""

    terms: Terms
    rows: int = 0
    size: int = 0
    counts: Counter[str] = field(default_factory=Counter)


def files_of(output: Path) -> tuple[Path, Path, Path]:
    """Return the files of a run: its result, the result while it grows, and the journal."""
    return output, output.with_name(f"{output.name}.part"), output.with_name(f"{output.name}.journal")


class Draft:
    """The unfinished result of one run, and its journal; no two runs write the same one."""

    def __init__(self, output: Path, terms: Terms, *, restart: bool) -> None:
        """Open the draft of an output, where an earlier run left it.

        Raises:
            Conflict: `output-in-use`; `journal-differs` when what an earlier run left is of other terms.

        """
        self.output = output
        _, self._part, self._journal = files_of(output)
        self._file = self._locked()
        try:
            self.state = self._found(terms, restart=restart)
            self._file.truncate(self.state.size)
            self._file.seek(self.state.size)
            self.keep()
        except BaseException:
            self._file.close()
            raise

    def write(self, content: bytes, counts: Counter[str]) -> None:
        """Add lines to the result; they hold once `keep` is called."""
        self._file.write(content)
        now = self.state
        # In one step: an interrupt leaves the old state or the new one.
        self.state = State(now.terms, now.rows + counts.total(), now.size + len(content), now.counts + counts)

    def keep(self) -> None:
        """Let everything written so far outlast a crash."""
        self._file.flush()
        os.fsync(self._file.fileno())
        draft = self._journal.with_name(f"{self._journal.name}.new")
        with draft.open("wb") as file:
            file.write(orjson.dumps(self.state, option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._journal)

    def close(self) -> None:
        """Let go of the draft; what holds stays for the next run."""
        self._file.close()

    def complete(self) -> None:
        """Give the finished result its own name, and forget the journal."""
        self.keep()
        self._part.replace(self.output)
        self._journal.unlink()
        self.close()

    def _locked(self) -> BinaryIO:
        file = os.fdopen(os.open(self._part, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between the two calls another run may have finished and given the file its own name.
            is_free = self._part.exists() and self._part.stat().st_ino == os.fstat(file.fileno()).st_ino
        except BlockingIOError:
            is_free = False
        if not is_free:
            file.close()
            raise Conflict(
                "output-in-use", f"另一个进程正在写 {self.output.name}，请等它结束，或另选输出文件"
            )
        return file

    def _found(self, terms: Terms, *, restart: bool) -> State:
        """Return where an earlier run of the same terms stopped, the beginning when there was none."""
        if restart or not self._journal.exists():
            return State(terms)
        try:
            found = _state(**orjson.loads(self._journal.read_bytes()))
            differing = [name for name, value in terms.items() if found.terms.get(name) != value]
            is_whole = self._size() >= found.size
        except (ValueError, TypeError, AttributeError):
            differing, is_whole = ["journal"], False
        if differing or not is_whole:
            what = "、".join(differing) or "size"
            raise Conflict(
                "journal-differs",
                f"{self._part.name} 是另一次未完成的处理留下的（不同之处：{what}）。"
                "用原来的文件和选项再运行可以接着处理；加 --restart 则丢弃它，从头开始",
            )
        return found

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size


def _state(terms: Terms, rows: int, size: int, counts: dict[str, int]) -> State:
    return State(terms, rows, size, Counter(counts))


def fingerprint(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file in hexadecimal digits, and its number of lines."""
    digest, lines, last = hashlib.sha256(), 0, b"\n"
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            lines += piece.count(b"\n")
            last = piece[-1:]
    return digest.hexdigest(), lines + (last != b"\n")
