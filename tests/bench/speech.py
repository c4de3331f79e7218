"""The figures of speech recognition, without telephones: `python -m tests.bench.speech`, three minutes."""

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from rich.console import Console
from rich.table import Table

from ivr.speech.pool.recogniser import Pool, start_recogniser
from svarklar.settings import Settings
from tests.bench import speech_accuracy, speech_load
from tests.bench.figures import Figure

Section = tuple[str, list[Figure]]

_UNLIMITED = 10_000  # the capacity is looked for, not guarded


async def measure(console: Console) -> list[Section]:
    """Every section, each printed as soon as it is there."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    sections: list[Section] = []
    with TemporaryDirectory() as folder:
        pool = await start_recogniser(Settings(var=Path(folder), streams_per_decoder=_UNLIMITED))
        try:
            await pool.ready("en", timeout_s=30)
            for title, take in (
                ("Speech: delay", _delay),
                ("Speech: load", _load),
                ("Speech: words", _words),
            ):
                sections.append((title, await take(pool)))
                print_figures(console, *sections[-1])
        finally:
            await pool.close()
    return sections


def print_figures(console: Console, title: str, figures: list[Figure]) -> None:
    """A table of one section."""
    table = Table("figure", "value", "goal", "met", title=title)
    for one in figures:
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[one.met]
        table.add_row(one.name, one.value, one.goal, met)
    console.print(table)


async def _delay(pool: Pool) -> list[Figure]:
    return [*await speech_load.pauses(pool), *await speech_load.delays(pool)]


async def _load(pool: Pool) -> list[Figure]:
    return [*await speech_load.memory(pool), *await speech_load.capacity(pool)]


async def _words(pool: Pool) -> list[Figure]:
    hearings = await speech_accuracy.listen(pool)
    return [
        *speech_accuracy.word_errors(hearings),
        *speech_accuracy.hits(hearings),
        speech_accuracy.thresholds(hearings, pool),
        *await speech_accuracy.answers(pool),
        *await speech_accuracy.numbers(pool),
    ]


if __name__ == "__main__":
    asyncio.run(measure(Console()))
