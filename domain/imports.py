"""What an import of contacts or articles has done."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did; each error names where (line or file) and why, the others were taken in."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    errors: tuple[str, ...] = ()
