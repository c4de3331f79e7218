"""How many callers can talk at once, what silence costs, and how soon the words are there."""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from ivr.speech import SpeechStopped
from ivr.speech.pool.recogniser import Pool
from svarklar.loop_watch import LoopWatch
from tests.bench.bare_decoders import Load, bare_decoders
from tests.bench.figures import Figure, percentile, resident_mb
from tests.bench.spoken import Caller, call
from tests.speech_samples import FRAME_S, Sound, frames, join, say, silence, trimmed, with_noise

LAG_MS = 300  # recognition has fallen behind
LOST_MS = 100_000
_STEP_S = 6.0
_COUNTS = (20, 28, 36, 44, 52, 60, 70, 80, 95, 110)
_CALL_S = 20.0
_APART = 5600  # samples: no two callers stop at the same moment


class Carried:
    """How many callers were carried so far."""

    def __init__(self) -> None:
        self.count = 0
        self.behind = False
        self.cpu_s: list[float] = []  # a second of one caller, each step
        self._steps: list[str] = []

    def add(self, count: int, load: Load) -> None:
        """Note a step."""
        self.cpu_s.append(load.cpu_s)
        self.behind = load.lag_ms > LAG_MS
        self.count = self.count if self.behind else count
        self._steps.append(f"{count}: {'lost' if load.lag_ms == LOST_MS else f'{load.lag_ms} ms'}")

    def __str__(self) -> str:
        return f"{self.count} ({', '.join(self._steps)})"


async def by_turns(
    counts: Sequence[int], ours: Callable[[int], Awaitable[Load]], bare: Callable[[int], Awaitable[Load]]
) -> tuple[Carried, Carried]:
    """More and more callers for each of the two until it is behind."""
    carried, bare_carried = Carried(), Carried()
    for count in counts:
        if not bare_carried.behind:
            bare_carried.add(count, await bare(count))
        if not carried.behind:
            carried.add(count, await ours(count))
    return carried, bare_carried


def compared(name: str, carried: Carried, bare_carried: Carried) -> list[Figure]:
    """How many each of the two carries."""
    share = carried.count / max(1, bare_carried.count)
    return [
        Figure(name=f"bare decoder: callers before the lag exceeds {LAG_MS} ms", value=str(bare_carried)),
        Figure(
            name=f"{name}: callers before the lag exceeds {LAG_MS} ms",
            value=f"{carried} = {share:.2f}×",
            goal="≥ 0.9× of the bare decoder",
            met=share >= 0.9,
        ),
    ]


async def delays(pool: Pool) -> list[Figure]:
    """Four callers in real time: from the end of speech to the words, and how long the loop stood still."""
    with LoopWatch() as watch:
        await asyncio.sleep(2)
        idle_ms = watch.take_longest_ms()
        callers = [Caller(pool, call(seed, _CALL_S, silent_share=0.3)) for seed in range(4)]
        gc.collect()  # of what was made for the bench
        await asyncio.sleep(0.1)
        watch.take_longest_ms()
        await asyncio.gather(*(caller.talk(_CALL_S) for caller in callers))
        stall_ms = watch.take_longest_ms()
    finals_ms = [one * 1000 for caller in callers for one in caller.finals_s]
    p95 = percentile(finals_ms, 0.95)
    return [
        Figure(
            name=f"end of speech → words, four callers ({len(finals_ms)} utterances), p50 / p95",
            value=f"{percentile(finals_ms, 0.5):.0f} / {p95:.0f} ms",
            goal="p95 ≤ 100 ms",
            met=p95 <= 100,
        ),
        Figure(
            name="longest stall of the loop while four callers talk (the same loop idle)",
            value=f"{stall_ms:.1f} ms ({idle_ms:.1f} ms)",
            goal="≤ 5 ms",
            met=stall_ms <= 5,
        ),
    ]


async def pauses(pool: Pool) -> list[Figure]:
    """How long after the last sound of a sentence its end was certain, counted in sound."""
    figures = []
    for noisy in (False, True):
        needed_s = []
        for seed, text in enumerate(("my printer is broken", "i forgot my password", "the network is slow")):
            for voice in ("slt", "rms", "en-us"):
                spoken = trimmed(say(text, voice))
                sound = join(silence(1.0), spoken, silence(1.5))
                sound = with_noise(sound, 15.0, seed) if noisy else sound
                needed_s.append(await _end_of(pool, sound) - 1.0 - len(spoken) / 8000)
        worst_ms = max(needed_s) * 1000
        figures.append(
            Figure(
                name=f"pause that ends an utterance, {'15 dB of noise' if noisy else 'clean'}, longest",
                value=f"{worst_ms:.0f} ms",
                goal="≤ 700 ms",
                met=worst_ms <= 700,
            )
        )
    return figures


async def capacity(pool: Pool) -> list[Figure]:
    """Callers in real time, more and more until recognition falls behind, ours and the bare one by turns."""
    sounds = [call(seed, _CALL_S, silent_share=0.5) for seed in range(8)]
    async with bare_decoders(sounds) as bare:
        whole = await bare(_COUNTS[0], _STEP_S, whole=True)
        carried, bare_carried = await by_turns(
            _COUNTS, lambda count: _step(pool, sounds, count), lambda count: bare(count, _STEP_S)
        )
    both = list(zip(carried.cpu_s, bare_carried.cpu_s, strict=False))  # the steps that both took
    ours_s, bare_s = (fmean(column) for column in zip(*both, strict=True))
    return [
        *compared("ours", carried, bare_carried),
        Figure(
            name="decoder CPU with half the time silent, beside the bare decoder's",
            value=(
                f"{ours_s / bare_s:.2f}× ({ours_s:.4f} of a core a caller);"
                f" {carried.cpu_s[0] / whole.cpu_s:.2f}× of one that takes a call for one utterance"
            ),
            goal="≤ 0.6×",
            met=ours_s / bare_s <= 0.6,
        ),
    ]


async def memory(pool: Pool, count: int = 40) -> list[Figure]:
    """What a stream that hears speech takes in the processes."""
    before = sum(resident_mb(decoder.pid) for decoder in pool.decoders())
    streams = [await pool.open("en", 8000) for _ in range(count)]
    sound = frames(call(3, 6.0, silent_share=0.1))
    for frame in sound:
        for stream in streams:
            stream.feed(frame)
        await asyncio.sleep(FRAME_S)
    after = sum(resident_mb(decoder.pid) for decoder in pool.decoders())
    for stream in streams:
        await stream.close()
    each = (after - before) / count
    return [Figure(name=f"memory a talking caller ({count} at once)", value=f"{each:.1f} MB")]


async def _end_of(pool: Pool, sound: Sound) -> float:
    stream = await pool.open("en", 8000)
    for frame in frames(sound):
        stream.feed(frame)
    async for result in stream:
        if isinstance(result, SpeechStopped):
            return result.at_s
    raise RuntimeError("no end of speech")


async def _step(pool: Pool, sounds: Sequence[Sound], count: int) -> Load:
    """So many callers; the worst lag in the second half."""
    callers = [
        Caller(pool, np.roll(sounds[number % len(sounds)], number * _APART)) for number in range(count)
    ]
    cpu_s = _cpu_s(pool)
    talking = asyncio.gather(*(caller.talk(_STEP_S) for caller in callers), return_exceptions=True)
    await asyncio.sleep(_STEP_S / 2)
    worst_ms = 0
    while not talking.done():
        worst_ms = max([worst_ms, *(decoder.lag_ms for decoder in pool.decoders())])
        await asyncio.sleep(0.05)
    refused = any(await talking) or any(caller.failed for caller in callers)
    used_s = (_cpu_s(pool) - cpu_s) / (_STEP_S * count)
    return Load(lag_ms=LOST_MS if refused else worst_ms, cpu_s=used_s)


def _cpu_s(pool: Pool) -> float:
    return sum(_cpu_of(decoder.pid) for decoder in pool.decoders())


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
