"""Pages whose server and whose owner of calls meet on a real Redis."""

from contextlib import AsyncExitStack

import pytest
from desk_browser import Enter, Serve
from stand_in_owner import owning

from cti.bus.redis_streams import RedisBus
from domain.calls import Call, CallChanged
from domain.streams import CALLS
from tests.servers import running_redis

pytestmark = pytest.mark.server


async def test_a_redis_that_comes_back_empty_has_the_owner_asked_again(serve: Serve, enter: Enter) -> None:
    with running_redis() as redis:
        async with AsyncExitStack() as stack:
            ours, theirs = RedisBus(redis.url), RedisBus(redis.url)
            stack.push_async_callback(ours.close)
            stack.push_async_callback(theirs.close)
            owner = await stack.enter_async_context(owning(theirs))
            owner.calls = (Call(call_id="call1", stage="queued"),)
            server = await serve(bus=ours, owner_patience_s=0.2)
            live = await (await enter("anna", at=server)).live()
            before = await live.next()
            assert [call["stage"] for call in before["calls"]] == ["queued"]

            redis.kill()
            owner.calls = (Call(call_id="call1", stage="connected"),)
            redis.start()  # in the main thread, with which it ends

            after = await live.until("snapshot")
            assert [call["stage"] for call in after["calls"]] == ["connected"]
            assert after["epoch"] != before["epoch"]
            await theirs.publish(CALLS, CallChanged(at_ms=1, call=Call(call_id="call2")))
            assert (await live.until("call"))["call"]["call_id"] == "call2"
