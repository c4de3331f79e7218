"""The cases that pages show, as they are now: the newest version of each, encoded once for all. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from domain.cases import CaseSummary
from screenpop.desk.frames import Encoded
from screenpop.server.encode import to_json


@dataclass(frozen=True)
class _Held:
    version: int
    json: Encoded[CaseSummary]


class LiveCases:
    """Holds what it is given, until it is told to keep less."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def take(self, case: CaseSummary) -> Encoded[CaseSummary] | None:
        """The case's JSON where this is news; never an older version over a newer one."""
        known, json = self._held.get(case.number), Encoded[CaseSummary](to_json(case))
        # The same version may come with something new: that its voice is kept is no change of the case.
        if known and (case.version < known.version or json == known.json):
            return None
        self._held[case.number] = _Held(case.version, json)
        return json

    def get(self, number: str) -> Encoded[CaseSummary] | None:
        held = self._held.get(number)
        return held.json if held else None

    def among(self, numbers: Iterable[str]) -> tuple[Encoded[CaseSummary], ...]:
        """Those of these that are held, each once."""
        return tuple(held.json for number in dict.fromkeys(numbers) if (held := self._held.get(number)))

    def missing(self, numbers: Iterable[str]) -> frozenset[str]:
        return frozenset(numbers) - self._held.keys()

    def keep_only(self, numbers: Collection[str]) -> None:
        self._held = {number: held for number, held in self._held.items() if number in numbers}
