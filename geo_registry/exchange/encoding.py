"""The encoding of a text file, told from what is in it."""

import codecs
import re
from pathlib import Path
from typing import Final

from geo_registry.errors import RuleBroken

_SAMPLE: Final = 1 << 20
_CODECS: Final = {"utf-8-sig": "UTF-8", "gb18030": "GB 18030", "big5": "Big5"}
_WORST: Final = 0.1
# What cannot be decoded, and the private use area, into which a wrong code page runs all the time.
_STRANGE: Final = re.compile("[\ufffd\ue000-\uf8ff]")


def encoding_of(path: Path) -> str:
    """Return the codec that reads a text file: `utf-8-sig`, `gb18030`, `big5` or `utf-16`.

    The first megabyte with a character beyond ASCII decides: the codec that leaves least unread.

    Raises:
        RuleBroken: `encoding-unknown` when none of them reads nine bytes of ten.

    """
    sample = _sample(path)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    strange = {codec: _strange(sample, codec) for codec in _CODECS}
    best = min(strange, key=strange.__getitem__)
    if strange[best] > _WORST * sum(byte > 0x7F for byte in sample):
        raise RuleBroken(
            "encoding-unknown",
            f"无法识别 {path.name} 的文字编码（试过 {'、'.join(_CODECS.values())}）；"
            "请另存为 UTF-8 编码（Excel 中选“CSV UTF-8”）后再试",
            field="file",
        )
    return best


def encoding_remark(encoding: str) -> str | None:
    """Return the sentence on a file that is not written in UTF-8, None on one that is."""
    if encoding == "utf-8-sig":
        return None
    return f"文件不是 UTF-8 编码，按 {_CODECS.get(encoding, 'UTF-16')} 读取；如有乱码，请另存为 UTF-8 后再试"


def _sample(path: Path) -> bytes:
    """Return the first bytes of a file, or the first of its megabytes that are not ASCII alone."""
    with path.open("rb") as file:
        head = sample = file.read(_SAMPLE)
        while sample and sample.isascii():
            sample = file.read(_SAMPLE)
    return sample or head


def _strange(sample: bytes, codec: str) -> int:
    text = sample.decode(codec, "replace")
    # A replacement character that stands in the file itself was read well.
    own = sample.count("\ufffd".encode()) if codec == "utf-8-sig" else 0
    return len(_STRANGE.findall(text)) - own
