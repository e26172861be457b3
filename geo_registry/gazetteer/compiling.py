"""Make a table of divisions from their lists: places, spellings, former divisions."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from geo_registry.gazetteer.divisions import nodes_of
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.former import Former, merge
from geo_registry.gazetteer.spellings import short_name, spellings
from geo_registry.gazetteer.table import (
    CITY,
    DEVELOPMENT_ZONE,
    PROVINCE,
    SHORT,
    TOWNSHIP,
    Gazetteer,
    Node,
    Places,
    Spelled,
    columns,
    index_of,
)  # fmt: skip

_MUNICIPALITIES = frozenset({"11", "12", "31", "50"})


def division_table(
    names: dict[str, str], former: Iterable[Former] = ()
) -> tuple[Places, list[Former], Iterator[Spelled]]:
    """Return places of divisions by code, former divisions that found no place, and the folded spellings."""
    nodes, listed = nodes_of(names)
    merged = merge(columns(nodes), former)
    return merged.places, merged.unknown, chain(spelled(nodes, listed), merged.spelled)


def division_gazetteer(names: dict[str, str], former: Iterable[Former] = ()) -> Gazetteer:
    """Return a gazetteer of divisions by code, held in memory."""
    places, _, found = division_table(names, former)
    return Gazetteer(places, index_of(found))


def spelled(nodes: Sequence[Node], listed: Sequence[str]) -> Iterator[Spelled]:
    """Yield the folded spellings of each node; `listed` are the names as their list writes them."""
    for place, (node, name) in enumerate(zip(nodes, listed, strict=True)):
        for text, way in spellings(name, node.level):
            yield fold(text), place, node.level, way
            if node.level == PROVINCE and node.code[:2] in _MUNICIPALITIES:
                yield fold(text), place, CITY, way
        if node.level in {TOWNSHIP, DEVELOPMENT_ZONE}:
            for text in _without_parents(nodes, place, name):
                for short, _ in spellings(text, node.level):
                    yield fold(short), place, node.level, SHORT


def _without_parents(nodes: Sequence[Node], place: int, name: str) -> Iterator[str]:
    """Yield a name without the parents that it begins with: 河北任丘经济开发区 is 任丘经济开发区."""
    line, above = list[Node](), nodes[place].parent
    while above >= 0:
        line.append(nodes[above])
        above = nodes[above].parent
    for node in reversed(line):
        for start in (node.name, short_name(node.name, node.level)):
            rest = name.removeprefix(start)
            if rest != name and len(rest) > 2:
                name = rest
                yield name
                break
