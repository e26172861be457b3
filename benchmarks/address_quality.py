"""Reading of labelled addresses: micro-F1 over spans, whole addresses right, errors by kind.

`python -m benchmarks.address_quality --split train --errors 30 --only district` lists the commonest errors that touch a
label, with examples. The corpus is read as raw strings (characters joined), because its token borders tell answers; it
comes from the folder `GEO_REGISTRY_DATA` and is only measured, never learnt from.

The corpus has conventions that a product needs not share; `labelled` turns a reading into them by these rules:

* a group (5组) is a `road`, the number behind it a `roadno`; a hamlet X村 is a `community`, another (苏家浜) is not scored,
  the number of either is a `roadno`;
* a section (东段) and the second street of an address (a crossing, a side road) are `subRoad`;
* a numbered lane behind a street with a door of its own (669弄14号) is `subRoad` and the door `subroadno`; without a door, or
  with one not written as such (669弄102), it is the `roadno` of the street;
* a named lane or alley is a `road` where no street stands before it, else a `subRoad`;
* a second door number behind a number (146号11号) is a `houseno`, the third a `roomno`;
* estates, occupants, notes, repetitions and development zones are not scored.
"""

import argparse
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from geo_registry.address.reading.parts import Reading, ReadPart

LABELS = (
    "prov", "city", "district", "town", "community", "road", "roadno", "subRoad", "subroadno",
    "houseno", "cellno", "floorno", "roomno",
)  # fmt: skip
_SPELLINGS = {"subroad": "subRoad", "subRoadno": "subroadno", "devzone": "devZone"}
_PLAIN = {
    "province": "prov", "city": "city", "district": "district", "township": "town", "community": "community",
    "group": "road", "section": "subRoad", "sub_street": "subRoad",
    "sub_street_number": "subroadno", "building": "houseno", "entrance": "cellno", "floor": "floorno", "room": "roomno",
}  # fmt: skip
_LANES = {"lane", "sub_lane", "alley", "sub_alley"}
_NUMBERED_ON = {"road": "roadno", "community": "roadno", "subRoad": "subroadno"}
_PLACES = {"estate", "sub_estate", "hamlet"}


class Span(NamedTuple):
    """A label over `text[start:end]`."""

    start: int
    end: int
    label: str


class Example(NamedTuple):
    """A text with all its labels, scored or not."""

    text: str
    spans: tuple[Span, ...]


Reader = Callable[[str], Reading]


def corpus(path: Path) -> Iterator[Example]:
    """Yield the labelled texts of a file; blank lines part them, BIO or IOBES before the label."""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        text, spans = "", list[Span]()
        for line in filter(None, block.split("\n")):
            token, _, tag = line.rpartition(" ")
            border, _, spelled = tag.partition("-")
            label = _SPELLINGS.get(spelled, spelled)
            if border in "IE" and spans and spans[-1].label == label and spans[-1].end == len(text):
                spans[-1] = Span(spans[-1].start, len(text) + len(token), label)
            elif label:
                spans.append(Span(len(text), len(text) + len(token), label))
            text += token
        if text:
            yield Example(text, tuple(spans))


def labelled(parts: Sequence[ReadPart]) -> list[Span]:
    """Return the scored spans of a reading in the conventions of the corpus."""
    spans: list[Span] = []
    last, has_road, doors = "", False, 0
    for part, following in zip_longest(parts, parts[1:]):
        if part.kind == "street_number":
            label = _door(last, doors)
        elif part.kind in _LANES:
            label = _lane(part, following, has_road=has_road)
        elif part.kind == "street":
            label = "subRoad" if has_road else "road"
        else:
            label = (
                "community"
                if part.kind == "hamlet" and part.text.endswith("村")
                else _PLAIN.get(part.kind, "")
            )
        has_road = has_road or label == "road"
        if label:
            spans.append(Span(part.start, part.end, label))
        if label in _NUMBERED_ON or part.kind in _PLACES:
            last, doors = label or part.kind, 0
        elif label == "roadno" or part.kind == "street_number":
            doors += 1
    return spans


def _door(last: str, doors: int) -> str:
    """Return the label of a door number by the last place before it and the numbers that place has already."""
    if doors:
        return "houseno" if doors < 2 else "roomno"
    return _NUMBERED_ON.get(last, "roadno")


def _lane(part: ReadPart, following: ReadPart | None, *, has_road: bool) -> str:
    if not has_road:
        return "road"
    is_numbered = part.value[:1].isdecimal()
    has_door = (
        following is not None and following.kind == "street_number" and following.text.endswith(("号", "號"))
    )
    return "roadno" if is_numbered and not has_door and not _is_lane(following) else "subRoad"


def _is_lane(part: ReadPart | None) -> bool:
    return part is not None and part.kind in _LANES


@dataclass(slots=True)
class Counts:
    """Spans of one label: found and right, found, and in the corpus."""

    right: int = 0
    found: int = 0
    true: int = 0

    @property
    def figures(self) -> tuple[float, float, float]:
        """Precision, recall and F1."""
        precision, recall = self.right / max(1, self.found), self.right / max(1, self.true)
        return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


@dataclass(slots=True)
class Scores:
    """What a reader got right; `errors` maps what was labelled and found instead to the texts with it."""

    labels: dict[str, Counts] = field(default_factory=lambda: {label: Counts() for label in LABELS})
    texts: int = 0
    whole: int = 0
    seconds: float = 0.0
    longest: tuple[float, str] = (0.0, "")
    errors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def micro(self) -> tuple[float, float, float]:
        """Precision, recall and F1 over all spans."""
        counts = self.labels.values()
        return Counts(
            sum(one.right for one in counts),
            sum(one.found for one in counts),
            sum(one.true for one in counts),
        ).figures

    @property
    def whole_share(self) -> float:
        """The share of texts of which every scored span is right and none is added."""
        return self.whole / max(1, self.texts)

    def add(self, example: Example, found: Iterable[Span]) -> None:
        """Count one text."""
        true = {span for span in example.spans if span.label in self.labels}
        spans = {span for span in found if span.label in self.labels}
        for span in true:
            self.labels[span.label].true += 1
        for span in spans:
            self.labels[span.label].found += 1
            self.labels[span.label].right += span in true
        self.texts += 1
        self.whole += spans == true
        for kind, shown in _differences(example, spans):
            self.errors[kind].append(shown)


def evaluate(reader: Reader, path: Path) -> Scores:
    """Read every text of a labelled file and score the spans."""
    scores = Scores()
    for example in corpus(path):
        began = time.process_time()
        reading = reader(example.text)
        spent = time.process_time() - began
        scores.seconds += spent
        scores.longest = max(scores.longest, (spent, example.text))
        scores.add(example, labelled(reading.parts))
    return scores


def _differences(example: Example, found: set[Span]) -> Iterator[tuple[str, str]]:
    """Yield each run of spans that overlap and differ, as a kind and as written."""
    true = set(example.spans)
    scored = {span for span in true if span.label in LABELS}
    wrong = sorted((scored ^ found), key=lambda span: span.start)
    runs: list[list[Span]] = []
    for span in wrong:
        if runs and span.start < max(one.end for one in runs[-1]):
            runs[-1].append(span)
        else:
            runs.append([span])
    for run in runs:
        start, end = run[0].start, max(span.end for span in run)
        near = sorted(one for one in true if one.start < end and one.end > start)
        ours = sorted(one for one in found if one.start < end and one.end > start)
        kind = f"{_kinds(near)} read as {_kinds(ours) or 'nothing'}"
        if [one.label for one in near] == [one.label for one in ours]:
            kind += " (border)"
        yield kind, f"{example.text}   {_shown(example.text, near)} -> {_shown(example.text, ours) or '-'}"


def _kinds(spans: Sequence[Span]) -> str:
    return " ".join(span.label if span.label in LABELS else f"({span.label})" for span in spans)


def _shown(text: str, spans: Sequence[Span]) -> str:
    return " ".join(f"{text[span.start : span.end]}/{span.label}" for span in spans)


def table(scores: Scores) -> str:
    """Return the figures of one reader, a line a label."""
    rows = [f"{'label':12}{'P':>8}{'R':>8}{'F1':>8}{'spans':>8}"]
    for label, counts in scores.labels.items():
        rows.append(f"{label:12}" + "".join(f"{value:8.3f}" for value in counts.figures) + f"{counts.true:8}")
    rows.append(f"{'micro':12}" + "".join(f"{value:8.4f}" for value in scores.micro))
    rows.append(f"whole address right {scores.whole_share:.4f} of {scores.texts}")
    rate, (longest, text) = scores.texts / max(1e-9, scores.seconds), scores.longest
    rows.append(f"{rate:.0f} addresses a second; the longest took {1000 * longest:.2f} ms: {text[:60]}")
    return "\n".join(rows)


def error_list(scores: Scores, count: int, only: str = "") -> str:
    """Return the commonest kinds of errors with examples, those that touch a label when `only` names one."""
    chosen = {kind: texts for kind, texts in scores.errors.items() if only in kind.split() or not only}
    sizes = Counter({kind: len(texts) for kind, texts in chosen.items()})
    lines: list[str] = []
    for kind, size in sizes.most_common(count):
        lines.append(f"{size:5}  {kind}")
        lines += [f"         {shown}" for shown in chosen[kind][:6]]
    return "\n".join(lines)


def product_reader(data: Path) -> Reader:
    """Return the product's reader of mainland addresses: the general profile, all national divisions."""
    from geo_registry.address.profile import load_profile
    from geo_registry.address.reading.standardizer import Standardizer
    from geo_registry.gazetteer.files import compile_folder, load_compiled
    from geo_registry.settings import settings

    home = settings().home
    if load_compiled(home) is None:
        print("compiling the national divisions")
        compile_folder(data / "divisions", home)
    gazetteer = load_compiled(home)
    assert gazetteer is not None
    return Standardizer(load_profile("national"), [gazetteer]).read


def run(data: Path) -> None:
    """Print the figures of the product on the part kept for measuring."""
    print(table(evaluate(product_reader(data), data / "address-parsing" / "dev.txt")))


def main() -> None:
    """Measure one part of the corpus and list errors."""
    parser = argparse.ArgumentParser(description=run.__doc__)
    parser.add_argument("--split", choices=("dev", "train"), default="dev")
    parser.add_argument("--errors", type=int, default=0, help="list so many kinds of errors")
    parser.add_argument("--only", default="", choices=("", *LABELS), help="list errors of one label")
    chosen = parser.parse_args()
    data = Path(os.environ["GEO_REGISTRY_DATA"])
    scores = evaluate(product_reader(data), data / "address-parsing" / f"{chosen.split}.txt")
    print(table(scores))
    if chosen.errors:
        print(error_list(scores, chosen.errors, chosen.only))


if __name__ == "__main__":
    main()
