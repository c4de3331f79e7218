"""Which command a case takes in which status, what its status is afterwards, and what event that makes.

docs/cases.md is made from this table: `python -m casework.case_table`.
"""

from collections.abc import Mapping
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
