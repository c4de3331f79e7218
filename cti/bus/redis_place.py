"""Where a reader stands in a stream of Redis."""

import re
import zlib
from dataclasses import dataclass
from typing import Self

from cti.bus import Position

_POSITION = re.compile(r"(\d{1,15})-(\d{1,15})-([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True)
class Place:
    """After the entry with this number, 0 for none yet, in this life of the stream.

    `check` is the entry's checksum: a Redis that went back to an older copy of its data gives the numbers
    that were lost to other events, which by their numbers alone nobody would miss.
    """

    life: int
    number: int
    check: int

    @classmethod
    def of(cls, entry_id: bytes, data: bytes) -> Self:
        life, number = entry_id.split(b"-")
        return cls(int(life), int(number), zlib.crc32(data))

    @classmethod
    def at(cls, position: Position) -> Self | None:
        """What a position says; None for one that was never given for a stream of Redis."""
        match = _POSITION.fullmatch(position)
        return cls(int(match[1]), int(match[2]), int(match[3], 16)) if match else None

    @property
    def entry_id(self) -> str:
        return f"{self.life}-{self.number}"

    @property
    def position(self) -> Position:
        """As others keep it."""
        return f"{self.entry_id}-{self.check:08x}"

    def is_next_to(self, earlier: Self) -> bool:
        """Whether nothing lies between the two."""
        return (self.life, self.number) == (earlier.life, earlier.number + 1)

    def is_within(self, newest: Self) -> bool:
        """Whether the stream, whose newest entry that is, may still know this one."""
        return self.life == newest.life and self.number <= newest.number
