"""What a page gets while callers talk: as it is, and as it was when every partial word sent its whole call.

Events go the whole way: the owner of calls, the bus, the desk. Bytes are counted where the page's socket
would be. "Talking" is from the first partial word of a caller to the last.
"""

import asyncio
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from casestore.db import Store
from cti.bus import Position
from cti.bus.follow import FollowReport, follow
from cti.bus.memory import MemoryBus
from cti.effects import Publish
from cti.owner import Owner
from domain.calls import Call, CallAnswered
from domain.case_events import CaseChanged, CaseRegistered, SuggestionsFound
from domain.cases import CaseSummary, Suggestion
from domain.dialogue import (
    CallerIdentified,
    DialogueEnded,
    LanguageChosen,
    ListeningStarted,
    PartialHeard,
    SpeechEnded,
    SpokenWord,
    StatementHeard,
)
from domain.event import Event
from domain.streams import CASES, DIALOGUE, WISHES
from domain.users import User
from screenpop.desk.browser import Browser
from screenpop.desk.frames import CallFrame, Encoded, encode
from screenpop.desk.running_desk import RunningDesk
from screenpop.server.config import WebConfig
from screenpop.server.encode import to_json
from screenpop.server.sessions import SignedIn
from tests.bench.figures import Figure, percentile

CALLERS, LIVING = 10, 200
TITLE = f"What a page gets: {CALLERS} callers talk; a snapshot of {LIVING} living calls"
_SENTENCES = Path(__file__).with_name("sentences.toml")
_PARTIAL_MS = 200  # the dialogue states them no more often
_SNAPSHOTS = 30


async def measure(folder: Path, console: Console) -> list[Figure]:
    """Both figures of the same run."""
    with console.status("page bytes"):
        store = Store(f"sqlite:///{folder / 'svarklar.db'}")
        store.upgrade()
        figures = [*await _talking(store), *await _snapshots(store)]
        store.close()
        return figures


class CountingPage(Browser):
    """A page that only counts."""

    def __init__(self) -> None:
        self.signed_in = SignedIn(User(id=1, username="anna", name="Anna", role="agent"), "", "")
        self.bytes = 0
        self.got = asyncio.Event()

    def send(self, frame: bytes) -> None:
        self.bytes += len(frame)
        self.got.set()

    def send_disposable(self, frame: bytes) -> None:
        self.send(frame)


class House:
    """Owner, bus, desk and one page, until `close`."""

    def __init__(self, store: Store, living: tuple[Call, ...] = ()) -> None:
        self._bus = MemoryBus()
        self.owner = Owner(living, lambda: 0)
        config = WebConfig(statements=Path(), api_token="", sip_passwords={})
        self._running = RunningDesk(config, store, self._bus)
        self.page = CountingPage()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """The page has its snapshot when this returns."""
        for stream in (DIALOGUE, CASES, WISHES):
            report = FollowReport()
            self._tasks.append(asyncio.create_task(follow(self._bus, stream, self._own, report=report)))
            await report.connected.wait()
        self._running.desk.join(self.page, "", 0)
        await self._running.start()
        await self.page.got.wait()

    async def close(self) -> None:
        await self._running.close()
        for task in self._tasks:
            task.cancel()

    async def state(self, event: Event) -> None:
        """State it, and let everybody take it in."""
        await self._bus.publish(event.stream, event)
        for _ in range(12):
            await asyncio.sleep(0)

    async def ask_again(self) -> float:
        """The ms until the page has everything anew."""
        self.page.got.clear()
        began_s = time.perf_counter()
        self._running._inquiry.open()
        await self.page.got.wait()
        return (time.perf_counter() - began_s) * 1000

    async def _own(self, event: Event, position: Position) -> None:
        for effect in self.owner.fold(event):
            if isinstance(effect, Publish):
                await self._bus.publish(effect.event.stream, effect.event)


async def _talking(store: Store) -> list[Figure]:
    house = House(store)
    await house.start()
    callers = [_events(f"176407855{number}.{number}", text) for number, text in enumerate(_statements())]
    now = old = total = partials = 0
    for events in zip(*callers, strict=True):  # all at once, a step each
        for event in events:
            before = house.page.bytes
            await house.state(event)
            got = house.page.bytes - before
            total += got
            if isinstance(event, PartialHeard):
                partials += 1
                now += got
                old += len(_as_it_was(house.owner, event))
    await house.close()
    return [
        Figure(
            name=f"bytes a page gets while {CALLERS} callers talk, {partials} partial words: now / before",
            value=f"{now} / {old} ({now / old:.3f})",
            goal="≤ 1/5 of before",
            met=now * 5 <= old,
        ),
        Figure(
            name="… with all else of those calls, until they are in the queue: now / before",
            value=f"{total} / {total - now + old} ({total / (total - now + old):.2f})",
        ),
    ]


async def _snapshots(store: Store) -> list[Figure]:
    living = tuple(_folded(f"17640785{number}.{number}") for number in range(LIVING))
    house = House(store, living)
    await house.start()
    size = house.page.bytes
    whole_ms = [await house.ask_again() for _ in range(_SNAPSHOTS)]
    state, built_ms = house._running.desk._state, []
    for _ in range(_SNAPSHOTS):
        began_s = time.perf_counter()
        state.snapshot("anna", (), 0)
        built_ms.append((time.perf_counter() - began_s) * 1000)
    await house.close()
    return [
        Figure(name=f"snapshot of {LIVING} living calls", value=f"{size / 1000:.0f} kB"),
        Figure(
            name="… built for a page, p50 / p99",
            value=f"{percentile(built_ms, 0.5):.2f} / {percentile(built_ms, 0.99):.2f} ms",
        ),
        Figure(
            name="… from asking the owner until the page's frame, p50 / p99",
            value=f"{percentile(whole_ms, 0.5):.1f} / {percentile(whole_ms, 0.99):.1f} ms",
        ),
    ]


def _as_it_was(owner: Owner, event: PartialHeard) -> bytes:
    """The frame of before: the whole call, with the words so far as one of its fields."""
    call = next(call for call in owner.calls() if call.call_id == event.call_id)
    fields = {name: value for name, value in vars(call).items() if name != "node"}
    return encode(CallFrame(cursor=1000, call=Encoded(to_json({**fields, "partial": event.text}))))


def _statements() -> list[str]:
    sentences = tomllib.loads(_SENTENCES.read_text(encoding="utf-8"))["sentence"]
    return [sentence["text"] for sentence in sentences[:CALLERS]]


def _events(call_id: str, text: str, seconds: float = 6.0) -> Iterator[Event]:
    """A caller from the first answer to the case: what they say grows, every 200 ms."""
    words, steps = text.split(), int(seconds * 1000 / _PARTIAL_MS)
    spoken = tuple(
        SpokenWord(text=w, start_s=n * 0.4, end_s=n * 0.4 + 0.3, confidence=0.97) for n, w in enumerate(words)
    )
    case = _case(text)
    suggestions = tuple(
        Suggestion(
            article=f"article-{n}",
            title="Printer prints blank pages",
            score=0.8,
            because=("printer", "blank"),
        )
        for n in range(5)
    )
    of = {"call_id": call_id}
    yield CallAnswered(
        at_ms=1, sip_call_id=f"{call_id}@127.0.0.1", number="+46701740605", name="Maria", codec="g722", **of
    )
    yield CallerIdentified(
        at_ms=2, match="one", number="+46701740605", contact_id=1, contact_name="Maria Lind", how="ani", **of
    )
    yield LanguageChosen(at_ms=3, language="en", **of)
    yield ListeningStarted(at_ms=4, purpose="statement", **of)
    for step in range(1, steps + 1):
        yield PartialHeard(at_ms=4 + step, text=text[: max(1, len(text) * step // steps)], **of)
    yield SpeechEnded(at_ms=100, purpose="statement", **of)
    yield StatementHeard(at_ms=101, text=text, confidence=0.95, words=spoken, **of)
    yield CaseRegistered(at_ms=102, case_number=case.number, version=1, actor="ivr", **of)
    yield CaseChanged(at_ms=102, case=case)
    yield SuggestionsFound(at_ms=103, suggestions=suggestions, similar=("C-000007", "C-000008"), **of)
    yield DialogueEnded(at_ms=104, reason="done", **of)


def _case(text: str) -> CaseSummary:
    return CaseSummary(
        number="C-000123", version=1, status="open", title=text[:60], service="printing",
        category="incident", impact="several", urgency="stopped", priority=2,
        because={"service": ("printer",), "urgency": ("nobody",)},
        has_statement=True, opened_ms=1_764_078_557_000,
    )  # fmt: skip


def _folded(call_id: str) -> Call:
    """A call that has been through the dialogue."""
    owner = Owner((), lambda: 0)
    for event in _events(call_id, _statements()[0]):
        owner.fold(event)
    [call] = owner.calls()
    return replace(call, stage="queued", queue="support", position=1)
