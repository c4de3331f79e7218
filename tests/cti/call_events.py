"""The events of a call, for tests that play them."""

from cti.calls import step
from domain.calls import CallAnswered, QueueJoined
from domain.case_events import SuggestionsFound
from domain.cases import Suggestion
from domain.dialogue import (
    CallerIdentified,
    DialogueEnded,
    LanguageChosen,
    ListeningStarted,
    SpeechEnded,
    SpokenWord,
    StatementHeard,
)
from domain.offers import OfferMade, OfferShown, RingStarted
from tests.case_work import told

ID = "1795343058.3"
CASE = "C-000001"


def of(kind, at_ms, **fields):
    return kind(call_id=ID, at_ms=at_ms, **fields)


ANSWERED = of(CallAnswered, 100, sip_call_id="sip-1", number="+46701740605", name="Maria", codec="ulaw")
QUEUED = of(QueueJoined, 800, queue="support", position=1)
DIALOGUE = (
    ANSWERED,
    of(CallerIdentified, 110, match="one", number="+46701740605", contact_id=7, contact_name="Maria Lind",
       how="ani"),
    of(LanguageChosen, 120, language="en"),
    of(ListeningStarted, 200, purpose="statement"),
    of(SpeechEnded, 400, purpose="statement"),
    of(StatementHeard, 450, text="my printer is dead", confidence=0.9,
       words=(SpokenWord(text="my", start_s=0, end_s=0.2, confidence=0.9),)),
    told(ID, 500),
    of(SuggestionsFound, 510, suggestions=(Suggestion(article="printer", title="Printer", score=0.9),)),
    of(DialogueEnded, 700, reason="done"),
    QUEUED,
)  # fmt: skip


def offer(number, agent, at_ms):
    """The steps of an offer that is shown before the phone rings."""
    return (
        of(OfferMade, at_ms, offer_id=f"offer-{number}", agent=agent),
        of(OfferShown, at_ms + 50, offer_id=f"offer-{number}", agent=agent),
        of(RingStarted, at_ms + 60, agent=agent),
    )


def play(*events):
    """The call after these events, and every effect on the way."""
    call, effects = None, []
    for event in events:
        call, some = step(call, event, event.at_ms)
        effects += some
    return call, effects


def after(*events):
    return play(*events)[0]
