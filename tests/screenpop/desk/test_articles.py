"""Articles are rendered beside the event loop, and once."""

import threading

import pytest

from screenpop.desk import articles


async def test_an_article_is_rendered_in_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "to_html", lambda body: threading.current_thread().name)
    renderer = articles.ArticleRenderer()
    assert (await renderer.html("# Title")).startswith("articles")
    renderer.close()


def test_what_was_rendered_is_not_rendered_again() -> None:
    before = articles.to_html.cache_info().misses
    assert articles.to_html("# Only here") == articles.to_html("# Only " + "here")
    assert articles.to_html.cache_info().misses == before + 1
