"""The built pages and the headers that guard them."""

import gzip
from pathlib import Path

import pytest
from aiohttp import hdrs
from desk_browser import Enter

SCRIPT = b"console.log('desk');" * 100


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """What a build leaves; made before the server starts."""
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    for name in ("index", "login", "phone"):
        (static / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>", encoding="utf-8")
    (static / "assets" / "desk-1a2b3c.js").write_bytes(SCRIPT)
    (static / "icon.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "secrets.json").write_text("{}", encoding="utf-8")
    return static


@pytest.mark.usefixtures("static")
@pytest.mark.parametrize(("path", "name"), [("/", "index"), ("/login", "login"), ("/phone", "phone")])
async def test_the_three_pages(enter: Enter, path: str, name: str) -> None:
    response = await (await enter()).get(path)
    assert (response.status, response.content_type) == (200, "text/html")
    assert name in await response.text()
    assert response.headers[hdrs.CACHE_CONTROL] == "no-cache"


@pytest.mark.usefixtures("static")
async def test_hashed_assets_are_cached_for_ever_and_sent_packed(enter: Enter) -> None:
    browser = await enter()
    response = await browser.get("/assets/desk-1a2b3c.js")
    assert response.content_type == "text/javascript"
    assert "immutable" in response.headers[hdrs.CACHE_CONTROL]
    assert response.headers[hdrs.CONTENT_ENCODING] == "gzip"
    assert int(response.headers[hdrs.CONTENT_LENGTH]) == len(gzip.compress(SCRIPT, 9))
    assert await response.read() == SCRIPT
    plain = await browser.get("/assets/desk-1a2b3c.js", headers={"Accept-Encoding": "identity"})
    assert hdrs.CONTENT_ENCODING not in plain.headers
    assert await plain.read() == SCRIPT


@pytest.mark.usefixtures("static")
async def test_a_page_that_has_not_changed_is_not_sent_again(enter: Enter) -> None:
    browser = await enter()
    etag = (await browser.get("/")).headers[hdrs.ETAG]
    again = await browser.get("/", headers={"If-None-Match": etag})
    assert (again.status, await again.read()) == (304, b"")


@pytest.mark.usefixtures("static")
@pytest.mark.parametrize(
    "path",
    ["/nothing", "/assets", "/assets/", "/../secrets.json", "/%2e%2e/secrets.json", "/assets/..%2fx", "/%00"],
)
async def test_what_was_not_built_is_not_there(enter: Enter, path: str) -> None:
    response = await (await enter()).get(path)
    assert (response.status, (await response.json())["error"]["code"]) == (404, "not_found")


async def test_without_a_build_the_page_says_what_to_do(enter: Enter) -> None:
    response = await (await enter()).get("/", headers={"Accept-Language": "sv-SE"})
    assert response.status == 503
    assert "make run" in await response.text()
    assert "inte byggda" in await response.text()


@pytest.mark.usefixtures("static")
@pytest.mark.parametrize("path", ["/", "/assets/desk-1a2b3c.js", "/nothing", "/api/me", "/healthz"])
async def test_every_answer_carries_the_security_headers(enter: Enter, path: str) -> None:
    browser = await enter()
    headers = (await browser.get(path)).headers
    rules = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["media-src"] == "'self' blob:"
    host = browser.root.host
    assert rules["connect-src"] == f"'self' ws://{host}:{browser.root.port} ws://{host}:8088/ws"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_what_is_not_for_everybody_is_never_cached(enter: Enter) -> None:
    response = await (await enter("anna")).get("/api/me")
    assert response.headers[hdrs.CACHE_CONTROL] == "no-store"


async def test_a_method_that_does_not_fit_is_refused_as_json(enter: Enter) -> None:
    response = await (await enter()).post("/healthz")
    assert (response.status, (await response.json())["error"]["code"]) == (405, "not_allowed")
