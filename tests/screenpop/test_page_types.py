"""The pages' types are those of the server."""

from dataclasses import dataclass

import pytest

from screenpop import page_types


def test_the_file_that_is_checked_in_is_made_from_the_records_as_they_are() -> None:
    written = page_types.FILE.read_text(encoding="utf-8")
    assert written == page_types.source(), "stale: run `python -m screenpop.page_types`"


def test_what_no_page_can_read_is_refused() -> None:
    @dataclass
    class Odd:
        value: complex

    with pytest.raises(TypeError, match="complex"):
        page_types._TypeScript().type_of(Odd)
