"""Reading the store for a request, beside the event loop."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from aiohttp import web

from casestore.db import Store, Transaction
from screenpop.server.auth import READS, STORE

Given = ParamSpec("Given")
Result = TypeVar("Result")


async def read(
    request: web.Request,
    look: Callable[Concatenate[Transaction, Given], Result],
    *args: Given.args,
    **kwargs: Given.kwargs,
) -> Result:
    """What `look(tx, …)` finds."""

    def inside(store: Store) -> Result:
        with store.reading() as tx:
            return look(tx, *args, **kwargs)

    return await request.app[READS].run(inside, request.app[STORE])
