import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from cti.asterisk.install.binary import TEMPLATES, AsteriskBinary, AsteriskMissing, find_asterisk
from cti.asterisk.process import AsteriskFailed, AsteriskProcess

pytestmark = pytest.mark.server


def sockets_of(pid):
    """(protocol, host, port) of every socket on which this process takes what comes; host as hexadecimal."""
    links = [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link[8:-1] for link in links if link.startswith("socket:")}
    for protocol, listening in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for line in Path(f"/proc/{pid}/net/{protocol}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and fields[3] == listening:
                host, port = fields[1].split(":")
                yield protocol, host, int(port, 16)


async def ask(asterisk, command):
    """What the running Asterisk answers to a console command."""
    asking = await asyncio.create_subprocess_exec(
        *asterisk.command("-rx", command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    return (await asking.communicate())[0].decode()


async def test_it_starts_with_a_clean_log(asterisk, settings):
    text = (settings.var / "asterisk-run/log/messages").read_text()

    assert text.count("Asterisk") >= 1
    assert not re.findall(r".*(?:WARNING|ERROR).*", text)


async def test_it_listens_on_loopback_only(asterisk, settings):
    loopback = "0100007F"
    servers = {
        ("tcp", loopback, settings.ami_port),
        ("tcp", loopback, settings.asterisk_http_port),
        ("udp", loopback, settings.sip_port),
    }
    others = set(sockets_of(asterisk.pid)) - servers

    # PJSIP's DNS client has a socket a family to ask from; it never asks, we configure no names.
    assert sorted(protocol for protocol, _, _ in others) in ([], ["udp", "udp6"])
    assert not {port for _, _, port in others} & set(range(settings.rtp_start, settings.rtp_end + 1))


async def test_every_module_of_the_list_runs(asterisk):
    shown = await ask(asterisk, "module show")
    wanted = re.findall(r"^load = (\S+)", (TEMPLATES / "etc/modules.conf").read_text(), re.MULTILINE)

    assert set(wanted) == {
        line.split()[0] for line in shown.splitlines() if ".so" in line and "Running" in line
    }


async def test_agents_and_callers_have_their_endpoints(asterisk):
    endpoints = re.findall(r"Endpoint:  ([\w-]+) ", await ask(asterisk, "pjsip show endpoints"))

    assert set(endpoints) == {
        "anna-browser",
        "anna-phone",
        "bo-browser",
        "bo-phone",
        "webcaller",
        "anonymous",
    }


async def test_two_installations_run_side_by_side(start_asterisk, new_settings):
    async with start_asterisk(new_settings()) as one, start_asterisk(new_settings()) as other:
        assert one.pid != other.pid
        assert "System uptime" in await ask(one, "core show uptime")
        assert "System uptime" in await ask(other, "core show uptime")


@pytest.mark.parametrize("name", ["ami_port", "asterisk_http_port", "sip_port"])
async def test_a_port_in_use_is_named_with_the_setting_that_changes_it(start_asterisk, settings, name):
    kind = socket.SOCK_DGRAM if name == "sip_port" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind((settings.host, getattr(settings, name)))
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(AsteriskFailed, match=f"port {getattr(settings, name)} is in use.*{name}"):
            async with start_asterisk(settings):
                pass


async def test_a_failed_start_says_why_and_leaves_nothing_running(start_asterisk, settings):
    complaint = "import sys; sys.exit('the reason')"
    broken = AsteriskBinary(
        argv=(sys.executable, "-c", complaint), modules=Path(), data=Path(), version="22.8"
    )

    with pytest.raises(AsteriskFailed, match="the reason"):
        async with start_asterisk(settings, broken):
            pass


async def test_it_ends_when_told_and_can_start_again(start_asterisk, settings):
    async with start_asterisk(settings) as asterisk:
        pid = asterisk.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

    async with start_asterisk(settings) as asterisk:
        assert asterisk.pid != pid
        assert (settings.var / "asterisk-run/log/messages.previous").stat().st_size > 0


async def test_whoever_waits_learns_that_it_was_killed(asterisk):
    os.kill(asterisk.pid, signal.SIGKILL)

    assert await asterisk.wait() == -signal.SIGKILL
    await asterisk.stop()


async def test_it_dies_with_a_killed_parent(start_asterisk, settings, tmp_path):
    async with start_asterisk(settings):
        pass  # the configuration is written now
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio, sys\n"
        "from cti.asterisk.install.binary import find_asterisk\n"
        "from cti.asterisk.process import AsteriskProcess\n"
        "from svarklar.secrets import load_secrets\n"
        "from svarklar.settings import Settings\n"
        "async def main():\n"
        "    settings = Settings.model_validate_json(sys.argv[1])\n"
        "    asterisk = AsteriskProcess(settings, load_secrets(settings, []), find_asterisk(settings))\n"
        "    await asterisk.start()\n"
        "    print(asterisk.pid, flush=True)\n"
        "    await asterisk.wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(script), settings.model_dump_json(), stdout=asyncio.subprocess.PIPE
    )
    lines = [line async for line in _until_number(parent.stdout)]
    pid = int(lines[-1])
    watched = os.pidfd_open(pid)
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(watched, gone.set)

    parent.kill()
    await parent.wait()

    await asyncio.wait_for(gone.wait(), 10)
    asyncio.get_running_loop().remove_reader(watched)
    os.close(watched)


async def _until_number(stream):
    while line := await stream.readline():
        yield line.strip()
        if line.strip().isdigit():
            return


async def test_without_any_asterisk_the_error_says_what_to_run(new_settings, tmp_path):
    with pytest.raises(AsteriskMissing, match="svarklar asterisk"):
        find_asterisk(new_settings(asterisk_prefix=tmp_path / "nothing"))


async def test_a_new_process_has_no_id_yet(settings, secrets):
    assert AsteriskProcess(settings, secrets, find_asterisk(settings)).pid is None
