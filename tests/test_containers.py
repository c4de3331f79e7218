"""Dockerfile and docker-compose.yml: what they promise about users, doors, passwords and settings."""

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from svarklar.settings import Settings
from tests.checkout import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IN_ENV = dict(re.findall(r"^#   (SVARKLAR_\w+)=(\S+)$", (ROOT / "docker-compose.yml").read_text(), re.M))


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sysconfig.get_path("scripts"), "hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_the_image_runs_as_somebody_without_rights_and_says_how_it_is() -> None:
    last = DOCKERFILE.rpartition("FROM ")[2]
    (user,) = re.findall(r"^USER (\d+)$", last, re.M)
    assert int(user) > 1000
    assert "svarklar.healthy" in last.partition("HEALTHCHECK")[2]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert name == "svarklar" or service["user"] not in ("root", "0")


@pytest.mark.parametrize("name", SERVICES)
def test_only_this_machine_reaches_a_service(name: str) -> None:
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []
    assert Settings.model_fields["host"].default == "127.0.0.1"


@pytest.mark.parametrize("name", ["postgresql", "redis"])
def test_a_server_comes_with_the_profile_and_is_waited_for(name: str) -> None:
    assert SERVICES[name]["profiles"] == ["servers"]
    assert "healthcheck" in SERVICES[name]
    assert SERVICES["svarklar"]["depends_on"][name] == {"condition": "service_healthy", "required": False}


def test_the_urls_in_the_file_reach_the_servers_of_the_file(tmp_path: Path) -> None:
    published = {name: SERVICES[name]["ports"][0].split(":")[1] for name in ("postgresql", "redis")}
    settings = Settings(
        var=tmp_path,
        database_url=IN_ENV["SVARKLAR_DATABASE_URL"],
        database_password="one",
        bus_url=IN_ENV["SVARKLAR_BUS_URL"],
        bus_password="two",
    )
    assert f":one@127.0.0.1:{published['postgresql']}/svarklar" in settings.database
    assert f":two@127.0.0.1:{published['redis']}/" in settings.bus


def test_a_password_is_a_file_named_like_its_setting_and_stands_nowhere_else() -> None:
    for secret, where in COMPOSE["secrets"].items():
        assert secret.removeprefix("svarklar_") in Settings.model_fields
        assert where == {"file": f"secrets/{secret}"}
    assert "./secrets:/run/secrets:ro" in SERVICES["svarklar"]["volumes"]
    given = [str(service.get("environment", {})) for service in SERVICES.values()]
    assert re.findall(r"PASSWORD(?!_FILE)", "".join(given)) == []


@pytest.mark.parametrize("name", [".env", ".git", "secrets", "svarklar.toml", "var"])
def test_nothing_secret_or_made_here_goes_into_the_image(name: str) -> None:
    assert name in (ROOT / ".dockerignore").read_text().splitlines()


def test_what_must_outlive_a_container_lies_in_a_volume() -> None:
    (volume,) = re.findall(r"^VOLUME (\S+)$", DOCKERFILE, re.M)
    assert f"var:{volume}" in SERVICES["svarklar"]["volumes"]
    kept = {volume.partition(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert kept - {"./secrets"} == set(COMPOSE["volumes"])
