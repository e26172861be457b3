"""Memory through which the collector of garbage does not walk."""

import gc
from collections.abc import Iterator

import pytest

from geo_registry.gazetteer.memory import Memory


@pytest.fixture(autouse=True)
def _by_hand() -> Iterator[None]:
    """Let the collector go round only when a test tells it to, and yet be switched on."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 1_000, 1_000)
    yield
    gc.set_threshold(*before)


def _value(number: int) -> tuple[str, tuple[int, int]]:
    return f"name {number}", (number, number + 1)


def test_what_is_kept_is_found() -> None:
    memory = Memory[str, tuple[str, tuple[int, int]]](10_000)
    for number in range(2_000):
        assert memory.get(str(number)) is None
        assert memory.keep(str(number), _value(number)) == _value(number)
        if number % 500 == 0:
            gc.collect()
            gc.collect()
    assert [memory.get(str(number)) for number in range(2_000)] == [_value(n) for n in range(2_000)]
    assert len(memory) == 2_000


def test_the_collector_walks_through_the_fresh_alone() -> None:
    memory = Memory[tuple[str, int], tuple[str, tuple[int, int]]](10_000)
    for number in range(2_000):
        memory.keep((str(number), number), _value(number))
    assert memory.settled == {}
    gc.collect()
    gc.collect()
    for number in range(2_000, 3_000):
        memory.keep((str(number), number), _value(number))
    assert len(memory.settled) >= 2_000
    assert not gc.is_tracked(memory.settled)
    assert memory.get(("1999", 1999)) == _value(1999)


def test_what_is_not_plain_never_settles() -> None:
    memory = Memory[int, list[int]](100_000)
    for number in range(20_000):
        memory.keep(number, [number])
        assert memory.get(number) == [number]
    assert memory.settled == {}
    assert len(memory) < 3_000


def test_memory_is_bounded() -> None:
    for most in (10, 1_000):
        memory = Memory[str, str](most)
        for number in range(5 * most):
            memory.keep(str(number), "kept")
            assert memory.get(str(number)) == "kept"
            assert len(memory) <= most


def test_memory_grows_while_the_collector_rests() -> None:
    memory = Memory[int, tuple[int]](10_000)
    gc.disable()
    try:
        for number in range(8_000):
            memory.keep(number, (number,))
    finally:
        gc.enable()
    assert all(memory.get(number) == (number,) for number in range(8_000))
