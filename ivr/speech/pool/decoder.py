"""One speech process, seen from the event loop: nothing here waits for it."""

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Protocol

import structlog

from cti.processes import ordinary
from ivr.speech import Failed, SpeechStopped
from ivr.speech.models.folder import Model
from ivr.speech.pool.framing import VERSION, Kind, Message, Unpacker, pack, unpack_result
from ivr.speech.pool.stream import RemoteStream

STALL_S = 1.5  # without an answer for so long a process is taken for dead
START_S = 30.0  # a starting one on a busy machine
_OVERDUE_S = 0.5  # words that come so much later than their engine has said are hung, not late

_FLUSH_S = 0.01  # what its streams hear at nearly the same time goes out together
_MOST_WAITING = 2_000_000  # bytes; a process so far behind gets no more sound, everything else it does

log = structlog.get_logger()


class Owner(Protocol):
    """Who is told what becomes of a decoder."""

    def loaded(self, decoder: "Decoder", folder: Path, error: str) -> None:
        """The model can be used, or cannot be for this reason."""

    def gone(self, decoder: "Decoder", reason: str) -> None:
        """The process has ended; its streams have failed."""


def spawn(engines: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a process that has these engines; takes milliseconds, so call it in a thread."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [*ordinary(), sys.executable, "-m", "ivr.speech.pool.worker", str(theirs.fileno()), *engines],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # what decoding takes of a core is not taken from the event loop's share
            # One process a core: threads that a library starts of its own would compete with the others.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    return process, ours


class Decoder:
    """A process, its models and the streams that it hears."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        connection: socket.socket,
        owner: Owner,
        clock_s: Callable[[], float] = monotonic,
        *,
        whole: bool = False,
    ) -> None:
        """`whole`: it is for engines that hear whole utterances, the others are for streaming ones."""
        self.whole = whole
        self.models: dict[Path, float] = {}  # loaded ones: processor seconds for a second of speech
        self.loading: set[Path] = set()
        self.streams: dict[int, RemoteStream] = {}
        self.lost = 0  # streams that failed with the process
        self._process, self._connection, self._owner = process, connection, owner
        self._loop = asyncio.get_running_loop()
        self._clock_s = clock_s
        self._unpacker = Unpacker()
        self._outgoing = bytearray()
        self._flushing: asyncio.TimerHandle | None = None
        self._ticks: deque[float] = deque()  # when the unanswered ones were sent
        self._answered_s = self._started_s = self._clock_s()
        self._round_trip_s = 0.0
        self._alive = True
        self._last_stream = 0
        self._loop.add_reader(connection, self._read)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lag_s(self) -> float:
        """How far hearing is behind what was said."""
        oldest_s = self._clock_s() - self._ticks[0] if self._ticks else 0.0
        return max(self._round_trip_s, oldest_s)

    @property
    def unheard(self) -> int:
        """How many of its utterances have ended and wait for their words."""
        return sum(stream.due_s is not None for stream in self.streams.values())

    def stalled(self) -> bool:
        """Whether it owes an answer for too long; a slow but working process answers all the time.

        Or owes words: an engine may take seconds for them, but no more than it has said itself.
        """
        self._read()  # where it was our loop that stood still, the answers wait in the socket
        if not self._alive:
            return False
        now_s = self._clock_s()
        if any(stream.due_s and now_s > stream.due_s + _OVERDUE_S for stream in self.streams.values()):
            return True
        patience_s = START_S if self._answered_s == self._started_s else STALL_S
        return bool(self._ticks) and now_s - max(self._ticks[0], self._answered_s) > patience_s

    @property
    def age_s(self) -> float:
        return self._clock_s() - self._started_s

    def load(self, model: Model) -> None:
        """Read a model, beside the decoding; the owner is told."""
        self.loading.add(model.path)
        self._send(pack(Kind.LOAD, 0, {"folder": str(model.path), "engine": model.engine}))

    def open(
        self, model: Model, language: str, rate_hz: int, grammar: tuple[str, ...] | None
    ) -> RemoteStream:
        """Begin to hear an utterance with a loaded model."""
        self._last_stream += 1
        number = self._last_stream
        stream = RemoteStream(
            lambda kind, body: self._of_stream(number, kind, body), model.engine, model.thresholds
        )
        self.streams[number] = stream
        wanted = {"version": VERSION, "folder": str(model.path), "rate_hz": rate_hz, "language": language}
        self._send(pack(Kind.OPEN, number, {**wanted, "grammar": grammar}))
        return stream

    def tick(self) -> None:
        """Ask for a sign of life."""
        self._flush()

    def kill(self, reason: str) -> None:
        """End the process at once; its streams fail."""
        if not self._alive:
            return
        self._alive = False
        self._loop.remove_reader(self._connection)
        if self._flushing:
            self._flushing.cancel()
        self._connection.close()
        self._process.kill()
        self.lost = len(self.streams)
        for stream in self.streams.values():
            stream.deliver(Failed(reason))
        self.streams.clear()
        self._owner.gone(self, reason)

    def wait(self) -> None:
        """Reap the killed process; blocks for a moment, so call it in a thread."""
        self._process.wait()

    def _of_stream(self, number: int, kind: Kind, body: bytes) -> None:
        if kind is Kind.SOUND and len(self._outgoing) > _MOST_WAITING:
            self._give_up(number)
            return
        if kind is Kind.CLOSE:
            self.streams.pop(number, None)
        self._send(pack(kind, number, body))
        # The caller waits for these words now.
        if kind is Kind.FINISH:
            self._flush()

    def _give_up(self, number: int) -> None:
        """A stream whose sound finds no room fails: words with a hole in them would be wrong ones."""
        stream = self.streams.pop(number)
        self._send(pack(Kind.CLOSE, number))
        stream.deliver(Failed("overloaded"))

    def _send(self, message: bytes) -> None:
        if not self._alive:
            return
        self._outgoing += message
        if self._flushing is None:
            self._flushing = self._loop.call_later(_FLUSH_S, self._flush)

    def _flush(self) -> None:
        if self._flushing:
            self._flushing.cancel()
            self._flushing = None
        if not self._alive:
            return
        # One so far behind owes enough answers already; more questions would only add to what waits.
        if len(self._outgoing) <= _MOST_WAITING:
            self._outgoing += pack(Kind.TICK)
            self._ticks.append(self._clock_s())
        try:
            del self._outgoing[: self._connection.send(self._outgoing)]
        except BlockingIOError:
            pass
        except OSError as error:
            self.kill(f"crashed: {error}")
            return
        if self._outgoing:
            self._flushing = self._loop.call_later(_FLUSH_S, self._flush)

    def _read(self) -> None:
        if not self._alive:
            return
        try:
            data = self._connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.kill("crashed")
            return
        self._answered_s = self._clock_s()
        try:
            for message in self._unpacker.feed(data):
                if self._alive:
                    self._handle(message)
        except Exception as error:
            log.exception("speech_process_unreadable", pid=self.pid)
            self.kill(
                f"unreadable: {error!r}"
            )  # after one message that nobody understands no other is trusted

    def _handle(self, message: Message) -> None:
        match message.kind:
            case Kind.TICK:
                self._round_trip_s = self._clock_s() - self._ticks.popleft()
            case Kind.RESULT if message.stream in self.streams:
                stream = self.streams[message.stream]
                result = unpack_result(message)
                if isinstance(result, SpeechStopped):
                    stream.due_s = self._clock_s() + result.words_within_s
                stream.deliver(result)
                if stream.ended:
                    del self.streams[message.stream]
            case Kind.HELLO if message.fields()["version"] != VERSION:
                theirs = message.fields()["version"]
                self.kill(f"its messages are of version {theirs}, ours of {VERSION}: restart the server")
            case Kind.LOADED:
                self._loaded(**message.fields())
            case Kind.NOTE:
                note = message.fields()
                log.info(note["event"], **note["fields"])

    def _loaded(self, folder: str, cost: float, error: str) -> None:
        self.loading.discard(Path(folder))
        if not error:
            self.models[Path(folder)] = cost
        self._owner.loaded(self, Path(folder), error)
