"""The port to a caller's ear and mouth: what a dialogue may expect of any transport.

Sound is signed 16-bit little-endian mono at `rate_hz` (8000 or 16000).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Frame:
    """The next moment of what the caller says, some hundredths of a second."""

    sound: bytes


@dataclass(frozen=True)
class Key:
    """A key the caller has pressed: 0–9, * or #."""

    digit: str


@dataclass(frozen=True)
class Played:
    """Everything that was given to `play` up to the one with this mark has been heard."""

    mark: str


@dataclass(frozen=True)
class HungUp:
    """The caller is gone; the last event."""


ChannelEvent = Frame | Key | Played | HungUp


class Channel(Protocol):
    """One caller, while the IVR has them."""

    @property
    def rate_hz(self) -> int:
        """Samples a second, in both directions."""

    def events(self) -> AsyncIterator[ChannelEvent]:
        """What comes from the caller, in order; ends after HungUp. To be read by one reader only."""

    async def play(self, sound: bytes, mark: str) -> None:
        """Queue the sound; returns before it is heard; `Played(mark)` tells when it was."""

    async def flush(self) -> None:
        """Silence at once: what is queued is dropped; its marks still arrive as Played."""

    async def close(self) -> None:
        """Let go of the caller, who goes on to the queue."""
