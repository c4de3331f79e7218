"""Questions to a Redis that may be away, frozen or full, each within a patience."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from cti.bus import BusDown

T = TypeVar("T")

_AGAIN_S = 0.05

Question = Callable[[], Awaitable[T]]


class RedisConnection:
    """The client, as many sockets as questions are open, and what was wrong with the last of them."""

    def __init__(self, url: str, patience_s: float, block_s: float) -> None:
        self.redis = Redis.from_url(
            url,
            # In RESP3 XREAD answers in another shape.
            protocol=2,
            retry=Retry(NoBackoff(), 0),  # when to try again is decided here
            # Both longer than our own patience: where two time out at once, the client may take our
            # cancellation for its own.
            socket_connect_timeout=block_s + patience_s,
            socket_timeout=block_s + patience_s,
            max_connections=100_000,  # every reader waits on one of its own
        )
        self._patience_s = patience_s
        self._problem = ""
        self._closed = False

    @property
    def state(self) -> str:
        """`ok`, or what was wrong when Redis was last asked."""
        return "closed" if self._closed else self._problem or "ok"

    async def ask_once(self, question: Question[T]) -> T:
        """The answer; raises BusDown where Redis refuses, or the connection breaks."""
        self._must_be_open()
        try:
            answer = await _cancellable(question)
        except (RedisError, OSError) as error:
            self._must_be_open()
            self._problem = str(error) or type(error).__name__
            raise BusDown(self._problem) from error
        self._problem = ""
        return answer

    async def ask(self, question: Question[T], turn: asyncio.Lock | None = None) -> T:
        """The answer, asked for again and again; raises BusDown when the patience has run out.

        Questions with the same `turn` are asked one after the other.
        """
        self._must_be_open()
        until_s = asyncio.get_running_loop().time() + self._patience_s
        try:
            async with asyncio.timeout_at(until_s), turn or contextlib.nullcontext():
                return await self._ask_until(until_s, question)
        except TimeoutError as error:
            self._problem = self._problem or f"no answer within {self._patience_s:g} s"
            raise BusDown(self._problem) from error

    async def close(self) -> None:
        """From now on everything is BusDown."""
        self._closed = True
        await self.redis.aclose()

    async def _ask_until(self, until_s: float, question: Question[T]) -> T:
        while asyncio.get_running_loop().time() < until_s:
            try:
                return await self.ask_once(question)
            except BusDown:
                self._must_be_open()
            await asyncio.sleep(_AGAIN_S)
        raise TimeoutError

    def _must_be_open(self) -> None:
        if self._closed:
            raise BusDown("closed")


async def _cancellable(question: Question[T]) -> T:
    """The client sends with `wait_for`, which up to Python 3.11 forgets a cancellation that comes meanwhile:
    a follower told to end would go on, and whoever waits for its end would wait for ever."""
    task = asyncio.current_task()
    assert task is not None
    cancelled_before = task.cancelling()
    try:
        return await question()
    finally:
        if task.cancelling() > cancelled_before:
            raise asyncio.CancelledError
