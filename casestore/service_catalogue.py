"""Reads services.toml, the one place that names services and categories for people."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from casestore.text import one_line
from domain.languages import is_language
from domain.services import Names, ServiceCatalogue

_MOST_CHARACTERS = 80  # of a name


def read(file: Path) -> ServiceCatalogue:
    """The tables `[service.KEY]` and `[category.KEY]` of the file; OSError, ValueError where it has none."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return ServiceCatalogue(services=_named(table, "service"), categories=_named(table, "category"))


def _named(table: Mapping[str, object], field: str) -> dict[str, Names]:
    entries = table.get(field)
    if not isinstance(entries, dict):
        raise ValueError(f"no [{field}.KEY] tables")
    return {key: _names(f"{field}.{key}", names) for key, names in entries.items()}


def _names(place: str, names: object) -> Names:
    """The names in languages that we speak; others may stand there."""
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise ValueError(f'[{place}] must hold names, as en = "Mail"')
    return {
        language: one_line(place, name, _MOST_CHARACTERS)
        for language, name in names.items()
        # A desk may prepare a language before we speak it.
        if is_language(language)
    }
