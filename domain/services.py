"""What a case can be about (service) and of what kind it is (category), with their names for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.languages import FALLBACK, Language

Names = Mapping[Language, str]


@dataclass(frozen=True, kw_only=True)
class ServiceCatalogue:
    """Services and categories by key, each with its name in every language that has one."""

    services: Mapping[str, Names] = field(default_factory=dict)
    categories: Mapping[str, Names] = field(default_factory=dict)

    def service_name(self, key: str, language: Language) -> str:
        """The service's name, in English where it has none in this language, else its key."""
        return _name(self.services, key, language)

    def category_name(self, key: str, language: Language) -> str:
        """The category's name, likewise."""
        return _name(self.categories, key, language)


def _name(names: Mapping[str, Names], key: str, language: Language) -> str:
    own = names.get(key, {})
    # The key at last: a case may bear a service that the catalogue has lost since.
    return own.get(language) or own.get(FALLBACK) or key
