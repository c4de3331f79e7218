"""Every setting, with its default; from the environment (SVARKLAR_…) and one TOML file."""

import json
import os
from copy import deepcopy
from pathlib import Path

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from domain.records import ITIL, Priorities


class Trunk(BaseModel):
    """A SIP trunk or telephone exchange that may send callers to us."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    host: str = Field(description="address the calls come from, as IP or network")


class Settings(BaseSettings):
    """What an installation may change; the README lists these with their meaning."""

    model_config = SettingsConfigDict(env_prefix="SVARKLAR_", extra="forbid")

    var: Path = Field(Path("var"), description="folder for everything that is made or kept at run time")
    host: str = Field("127.0.0.1", description="address that every server listens on")
    web_port: int = Field(8000, description="desk pages and API")
    agi_port: int = Field(4573, description="FastAGI, for Asterisk")
    media_port: int = Field(9095, description="call audio, for Asterisk")
    ami_port: int = Field(5038, description="Asterisk Manager")
    asterisk_http_port: int = Field(8088, description="Asterisk's WebSocket for browser phones")
    sip_port: int = Field(5060, description="SIP over UDP")
    rtp_start: int = Field(20000, description="first RTP port")
    rtp_end: int = Field(20199, description="last RTP port")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the var folder")
    asterisk_prefix: Path | None = Field(
        None,
        description="folder of an unpacked Asterisk; empty: the system's, else asterisk in the var folder",
    )
    support_number: str = Field("100", description="the number that callers dial")
    region: str = Field("SE", description="country of numbers without a country code")
    language: str = Field("en", description="language where the caller's is not known and not asked")
    ask_language: bool = Field(True, description="ask callers whose language is not known")
    queue: str = Field("support", description="name of the Asterisk queue")
    ring_s: int = Field(15, description="seconds an agent's phone rings before the next is tried")
    wrapup_s: int = Field(10, description="seconds of wrap-up after each call")
    offer_cap_ms: int = Field(500, description="longest wait of the phone for the screen")
    statement_days: int = Field(30, description="days the caller's voice is kept; 0: never")
    models: Path | None = Field(None, description="folder of speech models; empty: models in the var folder")
    fetch_model: bool = Field(True, description="fetch the large English model where it can be reached")
    model_source: str = Field(
        "https://alphacephei.com/vosk/models", description="where `svarklar model add` fetches from"
    )
    decoders: int = Field(0, description="speech decoder processes; 0: one a core")
    streams_per_decoder: int = Field(0, description="most callers a decoder hears at once; 0: measured")
    recordings: Path | None = Field(
        None, description="folder of own prompt recordings; empty: var/prompts/own"
    )
    trunks: list[Trunk] = Field(default_factory=list, description="who may send calls from elsewhere")
    priorities: Priorities = Field(
        default_factory=lambda: deepcopy(ITIL), description="priority 1–5 of each impact and urgency"
    )
    demo: bool = Field(True, description="make demo logins, contacts and agents in an empty database")
    log_json: bool = Field(False, description="log as JSON lines")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        file = Path(os.environ.get("SVARKLAR_CONFIG", "svarklar.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {
            f"SVARKLAR_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in values.items()
        }

    @field_validator("priorities")
    @classmethod
    def _complete(cls, priorities: Priorities) -> Priorities:
        """Every impact and urgency needs its priority, or some call would have none."""
        if any(priorities.get(impact, {}).keys() != row.keys() for impact, row in ITIL.items()):
            raise ValueError(f"priorities needs {', '.join(ITIL)}, each with {', '.join(ITIL['one'])}")
        if not all(1 <= priority <= 5 for row in priorities.values() for priority in row.values()):
            raise ValueError("a priority is a number from 1 to 5")
        return priorities

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.var / 'svarklar.db'}"
