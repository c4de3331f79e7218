"""Anna, as tests play her: what she wants, what happens to her, what everybody is told."""

from cti.agent_events import PhoneChanged, TalkStarted, WishAnswered
from cti.agents import step
from cti.effects import Publish, TellQueue
from domain.agents import PresenceRequested

CALL, OTHER = "1.1", "2.2"


def wish(presence, phone="browser", reason="", agent="anna"):
    return PresenceRequested(at_ms=0, agent=agent, presence=presence, phone=phone, reason=reason)


def agreed(presence="ready", now_ms=100, **fields):
    """Anna, with Asterisk's agreement to this presence."""
    agent, _ = step(None, wish(presence, **fields), now_ms)
    return granted(agent, now_ms)


def granted(agent, now_ms=100):
    """The agent once the queue has agreed to what is wanted."""
    return step(agent, WishAnswered(agent.wanted), now_ms)[0]


def play(agent, *events):
    """The agent after these (event, now_ms), and every effect on the way."""
    effects = []
    for event, now_ms in events:
        agent, some = step(agent, event, now_ms)
        effects += some
    return agent, effects


def after(agent, *events):
    return play(agent, *events)[0]


def news(effects):
    """What everybody is told."""
    return [effect.event for effect in effects if isinstance(effect, Publish)]


def told(effects):
    """What the queue is told."""
    return [effect for effect in effects if isinstance(effect, TellQueue)]


def talking(agent, *calls, at_ms=500):
    return after(agent, *((TalkStarted("anna", call_id), at_ms) for call_id in calls or (CALL,)))


def phone(state, kind="browser"):
    return PhoneChanged("anna", kind, state)
