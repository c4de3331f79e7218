"""What a page may ask of a case: the bodies of its requests, each with the command that it becomes.

`change_id` is made by the page, one for each change: a request that is sent again is carried out once.
`version` is the case's as the page showed it; without one the change is meant whatever stands there by now.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from casestore.case_lists import CaseFilter, Sort
from domain import case_commands as commands
from domain.case_commands import CaseCommand
from domain.cases import OPEN_STATUSES, STATUSES, Impact, NewCase, Priority, Status, Urgency

MOST_TEXT = 16_000

_Id = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
_CallId = Annotated[str, Field(max_length=150, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Title = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]
_Code = Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9_-]*$")]
_Agent = Annotated[str, Field(max_length=64, pattern=r"^([a-z][a-z0-9]*)?$")]
_NoteId = Annotated[str, Field(max_length=140, pattern=r"^[a-z][a-z0-9]*/[A-Za-z0-9_-]+$")]
_Text = Annotated[str, Field(max_length=MOST_TEXT)]


class CaseRequest(BaseModel):
    """`call_id`: the call in which this is asked, if any."""

    model_config = ConfigDict(extra="forbid")
    makes: ClassVar[type[CaseCommand]]

    change_id: _Id
    call_id: _CallId = ""

    def command(self, actor: str, at_ms: int) -> CaseCommand:
        """What is asked, as this user's command."""
        return self.makes(actor=actor, at_ms=at_ms, **self._fields())

    def _fields(self) -> dict[str, Any]:
        """What was given: the rest is for the command to know."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class VersionedRequest(CaseRequest):
    """What somebody else may have changed meanwhile."""

    version: Annotated[int, Field(ge=0)] | None = None


class ClassifyRequest(VersionedRequest):
    """Fields that are left out stay as they are."""

    makes = commands.Classify

    title: _Title | None = None
    service: _Code | None = None
    category: _Code | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None


class AssignRequest(VersionedRequest):
    """To this agent; empty: to nobody."""

    makes = commands.Assign

    agent: _Agent


class TakeOverRequest(VersionedRequest):
    """I work on it from now on, whoever did before."""

    makes = commands.TakeOver


class NoteRequest(VersionedRequest):
    """The note as it is by now; `note_id` is `USERNAME/…`, one for each note."""

    makes = commands.Note

    note_id: _NoteId
    text: _Text


class HoldRequest(VersionedRequest):
    """It waits for somebody outside the desk."""

    makes = commands.Hold


class ResumeRequest(VersionedRequest):
    """It waits no longer."""

    makes = commands.Resume


class SolveRequest(VersionedRequest):
    """By an article's key, in words, or simply."""

    makes = commands.Solve

    article: _Code = ""
    solution: _Text = ""


class CloseRequest(VersionedRequest):
    """Nobody will come back to it."""

    makes = commands.Close


class ReopenRequest(VersionedRequest):
    """It was not solved after all."""

    makes = commands.Reopen


REQUESTS: dict[str, type[VersionedRequest]] = {
    "classify": ClassifyRequest,
    "assign": AssignRequest,
    "takeover": TakeOverRequest,
    "note": NoteRequest,
    "hold": HoldRequest,
    "resume": ResumeRequest,
    "solve": SolveRequest,
    "close": CloseRequest,
    "reopen": ReopenRequest,
}
"""By the last part of their address, `POST /api/cases/{number}/{name}`."""


class UndoRequest(BaseModel):
    """Take back the change of this `event_id`, which is the `change_id` it was asked for with."""

    model_config = ConfigDict(extra="forbid")

    change_id: _Id
    event_id: Annotated[str, Field(min_length=1, max_length=64)]


class LinkRequest(BaseModel):
    """This call is about the case."""

    model_config = ConfigDict(extra="forbid")

    change_id: _Id
    call_id: Annotated[_CallId, Field(min_length=1)]


class RegisterRequest(CaseRequest):
    """A case by hand; of a caller where `call_id` is given."""

    makes = commands.Register

    title: _Title
    service: _Code = ""
    category: _Code = ""
    impact: Impact = "one"
    urgency: Urgency = "hindered"
    contact_id: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    desk: _Code = ""

    def _fields(self) -> dict[str, Any]:
        given = super()._fields()
        head = {name: given.pop(name) for name in ("change_id", "call_id") if name in given}
        return head | {"new": NewCase(**given)}


ListStatus = Status | Literal["active", "any"]
_STATUSES: Mapping[ListStatus, tuple[Status, ...]] = {
    "active": OPEN_STATUSES,
    "any": (),
    **{status: (status,) for status in STATUSES},
}


class ListQuery(BaseModel):
    """What stands after the `?` of a list: `active` are open and pending, `mine` those that I work on.

    `q`: beginnings of words, names, the numbers of people, telephones and cases. `after` is the `next` of the
    page before, in the same order.
    """

    scope: Literal["mine", "all"] = "all"
    status: ListStatus = "active"
    q: Annotated[str, Field(max_length=200)] = ""
    service: _Code = ""
    desk: _Code = ""
    agent: _Agent = ""
    priority: Annotated[int, Field(ge=1, le=5)] | None = None
    sort: Sort = "opened"
    after: Annotated[str, Field(pattern=r"^([0-9]{1,16}(\.[0-9]{1,12})?)?$")] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    def filter(self, me: str) -> CaseFilter:
        """What is asked for, by this user."""
        priority: Priority | None = self.priority  # type: ignore[assignment]
        return CaseFilter(
            statuses=_STATUSES[self.status],
            agent=me if self.scope == "mine" else self.agent,
            service=self.service,
            desk=self.desk,
            priority=priority,
            text=self.q,
        )


BODIES: tuple[type[BaseModel], ...] = (*REQUESTS.values(), UndoRequest, LinkRequest, RegisterRequest)
