"""The bare decoders, one a core, driven from the bench."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.speech_samples import Sound


@dataclass(frozen=True)
class Load:
    """So many callers: the worst lag, and processor seconds for a second of one caller."""

    lag_ms: int
    cpu_s: float


@asynccontextmanager
async def bare_decoders(sounds: Sequence[Sound]) -> AsyncIterator[Callable[..., Awaitable[Load]]]:
    """`await run(count, seconds)`: so many callers, dealt out evenly; `whole=True`: one utterance each."""
    cores = len(os.sched_getaffinity(0))
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.raw" for number in range(len(sounds))]
        for file, sound in zip(files, sounds, strict=True):
            file.write_bytes(sound.tobytes())
        processes = [await _start() for _ in range(cores)]

        async def run(count: int, seconds: float, *, whole: bool = False) -> Load:
            shares = [count // cores + (number < count % cores) for number in range(cores)]
            order = {"files": [str(file) for file in files], "seconds": seconds, "whole": whole}
            loads = await asyncio.gather(
                *(
                    _ask(process, order | {"count": share})
                    for process, share in zip(processes, shares, strict=True)
                )
            )
            return Load(
                lag_ms=int(max(load["lag_s"] for load in loads) * 1000),
                cpu_s=sum(load["cpu_s"] for load in loads) / (count * seconds),
            )

        try:
            yield run
        finally:
            for process in processes:
                process.kill()
                await process.wait()


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.bare_decoder",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


async def _ask(process: asyncio.subprocess.Process, order: dict[str, object]) -> dict[str, float]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(order).encode() + b"\n")
    answer: dict[str, float] = json.loads(await process.stdout.readline())
    return answer
