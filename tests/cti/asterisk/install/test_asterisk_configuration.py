import re
import stat
import wave
from pathlib import Path

import numpy
import pytest

from cti.asterisk.install.binary import AsteriskBinary
from cti.asterisk.install.configuration import ConfigurationRefused, write_configuration
from cti.asterisk.install.hold_music import LEVEL_DBFS, compose
from cti.asterisk.settings import Trunk
from svarklar.secrets import load_secrets

BINARY = AsteriskBinary(argv=("asterisk",), modules=Path("/m"), data=Path("/d"), version="22.10.1")


def written(settings, agents=("anna",)):
    """The text of every configuration file, by name."""
    main = write_configuration(settings, load_secrets(settings, agents), agents, BINARY)
    return {file.name: file.read_text() for file in main.parent.iterdir()}


def test_nothing_of_a_template_is_left_open(settings):
    assert not [name for name, text in written(settings).items() if "@" in text]


def test_every_server_listens_on_the_host_of_the_settings(new_settings):
    files = written(new_settings(host="192.0.2.7", sip_port=5062))

    assert "bind = 192.0.2.7:5062" in files["pjsip.conf"]
    assert "bindaddr = 192.0.2.7" in files["manager.conf"]
    assert "bindaddr = 192.0.2.7" in files["http.conf"]
    assert "media_address = 192.0.2.7" in files["pjsip.conf"]


def test_a_server_on_all_addresses_reaches_itself_at_loopback(new_settings):
    files = written(new_settings(host="0.0.0.0", media_port=9000))

    assert "uri = ws://127.0.0.1:9000/media" in files["websocket_client.conf"]
    assert "permit = 127.0.0.1/32" in files["manager.conf"]
    assert "media_address" not in files["pjsip.conf"]


@pytest.mark.parametrize(
    ("host", "open_to_all"), [("127.0.0.1", True), ("192.0.2.7", False), ("0.0.0.0", False)]
)
def test_calls_without_a_password_are_for_this_machine_alone(new_settings, host, open_to_all):
    files = written(new_settings(host=host))

    assert ("[anonymous]" in files["pjsip_callers.conf"]) is open_to_all


def test_a_trunk_is_known_by_its_address(new_settings):
    files = written(new_settings(trunks=[Trunk(name="exchange", host="192.0.2.0/28")]))

    assert "match = 192.0.2.0/28" in files["pjsip_callers.conf"]
    assert "endpoint = trunk-exchange" in files["pjsip_callers.conf"]


def test_every_agent_has_two_endpoints_with_passwords_of_their_own(settings):
    agents = written(settings, ("anna", "bo"))["pjsip_agents.conf"]

    for endpoint in ("anna-browser", "anna-phone", "bo-browser", "bo-phone"):
        assert f"[{endpoint}](" in agents
    assert len(set(re.findall(r"password = (\S+)", agents))) == 4


def test_files_with_passwords_are_the_owners_alone(settings):
    written(settings)
    run = settings.var / "asterisk-run"

    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (run / "etc").iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["anna\n[evil]", "anna;", "anna](browser)", "Anna", "", "a b"])
def test_a_hostile_agent_name_is_refused(settings, name):
    secrets = load_secrets(settings, ["anna"])
    secrets.sip.update({f"{name}-browser": "x", f"{name}-phone": "x"})

    with pytest.raises(ConfigurationRefused, match="agent name"):
        write_configuration(settings, secrets, [name], BINARY)


@pytest.mark.parametrize(
    "change",
    [
        {"queue": "support]\n[other"},
        {"support_number": "100,1,System(id)\nexten = 1"},
        {"host": "telephone.example"},
        {"trunks": [Trunk(name="exchange", host="192.0.2.1\ncontext = other")]},
        {"var": Path("a;b")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_setting_that_would_start_a_line_of_its_own_is_refused(new_settings, change, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    secrets = load_secrets(new_settings(), ["anna"])

    with pytest.raises(ConfigurationRefused):
        write_configuration(new_settings(**change), secrets, ["anna"], BINARY)


def test_the_hold_music_is_soft_and_joins_its_own_beginning(settings):
    music = compose() / 32768
    jumps = numpy.abs(numpy.diff(numpy.append(music, music[0])))

    assert 20 * numpy.log10(numpy.sqrt(numpy.mean(music**2))) == pytest.approx(LEVEL_DBFS, abs=0.1)
    assert numpy.abs(music).max() < 0.5
    assert jumps[-1] <= jumps[:-1].max()


def test_the_hold_music_is_a_wideband_file(settings):
    written(settings)

    with wave.open(str(settings.var / "asterisk-run/moh/svarklar.wav16")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
