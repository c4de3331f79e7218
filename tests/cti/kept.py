"""What a bridge keeps in tests: a real database that fails or hangs when told to."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from casestore import fact_log
from casestore.db import Store
from cti.call_store import CallStore
from cti.fact_writer import Place, Positions
from domain.calls import Call
from domain.facts import Fact, StoredFact


def new_store(file: Path) -> Store:
    """An empty database."""
    store = Store(f"sqlite:///{file}", busy_timeout_ms=100)
    store.upgrade()
    return store


class Kept(CallStore):
    """`happened` has what was committed, in its order; `trouble` is raised instead, `go` is waited for."""

    def __init__(self, folder: Path, clock: Callable[[], int] = lambda: 1) -> None:
        self.folder = folder
        self.store = new_store(folder / "cases.db")
        super().__init__(self.store, clock)
        self.happened: list[str] = []
        self.threads: set[str] = set()
        self.trouble: Exception | None = None
        self.go = threading.Event()
        self.go.set()

    def append(self, facts: Sequence[Fact], read_up_to: Positions) -> Sequence[Place]:
        self._before()
        places = super().append(facts, read_up_to)
        self.happened += [f"fact {fact.kind}" for fact in facts]
        return places

    def save(self, changed: Sequence[Call], place: int) -> None:
        self._before()
        super().save(changed, place)
        self.happened += [f"call {call.call_id} {call.stage}" for call in changed]

    def load(self, call_id: str) -> Call | None:
        self._before()
        return super().load(call_id)

    def facts(self) -> tuple[StoredFact, ...]:
        """The whole log."""
        with self.store.reading() as tx:
            return fact_log.read(tx, 0, 100_000)

    def kinds(self) -> list[str]:
        """What was written down."""
        return [fact.kind for fact in self.facts()]

    def close(self) -> None:
        self.go.set()
        self.store.close()

    def _before(self) -> None:
        self.threads.add(threading.current_thread().name)
        assert self.go.wait(10)
        if self.trouble:
            raise self.trouble
