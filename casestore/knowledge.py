"""The knowledge base: articles from Markdown files with front matter, by key and language."""

from pathlib import Path

import structlog
from sqlalchemy import select

from casestore import article_files
from casestore.db import Transaction
from casestore.tables import ArticleRow
from domain.articles import Article
from domain.imports import ImportReport
from domain.languages import FALLBACK

log = structlog.get_logger()

_FIELDS = ("title", "service", "category", "body", "keywords", "examples", "desk")


def import_directory(tx: Transaction, directory: Path) -> ImportReport:
    """Make the articles those of the directory (its shape: see `casestore.article_files`).

    An article whose file is gone is removed; one whose file has become bad stays as it was. Nothing at all
    is removed where the directory holds no article files.
    """
    read = article_files.read(directory)
    known = {(row.language, row.key): row for row in tx.scalars(select(ArticleRow))}
    added = changed = 0
    for article in read.articles:
        row = known.get((article.language, article.key))
        if row is None:
            row = ArticleRow(key=article.key, language=article.language)
            tx.add(row)
            added += 1
        elif _article(row) != article:
            changed += 1
        for field in _FIELDS:
            value = getattr(article, field)
            setattr(row, field, list(value) if isinstance(value, tuple) else value)
    # Present, not read: a file that cannot be read right now is no reason to forget its article.
    gone = [row for place, row in known.items() if read.present and place not in read.present]
    for row in gone:
        tx.delete(row)
    tx.flush()
    report = ImportReport(added=added, changed=changed, removed=len(gone), errors=read.errors)
    log.info("knowledge_imported", added=added, changed=changed, removed=len(gone), errors=len(read.errors))
    return report


def articles(tx: Transaction, language: str | None = None) -> tuple[Article, ...]:
    """All articles by key, of one language or of all; one that cannot be read is left out and said."""
    query = select(ArticleRow).order_by(ArticleRow.key, ArticleRow.language)
    if language is not None:
        query = query.where(ArticleRow.language == language)
    return tuple(article for row in tx.scalars(query) if (article := _article(row)))


def article(tx: Transaction, key: str, language: str) -> Article | None:
    """The article in this language, else in English, else None."""
    wanted = (language, FALLBACK)
    query = select(ArticleRow).where(ArticleRow.key == key, ArticleRow.language.in_(wanted))
    found = filter(None, map(_article, tx.scalars(query)))
    # The caller's own language before English, in whichever order the rows come.
    return min(found, key=lambda article: wanted.index(article.language), default=None)


def _article(row: ArticleRow) -> Article | None:
    """None for a row that holds no lists of texts: the next import writes it anew."""
    if not _are_texts(row.keywords) or not _are_texts(row.examples):
        log.error("article_unreadable", key=row.key, language=row.language)
        return None
    return Article(
        key=row.key,
        language=row.language,
        title=row.title,
        service=row.service,
        category=row.category,
        body=row.body,
        keywords=tuple(row.keywords),
        examples=tuple(row.examples),
        desk=row.desk,
    )


def _are_texts(stored: object) -> bool:
    return isinstance(stored, list) and all(isinstance(text, str) for text in stored)
