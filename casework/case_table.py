"""Which command a case takes in which status, what its status is afterwards, and what event that makes.

docs/cases.md is made from this table: `python -m casework.case_table`.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from domain.case_commands import (
    Assign,
    CaseCommand,
    Classify,
    Close,
    Hear,
    Hold,
    Identify,
    Link,
    Merge,
    Note,
    Reopen,
    Resume,
    Solve,
    TakeIn,
    TakeOver,
    Undo,
)
from domain.case_events import (
    CaseAssigned,
    CaseClassified,
    CaseClosed,
    CaseEvent,
    CaseHeard,
    CaseHeld,
    CaseIdentified,
    CaseLinked,
    CaseMerged,
    CaseNoted,
    CaseReopened,
    CaseResumed,
    CaseSolved,
    CaseTookIn,
    CaseUndone,
)
from domain.cases import Status

_STAYS: Mapping[Status, Status] = {
    "open": "open", "pending": "pending", "resolved": "resolved", "closed": "closed", "merged": "merged",
}  # fmt: skip


def _staying(*statuses: Status) -> Mapping[Status, Status]:
    return {status: status for status in statuses}


TABLE: Mapping[type[CaseCommand], Mapping[Status, Status]] = MappingProxyType(
    {
        Identify: _staying("open", "pending", "resolved"),
        # The caller has something to say about what waits for somebody: it waits no longer.
        Hear: {**_staying("open", "resolved", "closed", "merged"), "pending": "open"},
        Classify: _staying("open", "pending", "resolved"),
        Assign: _staying("open", "pending", "resolved"),
        TakeOver: _staying("open", "pending", "resolved"),
        Note: _STAYS,
        Hold: {"open": "pending"},
        Resume: {"pending": "open"},
        Solve: {"open": "resolved", "pending": "resolved", "resolved": "resolved"},
        Close: {"resolved": "closed"},
        Reopen: {"resolved": "open", "closed": "open"},
        Link: {"open": "open", "pending": "open", "resolved": "open", "closed": "open"},
        Merge: {"open": "merged", "pending": "merged"},
        TakeIn: {"open": "open", "pending": "open", "resolved": "open"},
        Undo: _STAYS,
    }
)
"""For each command: the statuses in which it may come, and the status afterwards."""

EVENTS: Mapping[type[CaseCommand], type[CaseEvent]] = {
    Identify: CaseIdentified,
    Hear: CaseHeard,
    Classify: CaseClassified,
    Assign: CaseAssigned,
    TakeOver: CaseAssigned,
    Note: CaseNoted,
    Hold: CaseHeld,
    Resume: CaseResumed,
    Solve: CaseSolved,
    Close: CaseClosed,
    Reopen: CaseReopened,
    Link: CaseLinked,
    Merge: CaseMerged,
    TakeIn: CaseTookIn,
    Undo: CaseUndone,
}


def as_page() -> str:
    """The table as a page of the documentation."""
    statuses = list(_STAYS)
    lines = [
        "# Cases",
        "What a case may be asked in which status, and what its status is afterwards. Made from",
        "`casework/case_table.py` by `python -m casework.case_table`; the other rules stand in",
        "`casework/case.py`.",
        "",
        f"| command | what happens | {' | '.join(statuses)} |",
        f"|---|---|{'---|' * len(statuses)}",
        f"| Register | CaseRegistered | {' | '.join(['·'] * len(statuses))} |",
    ]
    for command, after in TABLE.items():
        cells = " | ".join(after.get(status, "·") for status in _STAYS)
        lines.append(f"| {command.__name__} | {EVENTS[command].__name__} | {cells} |")
    lines += [
        "",
        "`·`: it is refused. A case is registered `open`, at version 1; each event makes a new version.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("docs/cases.md").write_text(as_page(), encoding="utf-8")
