"""A speech process: `python -m ivr.speech.pool.worker SOCKET`. One thread decodes; models load beside it.

It ends when its socket does, so it never outlives the server.
"""

import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from ivr.speech import Failed, Result
from ivr.speech.engines.vosk import UtteranceDecoder, VoskModel
from ivr.speech.pool.calibration import RATE_HZ, sample
from ivr.speech.pool.framing import Kind, Message, Unpacker, pack, pack_result
from ivr.speech.utterance import Utterance


class Worker:
    """Hears many streams, each an utterance of its own."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._models: dict[str, VoskModel] = {}
        self._streams: dict[int, Utterance] = {}

    def run(self) -> None:
        """Work until the server closes the socket."""
        unpacker = Unpacker()
        while data := self._connection.recv(1 << 18):
            for message in unpacker.feed(data):
                self._handle(message)

    def _handle(self, message: Message) -> None:
        match message.kind:
            case Kind.SOUND if message.stream in self._streams:
                self._tell(message.stream, self._streams[message.stream].hear(message.body))
            case Kind.FINISH if message.stream in self._streams:
                self._tell(message.stream, self._streams[message.stream].finish())
            case Kind.OPEN:
                self._open(message.stream, **message.fields())
            case Kind.CLOSE:
                self._streams.pop(message.stream, None)
            case Kind.TICK:
                self._send(pack(Kind.TICK))
            case Kind.LOAD:
                # Beside the decoding: a large model takes seconds, and callers of the others are talking.
                threading.Thread(target=self._load, args=(message.fields()["folder"],), daemon=True).start()

    def _open(self, stream: int, folder: str, rate_hz: int, grammar: list[str] | None) -> None:
        model = self._models[folder]
        known = None if grammar is None else self._known(model, grammar)
        self._streams[stream] = Utterance(rate_hz, lambda: UtteranceDecoder(model, rate_hz, known))

    def _known(self, model: VoskModel, grammar: Sequence[str]) -> list[str]:
        unknown = [phrase for phrase in grammar if not model.knows(phrase)]
        if unknown:
            self._note("grammar_words_unknown", words=unknown)
        return [phrase for phrase in grammar if phrase not in unknown]

    def _tell(self, stream: int, results: Iterator[Result]) -> None:
        try:
            for result in results:
                self._send(pack_result(stream, result))
        except Exception as error:  # whatever the engine throws ends this stream, not the others
            self._send(pack_result(stream, Failed(repr(error))))
            del self._streams[stream]
            return
        if self._streams[stream].ended:
            del self._streams[stream]

    def _load(self, folder: str) -> None:
        try:
            model = VoskModel(folder)
            cost = model.cost(sample(), RATE_HZ)
        except Exception as error:  # whatever it is: a thread that ends in silence leaves the pool waiting
            self._send(pack(Kind.LOADED, 0, {"folder": folder, "cost": 0.0, "error": str(error)}))
            return
        self._models[folder] = model
        self._send(pack(Kind.LOADED, 0, {"folder": folder, "cost": cost, "error": ""}))

    def _note(self, event: str, **fields: Any) -> None:
        self._send(pack(Kind.NOTE, 0, {"event": event, "fields": fields}))

    def _send(self, data: bytes) -> None:
        # The loading thread sends as well: two messages must not be mixed.
        with self._sending:
            self._connection.sendall(data)


def main() -> None:
    """Serve the socket whose number is the only argument."""
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        try:
            Worker(connection).run()
        except (BrokenPipeError, ConnectionResetError):
            return  # the server is gone


if __name__ == "__main__":
    main()
