"""Python's collector of garbage, kept from going through what stays in memory for good, again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Let the collector rest while very many objects are made that are all kept, or all dropped soon."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def spare() -> None:
    """Take what is in memory now out of the collector's way, until this is called again.

    What was spared before is looked through once more, so that nothing is kept for ever.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
