"""Taps: what hears along on a caller's line; a recording and a recogniser's stream do for one question.

All taps of a line count in the caller's own sound: `at_s` and `from_s` are seconds from the line's first
frame. So whoever looks for our prompt in what comes back from the caller (echo) knows from which moment on it
can be there at all. A tap that is put on while something is being said is told of that too.
"""

from ivr.speech import Stream


class Tap:
    """Hears along. It must not block; what it does not care for it leaves out."""

    def hear(self, sound: bytes, at_s: float) -> None:
        """The next sound of the caller, without gaps: signed 16-bit little-endian mono at the line's rate."""

    def say(self, sound: bytes, from_s: float) -> None:
        """We say this, from `from_s` on, unless it is hushed; the way to the caller and back comes on top."""

    def hush(self, from_s: float) -> None:
        """From here on nothing is said of what was to be said."""


class StreamTap(Tap):
    """Lets a recogniser's stream hear the caller."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def hear(self, sound: bytes, at_s: float) -> None:
        self._stream.feed(sound)
