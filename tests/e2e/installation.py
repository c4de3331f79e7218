"""A running Svarklar as tests see it: how to phone it, who works there, what it has logged."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cti.processes import with_our_death
from phone.agent import AgentPhone
from phone.caller import Keys, Turn
from phone.codecs import codec
from svarklar.cli.calling import CallPlan, place_call, speech
from svarklar.cli.demo import callers_voice
from svarklar.secrets import Secrets, load_secrets
from svarklar.settings import Settings
from tests.checkout import ROOT
from tests.free_ports import free_port

UNPACKED = ROOT / "var/asterisk"
MARIA, ANNA_BERG = "+46701740605", "+46701740606"
HELENA, JOHAN, MIKAEL = "+46701740607", "+46701740608", "+46701740609"  # English, no open case
PRINTER = "the printer on our floor has a paper jam and nobody in the office can print"


@dataclass
class Installation:
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

    def agent(self, username: str = "bo") -> AgentPhone:
        """An agent without hands, not logged in yet."""
        sip = (self.settings.host, self.settings.sip_port)
        password = self.secrets.sip[f"{username}-phone"]
        return AgentPhone(username, self.secrets.demo[username], self.web, sip, password)

    def logged(self) -> str:
        """All that was logged so far."""
        return self.log.read_text(errors="replace")


@contextmanager
def running_installation(folder: Path, **changes: Any) -> Iterator[Installation]:
    """`svarklar up` in this folder on free ports; `changes` are further settings."""
    names = ("web_port", "agi_port", "media_port", "ami_port", "asterisk_http_port", "sip_port")
    rtp_start = random.SystemRandom().randrange(20_000, 32_000, 100)
    own: dict[str, Any] = {
        "rtp_start": rtp_start,
        "rtp_end": rtp_start + 99,
        "fetch_model": False,
        "wrapup_s": 0,
    }
    ports = {name: free_port() for name in names}
    if UNPACKED.exists():
        own["asterisk_prefix"] = UNPACKED
    settings = Settings(**{"var": folder / "var", **own, **ports, **changes})
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*with_our_death(), sys.executable, "-m", "svarklar", "up", "--no-demo"],
            env=os.environ | settings.environment(), stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_it_answers(f"http://127.0.0.1:{settings.web_port}/healthz", process, log)
        yield Installation(settings, load_secrets(settings, ()), process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    raise RuntimeError(f"svarklar up does not answer:\n{log.read_text(errors='replace')[-4000:]}")
