"""The connection to Asterisk Manager: always there or coming back. The only import of panoramisk.

What panoramisk lacks is added here: a deadline for the ping (a frozen Asterisk closes nothing), a
decoder that keeps a character which was split over two packets, and an end. Reading never waits for
whoever handles an event: one callback puts each of them into one queue. (Asterisk cuts off a slow reader.)
"""

import asyncio
import codecs
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal

import structlog
from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from cti.asterisk.ami_events import AmiMessage
from domain.clock import now_ms
from domain.event import MAIN_NODE

log = structlog.get_logger()

State = Literal["starting", "ready", "down", "refused"]

_HEALTH = {
    "starting": "not connected to Asterisk yet",
    "ready": "ok",
    "down": "not connected to Asterisk",
    "refused": "Asterisk refuses the AMI user or secret",
}
_INBOX = 100_000  # some twenty a call, as manager.conf filters them: thousands of calls nobody has looked at
# panoramisk logs every attempt, and actions with their secret: we log what changes instead.
_SILENT = logging.Logger("panoramisk", logging.CRITICAL + 1)


class AmiDown(Exception):
    """Asterisk is not there, or did not answer within the deadline."""


class AmiRefused(Exception):
    """Asterisk answered, and said no; the text is its reason."""


class Ami:
    """One login to Asterisk Manager, kept up until `close`.

    The first message after each login is `FullyBooted` (the login needs `read=system`): from then on
    Asterisk can be asked and told things, and what happened before is to be asked for.
    """

    def __init__(
        self,
        node: str = MAIN_NODE,
        *,
        clock: Callable[[], int] = now_ms,
        retry_s: float = 2.0,
        ping_s: float = 5.0,
        deadline_s: float = 3.0,
    ) -> None:
        self._node = node
        self._clock = clock
        self._retry_s = retry_s
        self._ping_s = ping_s
        self._deadline_s = deadline_s
        self._inbox: asyncio.Queue[AmiMessage | None] = asyncio.Queue(_INBOX)
        self._manager: _Manager | None = None
        self._state: State = "starting"

    @property
    def state(self) -> str:
        """`ok`, or what is wrong, for the health page."""
        return _HEALTH[self._state]

    async def connect(self, host: str, port: int, username: str, secret: str) -> None:
        """Log in, now or as soon as Asterisk is there; returns at once. Logs each change of state once."""
        _refuse_line_breaks({"username": username, "secret": secret})
        self._manager = _Manager(
            deadline_s=self._deadline_s,
            on_unreachable=self._unreachable,
            on_refused=self._refused,
            on_disconnect=self._disconnected,
            loop=asyncio.get_running_loop(),
            host=host,
            port=port,
            username=username,
            secret=secret,
            protocol_factory=_Protocol,
            log=_SILENT,
        )
        self._manager.reconnect_timeout = self._retry_s
        self._manager.ping_delay = self._manager.ping_interval = self._ping_s
        # A plain function: panoramisk runs each coroutine as a task, and events would overtake each other.
        self._manager.register_event("*", self._take)
        self._manager.connect()

    async def messages(self) -> AsyncIterator[AmiMessage]:
        """Every event in the order of the wire, lists that were asked for included; ends with `close`."""
        while (message := await self._inbox.get()) is not None:
            yield message

    async def send(self, action: Mapping[str, str]) -> None:
        """Have Asterisk do something.

        Raises ValueError for a line break in a field, AmiRefused, and AmiDown when Asterisk is not
        there. The list that some actions ask for comes among the `messages`.
        """
        _refuse_line_breaks(action)
        # panoramisk would keep the action and send it after the next login, when it may be wrong.
        if self._manager is None or self._state != "ready":
            raise AmiDown("not logged in")
        # Not as a list: panoramisk would gather the events for itself, and they belong among `messages`.
        answer = self._manager.send_action(dict(action), as_list=False)
        try:
            async with asyncio.timeout(self._deadline_s):
                response = await answer
        except TimeoutError:
            raise AmiDown(f"no answer to {action['Action']}") from None
        if not response.success:
            raise AmiRefused(str(response.message))

    async def close(self) -> None:
        """Log out, try no more, and end `messages`."""
        if self._manager is not None:
            self._manager.end()
        self._state = "down"
        # The end has to find room; nobody will read what is dropped for it.
        while self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(None)

    def _take(self, manager: "_Manager", message: Any) -> None:
        # A field that comes twice is a list; a callback that raised would cost the rest of the packet.
        fields = {key: value if isinstance(value, str) else value[0] for key, value in message.items()}
        if fields["Event"] == "FullyBooted":
            self._become("ready")
        try:
            self._inbox.put_nowait(AmiMessage(fields, self._clock(), self._node))
        except asyncio.QueueFull:  # nobody reads: begin again, the next login makes good what is lost
            log.error("asterisk_events_dropped", waiting=self._inbox.qsize())
            manager.protocol.transport.abort()

    def _become(self, state: State, **why: str) -> None:
        if state == self._state:
            return
        self._state = state
        if state == "ready":
            log.info("asterisk_ready")
        else:
            log.warning(f"asterisk_{state}", retry_s=self._retry_s, **why)

    def _unreachable(self, error: BaseException) -> None:
        self._become("down", why=str(error))

    def _refused(self, reason: str) -> None:
        self._become("refused", why=reason, hint="AMI user or secret differ from Asterisk's manager.conf")

    def _disconnected(self, _manager: "_Manager", _error: object) -> None:
        if self._state == "ready":
            self._become("down", why="connection lost")


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """Keeps a UTF-8 character together that arrives in two packets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def data_received(self, data: bytes) -> None:
        super().data_received(self._decoder.decode(data).encode())


class _Manager(Manager):  # type: ignore[misc]
    """panoramisk's connection with a ping that has a deadline, and without actions sent twice."""

    def __init__(
        self,
        *,
        deadline_s: float,
        on_unreachable: Callable[[BaseException], None],
        on_refused: Callable[[str], None],
        **config: Any,
    ) -> None:
        super().__init__(**config)
        self._deadline_s = deadline_s
        self._on_unreachable = on_unreachable
        self._on_refused = on_refused
        self._ended = False
        self._attempt: asyncio.Task[Any] | None = None

    def connect(self) -> None:
        if not self._ended:
            self._attempt = super().connect()

    def connection_made(self, attempt: asyncio.Task[Any]) -> None:
        if attempt.cancelled():
            return
        error = attempt.exception()
        if self._ended:
            # `end` was called while the attempt was succeeding.
            if error is None:
                attempt.result()[0].close()
        elif error is not None:
            self._on_unreachable(error)
            self.loop.call_later(self.reconnect_timeout, self.connect)
        else:
            super().connection_made(attempt)

    def login(self, answer: asyncio.Future[Any]) -> bool:
        accepted: bool = super().login(answer)
        if not accepted:
            self._on_refused(str(answer.result().message))
        return accepted

    def ping(self) -> None:
        self.pinger = self.loop.call_later(self.ping_interval, self.ping)
        # Not `close`: that waits until a frozen Asterisk has taken what we still have for it.
        deadline = self.loop.call_later(self._deadline_s, self.protocol.transport.abort)
        self.send_action({"Action": "Ping"}, as_list=False).add_done_callback(lambda _: deadline.cancel())

    async def send_awaiting_actions(self, *_: Any) -> None:
        """After a gap nobody waits any more for what was asked before it."""
        self.awaiting_actions.clear()

    def connection_lost(self, error: object) -> None:
        if not self._ended:
            super().connection_lost(error)

    def end(self) -> None:
        """Close the connection for good."""
        self._ended = True
        if self._attempt is not None:
            self._attempt.cancel()
        self.close()


def _refuse_line_breaks(fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        if "\r" in name + value or "\n" in name + value:
            raise ValueError(f"a line break in {name!r} would begin another action")
