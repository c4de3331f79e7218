"""The cases on live pages: a call's on every page, others on the pages that watch them; and who calls."""

from collections.abc import Callable, Collection, Iterable

from domain.calls import Call
from domain.cases import CaseSummary
from domain.offers import OfferMade
from screenpop.desk.answers import CallerCard
from screenpop.desk.browser import Browser
from screenpop.desk.frames import CasesFrame, Encoded, PendingOffer, encode
from screenpop.desk.live_reads import Reads
from screenpop.desk.live_state import LiveState, cases_of
from screenpop.desk.watchers import Watchers


class ShownCases:
    """What is not held is asked of `reads`, and comes back by `take_cases` and `take_card`.

    `pages()` are those that show something already: others are told when they are welcomed.
    """

    def __init__(self, state: LiveState, reads: Reads, pages: Callable[[], Collection[Browser]]) -> None:
        self._state = state
        self._reads = reads
        self._pages = pages
        self._watchers = Watchers[Browser]()

    def take_cases(self, cases: Iterable[CaseSummary]) -> None:
        """Cases as they are now, to whoever shows them."""
        for_pages: dict[Browser, list[Encoded[CaseSummary]]] = {}
        for case in cases:
            if not self._is_needed(case.number) or not (json := self._state.cases.take(case)):
                continue
            if self._state.is_of_call(case.number):
                self.to_everybody((self._state.case_frame(json),))
                continue
            for browser in self._watchers.of(case.number):
                for_pages.setdefault(browser, []).append(json)
        for browser in for_pages.keys() & set(self._pages()):
            browser.send(encode(CasesFrame(cases=tuple(for_pages[browser]))))

    def changed(self, case: CaseSummary) -> None:
        """The owner of cases says so."""
        self.take_cases((case,))
        if case.contact_id is None:
            return
        for call in self._state.calls():
            if call.contact_id == case.contact_id and call.stage != "ended":
                self._reads.want_card(call)

    def take_card(self, call: Call, card: CallerCard) -> None:
        """Who calls, as it was read for the call as it was then."""
        self._state.cards.take(call, card)

    def prepare(self, call: Call) -> None:
        """Have everything there that a page shows with this call, before it is offered to anybody."""
        if missing := self._state.cases.missing(cases_of(call)):
            self._reads.want_cases(missing)
        if self._state.cards.asks(call):
            self._reads.want_card(call)
        if call.stage == "ended":
            self._let_go()

    def read_anew(self) -> None:
        """Changes were missed: ask for all that is shown."""
        self._reads.want_cases(self._watchers.numbers())
        for call in self._state.calls():
            self._reads.want_cases(cases_of(call))
            if not self._state.cards.asks(call) and call.stage != "ended":
                self._reads.want_card(call)

    def watch(self, browser: Browser, numbers: Iterable[str]) -> None:
        """The page shows these now; it is told how those are that it has not watched before."""
        newly = self._watchers.watch(browser, numbers)
        self._let_go()
        if browser in self._pages():
            self._tell_of(browser, newly)
        self._reads.want_cases(self._state.cases.missing(newly))

    def welcome(self, browser: Browser) -> None:
        """What it has watched while it waited for the snapshot."""
        self._tell_of(browser, self._watchers.watched_by(browser))

    def leave(self, browser: Browser) -> None:
        self._watchers.leave(browser)
        self._let_go()

    def pending(self, offer: OfferMade) -> PendingOffer:
        """With all there is to show: whoever is offered the call asks for nothing before it rings."""
        call = self._state.call(offer.call_id)
        return PendingOffer(
            offer_id=offer.offer_id,
            call_id=offer.call_id,
            caller=self._state.cards.get(call) if call else None,
            cases=self._state.cases.among(cases_of(call)) if call else (),
        )

    def to_everybody(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            for browser in self._pages():
                browser.send(frame)

    def _tell_of(self, browser: Browser, numbers: Iterable[str]) -> None:
        # Those of calls it has already, by the snapshot and what followed.
        others = sorted(number for number in numbers if not self._state.is_of_call(number))
        if held := self._state.cases.among(others):
            browser.send(encode(CasesFrame(cases=held)))

    def _is_needed(self, number: str) -> bool:
        return bool(self._watchers.of(number)) or self._state.is_shown_with_call(number)

    def _let_go(self) -> None:
        self._state.keep_only(self._watchers.numbers())
