"""`svarklar call`: a real SIP call to the running server, and the timeline of what became of it."""

import asyncio
import contextlib
import io
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from ivr.speaking.voices import Speaker, resample
from phone.call import PhoneCall
from phone.caller import Speech, Turn, converse
from phone.codecs import codec
from phone.timeline import STEPS, report
from phone.user_agent import UserAgent
from svarklar.secrets import Secrets
from svarklar.settings import Settings

_TALK_S = 3.0  # with the agent, before the caller hangs up
_LONGEST_S = 180.0
_LOOK_S = 0.1
_LAST_WORDS_S = 3.0  # for the server to have seen the end

OnStep = Callable[[str, int, Mapping[str, Any]], None]
"""Told of each step: its name, its time in ms from the INVITE, the call as it is."""


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """Who calls, what they say or press, and how they behave; an empty number is withheld.

    They call the number of the first desk, unless `to` names another.
    """

    number: str
    to: str = ""
    turns: Sequence[Turn] = ()
    name: str = ""
    codec: str = "g722"
    barge_in: bool = False
    hangup_after_s: float | None = None


class WavUnusable(ValueError):
    """The file is not 16-bit mono WAV."""


def speech(voice: Speaker, text: str, language: str, rate_hz: int) -> Speech:
    """Text as something to say; blocks. Raises ivr.speaking.voices.SpeechFailed."""
    from_hz, sound = voice.say(text, language)
    return Speech(resample(sound, from_hz, rate_hz))


def recording(path: Path, rate_hz: int) -> Speech:
    """A WAV file as something to say. Raises WavUnusable."""
    try:
        with wave.open(io.BytesIO(path.read_bytes())) as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise WavUnusable(f"{path}: must be 16-bit mono")
            return Speech(resample(file.readframes(file.getnframes()), file.getframerate(), rate_hz))
    except (OSError, wave.Error, EOFError) as error:
        raise WavUnusable(f"{path}: {error}") from error


async def place_call(
    settings: Settings, secrets: Secrets, plan: CallPlan, on_step: OnStep | None = None
) -> dict[str, Any]:
    """Make the call and return its report. Raises CallFailed when the server does not take it."""
    # A telephone of its own and the public API: what this sees, any caller and any client could see.
    phone = UserAgent("caller", (settings.host, settings.sip_port))
    await phone.open()
    try:
        call = await phone.dial(plan.to or settings.support_number, codec(plan.codec), plan.number, plan.name)
        async with Watch(settings, secrets, call, on_step) as watch:
            await _hold_to(plan, phone, call, watch)
            await call.hang_up()
            await watch.ended()
        return report(watch.seen, call.invited_ms)
    finally:
        await phone.close()


async def _hold_to(plan: CallPlan, phone: UserAgent, call: PhoneCall, watch: "Watch") -> None:
    """Be the caller until it is time to hang up."""
    over = asyncio.create_task(asyncio.sleep(plan.hangup_after_s or _LONGEST_S))
    behaviour = asyncio.create_task(_behave(plan, phone, call, watch))
    try:
        await asyncio.wait((over, behaviour), return_when=asyncio.FIRST_COMPLETED)
        if behaviour.done():
            behaviour.result()
            # The caller has said everything; they stay on the line as long as they were asked to.
            if plan.hangup_after_s is not None and call.state != "ended":
                await over
    finally:
        over.cancel()
        behaviour.cancel()


async def _behave(plan: CallPlan, phone: UserAgent, call: PhoneCall, watch: "Watch") -> None:
    """Talk with the IVR, then a moment with the agent; over when the far end hangs up."""
    await phone.answered(call)
    talking = asyncio.create_task(converse(call, plan.turns, plan.barge_in))
    ended = asyncio.create_task(call.ended.wait())
    connected = asyncio.create_task(watch.connected.wait())
    try:
        await asyncio.wait((ended, connected), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((ended,), timeout=_TALK_S)
    finally:
        for task in (talking, ended, connected):
            task.cancel()


class Watch:
    """Follows one call over the server's API, by its SIP Call-ID; `seen` is the call as last seen."""

    def __init__(
        self, settings: Settings, secrets: Secrets, call: PhoneCall, on_step: OnStep | None = None
    ) -> None:
        self.seen: dict[str, Any] = {}
        self.connected = asyncio.Event()
        self._url = f"{settings.web_url}/api/calls"
        self._token = secrets.api_token
        self._call = call
        self._on_step = on_step
        self._version = ""  # of what was seen last
        self._told: set[str] = set()
        self._ended = asyncio.Event()

    async def __aenter__(self) -> "Watch":
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def ended(self) -> None:
        """Wait until the server has seen the end, or no longer."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), _LAST_WORDS_S)

    async def _follow(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            while not self._ended.is_set():
                await self._look(session)
                await asyncio.sleep(_LOOK_S)

    async def _look(self, session: aiohttp.ClientSession) -> None:
        query, known = {"sip_call_id": self._call.call_id}, {"If-None-Match": self._version}
        try:
            async with session.get(self._url, params=query, headers=known) as response:
                if response.status != 200:
                    return
                self.seen, self._version = await response.json(), response.headers.get("ETag", "")
        except (aiohttp.ClientError, TimeoutError):
            return  # the server is away: the call itself goes on
        marks = self.seen.get("marks") or {}
        # Several steps may fall between two looks, and two of them into one millisecond.
        for step in sorted(set(marks) - self._told, key=lambda step: (marks[step], STEPS.index(step))):
            self._told.add(step)
            if self._on_step:
                self._on_step(step, marks[step] - self._call.invited_ms, self.seen)
        if "connected" in marks:
            self.connected.set()
        if "ended" in marks:
            self._ended.set()
