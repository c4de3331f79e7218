"""How often somebody may try: a sliding window with bounded memory. Pure; times in ms."""

from collections.abc import Hashable


class AttemptLimit:
    """At most `most` attempts of one key within `window_ms`; remembers the youngest `keys` keys."""

    def __init__(self, most: int, window_ms: int = 60_000, keys: int = 4096) -> None:
        self._most = most
        self._window_ms = window_ms
        self._keys = keys
        self._times: dict[Hashable, list[int]] = {}

    def attempt(self, key: Hashable, now_ms: int) -> int:
        """Count an attempt; 0 where it is allowed, else the ms to wait (a refused one is not counted)."""
        times = [time for time in self._times.pop(key, []) if time > now_ms - self._window_ms]
        wait_ms = times[0] + self._window_ms - now_ms if len(times) >= self._most else 0
        if not wait_ms:
            times.append(now_ms)
        # Put back as the youngest, since it was taken out: dictionaries keep that order.
        self._times[key] = times
        if len(self._times) > self._keys:
            del self._times[next(iter(self._times))]
        return wait_ms

    def forgive(self, key: Hashable) -> None:
        """The last attempt was a good one: it does not count."""
        if times := self._times.get(key):
            times.pop()
