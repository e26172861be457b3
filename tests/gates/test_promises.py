"""A promise counts as kept only while a test carries its number."""

import ast
import re
from collections.abc import Iterator

from geo_registry.settings import ROOT

# Measured for a minute with nothing beside it: only in the long set.
LONG = {"P10"}
KEPT = LONG | {
    "P1", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P11", "P13", "P14", "P15", "P17", "P19", "P21", "P22", "P23",
    "P25", "P26", "P27", "P28", "P33", "P34",
}  # fmt: skip
_PROMISE = re.compile(r"pytest\.mark\.promise\('(\w+)'\)")


def _marked() -> Iterator[tuple[str, bool]]:
    """Yield each promise that a test carries, and whether the test is a long one."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = [ast.unparse(mark) for mark in node.decorator_list]
                for mark in marks:
                    if found := _PROMISE.fullmatch(mark):
                        yield found[1], "pytest.mark.deep" in marks


def test_every_promise_that_is_claimed_has_its_test() -> None:
    marked = set(_marked())
    assert {promise for promise, is_long in marked if not is_long} >= KEPT - LONG
    assert {promise for promise, _ in marked} >= LONG


def test_a_promise_is_one_of_the_list() -> None:
    assert {promise for promise, _ in _marked()} <= {f"P{number}" for number in range(1, 36)}
