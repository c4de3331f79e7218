"""A running Svarklar as tests see it: how to phone it, who works there, what it has logged."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cti.calling import CallPlan, place_call, speech
from cti.demo import callers_voice
from cti.secrets import Secrets
from cti.settings import Settings
from phone.agent import Agent
from phone.caller import Keys, Turn
from phone.codecs import codec

MARIA, ANNA_BERG = "+46701740605", "+46701740606"
HELENA, JOHAN, MIKAEL = "+46701740607", "+46701740608", "+46701740609"  # English, no open case
PRINTER = "the printer on our floor has a paper jam and nobody in the office can print"


@dataclass
class House:
    """A running Svarklar and how to phone it."""

    settings: Settings
    secrets: Secrets
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def web(self) -> str:
        return f"http://{self.settings.host}:{self.settings.web_port}"

    def says(self, *turns: str, codec_name: str = "g722") -> list[Turn]:
        """Turns of a caller; those made of digits, * and # are keys, the others are spoken."""
        voice, rate_hz = callers_voice(self.settings), codec(codec_name).rate_hz
        return [
            Keys(turn) if set(turn) <= set("0123456789*#") else speech(voice, turn, "en", rate_hz)
            for turn in turns
        ]

    async def call(self, *turns: str, number: str = MARIA, **plan: Any) -> dict[str, Any]:
        """One whole call; its report."""
        said = self.says(*turns, codec_name=plan.get("codec", "g722"))
        return await place_call(self.settings, self.secrets, CallPlan(number=number, turns=said, **plan))

    def agent(self, username: str = "bo") -> Agent:
        """An agent without hands, not logged in yet."""
        sip = (self.settings.host, self.settings.sip_port)
        password = self.secrets.sip[f"{username}-phone"]
        return Agent(username, self.secrets.demo[username], self.web, sip, password)

    def logged(self) -> str:
        """All that was logged so far."""
        return self.log.read_text(errors="replace")
