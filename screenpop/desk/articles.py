"""Knowledge-base articles as HTML that is safe to put into a page."""

import functools
from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from screenpop.server.threads import Threads

_KEPT = 256  # articles; more than are shipped, in all languages together


def _link_open(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    position: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """A link opens beside the desk, and the other site learns nothing of it."""
    tokens[position].attrSet("target", "_blank")
    tokens[position].attrSet("rel", "noopener noreferrer")
    return renderer.renderToken(tokens, position, options, env)


def _renderer() -> MarkdownIt:
    """CommonMark and tables. HTML in the source is shown as text; pictures would be fetched from outside."""
    # Articles come from whoever may import them, and are shown in pages that may answer calls.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    markdown.add_render_rule("link_open", _link_open)
    return markdown


_MARKDOWN = _renderer()


@functools.lru_cache(maxsize=_KEPT)
def to_html(body: str) -> str:
    """The Markdown of an article as HTML; a long one takes 100 ms, the first time."""
    return str(_MARKDOWN.render(body))


class ArticleRenderer:
    """Renders articles beside the event loop, one at a time."""

    def __init__(self) -> None:
        self._threads = Threads("articles", 1)

    async def html(self, body: str) -> str:
        return await self._threads.run(to_html, body)

    def close(self) -> None:
        self._threads.close()
