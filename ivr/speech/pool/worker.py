"""A speech process: `python -m ivr.speech.pool.worker SOCKET ENGINES…`, the engines' modules.

One thread follows the streams: it finds where speech begins and ends, feeds streaming decoders and answers
what it is asked. Models load beside it, and whole utterances become words beside it
(`ivr/speech/transcriber.py`): an engine that takes seconds holds up neither the other callers' ends of speech
nor the sign of life.

It ends when its socket does, so it never outlives the server.
"""

import socket
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ivr.speech import Failed, Heard, Result
from ivr.speech.decoders import Gathering, Streaming
from ivr.speech.engine import Engine, Spoken, StreamingModel, WholeModel
from ivr.speech.engines import engines_of
from ivr.speech.pool.calibration import RATE_HZ, sample
from ivr.speech.pool.framing import VERSION, Kind, Message, Unpacker, pack, pack_result
from ivr.speech.transcriber import Transcriber
from ivr.speech.utterance import Utterance, UtteranceDecoder


class Worker:
    """Hears many streams, each an utterance of its own."""

    def __init__(self, connection: socket.socket, engines: dict[str, Engine]) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._engines = engines
        self._models: dict[str, StreamingModel | WholeModel] = {}
        self._streams: dict[int, Utterance] = {}
        self._transcriber = Transcriber()

    def run(self) -> None:
        """Work until the server closes the socket."""
        self._send(pack(Kind.HELLO, 0, {"version": VERSION}))
        unpacker = Unpacker()
        while data := self._connection.recv(1 << 18):
            for message in unpacker.feed(data):
                self._handle(message)

    def _handle(self, message: Message) -> None:
        match message.kind:
            case Kind.SOUND if utterance := self._streams.get(message.stream):
                self._tell(message.stream, utterance.hear(message.body))
            case Kind.FINISH if utterance := self._streams.get(message.stream):
                self._tell(message.stream, utterance.finish())
            case Kind.OPEN:
                self._open(message.stream, **message.fields())
            case Kind.CLOSE:
                if utterance := self._streams.pop(message.stream, None):
                    utterance.close()
            case Kind.TICK:
                self._send(pack(Kind.TICK))
            case Kind.LOAD:
                # Beside the decoding: a large model takes seconds, and callers of the others are talking.
                threading.Thread(target=self._load, kwargs=message.fields(), daemon=True).start()

    def _open(
        self, stream: int, version: int, folder: str, rate_hz: int, language: str, grammar: list[str] | None
    ) -> None:
        if version != VERSION:
            other = f"the pool says version {version} of its messages, this process {VERSION}"
            self._send(pack_result(stream, Failed(other)))
            return
        model = self._models[folder]
        known = None if grammar is None else self._known(model, grammar)
        like = Spoken(b"", rate_hz, language, known)
        self._streams[stream] = Utterance(rate_hz, lambda: self._decoder(stream, model, like))

    def _decoder(self, stream: int, model: StreamingModel | WholeModel, like: Spoken) -> UtteranceDecoder:
        if isinstance(model, WholeModel):
            return Gathering(model, self._transcriber, lambda words: self._tell_late(stream, words), like)
        return Streaming(model, like.rate_hz, like.language, like.grammar)

    def _known(self, model: StreamingModel | WholeModel, grammar: Iterable[str]) -> tuple[str, ...]:
        phrases = tuple(grammar)
        unknown = [phrase for phrase in phrases if not model.knows(phrase)]
        if unknown:
            self._note("grammar_words_unknown", words=unknown)
        return tuple(phrase for phrase in phrases if phrase not in unknown)

    def _tell(self, stream: int, results: Iterable[Result]) -> None:
        result: Result | None = None
        try:
            for result in results:
                self._send(pack_result(stream, result))
        except Exception as error:  # whatever the engine throws ends this stream, not the others
            self._send(pack_result(stream, result := Failed(repr(error))))
        # One whose words are still being made stays: whoever closes it wants them no more.
        if isinstance(result, Heard | Failed):
            self._streams.pop(stream, None)

    def _tell_late(self, stream: int, words: Heard | Failed) -> None:
        self._streams.pop(stream, None)
        # A server that is gone is found by the other thread, which then ends us.
        with suppress(OSError):
            self._send(pack_result(stream, words))

    def _load(self, folder: str, engine: str) -> None:
        try:
            model = self._engines[engine].load(Path(folder))
            cost = model.cost(sample(), RATE_HZ)
        except Exception as error:  # whatever it is: a thread that ends in silence leaves the pool waiting
            self._send(pack(Kind.LOADED, 0, {"folder": folder, "cost": 0.0, "error": str(error)}))
            return
        self._models[folder] = model
        self._send(pack(Kind.LOADED, 0, {"folder": folder, "cost": cost, "error": ""}))

    def _note(self, event: str, **fields: Any) -> None:
        self._send(pack(Kind.NOTE, 0, {"event": event, "fields": fields}))

    def _send(self, data: bytes) -> None:
        # Other threads send as well: two messages must not be mixed.
        with self._sending:
            self._connection.sendall(data)


def main() -> None:
    """Serve the socket whose number is the first argument."""
    _, number, *modules = sys.argv
    with socket.socket(fileno=int(number)) as connection:
        try:
            Worker(connection, engines_of(modules)).run()
        except (BrokenPipeError, ConnectionResetError):
            return  # the server is gone


if __name__ == "__main__":
    main()
