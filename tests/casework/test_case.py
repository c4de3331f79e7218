"""What a case is: every command in every status, and whatever comes in whatever order."""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.case import Conflict, NotAllowed, apply, register, step
from casework.case_table import EVENTS, TABLE, as_page
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
    Register,
    Reopen,
    Resume,
    Solve,
    TakeIn,
    TakeOver,
    Undo,
)
from domain.case_events import CaseEvent, CaseNoted
from domain.case_history import entry_of
from domain.cases import IMPACTS, ITIL, MACHINES, URGENCIES, Case, NewCase, Said, Status
from tests.checkout import ROOT

SAID = Said(statement_id="s1", text="the printer jams", at_ms=1, call_id="1.1")
BY_ANNA = {"actor": "anna", "at_ms": 10}


def opened(**new: object) -> Case:
    wanted = NewCase(**{"title": "Printer", "said": (SAID,), **new})  # type: ignore[arg-type]
    return register("C-000001", Register(actor="ivr", at_ms=1, call_id="1.1", new=wanted))[0]


def done(case: Case, *commands: CaseCommand) -> Case:
    for command in commands:
        case = step(case, command)[0]
    return case


def in_status(status: Status) -> Case:
    return replace(opened(), status=status)


COMMANDS: tuple[CaseCommand, ...] = (
    Identify(**BY_ANNA, contact_id=1),
    Hear(**BY_ANNA, said=replace(SAID, statement_id="s2")),
    Classify(**BY_ANNA, impact="several"),
    Assign(**BY_ANNA, agent="bo"),
    TakeOver(**BY_ANNA),
    Note(**BY_ANNA, note_id="anna/1", text="x"),
    Hold(**BY_ANNA),
    Resume(**BY_ANNA),
    Solve(**BY_ANNA, article="jam"),
    Close(**BY_ANNA),
    Reopen(**BY_ANNA),
    Link(**BY_ANNA, call_id="2.2"),
    Merge(**BY_ANNA, into="C-000002"),
    TakeIn(**BY_ANNA, other=replace(opened(), number="C-000002")),
)


@pytest.mark.parametrize("status", get_args(Status))
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_each_command_does_in_each_status_what_the_table_says(command: CaseCommand, status: Status) -> None:
    after = TABLE[type(command)].get(status)
    if after is None:
        with pytest.raises(NotAllowed):
            step(in_status(status), command)
    else:
        case, events = step(in_status(status), command)
        assert case.status == after
        assert [type(event) for event in events] == [EVENTS[type(command)]]


def test_the_page_about_it_is_fresh() -> None:
    assert (ROOT / "docs/cases.md").read_text(encoding="utf-8") == as_page()


class TestConflicts:
    """Nothing is overwritten unseen."""

    def test_two_people_change_the_same_field(self) -> None:
        seen = opened()
        case = done(seen, Classify(actor="bo", at_ms=5, version=1, impact="everyone"))
        with pytest.raises(Conflict) as conflict:
            step(case, Classify(**BY_ANNA, version=1, impact="several", title="New"))
        assert (conflict.value.current, conflict.value.stale) == (case, ("impact",))

    def test_or_different_ones(self) -> None:
        case = done(opened(), Classify(actor="bo", at_ms=5, version=1, impact="everyone"))
        case = done(case, Classify(**BY_ANNA, version=1, title="New"))
        assert (case.impact, case.title, case.priority) == ("everyone", "New", 2)

    def test_or_to_the_same_value(self) -> None:
        case = done(opened(), Classify(actor="bo", at_ms=5, version=1, impact="everyone"))
        assert step(case, Classify(**BY_ANNA, version=1, impact="everyone")) == (case, ())

    def test_solving_what_somebody_else_has_solved_otherwise(self) -> None:
        case = done(opened(), Solve(actor="bo", at_ms=5, version=1, article="jam"))
        with pytest.raises(Conflict):
            step(case, Solve(**BY_ANNA, version=1, article="toner"))

    def test_a_note_is_nobody_elses_to_change(self) -> None:
        with pytest.raises(NotAllowed):
            step(opened(), Note(**BY_ANNA, note_id="bo/1", text="x"))


class TestYielding:
    """The voice response, and what comes late."""

    def test_leaves_what_a_person_has_set_and_says_so(self) -> None:
        case = done(opened(), Classify(**BY_ANNA, service="email"))
        command = Classify(actor="ivr", at_ms=99, yields=True, service="printing", impact="several")
        case, (event,) = step(case, command)
        assert (case.service, case.impact, event.left) == ("email", "several", ("service",))

    def test_leaves_what_is_newer(self) -> None:
        case = done(opened(), Classify(actor="ivr", at_ms=50, service="email"))
        assert done(case, Classify(actor="ivr", at_ms=40, yields=True, service="printing")).service == "email"

    def test_opens_a_solved_case_of_which_somebody_calls_again(self) -> None:
        case = done(opened(), Solve(**BY_ANNA))
        assert done(case, Link(actor="ivr", at_ms=99, call_id="2.2", yields=True)).status == "open"

    def test_but_not_one_that_was_solved_since(self) -> None:
        case = done(opened(), Solve(**BY_ANNA))
        assert done(case, Link(actor="ivr", at_ms=9, call_id="2.2", yields=True)).status == "resolved"

    def test_takes_no_case_from_whoever_has_it(self) -> None:
        case = done(opened(), Assign(**BY_ANNA, agent="bo"))
        assert step(case, Assign(actor="system", at_ms=99, yields=True, agent="eva")) == (case, ())


def test_whoever_works_on_a_case_of_nobody_has_it() -> None:
    case = done(opened(), Note(**BY_ANNA, note_id="anna/1", text="x"))
    assert case.agent == "anna"
    assert done(case, Note(actor="bo", at_ms=11, note_id="bo/1", text="x")).agent == "anna"


def test_a_statement_heard_better_is_in_its_old_place_and_opens_nothing() -> None:
    waits = done(opened(), Hear(actor="ivr", at_ms=2, said=replace(SAID, statement_id="s2", at_ms=2)))
    waits = done(waits, Hold(**BY_ANNA))
    case, (event,) = step(waits, Hear(actor="ivr", at_ms=20, yields=True, said=replace(SAID, text="better")))
    assert ([said.text for said in case.said], case.status) == (["better", SAID.text], "pending")
    assert (event.texts.said, entry_of(1, event).said) == ((replace(SAID, text="better"),), "better")


def test_a_field_that_a_person_sets_is_no_longer_decided_by_words() -> None:
    case = opened(service="printing", because={"service": ("printer",), "impact": ("we",)})
    case = done(case, Classify(**BY_ANNA, service="email"))
    assert case.because == {"impact": ("we",)}
    assert "service" not in case.assumed


def test_two_people_correct_different_fields_at_once() -> None:
    case = opened(service="printing", because={"service": ("printer",), "impact": ("we",)})
    seen = case.version
    case = done(case, Classify(**BY_ANNA, version=seen, service="email"))
    case = done(case, Classify(actor="bo", at_ms=9, version=seen, impact="everyone"))
    assert (case.service, case.impact, case.because) == ("email", "everyone", {})


ACTORS = st.sampled_from(["anna", "bo", "ivr"])
TEXTS = st.sampled_from(["a", "b", "c"])
TIMES = st.integers(1, 30)


def commands() -> st.SearchStrategy[CaseCommand]:
    def build(kind: type[CaseCommand], **own: st.SearchStrategy[object]) -> st.SearchStrategy[CaseCommand]:
        yields = st.booleans()
        version = st.none() | st.integers(1, 20)
        return st.builds(kind, actor=ACTORS, at_ms=TIMES, yields=yields, version=version, **own)  # type: ignore[arg-type]

    said = st.builds(Said, statement_id=TEXTS, text=TEXTS, at_ms=TIMES)
    return st.one_of(
        build(Hear, said=said),
        build(
            Classify,
            title=st.none() | TEXTS,
            service=st.none() | TEXTS,
            impact=st.none() | st.sampled_from(IMPACTS),
            urgency=st.none() | st.sampled_from(URGENCIES),
        ),
        build(Assign, agent=st.sampled_from(["", "anna", "bo"])),
        build(TakeOver),
        build(Hold),
        build(Resume),
        build(Solve, article=TEXTS),
        build(Close),
        build(Reopen),
        build(Link, call_id=st.sampled_from(["1.1", "2.2"])),
        build(Merge, into=st.just("C-000002")),
        st.builds(
            lambda actor, at_ms, note, text: Note(
                actor=actor, at_ms=at_ms, note_id=f"{actor}/{note}", text=text
            ),
            ACTORS, TIMES, TEXTS, TEXTS,
        ),
    )  # fmt: skip


def played(
    wanted: list[CaseCommand | int], check: Callable[[Case, CaseCommand, Case, tuple[CaseEvent, ...]], None]
) -> tuple[Case, list[CaseEvent]]:
    """The case after all that is allowed; a number takes back that event."""
    case, first = register("C-000001", Register(actor="ivr", at_ms=1, new=NewCase(title="T")))
    events: list[CaseEvent] = [first]
    for each in wanted:
        undone = events[each % len(events)] if isinstance(each, int) else None
        command = Undo(actor=undone.actor, at_ms=30, undone=undone) if undone else each
        assert isinstance(command, CaseCommand)
        try:
            after, new = step(case, command)
        except (Conflict, NotAllowed):
            continue
        check(case, command, after, new)
        case, events = after, [*events, *new]
    return case, events


@settings(max_examples=300, deadline=None)
@given(st.lists(commands() | st.integers(0, 50), max_size=25))
def test_whatever_is_asked_in_whatever_order(wanted: list[CaseCommand | int]) -> None:
    notes: dict[str, str] = {}

    def check(case: Case, command: CaseCommand, after: Case, events: tuple[CaseEvent, ...]) -> None:
        if isinstance(command, Note):
            notes[command.note_id] = command.text
        if after.status != case.status and not isinstance(command, Undo):
            assert TABLE[type(command)][case.status] == after.status
        if isinstance(command, Undo) and events:
            was = {n: v for n, v in vars(command.undone.was).items() if v is not None}
            assert all(getattr(after, name) == value for name, value in was.items() if name != "priority")
        if command.yields:
            by_people = {n for n, s in case.set_by.items() if s.by_person} - {"said", "status", "priority"}
            assert all(getattr(after, name) == getattr(case, name) for name in by_people)
        assert {said.statement_id for said in case.said} <= {said.statement_id for said in after.said}
        assert after.priority == ITIL[after.impact][after.urgency]

    case, events = played(wanted, check)
    written = {event.note_id: event.note for event in events if isinstance(event, CaseNoted)}
    assert written == notes
    assert [event.version for event in events] == list(range(1, len(events) + 1))
    made = Case(number="C-000001")
    for event in events:
        made = apply(made, event)
    assert made == case
    assert all(event.actor in (*MACHINES, "anna", "bo") for event in events)
