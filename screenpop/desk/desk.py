"""The desk: what the bus says goes to every open page, what pages say goes to the bus.

Everything here runs on the event loop, and nothing in it waits for a page.
"""

from collections.abc import Callable, Collection

import structlog

from domain.agents import AgentsSnapshot, PresenceChanged, PresenceRefused, PresenceRequested, Refusal
from domain.calls import CallsSnapshot
from domain.clock import now_ms
from domain.dialogue import PartialHeard
from domain.endpoints import endpoint
from domain.event import Event
from domain.offers import OfferMade, OfferMissed, OfferShown
from domain.rights import may
from domain.users import Person
from screenpop.desk.absence import Absence
from screenpop.desk.browser import SESSION_ENDED, Browser
from screenpop.desk.frames import ErrorFrame, OfferFrame, PendingOffer, encode, pending
from screenpop.desk.inquiry import Half, Inquiry
from screenpop.desk.live_state import LiveState
from screenpop.desk.messages import RIGHT_TO_SAY, BadMessage, Hidden, Painted, PresenceWanted, parse
from screenpop.desk.shown_offers import ForeignOffer, Offers
from screenpop.server.texts import say

log = structlog.get_logger()

_REFUSALS: dict[Refusal, str] = {"refused": "presence_refused", "asterisk_down": "asterisk_down"}

Publish = Callable[[Event], None]


class Desk:
    """All open pages of all users.

    `inquiry` knows whether `state` is the owner's truth: while it is not, a page that comes waits for it.
    `endpoints` are the phones that exist by now (`anna-browser`); `publish(event)` puts a fact on the
    bus without waiting; an agent without any page for `away_after_s` leaves the queue.
    """

    def __init__(
        self,
        state: LiveState,
        inquiry: Inquiry,
        publish: Publish,
        *,
        endpoints: Collection[str],
        away_after_s: float,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._state = state
        self._inquiry = inquiry
        self._publish = publish
        self._endpoints = endpoints
        self._clock = clock
        self._offers = Offers()
        self._browsers: dict[str, set[Browser]] = {}
        self._waiting: dict[Browser, tuple[str, int]] = {}
        self._absence = Absence(away_after_s, self._send_away)

    # --- pages come and go ---------------------------------------------------------------------

    def join(self, browser: Browser, epoch: str, after: int) -> None:
        """A page opened: what it missed since that cursor, or all there is; then the changes."""
        if self._inquiry.is_open:
            self._waiting[browser] = epoch, after
            self._watch(browser.username)
        else:
            self._welcome(browser, epoch, after)

    def _welcome(self, browser: Browser, epoch: str, after: int) -> None:
        username, now = browser.username, self._clock()
        missed = self._state.missed(epoch, after)
        offers = self._open_offers(username)
        if missed is None:
            browser.send(self._state.snapshot(username, offers, now))
        else:
            browser.send(self._state.resumed(after, offers))
            for frame in missed:
                browser.send(frame)
        # Before it is counted among the agent's pages: the question is whether there were others.
        answers = self._offers.browser_arrived(username, self._pages_of(username), now)
        self._browsers.setdefault(username, set()).add(browser)
        self._say(answers)
        self._watch(username)

    def leave(self, browser: Browser) -> None:
        """A page closed, reloaded or was cut off."""
        username = browser.username
        self._waiting.pop(browser, None)
        remaining = self._browsers.pop(username, set()) - {browser}
        if remaining:
            self._browsers[username] = remaining
        self._say(self._offers.browser_left(username, remaining, self._clock()))
        self._watch(username)

    def sessions(self) -> frozenset[str]:
        """The token hashes of all open pages."""
        return frozenset(browser.signed_in.token_hash for browser in self._everybody())

    def talks_at(self, token_hash: str) -> bool:
        """Whether the agent of this session has a call at the telephone in a page."""
        agents = (
            self._state.agent(b.username) for b in self._everybody() if b.signed_in.token_hash == token_hash
        )
        return any(agent.presence == "talking" and agent.phone == "browser" for agent in agents)

    def end_session(self, token_hash: str) -> None:
        """Close the pages of a session that has ended."""
        for browser in self._everybody():
            if browser.signed_in.token_hash == token_hash:
                browser.end(SESSION_ENDED)

    def close(self) -> None:
        """The server stops: close every page, which then tries again."""
        self._absence.stop()
        for browser in self._everybody():
            browser.end()

    def show_people(self, people: tuple[Person, ...]) -> None:
        """Who there is, to everybody, where that has changed."""
        if frame := self._state.know_people(people):
            for browser in self._pages():
                browser.send(frame)

    # --- what the bus says ---------------------------------------------------------------------

    def show(self, event: Event) -> None:
        """What is stated of calls and agents: numbered, and to everybody."""
        match event:
            case CallsSnapshot() | AgentsSnapshot():
                self._take(event)
            case PresenceRefused():
                log.warning("presence_refused", agent=event.agent, why=event.why)
                self._refuse(event.agent, _REFUSALS[event.why])
            case _ if frame := self._state.apply(event):
                for browser in self._pages():
                    browser.send(frame)
                if isinstance(event, PresenceChanged):
                    self._watch(event.agent.username)

    def follow_offer(self, event: Event) -> None:
        """Offers go to their agent's pages."""
        match event:
            case OfferMade():
                self._offer(event)
            case OfferShown() | OfferMissed():
                self._offers.gate_opened(event.offer_id)

    def show_partial(self, event: Event) -> None:
        """The words so far: to everybody who has kept up, and never again."""
        if isinstance(event, PartialHeard) and (frame := self._state.partial(event)):
            for browser in self._pages():
                browser.send_disposable(frame)

    def call_json(self, sip_call_id: str) -> str | None:
        """The call with this Call-ID of the caller's phone, as pages see it now."""
        return self._state.call_json(sip_call_id)

    def _take(self, half: Half) -> None:
        """The owner's answer: once it is whole everybody gets a new snapshot, in a new epoch."""
        if not self._inquiry.concerns_us(half):
            return
        self._state.replace(half)
        if not self._inquiry.take(half):
            return
        self._state.begin_epoch()
        for browser in self._pages():
            username = browser.username
            browser.send(self._state.snapshot(username, self._open_offers(username), self._clock()))
        # Only now: until the owner had answered, whatever they were shown might have been wrong.
        waiting, self._waiting = self._waiting, {}
        for browser, (epoch, after) in waiting.items():
            self._welcome(browser, epoch, after)
        for agent in self._state.agents():
            self._watch(agent.username)

    # --- what pages say ------------------------------------------------------------------------

    def hear(self, browser: Browser, text: str) -> None:
        """A page's message; one that is malformed or meant for somebody else gets an error frame."""
        try:
            message = parse(text)
            if not may(browser.role, RIGHT_TO_SAY[type(message)]):
                log.warning("forbidden", username=browser.username, message=message.type)
                self.refuse(browser, "forbidden")
                return
            match message:
                case Painted(offer_id=offer_id):
                    self._painted(browser, offer_id)
                case Hidden(offer_id=offer_id):
                    pages, now = self._pages_of(browser.username), self._clock()
                    self._say(self._offers.page_hidden(browser.username, offer_id, browser, pages, now))
                case PresenceWanted() as wanted:
                    self._request_presence(browser, wanted)
        except BadMessage as error:
            log.warning("bad_live_message", username=browser.username, why=str(error), length=len(text))
            self.refuse(browser, "bad_message")
        except ForeignOffer as error:
            log.warning("foreign_offer", username=browser.username, offer_id=str(error))
            self.refuse(browser, "foreign_offer")

    def refuse(self, browser: Browser, code: str) -> None:
        browser.send(encode(ErrorFrame(code=code, message=say(browser.language, code))))

    def _offer(self, event: OfferMade) -> None:
        pages = self._pages_of(event.agent)
        answers = self._offers.offer_made(event, pages, self._clock())
        # Without a page there is nobody to send it to; one that comes in time gets it with its snapshot.
        if answers:
            frame = encode(OfferFrame(offer_id=event.offer_id, call_id=event.call_id))
            for browser in pages:
                browser.send(frame)
        self._say(answers)

    def _painted(self, browser: Browser, offer_id: str) -> None:
        answers = self._offers.page_painted(browser.username, offer_id, self._clock())
        if not answers:
            log.info("offer_painted_late", username=browser.username, offer_id=offer_id)
        self._say(answers)

    def _request_presence(self, browser: Browser, wanted: PresenceWanted) -> None:
        # The queue would take a phone that does not exist, and calls would ring nowhere.
        if endpoint(browser.username, wanted.phone) not in self._endpoints:
            self.refuse(browser, "no_phone")
            return
        request = PresenceRequested(
            at_ms=self._clock(),
            agent=browser.username,
            presence=wanted.presence,
            reason=wanted.reason,
            phone=wanted.phone,
        )
        self._publish(request)

    # --- who is there --------------------------------------------------------------------------

    def _watch(self, username: str) -> None:
        """A browser phone cannot ring without a browser; a desk phone can, and keeps its place."""
        agent = self._state.agent(username)
        is_here = self._pages_of(username) or any(page.username == username for page in self._waiting)
        # Who waits for their phone would be ready whenever it comes, perhaps tomorrow.
        is_away = agent.presence == "away" and agent.next is None
        if is_here or is_away or agent.phone == "phone":
            self._absence.back(username)
        else:
            self._absence.gone(username)

    def _send_away(self, username: str) -> None:
        log.info("agent_without_browser", agent=username)
        self._publish(PresenceRequested(at_ms=self._clock(), agent=username, presence="away"))

    def _pages_of(self, username: str) -> frozenset[Browser]:
        return frozenset(self._browsers.get(username, ()))

    def _pages(self) -> list[Browser]:
        """Those that show something already."""
        return [browser for pages in self._browsers.values() for browser in pages]

    def _everybody(self) -> list[Browser]:
        return [*self._pages(), *self._waiting]

    def _open_offers(self, username: str) -> tuple[PendingOffer, ...]:
        return pending(self._offers.open_to(username, self._clock()))

    def _refuse(self, username: str, code: str) -> None:
        for browser in self._pages_of(username):
            self.refuse(browser, code)

    def _say(self, answers: Collection[Event]) -> None:
        for answer in answers:
            self._publish(answer)
