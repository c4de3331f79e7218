"""What passes between the pool and a worker process: small messages over a stream socket.

A message is one byte of kind, four of stream number, four of body length (big-endian), then the body:
sound as it is, everything else JSON. Results travel as the class's name and its fields.

HELLO and OPEN say which `VERSION` of these messages their sender speaks: a server that runs on while its
files are replaced starts processes of another version, and must not trust what they say.
"""

import dataclasses
import json
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from ivr.speech import Failed, Heard, Partial, Result, SpeechBegan, SpeechStopped, Word

VERSION = 2
"""To be raised whenever a message changes its fields or its meaning."""

_HEADER = struct.Struct(">BII")
_MOST_BYTES = 16_000_000  # of a body; a longer one is no message but bytes read at the wrong place
_RESULTS: dict[str, type[Result]] = {
    kind.__name__: kind for kind in (SpeechBegan, Partial, SpeechStopped, Heard, Failed)
}


class Kind(IntEnum):
    """To a worker: LOAD, OPEN, SOUND, FINISH, CLOSE, TICK. From it: HELLO, LOADED, RESULT, NOTE, TICK."""

    LOAD = 1  # a model's folder, engine
    OPEN = 2  # a stream: version, folder, rate_hz, language, grammar
    SOUND = 3
    FINISH = 4
    CLOSE = 5
    TICK = 6  # sent back as it came: everything before it has been heard
    LOADED = 7  # folder, cost (processor seconds for a second of speech), error
    RESULT = 8
    NOTE = 9  # something for the log: event, and its fields
    HELLO = 10  # the first thing a worker says: version


class Message(NamedTuple):
    """One message; stream 0 is the worker itself."""

    kind: Kind
    stream: int
    body: bytes

    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = json.loads(self.body)
        return fields


def pack(kind: Kind, stream: int = 0, body: bytes | dict[str, Any] = b"") -> bytes:
    """The message as bytes; a dictionary becomes JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return _HEADER.pack(kind, stream, len(content)) + content


class Unpacker:
    """Cuts what a socket gives back into messages."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now. Raises ValueError for what is no message."""
        self._rest += data
        at = 0
        while len(self._rest) - at >= _HEADER.size:
            kind, stream, size = _HEADER.unpack_from(self._rest, at)
            if size > _MOST_BYTES:
                raise ValueError(f"a message of {size} bytes")
            start = at + _HEADER.size
            if len(self._rest) < start + size:
                break
            at = start + size
            yield Message(Kind(kind), stream, bytes(self._rest[start:at]))
        # Once for all messages: cutting the buffer for each would copy it each time.
        del self._rest[:at]


def pack_result(stream: int, result: Result) -> bytes:
    """A result of a stream as a message."""
    return pack(Kind.RESULT, stream, {"result": type(result).__name__, **dataclasses.asdict(result)})


def unpack_result(message: Message) -> Result:
    """The result in a RESULT message."""
    fields = message.fields()
    kind = _RESULTS[fields.pop("result")]
    if kind is Heard:
        fields["words"] = tuple(Word(**word) for word in fields["words"])
        fields["alternatives"] = tuple(fields["alternatives"])
    return kind(**fields)
