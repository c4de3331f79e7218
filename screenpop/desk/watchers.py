"""Which page shows which cases beside those of living calls. Pure: pages are any hashable things."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Page = TypeVar("Page", bound=Hashable)


class Watchers(Generic[Page]):
    """A page watches what it has said last, until it leaves."""

    def __init__(self) -> None:
        self._watched: dict[Page, frozenset[str]] = {}
        self._pages: dict[str, set[Page]] = {}

    def watch(self, page: Page, numbers: Iterable[str]) -> frozenset[str]:
        """It shows these now; those that it did not show before."""
        before, now = self._watched.get(page, frozenset()), frozenset(numbers)
        for number in before - now:
            self._pages[number].discard(page)
            if not self._pages[number]:
                del self._pages[number]
        for number in now - before:
            self._pages.setdefault(number, set()).add(page)
        if now:
            self._watched[page] = now
        else:
            self._watched.pop(page, None)
        return now - before

    def leave(self, page: Page) -> None:
        self.watch(page, ())

    def of(self, number: str) -> frozenset[Page]:
        """The pages that show this case."""
        return frozenset(self._pages.get(number, ()))

    def watched_by(self, page: Page) -> frozenset[str]:
        return self._watched.get(page, frozenset())

    def numbers(self) -> frozenset[str]:
        """Everything that somebody watches."""
        return frozenset(self._pages)
