"""Knowledge-base articles as HTML that is safe to put into a page."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict


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
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    markdown.add_render_rule("link_open", _link_open)
    return markdown


_MARKDOWN = _renderer()


def to_html(body: str) -> str:
    """The Markdown of an article as HTML."""
    return str(_MARKDOWN.render(body))
