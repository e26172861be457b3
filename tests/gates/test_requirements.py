"""Every requirement that the registry says to meet is shown by a test that bears its number."""

import ast
from collections.abc import Iterator

from geo_registry.settings import ROOT

# People and dwellings: residence, registration, separation (requirements, sections 2 to 4 and 9).
SHOWN = {
    1, 2, 3, 4, 7, 11, 15, 16, 17, 19, 20, 21, 22, 23, 24, 38, 44, 45, 46, 47, 60, 61, 62, 63, 64, 65, 66, 67,
    75, 79, 81, 85, 96, 100, 101, 102, 103, 107,
    # Door plates: naming, numbering, production, the wall.
    70, 76, 80, 88, 89, 90, 91,
}  # fmt: skip


def _marked() -> Iterator[str]:
    """Yield the numbers in the marks of all tests."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.requirement":
                yield from (
                    str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)
                )


def test_every_requirement_is_shown_by_a_test_that_bears_its_number() -> None:
    marked = set(_marked())
    assert {f"R{number}" for number in SHOWN} - marked == set()
    assert {number for number in marked if not number.removeprefix("R").isdecimal()} == set()
