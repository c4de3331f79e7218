"""Asterisk's configuration: the templates in asterisk-config/ filled in from the settings.

What is filled in is checked first: nothing that could start a second line or a section gets through.
"""

import ipaddress
import os
import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path

from cti.asterisk.install.binary import TEMPLATES, AsteriskBinary
from cti.asterisk.install.hold_music import write_hold_music
from cti.asterisk.settings import AsteriskSecrets, AsteriskSettings, Trunk, settings_desk
from domain.desk_rules import NUMBER, QUEUE
from domain.desks import DeskBook
from domain.endpoints import WEBCALLER, endpoint, is_username

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Asterisk complains where these are missing, and its defaults are right.
_RING_S = 15  # of a queue whose desk was removed
_DEFAULTS = ("acl", "ccss", "cel", "chan_websocket", "features", "pjproject", "queuerules", "udptl")


class ConfigurationRefused(ValueError):
    """A setting that cannot be written into Asterisk's configuration."""


class _Template(string.Template):
    """`@{name}`: Asterisk itself uses the dollar sign."""

    delimiter = "@"


def reachable_host(settings: AsteriskSettings) -> str:
    """The address at which this machine reaches its own servers; loopback where they listen everywhere."""
    return str(_reachable(_address(settings.host)))


def write_configuration(
    settings: AsteriskSettings,
    secrets: AsteriskSecrets,
    agents: Sequence[str],
    binary: AsteriskBinary,
    desks: DeskBook | None = None,
) -> Path:
    """Write every file Asterisk needs below var/asterisk-run; returns its asterisk.conf.

    Without `desks` there is the one of the settings.

    The files hold passwords, so their folder is its owner's alone. Raises ConfigurationRefused.
    """
    run = settings.asterisk_run_folder
    for folder in ("etc", "lib/keys", "log", "moh", "spool"):
        (run / folder).mkdir(parents=True, exist_ok=True)
    run.chmod(0o700)
    values = _values(settings, secrets, binary) | _route_values(settings, desks)
    for template in sorted((TEMPLATES / "etc").glob("*.conf")):
        _write(run / "etc" / template.name, _fill(template, values))
    for name in _DEFAULTS:
        _write(run / "etc" / f"{name}.conf", "; Asterisk's defaults are right here\n")
    write_agents(settings, secrets, agents)
    _write(run / "etc/pjsip_callers.conf", _callers(settings))
    write_hold_music(run / "moh/svarklar.wav16")
    return run / "etc/asterisk.conf"


def write_routes(settings: AsteriskSettings, desks: DeskBook) -> bool:
    """Write what follows from the desks: numbers and queues; whether anything is different.

    Asterisk takes it in with `AsteriskProcess.reload_routes`. Raises ConfigurationRefused.
    """
    values = _route_values(settings, desks)
    changed = False
    for name in ("extensions.conf", "queues.conf"):
        file, text = settings.asterisk_run_folder / "etc" / name, _fill(TEMPLATES / "etc" / name, values)
        if file.read_text() != text:
            _write(file, text)
            changed = True
    return changed


def _route_values(settings: AsteriskSettings, desks: DeskBook | None) -> dict[str, str]:
    """The names that the templates of the dialplan and the queues use."""
    own = desks or DeskBook(desks=(settings_desk(settings),))
    numbers = [(number, desk.queue) for desk in own.desks for number in desk.numbers]
    queues = [(queue, desk.ring_s if (desk := own.of_queue(queue)) else _RING_S) for queue in own.queues()]
    return {
        "agi": f"{_in_uri(_reachable(_address(settings.host)))}:{settings.agi_port}",
        "node": _matching(r"[a-z][a-z0-9-]*", settings.node, "node"),
        "queue": _queue(queues[0][0]),
        "numbers": "\n".join(_number(number, queue) for number, queue in numbers),
        "queues": "\n".join(f"[{_queue(name)}](desk)\ntimeout = {ring_s:d}\n" for name, ring_s in queues),
    }


def _number(number: str, queue: str) -> str:
    dialled = _matching(NUMBER.pattern, number, "number of a desk")
    return (
        f"exten = {dialled},1,Set(SVARKLAR_DIALLED=${{EXTEN}})\n"
        f" same = n,Set(SVARKLAR_QUEUE={_queue(queue)})\n same = n,Goto(caller,s,1)"
    )


def _queue(name: str) -> str:
    return _matching(QUEUE.pattern, name, "queue")


def write_agents(settings: AsteriskSettings, secrets: AsteriskSecrets, agents: Sequence[str]) -> None:
    """The agents' telephones alone; Asterisk takes them when it reads its SIP configuration again.

    Raises ConfigurationRefused, KeyError for an agent without passwords.
    """
    telephones = "".join(_agent(agent, secrets) for agent in agents)
    _write(settings.asterisk_run_folder / "etc/pjsip_agents.conf", telephones)


def _values(settings: AsteriskSettings, secrets: AsteriskSecrets, binary: AsteriskBinary) -> dict[str, str]:
    """Every name that the templates in asterisk-config/etc use."""
    host = _address(settings.host)
    reachable = _reachable(host)
    # Asterisk would name the machine's outward address in SDP, where a phone on loopback cannot send.
    media_address = f"media_address = {host}\nbind_rtp_to_media_address = yes"
    return {
        "host": _in_uri(host),
        "sip_port": str(settings.sip_port),
        "ami_port": str(settings.ami_port),
        "asterisk_http_port": str(settings.asterisk_http_port),
        "rtp_start": str(settings.rtp_start),
        "rtp_end": str(settings.rtp_end),
        "media": f"{_in_uri(reachable)}:{settings.media_port}",
        "media_address": "" if host.is_unspecified else media_address,
        "webcaller_password": secrets.sip[WEBCALLER],
        "ami_secret": secrets.ami,
        # One address: the Manager is for ourselves.
        "ami_permit": f"{reachable}/{reachable.max_prefixlen}",
        # A semicolon begins a comment.
        "run": _matching(r"[^\r\n;]*", str(settings.asterisk_run_folder), "var"),
        "modules": str(binary.modules),
        "data": str(binary.data),
    }


def _agent(agent: str, secrets: AsteriskSecrets) -> str:
    values = {
        "agent": _username(agent),
        "browser_password": secrets.sip[endpoint(agent, "browser")],
        "phone_password": secrets.sip[endpoint(agent, "phone")],
    }
    return _fill(TEMPLATES / "each/agent.conf", values)


def _callers(settings: AsteriskSettings) -> str:
    """Who may call without a password: the trunks; on loopback anybody."""
    trunks = "".join(_trunk(trunk) for trunk in settings.trunks)
    return trunks + (
        _fill(TEMPLATES / "each/loopback.conf", {}) if _address(settings.host).is_loopback else ""
    )


def _trunk(trunk: Trunk) -> str:
    try:
        address = ipaddress.ip_network(trunk.host, strict=False)
    except ValueError:
        raise ConfigurationRefused(
            f"trunk {trunk.name}: {trunk.host!r} is no IP address or network"
        ) from None
    return _fill(TEMPLATES / "each/trunk.conf", {"trunk": trunk.name, "address": str(address)})


def _address(host: str) -> Address:
    try:
        # With a resolver that is down, Asterisk answered no INVITE any more: so no names anywhere.
        return ipaddress.ip_address(host)
    except ValueError:
        raise ConfigurationRefused(f"host: {host!r} is no IP address; names are not looked up") from None


def _reachable(host: Address) -> Address:
    return ipaddress.ip_address("127.0.0.1" if host.version == 4 else "::1") if host.is_unspecified else host


def _in_uri(address: Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)


def _username(agent: str) -> str:
    if not is_username(agent):
        raise ConfigurationRefused(f"agent name: {agent!r} is no username")
    return agent


def _matching(pattern: str, value: str, name: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ConfigurationRefused(f"{name}: {value!r} does not match {pattern}")
    return value


def _fill(template: Path, values: Mapping[str, str]) -> str:
    return _Template(template.read_text()).substitute(values)


def _write(path: Path, text: str) -> None:
    """Readable by its owner alone from the start."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
