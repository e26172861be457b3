"""Pairs of address texts: which mean the same, partly the same, or another place, judged by their parts alone.

The pairs are parted in two halves by their first text, so that no text stands in both: rules are looked for in the
first half, the second one tells whether they hold. Texts are read by the general profile and the national divisions.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from benchmarks import address_quality as quality
from geo_registry.address.matching.pairs import Likeness, compare

LABELS: dict[str, Likeness] = {"2": "same", "1": "partly", "0": "different"}
Counts = Counter[tuple[Likeness, Likeness]]
"""Pairs by what was labelled and what was answered."""


def pairs(path: Path) -> Iterator[tuple[str, str, Likeness]]:
    """Yield two texts and what they are labelled."""
    for line in path.read_text(encoding="utf-8").splitlines():
        one, other, label = line.split("\t")
        yield one, other, LABELS[label]


def is_held_out(text: str) -> bool:
    """Tell whether the pairs of a first text are kept for measuring."""
    return sha256(text.encode()).digest()[0] % 2 == 1


def table(counts: Counts) -> Iterable[str]:
    """Yield precision, recall and F1 of each answer, and the mean of F1."""
    total = 0.0
    for likeness in LABELS.values():
        right = counts[likeness, likeness]
        found = sum(count for (_, answer), count in counts.items() if answer == likeness)
        true = sum(count for (label, _), count in counts.items() if label == likeness)
        precision, recall, f1 = quality.Counts(right, found, true).figures
        total += f1
        yield f"{likeness:10} P {precision:.3f} ({right} of {found})  R {recall:.3f} of {true}  F1 {f1:.3f}"
    yield f"macro-F1   {total / len(LABELS):.3f}"


def run(data: Path) -> None:
    """Print the figures of both halves."""
    read = quality.product_reader(data)
    halves: dict[bool, Counts] = {False: Counter(), True: Counter()}
    for one, other, label in pairs(data / "address-pairs" / "pairs.tsv"):
        halves[is_held_out(one)][label, compare(read(one), read(other)).likeness] += 1
    for held_out, counts in halves.items():
        print(f"{'held out' if held_out else 'where rules are looked for'}: {counts.total()} pairs")
        print("\n".join(table(counts)))
