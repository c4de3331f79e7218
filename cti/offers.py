"""How a call goes from agent to agent: its offers, and the stage and agent that follow from them. Pure.

An offer is open from the moment the queue has chosen an agent until that phone stops ringing, is
answered, or the call ends. Every function gives the call as it is afterwards.
"""

from dataclasses import replace
from typing import Any

from domain.calls import Call, Mark
from domain.offers import Offer


def mark(call: Call, name: Mark, at_ms: int) -> Call:
    """Set the mark, unless it stands already."""
    return call if name in call.marks else replace(call, marks={**call.marks, name: at_ms})


def offer_made(call: Call, offer_id: str, agent: str, at_ms: int) -> Call:
    """The queue has chosen an agent; an earlier offer to the same agent is over, seen or not."""
    if has(call, offer_id):
        return call
    free = ring_ended(call, agent, at_ms, "lost")
    offer = Offer(offer_id=offer_id, agent=agent, offered_ms=at_ms)
    return mark(_with_stage(replace(free, offers=(*free.offers, offer))), "offered", at_ms)


def ringing(call: Call, agent: str, at_ms: int, new_id: str) -> Call:
    """The agent's phone rings."""
    call, offer = _open_offer(call, agent, at_ms, new_id)
    if offer.ringing_ms is None:
        call = amended(call, offer.offer_id, ringing_ms=at_ms)
    return mark(_with_stage(call), "ringing", at_ms)


def ring_ended(call: Call, agent: str, at_ms: int, reason: str) -> Call:
    """The agent's phone stopped ringing; no change where it did not ring."""
    for offer in call.offers:
        if offer.agent == agent and _is_open(offer):
            return _with_stage(amended(call, offer.offer_id, ended_ms=at_ms, reason=reason))
    return call


def connected(call: Call, agent: str, at_ms: int, new_id: str) -> Call:
    """The agent has answered."""
    call, offer = _open_offer(call, agent, at_ms, new_id)
    call = amended(call, offer.offer_id, connected_ms=at_ms)
    talking = replace(call, stage="connected", agent=agent, position=None)
    return mark(talking, "connected", at_ms)


def has(call: Call, offer_id: str) -> bool:
    """Whether the call was ever offered under this id."""
    return any(offer.offer_id == offer_id for offer in call.offers)


def amended(call: Call, offer_id: str, **changes: Any) -> Call:
    """The call with these fields of one offer changed."""
    offers = tuple(replace(o, **changes) if o.offer_id == offer_id else o for o in call.offers)
    return replace(call, offers=offers)


def _is_open(offer: Offer) -> bool:
    return offer.ended_ms is None and offer.connected_ms is None


def _open_offer(call: Call, agent: str, at_ms: int, new_id: str) -> tuple[Call, Offer]:
    """The open offer to this agent; where the gate was not asked, the attempt is recorded from here."""
    for offer in call.offers:
        if offer.agent == agent and _is_open(offer):
            return call, offer
    offer = Offer(offer_id=new_id, agent=agent, offered_ms=at_ms)
    return replace(call, offers=(*call.offers, offer)), offer


def _with_stage(call: Call) -> Call:
    """Stage and agent as the open offers have it: one that rings before one that is only prepared."""
    if call.stage == "connected":
        return call
    waiting = [offer for offer in call.offers if _is_open(offer)]
    ringing = [offer for offer in waiting if offer.ringing_ms is not None]
    if ringing:
        return replace(call, stage="ringing", agent=ringing[-1].agent)
    if waiting:
        return replace(call, stage="offered", agent=waiting[-1].agent)
    return replace(call, stage="queued", agent=None)
