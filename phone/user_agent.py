"""A SIP telephone over UDP: registers, calls, is called (RFC 3261, as much as one telephone needs)."""

import asyncio
import secrets
import time
from collections.abc import Callable

import structlog

from phone.call import PhoneCall
from phone.codecs import Codec, codec_of
from phone.messages import NotSip, SipCredentials, SipMessage, answer, media_address, parse

log = structlog.get_logger()

_FIRST_RETRY_S, _TRIES, _RESPONSE_S = 0.5, 5, 8.0


class CallFailed(Exception):
    """The far end refused, or did not answer at all."""


class UserAgent(asyncio.DatagramProtocol):
    """A telephone: one user at one server; `on_invite` is told of incoming calls."""

    def __init__(
        self,
        username: str,
        server: tuple[str, int],
        password: str = "",
        on_invite: Callable[[PhoneCall], None] | None = None,
    ) -> None:
        self.username = username
        self.host, self._port = "127.0.0.1", 0
        self._server, self._on_invite = server, on_invite
        self._credentials = SipCredentials(username, password)
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[tuple[str, str], asyncio.Queue[SipMessage]] = {}
        self._calls: dict[str, PhoneCall] = {}
        self._answered: dict[tuple[str, str], bytes] = {}  # what each request got, for its repeats
        self._invites: dict[str, SipMessage] = {}  # ours, by Call-ID, for CANCEL and ACK
        self._renewing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take a UDP port on the address that reaches the server."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=self._server)
        self.host, self._port = self._transport.get_extra_info("sockname")[:2]

    async def close(self) -> None:
        """Hang up every call and give the port back."""
        if self._renewing:
            self._renewing.cancel()
        for call in tuple(self._calls.values()):
            if call.state != "ended":
                await call.hang_up()
        if self._transport:
            self._transport.close()

    async def register(self, expires_s: int = 120) -> None:
        """Be reachable, and stay so; 0: be so no more. Raises CallFailed when the server refuses."""
        if self._renewing:
            self._renewing.cancel()
        await self._register(expires_s)
        self._renewing = asyncio.create_task(self._renew(expires_s)) if expires_s else None

    async def _renew(self, expires_s: int) -> None:
        while True:
            # Halfway, so that one lost registration does not make us unreachable.
            await asyncio.sleep(expires_s / 2)
            try:
                await self._register(expires_s)
            except CallFailed as error:
                log.warning("phone_not_registered", username=self.username, error=str(error))

    async def _register(self, expires_s: int) -> None:
        uri = f"sip:{self._server[0]}:{self._server[1]}"
        own = f"<sip:{self.username}@{self._server[0]}>"
        call_id, tag = secrets.token_hex(12), secrets.token_hex(6)
        headers: tuple[tuple[str, str], ...] = (("expires", str(expires_s)),)
        # The first one is refused with the challenge that the second one answers.
        for sequence in (1, 2):
            request = self.request(
                "REGISTER",
                uri,
                sequence=sequence,
                call_id=call_id,
                local=f"{own};tag={tag}",
                remote=own,
                extra=headers,
            )
            response = await self.send_request(request)
            if response.status != 401:
                break
            challenge = self._credentials.authorization(response.header("www-authenticate"), "REGISTER", uri)
            headers = (("expires", str(expires_s)), ("authorization", challenge))
        if response.status != 200:
            raise CallFailed(f"registration refused: {response.first}")

    async def call(self, number: str, codec: Codec, caller: str, name: str = "") -> PhoneCall:
        """Dial; returns when the far end has answered. Raises CallFailed.

        `caller` is the number shown to the far end; empty withholds it.
        """
        call = await self.dial(number, codec, caller, name)
        try:
            await self.answered(call)
        except BaseException:
            await call.hang_up()
            raise
        return call

    async def dial(self, number: str, codec: Codec, caller: str, name: str = "") -> PhoneCall:
        """Send the INVITE; the call may be hung up before `answered` returns."""
        uri = f"sip:{number}@{self._server[0]}:{self._server[1]}"
        call = PhoneCall(self, codec, secrets.token_hex(16), uri)
        call.rtp_port = await call.rtp.open(self.host)
        shown = name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", " ")
        address = f"sip:{caller}@{self.host}" if caller else "sip:anonymous@anonymous.invalid"
        call.local, call.peer = f'"{shown if caller else "Anonymous"}" <{address}>', f"<{uri}>"
        self._calls[call.call_id] = call
        invite = call.request("INVITE", body=call.description())
        self._invites[call.call_id] = invite
        self._waiting[(call.call_id, "INVITE")] = asyncio.Queue()
        call.invited_ms = time.time_ns() // 1_000_000
        self._send(invite)
        return call

    async def answered(self, call: PhoneCall) -> None:
        """Wait for the far end's answer to our INVITE. Raises CallFailed."""
        invite = self._invites[call.call_id]
        responses = self._waiting[(call.call_id, "INVITE")]
        wait_s, heard = _FIRST_RETRY_S, False
        for _ in range(10_000):
            try:
                response = await asyncio.wait_for(responses.get(), 180 if heard else wait_s)
            except TimeoutError:
                if heard or wait_s > _FIRST_RETRY_S * 2**_TRIES:
                    raise CallFailed("no answer from the server") from None
                self._send(invite)
                wait_s *= 2
                continue
            heard = True
            call.remote_tag = response.tag("to") or call.remote_tag
            if response.status >= 300:
                self._send(call.request("ACK", branch=invite.branch, sequence=invite.sequence))
                call.end()
                raise CallFailed(response.first.removeprefix("SIP/2.0 "))
            if response.status >= 200:
                call.follow(response.header("contact"))
                call.connect(response.body)
                self._send(call.request("ACK", sequence=invite.sequence))
                return

    def cancel(self, call: PhoneCall) -> None:
        """Take back an INVITE that was not answered yet."""
        invite = self._invites[call.call_id]
        self._send(call.request("CANCEL", branch=invite.branch, sequence=invite.sequence))

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
        extra: tuple[tuple[str, str], ...] = (),
    ) -> SipMessage:
        """A request from this telephone."""
        branch = branch or f"z9hG4bK{secrets.token_hex(8)}"
        headers = [
            ("via", f"SIP/2.0/UDP {self.host}:{self._port};branch={branch};rport"),
            ("max-forwards", "70"),
            ("from", local),
            ("to", remote),
            ("call-id", call_id),
            ("cseq", f"{sequence} {method}"),
            ("contact", f"<sip:{self.username}@{self.host}:{self._port}>"),
            *extra,
        ]
        if body:
            headers.append(("content-type", "application/sdp"))
        return SipMessage(f"{method} {uri} SIP/2.0", tuple(headers), body)

    async def send_request(self, request: SipMessage, quiet: bool = False) -> SipMessage:
        """Send until answered; the final response. Raises CallFailed, or with `quiet` makes a 408 of it."""
        key = (request.header("call-id"), request.method)
        responses = self._waiting.setdefault(key, asyncio.Queue())
        try:
            async with asyncio.timeout(_RESPONSE_S):
                wait_s = _FIRST_RETRY_S
                while True:
                    self._send(request)
                    try:
                        response = await asyncio.wait_for(responses.get(), wait_s)
                    except TimeoutError:
                        wait_s *= 2
                        continue
                    if response.status >= 200 and response.sequence == request.sequence:
                        return response
        except TimeoutError:
            if not quiet:
                raise CallFailed("no answer from the server") from None
            return SipMessage("SIP/2.0 408 Request Timeout")
        finally:
            self._waiting.pop(key, None)

    def reply(self, request: SipMessage, status: str, tag: str, body: str = "") -> None:
        """Answer a request, and its repeats alike."""
        contact = f"<sip:{self.username}@{self.host}:{self._port}>"
        packet = answer(request, status, tag, contact, body).encode()
        self._answered[(request.branch, request.method)] = packet
        # Repeats come within half a minute: older answers are of no use.
        while len(self._answered) > 64:
            self._answered.pop(next(iter(self._answered)))
        self._transmit(packet)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one packet from the server."""
        try:
            message = parse(data)
            if message.is_response:
                self._responded(message)
            elif (message.branch, message.method) in self._answered:
                self._transmit(self._answered[(message.branch, message.method)])
            else:
                self._asked(message)
        except (NotSip, ValueError, IndexError) as error:
            log.warning("sip_packet_unusable", error=str(error)[:200])

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there: to a call it is as if that were answered (RFC 3261, 8.1.3.1)."""
        nobody = SipMessage("SIP/2.0 503 nobody listens at {}:{}".format(*self._server))
        for call_id in self._invites:
            if self._calls[call_id].state == "calling":
                self._waiting[(call_id, "INVITE")].put_nowait(nobody)

    def _responded(self, response: SipMessage) -> None:
        call = self._calls.get(response.header("call-id"))
        waiting = self._waiting.get((response.header("call-id"), response.method))
        if response.method == "INVITE" and call and call.state != "calling":
            self._send(call.request("ACK", sequence=response.sequence))  # our first ACK was lost
        elif waiting:
            waiting.put_nowait(response)

    def _asked(self, request: SipMessage) -> None:
        call = self._calls.get(request.header("call-id"))
        tag = call.local_tag if call else secrets.token_hex(6)
        match request.method:
            case "INVITE" if call is None:
                asyncio.get_running_loop().create_task(self._invited(request))
            case "INVITE" | "UPDATE" if call is not None:
                self.reply(request, "200 OK", tag, call.description() if request.body else "")
            case "ACK":
                pass
            case "BYE" if call is not None:
                self.reply(request, "200 OK", tag)
                call.end()
            case "CANCEL" if call is not None:
                self.reply(request, "200 OK", tag)
                if call.state == "ringing" and call.invite:
                    self.reply(call.invite, "487 Request Terminated", tag)
                    call.end()
            case "OPTIONS" | "NOTIFY":
                self.reply(request, "200 OK", tag)
            case _:
                self.reply(request, "481 Call/Transaction Does Not Exist", tag)

    async def _invited(self, request: SipMessage) -> None:
        call_id = request.header("call-id")
        tag = secrets.token_hex(6)
        try:
            codec = codec_of(media_address(request.body)[2])
        except ValueError:
            self.reply(request, "488 Not Acceptable Here", tag)
            return
        call = PhoneCall(self, codec, call_id, "")
        call.state, call.invite, call.local_tag = "ringing", request, tag
        call.remote_tag = request.tag("from")
        call.local, call.peer = request.header("to"), request.header("from").partition(";tag=")[0]
        call.follow(request.header("contact"))
        self._calls[call_id] = call
        call.rtp_port = await call.rtp.open(self.host)
        if self._on_invite is None:
            self.reply(request, "486 Busy Here", tag)
            call.end()
            return
        self.reply(request, "180 Ringing", tag)
        self._on_invite(call)

    def _send(self, message: SipMessage) -> None:
        self._transmit(message.encode())

    def _transmit(self, packet: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(packet)
