"""Every setting, with its default; from the environment (SVARKLAR_…) and one TOML file."""

import json
import os
from copy import deepcopy
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from cti.asterisk.settings import AsteriskSettings
from domain.records import ITIL, Priorities
from ivr.speech.settings import SpeechSettings


class Settings(AsteriskSettings, SpeechSettings, BaseSettings):
    """What an installation may change; the README lists these with their meaning."""

    model_config = SettingsConfigDict(env_prefix="SVARKLAR_", extra="forbid")

    web_port: int = Field(8000, description="desk pages and API")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the var folder")
    region: str = Field("SE", description="country of numbers without a country code")
    language: str = Field("en", description="language where the caller's is not known and not asked")
    ask_language: bool = Field(True, description="ask callers whose language is not known")
    wrapup_s: int = Field(10, description="seconds of wrap-up after each call")
    offer_cap_ms: int = Field(500, description="longest wait of the phone for the screen")
    statement_days: int = Field(30, description="days the caller's voice is kept; 0: never")
    own_prompts: Path | None = Field(
        None, description="folder of own prompt recordings; empty: var/prompts/own"
    )
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
        return self.database_url or f"sqlite:///{self.database_file}"
