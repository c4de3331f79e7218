"""Who a caller claims to be is hostile: whatever it is, they get a case, the queue and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from desk_view import CallJson, DeskView
from installation import Installation
from people import cases_of, stored_call

from phone.caller import converse
from phone.codecs import codec
from phone.messages import SipMessage
from phone.user_agent import UserAgent

pytestmark = pytest.mark.server

SENDERS = {
    "quotes": rb'"O\"Hara \\ \"; x" <sip:0046%22701%22@127.0.0.1>',
    "line breaks": b'"M" <sip:1%0D%0A%0D%0AEvent%3A%20Hangup%0D%0AUniqueid%3A%201%0D%0A@127.0.0.1>',
    "end of string": b'"Mallory" <sip:070%00%00174@127.0.0.1>',
    "SQL": b"\"Robert'); DROP TABLE cases; --\" <sip:1'%20OR%20'1'='1@127.0.0.1>",
    "HTML": b'"<script>alert(1)</script>" <sip:%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E@127.0.0.1>',
    "dialplan": b'"${SHELL(touch svarklar-was-here)}" <sip:$%7BSHELL(id)%7D@127.0.0.1>',
    "10 kB of name": b'"' + b"Mallory " * 1250 + b'" <sip:070@127.0.0.1>',
    "10 kB of number": b'"Mallory" <sip:' + b"0701740699" * 1000 + b"@127.0.0.1>",
    "no UTF-8": b'"\xff\xfe\xc3 Mall\xf6ry" <sip:07%FF0%C3@127.0.0.1>',
    "nothing": b"<sip:anonymous@anonymous.invalid>",
}
NO_SIP = b'"Mallory\r\n Action: Hangup\r\n\tChannel: /.*/" <sip:070@127.0.0.1>'


FORWARDED_BY = ("diversion", "<sip:1%0D%0A%0D%0A200%20result%3D1%0D%0A@127.0.0.1>;reason=unconditional")


class Impostor(UserAgent):
    """Says who it is in bytes of its own choice, and that it was forwarded by somebody alike."""

    def __init__(self, server: tuple[str, int], sender: bytes) -> None:
        super().__init__("caller", server)
        self._sender = sender.decode("utf-8", "surrogateescape")

    def request(self, method: str, uri: str, *, local: str, **fields: Any) -> SipMessage:
        tag = local.rpartition(";tag=")[2]
        return super().request(
            method, uri, local=f"{self._sender};tag={tag}", extra=(FORWARDED_BY,), **fields
        )


@pytest.fixture(scope="module")
def system(brief_house: Installation) -> Installation:
    return brief_house


async def _call_as(sender: bytes, system: Installation, desk: DeskView) -> CallJson:
    """English, no employee number, and by two keys to the queue."""
    phone = Impostor((system.settings.host, system.settings.sip_port), sender)
    await phone.open()
    try:
        call = await phone.call(system.settings.support_number, codec("pcma"), "overridden")
        await converse(call, system.says("1", "*", "4", "4"))
        await desk.reaches(call.call_id, "queued")
        await call.hang_up()
        return await desk.reaches(call.call_id, "ended")
    finally:
        await phone.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(system: Installation) -> dict[str, CallJson]:
    """What became of each of them; they all call at once."""
    async with DeskView(system) as desk:
        made = await asyncio.gather(*(_call_as(sender, system, desk) for sender in SENDERS.values()))
    return dict(zip(SENDERS, made, strict=True))


@pytest.mark.parametrize("sender", SENDERS)
def test_every_caller_gets_a_case_and_the_queue(
    sender: str, system: Installation, calls: dict[str, CallJson]
) -> None:
    call = calls[sender]
    (case,) = cases_of(system, call["call_id"])
    assert case.service == "printing"
    assert case.contact_id is None
    assert call["dialogue"] == "unheard"
    assert call["outcome"] == "abandoned_queue"
    assert call["match"] == ("withheld" if sender == "nothing" else "none")


@pytest.mark.parametrize("sender", SENDERS)
def test_what_is_kept_of_a_caller_is_one_short_line_of_text(
    sender: str, system: Installation, calls: dict[str, CallJson]
) -> None:
    kept = stored_call(system, calls[sender]["call_id"])
    for text in (kept.name, kept.number):
        assert len(text) <= 200
        assert text.isprintable()  # no line break, and nothing that cannot be written as UTF-8


def test_nothing_that_a_caller_says_is_carried_out(system: Installation, calls: dict[str, CallJson]) -> None:
    assert calls["HTML"]["name"] == "<script>alert(1)</script>"
    assert calls["dialplan"]["name"] == "${SHELL(touch svarklar-was-here)}"
    assert not list(system.settings.var.parent.rglob("svarklar-was-here"))


async def test_what_is_no_sip_is_dropped_by_asterisk_itself(
    system: Installation, eventually: Callable[[Callable[[], Any]], Awaitable[Any]]
) -> None:
    phone = Impostor((system.settings.host, system.settings.sip_port), NO_SIP)
    await phone.open()
    try:
        await phone.dial(system.settings.support_number, codec("pcma"), "overridden")
        log = system.settings.var / "asterisk-run/log/messages"
        await eventually(
            lambda: "syntax error exception when parsing 'From'" in log.read_text(errors="replace")
        )
    finally:
        await phone.close()


def test_the_log_stays_whole(system: Installation, calls: dict[str, CallJson]) -> None:
    log = system.logged()
    assert "Traceback" not in log
    assert not [line for line in log.splitlines() if line.startswith(("Event:", "Uniqueid:"))]
