"""Other readers of addresses, run by an environment of their own: `python peers_reader.py NAME TEXTS ANSWERS [CORPUS]`.

TEXTS holds a JSON string a line, ANSWERS takes one line `[processor seconds, [[[start, end, label], ...], ...]]`. CORPUS is
what the linear chain is trained on; the model lives in a temporary file and goes with it. Nothing here imports the registry.
"""

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

Span = tuple[int, int, str]
Reader = Callable[[list[str]], list[list[Span]]]
_SUFFIX = re.compile(
    r"(?<=..)(特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|自治州|自治县|地区|街道|省|市|区|县|盟|旗|镇|乡)$"
)
_MUNICIPAL = ("北京市", "上海市", "天津市", "重庆市")


def _written(text: str, name: str, start: int) -> Span | None:
    """Return where a full name stands in a text from a place on, in full or without its generic word."""
    for spelled in (name, _SUFFIX.sub("", name)):
        at = text.find(spelled, start)
        if at >= 0:
            return at, at + len(spelled), ""
    return None


def cpca_reader() -> Reader:
    """Return what reads by cpca: province, city and district, where it says that they begin."""
    import cpca

    def read(texts: list[str]) -> list[list[Span]]:
        # A table at a time: a call a text would measure the making of tables.
        found: list[list[Span]] = []
        for text, (_, row) in zip(texts, cpca.transform(texts, pos_sensitive=True).iterrows(), strict=True):
            found.append([])
            for column, label in (("省", "prov"), ("市", "city"), ("区", "district")):
                at, name = int(row[f"{column}_pos"]), row[column]
                span = _written(text, name, at) if at >= 0 and name else None
                if span and span[0] == at:
                    found[-1].append((at, span[1], "city" if name in _MUNICIPAL else label))
        return found

    return read


def jionlp_reader() -> Reader:
    """Return what reads by jionlp: province to village, sought in the text, for it tells no offsets."""
    import jionlp

    def read(text: str) -> list[Span]:
        answer = jionlp.parse_location(text, town_village=True, change2new=False)
        spans: list[Span] = []
        start = 0
        for key, label in (
            ("province", "prov"),
            ("city", "city"),
            ("county", "district"),
            ("town", "town"),
            ("village", "community"),
        ):
            name = answer[key]
            if name and not (key == "city" and name in _MUNICIPAL and spans):
                found = _written(text, name, start)
                if found:
                    spans.append((found[0], found[1], "city" if name in _MUNICIPAL else label))
                    start = found[1]
        return spans

    return lambda texts: [read(text) for text in texts]


def _features(text: str, at: int) -> list[str]:
    """Return plain features of the characters around a place, none of them from a list of names."""
    found = [f"{place}={text[at + place]}" for place in range(-3, 4) if 0 <= at + place < len(text)]
    found += [
        f"{place}+={text[at + place : at + place + 2]}"
        for place in range(-2, 2)
        if 0 <= at + place < len(text) - 1
    ]
    found += [f"{place}k={_kind(text[at + place])}" for place in range(-2, 3) if 0 <= at + place < len(text)]
    return [*found, *(["first"] if at == 0 else []), *(["last"] if at == len(text) - 1 else [])]


def _kind(char: str) -> str:
    return (
        "9"
        if char.isdecimal()
        else "A"
        if char.isascii() and char.isalpha()
        else "字"
        if "一" <= char <= "鿿"
        else "-"
    )


def crf_reader(corpus: Path) -> Reader:
    """Return what reads by a linear chain trained on a corpus: a tag for each character."""
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    for line in corpus.read_text(encoding="utf-8").splitlines():
        text, spans = json.loads(line)
        tags = ["O"] * len(text)
        for start, end, label in spans:
            tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
        trainer.append([_features(text, at) for at in range(len(text))], tags)
    trainer.set_params({"c1": 0.1, "c2": 0.05, "max_iterations": 80})
    tagger = pycrfsuite.Tagger()
    with tempfile.NamedTemporaryFile(suffix=".crf") as model:
        trainer.train(model.name)
        tagger.open(model.name)

    def read(text: str) -> list[Span]:
        spans: list[Span] = []
        for at, tag in enumerate(tagger.tag([_features(text, place) for place in range(len(text))])):
            border, _, label = tag.partition("-")
            if border == "I" and spans and spans[-1][2] == label and spans[-1][1] == at:
                spans[-1] = (spans[-1][0], at + 1, label)
            elif label:
                spans.append((at, at + 1, label))
        return spans

    return lambda texts: [read(text) for text in texts]


def main(name: str, texts: str, answers: str, *corpus: str) -> None:
    """Read every text and write what was found and how long it took."""
    lines = [json.loads(line) for line in Path(texts).read_text(encoding="utf-8").splitlines()]
    readers: dict[str, Callable[..., Reader]] = {
        "cpca": cpca_reader, "jionlp": jionlp_reader, "crf": crf_reader,
    }  # fmt: skip
    read = readers[name](*map(Path, corpus))
    read(lines[:20])
    began = time.process_time()
    found = read(lines)
    spent = time.process_time() - began
    Path(answers).write_text(json.dumps([spent, found]), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
