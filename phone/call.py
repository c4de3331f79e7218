"""One call of the telephone: its state, its sound, and the requests inside its dialogue."""

import asyncio
import re
import secrets
import time
from typing import Literal, Protocol

from phone.codecs import Codec
from phone.messages import SipMessage, media_address, session_description
from phone.rtp import RtpSession

State = Literal["calling", "ringing", "connected", "ended"]


class Telephone(Protocol):
    """What a call needs of the telephone it is made with."""

    host: str

    def request(
        self,
        method: str,
        uri: str,
        *,
        sequence: int,
        call_id: str,
        local: str,
        remote: str,
        branch: str = "",
        body: str = "",
    ) -> SipMessage:
        """A request from this telephone."""

    async def send_request(self, request: SipMessage, quiet: bool = False) -> SipMessage:
        """Send until answered."""

    def reply(self, request: SipMessage, status: str, tag: str, body: str = "") -> None:
        """Answer a request."""

    def cancel(self, call: "PhoneCall") -> None:
        """Take back an INVITE that was not answered yet."""


class PhoneCall:
    """One call of this telephone; times `*_ms` since the epoch."""

    def __init__(self, agent: Telephone, codec: Codec, call_id: str, remote: str) -> None:
        self.state: State = "calling"
        self.call_id = call_id
        self.rtp = RtpSession(codec)
        self.invited_ms = time.time_ns() // 1_000_000
        self.connected_ms: int | None = None
        self.ended = asyncio.Event()
        self.invite: SipMessage | None = None  # the request, where we were called
        self._agent = agent
        self._remote = remote  # where requests of this dialogue go
        self.local_tag, self.remote_tag = secrets.token_hex(6), ""
        self.local, self.peer = "", ""  # From and To as we see them, without tags
        self.sequence = 1
        self.rtp_port = 0

    def description(self) -> str:
        """Our half of the session description."""
        codec = self.rtp.codec
        return session_description(self._agent.host, self.rtp_port, codec.payload_type, codec.encoding)

    def connect(self, description: str) -> None:
        """Both ends agree: sound flows."""
        host, port, _ = media_address(description)
        self.rtp.start((host, port))
        self.state, self.connected_ms = "connected", time.time_ns() // 1_000_000

    def request(
        self, method: str, branch: str = "", sequence: int | None = None, body: str = ""
    ) -> SipMessage:
        to_tag = f";tag={self.remote_tag}" if self.remote_tag else ""
        return self._agent.request(
            method,
            self._remote,
            sequence=sequence or self.sequence,
            call_id=self.call_id,
            local=f"{self.local};tag={self.local_tag}",
            remote=f"{self.peer}{to_tag}",
            branch=branch,
            body=body,
        )

    def follow(self, contact: str) -> None:
        """Further requests go to the far end's own address."""
        # Contact is where the far end wants to be asked from now on, not the address that was dialled.
        match = re.search(r"<([^>]+)>", contact)
        self._remote = match.group(1) if match else self._remote

    async def answer(self) -> None:
        if self.invite and self.state == "ringing":
            self.connect(self.invite.body)
            self._agent.reply(self.invite, "200 OK", self.local_tag, self.description())

    async def hang_up(self) -> None:
        """End the call in whatever state it is."""
        if self.state == "connected":
            self.sequence += 1
            await self._agent.send_request(self.request("BYE"), quiet=True)
        elif self.state == "ringing" and self.invite:
            self._agent.reply(self.invite, "486 Busy Here", self.local_tag)
        elif self.state == "calling":
            self._agent.cancel(self)
        self.end()

    def end(self) -> None:
        self.state = "ended"
        self.rtp.close()
        self.ended.set()
