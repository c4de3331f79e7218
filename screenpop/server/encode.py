"""Records and views as JSON: field names as they are, tuples as lists."""

import json
from typing import Any

from aiohttp import web


def to_json(value: Any) -> str:
    """ASCII JSON of plain values and dataclasses; whatever a caller sent stays valid, lone surrogates too."""
    # `vars`, not `asdict`, which would copy a whole call with all of its words first.
    return json.dumps(value, default=vars, separators=(",", ":"))


def answer(value: Any, status: int = 200) -> web.Response:
    """A JSON response."""
    return web.json_response(value, status=status, dumps=to_json)
