"""What to do when many things together cannot be written: the database's fault, or one thing's?"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from casestore.db import StoreUnusable

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def is_the_databases(error: Exception) -> bool:
    """Whether the same things may be written as soon as the database is well again."""
    return isinstance(error, StoreUnusable | OSError)


def one_by_one(
    items: Sequence[Item], write: Callable[[Sequence[Item]], Answer]
) -> tuple[dict[int, Answer], list[Item]]:
    """Write each item alone: the answers by index, and the items that cannot be written.

    Where not a single one can, nothing is known against any of them: raises the last error.
    """
    answers: dict[int, Answer] = {}
    bad: list[Item] = []
    last: Exception | None = None
    for index, item in enumerate(items):
        try:
            answers[index] = write((item,))
        except Exception as error:
            # It went away in between: nothing is known of the rest.
            if is_the_databases(error):
                raise
            bad.append(item)
            last = error
    if last and not answers:
        raise last
    return answers, bad
