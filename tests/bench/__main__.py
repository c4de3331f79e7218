"""`make bench`: every figure of one run on this machine; `--document` writes docs/bench.md as well."""

import asyncio
import datetime
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.bench import bus, calls, calls_load, cases, facts, page_bytes, speech
from tests.bench.figures import machine, markdown
from tests.bench.speech import print_figures
from tests.checkout import ROOT

DOCUMENT = ROOT / "docs/bench.md"
_HEAD = """# Figures

What `make bench` printed on {machine}; {day}. No test depends on any of these.

"""


async def main() -> None:
    """Speech first, while nothing else runs, then the calls."""
    console = Console()
    console.print(machine(), highlight=False)
    sections = [*await speech.measure(console)]
    for part in (calls_load, calls, cases, facts, bus, page_bytes):
        with tempfile.TemporaryDirectory() as folder:
            sections.append((part.TITLE, await part.measure(Path(folder), console)))
        print_figures(console, *sections[-1])
    if "--document" in sys.argv:
        head = _HEAD.format(machine=machine(), day=datetime.date.today().isoformat())
        DOCUMENT.write_text(head + markdown(sections), encoding="utf-8")


asyncio.run(main())
