"""The reading of addresses beside other readers: `python -m benchmarks address_peers`, the same texts, the same measure.

cpca and jionlp know lists of divisions, so only the labels that they give are compared; the linear chain (python-crfsuite,
plain features of the characters around) is trained on the training part of the corpus each time and thrown away. The first
run installs them from `peers.txt` into `var/peers`, by the package index that pip is set up with.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import address_quality as quality
from benchmarks.address_quality import LABELS, Counts, Scores, Span

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "var" / "peers"
LIMITS: dict[str, tuple[str, ...]] = {
    "cpca": ("prov", "city", "district"),
    "jionlp": ("prov", "city", "district", "town", "community"),
    "crf": LABELS,
}


class Result(NamedTuple):
    """What one reader found and how many texts it read a second of processor time."""

    name: str
    scores: Scores
    rate: float


def environment() -> Path | None:
    """Return the interpreter of the peers' environment, made on first use; None where they cannot be installed."""
    python = PEERS / "bin" / "python"
    wanted = Path(__file__).with_name("peers.txt")
    stamp = PEERS / "installed.txt"
    if not stamp.exists() or stamp.read_bytes() != wanted.read_bytes():
        print("installing the peers into var/peers")
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        install = [
            str(python),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--quiet",
            "install",
            "-r",
            str(wanted),
        ]
        if subprocess.run(install, check=False).returncode:
            print("the peers cannot be installed; nothing to compare with")
            return None
        stamp.write_bytes(wanted.read_bytes())
    return python


def _json_lines(path: Path, values: Iterable[object]) -> Path:
    path.write_text(
        "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8"
    )
    return path


def peer(python: Path, name: str, examples: Sequence[quality.Example], train: Path) -> Result:
    """Let a peer read the texts."""
    with tempfile.TemporaryDirectory() as folder:
        spent, found = _answers(python, name, examples, train, Path(folder))
    scores = Scores()
    for example, spans in zip(examples, found, strict=True):
        scores.add(example, [Span(*span) for span in spans])
    return Result(name, scores, len(examples) / spent)


def _answers(
    python: Path, name: str, examples: Sequence[quality.Example], train: Path, folder: Path
) -> tuple[float, list[list[tuple[int, int, str]]]]:
    texts = _json_lines(folder / "texts.jsonl", (example.text for example in examples))
    command = [
        str(python),
        str(Path(__file__).with_name("peers_reader.py")),
        name,
        str(texts),
        str(folder / "out"),
    ]
    if name == "crf":
        command.append(str(_json_lines(folder / "train.jsonl", quality.corpus(train))))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    spent, found = json.loads((folder / "out").read_bytes())
    return spent, found


def own(examples: Sequence[quality.Example], data: Path) -> Result:
    """Let the product read the texts."""
    read = quality.product_reader(data)
    for example in examples[:20]:
        read(example.text)
    began = time.process_time()
    readings = [read(example.text) for example in examples]
    spent = time.process_time() - began
    scores = Scores()
    for example, reading in zip(examples, readings, strict=True):
        scores.add(example, quality.labelled(reading.parts))
    return Result("geo_registry", scores, len(examples) / spent)


def over(scores: Scores, labels: Sequence[str]) -> float:
    """Return the micro-F1 over some labels."""
    chosen = [scores.labels[label] for label in labels]
    return Counts(
        *(sum(getattr(one, field) for one in chosen) for field in ("right", "found", "true"))
    ).figures[2]


def table(product: Result, others: Sequence[Result]) -> str:
    """Return the readers side by side: F1 of each label, of all that each knows, and rates."""
    every = [product, *others]
    lines = ["label         " + "".join(f"{one.name:>14}" for one in every)]
    for label in LABELS:
        cells = [
            f"{one.scores.labels[label].figures[2]:14.3f}"
            if label in LIMITS.get(one.name, LABELS)
            else f"{'-':>14}"
            for one in every
        ]
        lines.append(f"{label:14}" + "".join(cells))
    for name, labels in LIMITS.items():
        cells = [
            f"{over(one.scores, labels):14.4f}"
            if set(labels) <= set(LIMITS.get(one.name, LABELS))
            else f"{'-':>14}"
            for one in every
        ]
        lines.append(f"{'as ' + name:14}" + "".join(cells))
    whole = [
        f"{one.scores.whole_share:14.4f}" if LIMITS.get(one.name, LABELS) == LABELS else f"{'-':>14}"
        for one in every
    ]
    lines.append(f"{'whole address':14}" + "".join(whole))
    lines.append(f"{'texts/s':14}" + "".join(f"{one.rate:14.0f}" for one in every))
    lines.append(f"{'product / peer':14}" + "".join(f"{product.rate / one.rate:14.2f}" for one in every))
    return "\n".join(lines)


def run(data: Path) -> None:
    """Print the product and its peers side by side on the part of the corpus kept for measuring."""
    folder = data / "address-parsing"
    examples = list(quality.corpus(folder / "dev.txt"))
    if python := environment():
        others = [peer(python, name, examples, folder / "train.txt") for name in LIMITS]
        print(table(own(examples, data), others))
