"""A stage for dialogues: real store, bus, search and judgement; caller and engine do what a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fakes.caller import FakeChannel, FakePrompts, FakeRecogniser, FakeStream

from casestore import cases, contacts, knowledge, recordings
from casestore.db import Store
from casework.search.ranking import Ranking
from casework.service import CaseService
from casework.triage.understand import Understanding
from cti.bus import Position
from cti.bus.memory import MemoryBus
from domain.calls import CallAnswered
from domain.case_history import HistoryEntry
from domain.cases import Case
from domain.desks import Desk, Reception, Routing, WhenClosed, Why
from domain.dialogue import CallerIdentified, ListeningStarted
from domain.event import Event
from ivr.flows.intake import intake
from ivr.flows.statement import SERVICES
from ivr.session import DialogueResult, Dialogues
from ivr.turn import Patience
from tests import case_work
from tests.checkout import ROOT

MARIA, ANNA, UNKNOWN = "+46701740605", "+46701740606", "+46701740699"
KNOWLEDGE = ROOT / "knowledge"
PATIENT = Patience()
IMPATIENT = Patience(silence_s=0.2, quiet_s=0.2, finish_s=0.2, recording_pause_s=0.2)

Act = Callable[["Stage"], None]


class StageBus(MemoryBus):
    """The bus, and every event of every stream in the order in which they were stated."""

    def __init__(self) -> None:
        super().__init__()
        self.witnesses: list[Callable[[Event], None]] = []

    async def publish(self, stream: str, event: Event) -> Position:
        position = await super().publish(stream, event)
        for witness in self.witnesses:
            witness(event)
        return position


class Stage:
    """One call: `acts` are what the caller does when asked each question, by its name, in their order."""

    def __init__(self, store: Store, bus: StageBus, casework: CaseService, folder: Path) -> None:
        self.store, self.bus, self.casework, self.folder = store, bus, casework, folder
        self.channel, self.prompts = FakeChannel(), FakePrompts()
        self.recogniser = FakeRecogniser("en")
        self.received = received(ask_language=False)
        self.flow = partial(intake, voice_is_kept=True)
        self.events: list[Event] = []
        self.acts: dict[str, list[Act]] = {}
        bus.witnesses.append(self._stated)

    @property
    def stream(self) -> FakeStream:
        """What listens to the caller now."""
        return self.recogniser.streams[-1]

    async def call(
        self, number: str, *, patience: Patience = PATIENT, call_id: str = "", **acts: list[Act]
    ) -> DialogueResult:
        """A whole dialogue."""
        dialogues = Dialogues(
            flow=self.flow,
            recogniser=self.recogniser,
            prompts=self.prompts,
            casework=self.casework,
            patience=patience,
        )
        self.acts = acts
        answered = CallAnswered(at_ms=0, call_id=call_id or f"call-{number}", number=number)
        return await dialogues.run(answered, self.channel, self.received)

    def kinds(self) -> list[str]:
        """What was stated, in its order."""
        return [type(event).__name__ for event in self.events]

    def of(self, kind: type[Event]) -> list[Event]:
        """What was stated of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def caller(self) -> CallerIdentified:
        """Who is calling, as it was stated last."""
        return [event for event in self.events if isinstance(event, CallerIdentified)][-1]

    def cases(self) -> tuple[Case, ...]:
        """All open cases."""
        with self.store.reading() as tx:
            return cases.open_cases(tx)

    def history(self, number: str) -> list[HistoryEntry]:
        """What happened to a case."""
        with self.store.reading() as tx:
            return case_work.history(tx, number)

    def recording(self, number: str) -> Path | None:
        """The caller's voice in this case."""
        with self.store.reading() as tx:
            return recordings.find(tx, self.folder / "statements", number)

    def _stated(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ListeningStarted) and self.acts.get(event.purpose):
            act = self.acts[event.purpose].pop(0)
            asyncio.get_running_loop().call_soon(act, self)


@asynccontextmanager
async def open_stage(
    folder: Path, *, busy_timeout_ms: int = 5000, bus: StageBus | None = None
) -> AsyncIterator[Stage]:
    """A new installation with the shipped articles and a few contacts."""
    store = Store(f"sqlite:///{folder / 'test.db'}", busy_timeout_ms=busy_timeout_ms)
    store.upgrade()
    with store.uow() as tx:
        knowledge.import_directory(tx, KNOWLEDGE)
        contacts.add(tx, name="Maria Lind", employee_number="4217", language="en", numbers=(MARIA,))
        contacts.add(tx, name="Anna Berg", employee_number="4218", language="sv", numbers=(ANNA,))
        articles = knowledge.articles(tx)
    bus = bus or StageBus()
    ranking = Ranking(articles)
    async with CaseService(
        store,
        bus,
        Understanding(ranking),
        ranking,
        region="SE",
        statements=folder / "statements",
        outbox=folder / "outbox.db",
        old_spool=folder / "unsaved-cases.jsonl",
        retry_s=0.05,
    ) as casework:
        yield Stage(store, bus, casework, folder)
    store.close()


def received(why: Why = "open", then: WhenClosed = "queue", **desk: object) -> Reception:
    """How a desk that speaks English first receives a caller."""
    fields: dict[str, object] = {"key": "it", "name": "IT", "numbers": ("100",), "menu": SERVICES, **desk}
    made = Desk(**fields)  # type: ignore[arg-type]
    return Reception(made, Routing(desk=made.key, queue=made.queue, why=why, then=then))


def says(text: str, confidence: float = 0.97) -> Act:
    """The caller says this, and the engine hears it that well."""

    def act(stage: Stage) -> None:
        stage.channel.make_sound()
        stage.stream.hear(text, confidence)

    return act


def presses(keys: str) -> Act:
    """The caller presses these keys."""
    return lambda stage: stage.channel.press(keys)
