"""Telephones that come and go on a running Asterisk, by its configuration alone."""

import asyncio
import contextlib

import pytest
from raw_asterisk import Manager

from cti.asterisk.install.configuration import write_agents
from cti.asterisk.process import AsteriskFailed
from phone.codecs import codec
from phone.user_agent import CallFailed, UserAgent
from svarklar.secrets import load_secrets

pytestmark = pytest.mark.server


@contextlib.asynccontextmanager
async def telephone(settings, username, password="", on_invite=None):
    phone = UserAgent(username, (settings.host, settings.sip_port), password, on_invite)
    await phone.open()
    try:
        yield phone
    finally:
        await phone.close()


async def test_a_new_agent_has_telephones_without_a_restart(asterisk, settings):
    secrets = load_secrets(settings, ("anna", "bo", "cia"))
    async with telephone(settings, "cia-phone", secrets.sip["cia-phone"]) as cia:
        with pytest.raises(CallFailed):
            await cia.register()
        write_agents(settings, secrets, ("anna", "bo", "cia"))
        await asterisk.read_telephones()
        await cia.register()


async def test_who_is_removed_while_talking_finishes_the_call_and_then_has_no_telephone(
    asterisk, settings, secrets
):
    ringing = asyncio.Queue()
    async with (
        Manager(settings, secrets.ami) as manager,
        telephone(settings, "anna-phone", secrets.sip["anna-phone"], ringing.put_nowait) as anna,
        telephone(settings, "caller") as caller,
    ):
        await anna.register()
        manager.send(Action="QueueAdd", Queue="support", Interface="PJSIP/anna-phone", MemberName="anna")
        await manager.until(Event="QueueMemberAdded")
        calling = asyncio.create_task(caller.call("100", codec("pcmu"), "+46701740605"))
        taken = await ringing.get()
        await taken.answer()
        talk = await calling
        await manager.until(Event="AgentConnect")
        write_agents(settings, secrets, ("bo",))
        await asterisk.read_telephones()
        heard = taken.rtp.last_voice_s
        talk.rtp.say(b"\x40\x1f" * 8000)
        while taken.rtp.last_voice_s == heard:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await taken.hang_up()
        await manager.until(Event="AgentComplete")
        with pytest.raises(CallFailed):
            await anna.register()


async def test_an_asterisk_that_does_not_run_cannot_read_them(start_asterisk, settings):
    async with start_asterisk(settings) as asterisk:
        await asterisk.stop()
        with pytest.raises(AsteriskFailed):
            await asterisk.read_telephones()
