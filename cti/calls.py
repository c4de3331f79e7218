"""What a call is: `step(call, event, now_ms) -> call, effects`. Pure; never raises.

A call is keyed by Asterisk's Linkedid. Its stages, and what leads from one to the next:

    (no call)  CallAnswered → ivr      QueueJoined → queued      OfferMade → offered
    ivr        QueueJoined → queued
    queued     OfferMade → offered
    offered    RingStarted → ringing   RingEnded → queued
    ringing    AgentConnected → connected                        RingEnded → queued
    any        CallEnded, or a Resynced list without it → ended

Rules
1. Events may come late, twice or not at all (Asterisk says some things three times, and nothing
   while we are logged out). So a stage may be skipped but no fact is made up: a mark that is
   missing was not seen.
2. A mark is the time of the first event that makes it, and is never lost. Only `listening` and
   `speech_end` move until `heard` stands: they are those of the statement that was understood.
3. Every attempt at an agent is an `Offer` of its own; stage and agent follow from the open ones
   (cti/offers.py).
4. A statement may be heard again, better, at any later time: of the newest statement the newest words
   stand. What an older one is found to have been changes nothing.
5. `ended` is final: stage, outcome, offers and agent stand. What the dialogue still has to tell (the
   words, the case) is added, for a caller may hang up in the middle of a sentence.
6. Outcome: connected → answered; told that nobody answers now → let_go; in the queue → abandoned_queue;
   before → abandoned_ivr; vanished from Asterisk's list without having been answered → failed.
7. A Resynced list judges only calls of its own node, and only what is older than the request for it.
8. An event that fits nowhere changes nothing and is reported; Asterisk's events about channels that
   are no caller of ours are passed over in silence.
"""

from dataclasses import replace

from cti import offers
from cti.effects import Effect, Publish, Report, Save
from domain.calls import (
    Call,
    CallAnswered,
    CallChanged,
    CallEnded,
    CallRouted,
    Mark,
    Outcome,
    QueueJoined,
    Resynced,
)
from domain.cases import CaseRegistered, SuggestionsFound
from domain.dialogue import (
    CallerIdentified,
    DialogueEnded,
    LanguageChosen,
    ListeningStarted,
    SpeechEnded,
    StatementHeard,
)
from domain.event import Event
from domain.offers import (
    AgentConnected,
    OfferAnswered,
    OfferMade,
    OfferMissed,
    OfferShown,
    RingEnded,
    RingStarted,
)


def step(call: Call | None, event: Event, now_ms: int) -> tuple[Call | None, tuple[Effect, ...]]:
    """The call after the event, and what is to be done; None is a call that is not known (yet).

    `now_ms` only dates what is published: the call depends on the events alone, so that replaying the
    fact log makes the very same call.
    """
    if call is None:
        after = _begin(event)
    elif call.stage == "ended":
        after = _after_dialogue_event(call, event)
    else:
        after = _go(call, event)
    if isinstance(after, Report):
        return call, (after,)
    if after is None or after == call:
        return call, ()
    # The id follows from the event's: told again, it is the same change. A list changes many calls at once.
    changed = CallChanged(at_ms=now_ms, event_id=f"{event.event_id}/{after.call_id}", call=after)
    return after, (Publish(changed), Save(after))


def begins_call(event: Event) -> bool:
    """Whether a call may be known from this event on."""
    return isinstance(event, CallAnswered | QueueJoined | OfferMade)


def _begin(event: Event) -> Call | Report | None:
    match event:
        case CallAnswered() | QueueJoined() | OfferMade():
            return _go(Call(call_id=event.call_id, node=event.node), event)
        case RingStarted() | RingEnded() | AgentConnected() | CallEnded() | Resynced() | OfferAnswered():
            return None
        case _:
            return Report(f"{type(event).__name__} for no known call")


def _go(call: Call, event: Event) -> Call | Report:
    return (
        _after_dialogue_event(call, event)
        or _after_call_event(call, event)
        or Report(f"{type(event).__name__} in stage {call.stage}")
    )


def _after_dialogue_event(call: Call, event: Event) -> Call | None:
    """The call with what the dialogue has learned; None for any other event."""
    match event:
        case CallerIdentified():
            who = replace(call, match=event.match, how=event.how, number=event.number or call.number)
            call = replace(who, contact_id=event.contact_id, contact_name=event.contact_name)
        case CallRouted():
            call = replace(call, desk=event.desk, why=event.why)
        case LanguageChosen():
            call = replace(call, language=event.language)
        case StatementHeard():
            call = _heard(call, event)
        case CaseRegistered():
            registered = replace(call, case=event.case, open_cases=event.open_cases)
            call = offers.mark(registered, "registered", event.at_ms)
        case SuggestionsFound():
            call = replace(call, suggestions=event.suggestions, similar=event.similar)
        case DialogueEnded():
            # Asterisk's news of the end may be faster than this.
            let_go = event.reason == "let_go" and call.outcome == "abandoned_ivr"
            call = replace(call, dialogue=event.reason, outcome="let_go" if let_go else call.outcome)
        case _:
            return None
    return call


def _heard(call: Call, event: StatementHeard) -> Call:
    if event.statement_id < call.statement_id:
        return call  # heard again, better, after the caller has said something else
    words = replace(call, transcript=event.text, confidence=event.confidence, words=event.words)
    return offers.mark(replace(words, statement_id=event.statement_id), "heard", event.at_ms)


def _after_call_event(call: Call, event: Event) -> Call | None:  # noqa: PLR0912 - a branch an event
    """The call further on its way; None for an event that fits nowhere."""
    match event:
        case CallAnswered() if "answered" not in call.marks:
            known = replace(_caller(call, event), sip_call_id=event.sip_call_id, codec=event.codec)
            call = offers.mark(replace(known, dialled=event.dialled), "answered", event.at_ms)
        case ListeningStarted(purpose="statement"):
            call = _statement_mark(call, "listening", event.at_ms)
        case SpeechEnded(purpose="statement"):
            call = _statement_mark(call, "speech_end", event.at_ms)
        case QueueJoined() if call.stage != "connected":
            call = _joined(call, event)
        case OfferMade() if call.stage != "connected":
            call = offers.offer_made(call, event.offer_id, event.agent, event.at_ms)
        case OfferShown() if offers.has(call, event.offer_id):
            shown = offers.amended(call, event.offer_id, shown_ms=event.at_ms)
            call = offers.mark(shown, "shown", event.at_ms)
        case OfferMissed() if offers.has(call, event.offer_id):
            call = offers.amended(call, event.offer_id, missed=event.cause)
        case RingStarted() if call.stage != "connected":
            call = offers.ringing(call, event.agent, event.at_ms, event.event_id)
        case RingEnded():
            call = offers.ring_ended(call, event.agent, event.at_ms, event.reason)
        case AgentConnected() if call.stage != "connected":
            call = offers.connected(call, event.agent, event.at_ms, event.event_id)
        case CallEnded():
            call = _ended(call, event.at_ms, _outcome(call))
        case Resynced():
            call = _resynced(call, event)
        case ListeningStarted() | SpeechEnded() | OfferAnswered():
            pass  # other questions leave no mark, and the gate decides what an answer means
        case AgentConnected(agent=call.agent) | RingStarted(agent=call.agent):
            pass  # said again
        case _:
            return None
    return call


def _statement_mark(call: Call, name: Mark, at_ms: int) -> Call:
    if "heard" in call.marks:
        return offers.mark(call, name, at_ms)
    return replace(call, marks={**call.marks, name: at_ms})


def _caller(call: Call, event: CallAnswered | QueueJoined) -> Call:
    return replace(call, number=call.number or event.number, name=call.name or event.name)


def _joined(call: Call, event: QueueJoined) -> Call:
    stage = "queued" if call.stage == "ivr" else call.stage
    waiting = replace(_caller(call, event), stage=stage, queue=event.queue, position=event.position)
    return offers.mark(waiting, "queued", event.at_ms)


def _ended(call: Call, at_ms: int, outcome: Outcome) -> Call:
    closed = tuple(o if o.ended_ms is not None else replace(o, ended_ms=at_ms) for o in call.offers)
    agent = call.agent if outcome == "answered" else None
    ended = replace(call, stage="ended", outcome=outcome, agent=agent, offers=closed, position=None)
    return offers.mark(ended, "ended", at_ms)


def _outcome(call: Call) -> Outcome:
    if "connected" in call.marks:
        return "answered"
    if call.dialogue == "let_go":
        return "let_go"
    return "abandoned_ivr" if call.stage == "ivr" else "abandoned_queue"


def _resynced(call: Call, event: Resynced) -> Call:
    # What began after the question cannot be in the answer.
    if call.node != event.node or min(call.marks.values(), default=0) >= event.at_ms:
        return call
    if call.call_id not in event.living:
        return _ended(call, event.at_ms, "answered" if "connected" in call.marks else "failed")
    legs = [leg for leg in event.legs if leg.call_id == call.call_id]
    for offer in call.offers:
        if offer.offered_ms < event.at_ms and offer.agent not in {leg.agent for leg in legs}:
            call = offers.ring_ended(call, offer.agent, event.at_ms, "lost")
    for leg in legs:
        if call.stage != "connected" and leg.state != "offered":
            change = offers.connected if leg.state == "connected" else offers.ringing
            call = change(call, leg.agent, event.at_ms, f"{event.event_id}/{leg.agent}")
    return call
