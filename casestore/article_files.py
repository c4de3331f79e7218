"""Reads articles from a directory: one folder a language, one Markdown file with front matter an article.

    en/printer-paper-jam.md     the file's name is the article's key, the same in every language
    sv/printer-paper-jam.md
    services.toml               the services and categories that articles may name

Front matter: `title`, `service`, `category`; `keywords` and `examples` (what callers say) as lists; `desk`, a
desk's key, where it is not for everybody's callers.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import frontmatter
import yaml

from casestore import service_catalogue
from casestore.text import one_line
from domain.articles import Article
from domain.services import ServiceCatalogue

_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2}")
_MOST_BYTES = 200_000
_MOST_CHARACTERS = 200  # of a title, a keyword or an example
_MOST_ENTRIES = 200

Place = tuple[str, str]  # language, key


@dataclass(frozen=True, kw_only=True)
class Read:
    """The good articles; where any article file stands, good or bad; and `file: why` for each bad one."""

    articles: tuple[Article, ...]
    present: frozenset[Place]
    errors: tuple[str, ...]


def read(directory: Path) -> Read:
    """Everything in the directory; a bad file becomes an error and harms no other."""
    files = sorted(path for path in directory.glob("*/*.md") if _LANGUAGE.fullmatch(path.parent.name))
    errors = (
        [] if files else [f"{directory}: no articles here (expected LANGUAGE/KEY.md, such as en/wifi.md)"]
    )
    try:
        catalogue = service_catalogue.read(directory / "services.toml")
    except (OSError, ValueError) as error:
        return Read(articles=(), present=frozenset(), errors=(*errors, f"services.toml: {error}"))
    articles = []
    for path in files:
        try:
            articles.append(_article(path, catalogue))
        # RecursionError: YAML nested a thousand deep, which a file may be.
        except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
            errors.append(f"{path.parent.name}/{path.name}: {' '.join(str(error).split())}")
    present = frozenset((path.parent.name, path.stem) for path in files)
    return Read(articles=tuple(articles), present=present, errors=tuple(errors))


def _article(path: Path, catalogue: ServiceCatalogue) -> Article:
    if not _KEY.fullmatch(path.stem):
        raise ValueError("the file's name must be small letters, digits and single hyphens")
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"larger than {_MOST_BYTES} bytes")
    fields, body = frontmatter.parse(path.read_text(encoding="utf-8"))
    if not fields:
        raise ValueError("no front matter between two lines of ---")
    if not body.strip():
        raise ValueError("no text after the front matter")
    for field, known in (("service", catalogue.services), ("category", catalogue.categories)):
        if str(fields.get(field)) not in known:
            raise ValueError(f"{field} must be one of {', '.join(sorted(known))}")
    return Article(
        key=path.stem,
        language=path.parent.name,
        title=_line(fields.get("title"), "title"),
        service=str(fields["service"]),
        category=str(fields["category"]),
        body=body.strip(),
        keywords=_lines(fields.get("keywords", []), "keywords"),
        examples=_lines(fields.get("examples", []), "examples"),
        desk=_line(fields["desk"], "desk") if "desk" in fields else "",
    )


def _lines(value: object, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_ENTRIES:
        raise ValueError(f"{field} must be a list of at most {_MOST_ENTRIES} texts")
    return tuple(_line(entry, field) for entry in value)


def _line(value: object, field: str) -> str:
    """A text; YAML makes numbers, dates and booleans of some words unless they stand in quotes."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field}: a text is missing, or needs quotes: {str(value)[:40]!r}")
    return one_line(field, " ".join(value.split()), _MOST_CHARACTERS)
