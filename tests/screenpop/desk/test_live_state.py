"""Snapshot, then changes after a cursor: always the state as it is now."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.agents import AgentsSnapshot, AgentState, PresenceChanged
from domain.calls import Call, CallChanged, CallsSnapshot
from domain.cases import CaseSummary
from domain.dialogue import PartialHeard
from domain.event import Event
from screenpop.desk.frames import PendingOffer
from screenpop.desk.live_state import ENDED_KEPT_MS, LiveState


class Page:
    """What a page makes of the frames it gets."""

    def __init__(self) -> None:
        self.epoch, self.cursor = "", -1
        self.calls: dict[str, Any] = {}
        self.agents: dict[str, Any] = {}

    def take(self, frame: bytes) -> None:
        message = json.loads(frame)
        match message["type"]:
            case "snapshot":
                self.epoch = message["epoch"]
                self.calls = {call["call_id"]: call for call in message["calls"]}
                self.agents = {agent["username"]: agent for agent in message["agents"]}
            case "call":
                self.calls[message["call"]["call_id"]] = message["call"]
            case "presence":
                self.agents[message["agent"]["username"]] = message["agent"]
        assert message["cursor"] >= self.cursor
        self.cursor = message["cursor"]

    def come_back(self, state: LiveState) -> None:
        missed = state.missed(self.epoch, self.cursor)
        if missed is None:
            self.cursor = -1
        for frame in (state.snapshot("anna", (), 0),) if missed is None else missed:
            self.take(frame)


def changed(call_id: str, at_ms: int = 0, **fields: Any) -> CallChanged:
    return CallChanged(at_ms=at_ms, call=Call(call_id=call_id, **fields))


def presence(agent: str, presence: Any = "ready", **fields: Any) -> PresenceChanged:
    return PresenceChanged(at_ms=0, agent=AgentState(username=agent, presence=presence, **fields))


_few = st.sampled_from("abc")
_event = st.one_of(
    st.builds(changed, _few, transcript=st.text(), stage=st.sampled_from(["ivr", "queued", "ended"])),
    st.builds(presence, _few, st.sampled_from(["ready", "break", "away"]), reason=st.text()),
    st.just(PartialHeard(at_ms=0, call_id="a", text="not shown as such")),
)
_step = st.one_of(_event, st.sampled_from(["come back", "epoch"]))


@given(st.lists(_step), st.integers(1, 4))
def test_a_page_that_comes_back_at_any_time_shows_what_a_new_page_shows(steps: list[Any], kept: int) -> None:
    state, page = LiveState(kept=kept), Page()
    for step in [*steps, "come back"]:
        match step:
            case "come back":
                page.come_back(state)
            case "epoch":
                state.begin_epoch()
            case event:
                state.apply(event)
    new = Page()
    new.come_back(state)
    assert (page.calls, page.agents, page.cursor) == (new.calls, new.agents, new.cursor)


@given(st.lists(_event, max_size=8), st.integers(-1, 12))
def test_missed_changes_are_exactly_those_after_the_cursor(events: list[Event], after: int) -> None:
    state = LiveState(kept=5)
    frames = [frame for event in events if (frame := state.apply(event))]
    missed = state.missed(state.epoch, after)
    if missed is None:
        assert not max(0, len(frames) - 5) <= after <= len(frames)
    else:
        assert list(missed) == frames[after:]


def test_the_same_event_twice_is_one_change() -> None:
    state, event = LiveState(), changed("a")
    assert state.apply(event)
    assert state.apply(event) is None
    assert state.cursor == 1


def test_an_ended_call_stays_through_wrap_up_then_leaves_the_snapshot() -> None:
    state = LiveState()
    state.apply(changed("a", 1000, stage="ended", marks={"ended": 1000}))
    state.apply(changed("b", 1000, stage="connected"))

    def shown(now_ms: int) -> list[str]:
        return [call["call_id"] for call in json.loads(state.snapshot("anna", (), now_ms))["calls"]]

    assert shown(1000 + ENDED_KEPT_MS - 1) == ["a", "b"]
    assert shown(1000 + ENDED_KEPT_MS) == ["b"]


def test_an_agent_nobody_has_heard_of_is_away() -> None:
    snapshot = json.loads(
        LiveState().snapshot("anna", (PendingOffer(offer_id="offer1", call_id="call1"),), 0)
    )
    me = snapshot["me"]
    assert (me["username"], me["presence"], me["reason"], me["phone"]) == ("anna", "away", "", "browser")
    assert (me["since_ms"], me["phones"]) == (0, {"browser": "unknown", "phone": "unknown"})
    assert snapshot["offers"] == [{"offer_id": "offer1", "call_id": "call1"}]


def test_hostile_text_is_carried_as_data() -> None:
    state = LiveState()
    name = "<script>alert(1)</script>\"'\r\n\ud800\x00"
    case = CaseSummary(
        number="C-000001",
        title=name,
        service="",
        category="",
        impact="",
        urgency="",
        priority=1,
        because={"service": (name,)},
    )
    frame = state.apply(changed("a", contact_name=name, case=case))
    assert frame is not None
    assert frame.isascii()
    call = json.loads(frame)["call"]
    assert call["contact_name"] == call["case"]["title"] == name
    assert call["case"]["because"] == {"service": [name]}


def test_what_the_owner_says_takes_the_place_of_what_is_known() -> None:
    state = LiveState()
    state.apply(changed("a", stage="ringing"))
    state.apply(changed("gone"))
    state.apply(presence("gone"))
    state.replace(CallsSnapshot(at_ms=1, request_id="", calls=(Call(call_id="a", stage="connected"),)))
    state.replace(AgentsSnapshot(at_ms=1, request_id="", agents=(AgentState(username="bo"),)))
    snapshot = json.loads(state.snapshot("anna", (), 0))
    assert [(call["call_id"], call["stage"]) for call in snapshot["calls"]] == [("a", "connected")]
    assert [agent["username"] for agent in snapshot["agents"]] == ["bo"]


def test_words_so_far_are_no_change_and_come_only_while_the_voice_response_listens() -> None:
    state = LiveState()

    def shown(text: str, at_ms: int = 5) -> Any:
        frame = state.partial(PartialHeard(at_ms=at_ms, call_id="a", text=text))
        return frame and json.loads(frame)

    assert shown("of a call nobody knows") is None
    state.apply(changed("a", stage="ivr"))
    assert shown("my pri") == {"type": "partial", "call_id": "a", "text": "my pri"}
    state.apply(changed("a", stage="ivr", transcript="my printer", marks={"heard": 10}))
    assert shown("my print", at_ms=9) is None
    assert shown("yes", at_ms=11)
    state.apply(changed("a", stage="queued"))
    assert shown("yes", at_ms=12) is None
    assert state.cursor == 3


def test_the_newest_call_of_a_phone_is_found_by_its_call_id() -> None:
    state = LiveState()
    for call_id in ("old", "new"):
        state.apply(changed(call_id, sip_call_id="abc@phone"))
    state.apply(changed("other", sip_call_id="x@phone"))
    assert json.loads(state.call_json("abc@phone") or "")["call_id"] == "new"
    assert state.call_json("nobody@phone") is None
