"""The settings: documented, layered, and handed to child processes whole."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from cti.asterisk.settings import Trunk
from svarklar.settings import Settings
from tests.checkout import ROOT

README = ROOT / "README.md"


def test_the_readme_has_every_setting_with_its_default_and_meaning() -> None:
    text = README.read_text(encoding="utf-8").partition("<!-- settings:")[2]
    table = [line for line in text.partition("\n\n")[0].splitlines() if line.startswith("| `")]
    assert sorted(table) == sorted(
        f"| `{name}` | {shown(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    )


def shown(field: FieldInfo) -> str:
    """A default as it would stand in the file; nothing where there is none."""
    default = field.get_default(call_default_factory=True)
    if isinstance(default, dict):
        return "table below"
    if default is None or default == "":
        return ""
    return f"`{default}`" if isinstance(default, str | Path) else f"`{json.dumps(default)}`"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "svarklar.toml"
    file.write_text('region = "NO"\nqueue = "helpdesk"\n[[trunks]]\nname = "a"\nhost = "192.0.2.1"\n')
    monkeypatch.setenv("SVARKLAR_CONFIG", str(file))
    monkeypatch.setenv("SVARKLAR_REGION", "DK")
    settings = Settings()
    assert (settings.region, settings.queue) == ("DK", "helpdesk")
    assert settings.trunks == [Trunk(name="a", host="192.0.2.1")]


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "svarklar.toml"
    file.write_text('regoin = "NO"\n')
    monkeypatch.setenv("SVARKLAR_CONFIG", str(file))
    with pytest.raises(ValueError, match="regoin"):
        Settings()


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = Settings(var=tmp_path, web_port=1234, demo=False, trunks=[Trunk(name="a", host="192.0.2.1")])
    for name, value in mine.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == mine


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of secret files."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("SVARKLAR_SECRETS", str(folder))
    return folder


def test_any_setting_may_be_a_secret_file(secrets: Path) -> None:
    (secrets / "svarklar_database_url").write_text("postgresql://me:s3cret@db/desk\n")
    (secrets / "svarklar_bus_password").write_text("hunter2\n")
    settings = Settings()
    assert settings.database == "postgresql+psycopg://me:s3cret@db/desk"
    assert settings.bus_password == "hunter2"


def test_a_secret_file_wins_over_the_toml_file_and_the_environment_over_it(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "svarklar.toml"
    file.write_text('database_password = "of the file"\n')
    monkeypatch.setenv("SVARKLAR_CONFIG", str(file))
    (secrets / "svarklar_database_password").write_text("secret")
    assert Settings().database_password == "secret"
    monkeypatch.setenv("SVARKLAR_DATABASE_PASSWORD", "of the environment")
    assert Settings().database_password == "of the environment"


@pytest.mark.parametrize("name", ["SVARKLAR_SECRETS", "SVARKLAR_CONFIG"])
def test_a_place_that_is_named_must_be_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match=f"{name}: .*nowhere"):
        Settings()


def test_a_password_goes_into_a_url_that_has_none() -> None:
    settings = Settings(
        database_url="postgresql://me@db/desk",
        database_password="a/b@c",
        bus_url="redis://r:6379/0",
        bus_password="a/b@c",
    )
    assert settings.database == "postgresql+psycopg://me:a%2Fb%40c@db/desk"
    assert settings.bus == "redis://:a%2Fb%40c@r:6379/0"


def test_a_password_in_the_url_itself_stays() -> None:
    own = Settings(
        database_url="postgresql+psycopg://me:x@db/desk",
        database_password="y",
        bus_url="redis://:x@r/0",
        bus_password="y",
    )
    assert (own.database, own.bus) == (own.database_url, own.bus_url)
    assert Settings(bus_password="y").bus == ""
    assert Settings(database_password="y", var=Path("there")).database == "sqlite:///there/svarklar.db"


def test_a_password_joins_the_user_of_the_url() -> None:
    assert Settings(bus_url="rediss://me@r:1/0", bus_password="y").bus == "rediss://me:y@r:1/0"
    assert (
        Settings(bus_url="unix:///run/redis.sock?db=1", bus_password="y").bus
        == "unix://:y@/run/redis.sock?db=1"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://me@db/hunter2"),
        ("database_url", "hunter2"),
        ("database_url", "postgresql+psycopg2://me@db/hunter2"),
        ("database_url", "sqlite:///:memory:"),
        ("bus_url", "amqp://hunter2@r"),
        ("web_port", "70000"),
        ("sip_port", "0"),
        ("node", "two words"),
    ],
)
def test_what_cannot_be_is_refused_and_not_repeated(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SVARKLAR_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name) as refused:
        Settings()
    assert value not in str(refused.value)


def test_printed_settings_tell_no_password() -> None:
    settings = Settings(database_url="postgresql://me:hunter2@db/desk", bus_password="hunter3")
    assert "hunter" not in repr(settings)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("192.0.2.10", "http://192.0.2.10:81"),
        ("0.0.0.0", "http://127.0.0.1:81"),
        ("::1", "http://[::1]:81"),
        ("::", "http://[::1]:81"),
    ],
)
def test_the_server_is_reached_where_it_listens(host: str, url: str) -> None:
    assert Settings(host=host, web_port=81).web_url == url
