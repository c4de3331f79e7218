"""Records of which only some fields are given."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Partial:
    """None in a field: nothing is said of it, it is as it was."""

    def given(self) -> dict[str, Any]:
        """The fields that say something, by their names."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}
