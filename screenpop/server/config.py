"""What the web server is told by the composition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"
BREAK_REASONS = ("lunch", "coffee", "meeting", "training", "other")


@dataclass(frozen=True, kw_only=True)
class WebConfig:
    """The web server's share of the settings and secrets.

    `sip_passwords` maps endpoints (`anna-browser`, `webcaller`) to passwords, and may change; `origins` are
    further good origins, `https://desk.example`: needed where a proxy in front terminates TLS, together with
    `secure_cookie` and `phone_ws_url`. `away_after_s`: how long an agent may be without any browser.
    `session_check_s`: how often open pages are asked whether their session has ended; `owner_patience_s`: how
    long the owner of calls and agents may take to answer before it is asked again.
    """

    statements: Path
    api_token: str = field(repr=False)
    sip_passwords: Mapping[str, str] = field(repr=False)
    sip_host: str = "127.0.0.1"
    support_number: str = "100"
    asterisk_http_port: int = 8088
    phone_ws_url: str = ""
    static: Path = STATIC
    origins: frozenset[str] = frozenset()
    secure_cookie: bool = False
    break_reasons: tuple[str, ...] = BREAK_REASONS
    # A shift, and an hour without any page open.
    session_life_ms: int = 12 * 3_600_000
    session_idle_ms: int = 3_600_000
    session_check_s: float = 60.0
    people_check_s: float = 2.0
    away_after_s: float = 15.0
    # The owner answers within milliseconds unless it is starting: then it is asked again.
    owner_patience_s: float = 3.0
    # Half of it is what a page that comes back may have missed (`RunningDesk`).
    outbox_frames: int = 512
