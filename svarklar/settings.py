"""Every setting, with its default; from the environment (SVARKLAR_…), secret files and one TOML file.

Any setting may stand in a file of its own, so that passwords need stand nowhere else: SVARKLAR_SECRETS names
the folder (`/run/secrets` where it is not set), `svarklar_database_password` is a file in it.
"""

import json
import os
from copy import deepcopy
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from cti.asterisk.settings import AsteriskSettings, Port
from domain.audit import LEAST_DAYS
from domain.cases import ITIL, Priorities
from domain.languages import FALLBACK, Language
from ivr.speech.settings import SpeechSettings
from svarklar.server_urls import checked_bus_url, checked_database_url, with_driver, with_password


class Settings(AsteriskSettings, SpeechSettings, BaseSettings):
    """What an installation may change; the README lists these with their meaning."""

    # What was given may be a password: a message about it says what is wrong and not what was given.
    model_config = SettingsConfigDict(env_prefix="SVARKLAR_", extra="forbid", hide_input_in_errors=True)

    web_port: Port = Field(8000, description="desk pages and API")
    database_url: str = Field(
        "", description="`postgresql://USER@HOST/NAME`; empty: SQLite in the var folder", repr=False
    )
    database_password: str = Field("", description="password of the database, if not in its URL", repr=False)
    bus_url: str = Field(
        "", description="`redis://HOST:6379/0`, for several processes; empty: in memory, for one", repr=False
    )
    bus_password: str = Field("", description="password of Redis, if not in its URL", repr=False)
    region: str = Field("SE", description="country of numbers without a country code")
    language: Language = Field(FALLBACK, description="language where the caller's is not known and not asked")
    ask_language: bool = Field(True, description="ask callers whose language is not known")
    wrapup_s: int = Field(30, description="seconds of wrap-up after each call")
    desk_file: Path | None = Field(
        None,
        description="TOML file of desks, read again when it changes; empty: changed in the page",
    )
    offer_cap_ms: int = Field(500, description="longest wait of the phone for the screen")
    statement_days: int = Field(30, description="days the caller's voice is kept; 0: never")
    personal_days: int = Field(90, description="days that words, names and numbers of calls are kept")
    case_days: int = Field(730, description="days that words of cases are kept once they are done with")
    fact_days: int = Field(800, description="days that everything else that happened is kept")
    audit_days: int = Field(
        800, ge=LEAST_DAYS, description="days it is kept what people of the desk did; 31 at least"
    )
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
        """Arguments win over the environment, the environment over secret files, these over the TOML file."""
        secret_files: list[PydanticBaseSettingsSource] = []
        if folder := _secrets_folder():
            secret_files.append(SecretsSettingsSource(settings_cls, folder))
        toml = TomlConfigSettingsSource(settings_cls, settings_file())
        return init_settings, env_settings, *secret_files, toml

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
        return priorities

    @property
    def web_url(self) -> str:
        """Where this machine reaches its own web server; loopback where that listens everywhere."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.web_port}"

    _database_url = field_validator("database_url")(checked_database_url)
    _bus_url = field_validator("bus_url")(checked_bus_url)

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force, with its password."""
        url = with_driver(self.database_url) or f"sqlite:///{self.database_file}"
        return with_password(url, self.database_password)

    @property
    def bus(self) -> str:
        """The URL of the bus in force, with its password; empty for the one in memory."""
        return with_password(self.bus_url, self.bus_password)


def _secrets_folder() -> Path | None:
    """Where secret files lie; the usual place of containers need not be there, one that is named must."""
    named = os.environ.get("SVARKLAR_SECRETS")
    folder = Path(named or "/run/secrets")
    if not folder.is_dir():
        if named:
            raise ValueError(f"SVARKLAR_SECRETS: {folder} is no folder")
        return None
    return folder


def settings_file() -> Path:
    """The TOML file, which need not be there; ValueError where one is named that is not."""
    named = os.environ.get("SVARKLAR_CONFIG")
    if named and not Path(named).is_file():
        raise ValueError(f"SVARKLAR_CONFIG: there is no file {named}")
    return Path(named or "svarklar.toml")
