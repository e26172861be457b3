"""How fast addresses are read, on one core: door plates, labelled addresses, the worst single texts.

Rates are of processor time, so that what else the machine does counts little; the ratios to other readers come from the
same run.
"""

import gc
import random
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from benchmarks import address_peers as peers
from benchmarks import address_quality as quality
from benchmarks.address_plates import standardizer
from benchmarks.plates import counties, plates, read_areas
from geo_registry.address.reading.parts import Reading

_ROWS = 20_000
_PIECES = (
    "路", "弄", "号", "一", "十", "1", "-", "中山", "中山路", "上海市", "浙江省杭州市", "西湖区", "街道", "社区", "村", "区", "组",
    "幢", "单元", "室", "楼", "东", "A", "之", "附", "临", " ", "_", "(", "?", "𠀀", "號", "巷", "花园", "大厦", "交叉口", "对面", "公司",
)  # fmt: skip


def rate(read: Callable[[str], Reading], texts: Iterable[str]) -> tuple[float, float, str]:
    """Return texts a second, and the longest time of one with the text.

    What the benchmark itself has loaded is kept from the collector of garbage, whose pauses would count as reading.
    """
    gc.collect()
    gc.freeze()
    spent, longest, which, count = 0.0, 0.0, "", 0
    for text in texts:
        began = time.process_time()
        read(text)
        took = time.process_time() - began
        spent, count = spent + took, count + 1
        if took > longest:
            longest, which = took, text
    return count / max(spent, 1e-9), longest, which


def hostile(count: int = 400) -> list[str]:
    """Return texts of 500 characters that make much of little: one piece repeated, two in turn, many at random."""
    chance = random.Random(20261122)
    pairs = [one + other for one in _PIECES for other in chance.sample(_PIECES, 4)]
    mixed = ["".join(chance.choices(_PIECES, k=400)) for _ in range(count)]
    return [(text * 500)[:500] if len(text) < 100 else text[:500] for text in (*_PIECES, *pairs, *mixed)]


def _plates(data: Path) -> None:
    areas = read_areas(data)
    for title, sample in (("in the order of the register", 0), ("drawn at random", _ROWS)):
        read = standardizer(areas).read
        texts = [
            plate.text for file in counties(data) for plate in islice(plates(file, areas, sample), _ROWS)
        ]
        speed, longest, which = rate(read, texts)
        print(
            f"door plates {title}: {speed:.0f}/s over {len(texts)}; the longest {1000 * longest:.2f} ms: {which}"
        )


def run(data: Path) -> None:
    """Print rates, ratios to other readers and the longest times."""
    _plates(data)
    read = quality.product_reader(data)
    examples = list(quality.corpus(data / "address-parsing" / "dev.txt"))
    product = peers.own(examples, data)
    print(f"labelled addresses: {product.rate:.0f}/s over {len(examples)}")
    python = peers.environment()
    for name in ("cpca", "jionlp"):
        if python is None:
            break
        other = peers.peer(python, name, examples, data)
        print(
            f"  {name}: {other.rate:.0f}/s; the product reads {product.rate / other.rate:.2f} times as many"
        )
    for split in ("dev", "train"):
        texts = (example.text for example in quality.corpus(data / "address-parsing" / f"{split}.txt"))
        _, longest, which = rate(read, texts)
        print(f"longest of {split}: {1000 * longest:.2f} ms: {which}")
    speed, longest, which = rate(read, hostile())
    print(
        f"texts of 500 characters made to be slow: {speed:.0f}/s, the longest {1000 * longest:.1f} ms: {which[:40]}"
    )
