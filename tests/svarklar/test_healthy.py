"""What a container asks to learn whether its server is well."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from svarklar import healthy


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
async def test_it_is_well_while_it_answers(
    status: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "as asked"}, status=status)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    async with TestServer(app) as server:
        monkeypatch.setenv("SVARKLAR_WEB_PORT", str(server.port))
        assert await asyncio.to_thread(healthy.main) == code
    assert "as asked" in capsys.readouterr().out


def test_nobody_there_is_not_well(
    free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SVARKLAR_WEB_PORT", str(free_port()))
    assert healthy.main() == 1
    assert "refused" in capsys.readouterr().out
