"""The collector of garbage rests while asked to, and goes on as it did before."""

import gc
import weakref

import pytest

from geo_registry import collector


class _Loop:
    def __init__(self) -> None:
        self.own = self


def test_the_collector_rests_and_goes_on() -> None:
    assert gc.isenabled()
    with collector.paused():
        assert not gc.isenabled()
        with collector.paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_collector_goes_on_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), collector.paused():
        _ = 1 / 0
    assert gc.isenabled()


def test_what_was_spared_is_freed_the_next_time() -> None:
    loop = _Loop()
    seen = weakref.ref(loop)
    try:
        collector.spare()
        assert gc.get_freeze_count() > 0
        del loop
        gc.collect()
        assert seen() is not None, "spared, even from the collector"
        collector.spare()
        assert seen() is None
    finally:
        gc.unfreeze()
