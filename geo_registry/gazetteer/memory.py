"""Memory of what was worked out, through which the collector of garbage does not walk."""

import gc
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
_TURN, _MOST_FRESH = 256, 2_048


class Memory(Generic[Key, Value]):
    """Plain values by plain keys: texts, numbers, tuples of such; when there are too many, all are forgotten.

    The collector lets a plain tuple alone from its next round on, one of tuples a round later, and from the
    start a dictionary that holds nothing else. What it has not let alone yet is kept apart, so that it never
    walks through a large memory. Shared by threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.settled: dict[Key, Value] = {}
        """Where most of it is found; for those who ask too often for a call of `get`."""
        self._fresh: dict[Key, Value] = {}
        self._turn = min(_TURN, most // 2)

    def __len__(self) -> int:
        return len(self.settled) + len(self._fresh)

    def get(self, key: Key) -> Value | None:
        """Return what is remembered, None when nothing is."""
        found = self.settled.get(key)
        return self._fresh.get(key) if found is None else found

    def keep(self, key: Key, value: Value) -> Value:
        """Remember a value, and return it."""
        if len(self._fresh) >= self._turn:
            self._settle()
        self._fresh[key] = value
        return value

    def _settle(self) -> None:
        """Take over what the collector lets alone by now."""
        fresh, self._fresh = self._fresh, {}
        if len(self.settled) + 2 * len(fresh) > self._most:
            self.settled.clear()
        walks = gc.isenabled()
        for key, value in list(fresh.items()):
            if walks and (gc.is_tracked(key) or gc.is_tracked(value)):
                self._fresh[key] = value
            else:
                self.settled[key] = value
        if len(self._fresh) > min(_MOST_FRESH, self._most // 2):
            self._fresh.clear()
        self._turn = len(self._fresh) + min(_TURN, self._most // 2)
